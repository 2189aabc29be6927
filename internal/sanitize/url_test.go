package sanitize

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestLink(t *testing.T) {
	for _, c := range []struct{ why, in, want string }{
		{"absolute is left", "https://x.example/a?b=1&c=%2F#d", "https://x.example/a?b=1&c=%2F#d"},
		{"byte for byte", "http://X.example:80/A/../b;p?b&&a='~'", "http://X.example:80/A/../b;p?b&&a='~'"},
		{"relative", "x", "https://site.example/dir/x"},
		{"rooted", "/x?y", "https://site.example/x?y"},
		{"rooted, with dots", "/a/../x", "https://site.example/x"},
		{"without a scheme", "//x.example/y", "https://x.example/y"},
		{"a query", "?q", "https://site.example/dir/page.html?q"},
		{"a colon in a path", "2026:x", "https://site.example/dir/2026:x"},
		{"spaces and line breaks", " \n https://x.exa\nmple/a b\t\n", "https://x.example/a%20b"},
		{"backslashes", `https:\\x.example\y?a\b`, "https://x.example/y?a%5Cb"},
		{"password", "https://u:p@x.example/", "https://x.example/"},
		{"password with signs", "https://u:p%@@x.example/", "https://x.example/"},
		{"international host and path", "https://Bücher.example/ä%2Fö?ü=é#ß", "https://xn--bcher-kva.example/%C3%A4%2F%C3%B6?%C3%BC=%C3%A9#%C3%9F"},
		{"homoglyphs show", "https://bаnk.example/", "https://xn--bnk-6cd.example/"},
		{"percent signs that begin no escape", "https://x.example/100%?a=%zz", "https://x.example/100%25?a=%25zz"},
		{"characters that may not stand", `https://x.example/a|b?c="d"&e={f}`, "https://x.example/a%7Cb?c=%22d%22&e=%7Bf%7D"},
		{"IPv6", "http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080/"},
		{"upper-case scheme", "HTTP://x.example/", "http://x.example/"},
		{"tracking", "https://x.example/?utm_source=a&id=1&fbclid=b&UTM_medium=c#d", "https://x.example/?id=1#d"},
		{"tracking alone", "https://x.example/a?gclid=1", "https://x.example/a"},
		{"tracking, escaped twice", "https://x.example/?id=1&amp;utm_source=a", "https://x.example/?id=1"},
		{"ref to the feed", "https://x.example/?ref=www.site.example", "https://x.example/"},
		{"ref to itself", "https://x.example/?ref=x.example", "https://x.example/"},
		{"ref to another", "https://x.example/?ref=y.example", "https://x.example/?ref=y.example"},
		{"nothing", "", ""},
		{"no host", "https:///x", ""},
		{"opaque", "http:x", ""},
		{"a bad host", "https://x|y/", ""},
		{"a bad port", "https://x.example:70000/", ""},
		{"a punycode label that is none", "https://xn--bank-.example/", ""},
		{"another scheme", "magnet:?xt=a", ""},
		{"a program", "javascript:alert(1)", ""},
		{"mail", "mailto:a@x.example", ""},
		{"too long", "https://x.example/" + strings.Repeat("x", maxURL), ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			got := Link(c.in, testBase)
			if got != c.want {
				t.Errorf("Link(%q)\n got %s\nwant %s", c.in, got, c.want)
			}
			if again := Link(got, testBase); again != got {
				t.Errorf("Link of %s is %s", got, again)
			}
		})
	}
	if got := Link("x", nil); got != "" {
		t.Errorf("a relative link without a base is %q", got)
	}
	if got := Link("//x.example/", nil); got != "https://x.example/" {
		t.Errorf("a link without a scheme and a base is %q", got)
	}
}

func TestCanonical(t *testing.T) {
	for _, c := range []struct {
		key   string
		links []string
	}{
		{"https://x.example", []string{"http://x.example", "https://www.x.example/", "HTTPS://X.EXAMPLE:443/#top", "http://x.example:80/?utm_source=a", "https://amp.x.example/", "https://m.x.example//", "https://www.m.x.example."}},
		{"https://x.example/a?b=2&c=1", []string{"https://x.example/a?c=1&b=2", "http://x.example/a/?b=2&c=1&", "https://x.example/a?c=1&fbclid=z&b=2", "https://u:p@x.example/a?b=2&c=1#d"}},
		{"https://x.example/a", []string{"https://x.example/a;jsessionid=1F?jsessionid=2", "https://x.example/%61/", "https://x.example/a?PHPSESSID=1"}},
		{"https://x.example/A%2Fb", []string{"https://x.example/A%2fb", "https://x.example/A%2Fb/"}},
		{"https://x.example/%C3%A9", []string{"https://x.example/é", "https://x.example/%c3%a9"}},
		{"https://xn--bcher-kva.example/", nil},
		{"https://m.example", []string{"https://m.example/", "https://www.m.example"}},
		{"https://x.example:8443/a", []string{"https://x.example:8443/a/"}},
		{"", []string{"", "x", "mailto:a@x.example", "tag:x.example,2026:a"}},
	} {
		for _, link := range c.links {
			if got := Canonical(link); got != c.key {
				t.Errorf("Canonical(%q) = %q, want %q", link, got, c.key)
			}
		}
	}
	different := []string{"https://x.example/a", "https://x.example/A", "https://x.example/a?id=1", "https://x.example/a?id=2", "https://x.example/a%2Fb", "https://x.example/a/b", "https://y.example/a", "https://x.example:8080/a"}
	for i, a := range different {
		for _, b := range different[:i] {
			if Canonical(a) == Canonical(b) {
				t.Errorf("%s and %s have one key, %s", a, b, Canonical(a))
			}
		}
	}
}

// TestCorpusURLClean reads another reader's table of tracking parameters. Its
// ref rows name the feed's URL and the entry's base URL apart: a link is
// resolved against one of them here, and either may be named.
func TestCorpusURLClean(t *testing.T) {
	corpusTable(t, "url_clean.jsonl", func(row map[string]any) {
		in, _ := row["input"].(string)
		want, _ := row["expected"].(string)
		var got []string
		for _, name := range []string{"baseURL", "feedURL"} {
			base, _ := row[name].(string)
			got = append(got, Link(in, mustURL(base)))
		}
		if !slices.Contains(got, want) {
			t.Errorf("%s: Link(%q) = %q, want %q", row["name"], in, got, want)
		}
	})
}

// TestCorpusURLResolve reads the tables of RFC 3986 §5.4 and of two readers.
func TestCorpusURLResolve(t *testing.T) {
	// Rows that come out otherwise on purpose, with the reason.
	otherwise := map[string]string{
		"http:g":       "has no host: not an address of a page",
		"magnet:?xt=a": "only http and https are links",
		"":             "an empty link is none",
	}
	corpusTable(t, "url_resolve.jsonl", func(row map[string]any) {
		base, _ := row["base"].(string)
		ref, _ := row["ref"].(string)
		want, _ := row["expected"].(string)
		if otherwise[ref] != "" || ref == "" {
			want = ""
		}
		got := Link(ref, mustURL(base))
		if u, err := url.Parse(got); err == nil && got != "" && u.Path == "" {
			got += "/" // an empty path is kept as the source has it
		}
		if got != want {
			t.Errorf("%v: Link(%q, %q) = %q, want %q", row["by"], ref, base, got, want)
		}
	})
}
