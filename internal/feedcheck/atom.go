package feedcheck

import (
	"encoding/base64"
	"slices"
	"strings"
)

const atomNamespace = "http://www.w3.org/2005/Atom"

var feedMetadata = join(dublinCore, mediaElements, vocabulary{
	"author":          many(person).opened(),
	"contributor":     many(person).opened(),
	"category":        many(category).with("term scheme label"),
	"generator":       one(nonblank, generator).with("uri version"),
	"id":              one(canonicalID, trimmed),
	"icon":            one(nonblank, trimmed, anyURI),
	"logo":            one(nonblank, trimmed, anyURI),
	"link":            many(atomLink).with(linkAttrs).opened(),
	"title":           one(atomText).with("type src").opened(),
	"subtitle":        one(atomText).with("type src").opened(),
	"rights":          one(atomText).with("type src").opened(),
	"updated":         one(rfc3339Date, trimmed),
	"fh:archive":      one(),
	"thr:in-reply-to": many(inReplyTo).with("ref href type source"),
	"fh:complete":     one(),
	"sy:updatePeriod": one(updatePeriod), "sy:updateFrequency": one(nonblank, integer(1, "InvalidPositiveInteger")), "sy:updateBase": one(w3cDate),
})

var feedElements = join(feedMetadata, vocabulary{"entry": many((*checker).entry).opened()})

var entryElements = join(dublinCore, mediaElements, vocabulary{
	"author":          many(person).opened(),
	"contributor":     many(person).opened(),
	"category":        many(category).with("term scheme label"),
	"content":         one(atomContent).with("type src").opened(),
	"id":              one(canonicalID, nonblank, trimmed),
	"link":            many(atomLink).with(linkAttrs).opened(),
	"published":       one(rfc3339Date, trimmed),
	"updated":         one(rfc3339Date, trimmed),
	"rights":          one(atomText).with("type src").opened(),
	"summary":         one(atomText).with("type src").opened(),
	"title":           one(atomText).with("type src").opened(),
	"source":          one((*checker).atomSource).opened(),
	"thr:total":       one(integer(0, "InvalidNonNegativeInteger")),
	"thr:in-reply-to": many(inReplyTo).with("ref href type source"),
	"slash:comments":  one(integer(0, "InvalidNonNegativeInteger")),
	"wfw:commentRss":  one(fullURI), "wfw:comment": one(fullURI),
	"content:encoded": one(htmlText),
})

// feed judges an Atom document.
func (c *checker) feed(root *node) {
	switch root.space {
	case atomNamespace:
	case "":
		c.at(root, "MissingNamespace", "feed is in no namespace")
	case "http://purl.org/atom/ns#":
		c.at(root, "ObsoleteNamespace", "Atom 0.3")
		return
	default:
		c.at(root, "InvalidNamespace", "%s", root.space)
		return
	}
	c.atom = true
	c.attributes(root, element{attrs: "indexing:index"})
	c.metadata(root, "MissingElement")
	links := feedLinks(root, "link")
	if !slices.ContainsFunc(links, func(l feedLink) bool { return l.rel == "self" }) {
		c.at(root, "MissingSelf", "no link rel=self")
	}
	c.alternates(root, links)
	c.history(root, links)
	c.misplacedMetadata(root)
	c.children(root, feedElements)
	c.entries(root)
}

func (c *checker) metadata(n *node, rule string) {
	for _, name := range []string{"title", "id", "updated"} {
		if n.find(name) == nil {
			c.at(n, rule, "no %s", name)
		}
	}
}

// misplacedMetadata judges that what describes the feed stands before its
// entries.
func (c *checker) misplacedMetadata(n *node) {
	entry := false
	for _, k := range n.kids {
		if _, known := feedMetadata[k.name]; entry && known && !strings.Contains(k.name, ":") {
			c.at(k, "MisplacedMetadata", "after an entry")
		}
		entry = entry || k.name == "entry"
	}
}

// entries judges what entries must not have in common.
func (c *checker) entries(n *node) {
	ids, times := map[string]bool{}, map[string]bool{}
	count, twice := 0, []*node{}
	for _, e := range n.kids {
		if e.name != "entry" {
			continue
		}
		count++
		if id := e.find("id"); id != nil && id.value() != "" {
			if ids[id.value()] {
				twice = append(twice, id)
			}
			ids[id.value()] = true
		}
		if u := e.find("updated"); u != nil {
			if times[u.value()] {
				c.at(u, "DuplicateUpdated", "%s", u.value())
			}
			times[u.value()] = true
		}
	}
	if count > 9 && len(twice) == count-1 {
		c.at(n, "DuplicateIds", "%d entries with one id", count)
		return
	}
	for _, id := range twice {
		c.at(id, "DuplicateEntries", "%q", id.value())
	}
}

// entry judges an Atom entry.
func (c *checker) entry(n *node) {
	c.attributes(n, element{})
	c.metadata(n, "MissingElement")
	source := n.find("source")
	if n.find("author") == nil && n.parent.find("author") == nil && (source == nil || source.find("author") == nil) {
		c.at(n, "MissingElement", "no author here, in source or feed")
	}
	links := feedLinks(n, "link")
	c.alternates(n, links)
	content, summary := n.find("content"), n.find("summary")
	switch {
	case content != nil && summary == nil:
		c.remote(n, content)
	case content == nil:
		if summary == nil {
			c.at(n, "MissingTextualContent", "neither content nor summary")
		}
		if !slices.ContainsFunc(links, func(l feedLink) bool { return l.rel == "alternate" }) {
			c.at(n, "MissingContentOrAlternate", "neither content nor link rel=alternate")
		}
	}
	for _, l := range links {
		if slices.Contains(historyRels, l.rel) {
			c.at(l.node, "FeedHistoryRelInEntry", "%s", l.rel)
		}
	}
	c.children(n, entryElements)
}

// remote judges content that is elsewhere or in Base64: then there must be a
// summary.
func (c *checker) remote(n, content *node) {
	kind, _ := content.attr("type")
	_, src := content.attr("src")
	binary := strings.Contains(kind, "/") && !strings.HasSuffix(kind, "+xml") && !strings.HasSuffix(kind, "/xml") && !strings.HasPrefix(kind, "text/")
	if src || binary {
		c.at(n, "MissingSummary", "content is not text, and there is no summary")
	}
}

func (c *checker) atomSource(n *node) {
	c.attributes(n, element{})
	c.metadata(n, "MissingSourceElement")
	c.alternates(n, feedLinks(n, "link"))
	c.children(n, feedMetadata)
}

// trimmed judges that there is no space around a value (RFC 4287 §3).
func trimmed(c *checker, n *node) {
	if n.text != n.value() {
		c.at(n, "UnexpectedWhitespace", "%q", n.text)
	}
}

func person(c *checker, n *node) {
	if n.find("name") == nil {
		c.at(n, "MissingElement", "no name")
	}
	c.children(n, vocabulary{
		"name": one(nonblank, noEmail, plainText), "email": one(addrSpec), "uri": one(nonblank, trimmed, iri, plainText),
	})
}

func iri(c *checker, n *node) { c.uri(n, asciiURI(n.value()), uriRef, "InvalidIRI") }

func category(c *checker, n *node) {
	if v, ok := c.required(n, "term"); ok {
		c.holds(n, v != "", "NotBlank", v)
	}
	if v, ok := n.attr("scheme"); ok {
		c.uri(n, asciiURI(v), uriFull, "InvalidFullLink")
	}
	if v, ok := n.attr("label"); ok {
		c.notBlank(n, "label")
		c.plain(n, v, "ContainsHTML")
	}
	if n.value() != "" {
		c.at(n, "UnexpectedText", "%.40q", n.value())
	}
}

func (c *checker) notBlank(n *node, attr string) {
	if v, _ := n.attr(attr); v == "" {
		c.at(n, "AttrNotBlank", "%s", attr)
	}
}

func generator(c *checker, n *node) {
	if v, ok := n.attr("uri"); ok {
		c.notBlank(n, "uri")
		c.uri(n, asciiURI(v), uriRef, "InvalidIRI")
	}
	if _, ok := n.attr("version"); ok {
		c.notBlank(n, "version")
	}
	noEmail(c, n)
	plainText(c, n)
}

// atomText judges a text construct (RFC 4287 §3.1).
func atomText(c *checker, n *node) {
	kind, typed := n.attr("type")
	if typed && strings.Contains(kind, "/") {
		c.at(n, "InvalidTextType", "%q", kind)
	}
	if n.name != "atom:summary" && !c.atom {
		c.at(n, "DuplicateDescriptionSemantics", "%s", n.name)
	}
	c.construct(n, kind, typed)
}

func atomContent(c *checker, n *node) {
	kind, typed := n.attr("type")
	if kind == "multipart/alternative" {
		c.at(n, "InvalidMIMEType", "%q", kind)
	}
	c.construct(n, kind, typed)
}

// construct judges the text of a text construct or of content by its type.
func (c *checker) construct(n *node, kind string, typed bool) {
	src, remote := n.attr("src")
	if remote {
		c.uri(n, src, uriRef, "InvalidURIAttribute")
		if !typed {
			c.at(n, "MissingTypeAttr", "src without type")
		}
		if n.value() != "" || len(n.kids) > 0 {
			c.at(n, "UnexpectedText", "beside src")
		}
	}
	if typed && kind == "" {
		c.at(n, "AttrNotBlank", "type")
	}
	known := slices.Contains([]string{"", "text", "html", "xhtml"}, kind)
	if kind != "" && (!known || remote) && !mediaType.MatchString(kind) {
		c.at(n, "InvalidMIMEType", "%q", kind)
	}
	xml := strings.HasSuffix(kind, "+xml") || strings.HasSuffix(kind, "/xml")
	if kind != "xhtml" && !xml {
		c.leaf(n)
	}
	c.constructText(n, kind, remote || xml)
	if n.text == "" && len(n.kids) == 0 && !remote {
		c.at(n, "NotBlank", "empty")
	}
}

func (c *checker) constructText(n *node, kind string, elsewhere bool) {
	switch {
	case kind == "xhtml":
		c.xhtml(n)
	case kind == "application/xhtml+xml":
		if len(n.kids) > 0 && n.kids[0].local != "html" {
			c.at(n, "HtmlFragment", "%s is a whole document", kind)
		}
	case elsewhere:
	case kind == "html":
		c.markup(n, n.value())
	case kind == "text/html":
		c.markup(n, n.value())
		if !strings.Contains(n.text, "<html") {
			c.at(n, "HtmlFragment", "text/html is a whole document")
		}
	case strings.Contains(kind, "/") && !strings.HasPrefix(kind, "text/"):
		if _, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.text), "")); err != nil {
			c.at(n, "NotBase64", "%v", err)
		}
	default:
		c.plain(n, n.text, "ContainsUndeclaredHTML")
	}
}

// xhtml judges that there is one div, and what is in it.
func (c *checker) xhtml(n *node) {
	if strings.TrimSpace(n.lead) != "" || len(n.kids) == 0 && n.value() != "" || len(n.kids) > 0 && n.kids[0].name != "xhtml:div" {
		c.at(n, "MissingXhtmlDiv", "the content is one xhtml:div")
		if len(n.kids) > 0 && n.kids[0].local == "div" {
			c.at(n, "NotHtml", "div of namespace %q", n.kids[0].space)
		}
	}
	if len(n.kids) == 0 {
		c.plain(n, n.text, "NotInline")
	} else if len(n.kids) == 1 && len(n.kids[0].kids) == 0 {
		c.plain(n, n.kids[0].text, "NotInline")
	}
	for _, k := range n.kids {
		if k.name == "xhtml:div" {
			c.xhtmlTree(k)
		}
	}
}

func (c *checker) xhtmlTree(n *node) {
	for _, k := range n.kids {
		tag, ok := strings.CutPrefix(k.name, "xhtml:")
		switch {
		case !ok:
			c.foreign(k)
			continue
		case !knownTag(tag):
			c.at(k, "NotHtml", "<%s>", tag)
		case !has(safeTags, tag):
			c.at(k, "SecurityRisk", "<%s>", tag)
		}
		for _, a := range k.attrs {
			if name := attrName(a.Name); name == "style" {
				for _, evil := range unsafeStyle(a.Value) {
					c.at(k, "DangerousStyleAttr", "%q", evil)
				}
			} else if strings.HasPrefix(name, "on") {
				c.at(k, "SecurityRiskAttr", "%s", name)
			}
		}
		c.xhtmlTree(k)
	}
}

// foreign judges what is neither XHTML nor, as MathML and SVG, at home in it.
func (c *checker) foreign(n *node) {
	prefix, _, known := strings.Cut(n.name, ":")
	switch {
	case n.space == "":
		c.at(n, "MissingNamespace", "in xhtml:div")
	case !known && !strings.Contains(n.name, " ") || known && prefix != "svg" && prefix != "mathml" && prefixOf(n.space) != "":
		c.at(n, "UndefinedElement", "in xhtml:div")
	}
}
