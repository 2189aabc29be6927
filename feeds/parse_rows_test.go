package feeds

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// The rows of the catalogue of hostile origins that concern reading: E
// encoding, X syntax, D dates, Z sizes, H cut documents. The base document has
// the items g5 … g1; a row changes the document or its newest items.

func rowItem(n int, extra string) string {
	return fmt.Sprintf(`<item><guid>urn:t:g%d</guid><link>https://o.test/%d</link><title>Title %d</title>`+
		`<pubDate>Sat, 21 Nov 2026 0%d:00:00 GMT</pubDate><description>&lt;p&gt;Text %d&lt;/p&gt;%s</description></item>`+"\n", n, n, n, n, n, extra)
}

const (
	rowHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<rss version="2.0"><channel><title>T</title><link>https://o.test/</link><description>D</description>` + "\n"
	rowTail = "</channel></rss>\n"
)

// rowBase returns the base document.
func rowBase() string {
	return rowHead + rowItem(5, "") + rowItem(4, "") + rowItem(3, "") + rowItem(2, "") + rowItem(1, "") + rowTail
}

// rowTitled returns the base document with another title for g5.
func rowTitled(title string) string {
	return strings.Replace(rowBase(), "Title 5", title, 1)
}

const (
	rowAll   = "g5 g4 g3 g2 g1"
	rowFault = "a MalformedError"
)

// A row is one behavior of an origin and what must come of it.
type row struct {
	id    string
	doc   string
	o     ParseOptions
	kept  string // the guids that must come, without urn:t:, in order; empty: not checked
	title string // of the first entry; empty: not checked
	err   any    // nil, an error for errors.Is, a text that the error has, or rowFault
	flags MalformedError
	check func(t *testing.T, f *Feed)
}

func rowEncode(e encoding.Encoding, s string) string {
	out, err := e.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

func runRows(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.id, func(t *testing.T) {
			f, err := Parse(strings.NewReader(r.doc), r.o)
			rowError(t, &r, err)
			if f == nil {
				if r.kept != "" || r.title != "" || r.check != nil {
					t.Fatalf("no feed: %v", err)
				}
				return
			}
			checkFeed(t, f)
			var guids []string
			for _, e := range f.Entries {
				guids = append(guids, strings.TrimPrefix(e.GUID, "urn:t:"))
			}
			if got := strings.Join(guids, " "); r.kept != "" && got != r.kept {
				t.Errorf("kept %q, want %q (%v)", got, r.kept, err)
			}
			if r.title != "" && (len(f.Entries) == 0 || f.Entries[0].Title != r.title) {
				t.Errorf("titles %q, want %q first", rowTitles(f), r.title)
			}
			if r.check != nil {
				r.check(t, f)
			}
		})
	}
}

func rowTitles(f *Feed) []string {
	var titles []string
	for _, e := range f.Entries {
		titles = append(titles, e.Title)
	}
	return titles
}

func rowError(t *testing.T, r *row, err error) {
	t.Helper()
	var mal *MalformedError
	errors.As(err, &mal)
	switch want := r.err.(type) {
	case nil:
		if err != nil {
			t.Errorf("error %v, want none", err)
		}
	case error:
		if !errors.Is(err, want) {
			t.Errorf("error %v, want %v", err, want)
		}
	case string:
		if want == rowFault && mal == nil || want != rowFault && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if mal != nil && r.flags != (MalformedError{}) {
		got := MalformedError{Cut: mal.Cut, Resynced: mal.Resynced, Truncated: mal.Truncated}
		if got != r.flags {
			t.Errorf("cut %v, resynced %v, truncated %v, want %v, %v, %v (%v)",
				got.Cut, got.Resynced, got.Truncated, r.flags.Cut, r.flags.Resynced, r.flags.Truncated, err)
		}
	}
}

func TestRowsEncoding(t *testing.T) {
	declared := func(label, title string, e encoding.Encoding) string {
		return rowEncode(e, strings.Replace(rowTitled(title), "UTF-8", label, 1))
	}
	bare := strings.Replace(rowTitled("Grüße"), ` encoding="UTF-8"`, "", 1)
	runRows(t, []row{
		{id: "E01", doc: "\ufeff" + rowTitled("Grüße"), kept: rowAll, title: "Grüße"},
		{id: "E01 within the title", doc: rowTitled("\ufeffGr\ufeffüße"), kept: rowAll, title: "Grüße"},
		{id: "E02 LE", doc: rowEncode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), strings.Replace(rowTitled("Grüße €"), "UTF-8", "UTF-16", 1)), kept: rowAll, title: "Grüße €"},
		{id: "E02 BE", doc: rowEncode(unicode.UTF16(unicode.BigEndian, unicode.UseBOM), strings.Replace(rowTitled("Grüße €"), "UTF-8", "UTF-16", 1)), kept: rowAll, title: "Grüße €"},
		{id: "E03 LE", doc: declared("UTF-16", "Grüße", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)), kept: rowAll, title: "Grüße"},
		{id: "E03 BE", doc: declared("UTF-16", "Grüße", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)), kept: rowAll, title: "Grüße"},
		{id: "E04 LE", doc: rowEncode(utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), rowTitled("Grüße")), kept: rowAll, title: "Grüße"},
		{id: "E04 BE without mark", doc: rowEncode(utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), rowTitled("Grüße")), kept: rowAll, title: "Grüße"},
		{id: "E05 windows-1252", doc: declared("windows-1252", "“café” – 5 €", charmap.Windows1252), kept: rowAll, title: "“café” – 5 €"},
		{id: "E05 iso-8859-15", doc: declared("ISO-8859-15", "cœur 5 €", charmap.ISO8859_15), kept: rowAll, title: "cœur 5 €"},
		{id: "E05 koi8-r", doc: declared("koi8-r", "Новости", charmap.KOI8R), kept: rowAll, title: "Новости"},
		{id: "E05 shift_jis", doc: declared("Shift_JIS", "記事の見出し", japanese.ShiftJIS), kept: rowAll, title: "記事の見出し"},
		{id: "E05 euc-kr", doc: declared("EUC-KR", "인공지능", korean.EUCKR), kept: rowAll, title: "인공지능"},
		{id: "E05 gb18030", doc: declared("gb18030", "人工智能", simplifiedchinese.GB18030), kept: rowAll, title: "人工智能"},
		{id: "E05 big5", doc: declared("big5", "人工智慧", traditionalchinese.Big5), kept: rowAll, title: "人工智慧"},
		{id: "E05 iso-2022-jp", doc: declared("iso-2022-jp", "記事の見出し", japanese.ISO2022JP), kept: rowAll, title: "記事の見出し"},
		{id: "E06", doc: strings.Replace(strings.Replace(rowBase(), "UTF-8", "iso-8859-1", 1), "Title 5", "\x93q\x94 5 \x80", 1), kept: rowAll, title: "“q” 5 €"},
		{id: "E07", doc: rowTitled("Grüße"), o: ParseOptions{ContentType: "text/xml; charset=iso-8859-1"}, kept: rowAll, title: "Grüße"},
		{id: "E07 charset parameter beats declaration", doc: strings.Replace(rowEncode(charmap.KOI8R, rowTitled("Новости")), "UTF-8", "windows-1251", 1), o: ParseOptions{ContentType: `text/xml; charset="koi8-r"`}, kept: rowAll, title: "Новости"},
		{id: "E07 charset parameter says UTF-8 of everything", doc: rowEncode(charmap.KOI8R, strings.Replace(rowTitled("Новости"), "UTF-8", "koi8-r", 1)), o: ParseOptions{ContentType: "text/xml; charset=utf-8"}, kept: rowAll, title: "Новости"},
		{id: "E08", doc: rowTitled("caf\xe9 5"), kept: rowAll, title: "caf\ufffd 5", check: func(t *testing.T, f *Feed) {
			for _, e := range f.Entries[1:] {
				if strings.Contains(e.Title+string(e.Summary), "\ufffd") {
					t.Errorf("U+FFFD in %q", e.Title)
				}
			}
		}},
		{id: "E09 UTF-8 bytes", doc: strings.Replace(rowTitled("Grüße"), "UTF-8", "utf-8x", 1), kept: rowAll, title: "Grüße"},
		{id: "E09 other bytes", doc: strings.Replace(rowEncode(charmap.Windows1252, rowTitled("Grüße")), "UTF-8", "x-no-such-thing", 1), err: ErrCharset},
		{id: "E10", doc: strings.Replace(rowTitled("Grüße"), "UTF-8", "us-ascii", 1), o: ParseOptions{ContentType: "text/xml; charset=us-ascii"}, kept: rowAll, title: "Grüße"},
		{id: "E11", doc: strings.Replace(rowTitled("Ti\x00tle"), "urn:t:g5", "urn:\x00t:g5", 1), kept: rowAll, title: "Title"},
		{id: "E12", doc: rowTitled("a\x08b\x1bc&#8;d&#0;e&#xFFFF;f"), kept: rowAll, title: "abcdef"},
		{id: "E13 surrogate reference", doc: rowTitled("a&#xD800;b"), kept: rowAll, title: "a\ufffdb"},
		{id: "E13 overlong", doc: rowTitled("a\xc0\xafb"), kept: rowAll, title: "a\ufffd\ufffdb"},
		{id: "E13 CESU-8", doc: rowTitled("a\xed\xa0\xbd\xed\xb8\x80b"), kept: rowAll, check: func(t *testing.T, f *Feed) {
			if s := f.Entries[0].Title; strings.Trim(s, "ab\ufffd") != "" {
				t.Errorf("%q", s)
			}
		}},
		{id: "E14", doc: rowTitled("a\u202eb\u2066c\u2028d\u200de"), kept: rowAll, title: "abc d\u200de"},
		{id: "E15 far declaration", doc: "<!-- " + strings.Repeat("x ", 1500) + "-->" + declared("windows-1252", "Grüße", charmap.Windows1252), kept: rowAll, title: "Grüße"},
		{id: "E15 two declarations", doc: `<?xml version="1.0" encoding="UTF-8"?>` + rowTitled("Grüße"), kept: rowAll, title: "Grüße"},
		{id: "E16", doc: rowTitled("Grüße – “so”") + "<!-- \xfc -->", kept: rowAll, title: "Grüße – “so”"},
		{id: "E16 in an item", doc: strings.Replace(rowTitled("Grüße – “so”"), "Text 1", "Text \xfc", 1), kept: rowAll, title: "Grüße – “so”"},
		{id: "E17", doc: rowTitled("it&rsquo;s&nbsp;5&nbsp;&euro;"), kept: rowAll, title: "it’s 5 €"},
		{id: "E17 in an extension", doc: strings.Replace(rowBase(), "<title>Title 5", "<dc:creator>Andr&eacute;</dc:creator><title>Title 5", 1), kept: rowAll, check: func(t *testing.T, f *Feed) {
			if a := f.Entries[0].Authors; len(a) != 1 || a[0].Name != "André" {
				t.Errorf("authors %v", a)
			}
		}},
		{id: "E18", doc: rowTitled("GrÃ¼ÃŸe"), kept: rowAll, title: "GrÃ¼ÃŸe"},
		{id: "no label, windows-1252", doc: rowEncode(charmap.Windows1252, bare), kept: rowAll, title: "Grüße"},
	})
}

func TestRowsSyntaxFormats(t *testing.T) {
	atom := func(ns, dates string) string {
		return `<feed version="0.3" xmlns="` + ns + `"><title>T</title><id>urn:f</id><link rel="alternate" type="text/html" href="https://o.test/"/>` +
			`<entry><title>Title 5</title><id>urn:t:g5</id><link rel="alternate" type="text/html" href="https://o.test/5"/>` + dates + `</entry></feed>`
	}
	rdf := `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">` +
		`<channel rdf:about="https://o.test/f"><title>T</title><link>https://o.test/</link><items><rdf:Seq><rdf:li resource="urn:t:g5"/></rdf:Seq></items></channel>` +
		`<item rdf:about="urn:t:g5"><title>Title 5</title><link>https://o.test/5</link><dc:date>2026-11-21T05:00:00Z</dc:date></item></rdf:RDF>`
	version := func(want string, format Format) func(*testing.T, *Feed) {
		return func(t *testing.T, f *Feed) {
			if f.Version != want || f.Format != format {
				t.Errorf("%s %s, want %s %s", f.Format, f.Version, format, want)
			}
			e := f.Entries[0]
			if e.Link != "https://o.test/5" || !e.Published.Equal(rowTime(5)) {
				t.Errorf("link %s, published %v", e.Link, e.Published)
			}
		}
	}
	old := func(v string) string { return strings.Replace(rowHead+rowItem(5, "")+rowTail, "2.0", v, 1) }
	jf := `{"version":"https://jsonfeed.org/version/%s","title":"T","items":[{"id":"urn:t:g5","url":"https://o.test/5","title":"Title 5","content_text":"x","date_published":"2026-11-21T05:00:00Z"}]}`
	runRows(t, []row{
		{id: "X01 RSS 0.91", doc: old("0.91"), kept: "g5", title: "Title 5", check: version("0.91", RSS)},
		{id: "X01 RSS 0.92", doc: old("0.92"), kept: "g5", title: "Title 5", check: version("0.92", RSS)},
		{id: "X01 RSS 1.0", doc: rdf, kept: "g5", title: "Title 5", check: version("1.0", RSS)},
		{id: "X01 RSS 2.0", doc: old("2.0"), kept: "g5", title: "Title 5", check: version("2.0", RSS)},
		{id: "X01 Atom 0.3", doc: atom("http://purl.org/atom/ns#", "<issued>2026-11-21T05:00:00Z</issued><modified>2026-11-21T06:00:00Z</modified>"), kept: "g5", title: "Title 5", check: version("0.3", Atom)},
		{id: "X01 Atom 1.0", doc: atom("http://www.w3.org/2005/Atom", "<published>2026-11-21T05:00:00Z</published><updated>2026-11-21T06:00:00Z</updated>"), kept: "g5", title: "Title 5", check: version("1.0", Atom)},
		{id: "X01 JSON Feed 1.0", doc: fmt.Sprintf(jf, "1"), kept: "g5", title: "Title 5", check: version("1.0", JSONFeed)},
		{id: "X01 JSON Feed 1.1", doc: fmt.Sprintf(jf, "1.1"), kept: "g5", title: "Title 5", check: version("1.1", JSONFeed)},
		{id: "X15 upper case", doc: strings.ToUpper(strings.ReplaceAll(rowBase(), "&", "")), title: "TITLE 5"},
		{id: "X15 wrong namespace", doc: atom("http://example.org/not-atom", ""), kept: "g5", title: "Title 5"},
		{id: "X15 Atom namespace on rss", doc: strings.Replace(rowBase(), `<rss `, `<rss xmlns="http://www.w3.org/2005/Atom" `, 1), kept: rowAll, title: "Title 5"},
		{id: "X15 prefixed Atom", doc: `<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:title>T</a:title><a:entry><a:id>urn:t:g5</a:id><a:title>Title 5</a:title></a:entry></a:feed>`, kept: "g5", title: "Title 5"},
		{id: "X15 prefixed Atom, wrong namespace", doc: `<a:feed xmlns:a="http://example.org/"><a:title>T</a:title><a:entry><a:id>urn:t:g5</a:id><a:title>Title 5</a:title></a:entry></a:feed>`, kept: "g5", title: "Title 5"},
	})
}

func TestRowsSyntax(t *testing.T) {
	entities := `<!DOCTYPE rss [<!ENTITY co "ACME"><!ENTITY pic SYSTEM "file:///etc/passwd"><!ENTITY %% p SYSTEM "http://canary.test/">%s]>` + "\n"
	doctype := func(subset string) string {
		return strings.Replace(rowBase(), "<rss", fmt.Sprintf(entities, subset)+"<rss", 1)
	}
	summary := func(want ...string) func(*testing.T, *Feed) {
		return func(t *testing.T, f *Feed) {
			for _, w := range want {
				if !strings.Contains(string(f.Entries[0].Summary), w) {
					t.Errorf("summary %q lacks %q", f.Entries[0].Summary, w)
				}
			}
		}
	}
	described := func(s string) string { return strings.Replace(rowBase(), "&lt;p&gt;Text 5&lt;/p&gt;", s, 1) }
	runRows(t, []row{
		{id: "X02", doc: strings.Replace(rowBase(), "<rss", `<!DOCTYPE rss PUBLIC "-//N//DTD RSS 0.91//EN" "http://canary.test/rss.dtd">`+"<rss", 1), kept: rowAll},
		{id: "X03", doc: strings.Replace(doctype(""), "Title 5", "Title &co; 5", 1), kept: rowAll, title: "Title &co; 5"},
		{id: "X05", doc: strings.Replace(doctype(""), "Title 5", "Title &pic; 5", 1), kept: rowAll, title: "Title &pic; 5"},
		{id: "X06", doc: rowTitled("AT&T &copy and R&D"), kept: rowAll, title: "AT&T &copy and R&D"},
		{id: "X06 links", doc: strings.Replace(rowBase(), "https://o.test/5", "https://o.test/5?a=1&b=2&copy=3&lt=4", 1), kept: rowAll, check: func(t *testing.T, f *Feed) {
			if l := f.Entries[0].Link; l != "https://o.test/5?a=1&b=2&copy=3&lt=4" {
				t.Errorf("link %s", l)
			}
		}},
		{id: "X06 bare <", doc: rowTitled("1 < 2 <3"), kept: rowAll, title: "1 < 2 <3"},
		{id: "X07", doc: described(`<p>one<br>two <img src=a.png alt="x < y"><p>three <a href='/b'>link</a> &amp;lt;`), kept: rowAll, check: summary("<br>", "<img src=a.png", "<a href='/b'>link</a>", "&amp;lt;")},
		{id: "X07 closed", doc: described(`<p>one <b>two</b> AT&amp;T</p>`), kept: rowAll, check: summary("<p>one <b>two</b> AT&amp;T</p>")},
		{id: "X07 content:encoded", doc: strings.Replace(rowBase(), "<title>Title 5", "<content:encoded><p>one<br>two</p></content:encoded><title>Title 5", 1), kept: rowAll, check: func(t *testing.T, f *Feed) {
			if c := f.Entries[0].Content; c != "<p>one<br>two</p>" {
				t.Errorf("content %q", c)
			}
		}},
		{id: "X07 body", doc: strings.Replace(rowBase(), "<title>Title 5", `<body xmlns="http://www.w3.org/1999/xhtml"><p>one <i>two</i> three</p></body><title>Title 5`, 1), kept: rowAll, check: func(t *testing.T, f *Feed) {
			if c := f.Entries[0].Content; c != "<p>one <i>two</i> three</p>" {
				t.Errorf("content %q", c)
			}
		}},
		{id: "X08", doc: strings.Replace(rowBase(), "<title>Title 5", `<media:thumbnail url="https://o.test/t.png"/><x:y><z:w>1</z:w></x:y><title>Title 5`, 1), kept: rowAll, check: func(t *testing.T, f *Feed) {
			if i := f.Entries[0].Images; len(i) != 1 || i[0].URL != "https://o.test/t.png" {
				t.Errorf("images %v", i)
			}
		}},
		{id: "X09 blank lines", doc: "\n\n  " + rowBase(), kept: rowAll},
		{id: "X09 PHP warning", doc: "<br />\n<b>Warning</b>:  foo() in <b>/srv/x.php</b> on line <b>3</b><br />\n" + rowBase(), kept: rowAll},
		{id: "X09 text and comment", doc: "Notice: x < y <!-- <html> --> \n" + rowBase(), kept: rowAll},
		{id: "X09 comments", doc: strings.ReplaceAll(strings.Replace(rowBase(), "<item>", "<!-- a -- b --->\n<item><!---->", 1), "</item>", "<!-- end --></item>"), kept: rowAll},
		{id: "X10", doc: rowBase() + "<script>if (a < b && c) {}</script>" + strings.ReplaceAll(rowBase(), "urn:t:g", "urn:t:h") + "& junk <", kept: rowAll},
		{id: "X11", doc: strings.Replace(rowBase(), "&lt;p&gt;Text 4&lt;/p&gt;", "<![CDATA[Text 4 without end", 1), kept: rowAll, err: rowFault, flags: MalformedError{Resynced: true}},
		{id: "X11 swallows the next", doc: strings.Replace(strings.Replace(rowBase(), "&lt;p&gt;Text 4&lt;/p&gt;", "<![CDATA[Text 4", 1), "&lt;p&gt;Text 2&lt;/p&gt;", "<![CDATA[Text 2]]>", 1), kept: rowAll, err: rowFault, flags: MalformedError{Resynced: true}},
		{id: "X11 to the end", doc: rowHead + rowItem(5, "") + `<item><guid>urn:t:g4</guid><description><![CDATA[Text`, kept: "g5", err: rowFault, flags: MalformedError{Cut: true, Truncated: true}},
		{id: "X12 wrong end tag", doc: strings.Replace(rowBase(), "Title 4</title>", "Title 4</titel>", 1), kept: rowAll, err: rowFault, flags: MalformedError{Resynced: true}},
		{id: "X12 stray end tag", doc: strings.Replace(rowBase(), "<guid>urn:t:g4", "</b></channel><guid>urn:t:g4", 1), kept: rowAll, err: rowFault, flags: MalformedError{Resynced: true}},
		{id: "X12 stray inline", doc: strings.Replace(rowBase(), "<guid>urn:t:g4", "</b></i><guid>urn:t:g4", 1), kept: rowAll, err: rowFault, flags: MalformedError{Resynced: true}},
		{id: "X12 no </item>", doc: strings.Replace(rowBase(), "</item>", "", 1), kept: rowAll},
		{id: "X13", doc: strings.Replace(rowBase(), `version="1.0"`, `version="1.1"`, 1), kept: rowAll},
		{id: "X14 outside the channel", doc: strings.Replace(rowBase(), "</channel></rss>", "</channel>"+rowItem(0, "")+"</rss>", 1), kept: rowAll + " g0"},
		{id: "X14 item in item", doc: strings.Replace(rowBase(), "<guid>urn:t:g5", rowItem(6, "")+"<guid>urn:t:g5", 1), kept: "", check: func(t *testing.T, f *Feed) {
			if n := len(f.Entries); n < 6 {
				t.Errorf("%d entries: %q", n, rowTitles(f))
			}
		}},
		{id: "X14 two channels", doc: strings.Replace(rowBase(), "</channel>", "</channel><channel><title>U</title>"+rowItem(0, "")+"</channel>", 1), kept: rowAll + " g0"},
		{id: "X20", doc: `<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><title>Title 5</title><link href="https://o.test/j" type="application/json"/><link/><link href="https://o.test/5" type="text/html"/></entry><entry><title>x</title><link>https://o.test/4</link></entry></feed>`, title: "Title 5", check: func(t *testing.T, f *Feed) {
			if f.Entries[0].Link != "https://o.test/5" || f.Entries[1].Link != "https://o.test/4" {
				t.Errorf("links %s, %s", f.Entries[0].Link, f.Entries[1].Link)
			}
		}},
		{id: "X21", doc: rowHead + rowTail, check: func(t *testing.T, f *Feed) {
			if len(f.Entries) != 0 || f.Title != "T" {
				t.Errorf("%d entries, title %q", len(f.Entries), f.Title)
			}
		}},
		{id: "X22", doc: strings.Replace(rowBase(), "<rss", `<?xml-stylesheet href="http://evil.test/x.xsl" type="text/xsl"?><rss`, 1) + "<?php evil ?>", kept: rowAll},
		{id: "H03", doc: rowHead + rowItem(5, "") + rowItem(4, "") + `<item><guid>urn:t:g3</guid><link>https://o`, kept: "g5 g4", err: rowFault, flags: MalformedError{Cut: true, Truncated: true}},
		{id: "H05 between items", doc: rowHead + rowItem(5, "") + rowItem(4, ""), kept: "g5 g4", err: rowFault, flags: MalformedError{Truncated: true}},
		{id: "H03 before any item", doc: rowHead + `<item><guid>urn:t:g3</guid><link>https://o`, err: rowFault, check: func(t *testing.T, f *Feed) {
			if len(f.Entries) != 0 || f.Title != "T" {
				t.Errorf("%d entries, title %q", len(f.Entries), f.Title)
			}
		}},
		{id: "empty", doc: "", err: ErrEmpty},
		{id: "H10", doc: "\ufeff  \r\n\t", err: ErrEmpty},
	})
}

func TestRowsBombs(t *testing.T) {
	laughs := `<!DOCTYPE rss [<!ENTITY a0 "lol">`
	for i := range 9 {
		laughs += fmt.Sprintf(`<!ENTITY a%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&a%d;", i), 10))
	}
	long := `<!DOCTYPE rss [<!ENTITY a "` + strings.Repeat("x", 100_000) + `">]>`
	for id, doc := range map[string]string{
		"X04 laughs":    strings.Replace(rowTitled("&a9;"), "<rss", laughs+"]><rss", 1),
		"X04 quadratic": strings.Replace(rowTitled(strings.Repeat("&a;", 100)), "<rss", long+"<rss", 1),
	} {
		t.Run(id, func(t *testing.T) {
			var f *Feed
			alloc := allocated(func() {
				var err error
				if f, err = Parse(strings.NewReader(doc), ParseOptions{}); err != nil {
					t.Fatal(err)
				}
			})
			if len(f.Entries) != 5 || alloc > 5<<20 {
				t.Errorf("%d entries, %d KB allocated", len(f.Entries), alloc>>10)
			}
		})
	}
}

func TestRowsNotFeeds(t *testing.T) {
	page := `<!DOCTYPE html><html><head><title>x</title><script>var s = "<rss version='2.0'><channel><item></item></channel></rss>"</script></head><body>`
	runRows(t, []row{
		{id: "H11", doc: page, err: ErrNotFeed},
		{id: "X16", doc: page, err: "HTML"},
		{id: "X16 no doctype", doc: "<html>" + page, err: "HTML"},
		{id: "X16 upper case", doc: "<HTML><BODY>&lt;rss&gt;", err: "HTML"},
		{id: "H13", doc: `{"error":"x"}`, err: ErrNotFeed},
		{id: "X17 null", doc: "null", err: ErrNotFeed},
		{id: "X17 []", doc: "[]", err: ErrNotFeed},
		{id: "X17 {}", doc: "{}", err: ErrNotFeed},
		{id: "X24 sitemap", doc: `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>x</loc></url></urlset>`, err: "sitemap"},
		{id: "X24 OPML", doc: `<opml version="2.0"><body><outline xmlUrl="x"/></body></opml>`, err: "OPML"},
		{id: "X24 SVG", doc: `<svg xmlns="http://www.w3.org/2000/svg"/>`, err: "SVG"},
		{id: "X24 plist", doc: `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "x"><plist version="1.0"/>`, err: "plist"},
		{id: "X24 HTML5", doc: `<!doctype html><title>x</title>`, err: "HTML"},
		{id: "text", doc: "Not found", err: ErrNotFeed},
		{id: "text about feeds", doc: "Write <rss> and then <channel>, or <feed>.", err: ErrNotFeed},
		{id: "PDF", doc: "%PDF-1.7 …", err: "PDF"},
		{id: "other XML", doc: `<note><to>x</to></note>`, err: "<note>"},
		{id: "SOAP", doc: `<?xml version="1.0"?><soap:Envelope xmlns:soap="x"><soap:Body/></soap:Envelope>`, err: ErrNotFeed},
	})
}

func TestRowsJSON(t *testing.T) {
	feed := func(items string) string {
		return `{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[` + items + `]}`
	}
	five := `{"id":"urn:t:g5","title":"Title 5","content_text":"a <script>alert(1)</script>"}`
	runRows(t, []row{
		{id: "X17 numeric ids", doc: feed(`{"id":17,"content_text":"x"},{"id":1.5,"content_text":"y"}`), kept: "17 1.5"},
		{id: "X17 nested", doc: feed(strings.Repeat("[", 100_000)), err: rowFault},
		{id: "X17 nested after an item", doc: feed(five + "," + strings.Repeat(`{"a":`, 100_000)), kept: "g5", err: rowFault, flags: MalformedError{Cut: true, Truncated: true}},
		{id: "X17 duplicate keys", doc: feed(`{"id":"a","id":"urn:t:g5","content_text":"x"}`), kept: "g5"},
		{id: "X17 BOM", doc: "\ufeff" + feed(five), kept: "g5"},
		{id: "X17 trailing commas", doc: feed(`{"id":"urn:t:g5","tags":["a","b",],},`), kept: "g5"},
		{id: "X17 NaN", doc: feed(`{"id":"urn:t:g5","x":NaN,"title":"Title 5 NaN"}`), kept: "g5", title: "Title 5 NaN"},
		{id: "X17 raw line breaks", doc: feed("{\"id\":\"urn:t:g5\",\"title\":\"Title\n5\"}"), kept: "g5", title: "Title 5"},
		{id: "X17 junk behind", doc: feed(five) + "<!-- cached -->", kept: "g5"},
		{id: "X17 truncated", doc: strings.TrimSuffix(feed(five+`,{"id":"urn:t:g4","title":"Tit`), `]}`), kept: "g5", err: rowFault, flags: MalformedError{Cut: true, Truncated: true}},
		{id: "X17 wrong types", doc: feed(`{"id":"urn:t:g5","author":"bob","tags":"a, b","title":7,"authors":null,"attachments":{},"image":[]}`), kept: "g5", title: "7", check: func(t *testing.T, f *Feed) {
			e := f.Entries[0]
			if len(e.Authors) != 1 || e.Authors[0].Name != "bob" || len(e.Categories) != 2 {
				t.Errorf("authors %v, categories %v", e.Authors, e.Categories)
			}
		}},
		{id: "X17 item that is none", doc: feed(five + `,null,17`), kept: "g5", err: rowFault, flags: MalformedError{Cut: true}},
		{id: "X17 NUL", doc: feed(`{"id":"urn:t:g5","title":"a\u0000b\ud800c"}`), kept: "g5", title: "ab\ufffdc"},
		{id: "X18", doc: feed(five), kept: "g5", check: func(t *testing.T, f *Feed) {
			if c := f.Entries[0].Content; c != "a &lt;script&gt;alert(1)&lt;/script&gt;" {
				t.Errorf("content %q", c)
			}
		}},
		{id: "hubs, next and extensions", doc: `{"version":"https://jsonfeed.org/version/1.1","title":"T","next_url":"/2.json","hubs":[{"type":"WebSub","url":"https://hub.test/"},{"type":"rssCloud","url":"https://c.test/"}],"_x":{"about":"y"},"items":[{"id":"urn:t:g5","_y":[1,"z"],"content_html":"x"}]}`, o: ParseOptions{Base: mustURL("https://o.test/feed.json")}, kept: "g5", check: func(t *testing.T, f *Feed) {
			if !slices.Equal(f.Hubs, []string{"https://hub.test/"}) || f.Links[0] != (Link{Rel: "next", Href: "https://o.test/2.json", MediaType: "application/feed+json"}) {
				t.Errorf("hubs %v, links %v", f.Hubs, f.Links)
			}
			if fmt.Sprint(f.Extension, f.Entries[0].Extension) != "map[_x:map[about:y]] map[_y:[1 z]]" {
				t.Errorf("extensions %v %v", f.Extension, f.Entries[0].Extension)
			}
		}},
	})
}

// TestReaderFails holds that an error of the reader comes back.
func TestReaderFails(t *testing.T) {
	fault := errors.New("connection lost")
	f, err := Parse(&failingReader{strings.NewReader(rowBase()[:400]), fault}, ParseOptions{})
	if f != nil || !errors.Is(err, fault) {
		t.Errorf("feed %v, error %v", f, err)
	}
}

type failingReader struct {
	r   *strings.Reader
	err error
}

func (r *failingReader) Read(p []byte) (int, error) {
	if r.r.Len() == 0 {
		return 0, r.err
	}
	return r.r.Read(p)
}
