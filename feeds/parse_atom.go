package feeds

import (
	"bytes"
	"encoding/base64"
	"html"
	"net/url"
	"strings"

	"github.com/mmcdole/gofeed/atom"
	ext "github.com/mmcdole/gofeed/extensions"
)

// atom reads an Atom document that gofeed can parse.
func (p *parser) atom(doc []byte, r *guardReport) (*Feed, error) {
	h := p.head(doc, r)
	facts, of := p.facts(doc, r, h)
	if h.marked {
		extHideBases(doc)
	}
	parsed, err := parseEach(p, doc, r, func(b []byte) (*atom.Feed, error) {
		return (&atom.Parser{}).Parse(bytes.NewReader(b))
	}, func(f *atom.Feed) *[]*atom.Entry { return &f.Entries })
	if err != nil {
		return nil, err
	}
	if len(of) != len(parsed.Entries) {
		of = nil
	}
	h.rename(parsed.Extensions)
	m := &atomMapper{parser: p, head: h, base: facts.base}
	f := m.feed(parsed, &facts)
	f.Entries = make([]Entry, len(parsed.Entries))
	for i, e := range parsed.Entries {
		x := parseFacts{base: facts.base}
		if of != nil {
			x = of[i]
		}
		h.rename(e.Extensions)
		m.entry(&f.Entries[i], e, &x, f)
	}
	return f, nil
}

// An atomMapper maps gofeed's Atom structures to the model.
type atomMapper struct {
	*parser
	head *parseHead
	base *url.URL // of the feed
}

func (m *atomMapper) feed(a *atom.Feed, x *parseFacts) *Feed {
	f := &Feed{
		Format:    Atom,
		Version:   m.head.version,
		ID:        limitGUID(atomID(a.ID, x)),
		Title:     m.text(atomLine(a.Title, x.title.kind), maxTitle, "the feed's title"),
		Subtitle:  m.text(atomLine(a.Subtitle, x.summary.kind), maxSummary, "the feed's subtitle"),
		Language:  m.text(textLine(firstOf(x.lang, m.head.lang)), maxName, "the language"),
		Rights:    m.text(atomLine(a.Rights, x.rights.kind), maxTitle, "the rights"),
		Icon:      m.link(m.base, a.Icon, "the icon's URL"),
		Logo:      m.link(m.base, a.Logo, "the logo's URL"),
		Generator: m.generator(a.Generator),
	}
	f.Authors = m.people(a.Authors)
	f.Categories = feedCategories(atomTerms(a.Categories))
	f.Updated, _ = ParseDate(a.Updated)
	m.feedLinks(f, a.Links, x)
	m.fillFeed(f, a.Extensions, m.base)
	return f
}

func (m *atomMapper) generator(g *atom.Generator) Generator {
	if g == nil {
		return Generator{}
	}
	return Generator{
		Name:    m.text(textLine(g.Value), maxName, "the generator"),
		URI:     m.link(m.base, g.URI, "the generator's URL"),
		Version: m.text(textLine(g.Version), maxName, "the generator"),
	}
}

func (m *atomMapper) people(list []*atom.Person) []Person {
	var people []Person
	for _, a := range list[:min(len(list), maxAuthors+1)] {
		who := Person{Name: textGuess(a.Name), Email: textLine(extMail(a.Email)), URI: m.link(m.base, a.URI, "an author's URL")}
		if who.Name == "" && who.Email != "" || extIsMail(who.Name) || strings.HasSuffix(who.Name, ")") {
			if guess := extPerson(firstOf(a.Name, a.Email)); guess.Email != "" {
				who.Name, who.Email = guess.Name, guess.Email
			}
		}
		people = extAddPerson(people, who)
	}
	return m.persons(people)
}

func atomTerms(list []*atom.Category) []Category {
	var terms []Category
	for _, c := range list {
		terms = extAddCategory(terms, Category{Term: c.Term, Scheme: c.Scheme, Label: c.Label})
	}
	return terms
}

// feedLinks sorts a feed's links.
func (m *atomMapper) feedLinks(f *Feed, links []*atom.Link, x *parseFacts) {
	best := 0
	for i, l := range links {
		href := m.href(l, x, i)
		if href == "" {
			continue
		}
		switch rel := atomRel(l.Rel); rel {
		case "alternate":
			if rank := atomRank(l.Type); rank > best {
				f.Link, best = href, rank
				continue
			}
			m.addLink(f, Link{rel, href, l.Type, l.Title})
		case "self":
			f.Self = firstOf(f.Self, href)
		case "hub":
			f.Hubs = append(f.Hubs, href)
		default:
			m.addLink(f, Link{rel, href, l.Type, l.Title})
		}
	}
	f.Hubs = limitList(m.limiter, f.Hubs, maxLinks, "the list of hubs")
}

func (m *parser) addLink(f *Feed, l Link) {
	if len(f.Links) < maxLinks && len(l.Rel) <= maxURL {
		l.MediaType = m.text(textLine(l.MediaType), maxName, "a link's type")
		l.Title = m.text(textLine(l.Title), maxTitle, "a link's title")
		f.Links = append(f.Links, l)
	}
}

// href returns the absolute URL of the i-th link.
func (m *atomMapper) href(l *atom.Link, x *parseFacts, i int) string {
	if i >= len(x.links) {
		return m.link(x.base, l.Href, "a link")
	}
	return m.link(firstBase(x.links[i].base, x.base), x.links[i].href, "a link")
}

// atomID returns an id as the document has it.
func atomID(parsed string, x *parseFacts) string {
	if x.id != "" {
		parsed = x.id
	}
	return strings.TrimSpace(textLegal(parsed))
}

// atomRel returns a relation by its short name.
func atomRel(rel string) string {
	rel = strings.ToLower(strings.TrimSpace(rel))
	return strings.TrimPrefix(rel, "http://www.iana.org/assignments/relation/")
}

// atomRank says how well a type suits the page that people read.
func atomRank(mediaType string) int {
	mediaType, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(mediaType)), ";")
	switch mediaType {
	case "text/html", "application/xhtml+xml":
		return 3
	case "":
		return 2
	}
	return 1
}

// feedExtensions reads what RFC 5005, RFC 6721 and others add to a feed.
func (m *parser) feedExtensions(f *Feed, e ext.Extensions) {
	if len(e) == 0 {
		return
	}
	f.Archive = len(e["fh"]["archive"]) > 0
	f.Complete = len(e["fh"]["complete"]) > 0
	if f.TTL == 0 {
		f.TTL = extTTL("", e)
	}
	for _, d := range e["at"]["deleted-entry"] {
		if ref := strings.TrimSpace(d.Attrs["ref"]); ref != "" && len(f.Deleted) < maxEntries {
			when, _ := ParseDate(d.Attrs["when"])
			comment := ""
			if c := d.Children["comment"]; len(c) > 0 {
				comment = m.text(textLine(c[0].Value), maxTitle, "a withdrawal's comment")
			}
			f.Deleted = append(f.Deleted, Tombstone{limitGUID(textLegal(ref)), when, comment})
		}
	}
}

func (m *atomMapper) entry(e *Entry, a *atom.Entry, x *parseFacts, f *Feed) {
	e.GUID = limitGUID(atomID(a.ID, x))
	e.Title = m.text(atomLine(a.Title, x.title.kind), maxTitle, "a title")
	e.Language = m.text(textLine(x.lang), maxName, "a language")
	e.Rights = m.text(atomLine(a.Rights, x.rights.kind), maxTitle, "the rights")
	e.Published, _ = ParseDate(a.Published)
	e.Updated, _ = ParseDate(a.Updated)
	e.Categories = m.categories(atomTerms(a.Categories))
	m.texts(e, a, x)
	m.links(e, a, x)
	if a.Source != nil {
		e.Source = m.source(a.Source)
	}
	e.Authors = m.people(a.Authors)
	m.fillEntry(e, a.Extensions, x.base)
	e.Link = firstOf(e.Link, e.External)
	if e.Link == "" && len(e.Enclosures) > 0 {
		e.Link = e.Enclosures[0].URL
	}
	if len(e.Authors) == 0 && e.Source != nil {
		e.Authors = append([]Person(nil), e.Source.Authors...)
	}
	if len(e.Authors) == 0 {
		e.Authors = append([]Person(nil), f.Authors...)
	}
}

func (m *atomMapper) texts(e *Entry, a *atom.Entry, x *parseFacts) {
	summary := m.markup(a.Summary, x.summary, x.base)
	content := ""
	if c := a.Content; c != nil {
		if c.Value != "" {
			content = m.markup(c.Value, x.content, x.base)
		}
		if src := m.link(firstBase(x.content.base, x.base), c.Src, "content's source"); src != "" && content == "" {
			e.Link = src // until a link says better
		}
	}
	m.body(e, summary, content)
}

// body sets summary and content within their limits. A summary that is too
// long is no summary: if there is no content, it is that.
func (p *parser) body(e *Entry, summary, content string) {
	if content == "" && len(summary) > maxSummary {
		summary, content = "", summary
	}
	if len(summary) > maxSummary && len(content) >= len(summary) {
		summary = string((&limiter{}).html(summary, maxSummary, ""))
	}
	e.Summary = p.limiter.html(summary, maxSummary, "a summary")
	e.Content = p.limiter.html(content, maxContent, "content")
}

// markup returns a text construct as HTML.
func (m *atomMapper) markup(s string, x factField, base *url.URL) string {
	if x.kind == factBinary && textLegal(s) != s {
		return ""
	}
	s = strings.TrimSpace(textLegal(s))
	if s == "" {
		return ""
	}
	switch x.kind {
	case factPlain:
		return textHTML(s)
	case factText:
		if textIsMarkup(s) {
			break // nearly always HTML whose type was left out
		}
		return textHTML(s)
	case factXHTML:
		s = factMarkup(s)
	case factRaw:
		s = html.UnescapeString(s)
	case factBase64:
		s = atomBase64(s)
	}
	if m.head.marked {
		s = m.resolved(s, firstBase(x.base, base))
	}
	return s
}

func atomBase64(s string) string {
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		return s
	}
	return textLegal(string(b))
}

// atomLine returns a text construct as one line of plain text.
func atomLine(s string, kind factKind) string {
	switch kind {
	case factPlain:
		return textLine(textLegal(s))
	case factText:
		return textGuess(s)
	case factRaw:
		s = html.UnescapeString(s)
	case factBase64:
		s = atomBase64(s)
	case factBinary:
		if textLegal(s) != s {
			return ""
		}
	}
	return textOf(s)
}

func (m *atomMapper) links(e *Entry, a *atom.Entry, x *parseFacts) {
	best := 0
	for i, l := range a.Links {
		href := m.href(l, x, i)
		if href == "" {
			continue
		}
		switch rel := atomRel(l.Rel); rel {
		case "alternate":
			if rank := atomRank(l.Type); rank > best {
				e.Link, best = href, rank
			}
		case "enclosure":
			if len(e.Enclosures) > maxEnclosures || mediaHas(e, href) {
				continue
			}
			file := m.enclosure(href, l)
			e.Enclosures = append(e.Enclosures, file)
			if strings.HasPrefix(l.Type, "image/") {
				e.Images = append(e.Images, Image{URL: href, MediaType: file.MediaType, Title: file.Title})
			}
		case "related", "via":
			if rel == "related" || e.External == "" {
				e.External = href
			}
		case "license":
			e.License = firstOf(e.License, href)
		case "replies", "comments":
			var fact factLink
			if i < len(x.links) {
				fact = x.links[i]
			}
			m.replies(e, href, l.Type, fact)
		}
	}
	if e.Link == "" && extIsHTTP(e.GUID) {
		e.Link = e.GUID
	}
	e.Permalink = e.GUID != "" && e.GUID == e.Link
	e.Enclosures = limitList(m.limiter, e.Enclosures, maxEnclosures, "the list of enclosures")
	e.Images = limitList(m.limiter, e.Images, maxImages, "the list of images")
}

func (m *atomMapper) enclosure(href string, l *atom.Link) Enclosure {
	return Enclosure{
		URL:       href,
		MediaType: m.text(textLine(l.Type), maxName, "an enclosure's type"),
		Title:     m.text(textLine(l.Title), maxTitle, "an enclosure's title"),
		Length:    extInt(l.Length),
	}
}

// replies reads a link to the discussion: a page, or a feed of it.
func (m *parser) replies(e *Entry, href, mediaType string, x factLink) {
	c := e.discussion()
	if atomIsFeed(mediaType, href) {
		c.Feed = firstOf(c.Feed, href)
	} else {
		c.Page = firstOf(c.Page, href)
	}
	if n := extCount(x.count); n > c.Count {
		c.Count = n
	}
	if when, ok := ParseDate(x.updated); ok && when.After(c.Updated) {
		c.Updated = when
	}
}

// atomIsFeed reports whether a link leads to a feed, by its type or, if it has
// none, its looks.
func atomIsFeed(mediaType, href string) bool {
	if mediaType != "" {
		return strings.Contains(mediaType, "atom") || strings.Contains(mediaType, "rss") ||
			strings.HasSuffix(mediaType, "xml") && !strings.Contains(mediaType, "xhtml")
	}
	href, _, _ = strings.Cut(strings.ToLower(href), "?")
	for _, end := range []string{".xml", ".rss", ".atom", "/feed", "/feed/"} {
		if strings.HasSuffix(href, end) {
			return true
		}
	}
	return false
}

// discussion returns the entry's Comments, which it makes if there are none.
func (e *Entry) discussion() *Comments {
	if e.Comments == nil {
		e.Comments = &Comments{Count: -1}
	}
	return e.Comments
}

// source maps atom:source.
func (m *atomMapper) source(s *atom.Source) *Feed {
	f := &Feed{
		ID:         limitGUID(strings.TrimSpace(textLegal(s.ID))),
		Title:      m.text(textGuess(s.Title), maxTitle, "a source's title"),
		Subtitle:   m.text(textGuess(s.Subtitle), maxSummary, "a source's subtitle"),
		Rights:     m.text(textGuess(s.Rights), maxTitle, "a source's rights"),
		Icon:       m.link(m.base, s.Icon, "the icon's URL"),
		Logo:       m.link(m.base, s.Logo, "the logo's URL"),
		Generator:  m.generator(s.Generator),
		Authors:    m.people(s.Authors),
		Categories: feedCategories(atomTerms(s.Categories)),
	}
	f.Updated, _ = ParseDate(s.Updated)
	m.feedLinks(f, s.Links, &parseFacts{base: m.base})
	return f
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func firstBase(a, b *url.URL) *url.URL {
	if a != nil {
		return a
	}
	return b
}
