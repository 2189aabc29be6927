package feeds

import (
	"bytes"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

const (
	discoverBytes = 1 << 20 // of a page; its head is shorter
	discoverMost  = 50      // feeds of one page
)

// Discover returns the feeds that an HTML page names, in the order in which
// it does, each once. base is the page's address; links are the values of its
// Link headers (RFC 8288), which come first. Each Link has an absolute http or
// https Href, and a MediaType in lower case that may be empty.
//
// It reads what browsers read: <link> elements with rel=alternate (or feed)
// and the type of a feed, in the page's head alone, since what others wrote
// into a page stands in its body. An error of r ends the reading.
func Discover(r io.Reader, base *url.URL, links []string) []Link {
	d := discovery{page: base, base: base, seen: map[string]bool{}}
	for _, value := range links {
		discoverHeader(value, d.add)
	}
	page, _ := io.ReadAll(io.LimitReader(r, discoverBytes)) // what came before an error counts
	d.head(discoverDecode(page))
	return d.found
}

// discoverDecode returns a page in UTF-8.
func discoverDecode(page []byte) []byte {
	whole := page // an end within a character is none of the page's faults
	for cut := 0; cut < utf8.UTFMax && len(whole) > 0 && !utf8.FullRune(whole[discoverLastRune(whole):]); cut++ {
		whole = whole[:len(whole)-1]
	}
	if utf8.Valid(whole) && bytes.IndexByte(whole, 0) < 0 {
		return whole
	}
	enc, _, _ := charset.DetermineEncoding(page[:min(len(page), 1024)], "")
	if decoded, err := enc.NewDecoder().Bytes(page); err == nil {
		return decoded
	}
	return page
}

// discoverLastRune returns where the last character begins.
func discoverLastRune(b []byte) int {
	i := len(b) - 1
	for i > 0 && len(b)-i < utf8.UTFMax && !utf8.RuneStart(b[i]) {
		i--
	}
	return i
}

// A discovery is the reading of one page.
type discovery struct {
	page  *url.URL
	base  *url.URL // what links are relative to
	based bool     // by a <base>
	seen  map[string]bool
	found []Link

	within    string // an open element that holds text, and no elements
	templates int    // open ones: what they hold is no part of the page
}

// discoverHead are the elements that a head may hold. Any other begins the
// body, as text does.
var discoverHead = salvageSet("html head base basefont bgsound link meta title noscript noframes style script template")

// discoverText are those of them that hold text, and no elements.
var discoverText = salvageSet("title noscript noframes style script")

// head reads a page up to the end of its head.
func (d *discovery) head(page []byte) {
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			blank := len(bytes.Trim(z.Raw(), " \t\r\n\f\ufeff")) == 0
			if d.within == "" && d.templates == 0 && !blank {
				return
			}
		case html.EndTagToken:
			if !d.end(z.Token().Data) {
				return
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			if !d.start(z.Token()) {
				return
			}
		}
	}
}

// end takes in an end tag, and returns false if the head is over.
func (d *discovery) end(name string) bool {
	switch name {
	case d.within:
		d.within = ""
	case "template":
		d.templates = max(d.templates-1, 0)
	case "body", "html":
		return false
	}
	return true
}

// start takes in a start tag, and returns false if the head is over.
func (d *discovery) start(t html.Token) bool {
	switch {
	case t.Data == "template":
		d.templates++
	case d.templates > 0:
	case !discoverHead[t.Data]:
		return false
	case discoverText[t.Data]:
		d.within = t.Data
	case t.Data == "base", t.Data == "link":
		d.element(t)
	}
	return true
}

// element takes in an element of the head.
func (d *discovery) element(t html.Token) {
	attr := map[string]string{}
	for _, a := range t.Attr {
		if _, again := attr[a.Key]; !again {
			attr[a.Key] = a.Val
		}
	}
	href, given := attr["href"]
	switch {
	case t.Data == "link":
		d.add(attr)
	case given && !d.based: // of several, the first counts
		d.based = true
		if u := discoverResolve(d.page, href); u != nil && discoverWeb(u) {
			d.base = u
		}
	}
}

// add takes in a link of any kind, if it is one to a feed.
func (d *discovery) add(attr map[string]string) {
	href, named := attr["href"]
	kind, ok := discoverType(attr)
	if !ok || !named || strings.TrimSpace(href) == "" || len(href) > maxURL || len(d.found) == discoverMost {
		return
	}
	u := discoverResolve(d.base, discoverFeedScheme(href))
	if u == nil || !discoverWeb(u) {
		return
	}
	if kind == "application/json" && strings.Contains(u.Path, "/wp-json/") {
		return // one post of WordPress's interface, in JSON of its own
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	address := u.String()
	if d.seen[address] {
		return
	}
	d.seen[address] = true
	d.found = append(d.found, Link{Rel: "alternate", Href: address, MediaType: kind, Title: salvageRune(textLine(attr["title"]), maxTitle)})
}

// discoverType returns the media type of a link, and whether it leads to a
// feed. Types that any XML may have do not count, whatever the title says.
func discoverType(attr map[string]string) (kind string, ok bool) {
	rel := strings.FieldsFunc(strings.ToLower(attr["rel"]), func(r rune) bool { return strings.ContainsRune(" \t\n\f\r", r) })
	kind, _, _ = strings.Cut(strings.ToLower(attr["type"]), ";")
	kind = strings.TrimSpace(kind)
	switch {
	case slices.Contains(rel, "feed"):
		return kind, true
	case !slices.Contains(rel, "alternate"), slices.Contains(rel, "stylesheet"):
		return kind, false
	}
	return kind, slices.Contains(discoverTypes, kind)
}

var discoverTypes = []string{"application/rss+xml", "application/atom+xml", "application/feed+json", "application/json"}

// discoverFeedScheme reads feed://host/ as http and feed:https://host/ as it says.
func discoverFeedScheme(href string) string {
	href = strings.TrimSpace(href)
	const scheme = "feed:"
	if len(href) < len(scheme) || !strings.EqualFold(href[:len(scheme)], scheme) {
		return href
	}
	rest := href[len(scheme):]
	if strings.HasPrefix(rest, "//") {
		return "http:" + rest
	}
	return rest
}

func discoverWeb(u *url.URL) bool {
	return u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// discoverResolve returns nil for what is no URL.
func discoverResolve(base *url.URL, href string) *url.URL {
	u, err := url.Parse(strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, strings.TrimSpace(href)))
	switch {
	case err != nil:
		return nil
	case base == nil:
		return u
	}
	return base.ResolveReference(u)
}

// discoverHeader calls each for every link of a Link header's value, with its
// parameters by name and the address as href.
func discoverHeader(value string, each func(map[string]string)) {
	for {
		_, rest, ok := strings.Cut(value, "<")
		href, rest, closed := strings.Cut(rest, ">")
		if !ok || !closed {
			return
		}
		link := map[string]string{"href": href}
		for {
			rest = strings.TrimLeft(rest, " \t")
			if !strings.HasPrefix(rest, ";") {
				break
			}
			var name, text string
			name, text, rest = discoverParameter(rest[1:])
			if _, again := link[name]; !again && name != "" {
				link[name] = text
			}
		}
		each(link)
		value = rest
	}
}

// discoverParameter reads name=value or name="value".
func discoverParameter(s string) (name, value, rest string) {
	end := strings.IndexAny(s, "=;,")
	if end < 0 {
		return strings.ToLower(strings.TrimSpace(s)), "", ""
	}
	name, rest = strings.ToLower(strings.TrimSpace(s[:end])), s[end:]
	if rest[0] != '=' {
		return name, "", rest
	}
	rest = strings.TrimLeft(rest[1:], " \t")
	if !strings.HasPrefix(rest, `"`) {
		end = strings.IndexAny(rest, ";,")
		if end < 0 {
			end = len(rest)
		}
		return name, strings.TrimSpace(rest[:end]), rest[end:]
	}
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == '\\' && i+1 < len(rest):
			i++
		case rest[i] == '"':
			return name, b.String(), rest[i+1:]
		}
		b.WriteByte(rest[i])
	}
	return name, b.String(), ""
}
