package web

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"newswire/internal/sanitize"
)

// channelEntries is how many entries the page of a channel shows.
const channelEntries = 40

// A channelBody is the page of a channel, and its part of the list of them.
type channelBody struct {
	Title, URL  string
	Description string
	Addresses   []address
	Entries     []card
	Count       int // in its line-up
	Sources     int // they come from
	Stories     bool
}

// An address is a feed's, in one format.
type address struct{ Format, URL, MediaType string }

func newChannelBody(v *View, c *ChannelView) channelBody {
	b := channelBody{
		Title:       channelTitle(c),
		URL:         "/feeds/" + c.Name,
		Description: c.Description,
		Count:       len(c.Entries),
		Stories:     c.Stories,
	}
	for _, f := range formats {
		if u := sanitize.Link(c.Self[f.Format], nil); u != "" {
			b.Addresses = append(b.Addresses, address{f.Name, u, f.Format.MediaType()})
		}
	}
	sources := map[string]bool{}
	for i := range c.Entries {
		sources[c.Entries[i].Source] = true
	}
	b.Sources = len(sources)
	return b
}

func (s *Site) feedsPage(v *View, _ *http.Request) (*document, error) {
	p := newPage(v, "/feeds", nil)
	p.Title = "Feeds"
	p.Description = "All channels of " + v.Site.Title + ", to read in a feed reader."
	var all []channelBody
	for i := range v.Channels {
		all = append(all, newChannelBody(v, &v.Channels[i]))
	}
	p.Body = all
	return s.html("feeds", http.StatusOK, p)
}

func (s *Site) channelPage(v *View, r *http.Request) (*document, error) {
	c := v.channel(channelName(r.URL.Path))
	if c == nil {
		return nil, nil
	}
	p := newPage(v, "/feeds/"+c.Name, c)
	p.Title = channelTitle(c)
	if c.Description != "" {
		p.Description = c.Description
	}
	b := newChannelBody(v, c)
	for i := range c.Entries[:min(len(c.Entries), channelEntries)] {
		b.Entries = append(b.Entries, v.card(&c.Entries[i]))
	}
	p.Body = b
	return s.html("channel", http.StatusOK, p)
}

// feedSuffixes are the ends of the addresses at which feeds are served.
var feedSuffixes = []string{".rss", ".atom", ".json"}

// channelName returns the name of a channel from the path of its page or of
// one of its feeds.
func channelName(p string) string {
	name := path.Base(p)
	if ext := path.Ext(name); slices.Contains(feedSuffixes, ext) {
		name = strings.TrimSuffix(name, ext)
	}
	return name
}

// feed answers with the page of a channel: at /feeds/NAME, and, for a browser
// that is sent there, at the addresses of its feeds. Programs get the feed
// there, before any route is looked for.
func (s *Site) feed(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", strings.Join(reads, ", "))
		s.methodNotAllowed(w, r)
		return
	}
	name := channelName(r.URL.Path)
	if path.Base(r.URL.Path) != name {
		w.Header().Add("Vary", "Sec-Fetch-Dest")
	}
	s.serve(w, r, "/feeds/"+name, s.channelPage)
}

// navigation reports whether a person's browser is sent to this address (B-38).
// It is told by the one field that feeds and their pages name in Vary, and
// never from what programs accept.
func navigation(r *http.Request) bool {
	dest := r.Header["Sec-Fetch-Dest"]
	return len(dest) == 1 && dest[0] == "document"
}

// archive answers with an archive document of a channel. There is no page for
// it: browsers get it as it is.
func (s *Site) archive(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	s.Feeds.ServeHTTP(w, r)
}
