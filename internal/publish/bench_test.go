package publish

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// newsworthy returns a store whose channel "all" is about 180 KB of RSS, as
// large as feeds with full content are.
func newsworthy() (*memory, *Publisher) {
	m := newMemory()
	for n := range 50 {
		e := wire(n)
		var text strings.Builder
		for i := range 40 {
			fmt.Fprintf(&text, "<p>Paragraph %d of %d says %x of <a href=\"https://lab.example/%d\">it</a>.</p>\n", i, n, n*7919+i*104729, i)
		}
		e.Content = feeds.HTML(text.String())
		m.add(e, "all")
	}
	c := config()
	c.Sources[0].Publish = newsroom.PublishFull
	p := newPublisher(m)
	p.Config = func() Config { return c }
	return m, p
}

// bare is the yardstick: a handler that does no more than send the same bytes.
type bare struct {
	status   int
	body     []byte
	encoding string
	etag     string
	kind     string
}

func (h bare) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", h.etag)
	if h.status == http.StatusNotModified {
		w.WriteHeader(h.status)
		return
	}
	w.Header().Set("Content-Type", h.kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(h.body)))
	if h.encoding != "" {
		w.Header().Set("Content-Encoding", h.encoding)
	}
	w.Write(h.body)
}

// A load is a request that readers send, and the answer of the yardstick.
type load struct {
	name   string
	header http.Header
	bare   bare
}

func loads(d *Document) []load {
	return []load{
		{"304", http.Header{"If-None-Match": {d.ETag}, "Accept-Encoding": {"gzip, br"}}, bare{status: 304, etag: d.ETag}},
		{"gzip", http.Header{"Accept-Encoding": {"gzip"}}, bare{body: d.Gzip, encoding: "gzip", etag: d.ETag, kind: d.MediaType}},
		{"full", http.Header{"Accept-Encoding": {"identity"}}, bare{body: d.Body, etag: d.ETag, kind: d.MediaType}},
	}
}

// BenchmarkServe sends requests over loopback, 32 connections that stay open,
// to the shelf and to the bare handler. Compare the two within one run.
func BenchmarkServe(b *testing.B) {
	_, p := newsworthy()
	if err := p.Render(b.Context()); err != nil {
		b.Fatal(err)
	}
	for _, l := range loads(p.Shelf().Document(rss)) {
		b.Run(l.name+"/bare", func(b *testing.B) { serveLoad(b, l.bare, l.header) })
		b.Run(l.name+"/shelf", func(b *testing.B) { serveLoad(b, p, l.header) })
	}
}

func serveLoad(b *testing.B, h http.Handler, header http.Header) {
	server := httptest.NewServer(h)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32, DisableCompression: true}}
	work := make(chan struct{}, 64)
	var clients sync.WaitGroup
	for range 32 {
		clients.Go(func() {
			for range work {
				request, err := http.NewRequest("GET", server.URL+rss, nil)
				if err != nil {
					b.Error(err)
					continue
				}
				request.Header = header
				response, err := client.Do(request)
				if err != nil {
					b.Error(err)
					continue
				}
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
		})
	}
	for b.Loop() {
		work <- struct{}{}
	}
	close(work)
	clients.Wait()
}

// BenchmarkHandler measures the handlers without a network.
func BenchmarkHandler(b *testing.B) {
	_, p := newsworthy()
	if err := p.Render(b.Context()); err != nil {
		b.Fatal(err)
	}
	for _, l := range loads(p.Shelf().Document(rss)) {
		r := httptest.NewRequest("GET", rss, nil)
		r.Header = l.header
		for name, h := range map[string]http.Handler{"bare": l.bare, "shelf": p} {
			b.Run(l.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					h.ServeHTTP(nowhere{http.Header{}}, r)
				}
			})
		}
	}
}

// BenchmarkPublish renders after one new entry, with few and with many stored.
func BenchmarkPublish(b *testing.B) {
	m, p := newsworthy()
	n := 0
	for b.Loop() {
		n++
		e := wire(0)
		e.Title, e.Hash = fmt.Sprint("News ", n), fmt.Sprint(n)
		m.add(e, "all")
		if err := p.Render(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNothingNew renders when nothing has changed.
func BenchmarkNothingNew(b *testing.B) {
	_, p := newsworthy()
	for b.Loop() {
		if err := p.Render(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
