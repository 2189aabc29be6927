package feeds

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func fuzzSeeds(f *testing.F) {
	files, _ := filepath.Glob("testdata/parse/*")
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
	for _, doc := range []string{
		rowHead + rowItem(5, "<b>x<br>") + rowItem(4, "<![CDATA[y") + rowTail,
		`<rss><channel><item><title>a < b & c</titel><link>x</link></item><item><item/></channel></rss>`,
		`<feed><entry><title type="xhtml"><div>a<b></div></title><content type="html"><p></content></entry>`,
		`{"version":"https://jsonfeed.org/version/1","items":[{"id":1,"tags":[,]},{"id":"` + "\x00" + ``,
		"\xff\xfe<\x00r\x00s\x00s\x00>\x00",
	} {
		f.Add([]byte(doc))
	}
}

// FuzzParse holds that no document makes Parse panic, take long, or give what
// may not be published, and that what it gives is the same the second time.
func FuzzParse(f *testing.F) {
	fuzzSeeds(f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		start := time.Now()
		feed, err := Parse(bytes.NewReader(doc), ParseOptions{Base: mustURL("https://doc.test/f")})
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %v for %d bytes", took, len(doc))
		}
		if errors.Is(err, ErrInternal) {
			t.Fatal(err)
		}
		var mal *MalformedError
		if feed == nil {
			if err == nil {
				t.Fatal("neither feed nor error")
			}
			return
		}
		if err != nil && !errors.As(err, &mal) {
			t.Fatalf("a feed together with %v", err)
		}
		checkFeed(t, feed)
		again, _ := Parse(bytes.NewReader(doc), ParseOptions{Base: mustURL("https://doc.test/f")})
		if again == nil || strings.Join(fixtureLines(feed), "\n") != strings.Join(fixtureLines(again), "\n") {
			t.Error("another reading differs")
		}
	})
}

// FuzzNormalize holds that what is decoded is UTF-8 of legal characters, and
// stays what it is.
func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"plain", "caf\xe9", "\xff\xfea\x00", "a\x00b&#8;c&#xD800;d&#150;", "\xef\xbf\xbe", "<?xml encoding='koi8-r'?>\xc0", "\x1b$B"} {
		f.Add([]byte(s), "")
	}
	f.Add([]byte("\xc0\xc1"), "windows-1251")
	f.Fuzz(func(t *testing.T, doc []byte, label string) {
		got, err := normalize(bytes.Clone(doc), label)
		if err != nil {
			if !errors.Is(err, ErrCharset) {
				t.Fatal(err)
			}
			return
		}
		if !utf8.Valid(got) || textLegal(string(got)) != string(got) {
			t.Errorf("%q: %q", doc, got)
		}
	})
}

// FuzzSalvage holds that a mended document needs no mending.
func FuzzSalvage(f *testing.F) {
	fuzzSeeds(f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		doc, err := normalize(doc, "")
		if err != nil {
			return
		}
		at, kind, err := parseRoot(doc, 0)
		if err != nil {
			return
		}
		s := salvage(doc, at, kind)
		if len(s.out) == 0 {
			return // the root's tag itself is cut
		}
		if r := guard(s.out, 0, kind); r.flaw != "" || r.open {
			t.Errorf("%q became %q: %s at %d, open %v", doc, s.out, r.flaw, r.flawAt, r.open)
		}
	})
}
