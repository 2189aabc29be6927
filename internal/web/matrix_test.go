package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// matrixMethods are the columns of each cell of the matrix: the last stands for
// all other methods.
var matrixMethods = [][]string{{"GET"}, {"HEAD"}, {"POST"}, {"OPTIONS"}, {"PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW"}}

// matrix says what every route of both handlers answers whom: the status of GET,
// HEAD, POST, OPTIONS and all else. Of the desk, which has a password:
//
//	anonymous  nobody gave it
//	wrong      it was guessed: a forged session, a wrong Basic password, a wrong form
//	editor     signed in, from the desk's own pages
//	foreign    signed in, but sent there by a page of another site
//	elsewhere  a desk without a password, reached by a name that is not of this machine
//
// The site has no roles: all of them get the same. A route that is not in the
// matrix fails the test.
var matrix = []struct {
	on                                           string
	pattern, path                                string
	anonymous, wrong, editor, foreign, elsewhere string
}{
	{"site", "/{$}", "/", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405"},
	{"site", "/feeds", "/feeds", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405"},
	{"site", "/feeds/{name}", "/feeds/research", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405"},
	{"site", "/feeds/{name}/archive/{document...}", "/feeds/all/archive/2026-11.atom", "200 200 405 200 405", "200 200 405 200 405", "200 200 405 200 405", "200 200 405 200 405", "200 200 405 200 405"},
	{"site", "/feeds.opml", "/feeds.opml", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405"},
	{"site", "/sources.opml", "/sources.opml", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405"},
	{"site", "/articles", "/articles", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405"},
	{"site", "/articles/{slug}", "/articles/power", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405"},
	{"site", "/articles/images/{file}", "/articles/images/wire.svg", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405"},
	{"site", "/bot", "/bot", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405"},
	{"site", "/robots.txt", "/robots.txt", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405"},
	{"site", "/sitemap.xml", "/sitemap.xml", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405"},
	{"site", "/static/{file}", "/static/feed-icon.png", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405"},
	{"site", "/favicon.ico", "/favicon.ico", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405"},
	{"desk", "/{$}", "/", "303 303 405 405 405", "303 303 405 405 405", "200 200 405 405 405", "200 200 403 405 403", "403 403 405 405 405"},
	{"desk", "/entries", "/entries", "303 303 405 405 405", "303 303 405 405 405", "200 200 405 405 405", "200 200 403 405 403", "403 403 405 405 405"},
	{"desk", "/holds", "/holds", "303 303 405 405 405", "303 303 405 405 405", "200 200 405 405 405", "200 200 403 405 403", "403 403 405 405 405"},
	{"desk", "/holds/release", "/holds/release", "405 405 303 405 405", "405 405 303 405 405", "405 405 400 405 405", "405 405 403 405 403", "405 405 403 405 405"},
	{"desk", "/reload", "/reload", "303 303 405 405 405", "303 303 405 405 405", "200 200 405 405 405", "200 200 403 405 403", "403 403 405 405 405"},
	{"desk", "/metrics", "/metrics", "401 401 405 405 405", "401 401 405 405 405", "200 200 405 405 405", "200 200 403 405 403", "403 403 405 405 405"},
	{"desk", "/login", "/login", "200 200 401 405 405", "200 200 401 405 405", "303 303 303 405 405", "303 303 403 405 403", "303 303 303 405 405"},
	{"desk", "/logout", "/logout", "405 405 303 405 405", "405 405 303 405 405", "405 405 303 405 405", "405 405 403 405 403", "405 405 403 405 405"},
	{"desk", "/healthz", "/healthz", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 403 405 403", "200 200 405 405 405"},
	{"desk", "/readyz", "/readyz", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 403 405 403", "200 200 405 405 405"},
	{"desk", "/static/{file}", "/static/desk.css", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 403 405 403", "200 200 405 405 405"},
	{"desk", "/favicon.ico", "/favicon.ico", "200 200 405 405 405", "200 200 405 405 405", "200 200 405 405 405", "200 200 403 405 403", "200 200 405 405 405"},
}

// A matrixRole is somebody who asks.
type matrixRole struct {
	name string
	want string
	ask  func(method, path string) *httptest.ResponseRecorder
}

// TestMatrix asks every route of both handlers by every method in every role.
// No answer holds a secret, and all carry what keeps them harmless.
func TestMatrix(t *testing.T) {
	site, closed, open := newSite(demoView(base)), demoDesk(t, fastPassword(t)), demoDesk(t, "")
	session := loggedIn(t, closed)
	rows := map[string]bool{}
	for _, m := range matrix {
		rows[m.on+m.pattern] = true
		h, bare := http.Handler(site), http.Handler(site)
		if m.on == "desk" {
			h, bare = closed, open
		}
		by := func(h http.Handler, headers ...string) func(method, path string) *httptest.ResponseRecorder {
			return func(method, path string) *httptest.ResponseRecorder {
				if h == closed { // guesses are not what is counted here
					closed.attempts.from = newAttempts(closed.Now).from
				}
				return ask(h, method, path, headers...)
			}
		}
		for _, role := range []matrixRole{
			{"anonymous", m.anonymous, by(h)},
			{"anonymous behind a proxy", m.anonymous, by(h, "X-Forwarded-For", "127.0.0.1", "X-Real-IP", "127.0.0.1", "Forwarded", "for=127.0.0.1")},
			{"wrong session", m.wrong, by(h, "Cookie", sessionCookie+"=FORGED")},
			{"wrong password", m.wrong, by(h, "Authorization", "Basic eDp3cm9uZw==", "Sec-Fetch-Site", "same-origin")},
			{"editor", m.editor, by(h, "Cookie", session, "Sec-Fetch-Site", "same-origin")},
			{"foreign", m.foreign, by(h, "Cookie", session, "Sec-Fetch-Site", "cross-site")},
			{"foreign origin", m.foreign, by(h, "Cookie", session, "Origin", "https://evil.example")},
			{"elsewhere", m.elsewhere, by(bare, "Host", "evil.example:8081")},
		} {
			checkRole(t, m.on+" "+m.path, m.path, role)
		}
		for _, cookie := range []string{"", session} { // another spelling of a path is no other way in
			if w := ask(h, "GET", m.path+"//", "Cookie", cookie); m.on == "desk" && w.Code != http.StatusNotFound {
				t.Errorf("%s//: %d", m.path, w.Code)
			}
			if w, plain := ask(h, "GET", m.path+"?format=json", "Cookie", cookie), ask(h, "GET", m.path, "Cookie", cookie); w.Code != plain.Code {
				t.Errorf("%s with a query: %d, without %d", m.path, w.Code, plain.Code)
			}
		}
		if m.path == "/logout" { // it ended the session
			session = loggedIn(t, closed)
		}
	}
	for on, table := range map[string][]route{"site": site.routes(), "desk": closed.routes()} {
		for _, route := range table {
			if !rows[on+route.pattern] {
				t.Errorf("%s %s: not in the matrix", on, route.pattern)
			}
			delete(rows, on+route.pattern)
		}
	}
	if len(rows) > 0 {
		t.Errorf("in the matrix, but no routes: %v", rows)
	}
}

func checkRole(t *testing.T, what, path string, role matrixRole) {
	t.Helper()
	var got []string
	for _, methods := range matrixMethods {
		var codes []string
		for _, method := range methods {
			w := role.ask(method, path)
			if code := fmt.Sprint(w.Code); !slices.Contains(codes, code) {
				codes = append(codes, code)
			}
			if w.Code == http.StatusMethodNotAllowed && w.Header().Get("Allow") == "" {
				t.Errorf("%s by %s: %s is not allowed, but what is?", what, role.name, method)
			}
			if all := fmt.Sprint(w.Header()) + w.Body.String(); strings.Contains(all, "SECRET") || strings.Contains(all, demoPassword) {
				t.Errorf("%s by %s: %s shows a secret", what, role.name, method)
			}
			if method == "HEAD" && w.Body.Len() > 0 && w.Header().Get("Content-Type") == "text/html; charset=utf-8" {
				t.Errorf("%s by %s: HEAD has a body", what, role.name)
			}
			checkHeaders(t, method+" "+what, w)
		}
		got = append(got, strings.Join(codes, "|"))
	}
	if codes := strings.Join(got, " "); codes != role.want {
		t.Errorf("%s by %s: %s, want %s", what, role.name, codes, role.want)
	}
}
