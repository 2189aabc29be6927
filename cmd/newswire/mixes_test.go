package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/mmcdole/gofeed"

	"newswire/feeds"
	"newswire/internal/feedcheck"
	"newswire/internal/newsroom"
	"newswire/internal/publish"
)

// anyFeeds returns paths of all of the corpus's feeds, well-formed or not, in
// every format: those from the real world, and those made up to test readers.
func anyFeeds(t *testing.T) (real, odd []string) {
	t.Helper()
	manifest, err := os.ReadFile(filepath.Join(corpus, "MANIFEST.tsv"))
	if err != nil {
		t.Skipf("the corpus is not here: %v", err)
	}
	for _, line := range strings.Split(string(manifest), "\n")[1:] {
		f := strings.Split(line, "\t")
		if len(f) < 11 || slices.Contains([]string{"opml", "html", "cdf", "other", "json-other"}, f[5]) {
			continue
		}
		if strings.Contains(f[10], "real-world") || strings.Contains(f[10], "time-series") {
			real = append(real, f[0])
		} else {
			odd = append(odd, f[0])
		}
	}
	slices.Sort(real)
	slices.Sort(odd)
	return slices.Compact(real), slices.Compact(odd)
}

// accepted are the warnings that a channel of others' entries can cost, and
// why none of them is mended. Nothing else is accepted, and no error.
var accepted = map[string]string{
	// An id is another's name for an entry. RFC 4287 §4.2.6.1 has it copied
	// byte for byte, though it be none that we would choose.
	"NonCanonicalURI":         "an id of others is kept as it is",
	"SchemeNotIANARegistered": "an id of others is kept as it is",
	// Sources that give only days, or one date for everything: seconds are not
	// invented (RFC 4287 §3.3, standards A1-14).
	"DuplicateUpdated": "entries were published at one instant",
	// Accepted only where the source's own bytes hold the same characters: U+FFFD,
	// where nobody knows what stood there, and UTF-8 that was encoded twice. That
	// could be undone, but an entry without a guid is known by its title: mended,
	// it would come back as new.
	"BadCharacters": "sent so by the source",
}

// A mix is a channel of a few sources.
type mix struct {
	name    string
	sources []string // paths in the corpus
}

// TestMixes publishes channels of two hundred random mixes of feeds, real ones
// and odd ones under every republication policy, and holds each document
// against the rules of the W3C validator and against three strict parsers.
func TestMixes(t *testing.T) {
	t.Parallel()
	real, odd := anyFeeds(t)
	random := rand.New(rand.NewPCG(4, 2026))
	count := 200
	if underRace {
		count = 20
	}
	mixes, used := drawMixes(random, real, odd, count)
	origin := httptest.NewServer(corpusHandler())
	defer origin.Close()
	dir := t.TempDir()
	writeArticle(t, dir)
	desk := openNewsdesk(t, dir, mixesConfig(random, origin.URL, mixes, used))
	began := time.Now()
	desk.pollAll(t)
	good := 0
	checks, err := desk.store.Checks(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if c.Class.Good() {
			good++
		}
	}
	t.Logf("%d feeds asked, %d of them good, in %v", len(used), good, time.Since(began).Round(time.Millisecond))

	found, items := map[string]int{}, 0
	for i, m := range mixes {
		items += judgeChannel(t, desk, m, found, i%20 == 0)
	}
	t.Logf("%d items in %d channels; accepted: %v", items, len(mixes), found)
	if items < 10*len(mixes) {
		t.Errorf("only %d items in %d channels", items, len(mixes))
	}
}

// drawMixes draws n mixes of three to eight feeds, a third of them real;
// used are all that are in one.
func drawMixes(random *rand.Rand, real, odd []string, n int) (mixes []mix, used []string) {
	all := map[string]bool{}
	for i := range n {
		m := mix{name: fmt.Sprintf("mix-%03d", i)}
		for range 3 + random.IntN(6) {
			from := [][]string{real, odd, odd}[random.IntN(3)]
			path := from[random.IntN(len(from))]
			m.sources = append(m.sources, path)
			all[path] = true
		}
		mixes = append(mixes, m)
	}
	return mixes, slices.Sorted(maps.Keys(all))
}

func corpusHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := os.ReadFile(filepath.Join(corpus, filepath.FromSlash(r.URL.Path)))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/xml") // no charset: net/http would guess one
		w.Write(body)
	})
}

func mixesConfig(random *rand.Rand, base string, mixes []mix, used []string) string {
	var b strings.Builder
	b.WriteString(`site: {title: The Test, url: "http://news.example.com"}
server: {settle: 0s}
fetch: {min_interval: 0s, host_interval: 0s, workers: 4, allow_networks: [127.0.0.0/8]}
guard: {first_import: 20}
sources:
`)
	for i, path := range used {
		policy := []newsroom.Policy{newsroom.PublishLink, newsroom.PublishExcerpt, newsroom.PublishFull, newsroom.PublishFull}[random.IntN(4)]
		fmt.Fprintf(&b, "  - {name: \"Source %d\", url: %q, publish: %s}\n", i, base+"/"+path, policy)
	}
	b.WriteString("channels:\n")
	for _, m := range mixes {
		names := make([]string, len(m.sources))
		for i, path := range m.sources {
			n, _ := slices.BinarySearch(used, path)
			names[i] = fmt.Sprintf("%q", fmt.Sprintf("Source %d", n))
		}
		fmt.Fprintf(&b, "  - {name: %s, entries: 100, where: 'house or source in [%s]'}\n", m.name, strings.Join(names, ", "))
	}
	return b.String()
}

// judgeChannel holds a channel's three documents against the rules, and
// against each other. Warnings that are accepted are counted in found. It
// returns the number of items.
func judgeChannel(t *testing.T, desk *newsdesk, m mix, found map[string]int, lint bool) int {
	t.Helper()
	channel := m.name
	ids := map[string][]string{}
	for _, format := range []feeds.Format{feeds.RSS, feeds.Atom, feeds.JSONFeed} {
		d := desk.publisher.Shelf().Document(publish.FeedPath(channel, format))
		if d == nil {
			t.Fatalf("%s.%s is not published", channel, format)
		}
		judgeDocument(t, d, m, found)
		parsed, err := gofeed.NewParser().Parse(bytes.NewReader(d.Body))
		if err != nil {
			t.Fatalf("%s: gofeed: %v", d.Path, err)
		}
		for _, item := range parsed.Items {
			ids["gofeed "+string(format)] = append(ids["gofeed "+string(format)], item.GUID)
		}
		ids[string(format)], err = strictIDs(d.Body, format)
		if err != nil {
			t.Fatalf("%s: %v", d.Path, err)
		}
		if lint && format != feeds.JSONFeed {
			xmllint(t, d.Body)
		}
	}
	for name, list := range ids {
		want := ids["rss"]
		if strings.HasPrefix(name, "gofeed ") { // which writes the ids of Atom as net/url does
			want, list = rewritten(want), rewritten(list)
		}
		if diff := cmp.Diff(want, list); diff != "" {
			t.Errorf("%s: other ids as %s reads them:\n%s", channel, name, diff)
		}
	}
	return len(ids["rss"])
}

// rewritten returns URLs as net/url writes them.
func rewritten(ids []string) []string {
	out := slices.Clone(ids)
	for i, id := range ids {
		if u, err := url.Parse(id); err == nil {
			out[i] = u.String()
		}
	}
	return out
}

// judgeDocument reports what the validator's rules find in a document, and
// counts those warnings that are accepted.
func judgeDocument(t *testing.T, d *publish.Document, m mix, found map[string]int) {
	t.Helper()
	c := feedcheck.Checker{MediaType: d.MediaType, SelfURL: "http://news.example.com" + d.Path, Now: time.Now()}
	lines := strings.Split(string(d.Body), "\n")
	for _, f := range c.Check(d.Body) {
		if f.Level == feedcheck.Info {
			continue
		}
		if _, ok := accepted[f.Rule]; ok && f.Level == feedcheck.Warning && (f.Rule != "BadCharacters" || m.sent(f)) {
			found[f.Rule]++
			continue
		}
		t.Errorf("%s: %s\n\t%.300s", d.Path, f, lines[f.Line-1])
	}
}

var quoted = regexp.MustCompile(`"[^"]+"|U\+FFFD`)

// sent reports whether a source of the mix sent the bad characters of a finding.
func (m mix) sent(f feedcheck.Finding) bool {
	bad, err := strconv.Unquote(quoted.FindString(f.Message))
	return slices.ContainsFunc(m.sources, func(path string) bool {
		body, _ := os.ReadFile(filepath.Join(corpus, filepath.FromSlash(path)))
		if err != nil { // U+FFFD: it stands for what was no character
			return !utf8.Valid(body) || lost.Match(body)
		}
		return bytes.Contains(body, []byte(bad))
	})
}

// lost are characters that had none in windows-1252 when somebody took UTF-8
// for it, and U+FFFD itself.
var lost = regexp.MustCompile(`[\x{81}\x{8D}\x{8F}\x{90}\x{9D}\x{FFFD}]`)

// strictIDs reads the ids of a document by the standard library alone.
func strictIDs(body []byte, format feeds.Format) (ids []string, err error) {
	switch format {
	case feeds.JSONFeed:
		var doc struct{ Items []struct{ ID string } }
		err = json.Unmarshal(body, &doc)
		for _, item := range doc.Items {
			ids = append(ids, item.ID)
		}
	case feeds.Atom:
		var doc struct {
			Entries []struct {
				ID string `xml:"http://www.w3.org/2005/Atom id"`
			} `xml:"http://www.w3.org/2005/Atom entry"`
		}
		err = xml.Unmarshal(body, &doc)
		for _, e := range doc.Entries {
			ids = append(ids, e.ID)
		}
	default:
		var doc struct {
			Items []struct {
				GUID string `xml:"guid"`
			} `xml:"channel>item"`
		}
		err = xml.Unmarshal(body, &doc)
		for _, item := range doc.Items {
			ids = append(ids, item.GUID)
		}
	}
	return ids, err
}
