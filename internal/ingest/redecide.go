package ingest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"newswire/internal/newsroom"
)

// An Archive is what deciding again needs of a store.
type Archive interface {
	Recent(ctx context.Context, since time.Time, each func(newsroom.Entry) error) error
	Held(ctx context.Context) ([]newsroom.Entry, error)
	Overridden(ctx context.Context) ([]newsroom.Entry, error)
	Seats(ctx context.Context, keys []int64) (map[int64][]string, error)
	Standing(ctx context.Context, keys []int64) ([]newsroom.Standing, error)
	Lookup(ctx context.Context, name newsroom.Name) ([]newsroom.Entry, error)
	Commit(ctx context.Context, in *newsroom.Intake) error
}

// redecideBatch is how many entries are decided again in one transaction.
const redecideBatch = 100

// Redecide gives stored entries the verdicts and channels of the rules in
// force, in small transactions, and returns how many changed: those first seen
// since then, and, however long ago that was, those that an editor's override
// decided or that names (addresses, ids or GUIDs) name. What a guard has kept
// back stays so. Entries of sources that are configured no more keep what they
// have, but for overrides.
func (d *Door) Redecide(ctx context.Context, archive Archive, sources map[string]newsroom.Source, names []string, since, now time.Time) (int, error) {
	r := redecision{door: d, archive: archive, sources: sources, since: since, now: now}
	err := r.overrides(ctx, names)
	// Twice: what a duplicate stood behind may have gone in the first walk.
	for _, second := range []bool{false, true} {
		if err == nil {
			err = archive.Recent(ctx, since, func(e newsroom.Entry) error {
				if second && e.Verdict.Rule != newsroom.RuleDuplicate {
					return nil
				}
				return r.add(ctx, e)
			})
		}
		if err == nil {
			err = r.flush(ctx)
		}
	}
	d.tell(r.changed)
	return r.changed, err
}

// overrides decides what editors named, now or before.
func (r *redecision) overrides(ctx context.Context, names []string) error {
	list, err := r.archive.Overridden(ctx)
	for _, name := range names {
		if err != nil {
			return err
		}
		var found []newsroom.Entry
		found, err = r.door.Find(ctx, r.archive, name)
		list = append(list, found...)
	}
	seen := map[int64]bool{}
	for _, e := range list {
		if err == nil && !seen[e.Key] {
			err = r.add(ctx, e)
		}
		seen[e.Key] = true
	}
	if err != nil {
		return err
	}
	return r.flush(ctx)
}

// Verdict returns what Redecide makes of an entry's verdict where its neighbors
// do not matter: what another source brought first stays its duplicate, and
// whether an entry that was dropped would be one is not looked up. Entries first
// seen before since are out of the rules' reach.
func (d *Door) Verdict(src newsroom.Source, e *newsroom.Entry, since, now time.Time) newsroom.Verdict {
	verdict := again(e, d.Curator().Decide(src, e, now), since)
	if e.Verdict.Rule == newsroom.RuleDuplicate && verdict.Decision == newsroom.Publish {
		return e.Verdict
	}
	return verdict
}

// Release publishes what is held of a source (of all: empty), if the rules in
// force allow it, and returns how many entries that were. It is an editor's
// word: it holds also for a source that is configured no more.
func (d *Door) Release(ctx context.Context, archive Archive, sources map[string]newsroom.Source, source string, now time.Time) (int, error) {
	r := redecision{door: d, archive: archive, sources: sources, now: now, ends: byEditor}
	return r.endHolds(ctx, func(e *newsroom.Entry) bool { return source == "" || e.Source == source })
}

// Expire ends the holds on what was first seen at until or earlier, and
// returns how many entries that were: it is published, if the rules in force
// allow it. But of a source that editors have taken out nothing more enters a
// channel: it is dropped, by the guard that held it.
func (d *Door) Expire(ctx context.Context, archive Archive, sources map[string]newsroom.Source, until, now time.Time) (int, error) {
	r := redecision{door: d, archive: archive, sources: sources, now: now, ends: byTime}
	return r.endHolds(ctx, func(e *newsroom.Entry) bool { return !e.FirstSeen.After(until) })
}

// Find returns the entries that have this link, public identifier or GUID.
func (d *Door) Find(ctx context.Context, archive Archive, urlOrID string) ([]newsroom.Entry, error) {
	urlOrID = strings.TrimSpace(urlOrID)
	return archive.Lookup(ctx, newsroom.Name{ID: urlOrID, LinkHash: linkHash(urlOrID), GUID: newAlias(newsroom.AliasGUID, urlOrID)})
}

func (d *Door) tell(changed int) {
	if changed > 0 && d.Changed != nil {
		d.Changed()
	}
}

// A redecision is one walk through stored entries.
type redecision struct {
	door    *Door
	archive Archive
	sources map[string]newsroom.Source
	since   time.Time // entries first seen before are decided by overrides alone
	now     time.Time
	ends    ending
	batch   []newsroom.Entry // of one source
	changed int
}

// An ending is what ends the holds on the entries of a walk.
type ending int

const (
	noEnding ending = iota // they stay held
	byEditor
	byTime
)

func (r *redecision) endHolds(ctx context.Context, chosen func(*newsroom.Entry) bool) (int, error) {
	held, err := r.archive.Held(ctx)
	for i := range held {
		if err == nil && chosen(&held[i]) {
			err = r.add(ctx, held[i])
		}
	}
	if err == nil {
		err = r.flush(ctx)
	}
	r.door.tell(r.changed)
	return r.changed, err
}

func (r *redecision) add(ctx context.Context, e newsroom.Entry) error {
	if len(r.batch) > 0 && (r.batch[0].Source != e.Source || len(r.batch) == redecideBatch) {
		if err := r.flush(ctx); err != nil {
			return err
		}
	}
	r.batch = append(r.batch, e)
	return nil
}

// flush decides the batch, and decides it again when somebody else has changed
// some of its entries meanwhile.
func (r *redecision) flush(ctx context.Context) error {
	batch := r.batch
	r.batch = nil
	for try := 1; ; try++ {
		if len(batch) == 0 {
			return nil
		}
		err := r.write(ctx, batch)
		if !errors.Is(err, newsroom.ErrConflict) || try == attempts {
			return err
		}
		standing, err := r.archive.Standing(ctx, keysOf(batch))
		if err != nil {
			return err
		}
		batch = batch[:0]
		for _, k := range standing {
			batch = append(batch, k.Entry)
		}
	}
}

func keysOf(entries []newsroom.Entry) []int64 {
	keys := make([]int64, len(entries))
	for i := range entries {
		keys[i] = entries[i].Key
	}
	return keys
}

// write stores what becomes of a batch, in one transaction.
func (r *redecision) write(ctx context.Context, batch []newsroom.Entry) error {
	seats, err := r.archive.Seats(ctx, keysOf(batch))
	if err != nil {
		return err
	}
	in := &newsroom.Intake{Source: batch[0].Source, At: r.now}
	for i := range batch {
		e := &batch[i]
		slices.Sort(seats[e.Key]) // databases have orders of their own
		if rev := r.decide(e, seats[e.Key]); rev != nil {
			in.Revised = append(in.Revised, rev)
		}
	}
	if len(in.Revised) == 0 {
		return nil
	}
	if err := r.turn(ctx, in.Revised); err != nil {
		return err
	}
	v := &visit{door: r.door}
	in.Place = func(n newsroom.Neighbors) newsroom.Placing { return leaveOut(in, v.place(in, n), seats) }
	began := time.Now()
	if err := r.archive.Commit(ctx, in); err != nil {
		return err
	}
	if r.door.Gentle {
		time.Sleep(min(time.Since(began), 100*time.Millisecond))
	}
	if v.changed {
		r.changed++
	}
	r.changed += len(in.Revised)
	return nil
}

// leaveOut takes out of an intake what stands already as it shall, now that
// its places are known: duplicates, and those who stand in some of their
// channels because another holds the rest, are decided at each walk, and are
// what they were.
func leaveOut(in *newsroom.Intake, p newsroom.Placing, seats map[int64][]string) newsroom.Placing {
	still := map[int64]bool{}
	in.Revised = slices.DeleteFunc(in.Revised, func(rev *newsroom.Revision) bool {
		still[rev.Key] = !rev.Content && rev.Verdict == rev.Before.Verdict && slices.Equal(rev.Channels, seats[rev.Key])
		return still[rev.Key]
	})
	p.Voiced = slices.DeleteFunc(p.Voiced, func(v newsroom.Voicing) bool { return still[v.Key] })
	return p
}

// decide returns what becomes of an entry now, nil if nothing changes. One
// that was published and is hidden now is withdrawn: readers who have it learn
// that it does not stand. It stands again when it is hidden no more.
func (r *redecision) decide(e *newsroom.Entry, seats []string) *newsroom.Revision {
	rules := r.door.Curator()
	src, configured := r.sources[e.Source]
	if !configured {
		src = newsroom.Source{Slug: e.Source}
	}
	verdict, reached := r.verdict(rules.Decide(src, e, r.now), configured, e)
	if !reached {
		return nil
	}
	withdrawn := veiled(e, verdict, r.now)
	var channels []string
	if verdict.Decision == newsroom.Publish && withdrawn.IsZero() {
		channels = rules.Channels(src, e, r.now)
	}
	slices.Sort(channels)
	if verdict == e.Verdict && (slices.Equal(channels, seats) || r.beyond(e)) {
		return nil
	}
	rev := &newsroom.Revision{Entry: *e, LinkHash: linkHash(e.Link), Channels: channels, Before: e}
	rev.Verdict, rev.Withdrawn = verdict, withdrawn
	rev.Content = !withdrawn.Equal(e.Withdrawn)
	return rev
}

// verdict returns an entry's verdict, when the rules say another now, and
// whether the walk reaches the entry at all.
func (r *redecision) verdict(now newsroom.Verdict, configured bool, e *newsroom.Entry) (verdict newsroom.Verdict, reached bool) {
	if r.ends == noEnding {
		verdict = again(e, now, r.since)
		return verdict, configured || overridden(verdict) || overridden(e.Verdict)
	}
	if r.ends == byTime && !configured && !overridden(now) {
		now = newsroom.Verdict{Decision: newsroom.Drop, Rule: e.Verdict.Rule}
	}
	return now, e.Verdict.Decision == newsroom.Hold // or somebody was faster
}

// beyond reports whether an entry is too old for the rules to reach it.
func (r *redecision) beyond(e *newsroom.Entry) bool {
	return e.FirstSeen.Before(r.since) && !overridden(e.Verdict)
}

// turn reads the entries that are withdrawn, or stand again, as they are at
// this moment: of these the whole row is written.
func (r *redecision) turn(ctx context.Context, revised []*newsroom.Revision) error {
	turned := map[int64]*newsroom.Revision{}
	for _, rev := range revised {
		if rev.Content {
			turned[rev.Key] = rev
		}
	}
	if len(turned) == 0 {
		return nil
	}
	standing, err := r.archive.Standing(ctx, slices.Collect(maps.Keys(turned)))
	if err != nil {
		return err
	}
	for _, k := range standing {
		rev := turned[k.Key]
		verdict, withdrawn := rev.Verdict, rev.Withdrawn
		rev.Entry, rev.Raw, rev.Old, rev.LinkHash = k.Entry, k.Raw, k.Raw, k.LinkHash
		rev.Verdict, rev.Withdrawn = verdict, withdrawn
		returned(&k.Entry, &rev.Entry, stored(r.now))
	}
	return nil
}

// returned dates an entry that was withdrawn and stands again: for readers who
// keep its tombstone, only what is newer than that counts (RFC 6721 §3).
func returned(before, now *newsroom.Entry, at time.Time) {
	if !before.Withdrawn.IsZero() && now.Withdrawn.IsZero() {
		now.Changed, now.Updated = at, at
	}
}

// ruleHide is the rule by which editors take one entry away.
const ruleHide = "overrides.hide"

// veiled returns when an entry was withdrawn, if its verdict is this from now
// on. An article that was retracted stays so whatever becomes of the verdict.
func veiled(e *newsroom.Entry, verdict newsroom.Verdict, now time.Time) time.Time {
	switch {
	case verdict.Rule == ruleHide && e.Verdict.Decision == newsroom.Publish && e.Withdrawn.IsZero():
		return stored(now)
	case verdict.Rule != ruleHide && e.Verdict.Rule == ruleHide && e.WithdrawnNote == "":
		return time.Time{}
	}
	return e.Withdrawn
}

// again returns the verdict on an entry that has one, when the rules now say
// another. What a guard kept back stays so, and what was first seen before
// since keeps what it has, unless an editor names the entry itself or did so
// before.
func again(e *newsroom.Entry, now newsroom.Verdict, since time.Time) newsroom.Verdict {
	switch {
	case overridden(now):
		return now
	case guarded(e.Verdict) && now.Decision == newsroom.Publish:
		return e.Verdict
	case e.FirstSeen.Before(since) && !overridden(e.Verdict):
		return e.Verdict
	}
	return now
}

// overridden reports whether an editor decided the entry by name.
func overridden(v newsroom.Verdict) bool { return strings.HasPrefix(v.Rule, "overrides.") }
