package publish

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// TestCodings decodes what is sent for each Accept-Encoding: B-20, B-21, B-22.
func TestCodings(t *testing.T) {
	m, p := filled(t)
	for n := 5; n < 40; n++ {
		m.add(wire(n), "all")
	}
	render(t, p)
	d := document(t, p, rss)
	smallest := d.variants[0].coding
	if d.Gzip == nil || d.Brotli == nil || d.Zstd == nil {
		t.Fatal("a coding of a large feed is missing")
	}
	tests := []struct {
		header []string
		want   string
	}{
		{nil, "identity"},
		{[]string{"Accept-Encoding: "}, "identity"},
		{[]string{"Accept-Encoding: identity"}, "identity"},
		{[]string{"Accept-Encoding: gzip"}, "gzip"},
		{[]string{"Accept-Encoding: x-gzip"}, "gzip"},
		{[]string{"Accept-Encoding: GZip"}, "gzip"},
		{[]string{"Accept-Encoding: gzip, deflate"}, "gzip"},
		{[]string{"Accept-Encoding: gzip, deflate, br, zstd"}, smallest},
		{[]string{"Accept-Encoding: gzip", "Accept-Encoding: br"}, first(d, "gzip", "br")},
		{[]string{"Accept-Encoding: br;q=0.5, gzip;q=0.8, zstd;q=0.1"}, "gzip"},
		{[]string{"Accept-Encoding: br ; q=1.0 , gzip;q=0.9"}, "br"},
		{[]string{"Accept-Encoding: gzip;q=0"}, "identity"},
		{[]string{"Accept-Encoding: gzip;q=0.000, br;q=0"}, "identity"},
		{[]string{"Accept-Encoding: gzip;q=0.001"}, "gzip"},
		{[]string{"Accept-Encoding: gzip;q=0.5, identity;q=1"}, "identity"},
		{[]string{"Accept-Encoding: *"}, "gzip"},
		{[]string{"Accept-Encoding: br;q=0, *"}, "gzip"},
		{[]string{"Accept-Encoding: gzip;q=0, *"}, "identity"},
		{[]string{"Accept-Encoding: identity;q=0, br"}, "br"},
		{[]string{"Accept-Encoding: *;q=0, zstd"}, "zstd"},
		{[]string{"Accept-Encoding: identity;q=0"}, ""},
		{[]string{"Accept-Encoding: *;q=0"}, ""},
		{[]string{"Accept-Encoding: deflate, compress"}, "identity"},
		{[]string{"Accept-Encoding: gzip;q=nonsense"}, "identity"},
		{[]string{"Accept-Encoding: gzip;q=1.5"}, "gzip"},
		{[]string{"Accept-Encoding: " + strings.Repeat("x;q=0.1,", 1000) + "br"}, "br"},
	}
	for _, test := range tests {
		r := ask(p, "GET", rss, test.header...)
		if r.Header.Get("Vary") != vary {
			t.Errorf("%v: Vary is %q", test.header, r.Header.Get("Vary"))
		}
		if test.want == "" {
			if r.StatusCode != http.StatusNotAcceptable || r.Header.Get("Etag") != "" {
				t.Errorf("%v: %d with ETag %q, want 406 without", test.header, r.StatusCode, r.Header.Get("Etag"))
			}
			continue
		}
		sent := body(t, r)
		if got := r.Header.Get("Content-Length"); got != fmt.Sprint(len(sent)) {
			t.Errorf("%v: Content-Length %s for %d bytes", test.header, got, len(sent))
		}
		coding := r.Header.Get("Content-Encoding")
		if coding == "" {
			coding = identity
		}
		if coding != test.want {
			t.Errorf("%v: %s, want %s", test.header, coding, test.want)
		} else if decode(t, coding, sent) != string(d.Body) {
			t.Errorf("%v: %s does not decode to the document", test.header, coding)
		}
	}
}

// first returns which of the codings comes first in the document's order.
func first(d *Document, codings ...string) string {
	for _, v := range d.variants {
		for _, c := range codings {
			if v.coding == c {
				return c
			}
		}
	}
	return ""
}

func decode(t *testing.T, coding, sent string) string {
	t.Helper()
	var r io.Reader = strings.NewReader(sent)
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "br":
		r = brotli.NewReader(r)
	case "zstd":
		r, err = zstd.NewReader(r, zstd.WithDecoderMaxWindow(8<<20))
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%s: %v", coding, err)
	}
	return string(b)
}

func TestUselessCodingIsDropped(t *testing.T) {
	d := newCompressor().document("/x", feeds.RSS, []byte("<r/>"), now, nil)
	if d.Gzip != nil || d.Brotli != nil || d.Zstd != nil {
		t.Errorf("four bytes are kept as gzip %d, br %d, zstd %d bytes", len(d.Gzip), len(d.Brotli), len(d.Zstd))
	}
	v := choose(d.variants, []string{"gzip, br, zstd"})
	if v == nil || v.coding != identity {
		t.Errorf("chosen: %+v, want identity", v)
	}
}

func TestNoAllocationGrowsWithTheBody(t *testing.T) {
	small, large := newMemory(), newMemory()
	small.add(wire(1), "all")
	for n := range 50 {
		e := wire(n)
		e.Content = feeds.HTML("<p>" + strings.Repeat("text ", 2000) + "</p>")
		large.add(e, "all")
	}
	allocated := func(m *memory) (bytesEach int64, size int) {
		p := newPublisher(m)
		full := lab()
		full.Publish = newsroom.PublishFull
		c := config()
		c.Sources = []newsroom.Source{full}
		p.Config = func() Config { return c }
		render(t, p)
		r := httptest.NewRequest("GET", rss, nil)
		result := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.ServeHTTP(nowhere{http.Header{}}, r)
			}
		})
		return result.AllocedBytesPerOp(), len(document(t, p, rss).Body)
	}
	few, fewSize := allocated(small)
	many, manySize := allocated(large)
	if manySize < 50*fewSize {
		t.Fatalf("bodies of %d and %d bytes do not differ enough", fewSize, manySize)
	}
	if many > few+64 {
		t.Errorf("%d bytes are allocated for a body of %d, %d for one of %d", many, manySize, few, fewSize)
	}
}
