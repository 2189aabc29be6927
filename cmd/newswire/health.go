package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"newswire/internal/newsroom"
	"newswire/internal/poll"
	"newswire/internal/store"
)

// A condition is a source with what became of asking it.
type condition struct {
	newsroom.Source
	check   newsroom.Check
	held    int     // entries that a guard holds
	perWeek float64 // entries
	alarm   string  // that it is silent, or brings far fewer than usual; empty: neither
	silent  bool
}

func newCondition(src newsroom.Source, c newsroom.Check, held int, now time.Time) condition {
	if held == 0 { // they are out by now, or dropped: what was said of the flood is over
		c.Notes = slices.DeleteFunc(slices.Clone(c.Notes), func(note string) bool { return strings.HasPrefix(note, "flooding: ") })
	}
	o := condition{Source: src, check: c, held: held, perWeek: poll.PerWeek(c, now), alarm: poll.Silence(c, now)}
	o.silent = o.alarm != ""
	if !o.silent {
		o.alarm = poll.Dropped(c, now)
	}
	return o
}

// conditions returns all sources of the configuration in its order, those that
// were never asked too, and how many entries are held: theirs, and those of
// sources that were taken out.
func conditions(ctx context.Context, db *store.Store, s *settings, now time.Time) (list []condition, held int, err error) {
	checks, err := db.Checks(ctx)
	if err != nil {
		return nil, 0, err
	}
	bySlug := map[string]newsroom.Check{}
	for _, c := range checks {
		bySlug[c.Source] = c
	}
	heldOf, err := db.HeldBySource(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, n := range heldOf {
		held += n
	}
	list = make([]condition, 0, len(s.sources))
	for _, src := range s.sources {
		list = append(list, newCondition(src, bySlug[src.Slug], heldOf[src.Slug], now))
	}
	return list, held, nil
}
