package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"newswire/internal/newsroom"
	"newswire/internal/publish"
	"newswire/internal/store"
)

type planCommand struct {
	File string `arg:"" optional:"" name:"FILE" help:"The edited configuration; --config names the one in force. Left out: the one that --config names, against what was last applied to the database."`
	JSON bool   `help:"Print one JSON document."`
}

// A plan is what a configuration would change.
type plan struct {
	Sources  planSources   `json:"sources"`
	Channels []planChannel `json:"channels"`
	Changes  []string      `json:"changes"` // in words, as a reload logs them
}

type planSources struct {
	Added   []string `json:"added"` // names
	Removed []string `json:"removed"`
}

// A planChannel is what would change in a channel's line-up. It stands in
// line-up order.
type planChannel struct {
	Name    string      `json:"name"`
	Added   bool        `json:"added,omitempty"` // the channel itself
	Removed bool        `json:"removed,omitempty"`
	Enter   []planEntry `json:"enter"`
	Leave   []planEntry `json:"leave"`
}

type planEntry struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	URL    string `json:"url"`
	Source string `json:"source"` // name
}

// Run says what a configuration would change, and changes nothing.
func (c *planCommand) Run(ctx context.Context, t *terminal, cli *commands) error {
	old, err := loadSettings(cli.Config)
	if err != nil {
		return err
	}
	next := old
	if c.File != "" {
		next, err = loadSettings(c.File)
	} else {
		old, err = appliedTo(ctx, next)
	}
	if err != nil {
		return err
	}
	p, err := makePlan(ctx, old, next, time.Now())
	if err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(p)
	}
	p.print(t)
	return nil
}

// appliedTo returns the configuration that was last applied to what is stored,
// the one given if none was.
func appliedTo(ctx context.Context, s *settings) (*settings, error) {
	db, err := openExisting(ctx, s)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	defer db.Close()
	last, err := lastApplied(ctx, db, s)
	return cmp.Or(last, s), err
}

// makePlan applies the next settings to a copy of what is stored, as a reload
// would, and compares the line-ups. That costs a copy of the database for as long as
// it takes, beside nothing else: it is exact because it is the same code that
// runs when the settings are applied.
func makePlan(ctx context.Context, old, next *settings, now time.Time) (*plan, error) {
	db, done, err := dryCopy(ctx, old)
	if err != nil {
		return nil, err
	}
	defer done()
	before, err := lineUpsOf(ctx, db, old)
	if err != nil {
		return nil, err
	}
	if _, err := redecide(ctx, quietWire(next, db).door, db, next, now); err != nil {
		return nil, err
	}
	after, err := lineUpsOf(ctx, db, next)
	if err != nil {
		return nil, err
	}
	p := &plan{Channels: compare(old, next, before, after), Changes: difference(old, next)}
	if next != old {
		p.Sources = sourceDifference(old, next)
		return p, nil
	}
	p.Changes = []string{}
	p.Sources, err = storedDifference(ctx, db, next, now)
	return p, err
}

// dryCopy returns a copy of the database, of either engine, that is gone when
// done is called. Where nothing was stored yet, it is empty.
func dryCopy(ctx context.Context, s *settings) (db *store.Store, done func(), err error) {
	dir, err := os.MkdirTemp("", "newswire-plan-")
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	file := filepath.Join(dir, "copy.db")
	switch real, err := openExisting(ctx, s); {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, nil, err
	default:
		if err := errors.Join(real.Backup(ctx, file), real.Close()); err != nil {
			return nil, nil, err
		}
	}
	if db, err = store.Open(ctx, file); err != nil {
		return nil, nil, err
	}
	return db, func() { db.Close(); os.RemoveAll(dir) }, nil
}

// lineUpsOf returns what would be published of a store, by channel.
func lineUpsOf(ctx context.Context, db *store.Store, s *settings) (map[string][]newsroom.Entry, error) {
	w := quietWire(s, db)
	publisher := &publish.Publisher{Store: db, Config: func() publish.Config { return w.publishConfig(ctx) }, LineUp: w.lineUp}
	if err := publisher.Render(ctx); err != nil {
		return nil, err
	}
	all := map[string][]newsroom.Entry{}
	for _, ch := range s.channels {
		all[ch.Name], _ = publisher.Shelf().LineUp(ch.Name)
	}
	return all, nil
}

// compare returns the channels that would change: those that stay or come in
// the order of the next settings, and then those that go.
func compare(old, next *settings, before, after map[string][]newsroom.Entry) []planChannel {
	name := func(slug string) string {
		for _, s := range []*settings{next, old} {
			if src, ok := s.known()[slug]; ok {
				return src.Name
			}
		}
		return slug
	}
	list := []planChannel{}
	for _, ch := range next.channels {
		_, known := before[ch.Name]
		c := planChannel{
			Name: ch.Name, Added: !known,
			Enter: without(after[ch.Name], before[ch.Name], name), Leave: without(before[ch.Name], after[ch.Name], name),
		}
		if c.Added || len(c.Enter)+len(c.Leave) > 0 {
			list = append(list, c)
		}
	}
	for _, ch := range old.channels {
		if _, stays := after[ch.Name]; !stays {
			list = append(list, planChannel{Name: ch.Name, Removed: true, Enter: []planEntry{}, Leave: without(before[ch.Name], nil, name)})
		}
	}
	return list
}

// without returns the entries of one line-up that are not in another.
func without(entries, others []newsroom.Entry, name func(slug string) string) []planEntry {
	in := map[int64]bool{}
	for _, e := range others {
		in[e.Key] = true
	}
	list := []planEntry{}
	for _, e := range entries {
		if !in[e.Key] {
			list = append(list, planEntry{ID: e.ID, Title: e.Title, URL: e.Link, Source: name(e.Source)})
		}
	}
	return list
}

func sourceDifference(old, next *settings) planSources {
	return planSources{Added: namesBeyond(next, old), Removed: namesBeyond(old, next)}
}

// namesBeyond returns the names of the sources that only the first has.
func namesBeyond(s, other *settings) []string {
	names, known := []string{}, other.bySlug()
	for _, src := range s.sources {
		if _, ok := known[src.Slug]; !ok {
			names = append(names, src.Name)
		}
	}
	return names
}

// stillAsked is how long after its last poll a source of no configuration
// counts as one that was taken out: longer than any source rests.
const stillAsked = 8 * 24 * time.Hour

// storedDifference compares the sources with those that were asked lately.
func storedDifference(ctx context.Context, db *store.Store, s *settings, now time.Time) (planSources, error) {
	checks, err := db.Checks(ctx)
	if err != nil {
		return planSources{}, err
	}
	d := planSources{Added: []string{}, Removed: []string{}}
	asked := map[string]bool{}
	for _, check := range checks {
		asked[check.Source] = true
		if _, configured := s.known()[check.Source]; !configured && now.Sub(check.LastAsked) < stillAsked {
			d.Removed = append(d.Removed, cmp.Or(check.Title, check.Source))
		}
	}
	for _, src := range s.sources {
		if !asked[src.Slug] {
			d.Added = append(d.Added, src.Name)
		}
	}
	return d, nil
}

// print shows the counts first, and then every entry.
func (p *plan) print(t *terminal) {
	enter, leave := 0, 0
	for _, ch := range p.Channels {
		enter, leave = enter+len(ch.Enter), leave+len(ch.Leave)
	}
	fmt.Fprintf(t.out, "%s added, %s removed; in %s, %s and %s\n",
		counted(len(p.Sources.Added), "source", "sources"), counted(len(p.Sources.Removed), "source", "sources"),
		counted(len(p.Channels), "channel", "channels"), counted(enter, "entry enters", "entries enter"), counted(leave, "entry leaves", "entries leave"))
	for _, change := range p.Changes {
		fmt.Fprintln(t.out, "*", oneLine(change))
	}
	for _, name := range p.Sources.Added {
		fmt.Fprintln(t.out, t.painted("+ source "+oneLine(name), green), t.painted("(newswire preview shows what it brings)", dim))
	}
	for _, name := range p.Sources.Removed {
		fmt.Fprintln(t.out, t.painted("- source "+oneLine(name), red), t.painted("(what it brought stays)", dim))
	}
	for _, ch := range p.Channels {
		ch.print(t)
	}
}

func (c planChannel) print(t *terminal) {
	remark := ""
	switch {
	case c.Added:
		remark = ", a new channel"
	case c.Removed:
		remark = ", which is removed"
	}
	fmt.Fprintf(t.out, "\n%s%s: +%d -%d\n", c.Name, remark, len(c.Enter), len(c.Leave))
	width := 0
	for _, e := range slices.Concat(c.Enter, c.Leave) {
		width = max(width, min(columns(oneLine(e.Source)), 30))
	}
	for _, list := range []struct {
		sign    string
		paint   paint
		entries []planEntry
	}{{"+", green, c.Enter}, {"-", red, c.Leave}} {
		for _, e := range list.entries {
			source := oneLine(e.Source)
			if columns(source) > width {
				source = cut(source, width)
			}
			line := list.sign + " " + source + strings.Repeat(" ", width-columns(source)+2) + oneLine(e.Title)
			if t.columns > 0 && columns(line) > t.columns {
				line = cut(line, t.columns)
			}
			fmt.Fprintln(t.out, t.painted(line, list.paint))
		}
	}
}

// counted says how many things there are.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
