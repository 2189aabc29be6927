package feeds

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestRowsSizes holds the Z rows: what is too large costs only itself.
func TestRowsSizes(t *testing.T) {
	sequential(t)
	with := func(extra string) string {
		return strings.Replace(rowBase(), "<title>Title 5", extra+"<title>Title 5", 1)
	}
	var many strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&many, "<item><guid>%d</guid><title>x</title></item>", i)
	}
	limit := func(n int) func(*testing.T, *Feed) {
		return func(t *testing.T, f *Feed) {
			if len(f.Entries) != n {
				t.Errorf("%d entries, want %d", len(f.Entries), n)
			}
		}
	}
	cut := MalformedError{Cut: true}
	ended := MalformedError{Cut: true, Truncated: true}
	runRows(t, []row{
		{id: "Z02", doc: rowHead + rowItem(5, "") + rowItem(4, strings.Repeat("x", maxDocument)) + rowTail, kept: "g5", err: ErrLimits, flags: ended},
		{id: "Z05", doc: rowHead + many.String() + rowTail, err: ErrLimits, flags: ended, check: limit(1000)},
		{id: "Z05 exactly", doc: rowHead + strings.Repeat("<item><title>x</title></item>", 1000) + rowTail, check: limit(1000)},
		{id: "Z05 JSON", doc: `{"version":"https://jsonfeed.org/version/1","items":[{"id":1}` + strings.Repeat(`,{"id":1}`, 1000) + `]}`, err: ErrLimits, flags: ended, check: limit(1000)},
		{id: "Z05 broken", doc: rowHead + "<b>" + many.String()[:1<<20] + rowTail, err: ErrLimits, flags: MalformedError{Cut: true, Truncated: true, Resynced: false}, check: limit(1000)},
		{id: "Z06 title", doc: rowTitled(strings.Repeat("ü", 4<<20)), kept: rowAll, err: rowFault, flags: cut, check: func(t *testing.T, f *Feed) {
			if s := f.Entries[0].Title; len(s) != maxTitle || strings.Trim(s, "ü") != "" {
				t.Errorf("%d bytes", len(s))
			}
		}},
		{id: "Z06 description", doc: strings.Replace(rowBase(), "Text 5", strings.Repeat("&lt;p&gt;ü&lt;/p&gt;", 200_000), 1), kept: rowAll, err: rowFault, flags: cut},
		{id: "Z06 content", doc: with("<content:encoded><![CDATA[" + strings.Repeat(`<p class="x">ü &amp; </p>`, 100_000) + "]]></content:encoded>"), kept: rowAll, err: rowFault, flags: cut, check: func(t *testing.T, f *Feed) {
			c := string(f.Entries[0].Content)
			if len(c) > maxContent || len(c) < maxContent-100 || !utf8.ValidString(c) {
				t.Errorf("%d bytes", len(c))
			}
			if end := c[len(c)-3:]; strings.Count(c, "<") != strings.Count(c, ">") || strings.Count(c, "&") != strings.Count(c, ";") {
				t.Errorf("cut within a tag or reference: %q", end)
			}
		}},
		{id: "Z06 long description is content", doc: strings.Replace(rowBase(), "Text 5", strings.Repeat("x", 100_000), 1), kept: rowAll, check: func(t *testing.T, f *Feed) {
			if e := f.Entries[0]; e.Summary != "" || len(e.Content) != 100_000+len("<p></p>") {
				t.Errorf("summary %d, content %d bytes", len(e.Summary), len(e.Content))
			}
		}},
		{id: "Z07 categories", doc: with(strings.Repeat("<category>c</category>", 10) + numbered("<category>c%d</category>", 50_000)), kept: rowAll, err: rowFault, flags: cut, check: func(t *testing.T, f *Feed) {
			if n := len(f.Entries[0].Categories); n != maxCategories {
				t.Errorf("%d categories", n)
			}
		}},
		{id: "Z07 enclosures", doc: with(numbered(`<enclosure url="https://o.test/%d" type="audio/mpeg" length="1"/>`, 10_000)), kept: rowAll, err: rowFault, flags: cut, check: func(t *testing.T, f *Feed) {
			if n := len(f.Entries[0].Enclosures); n != maxEnclosures {
				t.Errorf("%d enclosures", n)
			}
		}},
		{id: "Z07 authors", doc: with(numbered("<dc:creator>n%d</dc:creator>", 10_000)), kept: rowAll, err: rowFault, flags: cut, check: func(t *testing.T, f *Feed) {
			if n := len(f.Entries[0].Authors); n != maxAuthors {
				t.Errorf("%d authors", n)
			}
		}},
		{id: "Z08", doc: strings.Replace(rowBase(), "https://o.test/5", "https://o.test/"+strings.Repeat("x", 100_000), 1), kept: rowAll, err: rowFault, flags: cut, check: func(t *testing.T, f *Feed) {
			if f.Entries[0].Link != "" {
				t.Errorf("link of %d bytes", len(f.Entries[0].Link))
			}
		}},
		{id: "Z12 elements", doc: rowHead + rowItem(5, "") + "<item>" + strings.Repeat("<a/>", 1_000_000) + "</item>" + rowTail, kept: "g5", err: ErrLimits, flags: ended},
		{id: "Z12 elements, unclosed", doc: rowHead + rowItem(5, "") + "<item>" + strings.Repeat("<a>", 1_000_000) + "</item>" + rowTail, kept: "g5", err: ErrLimits, flags: ended},
		{id: "Z12 depth", doc: rowHead + rowItem(5, "") + "<item>" + strings.Repeat("<a>", 1_000_000) + strings.Repeat("</a>", 1_000_000) + "</item>" + rowTail, kept: "g5", err: ErrLimits, flags: ended},
		{id: "Z12 depth alone", doc: rowHead + rowItem(5, "") + "<item>" + strings.Repeat("<a>", maxDepth) + strings.Repeat("</a>", maxDepth) + "</item>" + rowTail, kept: "g5", err: ErrLimits, flags: ended},
		{id: "Z12 depth, broken", doc: rowHead + rowItem(5, "") + "<item>" + strings.Repeat("<a>", maxDepth) + "</b>" + strings.Repeat("</a>", maxDepth) + "</item>" + rowTail, kept: "g5", err: ErrLimits, flags: ended},
		{id: "Z12 depth, just so", doc: rowHead + rowItem(5, "") + "<item><title>x</title>" + strings.Repeat("<a>", maxDepth-3) + strings.Repeat("</a>", maxDepth-3) + "</item>" + rowTail, check: limit(2)},
		{id: "Z12 attributes", doc: rowHead + rowItem(5, "") + "<item" + numbered(` a%d="x"`, 200_000) + "></item>" + rowTail, kept: "g5", err: ErrLimits, flags: ended},
		{id: "Z12 nothing complete", doc: rowHead + strings.Repeat("<a>", 1000), err: ErrLimits},
		{id: "Z12 tokens", doc: rowHead + rowItem(5, "") + "<item>" + strings.Repeat("<?x?>", 2_000_000) + "</item>" + rowTail, kept: "g5", err: ErrLimits, flags: ended},
	})
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestRowZ09 holds that a GUID that is too long stays itself: the same at each
// reading, and another than one that begins alike.
func TestRowZ09(t *testing.T) {
	sequential(t)
	long := strings.Repeat("ü", 500_000)
	read := func(guid string) string {
		f, err := Parse(strings.NewReader(strings.Replace(rowBase(), "urn:t:g5", guid, 1)), ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		checkFeed(t, f)
		return f.Entries[0].GUID
	}
	if a, b := read(long), read(long); a != b {
		t.Error("the GUID differs at another reading")
	}
	if read(long) == read(long+"x") {
		t.Error("two GUIDs became one")
	}
	if g := strings.Repeat("x", maxGUID); read(g) != g {
		t.Error("a GUID within the limit was changed")
	}
}

// TestRowZ10 holds that a document without end is read up to the limit.
func TestRowZ10(t *testing.T) {
	sequential(t)
	endless := &endlessReader{head: rowHead, body: rowItem(1, strings.Repeat("x", 5000))}
	f, err := Parse(endless, ParseOptions{})
	if f == nil || len(f.Entries) != maxEntries || !errors.Is(err, ErrLimits) {
		t.Errorf("error %v", err)
	}
	if endless.n > maxDocument+1<<20 {
		t.Errorf("%d bytes were read", endless.n)
	}
}

type endlessReader struct {
	head, body string
	n          int
}

func (r *endlessReader) Read(p []byte) (int, error) {
	n := copy(p, r.head)
	r.head = r.head[n:]
	if r.head == "" {
		r.head = r.body
	}
	r.n += n
	return n, nil
}

var _ io.Reader = (*endlessReader)(nil)

// hostileDocuments cost gofeed alone, or its parts, seconds and gigabytes.
func hostileDocuments() map[string]string {
	item := func(s string) string { return `<rss version="2.0"><channel><item>` + s + `</item></channel></rss>` }
	rss := func(attrs, s string) string {
		return `<rss version="2.0"><channel` + attrs + `><item>` + s + `</item></channel></rss>`
	}
	atom := func(s string) string {
		return `<feed xmlns="http://www.w3.org/2005/Atom"><entry>` + s + `</entry></feed>`
	}
	nest := func(tag string, n int) string {
		return strings.Repeat("<"+tag+">", n) + strings.Repeat("</"+tag+">", n)
	}
	return map[string]string{
		"nested namespaces":           item(numbered(`<x:a xmlns:p%d="u">`, 8000) + strings.Repeat("</x:a>", 8000)),
		"wide root":                   rss(numbered(` xmlns:p%d="u"`, 3000), strings.Repeat("<x:a/>", 20_000)),
		"60 namespaces":               rss(numbered(` xmlns:p%d="u"`, 60), strings.Repeat("<x:a/>", 190_000)),
		"namespaces below":            item(`<x:b` + numbered(` xmlns:p%d="u"`, 60) + `>` + strings.Repeat("<x:a/>", 190_000) + `</x:b>`),
		"text in pieces":              item("<x:a>" + strings.Repeat("a<!---->", 60_000) + "</x:a>"),
		"text between elements":       item("<x:a>" + strings.Repeat("a<x:b/>", 60_000) + "</x:a>"),
		"text in CDATA":               item("<x:a>" + strings.Repeat("<![CDATA[aaaa]]>", 60_000) + "</x:a>"),
		"large text in pieces":        item("<x:a>" + strings.Repeat(strings.Repeat("a", 2000)+"<!---->", 4000) + "</x:a>"),
		"text in a body":              item(`<body xmlns="http://www.w3.org/1999/xhtml">` + strings.Repeat("a<br/>", 100_000) + "</body>"),
		"nested extensions":           item(nest("x:a", 100_000)),
		"nested markup":               item("<description>" + nest("b", 100_000) + "</description>"),
		"unclosed markup":             item("<description>" + strings.Repeat("<b>", 400_000) + "</description>"),
		"nested html":                 atom(`<content type="html">` + strings.Repeat("&lt;b&gt;", 400_000) + `</content>`),
		"nested xhtml":                atom(`<content type="xhtml">` + nest("b", 9000) + `</content>`),
		"references":                  item("<description>" + strings.Repeat("&amp;", 1_000_000) + "</description>"),
		"ampersands":                  item("<description>" + strings.Repeat("&", 4_000_000) + "</description>"),
		"ampersands in a title":       item("<title>" + strings.Repeat("&a", 1_000_000) + "</title>"),
		"tags in a title":             item("<title>" + strings.Repeat("&lt;b&gt;", 400_000) + "</title>"),
		"unclosed titles":             item(strings.Repeat("<title>", 1_000_000)),
		"unclosed sections":           item(strings.Repeat("<title><![CDATA[x</title>", 300_000)),
		"unclosed comments":           item(strings.Repeat("<!-- ", 1_000_000)),
		"unclosed declarations":       item(strings.Repeat("<!a [", 1_000_000)),
		"unclosed instructions":       item(strings.Repeat("<?a ", 1_000_000)),
		"unclosed quotes":             item(strings.Repeat(`<a b="`, 1_000_000)),
		"quotes of both kinds":        item(strings.Repeat(`<a b="c'`, 1_000_000)),
		"ends of the channel":         item(strings.Repeat("</channel>", 900_000)),
		"stray brackets":              item(strings.Repeat("<", 8_000_000)),
		"brackets before the root":    strings.Repeat("<", 8_000_000),
		"declarations before it":      strings.Repeat("<!a [", 1_000_000) + item(""),
		"comments before it":          strings.Repeat("<!-- ", 1_000_000) + item(""),
		"junk elements before it":     strings.Repeat("<br/>", 1_000_000) + item(""),
		"declarations amid junk":      strings.Repeat("<x><?xml?>", 900_000),
		"junk behind a declaration":   "<x><?xml?>" + strings.Repeat("<a>", 3_000_000),
		"sections in sections":        item("<b>"+numbered("<n%d><![CDATA[</n%[1]d>x<![CDATA[]]></n%[1]d >", 50_000)) + strings.Repeat(" ", 5_000_000),
		"ends of other elements":      item("<y></z>" + strings.Repeat("<b>", 190_000) + strings.Repeat("</i>", 1_000_000)),
		"tags that do not end":        `<rss version="2.0"><channel><item><b></i><title><c b="` + strings.Repeat(`<c" b="`, 600_000),
		"fields that do not end":      item("<b></i>" + strings.Repeat("<title>", 2000) + "<!X " + strings.Repeat(" ", 5_000_000) + ">"),
		"a large head to parse again": `<rss version="2.0"><channel>` + "<description>" + strings.Repeat("x", 3_000_000) + "</description>" + strings.Repeat("<item><title>&#00000000000000000008;</title></item>", 900) + `</channel></rss>`,
		"a long base of links":        `<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://h/` + strings.Repeat("p/", 250_000) + `"><entry>` + strings.Repeat(`<link href="x"/>`, 1900) + `</entry></feed>`,
		"a long base of markup":       `<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://h/` + strings.Repeat("p/", 50_000) + `"><entry><content type="html">` + strings.Repeat(`&lt;a href="x">`, 3000) + `</content></entry></feed>`,
		"bases of all markup":         `<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://h/` + strings.Repeat("p", 2000) + `/"><title>t</title>` + strings.Repeat(`<entry><content type="html">`+strings.Repeat(`&lt;a href="x">`, 250)+`</content></entry>`, 300) + `</feed>`,
		"sources within sources":      atom(nest("source", 120) + strings.Repeat("x", 8_000_000)),
		"a source of sources":         atom(strings.Repeat("<source>", 100) + "<title>" + strings.Repeat("x", 8_000_000) + "</title>" + strings.Repeat("</source>", 100)),
		"links":                       atom(strings.Repeat(`<link href="x"/>`, 150_000)),
		"authors":                     atom(numbered(`<author><name>%d</name></author>`, 60_000)),
		"deleted entries":             `<feed xmlns="http://www.w3.org/2005/Atom">` + strings.Repeat(`<at:deleted-entry ref="x" when="2026-11-21T09:00:00Z"/>`, 100_000) + `</feed>`,
		"character references":        item("<title>" + strings.Repeat("&#8;", 2_000_000) + "</title>"),
		"JSON brackets":               `{"version":"https://jsonfeed.org/version/1","items":` + strings.Repeat("[", 9_000_000),
		"JSON tags":                   `{"version":"https://jsonfeed.org/version/1","items":[{"id":1,"tags":[` + strings.Repeat(`"a",`, 1_000_000) + `"b"]}]}`,
		"JSON quotes":                 `{"version":"https://jsonfeed.org/version/1","items":[{"id":` + strings.Repeat(`"a\`, 1_000_000),
		"JSON members":                `{"version":"https://jsonfeed.org/version/1","items":[{` + numbered(`"_%d":1,`, 300_000) + `"id":1}]}`,
		"JSON items that are no feed": `{"items":[` + strings.Repeat(`{},`, 1_000_000) + `{}]}`,
	}
}

// TestHostileDocuments holds what hostile documents may cost: a second, and 64
// MiB beyond what the document itself takes.
func TestHostileDocuments(t *testing.T) {
	sequential(t)
	for name, doc := range hostileDocuments() {
		t.Run(name, func(t *testing.T) {
			if len(doc) > maxDocument {
				t.Fatalf("the document of %d bytes is beyond the limit: the test shows nothing", len(doc))
			}
			start := time.Now()
			var f *Feed
			peak := peakMemory(func() { f, _ = Parse(strings.NewReader(doc), ParseOptions{}) })
			took := time.Since(start)
			t.Logf("%4d KB: %v, %d MB", len(doc)>>10, took.Round(time.Millisecond), peak>>20)
			if f != nil {
				checkFeed(t, f)
			}
			if took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			if peak > 64<<20 {
				t.Errorf("%d MB of memory", peak>>20)
			}
		})
	}
}

// TestGofeedDenialOfService holds what the documents may cost in all that
// gofeed alone spends seconds and gigabytes on: a second, and 64 MiB allocated.
func TestGofeedDenialOfService(t *testing.T) {
	sequential(t)
	documents := hostileDocuments()
	for _, name := range []string{"nested namespaces", "wide root", "text in pieces", "text between elements", "nested extensions"} {
		var err error
		var alloc uint64
		took := time.Hour
		for n := 0; n < 3 && took > time.Second; n++ { // the machine may be busy with something else
			start := time.Now()
			alloc = allocated(func() { _, err = Parse(strings.NewReader(documents[name]), ParseOptions{}) })
			took = time.Since(start)
		}
		t.Logf("%s, %d KB: %v, %d KB allocated, %v", name, len(documents[name])>>10, took, alloc>>10, err)
		if !errors.Is(err, ErrLimits) || took > time.Second || alloc > 64<<20 {
			t.Errorf("%s: %v, %d MB allocated, error %v", name, took, alloc>>20, err)
		}
	}
}
