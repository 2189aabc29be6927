package sanitize

import (
	"strings"
	"testing"
	"unicode/utf8"

	"newswire/feeds"
)

func TestExcerpt(t *testing.T) {
	for _, c := range []struct {
		why, in, want string
		max           int
	}{
		{"short is left", `<p>Hello, <b>world</b>.</p>`, `<p>Hello, <b>world</b>.</p>`, 40},
		{"behind a sentence in the last two fifths", `<p>One two three. Four five six seven.</p>`, `<p>One two three.</p>`, 20},
		{"an earlier sentence end is too early", `<p>One. Two three four five six seven.</p>`, `<p>One. Two three four…</p>`, 20},
		{"behind a word, balanced", `<p>Alpha <b>beta gamma delta</b></p>`, `<p>Alpha <b>beta…</b></p>`, 14},
		{"marks before the cut go", `<p>Alpha, beta, gamma</p>`, `<p>Alpha, beta…</p>`, 14},
		{"the end of a block ends a sentence", `<h2>Big news today</h2><p>Something happened somewhere</p>`, `<h2>Big news today</h2>`, 20},
		{"but not after a colon", `<p>The following three:</p><ul><li>alpha</li></ul>`, `<p>The following…</p>`, 20},
		{"an abbreviation ends no sentence", `<p>It was said by Dr. Smith and others</p>`, `<p>It was said by Dr…</p>`, 19},
		{"nor do initials", `<p>It is the U.S. Government of it all</p>`, `<p>It is the U.S…</p>`, 16},
		{"nor a number", `<p>They gave it 3.5 Million in the end</p>`, `<p>They gave it 3.5…</p>`, 18},
		{"entities are one rune", `<p>a &amp; b &lt; c &#34;d&#34; eeeeeee</p>`, `<p>a &amp; b &lt; c &#34;d&#34;…</p>`, 14},
		{"pictures go, and what is empty without them", `<p><a href="https://x.example/"><img src="https://x.example/a.png"/></a></p><p>Text</p>`, `<p>Text</p>`, 40},
		{"figures go with their caption", `<figure><img src="https://x.example/a.png"/><figcaption>Photo: me</figcaption></figure><p>Text</p>`, `<p>Text</p>`, 40},
		{"a figure of words stays", `<figure><blockquote>Said</blockquote></figure>`, `<figure><blockquote>Said</blockquote></figure>`, 40},
		{"empty cells keep the others in place", `<table><tbody><tr><td></td><td>x</td></tr></tbody></table>`, `<table><tbody><tr><td></td><td>x</td></tr></tbody></table>`, 40},
		{"a long word is cut", `<p>abcdefghijklmnop</p>`, `<p>abcdefg…</p>`, 8},
		{"a cut spares joined runes", "<p>ab👩\u200d👩\u200d👧x</p>", "<p>ab…</p>", 5},
		{"other full stops", `<p>これは文です。これも文です。</p>`, `<p>これは文です。</p>`, 9},
		{"nothing fits", `<p>abc</p>`, ``, 0},
		{"an ellipsis fits", `<p>abc</p>`, `<p>a…</p>`, 2},
	} {
		t.Run(c.why, func(t *testing.T) {
			in := HTML(feeds.HTML(c.in), nil)
			got := Excerpt(in, c.max)
			if string(got) != c.want {
				t.Errorf("Excerpt(%s, %d)\n got %s\nwant %s", c.in, c.max, got, c.want)
			}
			excerptHolds(t, c.in, got, c.max)
		})
	}
}

// TestExcerptOfLong holds that an article that begins with many captions is
// read on to its text.
func TestExcerptOfLong(t *testing.T) {
	in := strings.Repeat(`<figure><img src="https://x.example/a.png"/><figcaption>`+strings.Repeat("caption ", 100)+`</figcaption></figure>`, 20) + `<p>The text.</p>`
	if got := Excerpt(feeds.HTML(in), 50); got != `<p>The text.</p>` {
		t.Errorf("got %q", got)
	}
}

// excerptHolds checks all that Excerpt promises of its result.
func excerptHolds(t *testing.T, in string, out feeds.HTML, n int) {
	t.Helper()
	wellFormed(t, in, string(out))
	if HTML(out, nil) != out {
		t.Errorf("the excerpt of %q is not sanitized: %q", head(in), out)
	}
	if again := Excerpt(out, n); again != out {
		t.Errorf("the excerpt of an excerpt of %q, %d\n got %q\nfrom %q", head(in), n, again, out)
	}
	if text := strings.Join(strings.Fields(Text(out)), " "); utf8.RuneCountInString(text) > max(n, 0) {
		t.Errorf("the excerpt of %q has more than %d runes: %q", head(in), n, text)
	}
	if strings.Contains(string(out), "<img") {
		t.Errorf("the excerpt of %q holds a picture: %q", head(in), out)
	}
}
