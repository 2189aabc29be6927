package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"newswire/feeds"
	"newswire/internal/egress"
	"newswire/internal/ingest"
	"newswire/internal/newsroom"
	"newswire/internal/poll"
	"newswire/internal/store"
)

type previewCommand struct {
	Source string `arg:"" name:"URL|SOURCE" help:"A feed's address, or the name of a source."`
	JSON   bool   `help:"Print one JSON document."`
}

// preview is what `preview --json` prints.
type preview struct {
	Class   newsroom.Class `json:"class"`
	Problem string         `json:"problem,omitempty"`
	Feed    previewFeed    `json:"feed"`
	Entries []previewEntry `json:"entries"`
}

type previewFeed struct {
	Title   string       `json:"title"`
	URL     string       `json:"url"`
	Format  feeds.Format `json:"format"`
	Version string       `json:"version,omitempty"` // of the format
}

type previewEntry struct {
	ID        string            `json:"id"`
	GUID      string            `json:"guid"`
	Title     string            `json:"title"`
	URL       string            `json:"url"`
	Published *time.Time        `json:"published"`
	Updated   *time.Time        `json:"updated"`
	Verdict   newsroom.Decision `json:"verdict"`
	Rule      string            `json:"rule"`
}

// Run asks one feed now, and shows what would become of every entry.
func (c *previewCommand) Run(ctx context.Context, t *terminal, cli *commands) error {
	s, err := loadSettings(cli.Config)
	if err != nil {
		return err
	}
	src, err := s.sourceOrURL(c.Source)
	if err != nil {
		return err
	}
	p, err := takePreview(ctx, s, src)
	if err != nil {
		return err
	}
	if c.JSON {
		err = t.printJSON(p)
	} else {
		p.print(t)
	}
	if err == nil && !p.Class.Good() {
		return errSaid
	}
	return err
}

// sourceOrURL returns a source of the configuration, or one made for an
// address that is not in it.
func (s *settings) sourceOrURL(name string) (newsroom.Source, error) {
	if src, ok := s.source(name); ok {
		return src, nil
	}
	u, err := url.Parse(name)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return newsroom.Source{}, fmt.Errorf("%q is neither a source in %s%s nor an address that begins with http:// or https://",
			name, s.file, didYouMean(name, s.names()))
	}
	return newsroom.Source{Slug: "preview", Name: u.Host, URL: name, Publish: newsroom.PublishExcerpt, Weight: 1}, nil
}

func takePreview(ctx context.Context, s *settings, src newsroom.Source) (preview, error) {
	client := egress.New(newEgress(s))
	defer client.Close()
	feed, result := poll.Preview(ctx, client, src)
	return judge(ctx, s, src, feed, result)
}

// judge says what would become of the entries of a feed that was
// asked already.
func judge(ctx context.Context, s *settings, src newsroom.Source, feed *feeds.Feed, result poll.Result) (preview, error) {
	p := preview{Class: result.Class, Problem: result.Problem, Feed: previewFeed{URL: showURL(src)}, Entries: []previewEntry{}}
	if feed == nil {
		return p, nil
	}
	p.Feed = previewFeed{Title: feed.Title, URL: showURL(src), Format: feed.Format, Version: feed.Version}
	db, done, err := openForReading(ctx, s)
	if err != nil {
		return p, err
	}
	defer done()
	door := quietWire(s, db).door
	entries, err := door.Preview(ctx, ingest.Delivery{Source: src, Feed: feed, At: time.Now(), Partial: !result.Class.Good()})
	if err != nil {
		return p, err
	}
	now := time.Now()
	for _, e := range entries {
		verdict := door.Verdict(src, &e, now.Add(-decideAgain), now)
		p.Entries = append(p.Entries, previewEntry{
			ID: e.ID, GUID: e.GUID, Title: e.Title, URL: e.Link,
			Published: utc(e.Published), Updated: utc(e.Updated), Verdict: verdict.Decision, Rule: verdict.Rule,
		})
	}
	return p, nil
}

// openForReading opens the database if there is one, and otherwise an empty
// one that is gone afterwards: what only looks must not leave a file behind.
func openForReading(ctx context.Context, s *settings) (db *store.Store, done func(), err error) {
	if db, err := openExisting(ctx, s); err == nil {
		return db, func() { db.Close() }, nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "newswire-preview-")
	if err != nil {
		return nil, nil, err
	}
	db, err = store.Open(ctx, filepath.Join(dir, "empty.db"))
	if err != nil {
		os.RemoveAll(dir)
		return nil, nil, err
	}
	return db, func() { db.Close(); os.RemoveAll(dir) }, nil
}

// openStored reads a configuration and opens its database, which must be there
// already.
func openStored(ctx context.Context, file string) (*settings, *store.Store, error) {
	s, err := loadSettings(file)
	if err != nil {
		return nil, nil, err
	}
	db, err := openExisting(ctx, s)
	return s, db, err
}

// openExisting opens the database, which must be there already.
func openExisting(ctx context.Context, s *settings) (*store.Store, error) {
	dsn := s.database()
	if !strings.Contains(dsn, "://") {
		if _, err := os.Stat(dsn); err != nil {
			return nil, fmt.Errorf("database %s: nothing was polled yet (newswire serve or newswire refresh makes it): %w", dsn, os.ErrNotExist)
		}
	}
	return store.Open(ctx, dsn)
}

func (p preview) print(t *terminal) { p.printSome(t, p.Entries) }

// printSome shows the feed and some of its entries.
func (p preview) printSome(t *terminal, entries []previewEntry) {
	if p.Problem != "" {
		fmt.Fprintln(t.err, oneLine(p.Problem))
	}
	if p.Feed.Format == "" {
		return
	}
	fmt.Fprintf(t.out, "%s (%s %s, %s)\n", oneLine(p.Feed.Title), p.Feed.Format, p.Feed.Version, counted(len(p.Entries), "entry", "entries"))
	var rows [][]cell
	for _, e := range entries {
		published := "-"
		if e.Published != nil {
			published = e.Published.Format("2006-01-02 15:04")
		}
		rows = append(rows, []cell{
			{string(e.Verdict), verdictPaint(e.Verdict)}, {cut(e.Rule, 32), dim}, {published, plain}, {oneLine(e.Title), plain},
		})
	}
	t.printTable([]string{"VERDICT", "RULE", "PUBLISHED", "TITLE"}, rows)
}

func verdictPaint(d newsroom.Decision) paint {
	switch d {
	case newsroom.Publish:
		return green
	case newsroom.Hold:
		return yellow
	}
	return red
}

// showURL is a source's address as it may be shown: without what may be secret.
func showURL(src newsroom.Source) string { return showAddress(src, src.URL) }

// showAddress does it for an address that belongs to a source, as where it has
// moved to.
func showAddress(src newsroom.Source, address string) string {
	if src.Private {
		return egress.RedactPath(address)
	}
	return egress.Redact(address)
}
