package hostile

import (
	"fmt"
	"strings"
)

// syntax returns the rows of XML and JSON that is not as it should be.
func syntax() []Row {
	doc := Document(5)
	kept := func(id, about, doc string) Row {
		return Row{ID: id, About: about, Kept: 1, Class: "ok", Next: "N", Serve: feed(doc)}
	}
	not := func(id, about, doc string) Row {
		return Row{ID: id, About: about, Class: "not_feed", Next: "P", Serve: feed(doc)}
	}
	prolog := func(s string) string { return strings.Replace(doc, "?>\n", "?>\n"+s, 1) }
	rows := []Row{
		kept("X02", "a DOCTYPE with public and system id", prolog(`<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://o.test/rss.dtd">`)),
		kept("X03", "an internal entity in the title", strings.Replace(prolog(`<!DOCTYPE rss [<!ENTITY x "y">]>`), "Story 5", "Story &x; 5", 1)),
		kept("X04", "a billion laughs", strings.Replace(prolog(laughs()), "Story 5", "Story &l9; 5", 1)),
		kept("X05", "external entities", strings.Replace(prolog(`<!DOCTYPE rss [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>`), "Story 5", "Story &e; 5", 1)),
		kept("X06", "ampersands that are not escaped", titled("AT&T &copy 5 & <![CDATA[ ]]>")),
		kept("X07", "HTML that is not escaped", With(5, strings.Replace(Item(5), "&lt;p&gt;Text of story 5.&lt;/p&gt;", "<p>a<br>b<img src=x width=5>", 1))),
		kept("X08", "prefixes that are not declared", With(5, strings.Replace(Item(5), "</item>", "<foo:bar>x</foo:bar></item>", 1))),
		kept("X09", "a warning of PHP before the declaration", "\n<br />\n<b>Warning</b>: mysql in <b>/srv/x.php</b><br />\n"+doc),
		kept("X10", "a second document after the end", doc+"<script>x()</script>"+Channel(Item(77))),
		{ID: "X11", About: "CDATA that is not closed, in g4", Kept: 1, Class: "ok_partial", Next: "N",
			Serve: feed(strings.Replace(doc, "Story 4", "<![CDATA[Story 4", 1), `Etag: "v2"`)},
		{ID: "X12", About: "a wrong end tag inside g4", Kept: 1, Class: "ok_partial", Next: "N",
			Serve: feed(strings.Replace(doc, "Story 4</title>", "Story 4</titel></x></item", 1))},
		kept("X13", "XML 1.1", strings.Replace(doc, `version="1.0"`, `version="1.1"`, 1)),
		kept("X14", "items outside of the channel", strings.Replace(doc, "<item>", "</channel><item>", 1)),
		kept("X15", "upper-case names", upperNames(doc)),
		not("X16", "a page with <rss> in a script", "<!DOCTYPE html><html><body><script>var x = '<rss version=\"2.0\"><channel>'</script></body></html>"),
		not("X17/null", "JSON null", "null"),
		not("X17/list", "JSON []", "[]"),
		not("X17/object", "JSON {}", "{}"),
		{ID: "X17/deep", About: "100,000 times [", Class: "parse", Next: "B", Serve: lazily(func() string { return strings.Repeat("[", 100_000) })},
		kept("X18", "JSON text with a script", jsonFeed(`"content_text":"<script>alert(1)</script>"`)),
		kept("X19", "Atom with content elsewhere", atomFeed(`<content type="text/html" src="http://127.0.0.1:9/x"/>`)),
		kept("X20", "Atom with odd links", atomFeed(`<link/><link href="https://o.test/5b"/><link rel="alternate" href="https://o.test/5c"/>`)),
		{ID: "X21", About: "a valid feed without items", Class: "ok", Next: "N", Serve: feed(Channel())},
		kept("X22", "processing instructions", prolog(`<?xml-stylesheet type="text/xsl" href="http://127.0.0.1:9/evil.xsl"?><?php evil() ?>`)),
		not("X24/sitemap", "a sitemap", `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://o.test/</loc></url></urlset>`),
		not("X24/opml", "OPML", `<?xml version="1.0"?><opml version="2.0"><body><outline text="x"/></body></opml>`),
		not("X24/svg", "SVG", `<svg xmlns="http://www.w3.org/2000/svg"><circle r="1"/></svg>`),
		not("X24/html", "HTML", `<!doctype html><title>x</title><p>y`),
	}
	for version, doc := range versions() {
		rows = append(rows, kept("X01/"+version, version, doc))
	}
	return rows
}

func laughs() string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE rss [<!ENTITY l0 "lol">`)
	for i := 1; i <= 9; i++ {
		fmt.Fprintf(&b, `<!ENTITY l%d "%s">`, i, strings.Repeat(fmt.Sprintf("&l%d;", i-1), 10))
	}
	b.WriteString("]>\n")
	return b.String()
}

func upperNames(doc string) string {
	return strings.NewReplacer("<rss", "<RSS", "</rss", "</RSS", "<item", "<ITEM", "</item", "</ITEM", "<channel", "<CHANNEL", "</channel", "</CHANNEL").Replace(doc)
}

// jsonFeed returns JSON Feed with g5 … g1; extra stands in g5.
func jsonFeed(extra string) string {
	var items []string
	for n := 5; n >= 1; n-- {
		item := fmt.Sprintf(`{"id":"urn:t:g%d","url":"https://o.test/%d","title":"Story %d",%s}`, n, n, n, map[bool]string{true: extra, false: `"content_html":"<p>x</p>"`}[n == 5])
		items = append(items, item)
	}
	return `{"version":"https://jsonfeed.org/version/1.1","title":"Origin","items":[` + strings.Join(items, ",") + `]}`
}

// atomFeed returns Atom with g5 … g1; extra stands in g5.
func atomFeed(extra string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Origin</title><id>urn:t:feed</id><updated>2026-09-01T12:00:00Z</updated>`)
	for n := 5; n >= 1; n-- {
		fmt.Fprintf(&b, `<entry><id>urn:t:g%d</id><title>Story %d</title><updated>2026-09-01T1%d:00:00Z</updated>`, n, n, n)
		if n == 5 {
			b.WriteString(extra)
		} else {
			fmt.Fprintf(&b, `<link href="https://o.test/%d"/>`, n)
		}
		b.WriteString("</entry>")
	}
	return b.String() + "</feed>"
}

// versions returns the base document in every format and version.
func versions() map[string]string {
	plain := Document(5)
	rdf := strings.NewReplacer(
		`<rss version="2.0">`, `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">`, "</rss>", "</rdf:RDF>",
	).Replace(plain)
	for n := 1; n <= 5; n++ {
		rdf = strings.Replace(rdf, fmt.Sprintf(`<item><guid isPermaLink="false">urn:t:g%d</guid>`, n), fmt.Sprintf(`<item rdf:about="urn:t:g%d">`, n), 1)
	}
	return map[string]string{
		"rss-0.91": strings.Replace(plain, `version="2.0"`, `version="0.91"`, 1), "rss-0.92": strings.Replace(plain, `version="2.0"`, `version="0.92"`, 1),
		"rss-2.0": plain, "rdf-1.0": rdf,
		"atom-1.0": atomFeed(`<link href="https://o.test/5"/>`),
		"atom-0.3": strings.NewReplacer("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#", `<feed xmlns`, `<feed version="0.3" xmlns`, "<updated>", "<modified>", "</updated>", "</modified>").Replace(atomFeed(`<link href="https://o.test/5"/>`)),
		"json-1.0": strings.Replace(jsonFeed(`"content_text":"x"`), "1.1", "1", 1), "json-1.1": jsonFeed(`"content_text":"x"`),
	}
}
