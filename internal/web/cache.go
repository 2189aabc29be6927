package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A document is one page as it is sent.
type document struct {
	status    int
	mediaType string
	maxAge    time.Duration
	body      []byte
	gzip      []byte // nil if the body is too small to gain by it
	etag      string // weak, of the uncompressed bytes
	modified  string // Last-Modified; may be empty
}

// cache holds the documents of one view, each made once, when it is first
// asked for. Only paths that exist stay in it, so asking for others does not
// fill it.
type cache struct {
	mu      sync.Mutex
	version uint64
	slots   map[string]*slot
}

// A slot is the place of a document. Who asks while it is made waits for it.
type slot struct {
	once     sync.Once
	document *document
	err      error
}

// get returns the document of a path of that view, nil if there is none. It
// forgets all other views' documents.
func (c *cache) get(v *View, key string, make func() (*document, error)) (*document, error) {
	s := c.slot(v, key)
	s.once.Do(func() {
		if s.document, s.err = make(); s.document != nil {
			s.document.seal(v.Changed)
		}
	})
	if s.document == nil {
		c.drop(key, s)
	}
	return s.document, s.err
}

func (c *cache) slot(v *View, key string) *slot {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.slots == nil || c.version != v.Version {
		c.version, c.slots = v.Version, map[string]*slot{}
	}
	s := c.slots[key]
	if s == nil {
		s = &slot{}
		c.slots[key] = s
	}
	return s
}

func (c *cache) drop(key string, s *slot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.slots[key] == s {
		delete(c.slots, key)
	}
}

// seal gives a document its tag and its compressed form.
func (d *document) seal(changed time.Time) {
	sum := sha256.Sum256(d.body)
	d.etag = `W/"` + hex.EncodeToString(sum[:8]) + `"`
	if !changed.IsZero() {
		d.modified = changed.UTC().Format(http.TimeFormat)
	}
	if len(d.body) < 512 {
		return
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	z.Write(d.body)                                       // into memory: it cannot fail
	z.Close()
	d.gzip = b.Bytes()
}

// immutable is the age of what never changes under its address.
const immutable = 365 * 24 * time.Hour

func (d *document) freshness() string {
	age := "public, max-age=" + strconv.Itoa(int(d.maxAge.Seconds()))
	if d.maxAge == immutable {
		return age + ", immutable"
	}
	return age + ", stale-if-error=86400"
}

// send answers a GET or HEAD with the document, or with 304 if the reader has
// it. Errors are never answered with 304 (RFC 9110 §13.2.1).
func (d *document) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	h.Set("ETag", d.etag)
	h.Set("Cache-Control", d.freshness())
	if d.modified != "" {
		h.Set("Last-Modified", d.modified)
	}
	if d.status == http.StatusOK && unchanged(r, d.etag, d.modified) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := d.body
	if d.gzip != nil && acceptsGzip(r.Header.Values("Accept-Encoding")) {
		body = d.gzip
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", d.mediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(d.status)
	if r.Method != http.MethodHead {
		w.Write(body) // the reader may be gone; that is its right
	}
}

// unchanged evaluates If-None-Match by weak comparison over all its lines, and
// only without it If-Modified-Since, which must be the very time we gave:
// some readers make times up.
func unchanged(r *http.Request, etag, modified string) bool {
	lines := r.Header.Values("If-None-Match")
	if len(lines) == 0 {
		since := r.Header.Values("If-Modified-Since")
		if len(since) != 1 || modified == "" {
			return false
		}
		a, errA := http.ParseTime(since[0])
		b, errB := http.ParseTime(modified)
		return errA == nil && errB == nil && a.Equal(b)
	}
	opaque := strings.TrimPrefix(etag, "W/")
	for tag := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" || strings.TrimPrefix(tag, "W/") == opaque {
			return true
		}
	}
	return false
}

// acceptsGzip reports whether the Accept-Encoding lines allow gzip: by name
// above all, else by *; q=0 forbids (RFC 9110 §12.5.3).
func acceptsGzip(lines []string) bool {
	others := false
	for coding := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		name, parameters, _ := strings.Cut(coding, ";")
		allowed := true
		if q, found := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameters)), "q="); found {
			weight, err := strconv.ParseFloat(q, 64)
			allowed = err == nil && weight > 0
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return allowed
		case "*":
			others = allowed
		}
	}
	return others
}
