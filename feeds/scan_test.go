package feeds

import (
	"strings"
	"testing"
)

// TestScanner holds how a document is cut into tokens: kinds by a letter, an
// exclamation mark for what XML does not allow, a bar for what does not end.
func TestScanner(t *testing.T) {
	letters := map[scanKind]string{scanText: "T", scanCDATA: "C", scanStart: "S", scanEmpty: "E", scanEnd: "/", scanComment: "-", scanProcInst: "?", scanDirective: "D", scanStray: "<"}
	for _, c := range []struct{ doc, want string }{
		{"<a>x</a>", "S T /"},
		{`<a b="1" c:d='2'/>`, "E"},
		{"<!-- x --><!---->", "- -"},
		{"<!-- x -- y --><!-- x --->", "-! -!"},
		{"<![CDATA[ <x> ]]>y", "C T"},
		{"<![CDATA[ x", "C!|"},
		{"<!-- x", "-!|"},
		{"<?xml version='1.0'?><a/>", "? E"},
		{`<!DOCTYPE a [<!ENTITY b "]>"> <!-- ]> -->]>x`, "D T"},
		{"<!DOCTYPE a [", "D!|"},
		{"a < b <3", "T <! T <! T"},
		{"<", "<!|"},
		{"<a b=c d>", "S!"},
		{`<a b="x>y</a>`, "S! T /"},
		{`<a b="x < y">z`, "S! T"},
		{`<br clear="all/>x <a c="d">`, "E! T S"},
		{"<a <b>", "S! S"},
		{"</a b></ >", "/! /!"},
		{"<a b", "S!|"},
	} {
		s := scanner{b: []byte(c.doc)}
		var got []string
		for tok := s.next(); tok.kind != scanEOF; tok = s.next() {
			mark := letters[tok.kind]
			if tok.broken {
				mark += "!"
			}
			if tok.open {
				mark += "|"
			}
			got = append(got, mark)
			if tok.end <= tok.start {
				t.Fatalf("%q: a token of no length", c.doc)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q: %v, want %s", c.doc, got, c.want)
		}
	}
}

// TestGuardPasses holds that what real feeds do goes to gofeed as it is: no
// mending, no copy.
func TestGuardPasses(t *testing.T) {
	for name, doc := range map[string]string{
		"base":       rowBase(),
		"comments":   strings.Replace(rowBase(), "<item>", "<!-- one --><?pi x?><item><!-- two -->", 1),
		"CDATA":      strings.Replace(rowBase(), "Title 5", "<![CDATA[Title <5> & more]]>", 1),
		"entities":   rowTitled("it&rsquo;s AT&T &amp; &#233;"),
		"extensions": strings.Replace(rowBase(), "<guid>", `<media:group><media:content url="x"><media:title>t</media:title></media:content></media:group><guid>`, 1),
		"xhtml":      `<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>x<br/></p></div></content></entry></feed>`,
		"empty":      `<rss/>`,
	} {
		at, kind, err := parseRoot([]byte(doc), 0)
		if err != nil {
			t.Fatal(name, err)
		}
		if r := guard([]byte(doc), at, kind); !r.clean() {
			t.Errorf("%s: flaw %q at %d, limit %q, open %v", name, r.flaw, r.flawAt, r.limit, r.open)
		}
	}
}
