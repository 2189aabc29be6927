package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mmcdole/gofeed"

	"newswire/feeds"
	"newswire/internal/feedcheck"
	"newswire/internal/newsroom"
	"newswire/internal/publish"
)

const corpus = "../../../shared/corpus"

// realFeeds returns paths of the corpus's well-formed feeds from the real
// world, one in so many, in a fixed order.
func realFeeds(t *testing.T, oneIn uint32) []string {
	t.Helper()
	manifest, err := os.ReadFile(filepath.Join(corpus, "MANIFEST.tsv"))
	if err != nil {
		t.Skipf("the corpus is not here: %v", err)
	}
	var paths []string
	for _, line := range strings.Split(string(manifest), "\n")[1:] {
		f := strings.Split(line, "\t")
		if len(f) < 11 || f[6] != "yes" || !strings.Contains(f[10], "real-world") || !strings.HasPrefix(f[0], "feeds/") {
			continue
		}
		if !strings.HasPrefix(f[5], "rss") && !strings.HasPrefix(f[5], "atom") && !strings.HasPrefix(f[5], "json") && f[5] != "rdf" {
			continue
		}
		h := fnv.New32a()
		h.Write([]byte(f[0]))
		if h.Sum32()%oneIn == 0 {
			paths = append(paths, f[0])
		}
	}
	return paths
}

// A newsdesk is the whole program in one process, with sources on loopback.
type newsdesk struct {
	*wire
	dir string
}

// openNewsdesk writes a configuration and articles into a folder and opens
// what it describes.
func openNewsdesk(t *testing.T, dir, config string) *newsdesk {
	t.Helper()
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := loadSettings(file)
	if err != nil {
		t.Fatal(err)
	}
	w, err := openWire(context.Background(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.close() })
	return &newsdesk{w, dir}
}

func (n *newsdesk) pollAll(t *testing.T) {
	t.Helper()
	for _, src := range n.now.Load().sources {
		if _, err := n.poller.Ask(context.Background(), src.Slug); err != nil {
			t.Errorf("%s: %v", src.Name, err)
		}
	}
	if _, err := n.readHouse(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := n.publisher.Render(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// documents are all published bytes and tags.
func (n *newsdesk) documents() map[string]string {
	docs := map[string]string{}
	for _, d := range n.publisher.Shelf().Documents() {
		docs[d.Path] = d.ETag + " " + d.Modified.String() + "\n" + string(d.Body)
	}
	for d, err := range n.publisher.Shelf().Archives() {
		if err != nil {
			panic(err)
		}
		docs[d.Path] = d.ETag + " " + d.Modified.String() + "\n" + string(d.Body)
	}
	return docs
}

func corpusConfig(base string, paths []string) string {
	var b strings.Builder
	b.WriteString(`site: {title: The Test, url: "http://news.example.com"}
server: {settle: 0s}
fetch: {min_interval: 0s, host_interval: 0s, workers: 4, allow_networks: [127.0.0.0/8]}
sources:
`)
	for i, p := range paths {
		fmt.Fprintf(&b, "  - {name: \"Source %d\", url: %q, tags: [%s], publish: full}\n", i, base+"/"+p, []string{"labs", "outlets"}[i%2])
	}
	b.WriteString("channels:\n  - {name: all, entries: 300}\n  - {name: house, where: house}\n  - {name: labs, where: '\"labs\" in tags', entries: 200}\n")
	return b.String()
}

func writeArticle(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "articles"), 0o755); err != nil {
		t.Fatal(err)
	}
	text := "---\ntitle: The house's own words\ndate: 2026-11-01\nsummary: A summary.\ntags: [ours]\n---\nBody & soul.\n"
	if err := os.WriteFile(filepath.Join(dir, "articles", "own.md"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestCorpusMerged polls real feeds and holds what is published of them: the
// same entries with the same ids in each format, each with its source named,
// in documents that strict readers accept. Polling again, unchanged or in
// another order, changes no byte; a second process on a copy of the database
// gives the same bytes and tags.
func TestCorpusMerged(t *testing.T) {
	t.Parallel()
	oneIn := uint32(3)
	if underRace {
		oneIn = 12
	}
	paths := realFeeds(t, oneIn)
	reorder := false
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := os.ReadFile(filepath.Join(corpus, filepath.FromSlash(r.URL.Path)))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		if reorder {
			body = turned(body)
		}
		w.Write(body)
	}))
	defer origin.Close()
	dir := t.TempDir()
	writeArticle(t, dir)
	desk := openNewsdesk(t, dir, corpusConfig(origin.URL, paths))
	desk.pollAll(t)

	good := 0
	checks, err := desk.store.Checks(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if c.Class.Good() {
			good++
		} else {
			t.Logf("%s: %s", c.Source, c.Problem)
		}
	}
	t.Logf("%d of %d real feeds read", good, len(paths))
	if good*100 < len(paths)*98 {
		t.Errorf("only %d of %d feeds were read", good, len(paths))
	}
	for _, channel := range []string{"all", "labs", "house"} {
		checkChannel(t, desk, channel)
	}

	before := desk.documents()
	desk.pollAll(t)
	if diff := cmp.Diff(before, desk.documents()); diff != "" {
		t.Errorf("polling the same again changed what is published:\n%.2000s", diff)
	}
	reorder = true
	desk.pollAll(t)
	if diff := cmp.Diff(before, desk.documents()); diff != "" {
		t.Errorf("polling the same in another order changed what is published:\n%.2000s", diff)
	}

	other := t.TempDir()
	writeArticle(t, other)
	if err := desk.store.Backup(context.Background(), filepath.Join(other, "newswire.db")); err != nil {
		t.Fatal(err)
	}
	second := openNewsdesk(t, other, corpusConfig(origin.URL, paths))
	if err := second.publisher.Render(context.Background()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, second.documents()); diff != "" {
		t.Errorf("another process publishes something else:\n%.2000s", diff)
	}
}

var rssItems = regexp.MustCompile(`(?s)<item>.*?</item>`)

// turned returns an RSS document with its items in the opposite order; other
// documents as they are.
func turned(body []byte) []byte {
	items := rssItems.FindAll(body, -1)
	slices.Reverse(items)
	i := -1
	return rssItems.ReplaceAllFunc(body, func([]byte) []byte { i++; return items[i] })
}

// checkChannel holds what every reader of a channel may expect.
func checkChannel(t *testing.T, desk *newsdesk, channel string) {
	t.Helper()
	ids := map[feeds.Format][]string{}
	for _, format := range []feeds.Format{feeds.RSS, feeds.Atom, feeds.JSONFeed} {
		d := desk.publisher.Shelf().Document(publish.FeedPath(channel, format))
		if d == nil {
			t.Fatalf("%s.%s is not published", channel, format)
		}
		parsed, err := gofeed.NewParser().Parse(bytes.NewReader(d.Body))
		if err != nil {
			t.Fatalf("%s: gofeed: %v", d.Path, err)
		}
		for _, item := range parsed.Items {
			ids[format] = append(ids[format], item.GUID)
		}
		self := "http://news.example.com" + d.Path
		for _, f := range feedcheck.Check(d.Body, d.MediaType, self) {
			if f.Level == feedcheck.Error {
				t.Errorf("%s: %s", d.Path, f)
			}
		}
		if format != feeds.JSONFeed {
			xmllint(t, d.Body)
		}
	}
	if len(ids[feeds.RSS]) == 0 {
		t.Errorf("%s has no entry", channel)
	}
	if diff := cmp.Diff(ids[feeds.RSS], ids[feeds.Atom]); diff != "" {
		t.Errorf("%s: RSS and Atom have different ids:\n%s", channel, diff)
	}
	if diff := cmp.Diff(ids[feeds.RSS], ids[feeds.JSONFeed]); diff != "" {
		t.Errorf("%s: RSS and JSON have different ids:\n%s", channel, diff)
	}
	sourcesNamed(t, desk, channel)
}

func xmllint(t *testing.T, doc []byte) {
	t.Helper()
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Log("xmllint is not here: its check was left out")
		return
	}
	cmd := exec.Command("xmllint", "--noout", "--nonet", "-")
	cmd.Stdin = bytes.NewReader(doc)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("xmllint: %v\n%.1000s", err, out)
	}
}

// sourcesNamed holds that each foreign entry names where it came from.
func sourcesNamed(t *testing.T, desk *newsdesk, channel string) {
	t.Helper()
	entries, _ := desk.publisher.Shelf().LineUp(channel)
	foreign := 0
	for _, e := range entries {
		if !e.House {
			foreign++
		}
	}
	shelf := desk.publisher.Shelf()
	rss := shelf.Document(publish.FeedPath(channel, feeds.RSS)).Body
	if n := bytes.Count(rss, []byte("<source url=")); n != foreign {
		t.Errorf("%s.rss: %d of %d foreign entries name their source", channel, n, foreign)
	}
	atom := shelf.Document(publish.FeedPath(channel, feeds.Atom)).Body
	if n := bytes.Count(atom, []byte("<source>")); n != foreign {
		t.Errorf("%s.atom: %d of %d foreign entries name their source", channel, n, foreign)
	}
	var doc struct {
		Items []struct {
			Newswire struct {
				House  bool
				Source *struct{ Title, URL, FeedURL string }
			} `json:"_newswire"`
		}
	}
	if err := json.Unmarshal(shelf.Document(publish.FeedPath(channel, feeds.JSONFeed)).Body, &doc); err != nil {
		t.Fatal(err)
	}
	for i, item := range doc.Items {
		if !item.Newswire.House && (item.Newswire.Source == nil || item.Newswire.Source.Title == "") {
			t.Errorf("%s.json: item %d does not name its source", channel, i)
		}
	}
}

// TestReadersNeedNoStore closes the store under a running newsroom: channels
// and pages are answered all the same.
func TestReadersNeedNoStore(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `<rss version="2.0"><channel><title>One</title><link>http://one.example/</link><description>d</description>
			<item><guid>http://one.example/1</guid><title>Something happened</title><description>x</description></item></channel></rss>`)
	}))
	defer origin.Close()
	dir := t.TempDir()
	writeArticle(t, dir)
	desk := openNewsdesk(t, dir, corpusConfig(origin.URL, []string{"feed"}))
	desk.pollAll(t)
	site, err := desk.siteHandler()
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/feeds/all.rss", "/feeds/all.atom", "/feeds/all.json", "/feeds/all", "/feeds", "/", "/articles/own", "/sources.opml", "/sitemap.xml"} {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s: %d with a closed store", path, w.Code)
		}
		again := httptest.NewRequest(http.MethodGet, path, nil)
		again.Header.Set("If-None-Match", w.Header().Get("ETag"))
		w2 := httptest.NewRecorder()
		site.ServeHTTP(w2, again)
		if w2.Code != http.StatusNotModified {
			t.Errorf("%s: %d to its own ETag %q", path, w2.Code, w.Header().Get("ETag"))
		}
	}
}

// TestNoNetwork starts the shipped newsroom where nothing can be reached: the
// house's articles are served, every source fails with a clear class and a
// next try that is not at once.
func TestNoNetwork(t *testing.T) {
	s, err := loadSettings("../../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	config := *s.config
	config.Fetch.HostInterval = 0 // or it would take a second for each source of one host
	s.config = &config
	s.file = filepath.Join(t.TempDir(), "config.yaml") // where the database goes
	articles, err := filepath.Abs("../../articles")
	if err != nil {
		t.Fatal(err)
	}
	s.config.Articles = articles
	desk := &newsdesk{}
	desk.wire, err = openWire(context.Background(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer desk.close()
	desk.client = unreachable(s)
	desk.poller.Client = desk.client
	began := time.Now()
	desk.pollAll(t)
	if n := len(desk.publisher.Shelf().House()); n < 3 {
		t.Errorf("%d house articles are published", n)
	}
	list, err := healthOf(context.Background(), desk.store, s, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 60 {
		t.Errorf("only %d sources", len(list))
	}
	for _, h := range list {
		if h.Class != newsroom.ClassDNS && h.Class != newsroom.ClassConnect {
			t.Errorf("%s: class %q", h.Name, h.Class)
		}
		if h.Problem == "" || h.Failures != 1 || h.Next == nil || h.Next.Sub(began) < 10*time.Minute {
			t.Errorf("%s: %q, %d failures, next %v", h.Name, h.Problem, h.Failures, h.Next)
		}
	}
	due, err := desk.store.NextDue(context.Background(), []string{list[0].Name})
	if err == nil && !due.IsZero() && due.Before(time.Now()) {
		t.Error("something is due at once: it would spin")
	}
}
