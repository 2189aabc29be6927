package ingest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"newswire/internal/newsroom"
	"newswire/internal/store"
)

// A picky store refuses entries whose title says so, as a database might that
// has limits we do not know of.
type picky struct{ *store.Store }

func (p picky) Commit(ctx context.Context, in *newsroom.Intake) error {
	for _, a := range in.New {
		if strings.Contains(a.Title, "poison") {
			return fmt.Errorf("value too long: %w", newsroom.ErrRefused)
		}
	}
	return p.Store.Commit(ctx, in)
}

// One poisonous entry costs itself alone, is told of, and is tried again.
func TestPoisonousEntry(t *testing.T) {
	d := newDesk(t)
	d.seed(nil)
	d.door.Store = picky{d.store}
	list := items(7, 1)
	list[1].Title = "poison"
	list[5].Content = "<p>This was edited.</p>"
	for range 3 {
		out := d.poll(source("o"), list...)
		if out.Cut != 1 || !strings.Contains(strings.Join(out.Notes, "\n"), "poison") {
			t.Errorf("%+v", out)
		}
		if checks, err := d.store.Checks(t.Context()); err != nil || checks[0].BodyHash != "" {
			t.Errorf("the document counts as read: %+v, %v", checks, err)
		}
	}
	d.holds(6)
	if e := d.find("urn:t:g2"); e[0].Content != "<p>This was edited.</p>" {
		t.Errorf("%+v", e)
	}
	d.door.Store = d.store
	if out := d.poll(source("o"), list...); out.New != 1 || out.Cut != 0 {
		t.Errorf("the store takes it now: %+v", out)
	}
}
