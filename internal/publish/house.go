package publish

import (
	"fmt"
	"maps"
	"time"

	"newswire/internal/newsroom"
)

// houseShare bounds how much of the time goes into reading our own entries
// again: one part in this many. It costs more with every article there is, and
// most renderings are about others' entries.
const houseShare = 20

// A house is our own entries at one moment. It does not change.
type house struct {
	entries []newsroom.Entry // as published, newest first
	bySlug  map[string]int   // index in entries
	mark    string

	made    map[int64]rendered
	sources sources
	read    time.Time
	took    time.Duration
}

// again returns when our own entries may be read again.
func (h *house) again() time.Time { return h.read.Add(houseShare * h.took) }

// readHouse returns our own entries. Where reading them takes long, those of
// the last reading do for a while, and the publisher is told when to look again.
func (run *pass) readHouse() (*house, error) {
	last := run.house
	if last != nil && run.now.Before(last.again()) && run.sources.same(last.sources) {
		run.houseDue = last.again()
		return last, nil
	}
	start := time.Now()
	entries, err := run.Store.HouseEntries(run.ctx)
	if err != nil {
		return nil, fmt.Errorf("read the house's entries: %w", err)
	}
	h := &house{
		entries: make([]newsroom.Entry, len(entries)),
		bySlug:  make(map[string]int, len(entries)),
		made:    make(map[int64]rendered, len(entries)),
		sources: run.sources,
		read:    run.now,
	}
	all := make([]rendered, len(entries))
	for i := range entries {
		all[i] = run.sources.render(&entries[i], last.before())
		h.made[entries[i].Key] = all[i]
		h.entries[i] = all[i].entry
		if slug := all[i].entry.Slug; slug != "" {
			if _, known := h.bySlug[slug]; !known {
				h.bySlug[slug] = i
			}
		}
	}
	h.mark = markOf(all)
	h.took = time.Since(start)
	return h, nil
}

func (h *house) before() map[int64]rendered {
	if h == nil {
		return nil
	}
	return h.made
}

// same reports whether two say the same of every source.
func (s sources) same(other sources) bool {
	return s.site == other.site && maps.Equal(s.bySlug, other.bySlug)
}
