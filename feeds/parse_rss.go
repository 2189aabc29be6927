package feeds

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mmcdole/gofeed/rss"
)

// rss reads an RSS or RDF document that gofeed can parse.
func (p *parser) rss(doc []byte, r *guardReport) (*Feed, error) {
	h := p.head(doc, r)
	facts, of := p.facts(doc, r, h)
	if h.marked {
		extHideBases(doc)
	}
	parsed, err := parseEach(p, doc, r, func(b []byte) (*rss.Feed, error) {
		return (&rss.Parser{}).Parse(bytes.NewReader(b))
	}, func(f *rss.Feed) *[]*rss.Item { return &f.Items })
	if err != nil {
		return nil, err
	}
	of = rssOrder(of, r)
	if len(of) != len(parsed.Items) {
		of = nil
	}
	h.rename(parsed.Extensions)
	m := &rssMapper{parser: p, head: h, base: facts.base}
	f := m.feed(parsed)
	f.Entries = make([]Entry, len(parsed.Items))
	for i, item := range parsed.Items {
		x := parseFacts{base: facts.base}
		if of != nil {
			x = of[i]
		}
		h.rename(item.Extensions)
		m.entry(&f.Entries[i], item, &x)
	}
	return f, nil
}

// rssOrder puts facts into the order of gofeed's items: those in the channel
// first.
func rssOrder(of []parseFacts, r *guardReport) []parseFacts {
	if of == nil {
		return nil
	}
	ordered := make([]parseFacts, 0, len(of))
	for _, outside := range []bool{false, true} {
		for i, e := range r.entries {
			if e.outside == outside {
				ordered = append(ordered, of[i])
			}
		}
	}
	return ordered
}

// parseEach parses a document with gofeed. If gofeed refuses it whole, each
// entry is parsed alone, so that only those are lost that it refuses.
func parseEach[F, E any](p *parser, doc []byte, r *guardReport, parse func([]byte) (*F, error), entries func(*F) *[]*E) (*F, error) {
	f, err := parse(doc[r.root.start:r.root.end])
	if err == nil {
		return f, nil
	}
	p.fault(-1, "%v", err)
	var without []byte
	from := r.root.start
	for _, e := range r.entries {
		without = append(without, doc[from:e.start]...)
		from = e.end
	}
	f, err = parse(append(without, doc[from:r.root.end]...))
	if err != nil {
		return nil, &p.mal
	}
	p.mal.Resynced = true
	for _, e := range r.entries {
		one, err := parse(r.alone(doc, e))
		if err != nil {
			p.mal.Cut = true
			continue
		}
		*entries(f) = append(*entries(f), *entries(one)...)
	}
	return f, nil
}

// An rssMapper maps gofeed's RSS structures to the model.
type rssMapper struct {
	*parser
	head *parseHead
	base *url.URL // of the channel's own links
	site *url.URL // of the items'
}

func (m *rssMapper) feed(r *rss.Feed) *Feed {
	f := &Feed{
		Format:   RSS,
		Version:  m.head.version,
		Title:    m.text(textGuess(r.Title), maxTitle, "the feed's title"),
		Subtitle: m.text(textGuess(r.Description), maxSummary, "the feed's description"),
		Language: m.text(textLine(firstOf(r.Language, m.head.lang)), maxName, "the language"),
		Rights:   m.text(textGuess(r.Copyright), maxTitle, "the rights"),
		TTL:      extTTL(r.TTL, r.Extensions),
		Updated:  firstDate(r.LastBuildDate, r.PubDate),
	}
	f.Generator = m.generator(r)
	m.feedLinks(f, r)
	m.site = m.base
	if site, err := url.Parse(f.Link); err == nil && site.IsAbs() && !m.head.marked {
		m.site = site
	}
	if f.Link == "" && r.Image != nil {
		f.Link = m.link(m.base, r.Image.Link, "the feed's link")
	}
	m.feedImages(f, r)
	f.Authors = m.persons(extAddPerson(nil, extPerson(r.ManagingEditor)))
	for _, c := range r.Categories {
		f.Categories = extAddCategory(f.Categories, Category{Term: c.Value, Scheme: c.Domain})
	}
	f.Categories = feedCategories(f.Categories)
	f.SkipHours, f.SkipDays = rssSkips(r)
	m.fillFeed(f, r.Extensions, m.base)
	return f
}

func (m *rssMapper) generator(r *rss.Feed) Generator {
	name := textGuess(r.Generator)
	g := Generator{Name: m.text(name, maxName, "the generator")}
	if g.Name == "" {
		for _, a := range r.Extensions["admin"]["generatorAgent"] {
			g.URI = m.link(nil, a.Attrs["resource"], "the generator's URL")
			g.Name = g.URI
		}
	}
	if extIsHTTP(g.Name) {
		g.URI = g.Name
	}
	return g
}

func (m *rssMapper) feedLinks(f *Feed, r *rss.Feed) {
	for _, l := range r.Links {
		if f.Link = m.link(m.base, l, "the feed's link"); f.Link != "" {
			break
		}
	}
	for _, a := range r.Extensions["atom"]["link"] {
		href := m.link(m.base, rssHref(a.Attrs), "a link")
		if href == "" {
			continue
		}
		switch rel := atomRel(firstOf(a.Attrs["rel"], "alternate")); rel {
		case "self":
			f.Self = firstOf(f.Self, href)
		case "hub":
			f.Hubs = append(f.Hubs, href)
		case "alternate":
			if f.Link == "" {
				f.Link = href
				continue
			}
			fallthrough
		default:
			m.addLink(f, Link{rel, href, a.Attrs["type"], a.Attrs["title"]})
		}
	}
	f.Hubs = limitList(m.limiter, f.Hubs, maxLinks, "the list of hubs")
}

func (m *rssMapper) feedImages(f *Feed, r *rss.Feed) {
	if i := r.Image; i != nil && i.URL != "" {
		f.Image = &Image{
			URL:    m.link(m.site, i.URL, "the image's URL"),
			Title:  m.text(textGuess(i.Title), maxTitle, "the image's title"),
			Link:   m.link(m.site, i.Link, "the image's link"),
			Width:  extPixels(i.Width),
			Height: extPixels(i.Height),
		}
		if f.Image.URL == "" {
			f.Image = nil
		}
	}
	for _, i := range r.Extensions["itunes"]["image"] {
		f.Logo = firstOf(f.Logo, m.link(m.site, firstOf(i.Attrs["href"], i.Attrs["url"]), "the logo's URL"))
	}
}

// firstDate returns the first date that is one.
func firstDate(dates ...string) time.Time {
	for _, d := range dates {
		if t, ok := ParseDate(d); ok {
			return t
		}
	}
	return time.Time{}
}

func rssSkips(r *rss.Feed) (hours []int, days []time.Weekday) {
	for _, h := range r.SkipHours {
		n := int(extInt(h))
		if n == 24 {
			n = 0
		}
		if h = strings.TrimSpace(h); n >= 0 && n < 24 && h != "" && h[0] >= '0' && h[0] <= '9' && !slices.Contains(hours, n) {
			hours = append(hours, n)
		}
	}
	for _, d := range r.SkipDays {
		for day := time.Sunday; day <= time.Saturday; day++ {
			if strings.EqualFold(strings.TrimSpace(d), day.String()) && !slices.Contains(days, day) {
				days = append(days, day)
			}
		}
	}
	return hours, days
}

func (m *rssMapper) entry(e *Entry, r *rss.Item, x *parseFacts) {
	base := m.site
	if x.base != m.base && x.base != nil {
		base = x.base
	}
	e.Title = m.text(textGuess(r.Title), maxTitle, "a title")
	m.identity(e, r, x, base)
	e.Language = m.text(textLine(x.lang), maxName, "a language")
	e.Published = firstDate(r.PubDate)
	m.texts(e, r, x, base)
	e.Authors = m.persons(extAddPerson(nil, extPerson(r.Author)))
	for _, c := range r.Categories {
		e.Categories = extAddCategory(e.Categories, Category{Term: c.Value, Scheme: c.Domain})
	}
	e.Categories = m.categories(e.Categories)
	for _, enc := range r.Enclosures[:min(len(r.Enclosures), maxEnclosures+1)] {
		m.enclosure(e, enc, base)
	}
	if s := r.Source; s != nil && (s.URL != "" || s.Title != "") {
		e.Source = &Feed{Title: m.text(textGuess(s.Title), maxTitle, "a source's title"), Self: m.link(m.base, s.URL, "a source's URL")}
	}
	m.comments(e, r, base)
	m.fillEntry(e, r.Extensions, base)
	if image := strings.TrimSpace(r.Custom["image"]); extIsHTTP(image) && !strings.ContainsAny(image, " <") {
		m.image(e, Image{URL: m.link(nil, image, "an image's URL")})
	}
	if e.Link == "" && len(e.Enclosures) > 0 {
		e.Link = e.Enclosures[0].URL // a podcast without pages
	}
	e.Enclosures = limitList(m.limiter, e.Enclosures, maxEnclosures, "the list of enclosures")
}

// identity sets what the item is known by and where its page is.
func (m *rssMapper) identity(e *Entry, r *rss.Item, x *parseFacts, base *url.URL) {
	ext := r.Extensions
	guid, permalink := "", false
	if r.GUID != nil {
		guid = strings.TrimSpace(textLegal(r.GUID.Value))
		permalink = !strings.EqualFold(strings.TrimSpace(r.GUID.IsPermalink), "false")
	}
	if guid == "" {
		guid, permalink = strings.TrimSpace(x.about), false
	}
	e.GUID = limitGUID(guid)
	e.Permalink = permalink && extIsHTTP(guid) && len(guid) <= maxURL
	for i, l := range append([]string{extText(ext, "feedburner", "origLink")}, r.Links...) {
		b := base
		if i > 0 && i-1 < len(x.links) && x.links[i-1].base != nil {
			b = x.links[i-1].base
		}
		if e.Link = m.link(b, l, "a link"); e.Link != "" {
			break
		}
	}
	for _, a := range ext["atom"]["link"] {
		if e.Link == "" && atomRel(firstOf(a.Attrs["rel"], "alternate")) == "alternate" {
			e.Link = m.link(base, rssHref(a.Attrs), "a link")
		}
	}
	if e.Link == "" && (e.Permalink || permalink && strings.HasPrefix(guid, "/")) {
		e.Link = m.link(base, guid, "a link")
	}
	if e.Link == "" && extIsHTTP(x.about) {
		e.Link = m.link(nil, x.about, "a link")
	}
}

func (m *rssMapper) texts(e *Entry, r *rss.Item, x *parseFacts, base *url.URL) {
	summary := strings.TrimSpace(textLegal(r.Description))
	content := strings.TrimSpace(textLegal(firstOf(r.Content, r.Custom["encoded"])))
	if m.head.marked {
		summary = m.resolved(summary, firstBase(x.summary.base, base))
		content = m.resolved(content, firstBase(x.content.base, base))
	}
	m.body(e, summary, content)
}

func (m *rssMapper) enclosure(e *Entry, r *rss.Enclosure, base *url.URL) {
	href := m.link(base, r.URL, "an enclosure's URL")
	if href == "" {
		return
	}
	e.Enclosures = append(e.Enclosures, Enclosure{
		URL:       href,
		MediaType: m.text(textLine(r.Type), maxName, "an enclosure's type"),
		Length:    extInt(r.Length),
	})
	if strings.HasPrefix(r.Type, "image/") {
		m.image(e, Image{URL: href, MediaType: r.Type})
	}
}

func (m *rssMapper) comments(e *Entry, r *rss.Item, base *url.URL) {
	if page := m.link(base, r.Comments, "the comments' URL"); page != "" {
		e.discussion().Page = page
	}
	for _, l := range r.Extensions["atom"]["link"] {
		switch atomRel(l.Attrs["rel"]) {
		case "replies":
			if href := m.link(base, rssHref(l.Attrs), "the comments' URL"); href != "" {
				m.replies(e, href, l.Attrs["type"], factLink{count: l.Attrs["count"], updated: l.Attrs["updated"]})
			}
		case "license":
			e.License = m.link(base, rssHref(l.Attrs), "the license")
		}
	}
}

// rssHref returns an extension's href. gofeed escapes the white space behind it.
func rssHref(attrs map[string]string) string {
	href := attrs["href"]
	for strings.HasSuffix(href, "%20") {
		href = strings.TrimSuffix(href, "%20")
	}
	return href
}
