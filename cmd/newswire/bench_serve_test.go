package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"newswire/internal/publish"
	"newswire/internal/web"
)

// bare is the yardstick: a handler that does no more than send the same answer,
// its fields and its bytes.
type bare struct {
	status int
	header http.Header
	body   []byte
}

func (h bare) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	maps.Copy(w.Header(), h.header)
	w.WriteHeader(h.status)
	w.Write(h.body)
}

// aLargeOrigin serves a feed whose channel is about 180 KB of RSS, as large as
// feeds with full content are.
func aLargeOrigin(w http.ResponseWriter, _ *http.Request) {
	io.WriteString(w, `<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Lab</title><link>https://lab.example/</link><description>d</description>`)
	for n := range 50 {
		fmt.Fprintf(w, `<item><guid>https://lab.example/%[1]d</guid><link>https://lab.example/%[1]d</link><title>News %[1]d</title><pubDate>Mon, 02 Nov 2026 10:%02[1]d:00 GMT</pubDate><content:encoded><![CDATA[`, n)
		for i := range 40 {
			fmt.Fprintf(w, "<p>Paragraph %d of %d says %x of <a href=\"https://lab.example/%d\">it</a>.</p>\n", i, n, n*7919+i*104729, i)
		}
		io.WriteString(w, "]]></content:encoded></item>")
	}
	io.WriteString(w, "</channel></rss>")
}

// TestServeForBenchmark is the server that .ci/bench-serve puts under load. It
// serves as serve does, and the same bytes by bare handlers on a server of
// their own, writes them where nginx finds them, and runs until its standard
// input ends.
func TestServeForBenchmark(t *testing.T) {
	dir := os.Getenv("NEWSWIRE_BENCH_SERVE")
	if dir == "" {
		t.Skip("it is started by .ci/bench-serve")
	}
	origin := httptest.NewServer(http.HandlerFunc(aLargeOrigin))
	defer origin.Close()
	desk := openNewsdesk(t, t.TempDir(), `site: {title: The Test, url: "http://news.example.com"}
articles: ""
server: {settle: 0s}
fetch: {min_interval: 0s, host_interval: 0s, allow_networks: [127.0.0.0/8]}
guard: {first_import: 100}
sources: [{name: Lab, url: "`+origin.URL+`/", publish: full}]
channels: [{name: all}]
`)
	desk.pollAll(t)
	if err := desk.publisher.Shelf().WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	d := desk.publisher.Shelf().Document("/feeds/all.rss")
	if d == nil || bytes.Count(d.Body, []byte("<item>")) != 50 {
		t.Fatal("there are not fifty entries")
	}
	site, err := desk.siteHandler()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go answer(t.Context(), &web.LimitListener{Listener: l}, site, slog.New(slog.DiscardHandler))
	yardstick := httptest.NewServer(bareLoads(t, site, d))
	defer yardstick.Close()
	about := strings.Join([]string{l.Addr().String(), yardstick.Listener.Addr().String(), d.ETag, ""}, "\n")
	if err := os.WriteFile(dir+"/about", []byte(about), 0o644); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, os.Stdin)
}

// bareLoads has the answers of the site for three kinds of guest, and the least
// that can be said to one who has the document: what the fields of a 304 cost
// is seen beside it.
func bareLoads(t *testing.T, site http.Handler, d *publish.Document) http.Handler {
	mux := http.NewServeMux()
	for kind, asks := range map[string]http.Header{
		"304":  {"If-None-Match": {d.ETag}, "Accept-Encoding": {"gzip"}},
		"gzip": {"Accept-Encoding": {"gzip"}},
		"full": {},
	} {
		r := httptest.NewRequest("GET", d.Path, nil)
		r.Header = asks
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		if (w.Code == http.StatusNotModified) != (kind == "304") || len(w.Header()) < 7 {
			t.Fatalf("%s: %d with %d fields", kind, w.Code, len(w.Header()))
		}
		mux.Handle("/bare/"+kind, bare{w.Code, w.Header(), w.Body.Bytes()})
	}
	mux.Handle("/least/304", bare{http.StatusNotModified, http.Header{"Etag": {d.ETag}}, nil})
	return mux
}
