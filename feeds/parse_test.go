package feeds

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// TestParsePanics holds that a panic below Parse is an error of its own class.
func TestParsePanics(t *testing.T) {
	f, err := parseProtected(func() (*Feed, error) {
		var list []int
		return nil, fmt.Errorf("%d", list[3])
	})
	if f != nil || !errors.Is(err, ErrInternal) || !strings.Contains(err.Error(), "index out of range") {
		t.Errorf("feed %v, error %v", f, err)
	}
}

// TestParseEach holds that entries that gofeed refuses cost only themselves.
func TestParseEach(t *testing.T) {
	doc := []byte(rowBase())
	at, kind, err := parseRoot(doc, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := &parser{doc: doc, limiter: &limiter{}}
	type list struct{ items []*string }
	got, err := parseEach(p, doc, guard(doc, at, kind), func(b []byte) (*list, error) {
		if strings.Contains(string(b), "Title 3") {
			return nil, errors.New("refused")
		}
		l := &list{}
		for part := range strings.SplitSeq(string(b), "<item>") {
			if _, rest, ok := strings.Cut(part, "<title>Title "); ok {
				title, _, _ := strings.Cut(rest, "<")
				l.items = append(l.items, &title)
			}
		}
		return l, nil
	}, func(l *list) *[]*string { return &l.items })
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, s := range got.items {
		titles = append(titles, *s)
	}
	if s := strings.Join(titles, " "); s != "5 4 2 1" {
		t.Errorf("kept %q", s)
	}
	if !p.mal.Cut || !p.mal.Resynced || p.mal.Err == nil {
		t.Errorf("%+v", p.mal)
	}
}

// TestMalformedError holds what a reader of the log sees.
func TestMalformedError(t *testing.T) {
	_, err := Parse(strings.NewReader(rowHead+rowItem(5, "")+"<item>"), ParseOptions{})
	const want = "malformed feed, line 4: the document ends before it is complete; 1 entries read"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	_, err = Parse(strings.NewReader(strings.Replace(rowBase(), "Title 4</title>", "Title 4</b></title></i>", 1)), ParseOptions{})
	if mal := (*MalformedError)(nil); !errors.As(err, &mal) || mal.Line != 4 {
		t.Errorf("%v, want line 4", err)
	}
}

// TestRowsDates holds the D rows that need a document: which of several dates
// counts.
func TestRowsDates(t *testing.T) {
	dated := func(s string) string {
		return strings.Replace(rowBase(), "<pubDate>Sat, 21 Nov 2026 05:00:00 GMT</pubDate>", s, 1)
	}
	check := func(published, updated string) func(*testing.T, *Feed) {
		return func(t *testing.T, f *Feed) {
			if e := f.Entries[0]; corpusDate(e.Published) != published || corpusDate(e.Updated) != updated {
				t.Errorf("published %v, updated %v, want %q, %q", e.Published, e.Updated, published, updated)
			}
		}
	}
	atom := `<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title>x</title>%s</entry></feed>`
	runRows(t, []row{
		{id: "D01", doc: dated(""), kept: rowAll, check: check("", "")},
		{id: "D02", doc: dated("<pubDate>yesterday</pubDate>"), kept: rowAll, check: check("", "")},
		{id: "D03", doc: dated("<pubDate>Tue, 24 Nov 2099 05:00:00 GMT</pubDate>"), kept: rowAll, check: check("2099-11-24T05:00:00Z", "")},
		{id: "D04", doc: dated("<pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>"), kept: rowAll, check: check("", "")},
		{id: "D10 updated only", doc: fmt.Sprintf(atom, "<updated>2026-11-21T05:00:00Z</updated>"), check: check("", "2026-11-21T05:00:00Z")},
		{id: "D10 updated before published", doc: fmt.Sprintf(atom, "<published>2026-11-22T05:00:00Z</published><updated>2026-11-21T05:00:00Z</updated>"), check: check("2026-11-22T05:00:00Z", "2026-11-21T05:00:00Z")},
		{id: "D12", doc: dated("<dc:date>2020-01-01</dc:date><pubDate>Sat, 21 Nov 2026 05:00:00 GMT</pubDate>"), kept: rowAll, check: check("2026-11-21T05:00:00Z", "")},
		{id: "D12 pubDate is none", doc: dated("<dc:date>2020-01-01</dc:date><pubDate>soon</pubDate>"), kept: rowAll, check: check("2020-01-01T00:00:00Z", "")},
		{id: "D16", doc: strings.Replace(dated(""), "<channel>", "<channel><pubDate>Tue, 24 Nov 2099 05:00:00 GMT</pubDate>", 1), kept: rowAll, check: check("", "")},
	})
}

// TestParseEqual holds that a document gives the same feed at each reading:
// an entry that differs counts as changed.
func TestParseEqual(t *testing.T) {
	for name, doc := range map[string]string{
		"prefixes exchanged": `<rss version="2.0" xmlns:dc="http://search.yahoo.com/mrss/" xmlns:media="http://purl.org/dc/elements/1.1/"><channel><title>t</title>` +
			`<item><title>x</title><media:creator>A</media:creator><dc:thumbnail url="http://o.test/p.png"/></item></channel></rss>`,
		"extensions of JSON": `{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{` + numbered(`"_a%d":1,`, 100) + `"id":"1"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			want, _ := Parse(strings.NewReader(doc), ParseOptions{})
			for range 100 {
				if got, _ := Parse(strings.NewReader(doc), ParseOptions{}); !reflect.DeepEqual(got, want) {
					t.Fatalf("at another reading\n%+v, not\n%+v", got.Entries, want.Entries)
				}
			}
		})
	}
}

// TestParseLinkTexts holds that what an Atom link says of itself is bounded.
func TestParseLinkTexts(t *testing.T) {
	long := strings.Repeat("x", 5000)
	f, err := Parse(strings.NewReader(`<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><link rel="`+long+`" href="http://o.test/"/>`+
		`<entry><title>a</title><link rel="enclosure" type="image/`+long+`" title="`+long+`" href="http://o.test/y"/></entry></feed>`), ParseOptions{})
	if f == nil || len(f.Entries) != 1 || len(f.Entries[0].Images) != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
	checkFeed(t, f)
	if e := f.Entries[0]; len(e.Images[0].Title) > maxTitle {
		t.Errorf("a picture's title of %d bytes", len(e.Images[0].Title))
	}
}

// TestParseExtensionLimits holds that what is said of extensions of JSON Feed
// that were left out names them and the limit.
func TestParseExtensionLimits(t *testing.T) {
	for want, members := range map[string]string{
		"the extension _large was dropped: longer than 16384 bytes": `"_large":"` + strings.Repeat("x", maxExtension) + `",`,
		"the list of extensions was cut to 64":                      numbered(`"_a%d":1,`, 65),
	} {
		doc := `{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{` + members + `"id":"1"}]}`
		if f, err := Parse(strings.NewReader(doc), ParseOptions{}); f == nil || len(f.Entries) != 1 || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
