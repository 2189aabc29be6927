package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"newswire/internal/newsroom"
)

// Clocks jump. What lies further ahead than anybody may set it is due now: a
// schedule may say a year, and its next firing may be a leap day's.
const (
	longestWait  = 5 * 366 * 24 * time.Hour
	longestLease = 24 * time.Hour
)

// Enroll gives each unknown source an empty Check that is due at first(slug).
// Known ones keep theirs.
func (s *Store) Enroll(ctx context.Context, slugs []string, first func(slug string) time.Time) error {
	var unknown []string
	for _, slug := range slugs {
		if _, ok, err := s.slugs.find(s.outside(ctx), allSources, slug); err != nil {
			return s.fail("enroll", err)
		} else if !ok {
			unknown = append(unknown, slug)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	err := s.change(ctx, "enroll", func(t *tx) error {
		for _, slug := range unknown {
			if _, err := t.exec(`INSERT INTO sources (slug, next) VALUES ($1, $2) ON CONFLICT (slug) DO NOTHING`, slug, ms(first(slug))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.fail("enroll", s.slugs.load(s.outside(ctx), allSources))
}

// Claim gives owner the right to ask up to limit of the sources that are due
// at now and claimed by nobody, the longest due first, until lease has passed.
func (s *Store) Claim(ctx context.Context, slugs []string, now time.Time, limit int, lease time.Duration, owner string) ([]newsroom.Claim, error) {
	wanted := make(map[string]bool, len(slugs))
	for _, slug := range slugs {
		wanted[slug] = true
	}
	keys, err := s.due(ctx, wanted, now, limit)
	if err != nil || len(keys) == 0 {
		return nil, s.fail("claim", err)
	}
	var claims []newsroom.Claim
	err = s.change(ctx, "claim", func(t *tx) error {
		claims, err = t.claim(keys, now, now.Add(lease), owner)
		return err
	})
	return claims, err
}

const dueWhere = `(next <= $1 OR next > $2) AND (lease_until <= $1 OR lease_until > $3)`

func dueArgs(now time.Time) []any {
	return []any{ms(now), ms(now.Add(longestWait)), ms(now.Add(longestLease))}
}

// due finds candidates for a claim. It only reads: what it finds may be gone.
func (s *Store) due(ctx context.Context, wanted map[string]bool, now time.Time, limit int) (keys []int64, err error) {
	err = s.outside(ctx).each(func(rows *sql.Rows) error {
		var key int64
		var slug string
		if err := rows.Scan(&key, &slug); err != nil {
			return err
		}
		if wanted[slug] {
			keys = append(keys, key)
		}
		if len(keys) == limit {
			return errEnough
		}
		return nil
	}, `SELECT key, slug FROM sources WHERE `+dueWhere+` ORDER BY next, key`, dueArgs(now)...)
	if errors.Is(err, errEnough) {
		err = nil
	}
	return keys, err
}

var errEnough = errors.New("enough")

// claim takes those of the sources that are still due. The condition stands
// twice: PostgreSQL checks the outer one again after it has waited for a row,
// and not the inner one, so that without it two would get the same source.
func (t *tx) claim(keys []int64, now, until time.Time, owner string) (claims []newsroom.Claim, err error) {
	const set = `UPDATE sources SET lease_until = $4, owner = $5, fence = fence + 1
		WHERE ` + dueWhere + ` AND key IN (SELECT key FROM sources WHERE ` + dueWhere + ` AND key IN (…) ORDER BY key`
	query := set + t.s.dialect.skip + `) RETURNING slug, next, state, fence`
	args := append(dueArgs(now), ms(until), owner)
	err = inList(t.s, query, args, keys, func(query string, args []any) error {
		return querier(t.query).each(func(rows *sql.Rows) error {
			c, err := scanClaim(rows)
			c.Owner, c.Until = owner, until
			claims = append(claims, c)
			return err
		}, query, args...)
	})
	return claims, err
}

func scanClaim(rows *sql.Rows) (c newsroom.Claim, err error) {
	var next int64
	var state []byte
	var slug string
	if err := rows.Scan(&slug, &next, &state, &c.Fence); err != nil {
		return c, err
	}
	c.Check, err = readCheck(slug, next, state)
	return c, err
}

func readCheck(slug string, next int64, state []byte) (newsroom.Check, error) {
	var c newsroom.Check
	if err := json.Unmarshal(state, &c); err != nil {
		return c, fmt.Errorf("state of source %s: %w", slug, err)
	}
	c.Source, c.Next = slug, at(next)
	return c, nil
}

// ClaimSource claims one source, whether it is due or not. It returns
// newsroom.ErrClaimed while another worker asks it, and newsroom.ErrNotFound
// for a source that was never enrolled.
func (s *Store) ClaimSource(ctx context.Context, slug string, now time.Time, lease time.Duration, owner string) (newsroom.Claim, error) {
	var claim newsroom.Claim
	err := s.change(ctx, "claim "+slug, func(t *tx) error {
		found := false
		err := querier(t.query).each(func(rows *sql.Rows) (err error) {
			found = true
			claim, err = scanClaim(rows)
			return err
		}, `UPDATE sources SET lease_until = $4, owner = $5, fence = fence + 1
			WHERE slug = $1 AND (lease_until <= $2 OR lease_until > $3) RETURNING slug, next, state, fence`,
			slug, ms(now), ms(now.Add(longestLease)), ms(now.Add(lease)), owner)
		if err != nil || found {
			return err
		}
		if _, known := s.slugs.key(slug); known {
			return newsroom.ErrClaimed
		}
		return t.whyNotClaimed(slug)
	})
	claim.Owner, claim.Until = owner, now.Add(lease)
	return claim, err
}

func (t *tx) whyNotClaimed(slug string) error {
	why := newsroom.ErrNotFound
	err := querier(t.query).each(func(*sql.Rows) error {
		why = newsroom.ErrClaimed
		return nil
	}, `SELECT 1 FROM sources WHERE slug = $1`, slug)
	if err != nil {
		return err
	}
	return why
}

// Settle stores what became of a claim and ends it. It returns
// newsroom.ErrFenced if the claim has ended before.
func (s *Store) Settle(ctx context.Context, claim newsroom.Claim, check newsroom.Check) error {
	return s.change(ctx, "settle "+claim.Check.Source, func(t *tx) error { return t.settle(&claim, &check) })
}

func (t *tx) settle(claim *newsroom.Claim, check *newsroom.Check) error {
	state, err := json.Marshal(check)
	if err != nil {
		return err
	}
	n, err := t.exec(`UPDATE sources SET next = $1, state = $2, lease_until = 0, owner = '' WHERE slug = $3 AND fence = $4 AND owner = $5`,
		ms(check.Next), string(state), claim.Check.Source, claim.Fence, claim.Owner)
	if err == nil && n == 0 {
		err = newsroom.ErrFenced
	}
	return err
}

// NextDue returns when the first of the sources is due; zero if there is
// none.
func (s *Store) NextDue(ctx context.Context, slugs []string) (time.Time, error) {
	wanted := make(map[string]bool, len(slugs))
	for _, slug := range slugs {
		wanted[slug] = true
	}
	var first int64
	err := s.outside(ctx).each(func(rows *sql.Rows) error {
		var slug string
		var next, lease int64
		if err := rows.Scan(&slug, &next, &lease); err != nil {
			return err
		}
		if first != 0 && next >= first {
			return errEnough
		}
		if !wanted[slug] {
			return nil
		}
		if next = max(next, lease); first == 0 || next < first {
			first = next
		}
		return nil
	}, `SELECT slug, next, lease_until FROM sources ORDER BY next`)
	if errors.Is(err, errEnough) {
		err = nil
	}
	return at(first), s.fail("next due", err)
}

// Checks returns what is remembered of every source that was ever enrolled,
// by slug.
func (s *Store) Checks(ctx context.Context) (checks []newsroom.Check, err error) {
	err = s.outside(ctx).each(func(rows *sql.Rows) error {
		var slug string
		var next int64
		var state []byte
		if err := rows.Scan(&slug, &next, &state); err != nil {
			return err
		}
		c, err := readCheck(slug, next, state)
		checks = append(checks, c)
		return err
	}, `SELECT slug, next, state FROM sources ORDER BY slug`)
	return checks, s.fail("checks", err)
}
