package poll_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"newswire/internal/curate"
	"newswire/internal/ingest"
	"newswire/internal/newsroom"
	"newswire/internal/poll"
	"newswire/internal/store"
)

// house is the real store with the real door before it.
type house struct {
	*store.Store
	t    testing.TB
	door *ingest.Door
}

func newHouse(t testing.TB) *house {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "newswire.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	rules, err := curate.New(curate.Config{Sources: []newsroom.Source{{Slug: slug, Name: "Origin"}}, Channels: []newsroom.Channel{{Name: "all", Entries: 50}}})
	if err != nil {
		t.Fatal(err)
	}
	door := &ingest.Door{
		Store: db, Curator: func() ingest.Curator { return rules },
		Guard: ingest.Guard{FirstImport: 10, Burst: 20}, Site: "https://news.example.com",
	}
	return &house{Store: db, t: t, door: door}
}

func (h *house) take(ctx context.Context, src newsroom.Source, claim newsroom.Claim, r poll.Reading, settle func(poll.Outcome) newsroom.Check) (poll.Outcome, error) {
	out, err := h.door.Take(ctx, ingest.Delivery{
		Source: src, Feed: r.Feed, At: r.At, Partial: r.Partial, Claim: &claim,
		Settle: func(o ingest.Outcome) newsroom.Check { return settle(outcome(o)) },
	})
	return outcome(out), err
}

func outcome(o ingest.Outcome) poll.Outcome {
	return poll.Outcome{
		New: o.New, Updated: o.Updated, Held: o.Held, Dropped: o.Dropped, Realiased: o.Realiased, Cut: o.Cut,
		GapSuspected: o.GapSuspected, KeyPolicy: o.KeyPolicy, Notes: o.Notes, Window: o.Window,
	}
}

func (h *house) check(slug string) newsroom.Check {
	h.t.Helper()
	checks, err := h.Checks(context.WithoutCancel(h.t.Context()))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range checks {
		if c.Source == slug {
			return c
		}
	}
	return newsroom.Check{}
}

func (h *house) titles(slug string) map[string]string {
	h.t.Helper()
	titles := map[string]string{}
	err := h.Recent(context.WithoutCancel(h.t.Context()), time.Time{}, func(e newsroom.Entry) error {
		if e.Source == slug {
			titles[e.GUID] = e.Title
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return titles
}
