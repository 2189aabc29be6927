package ingest

import (
	"cmp"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	"newswire/internal/newsroom"
)

// A contender is one of several entries with the same link.
type contender struct {
	source newsroom.Source
	site   string // the source's own site, as the feed says
	house  bool
}

// outranks reports whether an entry's words are published rather than a
// contender's, who is of another source. It depends on nothing but the sources
// and the link, so that it does not matter who was read first.
func (p *placer) outranks(e *newsroom.Entry, near []newsroom.Neighbor, other contender) bool {
	own := p.itself(e, near)
	return cmp.Or(
		compare(own.house, other.house),
		cmp.Compare(nearness(e.Link, own), nearness(e.Link, other)),
		cmp.Compare(own.source.Weight, other.source.Weight),
		cmp.Compare(other.source.Slug, own.source.Slug), // somebody must be first
	) > 0
}

func compare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// nearness says how near a source is to what a link leads to. The address that
// editors gave it counts before the site that its feed claims: a feed may claim
// any. An aggregator is near to nothing that it links to.
func nearness(link string, c contender) int {
	host := siteHost(link)
	feed := siteHost(c.source.URL)
	switch {
	case host == "":
		return 0
	case host == feed:
		return 3
	case domain(host) == domain(feed):
		return 2
	case domain(host) == domain(siteHost(c.site)):
		return 1
	}
	return 0
}

func siteHost(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}

// domain is what one owner registers, as lab.example of news.lab.example.
func domain(host string) string {
	if d, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return d
	}
	return host
}

// itself returns the entry that is placed as a contender.
func (p *placer) itself(e *newsroom.Entry, near []newsroom.Neighbor) contender {
	del := &p.visit.del
	c := contender{source: del.Source, house: e.House}
	if c.source.Slug != e.Source { // decided again: it is no delivery of one source
		c.source = p.visit.door.source(e.Source)
	}
	if del.Feed != nil {
		c.site = del.Feed.Link
		return c
	}
	for _, n := range near {
		if n.Key == e.Key {
			c.site = n.Site
		}
	}
	return c
}

func (p *placer) contender(n newsroom.Neighbor) contender {
	return contender{p.visit.door.source(n.Source), n.Site, n.House}
}

// speaker returns in whose words an entry stands in a channel.
func (p *placer) speaker(holder newsroom.Neighbor, channel string, same []newsroom.Neighbor) contender {
	for _, n := range same {
		if n.Key == holder.Voices[channel] {
			return p.contender(n)
		}
	}
	return p.contender(holder)
}

// source returns what is configured of a source. One that is configured no
// more has nothing but its name.
func (d *Door) source(slug string) newsroom.Source {
	if d.Sources != nil {
		if src, ok := d.Sources(slug); ok {
			return src
		}
	}
	return newsroom.Source{Slug: slug}
}
