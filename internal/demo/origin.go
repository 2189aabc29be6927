package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"net/http"
	"slices"
	"strings"
	"time"

	"newswire/feeds"
)

// An Origin serves the invented sources: PATH/feed is a source's document and
// PATH/SLUG the page of one report. It answers conditional requests.
type Origin struct {
	Base  string // where it is reached, without a slash at the end
	Start time.Time
}

// ServeHTTP answers as the sources stand at this moment.
func (o *Origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, page, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	i := slices.IndexFunc(desks, func(d desk) bool { return d.path == path })
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	d, since := desks[i], time.Since(o.Start)
	switch page {
	case "feed":
		o.serveFeed(w, r, i, since)
	case "":
		fmt.Fprintf(w, "%s is an invented source. Its feed: %s/%s/feed\n", d.name, o.Base, d.path)
	default:
		o.servePage(w, r, d.feedAt(i, o.Base, o.Start, since), page)
	}
}

func (o *Origin) serveFeed(w http.ResponseWriter, r *http.Request, i int, since time.Duration) {
	d := desks[i]
	if d.path == "tessera" && since >= outageStarts && since < outageEnds {
		http.Error(w, "maintenance", http.StatusServiceUnavailable)
		return
	}
	body, mediaType, err := document(d.feedAt(i, o.Base, o.Start, since), d.format, since)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	sum := sha256.Sum256(body)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	w.Header().Set("Content-Type", mediaType)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// document writes a feed in a source's own format, faults included.
func document(f *feeds.Feed, format string, since time.Duration) ([]byte, string, error) {
	switch format {
	case "rdf":
		return rdf(f), "application/rdf+xml", nil
	case "broken":
		return broken(f, since), "text/xml", nil
	}
	var b bytes.Buffer
	err := feeds.Write(&b, f, feeds.Format(format))
	return b.Bytes(), feeds.Format(format).MediaType(), err
}

// rdf writes RSS 1.0, which we read but do not publish.
func rdf(f *feeds.Feed) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
`)
	fmt.Fprintf(&b, "<channel rdf:about=%q><title>%s</title><link>%s</link><description>%s</description></channel>\n",
		f.Self, html.EscapeString(f.Title), f.Link, html.EscapeString(f.Subtitle))
	for _, e := range f.Entries {
		fmt.Fprintf(&b, "<item rdf:about=%q><title>%s</title><link>%s</link><description>%s</description><dc:date>%s</dc:date></item>\n",
			e.Link, html.EscapeString(e.Title), e.Link, html.EscapeString(string(e.Summary)), e.Published.Format(time.RFC3339))
	}
	b.WriteString("</rdf:RDF>\n")
	return b.Bytes()
}

// broken writes RSS as careless software does: blank lines before the
// declaration, bare ampersands, a control character, and for a while a
// document that ends in the middle.
func broken(f *feeds.Feed, since time.Duration) []byte {
	var b bytes.Buffer
	b.WriteString("\n\n<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>" + f.Title + "</title><link>" + f.Link + "</link><description>a forum</description>\n")
	for _, e := range f.Entries {
		title := strings.ReplaceAll(e.Title, "<", "&lt;") // but the ampersands stay bare
		fmt.Fprintf(&b, "<item><title>%s\x08</title><link>%s</link><guid>%s</guid><pubDate>%s</pubDate><description>%s</description></item>\n",
			title, e.Link, e.GUID, e.Published.Format(time.RFC1123), html.EscapeString(string(e.Summary)))
	}
	b.WriteString("</channel></rss>\n")
	if since >= cutAt && since < cutEnds {
		return b.Bytes()[:b.Len()*2/3]
	}
	return b.Bytes()
}

func (o *Origin) servePage(w http.ResponseWriter, r *http.Request, f *feeds.Feed, slug string) {
	i := slices.IndexFunc(f.Entries, func(e feeds.Entry) bool { return strings.HasSuffix(e.Link, "/"+slug) })
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	e := f.Entries[i]
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!doctype html><html lang=en><meta charset=utf-8><title>%[1]s</title><h1>%[1]s</h1><p><em>%[2]s, an invented source</em></p>%[3]s\n",
		html.EscapeString(e.Title), html.EscapeString(f.Title), e.Content)
}

// slicesByTime orders reports newest first; of equal times the later written first.
func slicesByTime(list []report) {
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b report) int { return b.at.Compare(a.at) })
}
