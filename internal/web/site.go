// Package web is the house's face for people: the public site, and the
// editors' private desk. It serves pages from an immutable view of what is
// published; it never asks the store on behalf of a reader.
package web

import (
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// SiteConfig is what the public site is made of.
type SiteConfig struct {
	// View returns the present view, nil before the first one exists.
	View func() *View
	// Feeds serves /feeds/NAME.rss, .atom, .json and the archives below them.
	Feeds http.Handler
	// Images is the folder articles/images. It must not follow links out of
	// itself (os.Root.FS does not). Nil: there are no images.
	Images fs.FS
	Bot    Bot
	Log    *slog.Logger
}

// A Bot is what we say of ourselves to those whose feeds we fetch.
type Bot struct {
	UserAgent    string        // as we send it
	Contact      string        // e-mail address or URL; empty, or the address of the page itself: none is shown
	MinInterval  time.Duration // between two polls of one feed
	MaxInterval  time.Duration
	HostInterval time.Duration // between two requests to one host
}

// A Site serves the public pages.
type Site struct {
	SiteConfig
	pages  map[string]*template.Template
	static *static
	cache  cache
	used   usedImages
	mux    *http.ServeMux
}

// NewSite makes the public site.
func NewSite(c SiteConfig) *Site {
	s := &Site{SiteConfig: c, static: newStatic()}
	s.pages = parsePages(s.static, publicPages)
	s.mux = serveMux(s.routes(), http.HandlerFunc(s.notFound), s.methodNotAllowed)
	return s
}

// ServeHTTP answers every request to the public address.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if subscribes(r) {
		// By far the commonest request. What pages need, no feed does.
		s.Feeds.ServeHTTP(w, r)
		return
	}
	secure(w.Header())
	clean := canonicalPath(r.URL.Path)
	switch {
	case clean == r.URL.Path:
		s.mux.ServeHTTP(w, r)
	case clean != "" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		http.Redirect(w, r, (&url.URL{Path: clean}).EscapedPath(), http.StatusPermanentRedirect)
	default:
		s.notFound(w, r)
	}
}

// subscribes reports whether a program asks for a channel's feed.
func subscribes(r *http.Request) bool {
	name, ok := strings.CutPrefix(r.URL.Path, "/feeds/")
	return ok && slices.Contains(cross, r.Method) && slices.Contains(feedSuffixes, path.Ext(name)) &&
		!strings.Contains(name, "/") && !navigation(r)
}

// policy is the content security policy of every page: nothing from anywhere
// but our own styles and script, and pictures.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src https: data: 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// secure sets the headers that every response carries, errors included.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}

// canonicalPath returns the one path under which p is served, and empty if p
// has bytes that no path of ours has. What it returns begins with exactly one
// slash and holds no backslash, so a redirect to it stays on this site.
func canonicalPath(p string) string {
	if !strings.HasPrefix(p, "/") || strings.ContainsFunc(p, func(r rune) bool {
		return r == '\\' || r < ' ' || r == 0x7f
	}) {
		return ""
	}
	return path.Clean(p)
}
