package feeds

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// markupURLs are the attributes of HTML that hold one URL.
var markupURLs = salvageSet("action background cite data formaction href longdesc poster src usemap")

// resolved makes the relative links of a fragment absolute. Only where xml:base
// is used can they not be resolved by who reads the entry. A short link becomes
// as long as its base, so a document has just so many bytes to gain by it: links
// beyond stay relative, and so do those behind what is kept of a text.
func (p *parser) resolved(fragment string, base *url.URL) string {
	if base == nil || strings.IndexByte(fragment, '<') < 0 {
		return fragment
	}
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(fragment))
	read := 0
	for b.Len() <= maxContent && p.gained <= maxGained {
		kind := z.Next()
		raw := string(z.Raw())
		if kind == html.ErrorToken {
			b.WriteString(raw)
			return b.String()
		}
		read += len(raw)
		if kind == html.StartTagToken || kind == html.SelfClosingTagToken {
			tag := markupTag(raw, z.Token(), base)
			p.gained += max(len(tag)-len(raw), 0)
			raw = tag
		}
		b.WriteString(raw)
	}
	b.WriteString(fragment[read:])
	return b.String()
}

// markupTag returns a start tag, which is raw as it stands, with its links
// resolved.
func markupTag(raw string, t html.Token, base *url.URL) string {
	changed := false
	for i, a := range t.Attr {
		ref := strings.TrimSpace(a.Val)
		if !markupURLs[a.Key] || ref == "" || a.Val[0] == '#' || len(ref) > maxURL || extAbsolute(ref) {
			continue
		}
		if u, err := url.Parse(ref); err == nil {
			t.Attr[i].Val = base.ResolveReference(u).String()
			changed = true
		}
	}
	if !changed {
		return raw
	}
	return t.String()
}
