package poll_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"newswire/internal/egress"
	"newswire/internal/newsroom"
	"newswire/internal/poll"
)

// benchOrigin serves a feed of about 80 KB, gzipped; /304 answers conditional
// requests with 304, /200 never does.
func benchOrigin(b *testing.B) *httptest.Server {
	var doc strings.Builder
	doc.WriteString(`<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><link>http://x.test/</link>`)
	for i := range 25 {
		fmt.Fprintf(&doc, `<item><guid>g%d</guid><title>Story %d</title><link>http://x.test/%d</link><description>%s</description></item>`, i, i, i, strings.Repeat(fmt.Sprintf("Sentence %d of a story that is told at length. ", i), 65))
	}
	doc.WriteString("</channel></rss>")
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(doc.String()))
	z.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"1"`)
		if strings.HasPrefix(r.URL.Path, "/304") && r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(zipped.Bytes())
	}))
	b.Cleanup(s.Close)
	return s
}

// benchPoller returns a poller with a store in memory: what is measured is the
// poll, not the disk.
func benchPoller(b *testing.B, url string) *poll.Poller {
	client := egress.New(egress.Config{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	b.Cleanup(client.Close)
	m := newMemory()
	p := &poll.Poller{Client: client, Store: m, Take: m.take, Policy: poll.Policy{MinInterval: 1}, Owner: "bench", Log: slog.New(slog.DiscardHandler)}
	if err := p.SetSources(map[string]newsroom.Source{"s": {Slug: "s", Name: "s", URL: url}}); err != nil {
		b.Fatal(err)
	}
	if res, err := p.Ask(context.Background(), "s"); err != nil || res.Class != newsroom.ClassOK {
		b.Fatal(res.Class, res.Problem, err)
	}
	return p
}

func benchAsk(b *testing.B, path string, want newsroom.Class) {
	p := benchPoller(b, benchOrigin(b).URL+path)
	b.ReportAllocs()
	for b.Loop() {
		res, err := p.Ask(context.Background(), "s")
		if err != nil || res.Class != want || (want == newsroom.ClassOK && !res.Unchanged) {
			b.Fatal(res.Class, res.Problem, err)
		}
	}
}

// BenchmarkPollNotModified beside BenchmarkBareNotModified: at most 3 times.
func BenchmarkPollNotModified(b *testing.B) { benchAsk(b, "/304", newsroom.ClassNotModified) }

// BenchmarkPollSameBytes beside BenchmarkBareSameBytes: at most 1.4 times.
func BenchmarkPollSameBytes(b *testing.B) { benchAsk(b, "/200", newsroom.ClassOK) }

func BenchmarkBareNotModified(b *testing.B) {
	bare(b, benchOrigin(b).URL+"/304", http.StatusNotModified)
}

// BenchmarkBareSameBytes fetches, unpacks and hashes.
func BenchmarkBareSameBytes(b *testing.B) { bare(b, benchOrigin(b).URL+"/200", http.StatusOK) }

func bare(b *testing.B, url string, status int) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	b.ReportAllocs()
	for b.Loop() {
		req, err := http.NewRequestWithContext(context.Background(), "GET", url, nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("If-None-Match", `"1"`)
		resp, err := client.Do(req)
		if err != nil || resp.StatusCode != status {
			b.Fatal(resp, err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
		_ = sha256.Sum256(body)
	}
}
