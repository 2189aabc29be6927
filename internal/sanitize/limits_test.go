package sanitize

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"newswire/feeds"
)

// worst are fragments of about this size that cost the most for it.
func worst(size int) map[string]string {
	fill := func(s string) string { return strings.Repeat(s, size/len(s)+1) }
	var distinct strings.Builder
	for i := range 400 {
		fmt.Fprintf(&distinct, `<b title="%d">`, i)
	}
	return map[string]string{
		"svg":                     fill("<svg>"),
		"div":                     fill("<div>"),
		"bold":                    fill("<b>"),
		"paragraphs":              fill("<p>x"),
		"lists":                   fill("<ul><li>"),
		"tables":                  fill("<table><tr><td>"),
		"table without cells":     fill("<table>x"),
		"rows in rows":            "<table>" + fill("<tr>x"),
		"links":                   fill(`<a href="x">y</a>`),
		"unclosed links":          fill(`<a href="x">y`),
		"links across blocks":     fill(`<a href="x"><div>y</a>`),
		"formatting carried":      fill("<p><b><i><u><s><em><code><small><strong>x"),
		"formatting, distinct":    "<p>" + distinct.String() + fill("<p>x"),
		"bold and blocks":         fill("<b><div>x</b></div>"),
		"end tags":                strings.Repeat("<div>", 500) + fill("</p>"),
		"end tags that match":     fill("<b></i>"),
		"attributes":              "<a " + fill("a ") + ">x</a>",
		"distinct attributes":     "<p " + fill("title=x lang=y ") + ">x</p>",
		"one attribute":           `<p title="` + fill("x") + `">y</p>`,
		"data":                    `<img src="data:image/png;base64,` + fill("A") + `">x`,
		"srcset":                  `<img srcset="` + fill("https://x.example/a.png 1x, ") + `">`,
		"text":                    fill("'"),
		"text, marked up":         "<p>" + fill("'"),
		"entities":                fill("&amp;"),
		"entities without an end": fill("&"),
		"line breaks":             fill("\n\n'"),
		"less-than":               fill("<"),
		"tag without an end":      "<a href=" + fill("x"),
		"quote without an end":    fill(`<a href="`),
		"comments":                fill("<!---->"),
		"comment without an end":  fill("<!--"),
		"select and template":     fill("<select><template><option>"),
		"forms":                   fill("<form><input>"),
		"skip without an end":     "<svg>" + fill("<p>x</p>"),
		"nested ruby":             fill("<ruby><rt>"),
		"definitions":             fill("<dl><dd><dt>"),
		"sources":                 "<video>" + fill("<source src=x>"),
		"preformatted":            fill("<pre>\n\n"),
		"scripts":                 fill("<script></script>"),
		"script without an end":   fill("<script>"),
		"not UTF-8":               fill("\xff"),
		"not UTF-8, marked up":    "<b>" + fill("\xff"),
		"figures":                 fill("<figure>"),
		"figures, closed":         strings.Repeat("<figure></figure>", maxElements-1),
		"players":                 strings.Repeat("word ", 50_000) + strings.Repeat("<audio></audio>", 6000),
		"hidden":                  fill("<p hidden>x"),
		"hidden without an end":   "<b>" + strings.Repeat("<i>", maxOpen) + "<div hidden>" + strings.Repeat("<s>", maxOpen) + fill("</p>"),
	}
}

// TestWorst holds that no megabyte takes longer than a second or more than
// 64 MiB, whatever stands in it (T-SAN-4), and that its result is within the
// limits and as good as any.
func TestWorst(t *testing.T) {
	small := worst(64 << 10)
	for name, in := range worst(worstSize) {
		t.Run(name, func(t *testing.T) {
			clean := HTML(feeds.HTML(in), testBase)
			for what, f := range map[string]func(){
				"HTML":        func() { HTML(feeds.HTML(in), testBase) },
				"Text":        func() { Text(feeds.HTML(in)) },
				"Line":        func() { Line(in) },
				"Excerpt":     func() { Excerpt(feeds.HTML(in), 300) },
				"LinkPlayers": func() { LinkPlayers(clean) },
			} {
				took, bytes := measure(f)
				for n := 0; n < 4 && took > time.Second; n++ { // the machine may be busy with something else
					again, _ := measure(f)
					took = min(took, again)
				}
				if took > time.Second || bytes > 64<<20 {
					t.Errorf("%s took %v and %d KiB", what, took, bytes>>10)
				}
				if os.Getenv("NEWSWIRE_SHOW") != "" {
					t.Logf("%s took %v and %d KiB", what, took, bytes>>10)
				}
			}
			in := small[name]
			holds(t, in, testBase)
			excerptHolds(t, in, Excerpt(feeds.HTML(in), 300), 300)
		})
	}
}

// measure returns how long f takes and how many bytes it allocates in all,
// which is more than it ever holds.
func measure(f func()) (time.Duration, uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	f()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return took, after.TotalAlloc - before.TotalAlloc
}

// TestLimits holds what comes out of fragments that are too large.
func TestLimits(t *testing.T) {
	long := strings.Repeat("<p>some text</p>", 50_000)
	out := string(HTML(feeds.HTML(long), nil))
	if len(out) > maxBytes || !strings.HasPrefix(out, "<p>some text</p><p>some text</p>") || !strings.HasSuffix(out, "…</p>") {
		t.Errorf("%d bytes, ends with %q", len(out), out[len(out)-40:])
	}
	deep := strings.Repeat("<div>", 300) + "x"
	if out := string(HTML(feeds.HTML(deep), nil)); strings.Count(out, "<div>") != maxDepth || !strings.Contains(out, "x") {
		t.Errorf("%d levels of 300", strings.Count(out, "<div>"))
	}
	many := strings.Repeat("<b>x</b>", maxElements+1)
	if out := string(HTML(feeds.HTML(many), nil)); strings.Contains(out, "<b>") || strings.Count(out, "x") != maxElements+1 {
		t.Error("too many elements are not taken for text")
	}
	if got := Line(strings.Repeat("ü", 2000)); len(got) > maxLine || !strings.HasSuffix(got, "ü…") {
		t.Errorf("Line gives %d bytes", len(got))
	}
}

// article is ordinary: paragraphs with links and emphasis, pictures, a list,
// a quotation and a table, about n bytes.
func article(n int) string {
	const part = `<h2>The agreement was signed on Tuesday</h2>
<p>Researchers at <a href="https://lab.example/people/team?id=42&amp;utm_source=rss">the laboratory</a> said that the model's results &#8220;were <em>encouraging</em>&#8221;, and that a paper would follow. Nobody else has been able to repeat them yet, which the company puts down to the cost of the hardware that it takes.</p>
<figure class="wp-block-image size-large"><img loading="lazy" width="1024" height="683" src="/wp-content/uploads/2026/11/picture-1024x683.jpg" alt="Two people in front of a rack" srcset="/wp-content/uploads/2026/11/picture-1024x683.jpg 1024w, /wp-content/uploads/2026/11/picture-300x200.jpg 300w" sizes="(max-width: 1024px) 100vw, 1024px" /><figcaption>The machine room. Photo: house</figcaption></figure>
<p style="text-align: left;">A spokesperson told us that the <strong>numbers are preliminary</strong> and declined to comment further. The regulator, which had asked for a report by the end of the month, said it had received one and would publish what it could; see <a title="our report" href="https://news.example/articles/report">our report</a> of last week.</p>
<ul class="list"><li>Parameters: seven billion</li><li>Context: 128,000 tokens</li><li>Licence: open weights</li></ul>
<blockquote><p>We did not expect this, and we would not have believed it had we not seen it.</p></blockquote>
<p>What happens now depends on how the three suppliers answer. Two of them have said that they will not change their prices before spring; the third has not answered our questions.<br />More follows.</p>
`
	return strings.Repeat(part, n/len(part)+1)
}

func BenchmarkHTML(b *testing.B) {
	s := article(200 << 10)
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		HTML(feeds.HTML(s), testBase)
	}
}

// BenchmarkReference is what the parser of x/net/html and its renderer take
// for the same article, without judging anything.
func BenchmarkReference(b *testing.B) {
	s := article(200 << 10)
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	for b.Loop() {
		nodes, err := html.ParseFragment(strings.NewReader(s), body)
		if err != nil {
			b.Fatal(err)
		}
		var out strings.Builder
		for _, n := range nodes {
			if err := html.Render(&out, n); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkText(b *testing.B) {
	s := article(200 << 10)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		Text(feeds.HTML(s))
	}
}

func BenchmarkExcerpt(b *testing.B) {
	s := HTML(feeds.HTML(article(20<<10)), testBase)
	b.ReportAllocs()
	for b.Loop() {
		Excerpt(s, 300)
	}
}

func BenchmarkLine(b *testing.B) {
	for b.Loop() {
		Line("The laboratory's new model is “encouraging”, say its makers")
	}
}

func BenchmarkCanonical(b *testing.B) {
	for b.Loop() {
		Canonical("https://www.lab.example/people/team?utm_source=rss&id=42#top")
	}
}
