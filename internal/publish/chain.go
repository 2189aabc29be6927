package publish

import (
	"bytes"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// A chain is the archives of a channel (RFC 5005 §4), the first of which has
// the number 1. It does not change; the bytes lie in the spool. A nil chain is
// empty.
type chain struct {
	spool    *spool
	archives []archive
}

// An archive is a part of what a channel has published, in all formats.
type archive struct {
	modified  time.Time
	documents map[feeds.Format]archived
}

type archived struct {
	etag string
	size int // of the document, not of the piece
	gzip piece
}

// last returns the number of the newest archive; 0: there is none.
func (c *chain) last() int64 {
	if c == nil {
		return 0
	}
	return int64(len(c.archives))
}

// with returns the chain with one more document, which belongs to its last
// archive or to the one after it.
func (c *chain) with(a newsroom.Archived) (*chain, error) {
	where, err := c.spool.add(a.Gzip)
	if err != nil {
		return nil, err
	}
	next := &chain{c.spool, c.archives}
	if a.Number > c.last() {
		next.archives = append(c.archives, archive{a.Modified.UTC(), map[feeds.Format]archived{}})
	}
	next.archives[a.Number-1].documents[a.Format] = archived{a.ETag, a.Size, where}
	return next, nil
}

// ArchivePath returns the path of an archive of a channel.
func ArchivePath(channel string, number int64, format feeds.Format) string {
	return "/feeds/" + channel + "/archive/" + strconv.FormatInt(number, 10) + "." + string(format)
}

// parseArchivePath is the inverse of ArchivePath.
func parseArchivePath(path string) (channel string, number int64, format feeds.Format, ok bool) {
	rest, ok := strings.CutPrefix(path, "/feeds/")
	if !ok {
		return "", 0, "", false
	}
	channel, rest, ok = strings.Cut(rest, "/archive/")
	if !ok {
		return "", 0, "", false
	}
	digits, extension, _ := strings.Cut(rest, ".")
	number, err := strconv.ParseInt(digits, 10, 64)
	format = feeds.Format(extension)
	return channel, number, format, err == nil && number > 0 && ArchivePath(channel, number, format) == path && format.MediaType() != ""
}

// Archive returns the document of an archive; nil if there is none at the path.
func (s *Shelf) Archive(path string) (*Document, error) {
	name, number, format, ok := parseArchivePath(path)
	if s == nil || !ok || number > s.chains[name].last() {
		return nil, nil
	}
	a := s.chains[name].archives[number-1]
	d, ok := a.documents[format]
	if !ok {
		return nil, nil
	}
	zipped, err := s.chains[name].spool.read(d.gzip)
	if err != nil {
		return nil, err
	}
	return s.archiveDocument(path, name, format, a.modified, d, zipped), nil
}

// archiveDocument prepares an archive to be served. Its body is made when it
// is asked for: most readers take it in gzip.
func (s *Shelf) archiveDocument(path, channel string, format feeds.Format, modified time.Time, d archived, zipped []byte) *Document {
	doc := &Document{
		Path: path, Format: format, MediaType: format.MediaType() + "; charset=utf-8",
		Gzip: zipped, ETag: d.etag, Modified: modified,
		Links: []feeds.Link{
			{Rel: "self", Href: s.site.URL + path},
			{Rel: "current", Href: s.site.URL + FeedPath(channel, format)},
		},
	}
	doc.prepare(archiveCacheControl)
	doc.variants = []variant{
		{coding: "gzip", encoding: []string{"gzip"}, length: []string{strconv.Itoa(len(zipped))}, body: zipped},
		{coding: identity, length: []string{strconv.Itoa(d.size)}},
	}
	return doc
}

// unzipped is the body of an archive as it is.
func unzipped(body []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// Archives returns all archives of all channels, in the order of their paths
// but for the numbers, which go up. It stops after an error.
func (s *Shelf) Archives() iter.Seq2[*Document, error] {
	return func(yield func(*Document, error) bool) {
		if s == nil {
			return
		}
		for _, ch := range s.order {
			for n := range s.chains[ch.Name].last() {
				for _, format := range formats {
					d, err := s.Archive(ArchivePath(ch.Name, n+1, format))
					if err == nil {
						d.Body, err = unzipped(d.Gzip)
					}
					if !yield(d, err) || err != nil {
						return
					}
				}
			}
		}
	}
}

// archives reports whether a path is that of an archive, or the one after the
// newest.
func (s *Shelf) archives(path string) bool {
	name, number, _, ok := parseArchivePath(path)
	return ok && s != nil && s.chains[name].last() > 0 && number <= s.chains[name].last()+1
}

// serveArchive answers GET and HEAD for an archive. The address after the
// newest one leads to the channel's own document: what follows that archive
// stands there until the next is made.
func (p *Publisher) serveArchive(w http.ResponseWriter, r *http.Request, shelf *Shelf) {
	d, err := shelf.Archive(r.URL.Path)
	if err == nil && d != nil {
		err = d.chosen(r.Header["Accept-Encoding"])
	}
	h := w.Header()
	switch {
	case err != nil:
		h["Cache-Control"] = []string{"no-store"}
		h["Retry-After"] = []string{"60"}
		http.Error(w, "this archive cannot be read now; ask again in a minute", http.StatusServiceUnavailable)
	case d == nil:
		name, _, format, _ := parseArchivePath(r.URL.Path)
		h["Access-Control-Allow-Origin"] = []string{"*"}
		h["Cache-Control"] = []string{"no-store"}
		h["Vary"] = varyValues
		http.Redirect(w, r, FeedPath(name, format), http.StatusTemporaryRedirect)
	default:
		p.serve(w, r, d)
	}
}

// chosen makes the body of an archive if a request with these Accept-Encoding
// lines wants it as it is.
func (d *Document) chosen(lines []string) (err error) {
	if v := choose(d.variants, lines); v != nil && v.body == nil {
		v.body, err = unzipped(d.Gzip)
	}
	return err
}
