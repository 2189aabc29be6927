package publish

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// standing is how long a withdrawal is told in feeds.
const standing = 30 * 24 * time.Hour

// maxWithdrawn bounds the withdrawals that one document tells.
const maxWithdrawn = 100

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
	withdrawn []newsroom.Entry
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
	return run, nil
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
		plans[i].channel = ch
		for _, ref := range lineUps[i] {
			e, ok := entries[ref.Key]
			if voice, heard := entries[ref.Voice]; ok && heard {
				e = inWordsOf(e, voice)
			}
			if ok {
				plans[i].entries = append(plans[i].entries, e)
			}
		}
		gone, err := run.Store.Withdrawn(run.ctx, ch.Name, run.now.Add(-standing))
		if err != nil {
			return nil, fmt.Errorf("channel %s: read what was withdrawn: %w", ch.Name, err)
		}
		plans[i].withdrawn = newestWithdrawn(gone)
	}
	return plans, nil
}

// lineUp returns a channel's line-up. It asks for a few times as
// many members as the line-up holds, and for more only while caps leave it
// short: what it costs does not depend on how many entries are stored.
func (run *pass) lineUp(ch newsroom.Channel) ([]newsroom.Ref, error) {
	loc := run.config.Site.Timezone
	if loc == nil {
		loc = time.UTC
	}
	const least, most = 200, 6400
	for limit := max(4*ch.Entries, least); ; limit *= 4 {
		refs, err := run.Store.Refs(run.ctx, ch.Name, limit)
		if err != nil {
			return nil, err
		}
		chosen := run.LineUp(ch, refs, loc)
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
func (run *pass) channelNow(ctx context.Context, plan plan, before *channel) (now *channel, changed []string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic while it was rendered: %v\n%s", r, debug.Stack())
		}
	}()
	entries, withdrawn := run.renderAll(plan.entries), run.renderAll(plan.withdrawn)
	mark := run.mark(plan.channel, entries, withdrawn)
	if before != nil && before.mark == mark {
		return before, nil, nil
	}
	now = &channel{config: plan.channel, mark: mark}
	composer := composer{run.config, plan.channel}
	kept, bodies, err := run.writeAll(composer, entriesOf(entries), entriesOf(withdrawn))
	if err != nil {
		return nil, nil, err
	}
	now.entries = kept
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

func (run *pass) renderAll(entries []newsroom.Entry) []rendered {
	all := make([]rendered, len(entries))
	for i := range entries {
		all[i] = run.entry(&entries[i])
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
func (run *pass) mark(ch newsroom.Channel, entries, withdrawn []rendered) string {
	h := sha256.New()
	c := run.config
	fmt.Fprintf(h, "%q %q %q %q %q %q %+v\n", c.Site.Title, c.Site.Description, c.Site.URL, c.Site.Language, c.Version, c.Hubs, ch)
	fmt.Fprintln(h, markOf(entries), markOf(withdrawn))
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
		ids := make([]string, len(feed.Entries))
		for j := range feed.Entries {
			ids[j] = feed.Entries[j].GUID
		}
		if err := verify(body, format, ids); err != nil {
			return nil, fmt.Errorf("read %s back: %w", format, err)
		}
		bodies[i] = body
	}
	return bodies, nil
}

func (run *pass) written(feed *feeds.Feed, format feeds.Format) ([]byte, error) {
	if run.write != nil {
		return run.write(feed, format)
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
