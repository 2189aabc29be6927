package publish

import (
	"cmp"
	"html"
	"net/url"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
	"newswire/internal/sanitize"
)

const (
	programName   = "Newswire"
	extensionName = "_newswire"
)

// founding dates a channel without entries. A feed must have a date,
// and the clock's would make every rendering a new version.
var founding = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A composer makes feeds of a channel.
type composer struct {
	config   Config
	channel  newsroom.Channel
	archives int64 // how many there are before this document
	number   int64 // of the archive that this is; 0: it is the channel's own document
}

// feed composes a channel in a format. Formats differ only in how they tell
// withdrawals: Atom has tombstones, the others show an item in place of the one
// that was there.
func (c composer) feed(format feeds.Format, entries, withdrawn []newsroom.Entry) *feeds.Feed {
	site, name := c.config.Site, c.channel.Name
	title := cmp.Or(c.channel.Title, name)
	f := &feeds.Feed{
		ID:        "tag:" + hostOf(site.URL) + ",2026:channels/" + name,
		Title:     title,
		Subtitle:  cmp.Or(c.channel.Description, site.Description, title),
		Link:      c.page(),
		Self:      site.URL + FeedPath(name, format),
		Hubs:      c.config.Hubs,
		Links:     c.alternates(format),
		Language:  site.Language,
		Generator: feeds.Generator{Name: programName, URI: site.URL + "/bot", Version: c.config.Version},
		Icon:      site.URL + "/static/icon-512.png",
		Image:     &feeds.Image{URL: site.URL + "/static/feed-icon.png", Title: title, Link: c.page(), MediaType: "image/png", Width: 144, Height: 144},
		Authors:   []feeds.Person{{Name: site.Title, URI: site.URL}},
		Updated:   newest(entries, withdrawn),
		TTL:       MaxAge,
		// For a static copy on a host that calls a feed XML, and for browsers
		// that do not say that they navigate. The others get a page.
		Stylesheet: site.URL + "/static/feed.css",
		Extension:  map[string]any{extensionName: map[string]any{"about": site.URL + "/feeds"}},
	}
	f.Entries = make([]feeds.Entry, 0, len(entries)+len(withdrawn))
	for i := range entries {
		e := entries[i].Entry
		e.Summary, e.Content = sanitize.LinkPlayers(e.Summary), sanitize.LinkPlayers(e.Content)
		f.Entries = append(f.Entries, e)
	}
	for i := range withdrawn {
		if format == feeds.Atom {
			f.Deleted = append(f.Deleted, tombstone(&withdrawn[i]))
		} else {
			f.Entries = append(f.Entries, notice(&withdrawn[i]))
		}
	}
	c.history(f, format)
	return f
}

// page returns the address of the channel's page.
func (c composer) page() string { return c.config.Site.URL + "/feeds/" + c.channel.Name }

// alternates lists the channel's other formats.
func (c composer) alternates(format feeds.Format) []feeds.Link {
	var links []feeds.Link
	for _, other := range formats {
		if other != format {
			links = append(links, feeds.Link{
				Rel: "alternate", Href: c.config.Site.URL + FeedPath(c.channel.Name, other),
				MediaType: other.MediaType(), Title: formatNames[other],
			})
		}
	}
	return links
}

var formatNames = map[feeds.Format]string{feeds.RSS: "RSS", feeds.Atom: "Atom", feeds.JSONFeed: "JSON Feed"}

// links returns the links that stand in a document's headers.
func (c composer) links(format feeds.Format) []feeds.Link {
	links := []feeds.Link{{Rel: "self", Href: c.config.Site.URL + FeedPath(c.channel.Name, format)}}
	for _, hub := range c.config.Hubs {
		links = append(links, feeds.Link{Rel: "hub", Href: hub})
	}
	return append(links, c.alternates(format)...)
}

// newest returns when anything of what stands in a channel last came in or
// changed, never the clock.
func newest(entries, withdrawn []newsroom.Entry) time.Time {
	last := founding
	for _, list := range [][]newsroom.Entry{entries, withdrawn} {
		for i := range list {
			e := &list[i]
			last = later(last, later(e.Entry.Updated, later(e.Changed, e.FirstSeen)))
		}
	}
	return last
}

func tombstone(e *newsroom.Entry) feeds.Tombstone {
	return feeds.Tombstone{Ref: e.ID, When: e.Withdrawn.UTC().Truncate(time.Second), Comment: e.WithdrawnNote}
}

// notice stands in place of a withdrawn entry, under its id, so that readers
// who have the entry see that it no longer holds.
func notice(e *newsroom.Entry) feeds.Entry {
	said := "This entry was withdrawn."
	if e.House {
		said = "This article was withdrawn."
	}
	if e.WithdrawnNote != "" {
		said += " " + e.WithdrawnNote
	}
	out := e.Entry
	out.Title = "Withdrawn: " + e.Entry.Title
	out.Summary = ""
	out.Content = feeds.HTML("<p>" + html.EscapeString(said) + "</p>")
	return out
}

// hostOf returns the name that owns our tag: IRIs.
func hostOf(site string) string {
	u, err := url.Parse(site)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
