package sanitize

import (
	"net/url"
	"strings"
	"testing"

	"newswire/feeds"
)

var testBase = mustURL("https://site.example/dir/page.html")

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

// TestHTML says what becomes of markup. The forms that links and pictures get
// are shortened: REL is the rel attribute of every link, LAZY what every
// picture ends with.
func TestHTML(t *testing.T) {
	short := strings.NewReplacer(
		` rel="noopener noreferrer nofollow ugc"`, " REL",
		` loading="lazy" referrerpolicy="no-referrer"`, " LAZY",
		` controls=""`, "", ` preload="none"`, "")
	for _, c := range []struct{ why, in, want string }{
		{"plain text is left", `hello`, `hello`},
		{"text is escaped", `a < b & c > "d"`, `a &lt; b &amp; c &gt; &#34;d&#34;`},
		{"escaped markup stays text", `&lt;script&gt;x&lt;/script&gt;`, `&lt;script&gt;x&lt;/script&gt;`},
		{"open elements are closed", `<div><b>open`, `<div><b>open</b></div>`},
		{"stray end tags are ignored", `</div></div>text</p>`, `text`},
		{"a paragraph ends a paragraph", `<p>a<p>b`, `<p>a</p><p>b</p>`},
		{"a block ends a paragraph", `<p>a<ul><li>b<li>c</ul>`, `<p>a</p><ul><li>b</li><li>c</li></ul>`},
		{"formatting goes on behind an implied end", `<p><b>a<p>b</b>c`, `<p><b>a</b></p><p><b>b</b>c</p>`},
		{"a link around a block in a paragraph", `<p><a href="/x"><div>y</div></a></p>`, `<p><a href="https://site.example/x" REL></a></p><div><a href="https://site.example/x" REL>y</a></div>`},
		{"an end tag waits for the blocks within", `<b><p>x</b>y</p>z`, `<b><p>xy</p></b>z`},
		{"links do not nest", `<a href="/1">x<a href="/2">y</a>`, `<a href="https://site.example/1" REL>x</a><a href="https://site.example/2" REL>y</a>`},
		{"an unwrapped link's end closes no other", `<a href="/1">x<a>y</a>z</a>w`, `<a href="https://site.example/1" REL>xyz</a>w`},
		{"a table gets its parts", `<table><tr><td>a<td>b<tr><th>c</table>d`, `<table><tbody><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></tbody></table>d`},
		{"text beside the cells gets one", `<table>a<tr><td>b</table>`, `<table><tbody><tr><td>a</td></tr><tr><td>b</td></tr></tbody></table>`},
		{"cells without a table are unwrapped", `<tr><td>a</td></tr>b`, `ab`},
		{"nested lists", `<ul><li>a<ul><li>b</ul><li>c</ul>`, `<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>`},
		{"headings do not nest", `<h1>a<h2>b</h2>`, `<h1>a</h1><h2>b</h2>`},
		{"a heading's end tag ends any heading", `<h2>a</h3>b`, `<h2>a</h2>b`},
		{"ruby", `<ruby>漢<rp>(</rp><rt>kan<rp>)</ruby>`, `<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>`},
		{"ruby text elsewhere is unwrapped", `<p><rt>x</rt></p>`, `<p>x</p>`},
		{"a preformatted first line break is dropped once", "<pre>\na\n\nb</pre>", "<pre>a\n\nb</pre>"},
		{"of two the second is kept", "<pre>\n\na</pre>", "<pre>\n\na</pre>"},
		{"unknown tags are unwrapped", `<custom-el><font color=red>keep</font></custom-el>`, `keep`},
		{"old names get new ones", `<center><strike>a</strike><tt>b</tt></center>`, `<div><s>a</s><code>b</code></div>`},
		{"raw text of old is text", `<xmp><b>x</b></xmp>`, `<pre>&lt;b&gt;x&lt;/b&gt;</pre>`},
		{"plaintext is text", `a<plaintext><img src=x onerror=y>`, `a&lt;img src=x onerror=y&gt;`},
		{"programs and styles go with their content", `a<script>b</script><style>c</style>d`, `ad`},
		{"frames, plug-ins, forms too", `a<iframe src="https://x.example">b</iframe><object>c<embed></object><form>d<input></form>e`, `ae`},
		{"other vocabularies too", `a<svg><p>b</p></svg><math><mi>c</mi></math>d`, `ad`},
		{"an empty frame of XHTML takes nothing along", `a<iframe src="https://x.example"/>b<script/>c`, `abc`},
		{"comments and declarations go", `<!--x--><!DOCTYPE html><?php y ?>z`, `z`},
		{"what is hidden goes", `a<div hidden>b</div><p style="display: none">c</p>d`, `ad`},
		{"what is hidden ends with its paragraph", `<p hidden>a<p>b`, `<p>b</p>`},
		{"what is hidden ends with its item", `<ul><li hidden>a<li>b</ul>c`, `<ul><li>b</li></ul>c`},
		{"what is hidden ends with its cell", `<table><tr><td hidden>a<td>b</table>c`, `<table><tbody><tr><td>b</td></tr></tbody></table>c`},
		{"what is hidden ends with the block around it", `<div><p hidden>a</div><p>b<span hidden>c</p>d`, `<div></div><p>b</p>d`},
		{"blocks in what is hidden do not end it", `<div hidden>a<p>b<p>c<div>d</div>e</div>f`, `f`},
		{"items in what is hidden do not end it", `<ul><li hidden>a<ul><li>b<li>c</ul>d</li><li>e</ul>`, `<ul><li>e</li></ul>`},
		{"phrases around what is hidden do not end it", `<b><div hidden>a</b>b</div>c`, `<b>c</b>`},
		{"attributes that are not known go", `<p id=a class=b name=c style="color:red" onclick=d data-x=e lang=en title=" t ">x</p>`, `<p lang="en" title="t">x</p>`},
		{"relative links are made absolute", `<a href="../up?a=1#f">x</a>`, `<a href="https://site.example/up?a=1#f" REL>x</a>`},
		{"links within the page lead nowhere", `<a href="#f">x</a><a href="">y</a>`, `xy`},
		{"links without a scheme get the base's", `<a href="//other.example/x">x</a>`, `<a href="https://other.example/x" REL>x</a>`},
		{"backslashes are slashes", `<a href="/\other.example">x</a>`, `<a href="https://other.example" REL>x</a>`},
		{"passwords go", `<a href="https://bank.example@evil.example/">x</a>`, `<a href="https://evil.example/" REL>x</a>`},
		{"programs are no links", `<a href="javascript:alert(1)">x</a><a href=" jAva&#9;script&colon;y">z</a>`, `xz`},
		{"mail may be written to", `<a href="mailto:desk@site.example?subject=a b">x</a>`, `<a href="mailto:desk@site.example?subject=a%20b" REL>x</a>`},
		{"a picture cannot be mail", `<img src="mailto:a@b.example">`, ``},
		{"campaigns are dropped", `<a href="https://x.example/?utm_source=feed&amp;a=1">x</a>`, `<a href="https://x.example/?a=1" REL>x</a>`},
		{"targets go", `<a href="https://x.example/" target=_blank ping="https://t.example">x</a>`, `<a href="https://x.example/" REL>x</a>`},
		{"pictures load late and say nothing of the reader", `<img src="a.png" alt="" width=10 height="20px">`, `<img alt="" height="20" LAZY src="https://site.example/dir/a.png" width="10"/>`},
		{"a picture that waits for a script", `<img src="data:image/gif;base64,R0" data-src="b.jpg" style="display:none">`, `<img LAZY src="https://site.example/dir/b.jpg"/>`},
		{"a srcset with commas in its addresses", `<img srcset="/a,w_1.png 1x, javascript:x 2x, /b.png 2x">`, `<img LAZY src="https://site.example/a,w_1.png" srcset="https://site.example/a,w_1.png 1x, https://site.example/b.png 2x"/>`},
		{"pixels that count readers go", `a<img src="https://t.example/p.gif" width=1 height=1><img src="https://pixel.wp.com/b.gif"><img src="https://www.facebook.com/tr?id=1">b`, `ab`},
		{"a narrow picture is no pixel", `<img src="/l.png" width=1 height=200>`, `<img height="200" LAZY src="https://site.example/l.png" width="1"/>`},
		{"inline data is no picture", `<img src="data:image/png;base64,AAAA">`, ``},
		{"sound and film are played on demand", `<video src="/v.mp4" autoplay poster="p.png">no <a href=/v>film</a></video>x`, `<video poster="https://site.example/dir/p.png" src="https://site.example/v.mp4"></video>x`},
		{"with several files", `<audio><source src="/a.ogg" type="audio/ogg"><source></audio>`, `<audio><source src="https://site.example/a.ogg" type="audio/ogg"/></audio>`},
		{"control characters go", "a\x00\x01\x0b&#1;&#x7f;b\u0085\uffff", "ab"},
		{"what is not UTF-8 is marked", "a\xffb<b>\xc3</b>", "a\uFFFDb<b>\uFFFD</b>"},
	} {
		t.Run(c.why, func(t *testing.T) {
			got := HTML(feeds.HTML(c.in), testBase)
			if s := short.Replace(string(got)); s != c.want {
				t.Errorf("HTML(%q)\n got %s\nwant %s", c.in, s, c.want)
			}
			holds(t, c.in, testBase)
		})
	}
}
