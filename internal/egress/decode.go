package egress

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"newswire/internal/newsroom"
)

const (
	maxWindow = 8 << 20 // of zstd: RFC 9659
	maxRatio  = 100     // decoded to received bytes …
	ratioFrom = 1 << 20 // … of bodies larger than this
	readChunk = 32 << 10
	// maxScratch is the largest buffer that is kept for the next body.
	maxScratch = 1 << 20
)

var (
	gzipMagic = []byte{0x1f, 0x8b, 8}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
	xmlStart  = []byte("<?xml")
)

// A wire reads what the connection gives and remembers how much and how it
// ended.
type wire struct {
	r   io.Reader
	n   int64
	err error
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.n += int64(n)
	if err != nil {
		w.err = err
	}
	return n, err
}

// decoders keeps decompressors and buffers for the next body; they are costly
// to make.
type decoders struct{ gzip, brotli, zstd, buffered, scratch sync.Pool }

// A body is what was read of one.
type body struct {
	data    []byte
	wire    int64 // bytes received
	sniffed bool  // its Content-Encoding was wrong and its first bytes told
}

// read reads a body, undoes its content coding and stops at limit decoded
// bytes. With a failure comes what was read until then.
func (d *decoders) read(resp *http.Response, limit int64) (body, *Failure) {
	w := &wire{r: resp.Body}
	buffered, ok := d.buffered.Get().(*bufio.Reader)
	if !ok {
		buffered = bufio.NewReader(nil)
	}
	buffered.Reset(w)
	defer d.buffered.Put(buffered)
	start, _ := buffered.Peek(len(xmlStart))
	coding, err := contentCoding(resp.Header)
	if err != nil {
		return body{wire: w.n}, err
	}
	actual := sniff(coding, start)
	decoded, done, err := d.open(actual, buffered)
	if err != nil {
		return body{wire: w.n}, err
	}
	scratch, ok := d.scratch.Get().(*[]byte)
	if !ok {
		scratch = new([]byte)
	}
	read, failure := readAll(decoded, w, limit, (*scratch)[:0])
	done(failure == nil)
	data := bytes.Clone(read)
	if cap(read) <= maxScratch {
		*scratch = read
		d.scratch.Put(scratch)
	}
	return body{data: data, wire: w.n, sniffed: actual != coding}, failure
}

// contentCoding returns the one content coding of an answer, "" for none.
func contentCoding(h http.Header) (string, *Failure) {
	var codings []string
	for part := range strings.SplitSeq(strings.Join(h.Values("Content-Encoding"), ","), ",") {
		part = strings.ToLower(strings.TrimSpace(part))
		if part != "" && part != "identity" {
			codings = append(codings, part)
		}
	}
	if len(codings) == 0 {
		return "", nil
	}
	if len(codings) > 1 {
		return "", fail(newsroom.ClassContentEncoding, "the body is encoded %d times", len(codings))
	}
	switch codings[0] {
	case "gzip", "x-gzip":
		return "gzip", nil
	case "br", "zstd":
		return codings[0], nil
	}
	// Its name is the origin's word, and may repeat what it was asked with.
	if slices.Contains([]string{"deflate", "compress", "x-compress", "exi", "dcb", "dcz", "aes128gcm"}, codings[0]) {
		return "", fail(newsroom.ClassContentEncoding, "the body is encoded as %s, which we did not offer", codings[0])
	}
	return "", fail(newsroom.ClassContentEncoding, "the body is encoded in a way that nobody knows")
}

// sniff corrects a declared coding by the first bytes of the body.
func sniff(coding string, start []byte) string {
	switch {
	case bytes.HasPrefix(start, gzipMagic):
		return "gzip"
	case bytes.HasPrefix(start, zstdMagic):
		return "zstd"
	case coding == "br" && !bytes.HasPrefix(start, xmlStart):
		return "br"
	}
	return ""
}

// open returns the reader of a coding, and what gives it back.
func (d *decoders) open(coding string, r *bufio.Reader) (io.Reader, func(bool), *Failure) {
	switch coding {
	case "gzip":
		z, ok := d.gzip.Get().(*gzip.Reader)
		if !ok {
			z = new(gzip.Reader)
		}
		if err := z.Reset(r); err != nil {
			return nil, nil, fail(newsroom.ClassTruncated, "the gzip header of the body is cut or broken")
		}
		z.Multistream(false)
		return &members{gzip: z, from: r}, func(bool) { d.gzip.Put(z) }, nil
	case "br":
		b, ok := d.brotli.Get().(*brotli.Reader)
		if !ok {
			b = brotli.NewReader(r)
		} else if err := b.Reset(r); err != nil {
			return nil, nil, fail(newsroom.ClassInternal, "brotli: %s", quoted(err))
		}
		return b, func(bool) { d.brotli.Put(b) }, nil
	case "zstd":
		return d.openZstd(r)
	}
	return r, func(bool) {}, nil
}

func (d *decoders) openZstd(r io.Reader) (io.Reader, func(bool), *Failure) {
	z, ok := d.zstd.Get().(*zstd.Decoder)
	if !ok {
		var err error
		z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, fail(newsroom.ClassInternal, "zstd: %s", quoted(err))
		}
	}
	if err := z.Reset(r); err != nil {
		return nil, nil, fail(newsroom.ClassInternal, "zstd: %s", quoted(err))
	}
	release := func(sound bool) {
		if sound {
			d.zstd.Put(z)
			return
		}
		z.Close()
	}
	return z, release, nil
}

// members reads all members of a gzip body and ignores what follows them.
type members struct {
	gzip *gzip.Reader
	from *bufio.Reader
}

func (m *members) Read(p []byte) (int, error) {
	for {
		n, err := m.gzip.Read(p)
		if n > 0 && err == io.EOF {
			err = nil
		}
		if n > 0 || err != io.EOF {
			return n, err
		}
		start, _ := m.from.Peek(len(gzipMagic))
		if !bytes.Equal(start, gzipMagic) {
			return 0, io.EOF
		}
		if err := m.gzip.Reset(m.from); err != nil {
			return 0, io.EOF
		}
		m.gzip.Multistream(false)
	}
}

// readAll reads r, which decodes w, to its end or to limit bytes. It appends
// to data.
func readAll(r io.Reader, w *wire, limit int64, data []byte) ([]byte, *Failure) {
	for {
		if len(data) == cap(data) {
			data = slices.Grow(data, max(readChunk, len(data)))
		}
		space := data[len(data):min(cap(data), len(data)+readChunk)]
		n, err := r.Read(space)
		data = data[:len(data)+n]
		size := int64(len(data))
		switch {
		case size > ratioFrom && size > maxRatio*w.n:
			return data, fail(newsroom.ClassBomb, "%d bytes unpack to more than %d: a decompression bomb", w.n, size)
		case size > limit:
			return data[:limit], fail(newsroom.ClassTooLarge, "the document is larger than %d bytes", limit)
		case err == io.EOF:
			return data, nil
		case err != nil:
			return data, bodyFailure(err, w.err, len(data))
		}
	}
}

// bodyFailure says why a body ended early: err is what the decoder said, wire
// what the connection said.
func bodyFailure(err, wire error, got int) *Failure {
	switch {
	case wire == nil, wire == io.EOF:
		if got == 0 {
			return fail(newsroom.ClassContentEncoding, "the body is not encoded as its Content-Encoding says")
		}
		return fail(newsroom.ClassTruncated, "the compressed body is cut or damaged after %d bytes", got)
	case errors.Is(wire, context.DeadlineExceeded), isTimeout(wire):
		return fail(newsroom.ClassTimeoutBody, "the body did not arrive in time; %d bytes did", got)
	case errors.Is(wire, io.ErrUnexpectedEOF), errors.Is(wire, syscall.ECONNRESET):
		return fail(newsroom.ClassTruncated, "the body was cut after %d bytes", got)
	}
	return fail(newsroom.ClassProto, "the body is not valid HTTP%s", reason(wire))
}
