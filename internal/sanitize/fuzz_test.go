package sanitize

import (
	"testing"
	"unicode/utf8"

	"newswire/feeds"
)

func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		`<p><b>a<p>b</b>c`, `<table><b>x<tr><td>y</table>z`, "<pre>\n\n</pre>", `<a href=x><table><tr><td><a href=y>`,
		`<svg><style><img src=x onerror=alert(1)></style></svg>`, `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1&gt;">`,
		`<ruby>a<rt>b<p>c<rt>d`, `<ul><li><dl><dd><li>x<dt>`, `<select><option><style></option></select></style><img src=x>`,
		`<h1><b><h2>x</b></h1>`, `<video><p>x<source src=y>`, "<img srcset=', ,a 1x,b,, c 2w' data-src=z>", `<b><i><div>x</b></i>y</div>z`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		holds(t, in, testBase)
		holds(t, in, nil)
	})
}

func FuzzText(f *testing.F) {
	f.Add("<p>a &amp; b<br>c")
	f.Add("a < b\r\n\x00\u202e")
	f.Fuzz(func(t *testing.T, in string) {
		for name, s := range map[string]string{"Text": Text(feeds.HTML(in)), "Line": Line(in)} {
			if !utf8.ValidString(s) {
				t.Errorf("%s(%q) = %q is not UTF-8", name, in, s)
			}
			for _, r := range s {
				if invisible(r) && (r != '\n' || name == "Line") {
					t.Errorf("%s(%q) = %q holds %U", name, in, s, r)
				}
			}
			if name == "Line" && len(s) > maxLine {
				t.Errorf("Line gives %d bytes", len(s))
			}
		}
	})
}

func FuzzExcerpt(f *testing.F) {
	f.Add("<p>One sentence. Another &amp; more.</p><figure><img src=x></figure>", 12)
	f.Add("<table><tr><td></td><td>a b c d</table>", 3)
	f.Fuzz(func(t *testing.T, in string, n int) {
		n = n % 500
		out := Excerpt(HTML(feeds.HTML(in), testBase), n)
		excerptHolds(t, in, out, n)
	})
}

func FuzzLink(f *testing.F) {
	for _, s := range []string{"//evil", `/\evil`, "http://a:b@c/?utm_source=x&amp;ref=c#f", "https://é.example/é%2F?ü", "http://[::1]:80/", "a:b", "?%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		u := Link(in, testBase)
		if u != "" {
			onlyHTTP(t, in, u)
		}
		if again := Link(u, testBase); again != u {
			t.Errorf("Link(%q) = %q, and of that %q", in, u, again)
		}
		if m := mail(in); mail(m) != m {
			t.Errorf("mail(%q) = %q, and of that %q", in, m, mail(m))
		}
		key := Canonical(in)
		if Canonical(key) != key {
			t.Errorf("Canonical(%q) = %q, and of that %q", in, key, Canonical(key))
		}
		if u != "" && Canonical(u) == "" {
			t.Errorf("Link(%q) = %q has no key", in, u)
		}
	})
}
