package feeds

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"
)

// benchDocuments are feeds of the kinds that sources have, about 80 KB each
// with 25 entries, and one large one.
func benchDocuments() map[string][]byte {
	prose := strings.Repeat("<p>Researchers said on Monday that the model &amp; its weights are <a href=\"https://example.org/x?a=1&amp;b=2\">public</a>, which nobody had expected.</p>\n", 18)
	escaped := string(salvageEscape(nil, []byte(prose)))
	item := func(i int, body string) string {
		return fmt.Sprintf(`<item><title>Model %d beats a benchmark &#8211; again</title><link>https://example.org/2026/11/%d</link>`+
			`<comments>https://example.org/2026/11/%d#comments</comments><dc:creator><![CDATA[Jane Doe]]></dc:creator>`+
			`<pubDate>Sat, 21 Nov 2026 09:%02d:00 +0000</pubDate><category><![CDATA[AI]]></category><category><![CDATA[Models]]></category>`+
			`<guid isPermaLink="false">https://example.org/?p=%d</guid>%s<wfw:commentRss>https://example.org/%d/feed/</wfw:commentRss>`+
			`<slash:comments>%d</slash:comments></item>`+"\n", i, i, i, i%60, i, body, i, i)
	}
	rss := func(n int, body string) []byte {
		var b strings.Builder
		b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"><channel><title>Example</title><atom:link href="https://example.org/feed/" rel="self" type="application/rss+xml"/><link>https://example.org</link><description>News</description><lastBuildDate>Sat, 21 Nov 2026 10:00:00 +0000</lastBuildDate><language>en-US</language><sy:updatePeriod>hourly</sy:updatePeriod>`)
		for i := range n {
			b.WriteString(item(i, body))
		}
		b.WriteString(`</channel></rss>`)
		return []byte(b.String())
	}
	cdata := `<description><![CDATA[<p>The short of it.</p>]]></description><content:encoded><![CDATA[` + prose + `]]></content:encoded>`
	return map[string][]byte{
		"rss_cdata":     rss(25, cdata),
		"rss_escaped":   rss(25, `<description>`+escaped+`</description>`),
		"rss_headlines": rss(150, `<description>The short of it.</description>`),
		"rss_large":     rss(600, cdata),
		"atom_html":     benchAtom("html", escaped),
		"atom_xhtml":    benchAtom("xhtml", `<div xmlns="http://www.w3.org/1999/xhtml">`+prose+`</div>`),
		"json":          benchJSON(prose),
	}
}

func benchAtom(typ, body string) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0" xml:lang="en"><title>Example</title><id>tag:example.org,2026:blog</id><updated>2026-11-21T09:00:00Z</updated><link rel="self" href="https://example.org/feed.atom"/><link href="https://example.org/"/>`)
	for i := range 25 {
		fmt.Fprintf(&b, `<entry><title type="html">Model %d &amp;amp; more</title><id>tag:example.org,2026:%d</id><link rel="alternate" type="text/html" href="https://example.org/%d"/><link rel="replies" type="text/html" thr:count="3" href="https://example.org/%d#c"/><published>2026-11-20T09:00:00Z</published><updated>2026-11-21T09:00:00Z</updated><author><name>Jane Doe</name></author><category term="AI"/><content type="%s">%s</content></entry>`, i, i, i, i, typ, body)
	}
	b.WriteString(`</feed>`)
	return []byte(b.String())
}

func benchJSON(body string) []byte {
	var b strings.Builder
	b.WriteString(`{"version":"https://jsonfeed.org/version/1.1","title":"Example","home_page_url":"https://example.org/","items":[`)
	for i := range 25 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"%d","url":"https://example.org/%d","title":"Model %d","content_html":%q,"date_published":"2026-11-21T09:00:00Z","tags":["AI"]}`, i, i, i, body)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

// BenchmarkParse compares Parse with gofeed's own parser on the same bytes in
// the same run: "x_gofeed" is how many times gofeed's time Parse takes.
func BenchmarkParse(b *testing.B) {
	for name, doc := range benchDocuments() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			var ours, theirs time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := Parse(bytes.NewReader(doc), ParseOptions{}); err != nil {
					b.Fatal(err)
				}
				ours += time.Since(start)
				b.StopTimer()
				start = time.Now()
				if _, err := gofeed.NewParser().Parse(bytes.NewReader(doc)); err != nil {
					b.Fatal(err)
				}
				theirs += time.Since(start)
				b.StartTimer()
			}
			b.ReportMetric(float64(ours)/float64(theirs), "x_gofeed")
		})
	}
}

// BenchmarkGuard measures the pass that every XML document must get through.
func BenchmarkGuard(b *testing.B) {
	for name, doc := range benchDocuments() {
		at, kind, err := parseRoot(doc, 0)
		if err != nil {
			continue // JSON
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if r := guard(doc, at, kind); !r.clean() {
					b.Fatal(r.flaw, r.limit)
				}
			}
		})
	}
}

// BenchmarkNormalize measures decoding and the filter of forbidden characters.
func BenchmarkNormalize(b *testing.B) {
	for name, doc := range benchDocuments() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				if _, err := normalize(doc, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCorpus compares Parse with gofeed over the real feeds of the corpus.
func BenchmarkCorpus(b *testing.B) {
	dir := corpusDir(b)
	var docs [][]byte
	size := 0
	for _, pattern := range []string{"polls/*/*.xml", "feeds/codehollow-feedreader/Feeds/*", "feeds/olshansk-ai-feeds/*", "feeds/turing-ai-rss-feeds/*"} {
		files, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, file := range files[:min(len(files), 40)] {
			doc, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := gofeed.NewParser().Parse(bytes.NewReader(doc)); err == nil {
				docs = append(docs, doc)
				size += len(doc)
			}
		}
	}
	b.SetBytes(int64(size))
	var ours, theirs time.Duration
	for b.Loop() {
		for _, doc := range docs {
			start := time.Now()
			_, _ = Parse(bytes.NewReader(doc), ParseOptions{})
			ours += time.Since(start)
			start = time.Now()
			_, _ = gofeed.NewParser().Parse(bytes.NewReader(doc))
			theirs += time.Since(start)
		}
	}
	b.ReportMetric(float64(ours)/float64(theirs), "x_gofeed")
}
