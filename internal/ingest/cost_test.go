package ingest_test

import (
	"context"
	"testing"

	"newswire/feeds"
	"newswire/internal/newsroom"
	"newswire/internal/store"
)

// A meter counts what the door asks of the store.
type meter struct {
	*store.Store
	known, standing, roll int
	writes                int // entries, aliases, hashes
}

func (m *meter) Known(ctx context.Context, source string, aliases []newsroom.Alias) ([]newsroom.Sighting, error) {
	m.known++
	return m.Store.Known(ctx, source, aliases)
}

func (m *meter) Standing(ctx context.Context, keys []int64) ([]newsroom.Standing, error) {
	m.standing++
	return m.Store.Standing(ctx, keys)
}

func (m *meter) Roll(ctx context.Context, source string) ([]newsroom.Enrolled, error) {
	m.roll++
	return m.Store.Roll(ctx, source)
}

func (m *meter) Commit(ctx context.Context, in *newsroom.Intake) error {
	m.writes += len(in.New) + len(in.Revised) + len(in.Renamed) + len(in.Resight)
	return m.Store.Commit(ctx, in)
}

// TestUnchangedCostsOneLookup holds that a document without anything new costs
// one question and no write but the check; also when its bytes differ in what
// no reader sees, from the second time on.
func TestUnchangedCostsOneLookup(t *testing.T) {
	d := newDesk(t)
	d.seed(nil)
	tracked := each(items(4, 1), func(_ int, e *feeds.Entry) { e.Link += "?utm_source=feed" })
	d.poll(source("o"), tracked...)
	m := &meter{Store: d.store}
	d.door.Store = m
	d.poll(source("o"), tracked...)
	if m.known != 1 || m.standing+m.roll+m.writes != 0 {
		t.Errorf("%d look-ups, %d loads, %d writes", m.known, m.standing+m.roll, m.writes)
	}
	*m = meter{Store: d.store}
	d.poll(source("o"), append(items(5, 5), tracked...)...)
	if m.known != 2 || m.standing > 1 || m.writes != 1 {
		t.Errorf("one new entry: %d look-ups, %d loads, %d writes", m.known, m.standing, m.writes)
	}
}
