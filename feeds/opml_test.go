package feeds

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseOPML(t *testing.T) {
	const doc = `<?xml version="1.0" encoding="ISO-8859-1"?>
<!-- folders, other cases of attribute names, a feed within a feed, broken markup -->
<OPML version="1.1"><head><title>My &amp; your <b>feeds</b></title></head><body>
<outline text="News"><outline title="AI &amp; more">
  <outline text="One" TITLE="ignored" type="rss" xmlUrl="https://one.test/feed?a=1&amp;b=2" htmlUrl="https://one.test/" category="ai,/labs/x"/>
  <outline xmlurl=" https://two.test/feed " description="Second">
    <outline text="Three" XMLURL="https://three.test/feed"/>
  </outline>
</outline></outline>
<outline text="A note, no feed"/>
<outline text="Caf\u00e9" xmlUrl='https://four.test/?q="x"' htmlUrl=https://four.test/ broken>
</body>`
	got, err := ParseOPML(strings.NewReader(strings.Replace(doc, `\u00e9`, "\xe9", 1)))
	if err != nil {
		t.Fatal(err)
	}
	want := &OPML{Title: "My & your feeds", Outlines: []Outline{
		{Title: "One", FeedURL: "https://one.test/feed?a=1&b=2", SiteURL: "https://one.test/", Type: "rss", Categories: []string{"ai", "/labs/x"}, Path: []string{"News", "AI & more"}},
		{Title: "https://two.test/feed", FeedURL: "https://two.test/feed", Description: "Second", Path: []string{"News", "AI & more"}},
		{Title: "Three", FeedURL: "https://three.test/feed", Path: []string{"News", "AI & more"}},
		{Title: "Café", FeedURL: `https://four.test/?q="x"`, SiteURL: "https://four.test/"},
	}}
	for i, at := range [][2]int{{5, 3}, {6, 3}, {7, 5}, {11, 1}} {
		want.Outlines[i].Line, want.Outlines[i].Column = at[0], at[1]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseOPMLErrors(t *testing.T) {
	for _, c := range []struct {
		doc  string
		want error
	}{
		{"  \n", ErrEmpty},
		{"<html><body>no</body></html>", ErrNotOPML},
		{`{"a":1}`, ErrNotOPML},
		{rowBase(), ErrNotOPML},
		{"<opml><body>" + strings.Repeat(`<outline xmlUrl="x"/>`, maxOutlines+1) + "</body></opml>", ErrLimits},
	} {
		if o, err := ParseOPML(strings.NewReader(c.doc)); o != nil || !errors.Is(err, c.want) {
			t.Errorf("%.40q: %v, %v, want %v", c.doc, o, err, c.want)
		}
	}
}

// TestWriteOPML holds that what is written is read again as it was, and that
// equal lists give equal bytes.
func TestWriteOPML(t *testing.T) {
	list := &OPML{Title: "a < b & \"c\"", Outlines: []Outline{
		{Title: "Top", FeedURL: "https://top.test/?a=1&b=2", SiteURL: "https://top.test/", Type: "rss"},
		{Title: "In", FeedURL: "https://in.test/", Description: "d", Language: "en", Categories: []string{"x", "y"}, Type: "atom", Path: []string{"F"}},
		{Title: "Deep", FeedURL: "https://deep.test/", Type: "rss", Path: []string{"F", "G"}},
		{Title: "Line\x00", FeedURL: "https://other.test/", Type: "rss", Path: []string{"H"}},
	}}
	var one, two bytes.Buffer
	for _, b := range []*bytes.Buffer{&one, &two} {
		if err := WriteOPML(b, list); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("two writings differ")
	}
	got, err := ParseOPML(&one)
	if err != nil {
		t.Fatal(err)
	}
	list.Outlines[3].Title = "Line"
	for i := range got.Outlines {
		if got.Outlines[i].Line == 0 || got.Outlines[i].Column == 0 {
			t.Errorf("%s has no place", got.Outlines[i].Title)
		}
		got.Outlines[i].Line, got.Outlines[i].Column = 0, 0
	}
	if diff := cmp.Diff(list, got); diff != "" {
		t.Error(diff)
	}
}

// TestCorpusOPML imports every list of the corpus.
func TestCorpusOPML(t *testing.T) {
	dir := corpusDir(t)
	lists := 0
	for _, x := range corpusLines[corpusExpectation](t, filepath.Join(dir, "EXPECT.jsonl")) {
		want, ok := x.Checks["opml.feeds_count"].(float64)
		if !ok {
			continue
		}
		doc, err := os.ReadFile(filepath.Join(dir, x.Path))
		if err != nil {
			t.Fatal(err)
		}
		lists++
		got, err := ParseOPML(bytes.NewReader(doc))
		if err != nil {
			if x.Checks["parse_error"] != true {
				t.Errorf("%s: %v", x.Path, err)
			}
			continue
		}
		// The corpus counts xmlUrl in exactly this case; we read all.
		other := bytes.Count(bytes.ToLower(doc), []byte("xmlurl=")) - bytes.Count(doc, []byte("xmlUrl="))
		if len(got.Outlines) != int(want)+other {
			t.Errorf("%s: %d feeds, want %v and %d of other case", x.Path, len(got.Outlines), want, other)
		}
	}
	t.Logf("%d lists", lists)
	if lists < 20 {
		t.Error("the corpus has fewer lists than it had")
	}
}

func FuzzOPML(f *testing.F) {
	f.Add([]byte(`<opml version="2.0"><body><outline text="a"><outline xmlUrl="https://x.test/"/></outline></body></opml>`))
	f.Add([]byte(`<outline text=a xmlurl='b`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		list, err := ParseOPML(bytes.NewReader(doc))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := WriteOPML(&b, list); err != nil {
			t.Fatal(err)
		}
		again, err := ParseOPML(&b)
		if err != nil {
			t.Fatal(err)
		}
		if len(again.Outlines) != len(list.Outlines) {
			t.Errorf("%d outlines became %d", len(list.Outlines), len(again.Outlines))
		}
		urls := map[string]int{}
		for _, o := range list.Outlines {
			urls[o.FeedURL]++
		}
		for _, o := range again.Outlines {
			urls[o.FeedURL]--
		}
		for u, n := range urls {
			if n != 0 {
				t.Errorf("%q: %d more than before", u, n)
			}
		}
	})
}

// TestParseOPMLCut holds that an outline that a list breaks off in is left
// out: half an address is another's.
func TestParseOPMLCut(t *testing.T) {
	list, err := ParseOPML(strings.NewReader(`<opml><body><outline xmlUrl="https://one.test/"/><outline xmlUrl="https://two.te`))
	if err != nil || len(list.Outlines) != 1 || list.Outlines[0].FeedURL != "https://one.test/" {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestParseOPMLDepth holds what a list may cost whose folders never end.
func TestParseOPMLDepth(t *testing.T) {
	sequential(t)
	start := time.Now()
	doc := `<opml><body>` + strings.Repeat(`<outline text="">`, 400_000) + strings.Repeat(`<outline xmlUrl="http://x/"/>`, 19_000)
	if list, err := ParseOPML(strings.NewReader(doc)); err != nil || len(list.Outlines) != 19_000 {
		t.Errorf("%v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
