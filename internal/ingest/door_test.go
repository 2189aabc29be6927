package ingest_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"newswire/feeds"
	"newswire/internal/ingest"
	"newswire/internal/newsroom"
	"newswire/internal/store"
)

// curator publishes everything in the channel "all" (and what is ours in
// "house"), except what its rule and its editors say.
type curator struct {
	drop      func(*newsroom.Entry) bool
	hide, pin []string // GUIDs
}

func (c curator) Decide(_ newsroom.Source, e *newsroom.Entry, _ time.Time) newsroom.Verdict {
	switch {
	case slices.Contains(c.hide, e.GUID):
		return newsroom.Verdict{Decision: newsroom.Drop, Rule: "overrides.hide"}
	case slices.Contains(c.pin, e.GUID):
		return newsroom.Verdict{Decision: newsroom.Publish, Rule: "overrides.pin"}
	}
	if c.drop != nil && c.drop(e) {
		return newsroom.Verdict{Decision: newsroom.Drop, Rule: "drop"}
	}
	return newsroom.Verdict{Decision: newsroom.Publish, Rule: "default"}
}

func (c curator) Channels(_ newsroom.Source, e *newsroom.Entry, _ time.Time) []string {
	if e.House {
		return []string{"all", "house"}
	}
	return []string{"all"}
}

// A desk is a door with a real store and a clock of its own.
type desk struct {
	t     testing.TB
	file  string
	store *store.Store
	door  *ingest.Door
	now   time.Time
	moved int // calls of Changed
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newDesk(t testing.TB) *desk {
	d := &desk{t: t, file: filepath.Join(t.TempDir(), "news.db"), now: start}
	if server := os.Getenv("NEWSWIRE_TEST_POSTGRES"); server != "" {
		d.file = newSchema(t, server)
	}
	d.open()
	t.Cleanup(func() { d.store.Close() })
	return d
}

var schemas atomic.Int64

// newSchema makes an empty place in the database in which all of these tests
// run when NEWSWIRE_TEST_POSTGRES names one; otherwise they run on SQLite.
func newSchema(t testing.TB, server string) string {
	t.Helper()
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("newswire_door_%d_%d", os.Getpid(), schemas.Add(1))
	if _, err := db.Exec(`CREATE SCHEMA ` + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec(`DROP SCHEMA ` + name + ` CASCADE`); err != nil {
			t.Error(err)
		}
		db.Close()
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

func (d *desk) open() {
	d.t.Helper()
	var err error
	if d.store, err = store.Open(d.t.Context(), d.file); err != nil {
		d.t.Fatal(err)
	}
	d.door = &ingest.Door{
		Store:   d.store,
		Curator: func() ingest.Curator { return curator{} },
		Sources: func(slug string) (newsroom.Source, bool) { return source(slug), true },
		Guard:   ingest.Guard{FirstImport: 10, Burst: 20},
		Site:    "https://news.example.com",
		Changed: func() { d.moved++ },
	}
}

// restart closes the store and opens it again, as after a crash.
func (d *desk) restart() {
	d.t.Helper()
	if err := d.store.Close(); err != nil {
		d.t.Fatal(err)
	}
	d.open()
}

func source(slug string) newsroom.Source {
	return newsroom.Source{Slug: slug, Name: slug, URL: "https://" + slug + ".test/feed.xml", Weight: 1}
}

// poll takes a document as a poll of the source would, an hour after the last.
func (d *desk) poll(src newsroom.Source, entries ...feeds.Entry) ingest.Outcome {
	d.t.Helper()
	return d.pollFeed(src, &feeds.Feed{Entries: entries})
}

func (d *desk) pollFeed(src newsroom.Source, feed *feeds.Feed) ingest.Outcome {
	d.t.Helper()
	out, err := d.take(src, feed, false)
	if err != nil {
		d.t.Fatal(err)
	}
	d.now = d.now.Add(time.Hour)
	return out
}

func (d *desk) take(src newsroom.Source, feed *feeds.Feed, partial bool) (ingest.Outcome, error) {
	d.t.Helper()
	ctx := d.t.Context()
	if err := d.store.Enroll(ctx, []string{src.Slug}, func(string) time.Time { return d.now }); err != nil {
		return ingest.Outcome{}, err
	}
	claim, err := d.store.ClaimSource(ctx, src.Slug, d.now, time.Minute, "test")
	if err != nil {
		return ingest.Outcome{}, err
	}
	return d.door.Take(ctx, ingest.Delivery{Source: src, Feed: feed, At: d.now, Partial: partial, Claim: &claim,
		Settle: func(o ingest.Outcome) newsroom.Check { return settle(claim.Check, o, d.now, len(feed.Entries)) }})
}

// settle does what poll does with an outcome.
func settle(c newsroom.Check, o ingest.Outcome, now time.Time, entries int) newsroom.Check {
	c.Class, c.LastOK, c.LastFull, c.Next, c.BodyHash = newsroom.ClassOK, now, now, now.Add(time.Hour), "body"
	c.New, c.Updated, c.Notes, c.Window = o.New, o.Updated, o.Notes, o.Window
	if o.KeyPolicy != "" {
		c.KeyPolicy = o.KeyPolicy
	}
	realiased := c.Realiased
	c.Realiased = 0
	if 2*o.Realiased > entries {
		c.Realiased = realiased + 1
	}
	if o.New > 0 {
		c.LastNew = now
		if !o.First {
			c.UsualBatch = float64(o.New)
		}
	}
	return c
}

// item is g5 and the like of the base document: an entry with GUID, link,
// title, date and text, n hours before the start.
func item(n int) feeds.Entry {
	return feeds.Entry{
		GUID:      fmt.Sprintf("urn:t:g%d", n),
		Title:     fmt.Sprintf("Title of entry number %d", n),
		Link:      fmt.Sprintf("https://o.test/%d", n),
		Content:   feeds.HTML(fmt.Sprintf("<p>The text of entry %d says what happened.</p>", n)),
		Published: start.Add(time.Duration(n-100) * time.Hour),
	}
}

// items are the base document: newest first.
func items(newest, oldest int) (list []feeds.Entry) {
	for n := newest; n >= oldest; n-- {
		list = append(list, item(n))
	}
	return list
}

// channel returns the entries that stand in a channel, newest first.
func (d *desk) channel(name string) []newsroom.Entry {
	d.t.Helper()
	refs, err := d.store.Refs(d.t.Context(), name, 10000)
	if err != nil {
		d.t.Fatal(err)
	}
	keys := make([]int64, len(refs))
	for i, r := range refs {
		keys[i] = r.Key
	}
	entries, err := d.store.Entries(d.t.Context(), keys)
	if err != nil {
		d.t.Fatal(err)
	}
	return entries
}

// stored returns all entries in the order in which they arrived.
func (d *desk) stored() (list []newsroom.Entry) {
	d.t.Helper()
	err := d.store.Recent(d.t.Context(), time.Time{}, func(e newsroom.Entry) error {
		list = append(list, e)
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	slices.SortFunc(list, func(a, b newsroom.Entry) int { return int(a.Key - b.Key) })
	return list
}

func titles(entries []newsroom.Entry) (list []string) {
	for _, e := range entries {
		list = append(list, e.Title)
	}
	return list
}

func TestTake(t *testing.T) {
	d := newDesk(t)
	src := source("o")
	if out := d.poll(src, items(4, 1)...); out.New != 4 || !out.First {
		t.Fatalf("first poll: %+v", out)
	}
	if out := d.poll(src, items(5, 1)...); out.New != 1 || out.Unchanged != 4 || out.Updated != 0 {
		t.Fatalf("second poll: %+v", out)
	}
	if out := d.poll(src, items(5, 1)...); out.New != 0 || out.Unchanged != 5 {
		t.Fatalf("third poll: %+v", out)
	}
	list := d.channel("all")
	if len(list) != 5 || list[0].Title != "Title of entry number 5" || list[0].ID != "urn:t:g5" || list[0].GUID != "urn:t:g5" {
		t.Fatalf("channel: %q", titles(list))
	}
	if d.moved != 2 {
		t.Errorf("Changed was called %d times, want 2", d.moved)
	}
}
