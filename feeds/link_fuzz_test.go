package feeds

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzLink holds of the links of a document that resolving does not depend on
// what was resolved before, that none is longer than the limit or holds what
// ends a line, and that an absolute one is left as it is.
func FuzzLink(f *testing.F) {
	for _, ref := range []string{
		"", "a", "../../b?c#d", "//other.test/x", "?q", "#f", "HTTP://X.test/%2f/../é", "http:relative", "mailto:a@b.test", "javascript:alert(1)",
		" https://x.test/\r\n a ", "http://[::1]:80/", "http://u:p@x.test:99999/", "\x00\u202e", "%zz", "a:b:c", ":", "/" + strings.Repeat("x", maxURL),
	} {
		f.Add(ref, "https://doc.test/dir/feed.xml?x=1")
		f.Add(ref, "")
	}
	f.Add("x", "mailto:a@b.test")
	f.Fuzz(func(t *testing.T, ref, base string) {
		var at *url.URL
		if base != "" {
			var err error
			if at, err = url.Parse(base); err != nil {
				return
			}
		}
		before := ""
		if at != nil {
			before = at.String()
		}
		p := &parser{limiter: new(limiter)}
		got := p.link(at, ref, "link")
		if len(got) > maxURL || strings.ContainsAny(got, "\r\n\t\x00") {
			t.Errorf("%q at %q became %q", ref, base, got)
		}
		if at != nil && at.String() != before {
			t.Errorf("the base %q became %q", before, at)
		}
		if again := p.link(at, got, "link"); extAbsolute(got) && again != got {
			t.Errorf("%q at %q became %q, and of that %q", ref, base, got, again)
		}
		if u := extResolve(at, ref); at != nil && u == nil {
			t.Errorf("%q at %q leads nowhere", ref, base)
		}
	})
}
