package curate

import (
	"cmp"
	"slices"
	"time"

	"newswire/internal/newsroom"
)

// An Excluded is an entry that a cap keeps out of a line-up.
type Excluded struct {
	newsroom.Ref
	Rule string // as `channels[all].max_per_source`, `sources[OpenAI News].max_per_day`
}

// LineUp orders what stands in a channel and applies the channel's caps, as
// Ruleset.LineUp does, but knows no source's own cap.
func LineUp(ch newsroom.Channel, refs []newsroom.Ref, loc *time.Location) []newsroom.Ref {
	in, _ := lineUp(ch, nil, refs, loc)
	return in
}

// LineUp orders what stands in a channel and applies the caps: the channel's,
// and each source's own max_per_day. Days are those of loc. The order in
// which refs come does not matter, and refs is left as it is.
//
// Pinned entries lead, the newest first; with HouseFirst the house's own
// follow; then all others, the newest first. From the front, an entry is left
// out when its source has its share already. Pinned entries count, but only
// the channel's length can leave them out: an editor asked for them.
//
// MinGap puts off, rather than leaves out, and concerns those others alone:
// where the next entry's source stood less than that many places before, the first entry of another source
// comes first. When no other is left, the gap is given up, so that sources
// that fail or fall silent do not empty the channel of the rest.
//
// An unknown channel has an empty line-up.
func (r *Ruleset) LineUp(channel string, refs []newsroom.Ref, loc *time.Location) (in []newsroom.Ref, out []Excluded) {
	i, known := r.byName[channel]
	if !known {
		return nil, nil
	}
	return lineUp(r.channels[i].Channel, r.sources, refs, loc)
}

func lineUp(ch newsroom.Channel, sources map[string]sourceRules, refs []newsroom.Ref, loc *time.Location) (in []newsroom.Ref, out []Excluded) {
	refs = slices.Clone(refs)
	slices.SortFunc(refs, func(a, b newsroom.Ref) int {
		return cmp.Or(
			cmp.Compare(rank(ch, a), rank(ch, b)),
			b.Sort.Compare(a.Sort),
			cmp.Compare(b.Key, a.Key),
		)
	})
	l := lining{
		channel:   ch,
		path:      "channels[" + ch.Name + "].",
		sources:   sources,
		loc:       loc,
		perSource: map[string]int{},
		perDay:    map[sourceDay]int{},
		lastAt:    map[string]int{},
	}
	for _, ref := range refs {
		l.release()
		if rank(ch, ref) == others && l.tooNear(ref) && !l.long() {
			l.waiting = append(l.waiting, ref)
			continue
		}
		l.place(ref)
	}
	l.drain()
	return l.in, l.out
}

// The parts of a line-up, in order.
const (
	pinned = iota
	house  // only with HouseFirst
	others
)

// rank is the part of the line-up that an entry stands in.
func rank(ch newsroom.Channel, ref newsroom.Ref) int {
	switch {
	case ref.Pinned:
		return pinned
	case ch.HouseFirst && ref.House:
		return house
	}
	return others
}

type sourceDay struct {
	source string
	year   int
	day    int
}

// A lining is a line-up in the making.
type lining struct {
	channel newsroom.Channel
	path    string // of the channel's caps
	sources map[string]sourceRules
	loc     *time.Location

	in        []newsroom.Ref
	out       []Excluded
	waiting   []newsroom.Ref // put off by MinGap, in order
	released  int            // length of the line-up when they were last looked through
	perSource map[string]int
	perDay    map[sourceDay]int
	lastAt    map[string]int // place of each source's last entry, counted from 1
}

// long reports whether the line-up has all the entries it may have.
func (l *lining) long() bool {
	return l.channel.Entries > 0 && len(l.in) >= l.channel.Entries
}

// tooNear reports whether the source stood within the last MinGap places.
func (l *lining) tooNear(ref newsroom.Ref) bool {
	at := l.lastAt[ref.Source]
	return at > 0 && len(l.in)+1-at <= l.channel.MinGap
}

// release places those put off whose gap is reached now, the first first. That
// changes only when the line-up grows, so they are not looked through otherwise:
// a source that floods a channel may have thousands of them.
func (l *lining) release() {
	for l.released < len(l.in) {
		l.released = len(l.in)
		l.waiting = slices.DeleteFunc(l.waiting, func(ref newsroom.Ref) bool {
			if len(l.in) > l.released || l.tooNear(ref) { // it has grown: from the first again
				return false
			}
			l.place(ref)
			return true
		})
	}
}

// drain places all that were put off; the gap is given up where it must be.
func (l *lining) drain() {
	for l.release(); len(l.waiting) > 0; l.release() {
		l.place(l.waiting[0])
		l.waiting = l.waiting[1:]
	}
}

// place puts an entry at the end of the line-up, unless a cap is reached.
func (l *lining) place(ref newsroom.Ref) {
	day := ref.Sort.In(l.loc)
	today := sourceDay{source: ref.Source, year: day.Year(), day: day.YearDay()}
	if rule := l.full(ref, today); rule != "" {
		l.out = append(l.out, Excluded{Ref: ref, Rule: rule})
		return
	}
	l.in = append(l.in, ref)
	l.perSource[ref.Source]++
	l.perDay[today]++
	l.lastAt[ref.Source] = len(l.in)
}

// full names the cap that keeps the entry out, if any does.
func (l *lining) full(ref newsroom.Ref, today sourceDay) string {
	reached := func(limit, count int) bool { return limit > 0 && count >= limit }
	source := l.sources[ref.Source]
	switch {
	case l.long():
		return l.path + "entries"
	case ref.Pinned:
		return ""
	case reached(source.maxPerDay, l.perDay[today]):
		return "sources[" + source.name + "].max_per_day"
	case reached(l.channel.MaxPerDay, l.perDay[today]):
		return l.path + "max_per_day"
	case reached(l.channel.MaxPerSource, l.perSource[ref.Source]):
		return l.path + "max_per_source"
	}
	return ""
}
