package poll_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"newswire/internal/newsroom"
	"newswire/internal/poll"
)

// memory is a store and a newsroom in memory, for simulations of months. It
// keeps to the contracts of the real ones: claims are fenced and end with
// their lease, entries and Check are committed together or not at all.
type memory struct {
	mu      sync.Mutex
	checks  map[string]newsroom.Check
	claims  map[string]newsroom.Claim
	fences  map[string]int64
	entries map[string]map[string]string // titles by source and GUID
	taken   int                          // documents taken
	fail    error                        // of every call, if set
	failing func(src string) error       // of Take, if set
	before  func()                       // called by Take before it commits
}

func newMemory() *memory {
	return &memory{
		checks: map[string]newsroom.Check{}, claims: map[string]newsroom.Claim{},
		fences: map[string]int64{}, entries: map[string]map[string]string{},
	}
}

func (m *memory) Enroll(_ context.Context, slugs []string, first func(string) time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, slug := range slugs {
		if _, known := m.checks[slug]; !known {
			m.checks[slug] = newsroom.Check{Source: slug, Next: first(slug)}
		}
	}
	return m.fail
}

func (m *memory) Claim(_ context.Context, slugs []string, now time.Time, limit int, lease time.Duration, owner string) ([]newsroom.Claim, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return nil, m.fail
	}
	due := slices.DeleteFunc(slices.Clone(slugs), func(s string) bool {
		return m.checks[s].Next.After(now) || m.claims[s].Until.After(now)
	})
	slices.SortFunc(due, func(a, b string) int {
		if c := m.checks[a].Next.Compare(m.checks[b].Next); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	var claims []newsroom.Claim
	for _, slug := range due[:min(limit, len(due))] {
		claims = append(claims, m.claim(slug, now, lease, owner))
	}
	return claims, nil
}

func (m *memory) claim(slug string, now time.Time, lease time.Duration, owner string) newsroom.Claim {
	m.fences[slug]++
	c := newsroom.Claim{Check: m.checks[slug], Owner: owner, Fence: m.fences[slug], Until: now.Add(lease)}
	m.claims[slug] = c
	return c
}

func (m *memory) ClaimSource(_ context.Context, slug string, now time.Time, lease time.Duration, owner string) (newsroom.Claim, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.checks[slug]; !known {
		return newsroom.Claim{}, newsroom.ErrNotFound
	}
	if m.claims[slug].Until.After(now) {
		return newsroom.Claim{}, newsroom.ErrClaimed
	}
	return m.claim(slug, now, lease, owner), m.fail
}

func (m *memory) Settle(_ context.Context, claim newsroom.Claim, check newsroom.Check) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	return m.settle(claim, check)
}

func (m *memory) settle(claim newsroom.Claim, check newsroom.Check) error {
	slug := claim.Check.Source
	if m.fences[slug] != claim.Fence || m.claims[slug].Fence != claim.Fence {
		return newsroom.ErrFenced
	}
	m.checks[slug] = check
	delete(m.claims, slug)
	return nil
}

func (m *memory) NextDue(_ context.Context, slugs []string) (first time.Time, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, slug := range slugs {
		next := m.checks[slug].Next
		if until := m.claims[slug].Until; until.After(next) {
			next = until
		}
		if first.IsZero() || next.Before(first) {
			first = next
		}
	}
	return first, m.fail
}

func (m *memory) Checks(context.Context) (checks []newsroom.Check, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.checks {
		checks = append(checks, c)
	}
	return checks, m.fail
}

// take knows entries by their GUID alone.
func (m *memory) take(_ context.Context, src newsroom.Source, claim newsroom.Claim, r poll.Reading, settle func(poll.Outcome) newsroom.Check) (poll.Outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing != nil {
		if err := m.failing(src.Slug); err != nil {
			return poll.Outcome{}, err
		}
	}
	if m.before != nil {
		m.before()
	}
	var o poll.Outcome
	fresh := map[string]string{}
	for i := range r.Feed.Entries {
		e := &r.Feed.Entries[i]
		if _, known := m.entries[src.Slug][e.GUID]; !known && fresh[e.GUID] == "" {
			o.New++
		}
		fresh[e.GUID] = e.Title
	}
	if err := m.settle(claim, settle(o)); err != nil {
		return poll.Outcome{}, err
	}
	if m.entries[src.Slug] == nil {
		m.entries[src.Slug] = map[string]string{}
	}
	for guid, title := range fresh {
		m.entries[src.Slug][guid] = title
	}
	m.taken++
	return o, nil
}

func (m *memory) check(slug string) newsroom.Check {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.checks[slug]
}

func (m *memory) titles(slug string) map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	titles := map[string]string{}
	for guid, title := range m.entries[slug] {
		titles[guid] = title
	}
	return titles
}
