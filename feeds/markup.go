package feeds

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// markupURLs are the attributes of HTML that hold one URL.
var markupURLs = salvageSet("action background cite data formaction href longdesc poster src usemap")

// markupResolve makes the relative links of a fragment absolute. Only where
// xml:base is used can they not be resolved by who reads the entry.
func markupResolve(fragment string, base *url.URL) string {
	if base == nil || strings.IndexByte(fragment, '<') < 0 {
		return fragment
	}
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(fragment))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			b.Write(z.Raw())
			return b.String()
		}
		raw := string(z.Raw())
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			b.WriteString(raw)
			continue
		}
		t := z.Token()
		changed := false
		for i, a := range t.Attr {
			if !markupURLs[a.Key] || a.Val == "" || a.Val[0] == '#' || extAbsolute(strings.TrimSpace(a.Val)) {
				continue
			}
			if u, err := url.Parse(strings.TrimSpace(a.Val)); err == nil {
				t.Attr[i].Val = base.ResolveReference(u).String()
				changed = true
			}
		}
		if changed {
			raw = t.String()
		}
		b.WriteString(raw)
	}
}
