package ingest

import (
	"cmp"
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"newswire/internal/newsroom"
)

// Rules of the guards.
const (
	ruleFirstImport = "guard.first_import"
	ruleBurst       = "guard.burst"
)

// churn is the least time between two changes of what readers see of a
// foreign entry: some texts change whenever they are asked for.
const churn = time.Hour

// arrivals makes the unknown items new entries, with their verdicts.
func (v *visit) arrivals(in *newsroom.Intake) {
	n := normalizer{source: v.del.Source, feed: v.del.Feed, base: v.base}
	policy := v.before.KeyPolicy
	brought := map[newsroom.Alias]bool{}
	for _, it := range v.items {
		if it.key != 0 {
			continue
		}
		a := &newsroom.Arrival{Entry: n.normalize(it), Raw: it.raw, IDs: v.door.publicIDs(v.del.Source, it, policy, v.del.At)}
		if n.cut {
			v.out.Cut++
		}
		a.LinkHash = linkHash(a.Link)
		a.FirstSeen = stored(v.del.At)
		a.Published, a.Updated, a.Sort = dates(it.entry.Published, it.entry.Updated, a.FirstSeen, a.House)
		if a.WithdrawnNote != "" {
			a.Withdrawn = a.FirstSeen
		}
		for _, alias := range it.aliases(policy) {
			if s, seen := v.ledger.seen[alias]; seen && s.Key != 0 || brought[alias] {
				in.Renamed = append(in.Renamed, newsroom.Renaming{Alias: alias})
			} else if !seen {
				a.Aliases = append(a.Aliases, alias)
			}
			brought[alias] = true
		}
		a.Verdict = v.rules.Decide(v.del.Source, &a.Entry, v.del.At)
		it.result = &a.Entry
		in.New = append(in.New, a)
	}
	v.out.New = len(in.New)
	v.guard(in.New)
	for _, a := range in.New {
		v.count(a)
	}
}

// count adds a new entry to the outcome, and gives it its channels.
func (v *visit) count(a *newsroom.Arrival) {
	switch a.Verdict.Decision {
	case newsroom.Hold:
		v.out.Held++
	case newsroom.Drop:
		v.out.Dropped++
	default:
		if a.Withdrawn.IsZero() {
			a.Channels = v.rules.Channels(v.del.Source, &a.Entry, v.del.At)
		}
	}
}

// guard keeps a flood from readers: of a source's first entries the newest
// few are published and the others only known; of more at once than the
// source usually brings, the others are held.
func (v *visit) guard(arrivals []*newsroom.Arrival) {
	matched := len(v.ledger.claimed) > 0
	v.out.First = !matched && v.before.LastNew.IsZero() && len(arrivals) > 0
	v.out.GapSuspected = !matched && !v.out.First && len(arrivals) > 0
	if v.del.Source.House {
		return
	}
	limit, verdict := v.burst(), newsroom.Verdict{Decision: newsroom.Hold, Rule: ruleBurst}
	if v.out.First {
		limit, verdict = v.door.Guard.FirstImport, newsroom.Verdict{Decision: newsroom.Drop, Rule: ruleFirstImport}
	}
	keepBack(arrivals, limit, verdict)
}

// burst is how many new entries at once are no flood.
func (v *visit) burst() int {
	return max(v.door.Guard.Burst, int(3*v.before.UsualBatch))
}

// keepBack gives the verdict to all that would be published but the newest.
// Of equal dates, the first in the document is the newest.
func keepBack(arrivals []*newsroom.Arrival, limit int, verdict newsroom.Verdict) {
	var published []*newsroom.Arrival
	for _, a := range arrivals {
		if a.Verdict.Decision == newsroom.Publish {
			published = append(published, a)
		}
	}
	if len(published) <= limit {
		return
	}
	slices.SortStableFunc(published, func(a, b *newsroom.Arrival) int { return b.Sort.Compare(a.Sort) })
	for _, a := range published[limit:] {
		a.Verdict = verdict
	}
}

// revisions decides which known entries have changed, and how much.
func (v *visit) revisions(in *newsroom.Intake) {
	n := normalizer{source: v.del.Source, feed: v.del.Feed, base: v.base}
	for _, it := range v.items {
		k := v.ledger.standing[it.key]
		switch {
		case it.key == 0:
		case it.same || k == nil:
			v.out.Unchanged++
		default:
			it.link = steadyLink(k.Link, it.link)
			v.revision(in, it, k, n.normalize(it))
			if n.cut {
				v.out.Cut++
			}
		}
	}
}

// steadyLink keeps the link that stands when the new one is only another form
// of it, unless that is the safer one.
func steadyLink(standing, now string) string {
	if linkKey(standing) != linkKey(now) || strings.HasPrefix(now, "https:") && strings.HasPrefix(standing, "http:") {
		return now
	}
	return standing
}

func (v *visit) revision(in *newsroom.Intake, it *item, k *newsroom.Standing, now newsroom.Entry) {
	it.result = &k.Entry
	back := !k.Withdrawn.IsZero() && now.WithdrawnNote == "" && k.Verdict.Rule != ruleHide
	switch {
	case now.Hash == k.Hash && !back && !k.Purged:
		v.out.Unchanged++
		in.Resight = append(in.Resight, newsroom.Resighting{Key: k.Key, Raw: it.raw})
		return
	case !v.del.Source.House && !k.Touched.IsZero() && v.del.At.Sub(k.Touched) < churn && v.del.At.After(k.Touched):
		v.out.Unchanged++
		v.out.Deferred++
		return
	}
	r := &newsroom.Revision{Entry: v.revise(it, k, now), Raw: it.raw, Old: k.Raw, Content: true}
	r.LinkHash = linkHash(r.Link)
	if now.TextHash != k.TextHash && !k.Purged {
		r.Former = &k.Entry
	}
	v.seat(r)
	if now.Hash == k.Hash && !back { // only its purged text comes back
		v.out.Unchanged++
		v.changed = true
	} else {
		v.out.Updated++
	}
	it.result = &r.Entry
	in.Revised = append(in.Revised, r)
}

// revise returns a known entry as it stands now. What it was known by, when it
// was first seen and where it stands never change; its date of update moves
// only with its text.
func (v *visit) revise(it *item, k *newsroom.Standing, now newsroom.Entry) newsroom.Entry {
	now.Key, now.ID, now.FirstSeen, now.Sort, now.Published = k.Key, k.ID, k.FirstSeen, k.Sort, k.Published
	now.AlsoIn, now.Updated, now.Changed, now.Verdict = k.AlsoIn, k.Updated, k.Changed, k.Verdict
	at := stored(v.del.At)
	if now.TextHash != k.TextHash {
		now.Changed = at
		now.Updated = revised(k.When(), it.entry.Updated, at)
	}
	if now.WithdrawnNote != "" {
		now.Withdrawn = cmp.Or(k.Withdrawn, at)
		if k.Withdrawn.IsZero() {
			v.out.Withdrawn++
		}
	}
	now.Verdict = again(&k.Entry, v.rules.Decide(v.del.Source, &now, v.del.At), time.Time{})
	if now.WithdrawnNote == "" && now.Verdict.Rule == ruleHide {
		now.Withdrawn = veiled(&k.Entry, now.Verdict, at)
	}
	returned(&k.Entry, &now, at)
	return now
}

// guarded reports whether a guard gave a verdict; only an editor or time
// takes it back.
func guarded(v newsroom.Verdict) bool {
	return v.Rule == ruleFirstImport || v.Rule == ruleBurst
}

// seat gives a revised entry its channels.
func (v *visit) seat(r *newsroom.Revision) {
	r.Channels = nil
	if r.Verdict.Decision == newsroom.Publish && r.Withdrawn.IsZero() {
		r.Channels = v.rules.Channels(v.del.Source, &r.Entry, v.del.At)
	}
}

// conclude fills in what the outcome says of the whole document.
func (v *visit) conclude() {
	policy := v.before.KeyPolicy
	for _, it := range v.items {
		a := it.primary(policy)
		v.out.Window = append(v.out.Window, hex.EncodeToString(a.Hash[:windowBytes]))
		if it.key == 0 && it.result != nil {
			v.out.Rhythm = append(v.out.Rhythm, it.result.Sort)
		}
	}
	slices.SortFunc(v.out.Rhythm, func(a, b time.Time) int { return b.Compare(a) })
	v.out.KeyPolicy = v.degrade()
	if v.out.Held > 0 {
		v.note("flooding: %d new entries at once, %d are held for a day or until you release them", v.out.New, v.out.Held)
	}
	if v.out.Realiased > 0 {
		v.note("unstable guids: %d known entries came under new ones", v.out.Realiased)
	}
}

// windowBytes of an alias are enough to find it again in its source's ledger.
const windowBytes = 6

// degrade takes the next key policy when most entries have come under other
// names than before for the second time in a row. It never goes back: a
// source that alternates would give each entry twice.
func (v *visit) degrade() string {
	if v.before.Realiased == 0 || 5*v.out.Realiased < 4*len(v.items) || len(v.items) == 0 || v.del.Partial {
		return ""
	}
	switch v.before.KeyPolicy {
	case policyGUID:
		return policyLink
	case policyLink:
		return policyTitle
	}
	return ""
}

// loadUnchanged fills in the results of entries that nothing happened to.
func (v *visit) loadUnchanged(ctx context.Context) error {
	var keys []int64
	for _, it := range v.items {
		if it.result == nil && it.key != 0 && v.ledger.standing[it.key] == nil {
			keys = append(keys, it.key)
		}
	}
	return v.load(ctx, keys)
}

// entries returns the document's entries as they stand after the visit.
func (v *visit) entries() (list []newsroom.Entry) {
	for _, it := range v.items {
		switch k := v.ledger.standing[it.key]; {
		case it.result != nil:
			list = append(list, *it.result)
		case k != nil:
			list = append(list, k.Entry)
		}
	}
	return list
}
