package feeds

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/mmcdole/gofeed"

	"newswire/internal/feedcheck"
)

// readItem is what another reader understands of an entry.
type readItem struct {
	ID, Title, Link, Summary, Content string
	Published, Updated                string
	Authors, Categories               []string
	Enclosures                        int
}

// readBack reads a document with gofeed, which shares no code with Write.
func readBack(t *testing.T, doc []byte) (*gofeed.Feed, []readItem) {
	t.Helper()
	f, err := gofeed.NewParser().Parse(bytes.NewReader(doc))
	if err != nil {
		t.Fatalf("gofeed: %v\n%s", err, doc)
	}
	var items []readItem
	for _, i := range f.Items {
		it := readItem{ID: i.GUID, Title: i.Title, Link: i.Link, Summary: i.Description, Content: i.Content, Categories: i.Categories,
			Published: readDate(i.PublishedParsed), Updated: readDate(i.UpdatedParsed), Enclosures: len(i.Enclosures)}
		for _, a := range i.Authors {
			it.Authors = append(it.Authors, a.Name)
		}
		if i.DublinCoreExt != nil {
			it.Authors = i.DublinCoreExt.Creator
		}
		items = append(items, it)
	}
	return f, items
}

func readDate(t *time.Time) string {
	if t == nil {
		return ""
	}
	return outDate(*t, outRFC3339)
}

// TestWriteRoundTrip holds that another reader understands the maximal feed in
// all three formats as it was meant.
func TestWriteRoundTrip(t *testing.T) {
	house := readItem{
		ID: "tag:news.example.com,2026-11-20:articles/review", Title: `GPT < 10: a "review" & more`, Link: "https://news.example.com/articles/review",
		Summary: string(maximalHouseEntry().Summary), Content: string(maximalHouseEntry().Content),
		Published: "2026-11-20T09:30:15Z", Updated: "2026-11-21T10:30:15Z",
		Authors: []string{"Ada Lovelace", "Alan Turing"}, Categories: []string{"models", "review"}, Enclosures: 2,
	}
	foreign := readItem{
		ID: "https://src.example/2026/11/x", Title: "Étude des modèles", Link: "https://src.example/2026/11/x?a=1&b=2",
		Content: "<p>Tout le texte.</p>", Published: "2026-11-20T04:00:00Z", Updated: "2026-11-20T04:00:00Z", Authors: []string{"Grace Hopper"},
	}
	for _, o := range outFormats {
		t.Run(o.ending, func(t *testing.T) {
			want := []readItem{house, foreign}
			switch o.format {
			case RSS: // one enclosure; the only text is the description; no updated of its own
				want[0].Enclosures = 1
				want[1].Summary, want[1].Content, want[1].Updated = want[1].Content, "", ""
			case Atom: // gofeed reads labels
				want[0].Categories = []string{"Models", "review"}
			case JSONFeed: // the summary is plain text
				want[0].Summary, want[1].Updated = "A short look & a verdict.", ""
			}
			f, got := readBack(t, outBytes(t, maximalFeed(o.format), o.format))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
			if f.Title != "R&D <Daily>" || f.Link != "https://news.example.com/" || f.FeedLink != "https://news.example.com/feeds/all."+o.ending || f.Language != "en" {
				t.Errorf("feed: title %q, link %q, self %q, language %q", f.Title, f.Link, f.FeedLink, f.Language)
			}
		})
	}
}

// TestWriteSameItems holds that the three formats carry the same items: ids,
// titles, links and dates. Only Atom says something of entries without a date.
func TestWriteSameItems(t *testing.T) {
	for _, c := range writeCases {
		if c.name == "withdrawn" { // Atom has tombstones instead: see its golden file
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			var first []readItem
			for _, o := range outFormats {
				doc := outBytes(t, c.feed(o.format), o.format)
				_, items := readBack(t, doc)
				ids := strictIDs(t, doc, o.format)
				if len(ids) != len(items) {
					t.Fatalf("%s: %d ids, %d items", o.format, len(ids), len(items))
				}
				for i, it := range items {
					items[i] = readItem{ID: ids[i], Title: it.Title, Link: it.Link, Published: strings.TrimPrefix(it.Published, atomOutUndated)}
				}
				if first == nil {
					first = items
				}
				if diff := cmp.Diff(first, items); diff != "" || len(items) != len(c.feed(o.format).Entries) {
					t.Errorf("%s differs from %s:\n%s", o.format, outFormats[0].format, diff)
				}
			}
		})
	}
}

// TestWriteLeaksNothing looks in all that is written for what must not leave.
func TestWriteLeaksNothing(t *testing.T) {
	for _, c := range writeCases {
		for _, o := range outFormats {
			doc := string(outBytes(t, c.feed(o.format), o.format))
			for _, secret := range []string{"@", "secret", "javascript:", "mailto:", "file:", "data:", "\x1b", "\u0085", `\u0`} {
				if strings.Contains(doc, secret) {
					t.Errorf("%s.%s holds %q", c.name, o.ending, secret)
				}
			}
		}
	}
}

// TestWriteXmllint asks another XML parser.
func TestWriteXmllint(t *testing.T) {
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("SKIPPED: xmllint is not on this machine; well-formedness was checked with encoding/xml only")
	}
	for _, c := range writeCases {
		for _, o := range outFormats[:2] {
			cmd := exec.Command(xmllint, "--noout", "--nonet", "-")
			cmd.Stdin = bytes.NewReader(outBytes(t, c.feed(o.format), o.format))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s.%s: %v\n%s", c.name, o.ending, err, out)
			}
		}
	}
}

// wellFormed reads a whole XML document strictly.
func wellFormed(doc []byte) error {
	if !bytes.HasPrefix(doc, []byte(`<?xml version="1.0" encoding="UTF-8"?>`)) {
		return errors.New("the declaration is not at byte 0")
	}
	d := xml.NewDecoder(bytes.NewReader(doc))
	for {
		if _, err := d.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// legal looks for characters that may not leave, in a document or in a string
// that JSON encodes.
func legal(t *testing.T, where, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("%s is not UTF-8: %q", where, s)
	}
	if i := strings.IndexFunc(s, outForbidden); i >= 0 {
		t.Errorf("%s holds %q", where, s[i:min(i+10, len(s))])
	}
}

// FuzzWrite puts arbitrary strings in every field.
func FuzzWrite(f *testing.F) {
	f.Add("a", "b", "<p>c</p>", int64(0), int64(7))
	f.Add("]]>", "https://bücher.example/ü#a#b", "]]]]><![CDATA[>", int64(-1), int64(1)<<62)
	f.Add("\x00\xff\ufffe", "http://127.0.0.1:80/%zz", "<script>&#0;&#x85;&bogus;", int64(1)<<62, int64(-5))
	f.Add(" a@b.c (D) ", "urn:x:1", "<!--", int64(253402300800), int64(1))
	f.Fuzz(checkHostile)
}

// TestWriteNasty does as FuzzWrite does, with strings made of pieces that have
// broken writers before.
func TestWriteNasty(t *testing.T) {
	pieces := []string{"]]>", "<![CDATA[", "]]", ">", "<", "&", "&amp;", "&#0;", "&#x1F;", "&nbsp;", "\x00", "\x0b", "\r", "\n", "\t", " ", "\u00a0", "\u0085",
		"\ufffe", "\uffff", "\U0010ffff", "\xff", "\xed\xa0\x80", "\u2028", "<!--", "-->", "<?xml?>", "<script>", "</script>", "\"", "'", "a", "ü", "https://", "http://a.example/",
		"%", "%zz", "#", "[", "]", "@", "a@b.example", "urn:x:", "_", ".", "javascript:", "{", "}", "\\", "🙂"}
	r := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		var b strings.Builder
		for range r.IntN(6) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		return b.String()
	}
	for range 400 {
		checkHostile(t, text(), text(), text(), r.Int64N(1<<40)-1<<39, r.Int64())
		if t.Failed() {
			return
		}
	}
}

// checkHostile holds, for a feed full of hostile strings, that each format is
// well-formed, of legal characters, repeatable, and readable with equal ids.
func checkHostile(t *testing.T, text, address, markup string, seconds, number int64) {
	feed := fuzzFeed(text, address, markup, seconds, number)
	want := []string{outID(&feed.Entries[0]), outID(&feed.Entries[1])}
	for _, o := range outFormats {
		doc := outBytes(t, feed, o.format)
		legal(t, o.ending, string(doc))
		if ids := strictIDs(t, doc, o.format); !slices.Equal(ids, want) {
			t.Errorf("%s: ids %q, want %q\n%s", o.format, ids, want, doc)
		}
		if _, err := gofeed.NewParser().Parse(bytes.NewReader(doc)); err != nil {
			t.Errorf("%s: gofeed: %v\n%s", o.format, err, doc)
		}
		if again := outBytes(t, feed, o.format); !bytes.Equal(doc, again) {
			t.Errorf("%s: two writes differ", o.format)
		}
		for _, f := range checkOut(doc, o.format, outURI(feed.Self)) {
			if f.Level == feedcheck.Error && !forgiven(f) {
				t.Errorf("%s: %v\n%s", o.format, f, doc)
			}
		}
	}
}

// forgiven reports whether a finding is about an id, which is written as it is,
// or about an address that nobody gave, or an enclosure's whose host has no dot, or one
// with the IPv6 address that the validator does not know.
func forgiven(f feedcheck.Finding) bool {
	return strings.HasPrefix(f.Message, "entry/id:") || strings.HasPrefix(f.Message, "feed/id:") || strings.HasPrefix(f.Message, "source/id:") ||
		strings.HasPrefix(f.Message, "item/guid:") || f.Rule == "JSONDuplicateID" || f.Rule == "MissingLink" || f.Rule == "InvalidURLAttribute" || strings.Contains(f.Message, "://[") || f.Rule == "DuplicateIds"
}

func fuzzFeed(text, address, markup string, seconds, number int64) *Feed {
	when := time.Unix(seconds, number)
	image := Image{URL: address, Title: text, Link: address, MediaType: text, Width: int(number), Height: int(seconds)}
	people := []Person{{Name: text, Email: text, URI: address}, {Name: address, URI: text}}
	categories := []Category{{text, address, text}, {address, text, text}, {"", text, text}}
	entry := Entry{
		GUID: text, Title: text, Link: address, External: address, Summary: HTML(markup), Content: HTML(text), Language: text, Rights: text, License: address,
		Authors: people, Categories: categories, Enclosures: []Enclosure{{address, text, text, number, time.Duration(number)}},
		Images: []Image{image}, Comments: &Comments{address, address, int(number), when}, Published: when, Updated: when.Add(time.Hour),
		Source:    &Feed{ID: text, Title: text, Link: address, Self: address, Rights: text, Authors: people, Categories: categories, Updated: when},
		Extension: map[string]any{text: text, "_" + text: markup, "_a": map[string]any{text: []any{text, markup}}},
	}
	untitled := Entry{GUID: address, Permalink: true, Content: HTML(markup), Summary: HTML(markup), Source: &Feed{}}
	return &Feed{
		Stylesheet: address,
		ID:         text, Title: text, Subtitle: text, Link: address, Self: address, Hubs: []string{address, text},
		Links: []Link{{text, address, text, text}, {"next", address, text, text}}, Language: text, Rights: text,
		Generator: Generator{text, address, text}, Icon: address, Logo: address, Image: &image, Authors: people, Categories: categories,
		Updated: when, Archive: number%2 == 0, Complete: number%3 == 0, TTL: time.Duration(number),
		SkipHours: []int{int(number), 3}, SkipDays: []time.Weekday{time.Weekday(number)},
		Entries: []Entry{entry, untitled}, Deleted: []Tombstone{{"gone:" + text, when, text}},
		Extension: map[string]any{"_" + text: text},
	}
}

// strictIDs reads the ids with the standard library alone.
func strictIDs(t *testing.T, doc []byte, format Format) []string {
	t.Helper()
	var ids []string
	if format == JSONFeed {
		var f struct {
			Items []struct{ ID string }
		}
		if err := json.Unmarshal(doc, &f); err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		var any any
		if err := json.Unmarshal(doc, &any); err != nil {
			t.Fatal(err)
		}
		eachString(any, func(s string) { legal(t, "a JSON string", s) })
		for _, i := range f.Items {
			ids = append(ids, i.ID)
		}
		return ids
	}
	if err := wellFormed(doc); err != nil {
		t.Fatalf("%s: %v\n%s", format, err, doc)
	}
	var f struct {
		Items []struct {
			GUID string `xml:"guid"`
		} `xml:"channel>item"`
		Entries []struct {
			ID string `xml:"http://www.w3.org/2005/Atom id"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(doc, &f); err != nil {
		t.Fatal(err)
	}
	for _, i := range f.Items {
		ids = append(ids, i.GUID)
	}
	for _, e := range f.Entries {
		ids = append(ids, e.ID)
	}
	return ids
}

// eachString calls f for every name and string in a decoded JSON value.
func eachString(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		f(v)
	case []any:
		for _, w := range v {
			eachString(w, f)
		}
	case map[string]any:
		for name, w := range v {
			f(name)
			eachString(w, f)
		}
	}
}

// TestWriteParse holds that Parse reads what Write wrote.
func TestWriteParse(t *testing.T) {
	for _, c := range writeCases {
		for _, o := range outFormats {
			feed := c.feed(o.format)
			got, err := Parse(bytes.NewReader(outBytes(t, feed, o.format)), ParseOptions{ContentType: o.format.MediaType()})
			if err != nil {
				t.Errorf("%s.%s: %v", c.name, o.ending, err)
				continue
			}
			if o.format == Atom && c.name == "withdrawn" { // entry 2 became a tombstone; the third tombstone says the first again
				feed.Entries = slices.Delete(feed.Entries, 1, 2)
				if diff := cmp.Diff(feed.Deleted[:2], got.Deleted); diff != "" {
					t.Errorf("tombstones (-want +got):\n%s", diff)
				}
			}
			if len(got.Entries) != len(feed.Entries) || got.Archive != (feed.Archive && o.format != JSONFeed) || got.Self != outURI(feed.Self) {
				t.Errorf("%s.%s: %d entries, archive %v, self %s", c.name, o.ending, len(got.Entries), got.Archive, got.Self)
				continue
			}
			for i := range feed.Entries {
				want, e := &feed.Entries[i], &got.Entries[i]
				if c.name == "hostile" && e.GUID == outID(want) { // Parse cleans the rest in its own way
					continue
				}
				if e.GUID != outID(want) || e.Title != outTitle(want) || e.Link != outEntryLink(want) || outDate(e.Published, outRFC3339) != outDate(want.Published, outRFC3339) {
					t.Errorf("%s.%s: entry %d is %q %q %q %v", c.name, o.ending, i, e.GUID, e.Title, e.Link, e.Published)
				}
			}
		}
	}
}
