package feeds

import (
	"bytes"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	ext "github.com/mmcdole/gofeed/extensions"
)

const (
	extAtom10 = "http://www.w3.org/2005/atom"
	extAtom03 = "http://purl.org/atom/ns"
)

// extNames holds, by namespace in lower case and without the '/' or '#' at its
// end, the prefix under which its elements are looked up.
var extNames = map[string]string{
	extAtom10: "atom",
	extAtom03: "atom",
	"http://purl.org/rss/1.0/modules/content":                        "content",
	"http://purl.org/rss/1.0/modules/slash":                          "slash",
	"http://purl.org/rss/1.0/modules/syndication":                    "sy",
	"http://purl.org/dc/elements/1.1":                                "dc",
	"http://purl.org/dc/elements/1.0":                                "dc",
	"http://purl.org/dc/terms":                                       "dcterms",
	"http://wellformedweb.org/commentapi":                            "wfw",
	"http://search.yahoo.com/mrss":                                   "media",
	"http://www.rssboard.org/media-rss":                              "media",
	"http://www.itunes.com/dtds/podcast-1.0.dtd":                     "itunes",
	"http://purl.org/syndication/thread/1.0":                         "thr",
	"http://purl.org/syndication/history/1.0":                        "fh",
	"http://purl.org/atompub/tombstones/1.0":                         "at",
	"http://rssnamespace.org/feedburner/ext/1.0":                     "feedburner",
	"http://backend.userland.com/creativecommonsrssmodule":           "creativecommons",
	"http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativecommons",
	"http://creativecommons.org/ns":                                  "cc",
	"http://web.resource.org/cc":                                     "cc",
	"http://webns.net/mvcb":                                          "admin",
	"http://webfeeds.org/rss/1.0":                                    "webfeeds",
	"https://podcastindex.org/namespace/1.0":                         "podcast",
	"http://www.w3.org/1999/02/22-rdf-syntax-ns":                     "rdf",
	"http://purl.org/rss/1.0":                                        "rss",
	"http://my.netscape.com/rdf/simple/0.9":                          "rss",
	"http://channel.netscape.com/rdf/simple/0.9":                     "rss",
}

// extVersions holds the versions of RDF vocabularies.
var extVersions = map[string]string{
	"http://purl.org/rss/1.0":                    "1.0",
	"http://my.netscape.com/rdf/simple/0.9":      "0.90",
	"http://channel.netscape.com/rdf/simple/0.9": "0.90",
}

// A parseHead is what the tags of the root and the channel say.
type parseHead struct {
	version string
	lang    string
	base    *url.URL // where the document's relative links begin; nil if nothing says
	// aliases maps prefixes of the document to those of extNames where they differ.
	aliases map[string]string
	native  []string // prefixes of Atom's own elements in an Atom document
	marked  bool     // xml:base occurs somewhere
}

// head reads the root's and the channel's tag, and blanks in place the
// declarations of namespaces whose prefix says as much: gofeed copies all that
// are in scope for each element, and takes for foreign what has a wrong one.
func (p *parser) head(doc []byte, r *guardReport) *parseHead {
	h := &parseHead{base: p.base}
	s := scanner{b: doc, pos: r.root.start}
	t := s.next()
	h.tag(p, &s, t, r.kind)
	if r.channel.len() > 0 {
		s.pos = r.channel.start - 1
		h.tag(p, &s, s.next(), r.kind)
	}
	h.marked = bytes.Contains(r.root.of(doc), []byte("xml:base"))
	return h
}

func (h *parseHead) tag(p *parser, s *scanner, t scanToken, kind guardKind) {
	rootPrefix, _, prefixed := bytes.Cut(t.name.of(s.b), []byte{':'})
	for _, a := range s.attrs {
		name, value := string(a.name.of(s.b)), textEntities(string(bytes.TrimSpace(a.value.of(s.b))))
		switch {
		case name == "version":
			h.version = value
		case name == "xml:lang":
			h.lang = value
		case name == "xml:base":
			h.base = extResolve(h.base, value)
		case name == "xmlns" || strings.HasPrefix(name, "xmlns:"):
			prefix := strings.TrimPrefix(strings.TrimPrefix(name, "xmlns"), ":")
			own := prefixed && prefix == string(rootPrefix)
			if h.namespace(prefix, value, kind, own) {
				extBlank(s.b[a.name.start : a.value.end+1])
			}
		}
	}
}

// namespace notes a declaration and reports whether gofeed can do without.
func (h *parseHead) namespace(prefix, uri string, kind guardKind, own bool) bool {
	key := strings.TrimRight(strings.ToLower(uri), "/#")
	name := extNames[key]
	if v := extVersions[key]; v != "" && kind == guardRDF {
		h.version = v
	}
	if kind == guardAtom {
		switch key {
		case extAtom10:
			h.version = "1.0"
		case extAtom03:
			h.version = "0.3"
		}
		if own || prefix != "" && name == "atom" {
			h.native = append(h.native, prefix)
			return false
		}
	}
	if prefix == "" {
		return true
	}
	if name == "" {
		name = prefix
	}
	if name == prefix {
		return true
	}
	if h.aliases == nil {
		h.aliases = map[string]string{}
	}
	h.aliases[prefix] = name
	return false
}

func extBlank(b []byte) {
	for i := range b {
		b[i] = ' '
	}
}

// extHideBases renames every xml:base, so that gofeed does not resolve by it.
func extHideBases(doc []byte) {
	s := scanner{b: doc}
	for t := s.next(); t.kind != scanEOF; t = s.next() {
		if t.kind != scanStart && t.kind != scanEmpty {
			continue
		}
		for _, a := range s.attrs {
			if string(a.name.of(doc)) == "xml:base" {
				doc[a.name.end-1] = '_'
			}
		}
	}
}

// rename puts extensions that a document has under its own prefixes where
// they are looked up.
func (h *parseHead) rename(e ext.Extensions) {
	if len(h.aliases) == 0 || len(e) == 0 {
		return
	}
	h.move(e, "atom03", "atom")                                  // gofeed's name
	for _, prefix := range slices.Sorted(maps.Keys(h.aliases)) { // equal documents give equal entries
		h.move(e, prefix, h.aliases[prefix])
	}
}

func (h *parseHead) move(e ext.Extensions, prefix, name string) {
	own, ok := e[prefix]
	if !ok {
		return
	}
	delete(e, prefix)
	if e[name] == nil {
		e[name] = own
		return
	}
	for k, v := range own {
		e[name][k] = append(e[name][k], v...)
	}
}

// extText returns the first text of an extension element.
func extText(e ext.Extensions, space, name string) string {
	for _, x := range e[space][name] {
		if x.Value != "" {
			return x.Value
		}
	}
	return ""
}

// extResolve returns the base that a reference names, itself relative to
// another, which may be nil. What is no URL, or one so long that all links
// below it would be dropped, changes nothing.
func extResolve(base *url.URL, ref string) *url.URL {
	u, err := url.Parse(strings.TrimSpace(ref))
	if err != nil || len(ref) > maxURL {
		return base
	}
	if base == nil {
		if u.IsAbs() {
			return u
		}
		return nil
	}
	if u = base.ResolveReference(u); len(u.String()) > maxURL {
		return base
	}
	return u
}

// link returns the absolute URL of a reference in the document. A reference
// that is absolute is returned as it is, without the white space around and
// the line breaks within it.
func (p *parser) link(base *url.URL, ref, what string) string {
	ref = strings.TrimSpace(textLegal(ref))
	if ref == "" {
		return ""
	}
	if strings.ContainsAny(ref, "\n\r\t") {
		ref = strings.NewReplacer("\n", "", "\r", "", "\t", "").Replace(ref)
	}
	if len(ref) > maxURL {
		return p.url(ref, what)
	}
	if base == nil || extAbsolute(ref) {
		return ref
	}
	u, err := url.Parse(ref)
	if err != nil {
		return ref
	}
	return p.url(textLegal(base.ResolveReference(u).String()), what) // a redirect may give a base that is not UTF-8
}

// extAbsolute reports whether a reference begins with a scheme.
func extAbsolute(ref string) bool {
	for i := range len(ref) {
		c := ref[i] | 0x20
		switch {
		case c >= 'a' && c <= 'z':
		case i > 0 && (ref[i] >= '0' && ref[i] <= '9' || ref[i] == '+' || ref[i] == '-' || ref[i] == '.'):
		default:
			return i > 0 && ref[i] == ':'
		}
	}
	return false
}

func extIsHTTP(s string) bool {
	return len(s) > 7 && (strings.EqualFold(s[:7], "http://") || len(s) > 8 && strings.EqualFold(s[:8], "https://"))
}

// extDuration reads a number of units; what is none is zero.
func extDuration(s string, unit time.Duration) time.Duration {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(n > 0) {
		return 0
	}
	const most = 366 * 24 * time.Hour
	if n > float64(most/unit) {
		return most
	}
	return time.Duration(n * float64(unit))
}

var extPeriods = map[string]time.Duration{
	"hourly":  time.Hour,
	"daily":   24 * time.Hour,
	"weekly":  7 * 24 * time.Hour,
	"monthly": 30 * 24 * time.Hour,
	"yearly":  365 * 24 * time.Hour,
}

// extTTL returns how long the publisher asks to wait.
func extTTL(ttl string, e ext.Extensions) time.Duration {
	if d := extDuration(ttl, time.Minute); d > 0 {
		return d
	}
	period, ok := extPeriods[strings.ToLower(strings.TrimSpace(extText(e, "sy", "updatePeriod")))]
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(extText(e, "sy", "updateFrequency")))
	if err != nil || n < 1 {
		n = 1
	}
	return period / time.Duration(n)
}

// extInt reads a number that is not negative; what is none is zero.
func extInt(s string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func extPixels(s string) int {
	return int(min(extInt(strings.TrimSuffix(strings.TrimSpace(s), "px")), 1<<20))
}

// extClock reads hours:minutes:seconds, minutes:seconds or seconds.
func extClock(s string) time.Duration {
	var total int64
	parts := strings.Split(strings.TrimSpace(s), ":")
	if len(parts) > 3 {
		return 0
	}
	for _, part := range parts {
		part, _, _ = strings.Cut(part, ".")
		n, err := strconv.ParseInt(part, 10, 32)
		if err != nil || n < 0 {
			return 0
		}
		total = total*60 + n
	}
	return time.Duration(min(total, 1<<30)) * time.Second
}

// extPerson reads what RSS calls an author: "mail (Name)", "Name (mail)",
// "Name <mail>", a bare address or a bare name.
func extPerson(s string) Person {
	s = textGuess(s)
	if s == "" {
		return Person{}
	}
	for _, pair := range []string{"()", "<>"} {
		i := strings.IndexByte(s, pair[0])
		if i < 0 || s[len(s)-1] != pair[1] {
			continue
		}
		outer, inner := strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+1:len(s)-1])
		switch {
		case extIsMail(outer):
			return Person{Name: inner, Email: extMail(outer)}
		case extIsMail(inner):
			return Person{Name: strings.Trim(outer, `"`), Email: extMail(inner)}
		}
	}
	if extIsMail(s) {
		return Person{Email: extMail(s)}
	}
	if mail, name, ok := strings.Cut(s, " "); ok && extIsMail(mail) {
		return Person{Name: strings.TrimSpace(name), Email: extMail(mail)}
	}
	return Person{Name: s}
}

func extIsMail(s string) bool {
	at := strings.IndexByte(s, '@')
	return at > 0 && at < len(s)-1 && !strings.ContainsAny(s, " <>()")
}

func extMail(s string) string { return strings.TrimPrefix(s, "mailto:") }

// extAddPerson appends a person who is not there yet.
func extAddPerson(list []Person, x Person) []Person {
	if x == (Person{}) {
		return list
	}
	for i, have := range list {
		if strings.EqualFold(have.Name, x.Name) || x.Name == "" && x.Email == have.Email {
			if have.Email == "" {
				list[i].Email = x.Email
			}
			if have.URI == "" {
				list[i].URI = x.URI
			}
			return list
		}
	}
	return append(list, x)
}

// persons holds people to the limits.
func (p *parser) persons(list []Person) []Person {
	list = limitList(p.limiter, list, maxAuthors, "the list of authors")
	for i := range list {
		list[i].Name = p.text(list[i].Name, maxName, "an author's name")
		list[i].Email = p.text(list[i].Email, maxName, "an author's address")
		list[i].URI = p.url(list[i].URI, "an author's URL")
	}
	return list
}

// extAddCategory appends a category whose term is not there yet.
func extAddCategory(list []Category, c Category) []Category {
	c.Term, c.Label = textGuess(c.Term), textGuess(c.Label)
	c.Scheme = strings.TrimSpace(textLegal(c.Scheme))
	if c.Term == "" {
		c.Term = c.Label
	}
	if c.Term == "" {
		return list
	}
	if len(list) <= maxCategories { // beyond, the list will be cut anyway
		for _, have := range list {
			if have.Term == c.Term && have.Scheme == c.Scheme {
				return list
			}
		}
	}
	return append(list, c)
}

// feedCategories holds a feed's categories to the limits. Some publishers list
// hundreds, which nobody reads: to cut them is no loss to speak of.
func feedCategories(list []Category) []Category {
	quiet := &parser{limiter: &limiter{}}
	return quiet.categories(list)
}

func (p *parser) categories(list []Category) []Category {
	list = limitList(p.limiter, list, maxCategories, "the list of categories")
	for i := range list {
		list[i].Term = p.text(list[i].Term, maxName, "a category")
		list[i].Label = p.text(list[i].Label, maxName, "a category")
		list[i].Scheme = p.url(list[i].Scheme, "a category's scheme")
	}
	return list
}

// extCount reads a number of comments; -1 if there is none.
func extCount(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 {
		return -1
	}
	return n
}
