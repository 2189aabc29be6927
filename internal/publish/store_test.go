package publish

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"newswire/feeds"
	"newswire/internal/curate"
	"newswire/internal/ingest"
	"newswire/internal/newsroom"
	"newswire/internal/store"
)

// everywhere publishes everything: in "all", and what is ours in "house" too.
type everywhere struct{}

func (everywhere) Decide(newsroom.Source, *newsroom.Entry, time.Time) newsroom.Verdict {
	return newsroom.Verdict{Decision: newsroom.Publish, Rule: "default"}
}

func (everywhere) Channels(_ newsroom.Source, e *newsroom.Entry, _ time.Time) []string {
	if e.House {
		return []string{"all", "house"}
	}
	return []string{"all"}
}

// A newsdesk is the way of an entry from the door to the shelf, with the
// program's own store.
type newsdesk struct {
	t         testing.TB
	file      string
	store     *store.Store
	door      *ingest.Door
	publisher *Publisher
}

func openDesk(t testing.TB, file string) *newsdesk {
	t.Helper()
	s, err := store.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c := config()
	return &newsdesk{
		t: t, file: file, store: s,
		door: &ingest.Door{
			Store: s, Curator: func() ingest.Curator { return everywhere{} },
			Guard: ingest.Guard{FirstImport: 1e6, Burst: 1e6}, Site: site,
		},
		publisher: &Publisher{Store: s, Config: func() Config { return c }, LineUp: curate.LineUp},
	}
}

// take brings a reading of the lab's feed through the door.
func (d *newsdesk) take(at time.Time, entries ...feeds.Entry) {
	d.t.Helper()
	d.deliver(ingest.Delivery{Source: lab(), At: at, Feed: &feeds.Feed{Title: "Lab News", Entries: entries}})
}

// takeHouse brings a reading of the folder of articles through the door.
func (d *newsdesk) takeHouse(at time.Time, a newsroom.Article) {
	d.t.Helper()
	d.deliver(ingest.Delivery{
		Source: newsroom.Source{Slug: newsroom.HouseSource, Name: "Articles", House: true, Publish: newsroom.PublishFull},
		At:     at, Complete: true, Articles: map[string]newsroom.Article{a.Slug: a},
		Feed: &feeds.Feed{Entries: []feeds.Entry{{
			GUID: a.Slug, Title: "Our view", Link: site + "/" + a.Slug, Content: "<p>We think so.</p>", Published: now,
		}}},
	})
}

// deliver claims the source as a poll does, unless it is our own folder.
func (d *newsdesk) deliver(del ingest.Delivery) {
	d.t.Helper()
	ctx := d.t.Context()
	if !del.Source.House {
		if err := d.store.Enroll(ctx, []string{del.Source.Slug}, func(string) time.Time { return del.At }); err != nil {
			d.t.Fatal(err)
		}
		claim, err := d.store.ClaimSource(ctx, del.Source.Slug, del.At, time.Minute, "test")
		if err != nil {
			d.t.Fatal(err)
		}
		del.Claim = &claim
		del.Settle = func(ingest.Outcome) newsroom.Check {
			c := claim.Check
			c.Title, c.Class, c.LastFull, c.Next = del.Feed.Title, newsroom.ClassOK, del.At, del.At.Add(time.Hour)
			return c
		}
	}
	if _, err := d.door.Take(ctx, del); err != nil {
		d.t.Fatal(err)
	}
}

func (d *newsdesk) render() {
	d.t.Helper()
	if err := d.publisher.Render(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *newsdesk) document(path string) *Document {
	d.t.Helper()
	doc := d.publisher.Shelf().Document(path)
	if doc == nil {
		d.t.Fatalf("%s is not on the shelf", path)
	}
	return doc
}

func wireItems(from, to int) []feeds.Entry {
	var items []feeds.Entry
	for n := from; n < to; n++ {
		items = append(items, wire(n).Entry)
	}
	return items
}

// TestFromTheDoorToTheShelf takes entries the whole way: a reading that brings
// nothing new moves nothing, a restart moves nothing, a copy of the database
// gives the same documents, and a correction and a retraction reach readers.
func TestFromTheDoorToTheShelf(t *testing.T) {
	d := openDesk(t, filepath.Join(t.TempDir(), "news.db"))
	d.take(now, wireItems(0, 20)...)
	opinion := newsroom.Article{Slug: "articles/opinion", ReadingMinutes: 3}
	d.takeHouse(now, opinion)
	d.render()
	all, house := d.document(rss), d.document("/feeds/house.atom")
	if n := bytes.Count(all.Body, []byte("<item>")); n != 21 {
		t.Fatalf("%d items, want 21:\n%s", n, all.Body)
	}
	if !bytes.Contains(all.Body, []byte(`<source url="https://lab.example/feed.xml">Lab News</source>`)) {
		t.Errorf("the source is not named:\n%s", all.Body)
	}

	d.take(now.Add(time.Hour), wireItems(0, 20)...)
	d.takeHouse(now.Add(time.Hour), opinion)
	d.render()
	if d.document(rss) != all || d.document("/feeds/house.atom") != house {
		t.Error("a reading that brought nothing new made new documents")
	}

	d = d.reopened(t)
	d.render()
	for _, old := range []*Document{all, house} {
		if got := d.document(old.Path); got.ETag != old.ETag || !got.Modified.Equal(old.Modified) || !bytes.Equal(got.Body, old.Body) {
			t.Errorf("%s after a restart: %s of %s, before %s of %s", old.Path, got.ETag, got.Modified, old.ETag, old.Modified)
		}
	}

	opinion.Correction = "We were off by one."
	d.takeHouse(now.Add(2*time.Hour), opinion)
	d.render()
	if b := d.document("/feeds/house.atom").Body; !bytes.Contains(b, []byte("off by one")) || !bytes.Contains(b, []byte("<updated>2026-11-21T11:00:00Z")) {
		t.Errorf("the correction does not reach readers:\n%s", b)
	}
	opinion.Retracted = "It was all wrong."
	d.takeHouse(time.Now(), opinion)
	d.render()
	if b := d.document("/feeds/house.atom").Body; !bytes.Contains(b, []byte("deleted-entry")) || bytes.Contains(b, []byte("<entry>")) {
		t.Errorf("the retraction does not reach Atom's readers:\n%s", b)
	}
	if b := d.document("/feeds/all.json").Body; !bytes.Contains(b, []byte("Withdrawn: Our view")) || bytes.Contains(b, []byte("We think so")) {
		t.Errorf("the retraction does not reach JSON Feed's readers:\n%s", b)
	}
	if e, ok := d.publisher.Shelf().Article("articles/opinion"); !ok || e.Withdrawn.IsZero() {
		t.Errorf("the page does not know of it: %t %+v", ok, e)
	}
}

// reopened closes the store and opens it again, as a restart does.
func (d *newsdesk) reopened(t *testing.T) *newsdesk {
	t.Helper()
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	return openDesk(t, d.file)
}

// TestCopiesAgree: two processes on copies of one database.
func TestCopiesAgree(t *testing.T) {
	one := openDesk(t, filepath.Join(t.TempDir(), "news.db"))
	one.take(now, wireItems(0, 30)...)
	if err := one.store.Close(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(dir, os.DirFS(filepath.Dir(one.file))); err != nil {
		t.Fatal(err)
	}
	one, two := openDesk(t, one.file), openDesk(t, filepath.Join(dir, "news.db"))
	one.render()
	two.render()
	if !bytes.Contains(two.document(rss).Body, []byte("model 29")) {
		t.Error("the copy is not whole")
	}
	for _, x := range one.publisher.Shelf().Documents() {
		if y := two.document(x.Path); y.ETag != x.ETag || !bytes.Equal(y.Body, x.Body) {
			t.Errorf("%s: %s and %s", x.Path, x.ETag, y.ETag)
		}
	}
}

// TestClosedRealStore: readers do not notice that the database is gone.
func TestClosedRealStore(t *testing.T) {
	d := openDesk(t, filepath.Join(t.TempDir(), "news.db"))
	d.take(now, wireItems(0, 5)...)
	d.render()
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.publisher.Render(context.Background()); err == nil {
		t.Error("a closed database was rendered")
	}
	if r := ask(d.publisher, "GET", rss); r.StatusCode != 200 || !strings.Contains(body(t, r), "model 4") {
		t.Errorf("status %d", r.StatusCode)
	}
}

// BenchmarkPublishStored renders after one new entry, with few and with many
// entries stored: the two should cost the same.
func BenchmarkPublishStored(b *testing.B) {
	for _, stored := range []int{1_000, 50_000} {
		b.Run(fmt.Sprint(stored), func(b *testing.B) {
			d := openDesk(b, filepath.Join(b.TempDir(), "news.db"))
			at := now
			for n := 0; n < stored; n += 1000 {
				items := wireItems(1_000_000-n-1000, 1_000_000-n)
				d.take(at, items...)
				at = at.Add(time.Hour)
			}
			for d.render(); d.publisher.Behind(); {
				d.render() // the archives
			}
			n := 0
			for b.Loop() {
				b.StopTimer()
				n++
				e := wire(-n).Entry
				e.Published = at
				d.take(at, e)
				at = at.Add(time.Hour)
				b.StartTimer()
				d.render()
			}
		})
	}
}
