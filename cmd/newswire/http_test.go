package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"newswire/internal/publish"
)

// A guest asks the public address of a newsroom, as its readers do.
type guest struct {
	*testing.T
	site    http.Handler
	desk    *newsdesk
	steps   *atomic.Int64 // of the source that changes
	address string        // of a real server in front of it
}

const hotFeed = "/feeds/all.rss"

// ask sends a request from an address that is not this machine's. Header lines
// are raw, so that a field may stand twice.
func (c *guest) ask(method, path string, header ...string) *http.Response {
	return c.from("203.0.113.7:4711", method, path, header...)
}

func (c *guest) from(address, method, path string, header ...string) *http.Response {
	c.Helper()
	r := httptest.NewRequest(method, path, nil)
	r.RemoteAddr = address
	r.Header.Set("User-Agent", c.Name()) // each row is another reader
	for _, line := range header {
		name, value, _ := strings.Cut(line, ":")
		if name == "User-Agent" {
			r.Header.Del(name)
		}
		r.Header.Add(name, strings.TrimPrefix(value, " "))
	}
	w := httptest.NewRecorder()
	c.site.ServeHTTP(w, r)
	return w.Result()
}

// want asks and holds the status; it returns the answer.
func (c *guest) want(status int, method, path string, header ...string) *http.Response {
	c.Helper()
	r := c.ask(method, path, header...)
	if r.StatusCode != status {
		c.Errorf("%s %s %v: %d, want %d", method, path, header, r.StatusCode, status)
	}
	return r
}

func (c *guest) header(r *http.Response, name, want string) {
	c.Helper()
	if got := strings.Join(r.Header.Values(name), ", "); got != want {
		c.Errorf("%s is %q, want %q", name, got, want)
	}
}

func (c *guest) holds(r *http.Response, name, want string) {
	c.Helper()
	if got := strings.Join(r.Header.Values(name), ", "); !strings.Contains(got, want) {
		c.Errorf("%s is %q, and does not hold %q", name, got, want)
	}
}

func (c *guest) body(r *http.Response) []byte {
	c.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		c.Fatal(err)
	}
	return b
}

func (c *guest) tag(path string) string {
	return c.want(200, "HEAD", path).Header.Get("Etag")
}

// served are the rules of the standards' checklist, part B, with what is
// asked to hold each of them. Those without a question are in saidOnly.
var served = map[string]func(c *guest){
	"B-1": func(c *guest) {
		for path, want := range map[string]string{
			"/feeds/all.rss": "application/rss+xml", "/feeds/all.atom": "application/atom+xml", "/feeds/all.json": "application/feed+json",
			"/feeds.opml": "text/x-opml", "/sources.opml": "text/x-opml", "/feeds/all/archive/1.atom": "application/atom+xml",
		} {
			c.header(c.want(200, "GET", path), "Content-Type", want+"; charset=utf-8")
		}
	},
	"B-2": func(c *guest) {
		for _, accept := range []string{"*/*", "application/atom+xml", "text/html"} {
			c.header(c.want(200, "GET", hotFeed, "Accept: "+accept), "Content-Type", "application/rss+xml; charset=utf-8")
		}
	},
	"B-3": func(c *guest) {
		for _, r := range []*http.Response{
			c.want(200, "GET", hotFeed), c.want(200, "HEAD", hotFeed), c.want(304, "GET", hotFeed, "If-None-Match: "+c.tag(hotFeed)),
		} {
			if n := strings.Count(strings.Join(r.Header.Values("Link"), ", "), `rel="self"`); n != 1 {
				c.Errorf("%d links to itself: %v", n, r.Header.Values("Link"))
			}
			c.holds(r, "Link", `<http://news.example.com/feeds/all.rss>; rel="self"`)
		}
	},
	"B-4": func(c *guest) {
		get, head := c.want(200, "GET", hotFeed), c.want(200, "HEAD", hotFeed)
		if fmt.Sprint(get.Header) != fmt.Sprint(head.Header) || len(c.body(head)) > 0 || get.Header.Get("Content-Length") == "" {
			c.Errorf("GET %v, HEAD %v", get.Header, head.Header)
		}
	},
	"B-5": func(c *guest) {
		r := c.want(200, "GET", hotFeed, "Origin: https://reader.example")
		c.header(r, "Access-Control-Allow-Origin", "*")
		c.holds(r, "Access-Control-Expose-Headers", "ETag")
		c.header(r, "Set-Cookie", "")
		r = c.want(204, "OPTIONS", hotFeed, "Origin: https://reader.example", "Access-Control-Request-Method: GET",
			"Access-Control-Request-Headers: if-none-match,a-im")
		for _, field := range []string{"If-None-Match", "If-Modified-Since", "A-IM"} {
			c.holds(r, "Access-Control-Allow-Headers", field)
		}
		c.holds(r, "Access-Control-Max-Age", "86400")
	},
	"B-6": func(c *guest) { c.header(c.want(200, "GET", hotFeed), "X-Content-Type-Options", "nosniff") },
	"B-7": func(c *guest) {
		r := c.want(200, "GET", hotFeed)
		if _, err := http.ParseTime(r.Header.Get("Last-Modified")); err != nil || r.Header.Get("Etag") == "" {
			c.Errorf("validators %v", r.Header)
		}
	},
	"B-8": func(c *guest) {
		if tag := c.tag(hotFeed); !regexp.MustCompile(`^W/"[0-9a-f]+"$`).MatchString(tag) {
			c.Errorf("ETag %s", tag)
		}
	},
	"B-9": func(c *guest) {
		for _, coding := range []string{"gzip", "br", "zstd", "identity"} {
			c.header(c.want(200, "GET", hotFeed, "Accept-Encoding: "+coding), "Etag", c.tag(hotFeed))
		}
	},
	"B-10": func(c *guest) {
		other := &publish.Publisher{Store: c.desk.publisher.Store, Config: c.desk.publisher.Config, LineUp: c.desk.publisher.LineUp}
		if err := other.Render(context.Background()); err != nil {
			c.Fatal(err)
		}
		if got := other.Shelf().Document(hotFeed).ETag; got != c.tag(hotFeed) {
			c.Errorf("a second process has the tag %s, not %s", got, c.tag(hotFeed))
		}
	},
	"B-11": func(c *guest) {
		r, err := http.Get(c.address + hotFeed)
		if err != nil {
			c.Fatal(err)
		}
		defer r.Body.Close()
		modified, err1 := http.ParseTime(r.Header.Get("Last-Modified"))
		date, err2 := http.ParseTime(r.Header.Get("Date"))
		if err1 != nil || err2 != nil || modified.After(date) {
			c.Errorf("Last-Modified %v after Date %v", modified, date)
		}
	},
	"B-12": func(c *guest) {
		before := c.want(200, "HEAD", "/feeds/changing.rss").Header
		c.next()
		after := c.want(200, "HEAD", "/feeds/changing.rss").Header
		a, _ := http.ParseTime(before.Get("Last-Modified"))
		b, _ := http.ParseTime(after.Get("Last-Modified"))
		if before.Get("Etag") == after.Get("Etag") || !b.After(a) {
			c.Errorf("%v, then %v", before, after)
		}
	},
	"B-13": func(c *guest) {
		date := c.want(200, "HEAD", hotFeed).Header.Get("Last-Modified")
		c.want(200, "GET", hotFeed, `If-None-Match: "zzz"`, "If-Modified-Since: "+date)
		c.want(404, "GET", "/feeds/none.rss", "If-None-Match: *")
		c.want(405, "POST", hotFeed, "If-None-Match: *")
	},
	"B-14": func(c *guest) {
		tag := c.tag(hotFeed)
		strong := strings.TrimPrefix(tag, "W/")
		for _, match := range []string{tag, strong, `"zzz", ` + tag, strong + `,"zzz"`, "*"} {
			c.want(304, "GET", hotFeed, "If-None-Match: "+match)
			c.want(304, "HEAD", hotFeed, "If-None-Match: "+match)
		}
		c.want(200, "GET", hotFeed, `If-None-Match: "zzz"`)
	},
	"B-15": func(c *guest) { c.want(304, "GET", hotFeed, `If-None-Match: "zzz"`, "If-None-Match: "+c.tag(hotFeed)) },
	"B-16": func(c *guest) {
		date, _ := http.ParseTime(c.want(200, "HEAD", hotFeed).Header.Get("Last-Modified"))
		for _, layout := range []string{http.TimeFormat, "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC} {
			c.want(304, "GET", hotFeed, "If-Modified-Since: "+date.UTC().Format(layout))
		}
		c.want(200, "GET", hotFeed, "If-Modified-Since: soon")
		same := "If-Modified-Since: " + date.UTC().Format(http.TimeFormat)
		c.want(200, "GET", hotFeed, same, same)
	},
	"B-17": func(c *guest) {
		date, _ := http.ParseTime(c.want(200, "HEAD", hotFeed).Header.Get("Last-Modified"))
		c.want(200, "GET", hotFeed, "If-Modified-Since: "+date.Add(time.Hour).UTC().Format(http.TimeFormat))
	},
	"B-18": func(c *guest) {
		bare := strings.Trim(strings.TrimPrefix(c.tag(hotFeed), "W/"), `"`)
		c.want(304, "GET", hotFeed, "If-None-Match: "+bare)
		c.want(304, "GET", hotFeed, `If-None-Match: \"`+bare+`\"`)
	},
	"B-19": func(c *guest) {
		full, r := c.want(200, "GET", hotFeed), c.want(304, "GET", hotFeed, "If-None-Match: "+c.tag(hotFeed))
		for _, name := range []string{"Etag", "Vary", "Cache-Control"} {
			c.header(r, name, full.Header.Get(name))
		}
		for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding"} {
			c.header(r, name, "")
		}
		if len(c.body(r)) > 0 {
			c.Error("a 304 has content")
		}
	},
	"B-20": func(c *guest) {
		for accept, want := range map[string]string{
			"": "", "gzip": "gzip", "br": "br", "zstd": "zstd", "gzip;q=0": "", "gzip;q=0, br;q=0.5": "br", "*": "gzip", "identity": "", "br;q=0.1, gzip;q=0.2": "gzip",
		} {
			c.header(c.want(200, "GET", hotFeed, "Accept-Encoding: "+accept), "Content-Encoding", want)
		}
		c.want(406, "GET", hotFeed, "Accept-Encoding: identity;q=0")
	},
	"B-21": func(c *guest) {
		for _, r := range []*http.Response{
			c.want(200, "GET", hotFeed, "Accept-Encoding: gzip"), c.want(200, "GET", hotFeed), c.want(304, "GET", hotFeed, "If-None-Match: "+c.tag(hotFeed)),
			c.want(200, "GET", "/"), c.want(200, "GET", "/feeds/all/archive/1.rss"),
		} {
			c.holds(r, "Vary", "Accept-Encoding")
		}
	},
	"B-22": func(c *guest) {
		whole := c.body(c.want(200, "GET", hotFeed))
		for coding, open := range map[string]func(io.Reader) (io.Reader, error){
			"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
			"br":   func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
			"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderMaxWindow(8<<20)) },
		} {
			r, err := open(c.want(200, "GET", hotFeed, "Accept-Encoding: "+coding).Body)
			if err != nil {
				c.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, whole) {
				c.Errorf("%s holds something else: %v", coding, err)
			}
		}
	},
	"B-23": func(c *guest) {
		r := c.want(200, "GET", hotFeed, "Range: bytes=0-9", "If-Range: "+c.tag(hotFeed))
		c.header(r, "Accept-Ranges", "none")
	},
	"B-24": func(c *guest) {
		r := c.want(200, "GET", hotFeed)
		for _, directive := range []string{"public", "max-age=300", "s-maxage=60", "stale-while-revalidate=", "stale-if-error=86400"} {
			c.holds(r, "Cache-Control", directive)
		}
	},
	"B-25": func(c *guest) {
		for _, path := range []string{hotFeed, "/feeds/all/archive/1.rss", "/", "/feeds", "/feeds/all", "/articles", "/articles/own", "/feeds.opml", "/robots.txt", "/static/feed.css", "/bot"} {
			c.holds(c.want(200, "GET", path), "Cache-Control", "max-age=")
		}
	},
	"B-26": func(c *guest) {
		c.header(c.want(200, "GET", "/feeds/all/archive/1.rss"), "Cache-Control", "public, max-age=2592000, immutable")
	},
	"B-27": func(c *guest) { // deltas are not offered: rss2email asks for them and takes 226 for an error
		tag := c.tag("/feeds/changing.rss")
		c.next()
		r := c.want(200, "GET", "/feeds/changing.rss", "A-IM: feed", "If-None-Match: "+tag)
		c.header(r, "Im", "")
		c.want(304, "GET", "/feeds/changing.rss", "A-IM: feed", "If-None-Match: "+c.tag("/feeds/changing.rss"))
	},
	"B-29": func(c *guest) {
		r := c.greedy()
		if wait := r.Header.Get("Retry-After"); wait == "" || wait == "0" {
			c.Errorf("Retry-After %q", wait)
		}
		c.header(r, "Cache-Control", "no-store")
	},
	"B-30": func(c *guest) {
		c.greedy()
		for range 20 { // who asks as it should is not refused for it
			c.want(304, "GET", hotFeed, "If-None-Match: "+c.tag(hotFeed))
		}
		c.want(200, "GET", "/feeds/house.rss")
		c.want(200, "GET", hotFeed, "User-Agent: another")
		if r := c.from("127.0.0.1:1", "GET", hotFeed); r.StatusCode != 200 {
			c.Errorf("a proxy on this machine: %d", r.StatusCode)
		}
	},
	"B-31": func(c *guest) {
		c.want(200, "GET", hotFeed)
		c.want(200, "GET", hotFeed)
		first := c.greedy().Header.Get("Retry-After")
		for range 50 {
			c.ask("GET", hotFeed)
		}
		if again := c.want(429, "GET", hotFeed).Header.Get("Retry-After"); again > first {
			c.Errorf("asking has made the wait %s s of %s", again, first)
		}
	},
	"B-32": func(c *guest) {
		for _, agent := range []string{"", "curl/8.14.1", "python-requests/2.32", "Go-http-client/1.1", "HeadlessChrome", "Mozilla/5.0 (compatible; bot)"} {
			if b := c.body(c.want(200, "GET", hotFeed, "User-Agent: "+agent)); !bytes.Contains(b, []byte("<rss ")) {
				c.Errorf("%q gets something else than the feed", agent)
			}
		}
	},
	"B-33": func(c *guest) {
		for _, path := range []string{"/feeds/none.rss", "/feeds/none.atom", "/feeds/none/archive/1.rss"} {
			c.want(404, "GET", path)
		}
	},
	"B-34": func(c *guest) {
		early := &publish.Publisher{}
		w := httptest.NewRecorder()
		early.ServeHTTP(w, httptest.NewRequest("GET", hotFeed, nil))
		if w.Code != 503 || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "<rss") {
			c.Errorf("before the first rendering: %d %v", w.Code, w.Header())
		}
	},
	"B-35": func(c *guest) {
		b := string(c.body(c.want(200, "GET", "/")))
		links := regexp.MustCompile(`<link rel="alternate"[^>]*>`).FindAllString(b, -1)
		titles := map[string]bool{}
		for _, l := range links {
			title := regexp.MustCompile(`title="([^"]*)"`).FindString(l)
			if titles[title] || title == "" || !strings.Contains(l, "type=") || !strings.Contains(l, "href=") {
				c.Errorf("%s", l)
			}
			titles[title] = true
		}
		if len(links) < 3 || !strings.Contains(links[0], "/feeds/all.") {
			c.Errorf("links %v", links)
		}
	},
	"B-38": func(c *guest) {
		c.holds(c.want(200, "GET", hotFeed, "Sec-Fetch-Dest: document", "Sec-Fetch-Mode: navigate"), "Content-Type", "text/html")
		for _, header := range []string{"Accept: */*", "Sec-Fetch-Dest: empty", "Accept: application/rss+xml;q=0.9, text/html"} {
			c.holds(c.want(200, "GET", hotFeed, header), "Content-Type", "application/rss+xml")
		}
		c.holds(c.want(200, "GET", hotFeed), "Vary", "Sec-Fetch-Dest")
	},
	"B-39": func(c *guest) {
		for _, path := range []string{"/feeds/all.rss", "/feeds/all.atom"} {
			b := c.body(c.want(200, "GET", path))
			if !bytes.Contains(b, []byte(`<?xml-stylesheet type="text/css" href="http://news.example.com/static/feed.css"?>`)) || bytes.Contains(b, []byte("xsl")) {
				c.Errorf("%s begins with %.200s", path, b)
			}
		}
		c.header(c.want(200, "GET", "/static/feed.css"), "Content-Type", "text/css; charset=utf-8")
	},
}

// saidOnly are the rules that ask nothing of an answer.
var saidOnly = map[string]string{
	"B-28": "who sends A-IM, and what went wrong elsewhere",
	"B-36": "what became of XSLT in browsers",
	"B-37": "what browsers do with styled feeds",
}

// greedy takes a feed whole until it is refused.
func (c *guest) greedy() *http.Response {
	c.Helper()
	for range 100 {
		if r := c.ask("GET", hotFeed); r.StatusCode != 200 {
			if r.StatusCode != 429 {
				c.Errorf("status %d", r.StatusCode)
			}
			return r
		}
	}
	c.Fatal("a hundred times, and no end")
	return nil
}

// next publishes one more entry in the channel "changing".
func (c *guest) next() {
	c.Helper()
	time.Sleep(1100 * time.Millisecond) // HTTP dates have seconds
	c.steps.Add(1)
	c.desk.pollAll(c.T)
}

// TestHTTP asks for every rule of the checklist, by its number.
func TestHTTP(t *testing.T) {
	t.Parallel()
	var steps atomic.Int64
	origin := httptest.NewServer(aSmallOrigin(&steps))
	defer origin.Close()
	dir := t.TempDir()
	writeArticle(t, dir)
	config := strings.Replace(smallConfig(origin.URL), "{name: all, max_per_day: 3}", "{name: all, entries: 20}", 1)
	desk := openNewsdesk(t, dir, config)
	desk.pollAll(t)
	site, err := desk.siteHandler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(site)
	defer server.Close()
	for n := range 39 {
		id := fmt.Sprintf("B-%d", n+1)
		ask := served[id]
		if (ask == nil) == (saidOnly[id] == "") {
			t.Errorf("%s has no question, and no word why not", id)
		}
		if ask != nil {
			t.Run(id, func(t *testing.T) { ask(&guest{t, site, desk, &steps, server.URL}) })
		}
	}
}
