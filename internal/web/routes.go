package web

import (
	"net/http"
	"slices"
	"strings"
)

// A route is one line of a handler's table: what answers which methods at
// which paths. Patterns are those of http.ServeMux, without a method.
type route struct {
	pattern string
	methods []string
	handler http.HandlerFunc
}

var (
	reads  = []string{http.MethodGet, http.MethodHead}
	cross  = []string{http.MethodGet, http.MethodHead, http.MethodOptions} // other sites may read it
	writes = []string{http.MethodPost}
	both   = []string{http.MethodGet, http.MethodHead, http.MethodPost}
)

// routes are all that the public address answers.
func (s *Site) routes() []route {
	return []route{
		{"/{$}", reads, s.page(s.frontPage)},
		{"/feeds", reads, s.page(s.feedsPage)},
		{"/feeds/{name}", cross, s.feed},
		{"/feeds/{name}/archive/{document...}", cross, s.archive},
		{"/feeds.opml", reads, s.page(feedsOPML)},
		{"/sources.opml", reads, s.page(sourcesOPML)},
		{"/articles", reads, s.page(s.articlesPage)},
		{"/articles/{slug}", reads, s.page(s.articlePage)},
		{"/articles/images/{file}", reads, s.image},
		{"/bot", reads, s.page(s.botPage)},
		{"/robots.txt", reads, s.page(robots)},
		{"/sitemap.xml", reads, s.page(sitemap)},
		{"/static/{file}", reads, s.static.serve(s.notFound)},
		{"/favicon.ico", reads, s.static.serve(s.notFound)},
	}
}

// routes are all that the desk's address answers.
func (d *Desk) routes() []route {
	return []route{
		{"/{$}", reads, d.private(d.sources)},
		{"/entries", reads, d.private(d.entries)},
		{"/holds", reads, d.private(d.holds)},
		{"/holds/release", writes, d.private(d.release)},
		{"/reload", reads, d.private(d.reload)},
		{"/metrics", reads, d.metrics},
		{"/login", both, d.login},
		{"/logout", writes, d.private(d.logout)},
		{"/healthz", reads, d.healthz},
		{"/readyz", reads, d.readyz},
		{"/static/{file}", reads, d.static.serve(d.notFound)},
		{"/favicon.ico", reads, d.static.serve(d.notFound)},
	}
}

// serveMux makes a mux of a table. What the table does not have goes to
// notFound, and a method it does not have to notAllowed, with Allow set.
func serveMux(table []route, notFound http.Handler, notAllowed http.HandlerFunc) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("/", notFound)
	for _, r := range table {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) {
			if slices.Contains(r.methods, req.Method) {
				r.handler(w, req)
				return
			}
			w.Header().Set("Allow", strings.Join(r.methods, ", "))
			// A body that nobody will read must not keep the connection.
			w.Header().Set("Connection", "close")
			notAllowed(w, req)
		})
	}
	return mux
}
