package ingest

import (
	"context"
	"slices"
	"time"

	"newswire/internal/newsroom"
)

// place settles, inside the transaction, who stands in which channel, and in
// whose words. Where an entry of another source stands with the same canonical
// link, it keeps its place: its identifier is what readers know. But the words
// that stand there are those of whoever ranks first: of the origin rather than
// of an aggregator, whoever was read first. Only the house takes the place
// itself. Nobody is deleted: an entry without any place is published by the
// rule RuleDuplicate, and the one that stands names its source.
func (v *visit) place(in *newsroom.Intake, neighbors newsroom.Neighbors) newsroom.Placing {
	p := placer{visit: v}
	for _, a := range in.New {
		a.Channels = p.place(&a.Entry, a.LinkHash, a.Channels, neighbors)
	}
	for _, r := range in.Revised {
		r.Channels = p.place(&r.Entry, r.LinkHash, r.Channels, neighbors)
	}
	v.changed = v.changed || p.changed
	return p.out
}

// A placer gives the entries of one intake their places.
type placer struct {
	visit   *visit
	out     newsroom.Placing
	changed bool // readers see a difference in entries that the intake does not bring
}

// place returns in which of the wanted channels an entry stands.
func (p *placer) place(e *newsroom.Entry, link int64, wanted []string, neighbors newsroom.Neighbors) (seats []string) {
	near := neighbors[link]
	same, speaks := rivals(e, near), heardIn(e, near)
	for _, channel := range wanted {
		if holder, heard := speaks[channel]; heard {
			if p.outranks(e, near, p.contender(holder)) {
				delete(speaks, channel) // it goes on being heard there
			}
			continue
		}
		holder := slices.IndexFunc(same, func(n newsroom.Neighbor) bool { return slices.Contains(n.Channels, channel) })
		switch {
		case holder < 0:
			seats = append(seats, channel)
			p.keepVoice(e, channel, near, same)
		case e.House && !same[holder].House:
			p.evict(same[holder], channel)
			seats = append(seats, channel)
		case p.outranks(e, near, p.speaker(same[holder], channel, same)):
			p.voice(same[holder].Key, channel, e.Key)
		}
	}
	for channel, holder := range speaks { // until now
		p.voice(holder.Key, channel, 0)
	}
	if len(seats) == 0 && len(wanted) > 0 {
		e.Verdict.Rule = newsroom.RuleDuplicate
	}
	if len(wanted) > 0 {
		p.mention(e, same)
	}
	return seats
}

// keepVoice lets an entry that stands go on standing in the words it had, if
// they are still of the same link and still rank first.
func (p *placer) keepVoice(e *newsroom.Entry, channel string, near, same []newsroom.Neighbor) {
	self := slices.IndexFunc(near, func(n newsroom.Neighbor) bool { return n.Key == e.Key })
	if self < 0 || near[self].Voices[channel] == 0 {
		return
	}
	voice := slices.IndexFunc(same, func(n newsroom.Neighbor) bool { return n.Key == near[self].Voices[channel] })
	if voice >= 0 && !p.outranks(e, near, p.contender(same[voice])) {
		p.out.Voiced = append(p.out.Voiced, newsroom.Voicing{Seat: newsroom.Seat{Key: e.Key, Channel: channel}, Voice: same[voice].Key})
	}
}

func (p *placer) evict(n newsroom.Neighbor, channel string) {
	p.out.Evicted = append(p.out.Evicted, newsroom.Seat{Key: n.Key, Channel: channel})
	p.changed = true
}

func (p *placer) voice(holder int64, channel string, voice int64) {
	p.out.Voiced = append(p.out.Voiced, newsroom.Voicing{Seat: newsroom.Seat{Key: holder, Channel: channel}, Voice: voice})
	p.changed = true
}

// mention lets an entry and those with the same link name each other.
func (p *placer) mention(e *newsroom.Entry, same []newsroom.Neighbor) {
	for _, n := range same {
		if n.Decision != newsroom.Publish {
			continue
		}
		if !slices.Contains(e.AlsoIn, n.Source) {
			e.AlsoIn = append(e.AlsoIn, n.Source)
		}
		p.out.Mentioned = append(p.out.Mentioned, newsroom.Mention{Key: n.Key, Source: e.Source})
	}
	slices.Sort(e.AlsoIn)
}

// heardIn returns who stands in an entry's words, by channel.
func heardIn(e *newsroom.Entry, near []newsroom.Neighbor) map[string]newsroom.Neighbor {
	all := map[string]newsroom.Neighbor{}
	for _, n := range near {
		for channel, voice := range n.Voices {
			if voice == e.Key && n.Key != e.Key {
				all[channel] = n
			}
		}
	}
	return all
}

// rivals returns the entries of other sources with the same link. A link that
// several entries of one source have (its front page, a change log) says
// nothing about what they are.
func rivals(e *newsroom.Entry, neighbors []newsroom.Neighbor) (same []newsroom.Neighbor) {
	counts := map[string]int{e.Source: 1}
	for _, n := range neighbors {
		if n.Key == e.Key {
			continue
		}
		if counts[n.Source]++; counts[n.Source] > 1 {
			return nil
		}
		same = append(same, n)
	}
	return same
}

// absent withdraws what a complete document lacks, and lets stand again what
// has returned to it.
func (v *visit) absent(ctx context.Context, in *newsroom.Intake) error {
	roll, err := v.door.Store.Roll(ctx, v.del.Source.Slug)
	if err != nil {
		return err
	}
	var gone, returned []int64
	for _, e := range roll {
		it := v.ledger.claimed[e.Key]
		switch {
		case it == nil && !e.Withdrawn && !slices.Contains(v.del.Keep, e.GUID):
			gone = append(gone, e.Key)
		case it != nil && e.Withdrawn && it.same && (it.article == nil || it.article.Retracted == ""):
			returned = append(returned, e.Key)
		}
	}
	if v.suspicious(len(gone), len(roll)) {
		v.note("the complete document lacks %d of %d entries at once; they were not withdrawn", len(gone), len(roll))
		gone = nil
	}
	if err := v.load(ctx, slices.Concat(gone, returned)); err != nil {
		return err
	}
	for _, key := range gone {
		v.turn(in, v.ledger.standing[key], true)
	}
	for _, key := range returned {
		if k := v.ledger.standing[key]; k != nil && k.Verdict.Rule != ruleHide {
			v.turn(in, k, false)
		}
	}
	return nil
}

// suspicious reports whether so much is missing that something broke: the
// folder is not mounted, the publisher's database is empty.
func (v *visit) suspicious(gone, all int) bool {
	const few = 5
	if v.del.Source.House {
		return gone > few && len(v.items) == 0
	}
	return gone > few && 2*gone > all
}

// turn withdraws an entry, or lets it stand again.
func (v *visit) turn(in *newsroom.Intake, k *newsroom.Standing, withdraw bool) {
	if k == nil {
		return
	}
	r := &newsroom.Revision{Entry: k.Entry, Raw: k.Raw, Old: k.Raw, LinkHash: k.LinkHash, Content: true}
	if withdraw {
		r.Withdrawn = stored(v.del.At)
		v.out.Withdrawn++
	} else {
		r.Withdrawn, r.WithdrawnNote = time.Time{}, ""
		v.out.Updated++
		v.out.Unchanged--
	}
	v.seat(r)
	in.Revised = append(in.Revised, r)
}
