package publish

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"newswire/feeds"
)

// What we ask of those who keep our feeds: to look again after MaxAge, to use
// an old copy for a while when we are busy, and for a day when we are down.
// The same wait stands in the feeds themselves (rss:ttl): readers take the
// largest of what they are told.
const (
	MaxAge       = 5 * time.Minute
	cacheControl = "public, max-age=300, s-maxage=60, stale-while-revalidate=300, stale-if-error=86400"
	// An archive never changes. A month, because one that must go, must go in time.
	archiveCacheControl = "public, max-age=2592000, immutable"
	// A browser that is sent to a feed's address gets a page there, before it
	// comes here: what is kept of this answer must not be given to it.
	vary = "Accept-Encoding, Sec-Fetch-Dest"
	// startWait is when to come back to a feed that was not yet rendered.
	startWait = 10 * time.Second
)

var (
	varyValues = []string{vary}
	preflight  = fields{
		one("Access-Control-Allow-Headers", "If-None-Match, If-Modified-Since, A-IM, Cache-Control"),
		one("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
		one("Access-Control-Allow-Origin", "*"),
		one("Access-Control-Max-Age", "86400"),
		one("Allow", "GET, HEAD, OPTIONS"),
		one("Vary", vary),
	}
)

// ServeHTTP answers /feeds/NAME.rss, .atom and .json, and the archives below
// /feeds/NAME/archive/, from the shelf. Queries mean nothing to it.
func (p *Publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	shelf := p.shelf.Load()
	d := shelf.Document(r.URL.Path)
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case d != nil && reads:
		p.serve(w, r, d)
	case d == nil && !shelf.archives(r.URL.Path):
		serveNothing(w, shelf, r.URL.Path)
	case reads:
		p.serveArchive(w, r, shelf)
	case r.Method == http.MethodOptions:
		preflight.setIn(w.Header())
		w.WriteHeader(http.StatusNoContent)
	default:
		refuseMethod(w)
	}
}

// serve answers GET and HEAD, unless the guest must wait. To be told that
// nothing has changed costs next to nothing, and is refused last.
func (p *Publisher) serve(w http.ResponseWriter, r *http.Request, d *Document) {
	unchanged := d.unchanged(r.Header)
	if p.Wait != nil {
		if wait := p.Wait(r, r.Method == http.MethodGet && !unchanged); wait > 0 {
			refuseGreed(w, wait)
			return
		}
	}
	if err := d.serve(w, r, unchanged); err != nil {
		p.log().Error("publish: an archive cannot be read", "path", d.Path, "error", err)
	}
}

// refuseGreed answers 429 (RFC 6585 §4).
func refuseGreed(w http.ResponseWriter, wait time.Duration) {
	h := w.Header()
	h["Access-Control-Allow-Origin"] = []string{"*"}
	h["Cache-Control"] = []string{"no-store"}
	h["Retry-After"] = []string{strconv.Itoa(int((wait + time.Second - 1) / time.Second))}
	h["Vary"] = varyValues
	http.Error(w, "you have taken this feed many times; wait as long as Retry-After says, and ask with If-None-Match", http.StatusTooManyRequests)
}

// serve answers GET and HEAD; unchanged says that the guest has the document.
// The error is that the bytes of an archive cannot be read: the guest was told
// to come again.
func (d *Document) serve(w http.ResponseWriter, r *http.Request, unchanged bool) error {
	h := w.Header()
	d.header.setIn(h)
	if now := time.Now(); d.ahead(now) {
		// No date may be later than the answer's own (RFC 9110 §8.8.2.1).
		h["Last-Modified"] = []string{now.UTC().Format(http.TimeFormat)}
	}
	if unchanged {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	v := choose(d.variants, r.Header["Accept-Encoding"])
	if v == nil {
		refuse(w, http.StatusNotAcceptable, "this feed can be sent as it is, or in gzip, br or zstd; Accept-Encoding refuses all of them")
		return nil
	}
	var archive io.Reader
	if d.open != nil && r.Method == http.MethodGet {
		var err error
		if archive, err = d.open(v.coding); err != nil {
			h["Retry-After"] = []string{"60"}
			refuse(w, http.StatusServiceUnavailable, "this archive cannot be read now; ask again in a minute")
			return err
		}
	}
	d.content.setIn(h)
	if v.encoding != nil {
		h["Content-Encoding"] = v.encoding
	}
	h["Content-Length"] = v.length
	w.WriteHeader(http.StatusOK)
	// A reader that goes away is no fault of ours.
	switch {
	case archive != nil:
		_, _ = io.Copy(w, archive)
	case r.Method == http.MethodGet:
		_, _ = w.Write(v.body)
	}
	return nil
}

// serveNothing answers for a path without a document: it may come, or there is
// no such thing.
func serveNothing(w http.ResponseWriter, shelf *Shelf, path string) {
	h := w.Header()
	h["Access-Control-Allow-Origin"] = []string{"*"}
	h["Vary"] = varyValues
	if shelf.expects(path) {
		h["Cache-Control"] = []string{"no-store"}
		h["Retry-After"] = []string{strconv.Itoa(int(startWait / time.Second))}
		http.Error(w, "this feed is being made; ask again in a moment", http.StatusServiceUnavailable)
		return
	}
	http.Error(w, "there is no such feed; /feeds lists those there are", http.StatusNotFound)
}

// expects reports whether a document may yet appear at a path. Before the
// first rendering any feed may.
func (s *Shelf) expects(path string) bool {
	if s != nil {
		return s.pending[path]
	}
	name, ok := strings.CutPrefix(path, "/feeds/")
	if !ok {
		return false
	}
	dot := strings.LastIndexByte(name, '.')
	return dot > 0 && feeds.Format(name[dot+1:]).MediaType() != ""
}

func refuseMethod(w http.ResponseWriter) {
	h := w.Header()
	h["Allow"] = []string{"GET, HEAD, OPTIONS"}
	h["Connection"] = []string{"close"} // what was sent along is not read
	h["Vary"] = varyValues
	http.Error(w, "feeds are read with GET or HEAD", http.StatusMethodNotAllowed)
}

// refuse says why a document is not sent, in place of what its headers say.
func refuse(w http.ResponseWriter, status int, why string) {
	h := w.Header()
	delete(h, "Etag") // of something that is not sent
	delete(h, "Last-Modified")
	h["Cache-Control"] = []string{"no-store"}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, why+"\n")
}
