package publish

import (
	"bytes"
	"fmt"
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
// archive or to a later one. Where numbers are missing, somebody took archives
// out of the database: their places stay, empty.
func (c *chain) with(a newsroom.Archived) (*chain, error) {
	if a.Number < c.last() {
		return nil, fmt.Errorf("archive %d comes after %d", a.Number, c.last())
	}
	where, err := c.spool.add(a.Gzip)
	if err != nil {
		return nil, err
	}
	next := &chain{c.spool, c.archives}
	for next.last() < a.Number {
		next.archives = append(next.archives, archive{a.Modified.UTC(), map[feeds.Format]archived{}})
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

// archive returns the document of an archive; nil if there is none at the path.
// Its bytes stay in the spool until they are sent: to tell a reader that it has
// them, or must wait, costs next to nothing.
func (s *Shelf) archive(path string) *Document {
	name, number, format, ok := parseArchivePath(path)
	if s == nil || !ok || number > s.chains[name].last() {
		return nil
	}
	chain := s.chains[name]
	a := chain.archives[number-1]
	stored, ok := a.documents[format]
	if !ok {
		return nil
	}
	d := &Document{
		Path: path, Format: format, MediaType: format.MediaType() + "; charset=utf-8",
		ETag: stored.etag, Modified: a.modified,
		Links: []feeds.Link{
			{Rel: "self", Href: s.site.URL + path},
			{Rel: "current", Href: s.site.URL + FeedPath(name, format)},
		},
	}
	d.prepare(archiveCacheControl)
	d.variants = []variant{
		{coding: "gzip", encoding: []string{"gzip"}, length: []string{strconv.Itoa(stored.gzip.length)}},
		{coding: identity, length: []string{strconv.Itoa(stored.size)}},
	}
	d.open = func(coding string) (io.Reader, error) { return chain.spool.open(stored.gzip, coding) }
	return d
}

// open returns a reader of a piece in a coding: gzip, in which it lies there, or
// identity, for which it is unpacked as it is read.
func (s *spool) open(p piece, coding string) (io.Reader, error) {
	zipped, err := s.read(p)
	if err != nil {
		return nil, err
	}
	if coding == identity {
		return gzip.NewReader(bytes.NewReader(zipped))
	}
	return bytes.NewReader(zipped), nil
}

// Archive returns the document of an archive with its bytes; nil if there is none
// at the path.
func (s *Shelf) Archive(path string) (*Document, error) {
	d := s.archive(path)
	if d == nil {
		return nil, nil
	}
	for i := range d.variants {
		v := &d.variants[i]
		from, err := d.open(v.coding)
		if err == nil {
			v.body, err = io.ReadAll(from)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
	d.Gzip, d.Body = d.variants[0].body, d.variants[1].body
	return d, nil
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
					if d == nil && err == nil {
						continue // it was taken out
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
	if d := shelf.archive(r.URL.Path); d != nil {
		p.serve(w, r, d)
		return
	}
	name, number, format, _ := parseArchivePath(r.URL.Path)
	h := w.Header()
	h["Access-Control-Allow-Origin"] = []string{"*"}
	h["Cache-Control"] = []string{"no-store"}
	h["Vary"] = varyValues
	if number <= shelf.chains[name].last() {
		http.Error(w, "this archive was taken out; those before and after it are at their addresses", http.StatusGone)
		return
	}
	http.Redirect(w, r, FeedPath(name, format), http.StatusTemporaryRedirect)
}
