package publish

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// standing is how long a withdrawal is told in feeds.
const standing = 30 * 24 * time.Hour

// maxWithdrawn and maxCorrected bound what one document tells beside its
// line-up.
const (
	maxWithdrawn = 100
	maxCorrected = 20
)

// A pass is one rendering of all channels. It reads the store once, and then
// works on values.
type pass struct {
	*Publisher
	ctx     context.Context
	now     time.Time
	config  Config
	sources sources
	plans   []plan
	used    map[int64]rendered // entries as published, for the next pass too
	past    map[string]newsroom.Publication
}

// A plan is what shall stand in a channel.
type plan struct {
	channel   newsroom.Channel
	entries   []newsroom.Entry
	corrected []newsroom.Entry // of ours, that have left the line-up
	withdrawn []newsroom.Entry
	floor     time.Time // the place of the last of the line-up, but for those that lead it
	archives  int64     // how many there are
	owed      []newsroom.Owed
}

// A rendered entry is an entry as we publish it.
type rendered struct {
	stamp string // of all that it was made from
	entry newsroom.Entry
}

func (p *Publisher) newPass(ctx context.Context) (*pass, error) {
	run := &pass{Publisher: p, ctx: ctx, now: time.Now(), config: p.Config(), used: map[int64]rendered{}}
	var err error
	if run.plans, err = run.plan(); err != nil {
		return nil, err
	}
	// After the entries: a source's first document brings its name together
	// with its entries, and no entry may be published without the name.
	checks, err := p.Store.Checks(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the sources: %w", err)
	}
	run.sources = newSources(run.config, checks)
	if p.house, err = run.readHouse(); err != nil {
		return nil, err
	}
	return run, run.correct()
}

// plan decides what stands in each channel. Entries that stand in several are
// read once.
func (run *pass) plan() ([]plan, error) {
	lineUps := make([][]newsroom.Ref, len(run.config.Channels))
	var all []int64
	for i, ch := range run.config.Channels {
		refs, err := run.lineUp(ch)
		if err != nil {
			return nil, fmt.Errorf("channel %s: read its members: %w", ch.Name, err)
		}
		lineUps[i] = refs
		for _, ref := range refs {
			if all = append(all, ref.Key); ref.Voice != 0 {
				all = append(all, ref.Voice)
			}
		}
	}
	slices.Sort(all)
	entries, err := run.read(slices.Compact(all))
	if err != nil {
		return nil, err
	}
	plans := make([]plan, len(lineUps))
	for i, ch := range run.config.Channels {
		plans[i] = newPlan(ch, lineUps[i], entries)
		if plans[i].owed, err = run.Store.Owed(run.ctx, ch.Name, owedLimit); err != nil {
			return nil, fmt.Errorf("channel %s: read what is owed to its archives: %w", ch.Name, err)
		}
		gone, err := run.Store.Withdrawn(run.ctx, ch.Name, run.now.Add(-standing))
		if err != nil {
			return nil, fmt.Errorf("channel %s: read what was withdrawn: %w", ch.Name, err)
		}
		plans[i].withdrawn = newestWithdrawn(gone)
	}
	return plans, nil
}

// newPlan lays out a line-up. Its floor is where what is ordered by time ends:
// what is pinned, or leads because it is ours, may be older.
func newPlan(ch newsroom.Channel, lineUp []newsroom.Ref, entries map[int64]newsroom.Entry) plan {
	p := plan{channel: ch}
	for _, ref := range lineUp {
		if e, ok := heard(entries, ref.Key, ref.Voice); ok {
			p.entries = append(p.entries, e)
		}
		leads := ref.Pinned || ch.HouseFirst && ref.House
		if !leads && (p.floor.IsZero() || ref.Sort.Before(p.floor)) {
			p.floor = ref.Sort
		}
	}
	return p
}

// correct adds our own entries that were corrected of late to the channels in
// which they stand: readers who have one must learn of its correction, though
// it has left the line-up.
func (run *pass) correct() error {
	keys := run.corrected()
	if len(keys) == 0 {
		return nil
	}
	seats, err := run.Store.Seats(run.ctx, keys)
	if err != nil {
		return fmt.Errorf("read where corrected articles stand: %w", err)
	}
	entries, err := run.read(keys)
	if err != nil {
		return err
	}
	for i := range run.plans {
		plan := &run.plans[i]
		for _, key := range keys {
			e, ok := entries[key]
			if ok && slices.Contains(seats[key], plan.channel.Name) && !has(plan.entries, key) {
				plan.corrected = append(plan.corrected, e)
			}
		}
	}
	return nil
}

// corrected returns the keys of our own entries that were corrected of late,
// newest first.
func (run *pass) corrected() (keys []int64) {
	for i := range run.house.entries {
		e := &run.house.entries[i]
		if e.Correction != "" && e.Withdrawn.IsZero() && e.Changed.After(run.now.Add(-standing)) && len(keys) < maxCorrected {
			keys = append(keys, e.Key)
		}
	}
	return keys
}

// lineUp returns a channel's line-up.
func (run *pass) lineUp(ch newsroom.Channel) ([]newsroom.Ref, error) {
	loc := run.config.Site.Timezone
	if loc == nil {
		loc = time.UTC
	}
	return Choose(ch,
		func(limit int) ([]newsroom.Ref, error) { return run.Store.Refs(run.ctx, ch.Name, limit) },
		func(refs []newsroom.Ref) []newsroom.Ref { return run.LineUp(ch, refs, loc) })
}

// Choose returns a channel's line-up as it is published: what choose makes of
// the channel's newest members. It asks for a few times as many members as the
// line-up holds, and for more only while caps leave it short: what it costs
// does not depend on how many entries are stored. Errors are those of members.
func Choose(ch newsroom.Channel, members func(limit int) ([]newsroom.Ref, error), choose func([]newsroom.Ref) []newsroom.Ref) ([]newsroom.Ref, error) {
	const least, most = 200, 6400
	for limit := max(4*ch.Entries, least); ; limit *= 4 {
		refs, err := members(limit)
		if err != nil {
			return nil, err
		}
		chosen := choose(refs)
		if len(chosen) < ch.Entries && len(refs) >= limit && limit < most {
			continue
		}
		return chosen, nil
	}
}

// read reads entries by key, a bounded number at once.
func (run *pass) read(keys []int64) (map[int64]newsroom.Entry, error) {
	entries := make(map[int64]newsroom.Entry, len(keys))
	for some := range slices.Chunk(keys, 500) {
		got, err := run.Store.Entries(run.ctx, some)
		if err != nil {
			return nil, fmt.Errorf("read %d entries: %w", len(some), err)
		}
		for _, e := range got {
			entries[e.Key] = e
		}
	}
	return entries, nil
}

func newestWithdrawn(entries []newsroom.Entry) []newsroom.Entry {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b newsroom.Entry) int {
		if c := b.Withdrawn.Compare(a.Withdrawn); c != 0 {
			return c
		}
		return int(b.Key - a.Key)
	})
	return entries[:min(len(entries), maxWithdrawn)]
}

// entry returns an entry as we publish it, for this pass and the next.
func (run *pass) entry(e *newsroom.Entry) rendered {
	r := run.sources.render(e, run.used, run.entries)
	run.used[e.Key] = r
	return r
}

// render returns an entry as we publish it: as it was made before, where
// nothing that it is made from has changed.
func (s sources) render(e *newsroom.Entry, before ...map[int64]rendered) rendered {
	stamp := s.stamp(e)
	for _, known := range before {
		if r, ok := known[e.Key]; ok && r.stamp == stamp {
			return r
		}
	}
	return rendered{stamp, s.published(e)}
}

// channelNow renders a channel if anything in it changed since before, and
// returns it with the paths whose bytes are others now.
func (run *pass) channelNow(ctx context.Context, plan *plan, before *channel) (now *channel, changed []string, err error) {
	defer recovered(&err)
	if err := run.keep(plan); err != nil {
		return nil, nil, err
	}
	entries, withdrawn := run.renderAll(plan.entries), run.renderAll(plan.withdrawn)
	corrected := run.renderAll(plan.corrected)
	mark := run.mark(plan, entries, corrected, withdrawn)
	if before != nil && before.mark == mark {
		return before, nil, nil
	}
	composer := composer{config: run.config, channel: plan.channel, archives: plan.archives}
	now = &channel{config: plan.channel, mark: mark}
	kept, bodies, err := run.writeAll(composer, entriesOf(slices.Concat(entries, corrected)), entriesOf(withdrawn))
	if err != nil {
		return nil, nil, err
	}
	now.entries = slices.DeleteFunc(slices.Clone(kept), func(e newsroom.Entry) bool { return has(plan.corrected, e.Key) })
	for i, format := range formats {
		d, isNew, err := run.document(ctx, composer, format, bodies[i], before)
		if err != nil {
			return nil, nil, err
		}
		now.documents = append(now.documents, d)
		if isNew {
			changed = append(changed, d.Path)
		}
	}
	return now, changed, nil
}

func has(entries []newsroom.Entry, key int64) bool {
	return slices.ContainsFunc(entries, func(e newsroom.Entry) bool { return e.Key == key })
}

func (run *pass) renderAll(entries []newsroom.Entry) []rendered {
	all := make([]rendered, len(entries))
	for i := range entries {
		all[i] = run.entry(&entries[i])
	}
	return all
}

// renderOnce is renderAll for what the next pass will not need: what has gone
// into an archive is not made again, and is many entries.
func (run *pass) renderOnce(entries []newsroom.Entry) []newsroom.Entry {
	all := make([]newsroom.Entry, len(entries))
	for i := range entries {
		all[i] = run.sources.render(&entries[i], run.used, run.entries).entry
	}
	return all
}

func entriesOf(all []rendered) []newsroom.Entry {
	entries := make([]newsroom.Entry, len(all))
	for i := range all {
		entries[i] = all[i].entry
	}
	return entries
}

// mark hashes all that a channel's documents depend on.
func (run *pass) mark(plan *plan, lists ...[]rendered) string {
	h := sha256.New()
	c := run.config
	fmt.Fprintf(h, "%q %q %q %q %q %q %+v\n", c.Site.Title, c.Site.Description, c.Site.URL, c.Site.Language, c.Version, c.Hubs, plan.channel)
	fmt.Fprintln(h, plan.archives)
	for _, list := range lists {
		fmt.Fprintln(h, markOf(list))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// markOf hashes entries as they are published, and their order.
func markOf(list []rendered) string {
	h := sha256.New()
	for i := range list {
		fmt.Fprintln(h, list[i].entry.Key, list[i].stamp)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// writeAll writes a channel in every format. An entry that would break a
// document is left out of all of them, and counted.
func (run *pass) writeAll(c composer, entries, withdrawn []newsroom.Entry) ([]newsroom.Entry, [][]byte, error) {
	bodies, err := run.writeFormats(c, entries, withdrawn)
	if err == nil {
		return entries, bodies, nil
	}
	first := err
	entries, badEntries := run.sound(c, entries, false)
	withdrawn, badWithdrawn := run.sound(c, withdrawn, true)
	bad := badEntries + badWithdrawn
	if all := len(entries) + len(withdrawn) + bad; bad == 0 || 2*bad > all {
		// It is not this entry or that one. A feed that lost most of its
		// entries is worse for readers than one that is old.
		return nil, nil, first
	}
	bodies, err = run.writeFormats(c, entries, withdrawn)
	if err != nil {
		return nil, nil, err
	}
	run.stats.leftOut.Add(int64(bad))
	return entries, bodies, nil
}

// sound returns the entries that can be published by themselves, and how many
// cannot. An id that comes a second time breaks a document too.
func (run *pass) sound(c composer, entries []newsroom.Entry, withdrawn bool) (sound []newsroom.Entry, bad int) {
	seen := map[string]bool{}
	for _, e := range entries {
		alone, gone := []newsroom.Entry{e}, []newsroom.Entry(nil)
		if withdrawn {
			alone, gone = nil, alone
		}
		_, err := run.writeFormats(c, alone, gone)
		if err == nil && seen[e.ID] {
			err = errors.New("another entry has its id")
		}
		if err != nil {
			bad++
			run.log().Error("publish: an entry is left out: it would break the feed",
				"channel", c.channel.Name, "source", e.Source, "id", e.ID, "error", err)
			continue
		}
		seen[e.ID] = true
		sound = append(sound, e)
	}
	return sound, bad
}

// writeFormats writes a channel in every format and reads each document back.
func (run *pass) writeFormats(c composer, entries, withdrawn []newsroom.Entry) ([][]byte, error) {
	bodies := make([][]byte, len(formats))
	for i, format := range formats {
		feed := c.feed(format, entries, withdrawn)
		body, err := run.written(feed, format)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", format, err)
		}
		if err := verify(body, format, idsOf(feed)); err != nil {
			return nil, fmt.Errorf("read %s back: %w", format, err)
		}
		bodies[i] = body
	}
	return bodies, nil
}

func idsOf(feed *feeds.Feed) []string {
	ids := make([]string, len(feed.Entries))
	for i := range feed.Entries {
		ids[i] = feed.Entries[i].GUID
	}
	return ids
}

func (p *Publisher) written(feed *feeds.Feed, format feeds.Format) ([]byte, error) {
	if p.write != nil {
		return p.write(feed, format)
	}
	var out bytes.Buffer
	if err := feeds.Write(&out, feed, format); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// document returns the document for a body: the one there was, if its bytes
// are the same. It reports whether the bytes differ from the last that were
// published at its path, by whatever process.
func (run *pass) document(ctx context.Context, c composer, format feeds.Format, body []byte, before *channel) (*Document, bool, error) {
	path := FeedPath(c.channel.Name, format)
	old := before.document(path)
	if old != nil && bytes.Equal(old.Body, body) {
		return old, false, nil
	}
	if err := run.remember(ctx); err != nil {
		return nil, false, err
	}
	past, etag := run.past[path], ETag(body)
	last := past.Modified
	if old != nil && old.Modified.After(last) {
		last = old.Modified
	}
	if past.ETag == etag && (old == nil || past.Modified.After(old.Modified)) {
		// Another process published these bytes, or this one before it was
		// started again: they have not changed since.
		return run.coder().document(path, format, body, past.Modified.UTC(), c.links(format)), false, nil
	}
	modified := nextVersion(run.now, last)
	publication := newsroom.Publication{ETag: etag, Modified: modified}
	if err := run.Store.PutPublication(ctx, path, publication); err != nil {
		return nil, false, fmt.Errorf("remember the version of %s: %w", path, err)
	}
	run.past[path] = publication
	run.stats.written.Add(1)
	return run.coder().document(path, format, body, modified, c.links(format)), true, nil
}

func (run *pass) coder() *compressor {
	if run.compressor == nil {
		run.compressor = newCompressor()
	}
	return run.compressor
}

// nextVersion dates a version: now, in whole seconds, but always later than the
// version before. Two versions never share a second, or a reader that knows
// only dates would miss one.
func nextVersion(now, last time.Time) time.Time {
	now, last = now.UTC().Truncate(time.Second), last.UTC().Truncate(time.Second)
	if !last.IsZero() && !now.After(last) {
		return last.Add(time.Second)
	}
	return now
}

// remember reads what was published before, once in a pass and only in one
// that changes something.
func (run *pass) remember(ctx context.Context) error {
	if run.past != nil {
		return nil
	}
	past, err := run.Store.Publications(ctx)
	if err != nil {
		return fmt.Errorf("read what was published before: %w", err)
	}
	if past == nil {
		past = map[string]newsroom.Publication{}
	}
	run.past = past
	return nil
}

func (c *channel) document(path string) *Document {
	if c == nil {
		return nil
	}
	for _, d := range c.documents {
		if d.Path == path {
			return d
		}
	}
	return nil
}
