package publish

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"newswire/internal/newsroom"
)

const rss = "/feeds/all.rss"

// TestConditional is the table of preconditions. Its names begin with the rule
// of the standards' checklist that they hold up.
func TestConditional(t *testing.T) {
	_, p := filled(t)
	d := document(t, p, rss)
	etag, tag, date := d.ETag, d.tag, d.lastModified
	later := d.Modified.Add(time.Hour).UTC().Format(http.TimeFormat)
	earlier := d.Modified.Add(-time.Second).UTC().Format(http.TimeFormat)
	tests := []struct {
		name   string
		header []string
		want   int
	}{
		{"B-7 none", nil, 200},
		{"B-14 the tag", []string{"If-None-Match: " + etag}, 304},
		{"B-14 strong form of the tag", []string{`If-None-Match: "` + tag + `"`}, 304},
		{"B-14 another tag", []string{`If-None-Match: W/"0123"`}, 200},
		{"B-14 a list with the tag last", []string{`If-None-Match: "zzz", ` + etag}, 304},
		{"B-14 a list with the tag first", []string{"If-None-Match: " + etag + `,"zzz"`}, 304},
		{"B-14 a list without it", []string{`If-None-Match: "a", W/"b" , "c"`}, 200},
		{"B-14 any", []string{"If-None-Match: *"}, 304},
		{"B-14 any, padded", []string{"If-None-Match:  * "}, 304},
		{"B-14 empty", []string{"If-None-Match: "}, 200},
		{"B-14 a star inside a tag is no star", []string{`If-None-Match: "*"`}, 200},
		{"B-14 our tag inside another's quotes", []string{`If-None-Match: "x,` + tag + `,y"`}, 200},
		{"B-15 a second line", []string{`If-None-Match: "zzz"`, "If-None-Match: " + etag}, 304},
		{"B-15 two lines without it", []string{`If-None-Match: "zzz"`, `If-None-Match: "yyy"`}, 200},
		{"B-18 unquoted", []string{"If-None-Match: " + tag}, 304},
		{"B-18 unquoted and weak", []string{"If-None-Match: W/" + tag}, 304},
		{"B-18 escaped quotes", []string{`If-None-Match: \"` + tag + `\"`}, 304},
		{"B-18 escaped quotes and weak", []string{`If-None-Match: W/\"` + tag + `\"`}, 304},
		{"B-18 a part of it is not it", []string{"If-None-Match: " + tag[:31]}, 200},
		{"B-13 tag misses, date hits", []string{`If-None-Match: "zzz"`, "If-Modified-Since: " + date}, 200},
		{"B-13 tag hits, date misses", []string{"If-None-Match: " + etag, "If-Modified-Since: " + earlier}, 304},
		{"B-16 the date", []string{"If-Modified-Since: " + date}, 304},
		{"B-16 RFC 850 form", []string{"If-Modified-Since: " + d.Modified.UTC().Format("Monday, 02-Jan-06 15:04:05 GMT")}, 304},
		{"B-16 asctime form", []string{"If-Modified-Since: " + d.Modified.UTC().Format(time.ANSIC)}, 304},
		{"B-16 unreadable", []string{"If-Modified-Since: yesterday"}, 200},
		{"B-16 repeated", []string{"If-Modified-Since: " + date, "If-Modified-Since: " + date}, 200},
		{"B-17 a later date is not ours", []string{"If-Modified-Since: " + later}, 200},
		{"B-17 an earlier date", []string{"If-Modified-Since: " + earlier}, 200},
		{"B-23 a range is not honored", []string{"Range: bytes=0-9"}, 200},
		{"B-23 nor one with If-Range", []string{"Range: bytes=0-9", "If-Range: " + etag}, 200},
	}
	for _, test := range tests {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			t.Run(test.name+" "+method, func(t *testing.T) {
				r := ask(p, method, rss, test.header...)
				if r.StatusCode != test.want {
					t.Fatalf("%v: %d, want %d", test.header, r.StatusCode, test.want)
				}
				wantBody := test.want == 200 && method == http.MethodGet
				if got := body(t, r); (got != "") != wantBody {
					t.Errorf("%d bytes of content", len(got))
				}
			})
		}
	}
}

// TestHeaders holds what every kind of answer carries.
func TestHeaders(t *testing.T) {
	_, p := filled(t)
	d := document(t, p, rss)
	link := `<https://news.example/feeds/all.rss>; rel="self", <https://news.example/hub>; rel="hub", ` +
		`<https://news.example/feeds/all.atom>; rel="alternate"; type="application/atom+xml", ` +
		`<https://news.example/feeds/all.json>; rel="alternate"; type="application/feed+json"`
	always := map[string]string{
		"Etag":                          d.ETag,
		"Last-Modified":                 d.lastModified,
		"Link":                          link, // B-3
		"Vary":                          "Accept-Encoding, Sec-Fetch-Dest",
		"Cache-Control":                 "public, max-age=300, s-maxage=60, stale-while-revalidate=300, stale-if-error=86400",
		"Access-Control-Allow-Origin":   "*",
		"Access-Control-Expose-Headers": "ETag, Last-Modified, Link, Retry-After",
	}
	full := map[string]string{
		"Content-Type":            "application/rss+xml; charset=utf-8",
		"Content-Length":          fmt.Sprint(len(d.Body)),
		"Accept-Ranges":           "none",
		"X-Content-Type-Options":  "nosniff",
		"Content-Security-Policy": "sandbox",
	}
	check := func(name string, r *http.Response, sets ...map[string]string) {
		t.Helper()
		want := 0
		for _, set := range sets {
			want += len(set)
			for field, value := range set {
				if got := r.Header[field]; len(got) != 1 || got[0] != value {
					t.Errorf("%s: %s is %q, want %q", name, field, got, value)
				}
			}
		}
		if len(r.Header) != want {
			t.Errorf("%s: %d fields, want %d: %v", name, len(r.Header), want, r.Header)
		}
	}
	check("200", ask(p, "GET", rss), always, full)
	check("B-4 HEAD", ask(p, "HEAD", rss), always, full)
	check("B-19 304", ask(p, "GET", rss, "If-None-Match: "+d.ETag), always)
	check("B-19 304 to HEAD", ask(p, "HEAD", rss, "If-None-Match: "+d.ETag), always)
}

func TestMediaTypes(t *testing.T) { // B-1, B-2
	_, p := filled(t)
	for path, want := range map[string]string{
		"/feeds/all.rss":  "application/rss+xml; charset=utf-8",
		"/feeds/all.atom": "application/atom+xml; charset=utf-8",
		"/feeds/all.json": "application/feed+json; charset=utf-8",
	} {
		for _, accept := range []string{"*/*", "text/html", "application/json;q=1, text/html"} {
			if got := ask(p, "GET", path, "Accept: "+accept).Header.Get("Content-Type"); got != want {
				t.Errorf("%s, Accept: %s: %s, want %s", path, accept, got, want)
			}
		}
	}
}

func TestETagForm(t *testing.T) { // B-8, B-9, B-10
	_, p := filled(t)
	d := document(t, p, rss)
	if tag := d.ETag; len(tag) != 36 || !strings.HasPrefix(tag, `W/"`) || strings.Trim(tag[3:35], "0123456789abcdef") != "" {
		t.Errorf("ETag is %s", tag)
	}
	for _, coding := range []string{"gzip", "br", "zstd", "identity"} {
		r := ask(p, "GET", rss, "Accept-Encoding: "+coding)
		if r.Header.Get("Etag") != d.ETag {
			t.Errorf("%s has the ETag %s, want %s for all codings", coding, r.Header.Get("Etag"), d.ETag)
		}
	}
	if ETag(d.Body) != d.ETag || ETag(append([]byte{' '}, d.Body...)) == d.ETag {
		t.Error("the ETag is not a function of the bytes")
	}
}

func TestMethods(t *testing.T) { // S-12
	_, p := filled(t)
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "TRACE", "PRI"} {
		r := ask(p, method, rss)
		if r.StatusCode != 405 || r.Header.Get("Allow") != "GET, HEAD, OPTIONS" || r.Header.Get("Connection") != "close" {
			t.Errorf("%s: %d, Allow %q, Connection %q", method, r.StatusCode, r.Header.Get("Allow"), r.Header.Get("Connection"))
		}
		if r.Header.Get("Vary") != vary {
			t.Errorf("%s: Vary is %q", method, r.Header.Get("Vary"))
		}
	}
}

func TestPreflight(t *testing.T) { // B-5
	_, p := filled(t)
	r := ask(p, "OPTIONS", rss, "Origin: https://reader.example", "Access-Control-Request-Method: GET",
		"Access-Control-Request-Headers: if-none-match")
	if r.StatusCode != http.StatusNoContent {
		t.Errorf("status %d", r.StatusCode)
	}
	for _, field := range []string{"If-None-Match", "If-Modified-Since", "A-IM"} {
		if !strings.Contains(r.Header.Get("Access-Control-Allow-Headers"), field) {
			t.Errorf("%s is not allowed: %v", field, r.Header)
		}
	}
	if r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header.Get("Access-Control-Max-Age") == "" {
		t.Errorf("header %v", r.Header)
	}
}

func TestPaths(t *testing.T) { // S-7, B-33
	_, p := filled(t)
	for target, want := range map[string]int{
		"/feeds/all.rss":            200,
		"/feeds/all.rss?x=1&y=%zz":  200,
		"/feeds/all.rss?":           200,
		"/feeds/all.RSS":            404,
		"/feeds/ALL.rss":            404,
		"/feeds/all.xml":            404,
		"/feeds/all":                404,
		"/feeds/none.rss":           404,
		"/feeds/all.rss/":           404,
		"//feeds/all.rss":           404,
		"/feeds/../feeds/all.rss":   404,
		"/feeds/all.rss%00":         404,
		"/feeds/archive/../all.rss": 404,
	} {
		r := ask(p, "GET", target)
		if r.StatusCode != want {
			t.Errorf("%s: %d, want %d", target, r.StatusCode, want)
		}
		if r.Header.Get("Vary") != vary {
			t.Errorf("%s: Vary is %q", target, r.Header.Get("Vary"))
		}
	}
}

func TestBeforeTheFirstBuild(t *testing.T) { // B-34
	m := newMemory()
	m.close()
	p := newPublisher(m)
	check := func() {
		t.Helper()
		r := ask(p, "GET", rss, "If-None-Match: *")
		if r.StatusCode != 503 || r.Header.Get("Retry-After") != "10" || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d, %v", r.StatusCode, r.Header)
		}
		if strings.Contains(body(t, r), "<rss") {
			t.Error("a feed came with the 503")
		}
	}
	check()
	if err := p.Render(t.Context()); err == nil {
		t.Fatal("a closed store was rendered")
	}
	check()
	if r := ask(p, "GET", "/feeds/all.xml"); r.StatusCode != 404 {
		t.Errorf("what is no feed gives %d, want 404", r.StatusCode)
	}
}

func TestOneChannelPending(t *testing.T) {
	m, p := newMemory(), (*Publisher)(nil)
	m.add(wire(1), "all")
	m.add(article(1, "a"), "house")
	p = newPublisher(m)
	breakChannel(p, "house")
	if err := p.Render(t.Context()); err == nil || !strings.Contains(err.Error(), "channel house") {
		t.Fatalf("error %v does not name the channel", err)
	}
	for target, want := range map[string]int{rss: 200, "/feeds/house.rss": 503, "/feeds/none.rss": 404} {
		if r := ask(p, "GET", target); r.StatusCode != want {
			t.Errorf("%s: %d, want %d", target, r.StatusCode, want)
		}
	}
}

// TestFeedForEverybody: who is sent to a page instead is decided elsewhere, and
// kept answers must tell the two apart.
func TestFeedForEverybody(t *testing.T) { // B-38
	_, p := filled(t)
	for _, header := range [][]string{
		{"Sec-Fetch-Dest: document", "Sec-Fetch-Mode: navigate"},
		{"Accept: application/xml,application/rss+xml;q=0.9, text/html, */*;q=0.1"},
		nil,
	} {
		r := ask(p, "GET", rss, header...)
		if !strings.Contains(body(t, r), "<rss") || r.Header.Get("Vary") != "Accept-Encoding, Sec-Fetch-Dest" {
			t.Errorf("%v: no feed, or Vary %q", header, r.Header.Get("Vary"))
		}
	}
}

// TestClockSetBack: a version dated ahead of the clock goes out with a date
// that is not (B-11), and a reader that has only that date still gets updates.
func TestClockSetBack(t *testing.T) {
	m := newMemory()
	m.add(wire(1), "all")
	m.publications[rss] = newsroom.Publication{ETag: "other", Modified: time.Now().Add(time.Hour).Truncate(time.Second)}
	p := newPublisher(m)
	render(t, p)
	r := ask(p, "GET", rss)
	date, err := http.ParseTime(r.Header.Get("Last-Modified"))
	if err != nil || date.After(time.Now()) {
		t.Fatalf("Last-Modified %q, %v", r.Header.Get("Last-Modified"), err)
	}
	if r := ask(p, "GET", rss, "If-Modified-Since: "+date.Format(http.TimeFormat)); r.StatusCode != 200 {
		t.Errorf("status %d, want 200", r.StatusCode)
	}
	if r := ask(p, "GET", rss, "If-None-Match: "+document(t, p, rss).ETag); r.StatusCode != 304 {
		t.Errorf("by its tag: %d, want 304", r.StatusCode)
	}
}

// TestOnTheWire reads raw bytes from a real server: a 304 has no content and
// no length, HEAD has a length and no content, and the connection stays usable.
func TestOnTheWire(t *testing.T) {
	_, p := filled(t)
	server := httptest.NewServer(p)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(conn)
	d := document(t, p, rss)
	for _, step := range []struct {
		method, header string
		status         int
		content        []byte
	}{
		{"GET", "", 200, d.Body},
		{"GET", "If-None-Match: \"x\"\r\nIf-None-Match: " + d.ETag + "\r\n", 304, nil},
		{"HEAD", "", 200, nil},
		{"HEAD", "If-Modified-Since: " + d.lastModified + "\r\n", 304, nil},
		{"GET", "Accept-Encoding: gzip\r\n", 200, d.Gzip},
	} {
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n", step.method, rss, step.header)
		r, err := http.ReadResponse(in, &http.Request{Method: step.method})
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != step.status || !bytes.Equal(content, step.content) {
			t.Errorf("%s %q: %d with %d bytes, want %d with %d (%v)",
				step.method, step.header, r.StatusCode, len(content), step.status, len(step.content), err)
		}
		if r.Header.Get("Etag") != d.ETag || r.Header.Get("Date") == "" {
			t.Errorf("%s %q: header %v", step.method, step.header, r.Header)
		}
		if r.StatusCode == 304 && (r.Header.Get("Content-Type") != "" || r.Header.Get("Content-Length") != "") {
			t.Errorf("a 304 describes content: %v", r.Header)
		}
	}
}

// TestSharedHeadersAreSafe: what other handlers do to a header must not reach
// the values that all answers share.
func TestSharedHeadersAreSafe(t *testing.T) {
	_, p := filled(t)
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("GET", rss, nil))
	for name := range w.Header() {
		w.Header().Add(name, "added")
		w.Header().Set(name, "set")
	}
	if r := ask(p, "GET", rss); strings.Contains(fmt.Sprint(r.Header), "added") || strings.Contains(fmt.Sprint(r.Header), "[set]") {
		t.Errorf("another answer's header: %v", r.Header)
	}
}

// nowhere is a response that is not kept.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}
