package ingest

import (
	"context"
	"strings"
	"time"

	"newswire/internal/newsroom"
	"newswire/internal/sanitize"
)

// A ledger is what the store knows of a document's aliases.
type ledger struct {
	seen     map[newsroom.Alias]newsroom.Sighting
	standing map[int64]*newsroom.Standing
	claimed  map[int64]*item // by items of the document
}

// identify finds out which items are known. A document that brings nothing
// new costs one look into the ledger.
func (v *visit) identify(ctx context.Context) error {
	v.ledger = ledger{map[newsroom.Alias]newsroom.Sighting{}, map[int64]*newsroom.Standing{}, map[int64]*item{}}
	policy := v.before.KeyPolicy
	primaries := make([]newsroom.Alias, len(v.items))
	for i, it := range v.items {
		primaries[i] = it.primary(policy)
	}
	if err := v.look(ctx, primaries); err != nil {
		return err
	}
	for i, it := range v.items {
		v.ledger.claim(it, primaries[i])
	}
	open := v.open()
	if len(open) == 0 {
		return nil
	}
	if err := v.load(ctx, known(open)); err != nil {
		return err
	}
	for _, it := range open {
		v.ledger.unclaimReused(it, policy)
	}
	if v.try == 1 && len(v.ledger.seen) == 0 && v.del.Claim != nil && v.before.LastFull.IsZero() && v.before.LastNew.IsZero() {
		return nil // it was never read: nothing of it is known. (If that is wrong, the store will say so.)
	}
	if err := v.lookCloser(ctx, open); err != nil {
		return err
	}
	v.out.Realiased = v.ledger.match(open, len(v.items), policy)
	return nil
}

// open lists the items that are not known to be unchanged.
func (v *visit) open() (open []*item) {
	for _, it := range v.items {
		if !it.same {
			open = append(open, it)
		}
	}
	return open
}

func known(items []*item) (keys []int64) {
	for _, it := range items {
		if it.key != 0 {
			keys = append(keys, it.key)
		}
	}
	return keys
}

// look asks the ledger for aliases.
func (v *visit) look(ctx context.Context, aliases []newsroom.Alias) error {
	if len(aliases) == 0 {
		return nil
	}
	found, err := v.door.Store.Known(ctx, v.del.Source.Slug, aliases)
	for _, s := range found {
		v.ledger.seen[s.Alias] = s
	}
	return err
}

// load gets entries as they stand.
func (v *visit) load(ctx context.Context, keys []int64) error {
	if len(keys) == 0 {
		return nil
	}
	found, err := v.door.Store.Standing(ctx, keys)
	for i := range found {
		v.ledger.standing[found[i].Key] = &found[i]
	}
	return err
}

// lookCloser asks for all other aliases of the items, and loads the entries
// to which these lead.
func (v *visit) lookCloser(ctx context.Context, items []*item) error {
	var aliases []newsroom.Alias
	for _, it := range items {
		for kind := newsroom.AliasGUID; kind <= newsroom.AliasText; kind++ {
			if a, ok := it.alias(kind); ok {
				aliases = append(aliases, a)
			}
		}
	}
	if err := v.look(ctx, aliases); err != nil {
		return err
	}
	var keys []int64
	for _, a := range aliases {
		if s := v.ledger.seen[a]; s.Key != 0 && v.ledger.standing[s.Key] == nil && v.ledger.claimed[s.Key] == nil {
			keys = append(keys, s.Key)
		}
	}
	return v.load(ctx, keys)
}

// claim makes an item the entry that its alias leads to, unless another item
// of the document is that already.
func (l *ledger) claim(it *item, a newsroom.Alias) {
	s := l.seen[a]
	if s.Key == 0 || l.claimed[s.Key] != nil {
		return
	}
	it.key, it.same = s.Key, s.Raw == it.raw
	l.claimed[s.Key] = it
}

// unclaimReused sees that a publisher has given an old GUID to a new entry:
// title, link and date are all different.
func (l *ledger) unclaimReused(it *item, policy string) {
	k := l.standing[it.key]
	if k == nil || policy != policyGUID || it.primary(policy).Kind != newsroom.AliasGUID || !reuses(it, k) {
		return
	}
	delete(l.claimed, it.key)
	it.key, it.reused = 0, true
}

// reuses reports whether an item with the GUID of a known entry is another
// one. An entry without a date counts from when it was first seen; one whose
// title or link is unknown may have been edited.
func reuses(it *item, k *newsroom.Standing) bool {
	if it.entry.Title == "" || k.Title == "" || foldTitle(it.entry.Title) == foldTitle(k.Title) {
		return false
	}
	if it.link == "" || k.Link == "" || linkKey(it.link) == linkKey(k.Link) {
		return false
	}
	const day = 24 * time.Hour
	if !plausible(it.entry.Published) || !plausible(k.Published) {
		return false
	}
	return it.entry.Published.Sub(k.Published).Abs() > day
}

// match looks for the items that their first alias did not find among the
// entries that their other aliases lead to, and returns how many of them are
// known under other GUIDs.
//
// What alone could be chance, the same link under another title, or the same
// title on the same day, counts only when it happens to most of a document:
// then the publisher has changed his GUIDs.
func (l *ledger) match(open []*item, total int, policy string) (renamed int) {
	type guess struct {
		it  *item
		key int64
	}
	var guesses []guess
	for _, it := range open {
		if it.key != 0 {
			continue
		}
		key, sure := l.resemblance(it, policy)
		switch {
		case key == 0:
		case sure == certain:
			l.take(it, key)
		case sure == likely:
			l.take(it, key)
			it.renamed = true
			renamed++
		default:
			guesses = append(guesses, guess{it, key})
		}
	}
	moved := renamed + len(guesses)
	if len(guesses) == 0 || moved < fewMoved || 2*moved < total {
		return renamed
	}
	for _, g := range guesses {
		if l.claimed[g.key] == nil {
			l.take(g.it, g.key)
			g.it.renamed = true
			renamed++
		}
	}
	return renamed
}

// fewMoved entries with new GUIDs may be chance.
const fewMoved = 5

func (l *ledger) take(it *item, key int64) {
	it.key = key
	if k := l.standing[key]; k != nil {
		it.same = k.Raw == it.raw
	}
	l.claimed[key] = it
}

// How sure it is that an item is a known entry.
type sureness int

const (
	possible sureness = iota
	likely            // it has come under another GUID
	certain
)

// resemblance returns the entry that an item most probably is.
func (l *ledger) resemblance(it *item, policy string) (key int64, sure sureness) {
	hasGUID := policy == policyGUID && it.guid != "" && !it.shared[newsroom.AliasGUID]
	if k := l.free(it, newsroom.AliasPath); k != nil && policy == policyGUID {
		switch {
		case guidHost(it.guid) == guidHost(k.GUID):
			return k.Key, certain
		case sameTitle(it, k):
			return k.Key, likely
		}
	}
	if k := l.free(it, newsroom.AliasLink); k != nil {
		switch {
		case !hasGUID && !it.reused, k.GUID == "":
			return k.Key, certain
		case sameTitle(it, k), samePublished(it, k):
			return k.Key, likely
		default:
			key = k.Key
		}
	}
	if k := l.free(it, newsroom.AliasTitle); k != nil {
		switch {
		case !hasGUID && it.link == "":
			return k.Key, certain
		case sameSlug(it.link, k.Link):
			return k.Key, likely // moved to another section of the site, or to another site
		case key == 0:
			key = k.Key
		}
	}
	if k := l.free(it, newsroom.AliasText); k != nil && !hasGUID {
		return k.Key, certain
	}
	return key, possible
}

// free returns the entry to which an item's alias leads, if no item of the
// document is that entry.
func (l *ledger) free(it *item, kind newsroom.AliasKind) *newsroom.Standing {
	a, ok := it.alias(kind)
	if !ok || it.shared[kind] {
		return nil
	}
	s := l.seen[a]
	if s.Key == 0 || l.claimed[s.Key] != nil {
		return nil
	}
	return l.standing[s.Key]
}

func sameTitle(it *item, k *newsroom.Standing) bool {
	return it.entry.Title != "" && foldTitle(it.entry.Title) == foldTitle(k.Title)
}

// sameSlug reports whether two links end in the same telling name.
func sameSlug(a, b string) bool {
	slug := func(link string) string {
		key := sanitize.Canonical(link)
		return key[strings.LastIndexByte(key, '/')+1:]
	}
	const telling = 8
	return len(slug(a)) >= telling && slug(a) == slug(b)
}

func samePublished(it *item, k *newsroom.Standing) bool {
	return plausible(it.entry.Published) && it.entry.Published.UTC().Truncate(time.Millisecond).Equal(k.Published)
}

// renamings tells the ledger what it learned: further aliases of known
// entries, and aliases that lead to several entries and so say nothing.
func (v *visit) renamings(in *newsroom.Intake) {
	policy := v.before.KeyPolicy
	brought := map[newsroom.Alias]int64{} // by this intake; 0: shared
	for _, a := range in.New {
		for _, alias := range a.Aliases {
			brought[alias] = -1
		}
	}
	for _, it := range v.items {
		if it.key == 0 || it.same && !it.renamed {
			continue
		}
		for _, alias := range it.aliases(policy) {
			s, seen := v.ledger.seen[alias]
			if seen && (s.Key == it.key || s.Key == 0) {
				continue
			}
			key := it.key
			if _, twice := brought[alias]; seen || twice {
				key = 0
			}
			brought[alias] = key
			in.Renamed = append(in.Renamed, newsroom.Renaming{Alias: alias, Key: key})
		}
	}
	v.shareds(in, brought)
}

// shareds tells the ledger of aliases that several items of this document
// have: later, when one of them is there alone, they must still say nothing.
func (v *visit) shareds(in *newsroom.Intake, told map[newsroom.Alias]int64) {
	for _, it := range v.items {
		for kind := range it.shared {
			if !it.shared[kind] || it.same {
				continue
			}
			alias, _ := it.alias(newsroom.AliasKind(kind))
			s, seen := v.ledger.seen[alias]
			if key, done := told[alias]; seen && s.Key == 0 || done && key == 0 {
				continue
			}
			told[alias] = 0
			in.Renamed = append(in.Renamed, newsroom.Renaming{Alias: alias})
		}
	}
}
