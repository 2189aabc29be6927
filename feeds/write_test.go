package feeds

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

// outFormats are the formats with the endings of their files.
var outFormats = []struct {
	format Format
	ending string
}{{RSS, "rss"}, {Atom, "atom"}, {JSONFeed, "json"}}

// writeCase is a feed with what its golden files show.
type writeCase struct {
	name  string
	shows string
	feed  func(Format) *Feed
}

var writeCases = []writeCase{
	{"maximal", "Every field that a format can carry: people, categories, links, rights, comments, pictures, enclosures, source, extensions.", maximalFeed},
	{"minimal", "As little as a caller can give: a title, an address, one entry with a title, an id, an address and a date.", minimalFeed},
	{"withdrawn", "Two withdrawn entries. Atom says it with tombstones before the entries, and keeps the one that came back later; RSS and JSON carry the notice.", withdrawnFeed},
	{"archive", "An archive document (RFC 5005 section 4): it says so, and links to its neighbors and to the current document. JSON Feed links to the older ones.", archiveFeed},
	{"hostile", "What sources send: control characters, CDATA ends, markup in titles, script addresses, e-mail addresses, international addresses, an id that is not canonical and must stay so, no dates. All three documents stay well-formed, and nothing of it reaches a reader as markup or link.", hostileFeed},
}

func outDay(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 30, 15, 0, time.UTC) }

func maximalFeed(format Format) *Feed {
	const site = "https://news.example.com"
	return &Feed{
		ID: "tag:news.example.com,2026:all", Title: "R&D <Daily>", Subtitle: "AI news & more", Link: site + "/",
		Self: site + "/feeds/all." + string(format), Hubs: []string{site + "/hub"},
		Links: []Link{
			{Rel: "prev-archive", Href: site + "/feeds/all/archive/2026-10." + string(format)},
			{Rel: "license", Href: "https://creativecommons.org/licenses/by/4.0/"},
			{Rel: "alternate", Href: site + "/feeds/all.pdf", MediaType: "application/pdf", Title: "Print"},
		},
		Language: "en", Rights: "© 2026 R&D Daily", Generator: Generator{"Newswire", "https://newswire.example/", "1.2"},
		Icon: site + "/icon.png", Logo: site + "/logo.png",
		Image:      &Image{URL: site + "/rss.png", Width: 144, Height: 72},
		Authors:    []Person{{Name: "The Desk", Email: "desk@news.example.com", URI: site + "/about"}},
		Categories: []Category{{Term: "ai", Scheme: site + "/tags", Label: "Artificial Intelligence"}},
		Updated:    outDay(21, 12), TTL: 20 * time.Minute,
		SkipHours: []int{3, 2}, SkipDays: []time.Weekday{time.Sunday},
		Entries:   []Entry{maximalHouseEntry(), maximalForeignEntry()},
		Extension: map[string]any{"_newswire": map[string]any{"about": site + "/about-feed", "story": 7}},
	}
}

func maximalHouseEntry() Entry {
	const page = "https://news.example.com/articles/review"
	return Entry{
		GUID: "tag:news.example.com,2026-11-20:articles/review", Title: "GPT < 10: a \"review\" & more", Link: page,
		External: "https://lab.example/model",
		Summary:  "<p>A <em>short</em> look &amp; a verdict.</p>", Content: `<p>The full text with <a href="https://lab.example/">a link</a>.</p><pre>a[b[0]]&gt;1</pre>`,
		Rights: "© The authors", License: "https://creativecommons.org/licenses/by/4.0/",
		Authors:    []Person{{Name: "Ada Lovelace", Email: "ada@news.example.com", URI: "https://news.example.com/ada"}, {Name: "Alan Turing"}},
		Categories: []Category{{Term: "models", Scheme: "https://news.example.com/tags", Label: "Models"}, {Term: "review"}},
		Enclosures: []Enclosure{
			{URL: page + ".mp3", MediaType: "audio/mpeg", Title: "Read aloud", Length: 12345, Duration: 90 * time.Second},
			{URL: page + ".pdf", MediaType: "application/pdf"},
		},
		Images: []Image{
			{URL: page + ".jpg", Title: "A & B at work", MediaType: "image/jpeg", Width: 1200, Height: 675},
			{URL: page + "-wide.jpg", MediaType: "image/jpeg", Width: 1600, Height: 400},
		},
		Comments:  &Comments{Page: page + "#comments", Feed: page + "/comments.atom", Count: 7, Updated: outDay(21, 11)},
		Published: outDay(20, 9), Updated: outDay(21, 10),
		Extension: map[string]any{"_newswire": map[string]any{"house": true, "reading_minutes": 4}},
	}
}

func maximalForeignEntry() Entry {
	return Entry{
		GUID: "https://src.example/2026/11/x", Title: "Étude des modèles", Link: "https://src.example/2026/11/x?a=1&b=2", Language: "fr",
		Content:   "<p>Tout le texte.</p>",
		Published: time.Date(2026, 11, 19, 23, 0, 0, 999, time.FixedZone("", -5*3600)), // 04:00 UTC on the 20th
		Source: &Feed{
			ID: "tag:src.example,2020:feed", Title: "Source & Co", Link: "https://src.example/", Self: "https://src.example/feed.xml",
			Updated: outDay(20, 5), Rights: "© Source", Authors: []Person{{Name: "Grace Hopper", Email: "g@src.example"}},
		},
	}
}

func minimalFeed(format Format) *Feed {
	return &Feed{
		Title: "Minimal", Link: "https://min.example/", Self: "https://min.example/feed." + string(format),
		Entries: []Entry{{GUID: "https://min.example/1", Title: "One", Link: "https://min.example/1", Published: outDay(1, 8)}},
	}
}

func withdrawnFeed(format Format) *Feed {
	f := minimalFeed(format)
	f.Updated = outDay(3, 9)
	f.Entries = append(f.Entries,
		Entry{GUID: "https://min.example/2", Title: "Withdrawn: Two", Link: "https://min.example/2", Summary: "<p>The article was withdrawn.</p>", Published: outDay(1, 9), Updated: outDay(2, 9)},
		Entry{GUID: "https://min.example/3", Title: "Three is back", Link: "https://min.example/3", Published: outDay(1, 10), Updated: outDay(3, 9)},
	)
	f.Deleted = []Tombstone{
		{Ref: "https://min.example/2", When: outDay(2, 9), Comment: "The figures & the <table> were wrong."},
		{Ref: "https://min.example/3", When: outDay(2, 10)},
		{Ref: "https://min.example/2", When: outDay(2, 9), Comment: "said twice"},
	}
	return f
}

func archiveFeed(format Format) *Feed {
	at := func(name string) string { return "https://min.example/archive/" + name + "." + string(format) }
	f := minimalFeed(format)
	f.Self, f.Archive = at("2026-10"), true
	f.Links = []Link{
		{Rel: "current", Href: "https://min.example/feed." + string(format)},
		{Rel: "prev-archive", Href: at("2026-09")},
		{Rel: "next-archive", Href: at("2026-11")},
	}
	return f
}

func hostileFeed(format Format) *Feed {
	return &Feed{
		ID: " tag:h.example,2026:f\n", Title: "A\x00 tab\t title\uFFFE &amp; </title>", Link: "javascript:alert(1)",
		Self: "https://user:secret@bücher.example/féed ü." + string(format) + "?a[]=1|2#ä#b", Language: "en_GB\"", Hubs: []string{"//hub", "mailto:x@y.example"},
		Links:     []Link{{Rel: "privacy-policy", Href: "https://h.example/p"}, {Rel: "next", Href: "/relative"}},
		Generator: Generator{"<b>gen</b>", "data:text/html,x", "1\x1b[0m"},
		Image:     &Image{URL: "https://h.example/i.png", Width: 512, Height: 512},
		Authors:   []Person{{Name: "a@h.example (Ann)"}, {Email: "only@h.example"}, {Name: "Bob <b@h.example>", URI: "mailto:b@h.example"}},
		SkipHours: []int{24, -1, 5, 5}, SkipDays: []time.Weekday{9}, TTL: 5 * time.Second,
		Entries: []Entry{
			{GUID: "tag:h.example,2026:1", Summary: "<p>No title,</p><script>alert(1)</script><p>only&nbsp;text ]]> with &lt;tags&gt; and a CDATA end, long enough to be cut somewhere after eighty letters.</p>",
				Content: "<p>x ]]> y ]]]]>\x0b\u0085\xff z</p>", Published: outDay(1, 1)},
			{Link: "https://h.example/%zz?q=<x>\"'`", Title: "<img src=x onerror=alert(1)>", Updated: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)},
			{Title: "\u202eneither id nor link"},
			{GUID: "HTTPS://H.example/%7e4", Title: " ", Source: &Feed{Self: "https://s.example/feed", Title: "\x07"},
				Enclosures: []Enclosure{{URL: "file:///etc/passwd"}, {URL: "https://h.example/a b.mp3", MediaType: "<x>", Length: -1}},
				Images:     []Image{{URL: "data:image/png;base64,x"}, {URL: "https://h.example/\"i\".png", Width: -1}},
				Comments:   &Comments{Page: "https://h.example/c", Count: -1}},
		},
		Extension: map[string]any{"_x": []any{"ok\x0b\uFFFF</script>", map[string]any{"k\x01": 1e21}}, "bad": 1, "_.": 2, "_b\"": 3},
	}
}

func outBytes(t testing.TB, f *Feed, format Format) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, f, format); err != nil {
		t.Fatalf("Write %s: %v", format, err)
	}
	return b.Bytes()
}

// TestWriteGolden compares what is written with testdata/write; what each file
// shows stands in NAME.txt beside it.
func TestWriteGolden(t *testing.T) {
	for _, c := range writeCases {
		golden(t, filepath.Join("testdata", "write", c.name+".txt"), []byte(c.shows+"\n"))
		for _, f := range outFormats {
			t.Run(c.name+"."+f.ending, func(t *testing.T) {
				golden(t, filepath.Join("testdata", "write", c.name+"."+f.ending+".golden"), outBytes(t, c.feed(f.format), f.format))
			})
		}
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *updateGolden {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestWriteRefuses(t *testing.T) {
	var b bytes.Buffer
	err := Write(&b, minimalFeed(RSS), "rdf")
	if err == nil || !strings.Contains(err.Error(), `"rdf"`) || b.Len() > 0 {
		t.Errorf("unknown format: %v, %d bytes", err, b.Len())
	}
	if err := Write(&b, nil, RSS); err == nil || b.Len() > 0 {
		t.Errorf("nil feed: %v, %d bytes", err, b.Len())
	}
	bad := minimalFeed(JSONFeed)
	bad.Entries[0].Extension = map[string]any{"_f": func() {}}
	if err := Write(&b, bad, JSONFeed); err == nil || !strings.Contains(err.Error(), "min.example/1") || !strings.Contains(err.Error(), "_f") {
		t.Errorf("an extension that is not JSON: %v", err)
	}
}

// failingWriter fails after n bytes.
type failingWriter struct{ n int }

var errFull = errors.New("disk full")

func (w *failingWriter) Write(p []byte) (int, error) {
	if len(p) > w.n {
		return w.n, errFull
	}
	w.n -= len(p)
	return len(p), nil
}

func TestWriteReportsTheWriter(t *testing.T) {
	for _, f := range outFormats {
		whole := len(outBytes(t, maximalFeed(f.format), f.format))
		for n := 0; n < whole; n += 97 {
			if err := Write(&failingWriter{n}, maximalFeed(f.format), f.format); !errors.Is(err, errFull) {
				t.Fatalf("%s, writer full after %d of %d bytes: error %v", f.format, n, whole, err)
			}
		}
	}
}

// TestWriteIsAFunction holds that equal feeds give equal bytes, whatever the
// order of maps, and that Write does not change what it is given.
func TestWriteIsAFunction(t *testing.T) {
	for _, f := range outFormats {
		build := func() *Feed {
			feed := maximalFeed(f.format)
			for i := range 40 {
				feed.Extension[fmt.Sprintf("_k%d", i)] = map[string]any{"b": i, "a": map[string]any{"y": 1, "x": 2}}
			}
			return feed
		}
		one := build()
		first := outBytes(t, one, f.format)
		if diff := cmp.Diff(build(), one); diff != "" {
			t.Errorf("%s: Write changed the feed:\n%s", f.format, diff)
		}
		for range 5 {
			if !bytes.Equal(first, outBytes(t, build(), f.format)) {
				t.Fatalf("%s: two writes of equal feeds differ", f.format)
			}
		}
	}
}
