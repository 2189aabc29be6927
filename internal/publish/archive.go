package publish

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// Archives keep what a channel has published. An entry is owed to them until
// one holds it, and is owed again when its text has changed; so is a
// withdrawal. Docs: docs/decisions/0011-archives.md.

// A Record is where archives are kept.
type Record interface {
	// Owed returns the members of a channel that its archives do not hold as
	// they stand: entries that they do not hold first, the latest before others,
	// and withdrawals last; at most limit of each.
	Owed(ctx context.Context, channel string, limit int) ([]newsroom.Owed, error)
	// OwedOf returns which of these entries are among them.
	OwedOf(ctx context.Context, channel string, keys []int64) ([]newsroom.Owed, error)
	// Archives calls each with the documents of the archives after a number,
	// by their numbers.
	Archives(ctx context.Context, channel string, after int64, each func(newsroom.Archived) error) error
	// Await notes that entries wait for others to make an archive with.
	Await(ctx context.Context, channel string, owed []newsroom.Owed) error
	// PutArchive stores an archive and what it holds. It returns
	// newsroom.ErrConflict if any of that has changed since, or if the archive exists.
	PutArchive(ctx context.Context, channel string, documents []newsroom.Archived, kept []newsroom.Kept) error
}

const (
	// archiveMost is how many entries an archive holds at most.
	archiveMost = 100
	// archiveFull is how many entries that no document shows make an archive.
	archiveFull = 50
	// patience is how long such an entry waits for others.
	patience = 24 * time.Hour
	// owedLimit is how much of what is owed is looked at in a pass.
	owedLimit = 1000
	// cutsAtOnce is how many archives of a channel a pass makes for entries that
	// nobody was shown yet: a channel that is new over many of them catches up.
	cutsAtOnce = 10
	// triesAtOnce bounds the archives that a pass makes at all.
	triesAtOnce = 100
)

// A keeper is what is known of a channel's archives between two passes.
type keeper struct {
	chain *chain
	shown map[int64]bool // keys of what the last document of this process showed
}

// A moment is what decides whether an archive is due.
type moment struct {
	now   time.Time
	shows map[int64]bool // by key: what the document to be published shows
	shown map[int64]bool // what the last one showed
	floor time.Time      // where the line-up ends
}

// urgent returns what must be in an archive before the document is published:
// what the last one showed and this one does not; what arrived below the end
// of the line-up; what has waited long enough. Entries that come and are not shown
// though they stand above its end wait: caps keep them away, and each would
// make an archive of its own. So does the newer text of others' entries that
// archives hold, for the next archive. begin are those that now begin to wait.
func (m moment) urgent(owed []newsroom.Owed) (urgent, begin []newsroom.Owed) {
	var waiting []newsroom.Owed
	overdue := false
	for _, o := range owed {
		switch {
		case m.shows[o.Key]:
		case o.Withdrawn, m.shown[o.Key] && (o.Never || o.House):
			urgent = append(urgent, o)
		case !o.Never && !o.House: // there is an older text
		case !o.Waits && !o.At.After(m.floor):
			urgent = append(urgent, o)
		default:
			waiting = append(waiting, o)
			overdue = overdue || m.now.Sub(o.FirstSeen) >= patience
			if !o.Waits {
				begin = append(begin, o)
			}
		}
	}
	if len(waiting) < archiveFull && !overdue {
		return urgent, begin
	}
	return append(urgent, waiting...), nil
}

// cut chooses what the next archive holds: first what is urgent, and then all
// that is owed, while there is room.
func cut(urgent, owed []newsroom.Owed) []newsroom.Owed {
	chosen := slices.Clone(urgent[:min(len(urgent), archiveMost)])
	for _, o := range owed {
		if len(chosen) == archiveMost {
			break
		}
		if !slices.Contains(chosen, o) {
			chosen = append(chosen, o)
		}
	}
	return chosen
}

// keep brings a channel's archives up to date, so that the document of the
// plan can be published: whatever it no longer shows is in an archive then.
func (run *pass) keep(plan *plan) error {
	k := run.keepers[plan.channel.Name]
	if k == nil {
		k = &keeper{chain: &chain{spool: &run.spool}}
		run.keepers[plan.channel.Name] = k
	}
	for made := 0; ; made++ {
		if err := run.load(plan.channel.Name, k); err != nil {
			return err
		}
		plan.archives = k.chain.last()
		urgent, owed, err := run.due(plan, k, made > 0)
		if err != nil {
			return err
		}
		if len(urgent) == 0 || made >= cutsAtOnce && !k.shown[urgent[0].Key] {
			run.behind = run.behind || len(urgent) > 0 || made > 0 && len(plan.owed) >= owedLimit
			return nil
		}
		if made == triesAtOnce {
			return errors.New("its archives change faster than they can be made")
		}
		err = run.makeArchive(plan, k.chain.last()+1, cut(urgent, owed))
		if err != nil && !errors.Is(err, newsroom.ErrConflict) { // or another process is at it
			return err
		}
	}
}

// load reads archives that were made since, by whatever process.
func (run *pass) load(channel string, k *keeper) error {
	now := k.chain
	err := run.Store.Archives(run.ctx, channel, now.last(), func(a newsroom.Archived) (err error) {
		now, err = now.with(a)
		return err
	})
	if err == nil {
		k.chain = now
	}
	return err
}

// due returns what must be in an archive now, what readers have seen of it
// first, and all that may be. What begins to wait is noted in the store, so
// that another process, or this one when it starts again, decides the same.
func (run *pass) due(plan *plan, k *keeper, again bool) (urgent, owed []newsroom.Owed, err error) {
	owed, err = run.owed(plan, k, again)
	if err != nil {
		return nil, nil, fmt.Errorf("read what is owed to the archives: %w", err)
	}
	m := moment{now: run.now, shows: plan.shows(), shown: k.shown, floor: plan.floor}
	urgent, begin := m.urgent(owed)
	if len(begin) > 0 {
		if err := run.Store.Await(run.ctx, plan.channel.Name, begin); err != nil {
			return nil, nil, err
		}
	}
	slices.SortFunc(urgent, func(a, b newsroom.Owed) int {
		switch {
		case k.shown[a.Key] == k.shown[b.Key]:
			return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key))
		case k.shown[a.Key]:
			return -1
		}
		return 1
	})
	return urgent, owed, nil
}

// owed returns what is owed of what stood in the store when the pass began:
// the names of sources were read after that, and an archive must not be made
// of entries whose source has no name yet. What readers have seen is always
// among it.
func (run *pass) owed(plan *plan, k *keeper, again bool) ([]newsroom.Owed, error) {
	owed := plan.owed
	if again {
		now, err := run.Store.Owed(run.ctx, plan.channel.Name, owedLimit)
		if err != nil {
			return nil, err
		}
		known := make(map[int64]bool, len(plan.owed))
		for _, o := range plan.owed {
			known[o.Key] = true
		}
		owed = slices.DeleteFunc(now, func(o newsroom.Owed) bool { return !known[o.Key] })
	}
	if len(plan.owed) < owedLimit || len(k.shown) == 0 {
		return owed, nil
	}
	first, err := run.Store.OwedOf(run.ctx, plan.channel.Name, slices.Sorted(maps.Keys(k.shown)))
	if err != nil {
		return nil, err
	}
	for _, o := range owed {
		if !k.shown[o.Key] || o.Withdrawn {
			first = append(first, o)
		}
	}
	return first, nil
}

// makeArchive writes an archive and stores it.
func (run *pass) makeArchive(plan *plan, number int64, chosen []newsroom.Owed) error {
	kept, entries, withdrawn, err := run.readOwed(chosen)
	if err != nil {
		return err
	}
	c := composer{config: run.config, channel: plan.channel, number: number}
	_, bodies, err := run.writeAll(c, run.renderOnce(entries), run.renderOnce(withdrawn))
	if err != nil {
		return fmt.Errorf("archive %d: %w", number, err)
	}
	documents := make([]newsroom.Archived, len(formats))
	for i, format := range formats {
		zipped := through(run.coder().gzip, bodies[i])
		if zipped == nil {
			return fmt.Errorf("archive %d: %s cannot be compressed", number, format)
		}
		documents[i] = newsroom.Archived{
			Number: number, Format: format, ETag: ETag(bodies[i]), Size: len(bodies[i]),
			Modified: run.now.UTC().Truncate(time.Second), Gzip: bytes.Clone(zipped),
		}
	}
	if err := run.Store.PutArchive(run.ctx, plan.channel.Name, documents, kept); err != nil {
		return fmt.Errorf("archive %d: %w", number, err)
	}
	return nil
}

// readOwed reads what an archive shall hold, the newest first.
func (run *pass) readOwed(chosen []newsroom.Owed) (kept []newsroom.Kept, entries, withdrawn []newsroom.Entry, err error) {
	var keys []int64
	for _, o := range chosen {
		if keys = append(keys, o.Key); o.Voice != 0 {
			keys = append(keys, o.Voice)
		}
	}
	slices.Sort(keys)
	read, err := run.read(slices.Compact(keys))
	if err != nil {
		return nil, nil, nil, err
	}
	for _, o := range chosen {
		e, ok := heard(read, o.Key, o.Voice)
		if !ok || read[o.Key].Withdrawn.IsZero() == o.Withdrawn {
			return nil, nil, nil, newsroom.ErrConflict // it was withdrawn, or came back, in between
		}
		kept = append(kept, newsroom.Kept{Owed: o, Hash: read[o.Key].Hash, VoiceHash: read[o.Voice].Hash})
		if o.Withdrawn {
			withdrawn = append(withdrawn, e)
		} else {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b newsroom.Entry) int {
		return cmp.Or(b.Sort.Compare(a.Sort), cmp.Compare(b.Key, a.Key))
	})
	return kept, entries, newestWithdrawn(withdrawn), nil
}

// shows returns the keys of all that the plan's document shows.
func (p *plan) shows() map[int64]bool {
	shows := make(map[int64]bool, len(p.entries)+len(p.corrected)+len(p.withdrawn))
	for _, list := range [][]newsroom.Entry{p.entries, p.corrected, p.withdrawn} {
		for i := range list {
			shows[list[i].Key] = true
		}
	}
	return shows
}

// history makes a channel's feed one of its archives, which links to its
// neighbors and to the channel's own document and does not change any more.
func (c composer) history(f *feeds.Feed, format feeds.Format) {
	link := func(rel, path string) feeds.Link {
		return feeds.Link{Rel: rel, Href: c.config.Site.URL + path, MediaType: format.MediaType()}
	}
	name := c.channel.Name
	if c.number == 0 {
		if c.archives > 0 {
			f.Links = append(f.Links, link("prev-archive", ArchivePath(name, c.archives, format)))
		}
		return
	}
	f.Archive = true
	f.Self = c.config.Site.URL + ArchivePath(name, c.number, format)
	f.Hubs, f.TTL = nil, 0
	f.Links = []feeds.Link{link("current", FeedPath(name, format)), link("next-archive", ArchivePath(name, c.number+1, format))}
	if c.number > 1 {
		f.Links = append(f.Links, link("prev-archive", ArchivePath(name, c.number-1, format)))
	}
}
