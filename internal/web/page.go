package web

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
	"newswire/internal/sanitize"
)

//go:embed templates
var templates embed.FS

// publicPages are the templates of the public site, each of which fills the
// layout.
var publicPages = []string{"front", "feeds", "channel", "article", "withdrawn", "articles", "bot", "message"}

// parsePages parses the named templates, each together with its layout: the
// desk's for those of the desk.
func parsePages(st *static, names []string) map[string]*template.Template {
	pages := map[string]*template.Template{}
	for _, name := range names {
		layout := "templates/layout.html"
		if strings.HasPrefix(name, "desk-") {
			layout = "templates/desk.html"
		}
		t := template.New("page").Funcs(template.FuncMap{"asset": st.url, "trusted": sanitize.Trusted})
		// What is embedded either always parses or never.
		pages[name] = template.Must(t.ParseFS(templates, layout, "templates/parts.html", "templates/"+name+".html"))
	}
	return pages
}

// A page is what the layout shows around a body.
type page struct {
	Language, SiteTitle, SiteDescription string

	Title       string // empty: the site's
	Description string
	Canonical   string // absolute; empty: a page without an address of its own
	Picture     string // absolute
	Article     bool
	Front       bool
	Edition     moment // when the newest entry came in
	Nav         []link
	Alternates  []alternate
	Body        any
}

type link struct {
	Title, URL string
	Current    bool
}

// An alternate is a feed that programs may discover (B-35).
type alternate struct{ MediaType, Title, URL string }

// formats are the formats in the order in which they are offered, and what
// people call them.
var formats = []struct {
	Format feeds.Format
	Name   string
}{{feeds.RSS, "RSS"}, {feeds.Atom, "Atom"}, {feeds.JSONFeed, "JSON Feed"}}

// newPage returns the frame of a page at a path of the site. The feeds of main
// come first among its alternates; nil stands for the first channel.
func newPage(v *View, path string, main *ChannelView) *page {
	p := &page{
		Language:        cmp.Or(v.Site.Language, "en"),
		SiteTitle:       v.Site.Title,
		SiteDescription: v.Site.Description,
		Description:     v.Site.Description,
		Alternates:      alternates(v, main),
		Edition:         v.moment(newest(v)),
	}
	if path != "" {
		p.Canonical = v.Site.URL + path
	}
	for _, c := range v.Channels {
		at := "/feeds/" + c.Name
		p.Nav = append(p.Nav, link{channelTitle(&c), at, at == path})
	}
	return p
}

func channelTitle(c *ChannelView) string { return cmp.Or(c.Title, c.Name) }

// alternates lists the feeds of a page: the main channel in every format, the
// others in their first. Their titles differ, as discovery shows only those.
func alternates(v *View, main *ChannelView) []alternate {
	if main == nil && len(v.Channels) > 0 {
		main = &v.Channels[0]
	}
	var out, rest []alternate
	for i := range v.Channels {
		c := &v.Channels[i]
		for _, f := range formats {
			address := sanitize.Link(c.Self[f.Format], nil)
			if address == "" {
				continue
			}
			a := alternate{f.Format.MediaType(), channelTitle(c) + " (" + f.Name + ")", v.local(address)}
			if c == main {
				out = append(out, a)
				continue
			}
			rest = append(rest, a)
			break
		}
	}
	return append(out, rest...)
}

// newest returns when the newest entry of all came in.
func newest(v *View) time.Time {
	var latest time.Time
	see := func(entries []newsroom.Entry) {
		for i := range entries {
			if t := when(&entries[i]); t.After(latest) {
				latest = t
			}
		}
	}
	for i := range v.Channels {
		see(v.Channels[i].Entries)
	}
	see(v.Articles)
	return latest
}

// A moment is a time as people and programs read it. Its texts are empty if
// it is not known.
type moment struct {
	ISO   string // 2026-11-24T14:05:00Z
	Date  string // 24 November 2026
	Day   string // Tuesday, 24 November
	Short string // 24 Nov, 14:05
	Clock string // 14:05
	Full  string // 24 November 2026, 14:05 UTC
}

func (v *View) moment(t time.Time) moment { return momentIn(t, v.location()) }

func momentIn(t time.Time, loc *time.Location) moment {
	if t.IsZero() {
		return moment{}
	}
	t = t.In(loc)
	return moment{
		ISO:   t.Format(time.RFC3339),
		Date:  t.Format("2 January 2006"),
		Day:   t.Format("Monday, 2 January"),
		Short: t.Format("2 Jan, 15:04"),
		Clock: t.Format("15:04"),
		Full:  t.Format("2 January 2006, 15:04 MST"),
	}
}

// A maker makes the document of a path; nil: there is none.
type maker func(v *View, r *http.Request) (*document, error)

// page serves the documents of a maker out of the cache.
func (s *Site) page(make maker) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, r.URL.Path, make) }
}

func (s *Site) serve(w http.ResponseWriter, r *http.Request, key string, make maker) {
	v := s.View()
	if v == nil {
		w.Header().Set("Retry-After", "5")
		s.fail(w, r, http.StatusServiceUnavailable, "One moment", "The first edition is being made. Please try again in a few seconds.")
		return
	}
	d, err := s.cache.get(v, key, func() (*document, error) { return make(v, r) })
	switch {
	case err != nil:
		s.Log.Error("page", "path", r.URL.Path, "err", err)
		s.fail(w, r, http.StatusInternalServerError, "Something went wrong", "We could not make this page. It has been noted.")
	case d == nil:
		s.notFound(w, r)
	default:
		d.send(w, r)
	}
}

// html renders a page with a template of the site.
func (s *Site) html(template string, status int, p *page) (*document, error) {
	var b bytes.Buffer
	if err := s.pages[template].ExecuteTemplate(&b, "layout", p); err != nil {
		return nil, fmt.Errorf("page %s: %w", template, err)
	}
	return &document{status: status, mediaType: "text/html; charset=utf-8", maxAge: 2 * time.Minute, body: b.Bytes()}, nil
}

// fail answers with an error page.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	v := s.View()
	if v == nil {
		v = &View{}
	}
	p := newPage(v, "", nil)
	p.Title = title
	p.Body = message{Title: title, Text: text, Status: status}
	d, err := s.html("message", status, p)
	if err != nil {
		s.Log.Error("error page", "path", r.URL.Path, "err", err)
		http.Error(w, http.StatusText(status), status)
		return
	}
	h := w.Header()
	h.Set("Content-Type", d.mediaType)
	h.Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(d.body) // the reader may be gone; that is its right
	}
}

type message struct {
	Title, Text string
	Status      int
}

func (s *Site) notFound(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, http.StatusNotFound, "There is no such page", "It may have moved, or never have been. The front page and the channels are a good place to go on.")
}

func (s *Site) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, http.StatusMethodNotAllowed, "That cannot be done here", "This address does not answer such a request.")
}
