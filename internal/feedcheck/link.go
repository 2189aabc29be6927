package feedcheck

import (
	"net/url"
	"slices"
	"strings"
)

const linkAttrs = "rel type href hreflang title length rdf:type rdf:resource thr:count thr:when thr:updated"

// Link relations that are registered, and those of RFC 5005.
var (
	linkRels = []string{"alternate", "current", "describedby", "edit", "edit-media", "enclosure", "first", "hub", "last", "license", "next",
		"next-archive", "payment", "prev-archive", "previous", "related", "replies", "search", "self", "service", "up", "via"}
	historyRels = []string{"current", "first", "last", "next", "next-archive", "prev-archive", "previous"}
)

// A feedLink is an atom:link.
type feedLink struct {
	rel, href, kind, lang string
	node                  *node
}

// feedLinks returns the links that stand in n.
func feedLinks(n *node, name string) []feedLink {
	var links []feedLink
	for _, k := range n.kids {
		if k.name == name {
			links = append(links, newFeedLink(k))
		}
	}
	return links
}

func newFeedLink(n *node) feedLink {
	l := feedLink{rel: "alternate", node: n}
	if v, ok := n.attr("rel"); ok {
		l.rel = strings.TrimPrefix(v, "http://www.iana.org/assignments/relation/")
	}
	l.href, _ = n.attr("href")
	l.kind, _ = n.attr("type")
	l.lang, _ = n.attr("hreflang")
	return l
}

// atomLink judges an atom:link, in Atom or RSS.
func atomLink(c *checker, n *node) {
	l := newFeedLink(n)
	if n.value() != "" {
		c.at(n, "AtomLinkNotEmpty", "%.40q", n.value())
	}
	if _, ok := n.attr("rel"); ok {
		c.notBlank(n, "rel")
		c.holds(n, slices.Contains(linkRels, l.rel) || uriFull.MatchString(asciiURI(l.rel)), "UnregisteredAtomLinkRel", l.rel)
	}
	c.linkType(n, l)
	if v, ok := n.attr("title"); ok {
		c.notBlank(n, "title")
		c.plain(n, v, "ContainsHTML")
	}
	if v, ok := n.attr("length"); ok {
		c.integer(n, v, 0, "InvalidNonNegativeInteger")
	}
	if v, ok := n.attr("hreflang"); ok {
		c.language(n, v)
	}
	c.replies(n, l)
	if _, ok := n.attr("href"); !ok {
		c.at(n, "MissingHref", "no href")
		return
	}
	c.uri(n, asciiURI(l.href), uriRef, "InvalidIRI")
	if l.rel == "self" && (n.parent.name == "feed" || n.parent.name == "channel") {
		c.self(n, l)
	}
}

func (c *checker) linkType(n *node, l feedLink) {
	v, ok := n.attr("type")
	if !ok {
		return
	}
	kind, _, _ := strings.Cut(v, ";")
	feed := slices.Contains([]string{"application/atom+xml", "application/rss+xml", "application/rdf+xml"}, kind)
	switch {
	case !mediaType.MatchString(v):
		c.at(n, "InvalidMIMEType", "%q", v)
	case l.rel == "self" && !feed:
		c.at(n, "SelfNotAtom", "%q", v)
	}
}

// replies judges what RFC 4685 adds to links.
func (c *checker) replies(n *node, l feedLink) {
	for _, name := range []string{"thr:count", "thr:updated"} {
		v, ok := n.attr(name)
		if !ok {
			continue
		}
		if l.rel != "replies" {
			c.at(n, "UnexpectedAttribute", "%s on rel=%s", name, l.rel)
		}
		if name == "thr:count" {
			c.integer(n, v, 0, "InvalidNonNegativeInteger")
		} else {
			c.isoDate(n, v, rfc3339, "InvalidRFC3339Date")
		}
	}
	if _, ok := n.attr("thr:when"); ok {
		c.at(n, "NoThrWhen", "it is thr:updated")
	}
}

// self judges that a feed names its own address.
func (c *checker) self(n *node, l feedLink) {
	href, err := url.Parse(l.href)
	if err != nil {
		return
	}
	if href.Host == "" && n.base == "" {
		c.at(n, "RelativeSelf", "%q", l.href)
	}
	at, err := url.Parse(c.SelfURL)
	if err != nil || c.SelfURL == "" {
		return
	}
	if base, err := url.Parse(n.base); err == nil {
		href = at.ResolveReference(base).ResolveReference(href)
	}
	href.Fragment, at.Fragment = "", ""
	if canonicalURI(href.String()) != canonicalURI(at.String()) {
		c.at(n, "SelfDoesntMatchLocation", "%s; the feed is at %s", href, at)
	}
}

// alternates judges that there is one alternate of a type and language.
func (c *checker) alternates(n *node, links []feedLink) {
	seen := map[[2]string]bool{}
	for _, l := range links {
		key := [2]string{l.kind, l.lang}
		if l.rel == "alternate" && seen[key] {
			c.at(l.node, "DuplicateAtomLink", "a second alternate of type %q", l.kind)
		}
		seen[key] = seen[key] || l.rel == "alternate"
	}
}

// history judges paging and archives (RFC 5005).
func (c *checker) history(n *node, links []feedLink) {
	rels := map[string]bool{}
	self := map[string]bool{c.SelfURL: true}
	for _, l := range links {
		rels[l.rel] = true
		self[l.href] = self[l.href] || l.rel == "self"
	}
	delete(self, "")
	for _, l := range links {
		at := self[l.href]
		if past := map[string]string{"first": "previous", "last": "next"}[l.rel]; past != "" && at {
			for _, m := range links {
				if m.rel == past {
					c.at(m.node, "LinkPastEnd", "%s, and this is the %s", past, l.rel)
				}
			}
		}
		if n.find("fh:complete") == nil || !slices.Contains(historyRels, l.rel) {
			continue
		}
		if l.rel != "current" {
			c.at(l.node, "FeedRelInCompleteFeed", "%s", l.rel)
		} else if len(self) > 0 && !at {
			c.at(l.node, "CurrentNotSelfInCompleteFeed", "%s", l.href)
		}
	}
	if n.find("fh:archive") == nil || n.find("fh:complete") != nil {
		return
	}
	if !rels["prev-archive"] && !rels["next-archive"] {
		c.at(n, "ArchiveIncomplete", "an archive that links to no other")
	}
	if !rels["current"] {
		c.at(n, "MissingCurrentInArchive", "an archive that does not link to the current document")
	}
}

// inReplyTo judges thr:in-reply-to.
func inReplyTo(c *checker, n *node) {
	if v, ok := c.required(n, "ref"); ok {
		c.uri(n, asciiURI(v), uriFull, "InvalidFullLink")
	}
	for _, name := range []string{"href", "source"} {
		if v, ok := n.attr(name); ok {
			c.uri(n, asciiURI(v), uriRef, "InvalidIRI")
		}
	}
	if v, ok := n.attr("type"); ok {
		c.holds(n, mediaType.MatchString(v), "InvalidMIMEType", v)
	}
}
