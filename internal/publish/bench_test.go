package publish

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
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

// BenchmarkHandler measures answers without a network; .ci/bench-serve has the
// whole program and a yardstick.
func BenchmarkHandler(b *testing.B) {
	_, p := newsworthy()
	if err := p.Render(b.Context()); err != nil {
		b.Fatal(err)
	}
	for name, header := range map[string]http.Header{
		"304":  {"If-None-Match": {p.Shelf().Document(rss).ETag}, "Accept-Encoding": {"gzip, br"}},
		"gzip": {"Accept-Encoding": {"gzip"}},
		"full": {"Accept-Encoding": {"identity"}},
	} {
		r := httptest.NewRequest("GET", rss, nil)
		r.Header = header
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.ServeHTTP(nowhere{http.Header{}}, r)
			}
		})
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
