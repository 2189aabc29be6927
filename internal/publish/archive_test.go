package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// filledTwice is a channel of five entries that has an archive: the line-up
// was full, and one entry came that the first had to leave for.
func filledTwice(t *testing.T) (*memory, *Publisher) {
	t.Helper()
	m := newMemory()
	p := newPublisher(m)
	c := config()
	c.Channels = []newsroom.Channel{{Name: "all", Entries: 5}}
	p.Config = func() Config { return c }
	for n := range 5 {
		m.add(wire(10+n), "all")
	}
	render(t, p)
	if d, err := p.Shelf().Archive(ArchivePath("all", 1, feeds.RSS)); d != nil || err != nil {
		t.Fatalf("an archive of what the document shows: %v, %v", d, err)
	}
	m.add(wire(1), "all")
	render(t, p)
	return m, p
}

// TestArchive: what leaves the document is in an archive by then, in each
// format, and the two lead to each other.
func TestArchive(t *testing.T) { // A6-1, A6-2, A6-5
	_, p := filledTwice(t)
	for _, format := range formats {
		doc := document(t, p, FeedPath("all", format))
		if bytes.Contains(doc.Body, []byte("model 14")) || !bytes.Contains(doc.Body, []byte("/feeds/all/archive/1."+string(format))) {
			t.Errorf("%s:\n%s", doc.Path, doc.Body)
		}
		r := ask(p, "GET", ArchivePath("all", 1, format))
		b := body(t, r)
		if r.StatusCode != 200 || !strings.Contains(b, "model 14") || !strings.Contains(b, "model 1<") && !strings.Contains(b, `model 1"`) {
			t.Errorf("%s: %d\n%s", format, r.StatusCode, b)
		}
		if strings.Contains(b, "/hub") || strings.Contains(b, "<ttl>") {
			t.Errorf("%s: what never changes names a hub, or when to ask again:\n%s", format, b)
		}
	}
}

// TestArchivedIsForgotten: what went into an archive is not kept for the next
// pass as what the document shows is.
func TestArchivedIsForgotten(t *testing.T) {
	m, p := filledTwice(t)
	for n := range 400 {
		m.add(wire(20+n), "all")
	}
	render(t, p)
	if r := ask(p, "GET", ArchivePath("all", 2, feeds.RSS)); r.StatusCode != 200 {
		t.Fatalf("there is no second archive: %d", r.StatusCode)
	}
	if len(p.entries) != 5 {
		t.Errorf("%d entries are kept as they are published; 5 are shown", len(p.entries))
	}
}

// TestArchiveHeaders: what an archive is served with, in each coding.
func TestArchiveHeaders(t *testing.T) { // B-3, B-4, B-19, B-20, B-26
	_, p := filledTwice(t)
	path := ArchivePath("all", 1, feeds.Atom)
	plain := ask(p, "GET", path)
	whole := body(t, plain)
	want := map[string]string{
		"Cache-Control": "public, max-age=2592000, immutable",
		"Etag":          ETag([]byte(whole)),
		"Content-Type":  "application/atom+xml; charset=utf-8",
		"Link":          `<https://news.example/feeds/all/archive/1.atom>; rel="self", <https://news.example/feeds/all.atom>; rel="current"`,
	}
	for name, value := range want {
		if got := plain.Header.Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	for _, test := range []struct {
		header         []string
		status         int
		coding, length string
	}{
		{nil, 200, "", fmt.Sprint(len(whole))},
		{[]string{"Accept-Encoding: gzip, br"}, 200, "gzip", ""},
		{[]string{"Accept-Encoding: br"}, 200, "", fmt.Sprint(len(whole))},
		{[]string{"Accept-Encoding: gzip;q=0, identity;q=0"}, 406, "", ""},
		{[]string{"If-None-Match: " + want["Etag"]}, 304, "", ""},
		{[]string{"If-Modified-Since: " + plain.Header.Get("Last-Modified")}, 304, "", ""},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			r := ask(p, method, path, test.header...)
			b := body(t, r)
			if r.StatusCode != test.status || r.Header.Get("Content-Encoding") != test.coding ||
				test.length != "" && r.Header.Get("Content-Length") != test.length || (b != "") != (method == "GET" && test.status == 200 || test.status == 406) {
				t.Errorf("%s %v: %d, %v, %d bytes", method, test.header, r.StatusCode, r.Header, len(b))
			}
			if test.coding == "gzip" && method == "GET" {
				if decode(t, "gzip", b) != whole {
					t.Error("gzip holds something else")
				}
			}
		}
	}
}

func TestArchivePaths(t *testing.T) {
	m, p := filledTwice(t)
	for target, want := range map[string]int{
		"/feeds/all/archive/1.atom":                    200,
		"/feeds/all/archive/1.atom?x=1":                200,
		"/feeds/all/archive/2.atom":                    307, // it follows the newest
		"/feeds/all/archive/3.atom":                    404,
		"/feeds/all/archive/0.atom":                    404,
		"/feeds/all/archive/01.atom":                   404,
		"/feeds/all/archive/+1.atom":                   404,
		"/feeds/all/archive/-1.atom":                   404,
		"/feeds/all/archive/1":                         404,
		"/feeds/all/archive/1.xml":                     404,
		"/feeds/all/archive/1.atom/":                   404,
		"/feeds/all/archive/1.atom.gz":                 404,
		"/feeds/house/archive/1.atom":                  404,
		"/feeds/all/archive/":                          404,
		"/feeds/all/archive/1/archive/1.rss":           404,
		"/feeds/all/archive/99999999999999999999.atom": 404,
	} {
		r := ask(p, "GET", target)
		if r.StatusCode != want {
			t.Errorf("%s: %d, want %d", target, r.StatusCode, want)
		}
		if want == 307 && (r.Header.Get("Location") != "/feeds/all.atom" || r.Header.Get("Cache-Control") != "no-store") {
			t.Errorf("%s leads to %v", target, r.Header)
		}
	}
	if r := ask(p, "POST", "/feeds/all/archive/1.atom"); r.StatusCode != 405 {
		t.Errorf("POST: %d", r.StatusCode)
	}
	if r := ask(p, "OPTIONS", "/feeds/all/archive/1.atom"); r.StatusCode != 204 {
		t.Errorf("OPTIONS: %d", r.StatusCode)
	}
	m.close()
	calls := m.calls
	if r := ask(p, "GET", "/feeds/all/archive/1.json"); r.StatusCode != 200 || !strings.Contains(body(t, r), "model 14") || m.calls != calls {
		t.Errorf("without the store: %d, %d calls to it", r.StatusCode, m.calls-calls)
	}
}

// TestArchiveNeverChanges: titles of the site, of the source and of the
// channel, policies, versions of the program, corrections and purges change
// what is published from now on.
func TestArchiveNeverChanges(t *testing.T) { // A6-3
	m, p := filledTwice(t)
	before := body(t, ask(p, "GET", "/feeds/all/archive/1.rss"))
	c := config()
	c.Channels = []newsroom.Channel{{Name: "all", Title: "Another title", Entries: 5}}
	c.Site.Title, c.Site.Language, c.Version, c.Hubs = "Another paper", "de", "2.0", nil
	c.Sources[0].Name, c.Sources[0].Publish = "Another name", newsroom.PublishFull
	m.checks = []newsroom.Check{{Source: "lab", Title: "Another feed"}}
	for n := range 5 {
		e := wire(10 + n)
		e.Title, e.Hash, e.Content, e.Summary = "Another", fmt.Sprintf("another-%d", n), "", ""
		m.add(e, "all")
	}
	for n := range 6 {
		m.add(wire(-n), "all")
	}
	after := newPublisher(m)
	for _, p := range []*Publisher{p, after} {
		p.Config = func() Config { return c }
		render(t, p)
		if got := body(t, ask(p, "GET", "/feeds/all/archive/1.rss")); got != before {
			t.Errorf("the archive has changed:\n%s\n%s", before, got)
		}
	}
	if b := body(t, ask(p, "GET", "/feeds/all/archive/2.rss")); !strings.Contains(b, "Another paper") {
		t.Errorf("the next archive does not say what holds by then:\n%s", b)
	}
}

// TestCorrectionIsTold: an article that has left the line-up and is corrected
// stands in the document for thirty days, and not in the line-up.
func TestCorrectionIsTold(t *testing.T) { // A6-4
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := newPublisher(m)
		c := config()
		c.Channels = []newsroom.Channel{{Name: "all", Entries: 5}, {Name: "other", Entries: 5}}
		p.Config = func() Config { return c }
		m.add(article(99, "old"), "all")
		m.add(wire(1), "other")
		for n := range 6 {
			m.add(wire(n), "all")
		}
		render(t, p)
		if bytes.Contains(document(t, p, rss).Body, []byte("Our view: old")) {
			t.Fatal("the article has not left")
		}
		e := article(99, "old")
		e.Correction, e.Changed, e.Hash = "We were off by one.", time.Now(), "corrected"
		m.add(e, "all")
		render(t, p)
		told := func(path string) bool { return bytes.Contains(document(t, p, path).Body, []byte("off by one")) }
		if !told(rss) || told("/feeds/other.rss") {
			t.Errorf("told in its channel: %t, in another: %t", told(rss), told("/feeds/other.rss"))
		}
		if entries, _ := p.Shelf().LineUp("all"); len(entries) != 5 {
			t.Errorf("the line-up has %d entries", len(entries))
		}
		time.Sleep(standing + time.Hour)
		render(t, p)
		if told(rss) {
			t.Error("it is told for ever")
		}
		last := ArchivePath("all", p.Shelf().chains["all"].last(), feeds.RSS)
		if b := body(t, ask(p, "GET", last)); !strings.Contains(b, "off by one") {
			t.Errorf("%s does not hold it then:\n%s", last, b)
		}
	})
}

// TestArchiveConflict: another process makes the same archive at the same
// moment. This one takes over what is stored.
func TestArchiveConflict(t *testing.T) {
	m, p := filledTwice(t)
	other := newPublisher(m)
	other.Config = p.Config
	render(t, other)
	racing := &racing{memory: m, other: other}
	p.Store = racing
	m.add(wire(0), "all")
	for n := range 6 {
		m.add(wire(-1-n), "all")
	}
	render(t, p)
	if !racing.done {
		t.Fatal("the other process did not come first")
	}
	for _, format := range formats {
		path := ArchivePath("all", 2, format)
		a, b := body(t, ask(p, "GET", path)), body(t, ask(other, "GET", path))
		if a != b || a == "" || len(m.archives["all"]) != 6 {
			t.Errorf("%s: %d archives\n%s\n%s", path, len(m.archives["all"])/3, a, b)
		}
	}
}

type racing struct {
	*memory
	other *Publisher
	done  bool
}

func (r *racing) PutArchive(ctx context.Context, channel string, documents []newsroom.Archived, kept []newsroom.Kept) error {
	if !r.done {
		r.done = true
		if err := r.other.Render(ctx); err != nil {
			return err
		}
	}
	return r.memory.PutArchive(ctx, channel, documents, kept)
}

// TestArchiveFails: what cannot be archived does not leave the document.
func TestArchiveFails(t *testing.T) {
	m, p := filledTwice(t)
	before := document(t, p, rss)
	p.Store = fullDisk{m}
	for n := range 6 {
		m.add(wire(-1-n), "all")
	}
	if err := p.Render(t.Context()); err == nil || !strings.Contains(err.Error(), "channel all: archive 2: disk full") {
		t.Errorf("error %v", err)
	}
	if document(t, p, rss) != before {
		t.Error("the document changed, though what leaves it is in no archive")
	}
	p.Store = m
	render(t, p)
	if document(t, p, rss) == before {
		t.Error("it does not recover")
	}
}

type fullDisk struct{ *memory }

func (fullDisk) PutArchive(context.Context, string, []newsroom.Archived, []newsroom.Kept) error {
	return errors.New("disk full")
}

// TestUrgent is the table of what must be in an archive before a document is
// published.
func TestUrgent(t *testing.T) {
	floor := now.Add(-time.Hour)
	old, recent := floor.Add(-time.Minute), floor.Add(time.Minute)
	m := moment{now: now, floor: floor, shows: map[int64]bool{1: true}, shown: map[int64]bool{1: true, 2: true}}
	seen := now.Add(-time.Hour)
	tests := []struct {
		name   string
		owed   newsroom.Owed
		urgent bool
		begins bool
	}{
		{"the document shows it", newsroom.Owed{Key: 1, At: recent, Never: true}, false, false},
		{"it leaves", newsroom.Owed{Key: 2, At: recent, Never: true}, true, false},
		{"it leaves, having waited before", newsroom.Owed{Key: 2, At: recent, Never: true, Waits: true}, true, false},
		{"it leaves, and an archive holds an older text", newsroom.Owed{Key: 2, At: recent}, false, false},
		{"a correction of ours leaves", newsroom.Owed{Key: 2, At: recent, House: true}, true, false},
		{"a correction of ours that was never shown", newsroom.Owed{Key: 3, At: old, House: true}, true, false},
		{"a cap keeps it away", newsroom.Owed{Key: 3, At: recent, FirstSeen: seen, Never: true}, false, true},
		{"it came late", newsroom.Owed{Key: 3, At: old, FirstSeen: seen, Never: true}, true, false},
		{"it came at the end of the line-up", newsroom.Owed{Key: 3, At: floor, FirstSeen: seen, Never: true}, true, false},
		{"it waits, and the line-up has gone on", newsroom.Owed{Key: 3, At: old, FirstSeen: seen, Never: true, Waits: true}, false, false},
		{"it has waited for a day", newsroom.Owed{Key: 3, At: old, FirstSeen: now.Add(-patience), Never: true, Waits: true}, true, false},
		{"a withdrawal is told no more", newsroom.Owed{Key: 3, At: recent, Withdrawn: true}, true, false},
		{"a withdrawal is told", newsroom.Owed{Key: 1, At: recent, Withdrawn: true}, false, false},
	}
	for _, test := range tests {
		urgent, begin := m.urgent([]newsroom.Owed{test.owed})
		if (len(urgent) == 1) != test.urgent || (len(begin) == 1) != test.begins {
			t.Errorf("%s: urgent %v, begins to wait %v", test.name, urgent, begin)
		}
	}
	var many []newsroom.Owed
	for n := range int64(archiveFull) {
		many = append(many, newsroom.Owed{Key: 100 + n, At: recent, FirstSeen: seen, Never: true})
	}
	if urgent, _ := m.urgent(many); len(urgent) != archiveFull {
		t.Errorf("%d of a full archive are urgent", len(urgent))
	}
	if urgent, _ := m.urgent(many[1:]); urgent != nil {
		t.Errorf("%d of less than a full archive are urgent", len(urgent))
	}
}

// TestBuildArchives: a folder for a static host holds the archives, with the
// bytes that are served.
func TestBuildArchives(t *testing.T) {
	_, p := filledTwice(t)
	dir := t.TempDir()
	if err := p.Shelf().WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, format := range formats {
		path := ArchivePath("all", 1, format)
		file := filepath.Join(dir, filepath.FromSlash(path))
		got, err := os.ReadFile(file)
		if want := body(t, ask(p, "GET", path)); err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s", path, err, got)
		}
		zipped, err := os.ReadFile(file + ".gz")
		if want := body(t, ask(p, "GET", path, "Accept-Encoding: gzip")); err != nil || string(zipped) != want {
			t.Errorf("%s.gz: %v", path, err)
		}
		files = append(files, path)
	}
	headers, err := os.ReadFile(filepath.Join(dir, HeadersFile))
	if err != nil || !slices.ContainsFunc(files, func(path string) bool {
		return bytes.Contains(headers, []byte(path+"\n")) && bytes.Contains(headers, []byte("Cache-Control: "+archiveCacheControl))
	}) {
		t.Errorf("headers %s, %v", headers, err)
	}
}

// TestArchiveTakenOut: who must have an archive gone takes its rows out of the
// database. The channel and its other archives are published all the same, and
// its address says that it is gone.
func TestArchiveTakenOut(t *testing.T) {
	m, p := filledTwice(t)
	for n := range 12 {
		m.add(wire(-n), "all")
		render(t, p)
	}
	last := p.Shelf().chains["all"].last()
	if last < 3 {
		t.Fatalf("%d archives, want 3 at least", last)
	}
	m.archives["all"] = slices.DeleteFunc(m.archives["all"], func(a newsroom.Archived) bool { return a.Number == 2 })
	p = newPublisher(m)
	c := config()
	c.Channels = []newsroom.Channel{{Name: "all", Entries: 5}}
	p.Config = func() Config { return c }
	render(t, p)
	for target, want := range map[string]int{
		rss:                                   200,
		ArchivePath("all", 1, feeds.RSS):      200,
		ArchivePath("all", 2, feeds.RSS):      410,
		ArchivePath("all", 3, feeds.RSS):      200,
		ArchivePath("all", last, feeds.RSS):   200,
		ArchivePath("all", last+1, feeds.RSS): 307,
	} {
		if r := ask(p, "GET", target); r.StatusCode != want {
			t.Errorf("%s: %d, want %d: %s", target, r.StatusCode, want, body(t, r))
		}
	}
	n := 0
	for d, err := range p.Shelf().Archives() {
		if n++; err != nil || d == nil {
			t.Fatalf("archive %d of the static build: %v, %v", n, d, err)
		}
	}
	if want := len(formats) * int(last-1); n != want {
		t.Errorf("a static build has %d archive documents, want %d", n, want)
	}
}

// TestArchiveUnread: who has an archive, asks for its headers alone or must
// wait is answered without its bytes; when those cannot be read, the others are
// told to come again, and the log says why.
func TestArchiveUnread(t *testing.T) {
	_, p := filledTwice(t)
	path := ArchivePath("all", 1, feeds.RSS)
	tag := ask(p, "GET", path).Header.Get("Etag")
	p.spool.file.Close()
	var log bytes.Buffer
	p.Log = slog.New(slog.NewTextHandler(&log, nil))
	p.Wait = func(r *http.Request, whole bool) time.Duration {
		if whole && r.UserAgent() == "greedy" {
			return time.Minute
		}
		return 0
	}
	for _, test := range []struct {
		method string
		header []string
		status int
	}{
		{"GET", []string{"If-None-Match: " + tag}, 304},
		{"HEAD", nil, 200},
		{"GET", []string{"User-Agent: greedy"}, 429},
		{"GET", nil, 503},
		{"GET", []string{"Accept-Encoding: gzip"}, 503},
	} {
		log.Reset()
		r := ask(p, test.method, path, test.header...)
		if r.StatusCode != test.status || strings.Contains(log.String(), path) != (test.status == 503) {
			t.Errorf("%s %v: %d, want %d; the log says %q", test.method, test.header, r.StatusCode, test.status, log.String())
		}
		if h := r.Header; test.status == 503 && (h.Get("Cache-Control") != "no-store" || h.Get("Etag") != "" || h.Get("Retry-After") != "60") {
			t.Errorf("the refusal may be kept: %v", h)
		}
	}
}
