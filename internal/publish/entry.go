package publish

import (
	"cmp"
	"fmt"
	"html"
	"net/url"
	"strings"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
	"newswire/internal/sanitize"
)

// excerptRunes is how long a summary may be where a source's policy lets us
// show an excerpt.
const excerptRunes = 300

// An Origin is what we say of the source of an entry.
type Origin struct {
	Title  string
	Site   string // URL; may be empty
	Feed   string // URL that we read; empty where it seems to hold a secret
	Rights string
	Policy newsroom.Policy
	House  bool
}

// sources knows the origins of entries.
type sources struct {
	site   newsroom.Site
	bySlug map[string]Origin
	secret map[string]bool // addresses of feeds that are not named, whoever names them
}

func newSources(c Config, checks []newsroom.Check) sources {
	s := sources{c.Site, make(map[string]Origin, len(c.Sources)+1), map[string]bool{}}
	said := make(map[string]newsroom.Check, len(checks))
	for _, check := range checks {
		said[check.Source] = check
		s.bySlug[check.Source] = newOrigin(newsroom.Source{Name: check.Source}, check)
	}
	for _, source := range c.Sources {
		check := said[source.Slug]
		s.bySlug[source.Slug] = newOrigin(source, check)
		if s.bySlug[source.Slug].Feed == "" {
			for _, address := range []string{source.URL, check.FinalURL, check.Self} {
				s.secret[sanitize.Link(address, nil)] = true
			}
		}
	}
	s.bySlug[newsroom.HouseSource] = Origin{Title: c.Site.Title, Site: c.Site.URL, Policy: newsroom.PublishFull, House: true}
	return s
}

// newOrigin joins what editors say of a source with what it says of itself. A
// source that left the configuration has only the latter. Nothing says any more
// whether its address held a secret, so it is taken to: its feed is not named,
// and its site by its host alone, because a feed's link to its site is often
// its own address, or relative to that.
func newOrigin(source newsroom.Source, check newsroom.Check) Origin {
	feed := sanitize.Link(cmp.Or(source.URL, check.FinalURL, check.Self), nil)
	base, err := url.Parse(feed)
	host := root(feed)
	site := sanitize.Link(check.SiteURL, base)
	if err != nil || source.Private || source.URL == "" || Secret(base) {
		feed, site = "", root(site)
	}
	return Origin{
		Title:  clip(cmp.Or(sanitize.Line(check.Title), source.Name), 200),
		Site:   cmp.Or(site, host),
		Feed:   feed,
		Rights: clip(sanitize.Line(check.Rights), 300),
		Policy: cmp.Or(source.Publish, newsroom.PublishExcerpt),
		House:  source.House,
	}
}

// root returns the address of the front page of an address's site; empty if it
// is none.
func root(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/"
}

// Secret reports whether an address seems to hold a key that its publisher
// gave to us alone. User names and passwords are no part of links at all.
func Secret(u *url.URL) bool {
	for name := range u.Query() {
		name = strings.ToLower(name)
		for _, word := range []string{"token", "key", "secret", "auth", "pass", "sig"} {
			if strings.Contains(name, word) {
				return true
			}
		}
	}
	return false
}

// of returns the origin of an entry: the feed that it says it was copied from,
// if it says so fully, and otherwise the source it came to us by.
func (s sources) of(e *newsroom.Entry) Origin {
	o, known := s.bySlug[e.Source]
	if !known {
		o = Origin{Title: e.Source, Policy: newsroom.PublishExcerpt, House: e.House}
	}
	if e.House {
		o.House, o.Policy = true, newsroom.PublishFull
		return o
	}
	if e.Origin != nil {
		title, feed := sanitize.Line(e.Origin.Title), sanitize.Link(e.Origin.Self, nil)
		if title != "" && feed != "" && !s.secret[feed] {
			o.Title, o.Feed = clip(title, 200), feed
			o.Site = sanitize.Link(e.Origin.Link, nil)
			o.Rights = clip(sanitize.Line(e.Origin.Rights), 300)
		}
	}
	return o
}

// stamp tells apart all that published makes of an entry.
func (s sources) stamp(e *newsroom.Entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %q %+v", e.Hash, e.TextHash, e.ID, s.of(e))
	for _, t := range []time.Time{e.Published, e.Updated, e.FirstSeen, e.Changed, e.Withdrawn} {
		fmt.Fprintf(&b, " %d", t.Unix())
	}
	fmt.Fprintf(&b, " %t %d %q %q %q %q", e.House, e.ReadingMinutes, e.Slug, e.Correction, e.WithdrawnNote, s.site.Language)
	if e.House && e.Comments != nil {
		fmt.Fprintf(&b, " %q %q %d %d", e.Comments.Page, e.Comments.Feed, e.Comments.Count, e.Comments.Updated.Unix())
	}
	for _, slug := range e.AlsoIn {
		fmt.Fprintf(&b, " %q %+v", slug, s.bySlug[slug])
	}
	return b.String()
}

// published returns an entry as we publish it, in every format and on pages:
// as much of it as its source's policy allows, with its source named.
func (s sources) published(e *newsroom.Entry) newsroom.Entry {
	o := s.of(e)
	out := *e
	out.Origin = nil
	out.Entry = feeds.Entry{
		GUID:      e.ID,
		Title:     e.Title,
		Link:      e.Link,
		Language:  e.Language,
		Rights:    cmp.Or(e.Rights, o.Rights),
		License:   e.License,
		Authors:   s.authors(e, o),
		Published: firstPublished(e),
		Updated:   lastUpdated(e),
	}
	if out.Entry.Language == s.site.Language {
		out.Entry.Language = ""
	}
	if o.House {
		s.ownLink(&out.Entry, e)
	} else {
		out.Entry.Source = sourceFeed(o, out.Entry.Updated)
	}
	if e.Withdrawn.IsZero() {
		s.content(&out, e, o)
	}
	out.Entry.Extension = s.extension(e, o)
	return out
}

// ownLink gives a house entry the address of its page if it names none.
func (s sources) ownLink(out *feeds.Entry, e *newsroom.Entry) {
	if out.Link == "" && e.Slug != "" {
		out.Link = s.site.URL + "/" + e.Slug
	}
}

// content takes over what a policy allows of an entry's content. Pictures and
// media stay with their publisher: only links to them are published.
func (s sources) content(out *newsroom.Entry, e *newsroom.Entry, o Origin) {
	switch {
	case o.House:
		out.Entry.Summary = corrected(e.Summary, e.Correction)
		out.Entry.Content = corrected(e.Content, e.Correction)
		out.Entry.Comments = e.Comments
	case o.Policy == newsroom.PublishLink:
		return
	case o.Policy == newsroom.PublishFull:
		out.Entry.Summary, out.Entry.Content = e.Summary, e.Content
		out.Entry.Comments = commentLinks(e.Comments)
	default:
		out.Entry.Summary = sanitize.Excerpt(cmp.Or(e.Summary, e.Content), excerptRunes)
		out.Entry.Comments = commentLinks(e.Comments)
	}
	if out.Entry.Summary == out.Entry.Content {
		out.Entry.Summary = ""
	}
	out.Entry.External = e.External
	out.Entry.Categories = e.Categories
	out.Entry.Enclosures = e.Enclosures
	out.Entry.Images = e.Images
	if o.Policy != newsroom.PublishFull {
		out.Entry.Images = e.Images[:min(len(e.Images), 1)]
	}
}

// commentLinks keeps where a foreign entry is discussed, and drops how often:
// that changes by the minute, and each change would be a new feed for all.
func commentLinks(c *feeds.Comments) *feeds.Comments {
	if c == nil {
		return nil
	}
	return &feeds.Comments{Page: c.Page, Feed: c.Feed, Count: -1}
}

// corrected puts a correction before a text.
func corrected(text feeds.HTML, correction string) feeds.HTML {
	if correction == "" || text == "" {
		return text
	}
	return feeds.HTML("<p><strong>Correction:</strong> "+html.EscapeString(correction)+"</p>\n") + text
}

// authors returns who wrote an entry; where it does not say, its source did,
// and never we for others.
func (s sources) authors(e *newsroom.Entry, o Origin) []feeds.Person {
	var people []feeds.Person
	for _, p := range e.Authors {
		if p.Name != "" {
			people = append(people, feeds.Person{Name: p.Name, URI: p.URI})
		}
	}
	switch {
	case len(people) > 0:
		return people
	case o.House:
		return []feeds.Person{{Name: s.site.Title, URI: s.site.URL}}
	default:
		return []feeds.Person{{Name: o.Title, URI: o.Site}}
	}
}

// sourceFeed describes where an entry was copied from (atom:source). Its date
// is the entry's own: the feed was at least as new, and a date that moves with
// every poll would make every document a new one.
func sourceFeed(o Origin, updated time.Time) *feeds.Feed {
	return &feeds.Feed{
		ID: cmp.Or(o.Feed, o.Site), Title: o.Title, Link: o.Site, Self: o.Feed, Rights: o.Rights, Updated: updated,
	}
}

// earliest is the first date that we believe: feeds are no older.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// tolerance is how far the clock of a publisher may be ahead of ours.
const tolerance = 10 * time.Minute

// firstPublished returns when an entry was published, or first seen where it
// does not say, or says a date that cannot be.
func firstPublished(e *newsroom.Entry) time.Time {
	seen := e.FirstSeen.UTC().Truncate(time.Second)
	said := e.Published.UTC().Truncate(time.Second)
	if said.Before(earliest) || (!seen.IsZero() && said.After(seen.Add(tolerance))) {
		return seen
	}
	return said
}

// lastUpdated returns when readers should look at an entry again. Which changes
// count was decided when they came in; here only a date ahead of the time at
// which we learned of it is not believed.
func lastUpdated(e *newsroom.Entry) time.Time {
	last := firstPublished(e)
	said, learned := e.Updated, later(e.FirstSeen, e.Changed)
	if said.After(learned.Add(tolerance)) {
		said = learned
	}
	return later(last, later(said, e.Withdrawn))
}

// later returns the later of two times, as they are published.
func later(a, b time.Time) time.Time {
	a, b = a.UTC().Truncate(time.Second), b.UTC().Truncate(time.Second)
	if b.After(a) {
		return b
	}
	return a
}

// extension returns the members of a JSON Feed item that the standard has no
// names for.
func (s sources) extension(e *newsroom.Entry, o Origin) map[string]any {
	said := map[string]any{}
	if o.House {
		said["house"] = true
	} else {
		said["source"] = o.members()
	}
	if e.ReadingMinutes > 0 {
		said["reading_minutes"] = e.ReadingMinutes
	}
	var also []any
	for _, slug := range e.AlsoIn {
		if other, ok := s.bySlug[slug]; ok && slug != e.Source {
			also = append(also, other.members())
		}
	}
	if also != nil {
		said["also_in"] = also
	}
	return map[string]any{extensionName: said}
}

func (o Origin) members() map[string]any {
	m := map[string]any{"title": o.Title}
	if o.Site != "" {
		m["url"] = o.Site
	}
	if o.Feed != "" {
		m["feed_url"] = o.Feed
	}
	return m
}

// clip cuts a text after a number of runes.
func clip(s string, runes int) string {
	n := 0
	for i := range s {
		if n == runes {
			return strings.TrimSpace(s[:i]) + "…"
		}
		n++
	}
	return s
}
