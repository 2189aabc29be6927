package sanitize

import (
	"strings"
	"testing"

	"newswire/feeds"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ why, in, want string }{
		{"plain", " a  b\n c ", "a b c"},
		{"entities", "AT&amp;T &lt;3 &eacute;&nbsp;x &#8217;", "AT&T <3 é x ’"},
		{"entities are decoded once", "&amp;lt;b&amp;gt;", "&lt;b&gt;"},
		{"a bare sign", "a < b && c", "a < b && c"},
		{"phrases do not divide", "H<sub>2</sub>O is <b>wet</b>.", "H2O is wet."},
		{"paragraphs", "<p>a</p>\n<p>b</p>c", "a\n\nb\n\nc"},
		{"lines", "a<br>b<div>c</div>d", "a\nb\nc\nd"},
		{"lists", "<p>a</p><ul><li>b</li><li>c</li></ul><p>d</p>", "a\n\nb\nc\n\nd"},
		{"tables", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"},
		{"what is dropped with its content", "a<script>b</script><style>c</style><svg><text>d</text></svg><form>e</form>f", "af"},
		{"nested too", "<object><object>a</object>b</object>c", "c"},
		{"empty frames of XHTML", "<iframe src='x'/>a", "a"},
		{"comments", "a<!-- b -->c", "ac"},
		{"pictures say nothing", `a<img src=x alt="b">c`, "ac"},
		{"invisible runes", "a\u200bb\u202ec\x00\u00ad\ufeffd", "abcd"},
		{"joiners stay", "👩\u200d🔬 می\u200cخواهم", "👩\u200d🔬 می\u200cخواهم"},
	} {
		if got := Text(feeds.HTML(c.in)); got != c.want {
			t.Errorf("%s: Text(%q)\n got %q\nwant %q", c.why, c.in, got, c.want)
		}
	}
}

func TestLine(t *testing.T) {
	for _, c := range []struct{ why, in, want string }{
		{"plain", "Hello, world", "Hello, world"},
		{"spaces and line breaks", " a\r\n\tb\u00a0 c\u2028d ", "a b c d"},
		{"paired tags", "<b>x</b> y", "x y"},
		{"tags that stand alone", "a<br/>b <img src=x onerror=alert(1)>c", "a b c"},
		{"a comparison", "a < b and c > d", "a < b and c > d"},
		{"a comparison without spaces", "if a<b then c>d", "if a<b then c>d"},
		{"a name that HTML does not know", "Why <thinking> helps", "Why <thinking> helps"},
		{"a tag without its pair", "Use the <code> tag", "Use the <code> tag"},
		{"an end without a beginning", "Closing </b> early", "Closing </b> early"},
		{"a name with attributes", `<x onclick=alert(1)>y`, "y"},
		{"a tag that does not end", `News <img src=x onerror=alert(1) `, "News"},
		{"programs with their content", "a<script>alert(1)</script>b", "ab"},
		{"programs that do not end", "a<script>alert(1)", "aalert(1)"},
		{"blocks divide", "<h1>a</h1><p>b</p>", "a b"},
		{"phrases do not", "H<sub>2</sub>O", "H2O"},
		{"comments and sections", "a<!-- x -->b<![CDATA[c]]>", "abc"},
		{"entities", "AT&amp;T &#8211; &quot;x&quot;", `AT&T – "x"`},
		{"escaped markup is text", "&lt;b&gt;x&lt;/b&gt; &lt;script&gt;", "<b>x</b> <script>"},
		{"no guess at double escapes", "AT&amp;amp;T", "AT&amp;T"},
		{"an ampersand", "Q&A: R&D", "Q&A: R&D"},
		{"controls, turns, zero widths", "a\x00\x1bb\u202ec\u2066d\u200be\ufefff\u061cg", "abcdefg"},
		{"hidden tags", "x\U000E0041\U000E0042y", "xy"},
		{"joiners stay", "👩\u200d🔬", "👩\u200d🔬"},
		{"not UTF-8", "a\xffb", "a\uFFFDb"},
		{"a header", "x\r\nBcc: y@x.example", "x Bcc: y@x.example"},
	} {
		if got := Line(c.in); got != c.want {
			t.Errorf("%s: Line(%q)\n got %q\nwant %q", c.why, c.in, got, c.want)
		}
	}
	if got := Line(strings.Repeat("<b>x</b>", 1_000_000)); len(got) > maxLine {
		t.Errorf("%d bytes", len(got))
	}
}
