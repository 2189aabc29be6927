package ingest

import (
	"context"
	"slices"
	"time"

	"newswire/internal/newsroom"
)

// place settles, inside the transaction, who stands in which channel. Where
// an entry of another source stands with the same canonical link, the one
// that was published first keeps its place, and its identifier is what
// readers know; only the house takes it over. Nobody is deleted: an entry
// without any place is published by the rule RuleDuplicate, and the one that
// stands names its source.
func (v *visit) place(in *newsroom.Intake, neighbors newsroom.Neighbors) newsroom.Placing {
	var out newsroom.Placing
	for _, a := range in.New {
		a.Channels = placeOne(&a.Entry, a.LinkHash, a.Channels, neighbors, &out)
	}
	for _, r := range in.Revised {
		r.Channels = placeOne(&r.Entry, r.LinkHash, r.Channels, neighbors, &out)
	}
	v.changed = v.changed || len(out.Evicted) > 0
	return out
}

// placeOne returns in which of the wanted channels an entry stands.
func placeOne(e *newsroom.Entry, link int64, wanted []string, neighbors newsroom.Neighbors, out *newsroom.Placing) (seats []string) {
	same := rivals(e, neighbors[link])
	if len(wanted) == 0 || len(same) == 0 {
		return wanted
	}
	for _, channel := range wanted {
		holder := slices.IndexFunc(same, func(n newsroom.Neighbor) bool { return slices.Contains(n.Channels, channel) })
		switch {
		case holder < 0:
			seats = append(seats, channel)
		case e.House && !same[holder].House:
			out.Evicted = append(out.Evicted, newsroom.Seat{Key: same[holder].Key, Channel: channel})
			seats = append(seats, channel)
		}
	}
	if len(seats) == 0 {
		e.Verdict.Rule = newsroom.RuleDuplicate
	}
	for _, n := range same {
		if n.Decision != newsroom.Publish {
			continue
		}
		if !slices.Contains(e.AlsoIn, n.Source) {
			e.AlsoIn = append(e.AlsoIn, n.Source)
		}
		out.Mentioned = append(out.Mentioned, newsroom.Mention{Key: n.Key, Source: e.Source})
	}
	return seats
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
