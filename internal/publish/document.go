package publish

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"newswire/feeds"
)

// A Document is one version of what stands at a path: bytes that do not
// change. Nothing of it may be written to.
type Document struct {
	Path      string
	Format    feeds.Format
	MediaType string // with its charset
	Body      []byte
	Gzip      []byte // nil where a coding does not make the body smaller
	Brotli    []byte
	Zstd      []byte
	ETag      string       // weak, over Body alone: the same for all codings
	Modified  time.Time    // when the bytes last changed; whole seconds, later with every version
	Links     []feeds.Link // self, hub and alternate, as in the Link header

	lastModified string // Modified as HTTP writes it
	tag          string // the ETag's opaque part
	header       fields // of 200 and 304
	content      fields // of 200 alone
	variants     []variant
	// open reads an archive in a coding when it is sent; nil: variants hold the bodies.
	open func(coding string) (io.Reader, error)
}

// fields are header fields made beforehand. Their value slices are shared by
// all answers, have no room to grow, and are never written to.
type fields []field

type field struct {
	name   string // canonical
	values []string
}

func (f fields) setIn(h http.Header) {
	for i := range f {
		h[f[i].name] = f[i].values
	}
}

// A variant is the body in one content coding.
type variant struct {
	coding   string // identity, gzip, br, zstd
	encoding []string
	length   []string
	body     []byte // nil until it is asked for, of an archive
}

// ETag returns the tag of a body: weak, because one tag stands for all its
// content codings (RFC 9110 §8.8.3.3), and a function of the bytes alone, so
// that every process gives the same.
func ETag(body []byte) string {
	sum := sha256.Sum256(body)
	return `W/"` + hex.EncodeToString(sum[:16]) + `"`
}

// opaqueTag returns what a tag of ours holds between its quotes.
func opaqueTag(etag string) string { return strings.Trim(strings.TrimPrefix(etag, "W/"), `"`) }

// document compresses a body and prepares its answers.
func (c *compressor) document(path string, format feeds.Format, body []byte, modified time.Time, links []feeds.Link) *Document {
	d := &Document{
		Path: path, Format: format, MediaType: format.MediaType() + "; charset=utf-8",
		Body: body, ETag: ETag(body), Modified: modified, Links: links,
	}
	d.Gzip, d.Brotli, d.Zstd = c.compress(body)
	d.variants = variants(d)
	d.prepare(cacheControl)
	return d
}

// prepare makes the headers of a document's answers.
func (d *Document) prepare(cacheControl string) {
	d.lastModified = d.Modified.UTC().Format(http.TimeFormat)
	d.tag = opaqueTag(d.ETag)
	d.header = fields{
		one("Access-Control-Allow-Origin", "*"),
		one("Access-Control-Expose-Headers", "ETag, Last-Modified, Link, Retry-After"),
		one("Cache-Control", cacheControl),
		one("Etag", d.ETag),
		one("Last-Modified", d.lastModified),
		one("Link", linkHeader(d.Links)),
		one("Vary", vary),
	}
	d.content = fields{
		one("Accept-Ranges", "none"),
		one("Content-Security-Policy", "sandbox"),
		one("Content-Type", d.MediaType),
		one("X-Content-Type-Options", "nosniff"),
	}
}

func one(name, value string) field { return field{name, []string{value}} }

// variants lists the forms a body can be sent in, the smallest first. The body
// as it is comes last: a coding that does not save anything was left out.
func variants(d *Document) []variant {
	all := []variant{
		{coding: "br", body: d.Brotli}, {coding: "zstd", body: d.Zstd}, {coding: "gzip", body: d.Gzip},
		{coding: identity, body: d.Body},
	}
	kept := all[:0]
	for _, v := range all {
		if v.body == nil {
			continue
		}
		if v.coding != identity {
			v.encoding = []string{v.coding}
		}
		v.length = []string{strconv.Itoa(len(v.body))}
		kept = append(kept, v)
	}
	slices.SortStableFunc(kept, func(a, b variant) int { return cmp.Compare(len(a.body), len(b.body)) })
	return kept
}

// linkHeader writes links as one field value (RFC 8288).
func linkHeader(links []feeds.Link) string {
	var b strings.Builder
	for i, l := range links {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("<" + headerURL(l.Href) + `>; rel="` + l.Rel + `"`)
		if l.MediaType != "" {
			b.WriteString(`; type="` + l.MediaType + `"`)
		}
	}
	return b.String()
}

// headerURL keeps what a URL in angle brackets cannot hold out of a header.
func headerURL(raw string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == '<' || r == '>' || r >= 0x7f {
			return -1
		}
		return r
	}, raw)
}

// A compressor makes the codings. It holds about 10 MB, and serves one document
// at a time.
type compressor struct {
	gzip   *gzip.Writer
	brotli *brotli.Writer
	zstd   *zstd.Encoder
}

// Brotli stands at 6: on feeds, 9 saves about one byte in a hundred more and
// holds 34 MB while it does, against 4 MB here. Zstd's next level
// saves two or three and holds 4 MB instead of one.
const (
	gzipLevel        = 8 // 9 saves two bytes in a hundred more, in more than twice the time
	brotliQuality    = 6
	brotliQualityBig = 5
	brotliWindow     = 18      // bits: 256 KB, more than most feeds have
	zstdWindow       = 1 << 20 // RFC 9659 allows 8 MB
	bigBody          = 1 << 20 // bytes
)

func newCompressor() *compressor {
	gz, err := gzip.NewWriterLevel(nil, gzipLevel)
	if err != nil {
		panic(err) // the level is a constant
	}
	zs, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault),
		zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(zstdWindow))
	if err != nil {
		panic(err) // the options are constants
	}
	br := brotli.NewWriterOptions(nil, brotli.WriterOptions{Quality: brotliQuality, LGWin: brotliWindow})
	return &compressor{gz, br, zs}
}

// compress returns the codings of a body; nil for one that is not smaller.
func (c *compressor) compress(body []byte) (gz, br, zs []byte) {
	brotliWriter := c.brotli
	if len(body) > bigBody {
		brotliWriter = brotli.NewWriterLevel(nil, brotliQualityBig)
	}
	gz = through(c.gzip, body)
	br = through(brotliWriter, body)
	zs = smaller(c.zstd.EncodeAll(body, nil), body)
	return gz, br, zs
}

type resetter interface {
	io.WriteCloser
	Reset(w io.Writer)
}

func through(w resetter, body []byte) []byte {
	var out bytes.Buffer
	w.Reset(&out)
	// A bytes.Buffer takes all; an error here is a broken coder, and then the
	// coding is left out.
	if _, err := w.Write(body); err != nil {
		return nil
	}
	if err := w.Close(); err != nil {
		return nil
	}
	return smaller(out.Bytes(), body)
}

// smaller returns a copy without slack, or nil if nothing was saved.
func smaller(coded, body []byte) []byte {
	if len(coded) == 0 || len(coded) >= len(body) {
		return nil
	}
	return bytes.Clone(coded)
}
