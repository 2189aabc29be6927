package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

const base = "https://news.example.com"

// feedsFake stands for the shelf: it says which path it was asked for.
var feedsFake = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/rss+xml; charset=utf-8")
	io.WriteString(w, "feed "+r.URL.Path)
})

func newSite(v *View) *Site {
	return NewSite(SiteConfig{View: func() *View { return v }, Feeds: feedsFake, Images: demoImages, Bot: demoBot, Log: slog.New(slog.DiscardHandler)})
}

// ask sends one request; headers come as name, value, name, value.
func ask(h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Host, r.RemoteAddr = "127.0.0.1:8081", "127.0.0.1:40000"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var allMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}

// siteSamples has one path for each route of the site, and what GET answers.
// A route that is not in it fails the test.
var siteSamples = map[string]struct {
	path   string
	status int
	kind   string
}{
	"/{$}":                                {"/", 200, "text/html; charset=utf-8"},
	"/feeds":                              {"/feeds", 200, "text/html; charset=utf-8"},
	"/feeds/{name}":                       {"/feeds/research", 200, "text/html; charset=utf-8"},
	"/feeds/{name}/archive/{document...}": {"/feeds/all/archive/2026-11.atom", 200, "application/rss+xml; charset=utf-8"},
	"/feeds.opml":                         {"/feeds.opml", 200, "text/x-opml; charset=utf-8"},
	"/sources.opml":                       {"/sources.opml", 200, "text/x-opml; charset=utf-8"},
	"/articles":                           {"/articles", 200, "text/html; charset=utf-8"},
	"/articles/{slug}":                    {"/articles/power", 200, "text/html; charset=utf-8"},
	"/articles/images/{file}":             {"/articles/images/wire.svg", 200, "image/svg+xml"},
	"/bot":                                {"/bot", 200, "text/html; charset=utf-8"},
	"/robots.txt":                         {"/robots.txt", 200, "text/plain; charset=utf-8"},
	"/sitemap.xml":                        {"/sitemap.xml", 200, "application/xml; charset=utf-8"},
	"/static/{file}":                      {"/static/feed-icon.png", 200, "image/png"},
	"/favicon.ico":                        {"/favicon.ico", 200, "image/png"},
}

func TestSiteRoutes(t *testing.T) {
	site := newSite(demoView(base))
	for _, route := range site.routes() {
		sample, ok := siteSamples[route.pattern]
		if !ok {
			t.Errorf("%s: not in the test's table", route.pattern)
			continue
		}
		for _, method := range allMethods {
			w := ask(site, method, sample.path)
			allowed := method == "GET" || method == "HEAD" || method == "OPTIONS" && strings.Contains(sample.path, "archive")
			switch {
			case allowed && (w.Code != sample.status || w.Header().Get("Content-Type") != sample.kind):
				t.Errorf("%s %s: %d %s; want %d %s", method, sample.path, w.Code, w.Header().Get("Content-Type"), sample.status, sample.kind)
			case !allowed && (w.Code != http.StatusMethodNotAllowed || !strings.HasPrefix(w.Header().Get("Allow"), "GET, HEAD")):
				t.Errorf("%s %s: %d, Allow %q; want 405 and GET, HEAD", method, sample.path, w.Code, w.Header().Get("Allow"))
			case method == "HEAD" && w.Body.Len() > 0 && !strings.Contains(sample.path, "archive"):
				t.Errorf("HEAD %s: a body of %d bytes", sample.path, w.Body.Len())
			}
			checkHeaders(t, method+" "+sample.path, w)
		}
	}
}

// checkHeaders holds T-XSS-3: every answer carries what keeps it harmless, and
// an error is a page of ours or plain text.
func checkHeaders(t *testing.T, what string, w *httptest.ResponseRecorder) {
	t.Helper()
	h := w.Header()
	csp := h.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "script-src 'unsafe") {
		t.Errorf("%s: %d: Content-Security-Policy %q", what, w.Code, csp)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %d: %s %q, want %q", what, w.Code, name, got, want)
		}
	}
	if kind := h.Get("Content-Type"); w.Code >= 400 && !strings.HasPrefix(kind, "text/html; charset=utf-8") && !strings.HasPrefix(kind, "text/plain; charset=utf-8") {
		t.Errorf("%s: %d: Content-Type %q", what, w.Code, kind)
	}
}

func TestErrorsAreHarmless(t *testing.T) {
	site, desk := newSite(demoView(base)), demoDesk(t, "")
	for _, path := range []string{
		"/nothing", "/feeds/nothing", "/feeds/nothing.rss%00", "/articles/nothing", "/articles/retracted", "/articles/images/none.svg",
		"/static/none", "/%3Cscript%3Ealert(1)%3C/script%3E", "/articles/%22onload=alert(1)", "/a%5cb", "/%09", "/entries?q=%3Cscript%3E",
		"/feeds/all.rss/", "/feeds//all", "/..%2f..%2fetc",
	} {
		for name, h := range map[string]http.Handler{"site": site, "desk": desk} {
			for _, method := range allMethods {
				w := ask(h, method, path)
				checkHeaders(t, name+" "+method+" "+path, w)
				if strings.Contains(w.Body.String(), "<script>alert") || strings.Contains(w.Body.String(), "onload=alert") {
					t.Errorf("%s %s %s: the path comes back as markup", name, method, path)
				}
			}
		}
	}
}

func TestRedirectsStayHere(t *testing.T) {
	site, desk := newSite(demoView(base)), demoDesk(t, demoPassword)
	for _, path := range []string{
		"//evil.example", "//evil.example/", "/\\evil.example/", "/%5cevil.example/", "/%5C%5Cevil.example/..", "/.//evil.example", "/..//evil.example",
		"/%2f%2fevil.example/", "/feeds/..//evil.example", "/%09/evil.example/", "/%0d%0aLocation:%20http://evil.example/", "/feeds/", "/articles/power/",
		"/feeds/%2e%2e/%2e%2e//evil.example/", "/javascript:alert(1)/", "/https:evil.example/",
	} {
		for name, h := range map[string]http.Handler{"site": site, "desk": desk} {
			r := httptest.NewRequest("GET", "/", nil)
			r.RequestURI = path
			u, err := r.URL.Parse(base + path)
			if err != nil {
				continue // no server would have taken it
			}
			r.URL.Path, r.URL.RawPath = u.Path, u.RawPath
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			to := w.Header().Get("Location")
			if w.Code < 300 || w.Code >= 400 {
				if to != "" {
					t.Errorf("%s %q: %d with Location %q", name, path, w.Code, to)
				}
				continue
			}
			if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
				t.Errorf("%s %q: redirects to %q", name, path, to)
			}
		}
	}
	if w := ask(site, "GET", "/feeds/?x=1"); w.Code != http.StatusPermanentRedirect || w.Header().Get("Location") != "/feeds" {
		t.Errorf("/feeds/: %d to %q, want 308 to /feeds", w.Code, w.Header().Get("Location"))
	}
}

func TestConditionalPages(t *testing.T) {
	site := newSite(demoView(base))
	first := ask(site, "GET", "/")
	etag, modified := first.Header().Get("ETag"), first.Header().Get("Last-Modified")
	if !strings.HasPrefix(etag, `W/"`) || modified != demoNow.Format(http.TimeFormat) {
		t.Fatalf("ETag %q, Last-Modified %q", etag, modified)
	}
	for _, c := range []struct {
		name    string
		headers []string
		want    int
	}{
		{"nothing said", nil, 200},
		{"the tag", []string{"If-None-Match", etag}, 304},
		{"the tag as a strong one", []string{"If-None-Match", strings.TrimPrefix(etag, "W/")}, 304},
		{"in a list", []string{"If-None-Match", `"a", ` + etag}, 304},
		{"on a second line", []string{"If-None-Match", `"a"`, "If-None-Match", etag}, 304},
		{"any", []string{"If-None-Match", "*"}, 304},
		{"another tag beats the time", []string{"If-None-Match", `"a"`, "If-Modified-Since", modified}, 200},
		{"the time", []string{"If-Modified-Since", modified}, 304},
		{"a time that somebody made up", []string{"If-Modified-Since", demoNow.Add(time.Hour).Format(http.TimeFormat)}, 200},
		{"no time at all", []string{"If-Modified-Since", "yesterday"}, 200},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			w := ask(site, method, "/", c.headers...)
			if w.Code != c.want {
				t.Errorf("%s, %s: %d, want %d", c.name, method, w.Code, c.want)
			}
			if w.Header().Get("ETag") != etag || w.Header().Get("Cache-Control") == "" || w.Header().Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s, %s: lacks a header of the 200: %v", c.name, method, w.Header())
			}
			if w.Code == 304 && w.Body.Len() > 0 {
				t.Errorf("%s: a 304 with a body", c.name)
			}
		}
	}
	if w := ask(site, "GET", "/articles/retracted", "If-None-Match", "*"); w.Code != http.StatusGone {
		t.Errorf("an error was answered %d, want 410", w.Code)
	}
}

func TestCompression(t *testing.T) {
	site := newSite(demoView(base))
	plain := ask(site, "GET", "/")
	for accept, want := range map[string]bool{
		"": false, "gzip": true, "br, gzip;q=0.5": true, "gzip;q=0": false, "*": true, "*;q=0": false, "identity": false, "gzip;q=0, *": false, "GZIP": true, "gzip;q=x": false,
	} {
		w := ask(site, "GET", "/", "Accept-Encoding", accept)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != want {
			t.Errorf("Accept-Encoding %q: gzip %v, want %v", accept, got, want)
			continue
		}
		body := w.Body.Bytes()
		if want {
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(body, plain.Body.Bytes()) {
			t.Errorf("Accept-Encoding %q: other bytes", accept)
		}
	}
}

func TestPagesFollowTheView(t *testing.T) {
	v := demoView(base)
	site := NewSite(SiteConfig{View: func() *View { return v }, Feeds: feedsFake, Log: slog.New(slog.DiscardHandler)})
	before := ask(site, "GET", "/articles/power")
	next := demoView(base)
	next.Version = 2
	next.Articles[4].Title = "Another headline"
	v = next
	after := ask(site, "GET", "/articles/power", "If-None-Match", before.Header().Get("ETag"))
	if after.Code != 200 || !strings.Contains(after.Body.String(), "Another headline") {
		t.Errorf("the page of the view before was served: %d", after.Code)
	}
	v = nil
	if w := ask(site, "GET", "/"); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("without a view: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	equal := newSite(demoView(base))
	if a, b := ask(equal, "GET", "/"), ask(newSite(demoView(base)), "GET", "/"); a.Header().Get("ETag") != b.Header().Get("ETag") {
		t.Error("two processes give one page two tags")
	}
}

// TestBrowsersGetPages: whoever is told apart at one address is told apart by a
// field that the answers name in Vary, so that no cache between gives a program
// the page.
func TestBrowsersGetPages(t *testing.T) {
	site := newSite(demoView(base))
	for _, c := range []struct {
		path    string
		headers []string
		page    bool
	}{
		{"/feeds/all.rss", nil, false},
		{"/feeds/all.rss", []string{"Accept", "text/html"}, false},
		{"/feeds/all.rss", []string{"Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors"}, false},
		{"/feeds/all.rss", []string{"Sec-Fetch-Dest", "document"}, true},
		{"/feeds/all.json", []string{"Sec-Fetch-Mode", "navigate"}, false},
		{"/feeds/all/archive/1.atom", []string{"Sec-Fetch-Dest", "document"}, false},
	} {
		w := ask(site, "GET", c.path, c.headers...)
		if page := strings.HasPrefix(w.Header().Get("Content-Type"), "text/html"); page != c.page {
			t.Errorf("%s %v: page %v, want %v", c.path, c.headers, page, c.page)
		}
		if c.page && !strings.Contains(strings.Join(w.Header().Values("Vary"), ","), "Sec-Fetch-Dest") {
			t.Errorf("%s: Vary lacks Sec-Fetch-Dest", c.path)
		}
	}
	r := httptest.NewRequest("GET", "/feeds/all.rss", nil)
	r.Header["Sec-Fetch-Dest"] = []string{"document", "empty"}
	w := httptest.NewRecorder()
	if site.ServeHTTP(w, r); strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Error("a page for who says two things")
	}
}

func TestWithdrawn(t *testing.T) {
	site := newSite(demoView(base))
	w := ask(site, "GET", "/articles/retracted")
	body := w.Body.String()
	if w.Code != http.StatusGone || !strings.Contains(body, "has since disowned") {
		t.Errorf("%d, with the note: %v", w.Code, strings.Contains(body, "has since disowned"))
	}
	for _, path := range []string{"/", "/articles", "/articles/retracted", "/sitemap.xml", "/articles/power"} {
		if text := ask(site, "GET", path).Body.String(); strings.Contains(text, "must not be repeated") || path == "/sitemap.xml" && strings.Contains(text, "retracted") {
			t.Errorf("%s tells of a withdrawn article", path)
		}
	}
}

func TestDiscovery(t *testing.T) {
	site := newSite(demoView(base))
	for path, first := range map[string]string{"/": "/feeds/all.rss", "/articles/power": "/feeds/all.rss", "/feeds/research": "/feeds/research.rss", "/nothing": "/feeds/all.rss", "/articles/retracted": "/feeds/all.rss"} {
		body := ask(site, "GET", path).Body.String()
		_, after, _ := strings.Cut(body, `<link rel="alternate"`)
		link, _, _ := strings.Cut(after, "\n")
		if !strings.Contains(link, `href="`+first+`"`) || !strings.Contains(link, `type="application/rss&#43;xml"`) {
			t.Errorf("%s: the first feed is %s, want %s", path, link, first)
		}
		titles := map[string]bool{}
		for _, l := range strings.Split(body, `<link rel="alternate"`)[1:] {
			_, title, _ := strings.Cut(l, `title="`)
			title, _, _ = strings.Cut(title, `"`)
			if titles[title] {
				t.Errorf("%s: two feeds are called %s", path, title)
			}
			titles[title] = true
		}
	}
}

func TestImages(t *testing.T) {
	site := newSite(demoView(base))
	w := ask(site, "GET", "/articles/images/curve.svg")
	if w.Code != 200 || !strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%d, policy %q", w.Code, w.Header().Get("Content-Security-Policy"))
	}
	site.Images = mapWith("secret.svg", "page.html", "note.md")
	for _, name := range []string{"secret.svg", "page.html", "note.md", "..%2f..%2fconfig.yaml", "%2e%2e", "none.png", "a%2fb.svg"} {
		if w := ask(site, "GET", "/articles/images/"+name); w.Code == 200 {
			t.Errorf("%s was served", name)
		}
	}
	v := demoView(base)
	v.Articles[0].Withdrawn = demoNow
	if w := ask(newSite(v), "GET", "/articles/images/curve.svg"); w.Code != 404 {
		t.Errorf("the picture of a withdrawn article: %d", w.Code)
	}
}

// counted counts what is read of the files of a folder.
type counted struct {
	fs.FS
	read *int
}

type countedFile struct {
	fs.File
	read *int
}

func (c counted) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	return countedFile{f, c.read}, err
}

func (f countedFile) Read(b []byte) (int, error) {
	n, err := f.File.Read(b)
	*f.read += n
	return n, err
}

func (f countedFile) Seek(offset int64, whence int) (int64, error) {
	return f.File.(io.Seeker).Seek(offset, whence)
}

// TestImagesAreNotHeld: of a picture no more is read than is sent. Whoever asks
// for a large one and takes it slowly holds none of our memory.
func TestImagesAreNotHeld(t *testing.T) {
	site, read := newSite(demoView(base)), 0
	site.Images = counted{site.Images, &read}
	const path = "/articles/images/curve.svg"
	whole := ask(site, "GET", path)
	if size := whole.Body.Len(); size == 0 || read != size {
		t.Fatalf("%d bytes read, %d sent", read, size)
	}
	for _, c := range []struct {
		method  string
		headers []string
		want    int
	}{
		{"HEAD", nil, 0},
		{"GET", []string{"Range", "bytes=0-9"}, 10},
	} {
		if read = 0; ask(site, c.method, path, c.headers...).Code >= 400 || read != c.want {
			t.Errorf("%s %v: %d bytes read, want %d", c.method, c.headers, read, c.want)
		}
	}
}

func TestStatic(t *testing.T) {
	site := newSite(demoView(base))
	for name, hashed := range site.static.names {
		w := ask(site, "GET", "/static/"+hashed)
		if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") == "" {
			t.Errorf("%s: %d, %q, type %q", hashed, w.Code, w.Header().Get("Cache-Control"), w.Header().Get("Content-Type"))
		}
		if w := ask(site, "GET", "/static/"+name); strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: a name that may get other content is immutable", name)
		}
	}
	if len(site.static.names) < 5 {
		t.Errorf("only %d files", len(site.static.names))
	}
}

func TestMachineDocuments(t *testing.T) {
	v := demoView(base)
	v.Sources["secret"] = SourceInfo{Name: "Secret", URL: "https://secret.example"}
	defer delete(v.Sources, "secret")
	site := newSite(v)
	for path, want := range map[string][]string{
		"/robots.txt":   {"Sitemap: " + base + "/sitemap.xml"},
		"/sitemap.xml":  {"<loc>" + base + "/articles/power</loc>", "<loc>" + base + "/feeds/research</loc>"},
		"/feeds.opml":   {base + "/feeds/all.rss", "Policy &amp; law"},
		"/sources.opml": {"https://policy.example/feed", "Chipwatch"},
		"/bot":          {demoBot.UserAgent, "15 minutes", "mailto:desk@news.example.com"},
	} {
		body := ask(site, "GET", path).Body.String()
		for _, w := range want {
			if !strings.Contains(body, w) && !strings.Contains(body, strings.ReplaceAll(w, "+", "&#43;")) {
				t.Errorf("%s lacks %q", path, w)
			}
		}
		if strings.Contains(body, "secret.example") || strings.Contains(body, `"Secret"`) {
			t.Errorf("%s tells of a source without a public address", path)
		}
	}
}

func TestTimezone(t *testing.T) {
	v := demoView(base)
	v.Site.Timezone = time.FixedZone("CET", 3600)
	body := ask(newSite(v), "GET", "/").Body.String()
	for _, want := range []string{"24 November 2026, 15:05 CET", `<time datetime="2026-11-24T15:05:00+01:00">15:05</time>`, "Times are CET"} {
		if !strings.Contains(strings.ReplaceAll(body, "&#43;", "+"), want) {
			t.Errorf("lacks %q", want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"short", 10, "short"},
		{"one two three four", 12, "one two…"},
		{"日本語のとても長い見出しです", 6, "日本語のと…"},
		{"word, and more", 7, "word…"},
	} {
		if got := cut(c.text, c.n); got != c.want {
			t.Errorf("cut(%q, %d) = %q, want %q", c.text, c.n, got, c.want)
		}
	}
}

func TestSpoken(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "", time.Second: "1 second", 15 * time.Minute: "15 minutes", 24 * time.Hour: "1 day", 90 * time.Minute: "90 minutes", 36 * time.Hour: "36 hours", 250 * time.Millisecond: "250ms",
	} {
		if got := spoken(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// TestExternalHouse: our own content system's feed brings house entries that
// are read elsewhere.
func TestExternalHouse(t *testing.T) {
	e := newsroom.Entry{House: true}
	e.Link = "https://cms.example/a"
	if got := articleURL(&View{}, &e); got != "https://cms.example/a" {
		t.Error(got)
	}
}

// TestMadeOnce: when a view comes, many ask at once; each page is made once.
// Paths that do not exist leave nothing behind.
func TestMadeOnce(t *testing.T) {
	var c cache
	var made atomic.Int32
	v := demoView(base)
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			d, err := c.get(v, "/", func() (*document, error) { made.Add(1); return plain("text/plain", []byte("x")), nil })
			if err != nil || string(d.body) != "x" || d.etag == "" {
				t.Errorf("%v %v", d, err)
			}
		})
	}
	wait.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}
	site := newSite(v)
	for i := range 100 {
		ask(site, "GET", fmt.Sprintf("/articles/no-%d", i))
		ask(site, "GET", fmt.Sprintf("/feeds/no-%d", i))
		ask(site, "GET", fmt.Sprintf("/?x=%d", i))
	}
	if n := len(site.cache.slots); n != 1 {
		t.Errorf("%d documents are kept, want the front page's", n)
	}
}

func BenchmarkPage(b *testing.B) {
	site := newSite(demoView(base))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	b.ReportAllocs()
	for b.Loop() {
		site.ServeHTTP(&discard{http.Header{}}, r)
	}
}

func BenchmarkPageNotModified(b *testing.B) {
	site := newSite(demoView(base))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("If-None-Match", ask(site, "GET", "/").Header().Get("ETag"))
	b.ReportAllocs()
	for b.Loop() {
		site.ServeHTTP(&discard{http.Header{}}, r)
	}
}

type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// TestCorrectionOnce: feeds carry the correction before the text; pages show
// it once, in its box.
func TestCorrectionOnce(t *testing.T) {
	v := demoView(base)
	e := &v.Articles[1]
	e.Correction = `It is <8 GB & "less".`
	note := feeds.HTML("<p><strong>Correction:</strong> It is &lt;8 GB &amp; &#34;less&#34;.</p>\n")
	e.Summary, e.Content = note+e.Summary, note+e.Content
	body := ask(newSite(v), "GET", "/articles/small-models").Body.String()
	_, body, _ = strings.Cut(body, "<body>")
	if n := strings.Count(body, "&lt;8 GB &amp;"); n != 1 {
		t.Errorf("the correction is shown %d times", n)
	}
	if front := ask(newSite(v), "GET", "/").Body.String(); strings.Contains(front, "&lt;8 GB") || !strings.Contains(front, "Corrected") {
		t.Error("the front page shows the correction in place of the summary, or does not mark it")
	}
	e.Summary = "<p>Correction: another note.</p><p>Text.</p>"
	if got := uncorrected(e, e.Summary); got != e.Summary {
		t.Errorf("another's words were cut: %s", got)
	}
}
