package main

import (
	"context"
	"slices"
	"time"

	"newswire/internal/curate"
	"newswire/internal/newsroom"
	"newswire/internal/publish"
)

// pins are the entries that editors pinned, by the channels in which they
// stand. A channel's members are read from the newest on; what is pinned may
// be older than all of those.
type pins map[string][]newsroom.Ref

// findPins looks the pinned entries up. One that no source has brought yet is
// found once it is there: this is done before each rendering.
func (w *wire) findPins(ctx context.Context) (pins, error) {
	found := pins{}
	for _, name := range w.now.Load().config.Overrides.Pin {
		entries, err := w.door.Find(ctx, w.store, name)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			places, err := w.store.Places(ctx, e.Key)
			if err != nil {
				return nil, err
			}
			for channel, ref := range places {
				ref.Pinned = true
				found[channel] = append(found[channel], ref)
			}
		}
	}
	return found, nil
}

// mark returns a channel's members with those that are pinned marked, and
// added where they are too old to be among them.
func (p pins) mark(channel string, refs []newsroom.Ref) []newsroom.Ref {
	pinned := p[channel]
	if len(pinned) == 0 {
		return refs
	}
	marked := slices.Clone(refs)
	for _, pin := range pinned {
		i := slices.IndexFunc(marked, func(r newsroom.Ref) bool { return r.Key == pin.Key })
		if i >= 0 {
			marked[i].Pinned = true
		} else {
			marked = append(marked, pin)
		}
	}
	return marked
}

// lineUp is a channel's line-up by the rules in force.
func (w *wire) lineUp(ch newsroom.Channel, refs []newsroom.Ref, loc *time.Location) []newsroom.Ref {
	if pinned := w.pinned.Load(); pinned != nil {
		refs = pinned.mark(ch.Name, refs)
	}
	in, _ := w.now.Load().rules.LineUp(ch.Name, refs, loc)
	return in
}

// chosen returns a channel's line-up as it is published now, and which members
// its caps leave out of it.
func (w *wire) chosen(ctx context.Context, ch newsroom.Channel, pinned pins) (in []newsroom.Ref, out []curate.Excluded, err error) {
	s := w.now.Load()
	in, err = publish.Choose(ch,
		func(limit int) ([]newsroom.Ref, error) { return w.store.Refs(ctx, ch.Name, limit) },
		func(refs []newsroom.Ref) (chosen []newsroom.Ref) {
			chosen, out = s.rules.LineUp(ch.Name, pinned.mark(ch.Name, refs), s.site.Timezone)
			return chosen
		})
	return in, out, err
}
