package feeds

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	gorilla "github.com/gorilla/feeds"
)

// Write writes f in the given format: RSS 2.0, Atom 1.0 or JSON Feed 1.1, in
// UTF-8. Equal feeds give equal bytes: Write never asks the clock.
//
// It writes what is valid and leaves out what cannot be: links that are not
// absolute web addresses, dates outside the years 1 to 9999, characters that
// XML forbids, people without a name. It never writes an e-mail address. HTML
// is written as it is given; sanitize it first.
//
// GUIDs are written as they are. Atom demands that they be absolute IRIs, and
// every format that they be unique; Write cannot mend that without breaking
// the promise that an id never changes. An entry without a GUID is known by
// its link, and without a link by a hash of its text.
//
// A tombstone stands in Atom for the entry that it withdraws, if that is in
// Entries and not newer. RSS and JSON Feed have no tombstones: they carry such
// an entry as it stands in Entries, so put there what readers shall see of it.
//
// The error is the writer's, or tells an unknown format.
func Write(w io.Writer, f *Feed, format Format) error {
	if f == nil {
		return errors.New("feeds: no feed to write")
	}
	switch format {
	case RSS:
		return outXML(w, rssOut(f), f.Stylesheet)
	case Atom:
		return outXML(w, atomOut(f), f.Stylesheet)
	case JSONFeed:
		return jsonOut(w, f)
	}
	return fmt.Errorf("feeds: cannot write format %q: it is neither %q, %q nor %q", format, RSS, Atom, JSONFeed)
}

// outXML writes an XML document by the door that gorilla/feeds leaves open.
func outXML(w io.Writer, doc gorilla.XmlFeed, stylesheet string) error {
	if _, err := io.WriteString(w, xml.Header+outStylesheet(stylesheet)); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	if err := e.Encode(doc.FeedXml()); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// maxStylesheet is for how many bytes a document may name its style sheet: some
// who read it look for the root element in the first 512 bytes alone.
const maxStylesheet = 400

// outStylesheet names a CSS file to browsers (Associating Style Sheets with XML
// documents 1.0).
func outStylesheet(raw string) string {
	u := outURI(raw)
	if u == "" || strings.ContainsAny(u, `<>"`) {
		return ""
	}
	pi := `<?xml-stylesheet type="text/css" href="` + strings.ReplaceAll(u, "&", "&amp;") + `"?>` + "\n"
	if len(pi) > maxStylesheet {
		return ""
	}
	return pi
}

// Namespaces of the extensions that are written.
const (
	outAtomNS    = "http://www.w3.org/2005/Atom"
	outContentNS = "http://purl.org/rss/1.0/modules/content/"
	outDCNS      = "http://purl.org/dc/elements/1.1/"
	outHistoryNS = "http://purl.org/syndication/history/1.0"
	outMediaNS   = "http://search.yahoo.com/mrss/"
	outSlashNS   = "http://purl.org/rss/1.0/modules/slash/"
	outThreadNS  = "http://purl.org/syndication/thread/1.0"
	outCommentNS = "http://wellformedweb.org/CommentAPI/"
	outDeletedNS = "http://purl.org/atompub/tombstones/1.0"
)

// The date formats of RSS (RFC 822 with the year in full) and of Atom and JSON
// Feed (RFC 3339). Both are written in UTC.
const (
	outRFC822  = "Mon, 02 Jan 2006 15:04:05 GMT"
	outRFC3339 = "2006-01-02T15:04:05Z"
)

// outDate formats t in UTC; empty if t is zero or no four digits hold its year.
func outDate(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	t = t.UTC()
	if y := t.Year(); y < 1 || y > 9999 {
		return ""
	}
	return t.Format(layout)
}

// outMarkup is an element that holds HTML or, in Atom, plain text instead.
type outMarkup struct {
	Type  string `xml:"type,attr,omitempty"`
	HTML  string `xml:",cdata"`
	Plain string `xml:",innerxml"` // escaped
}

func newOutMarkup(kind string, h HTML) *outMarkup {
	if h == "" {
		return nil
	}
	return &outMarkup{Type: kind, HTML: outClean(string(h))}
}

// outPlain is an element that holds one line of plain text, escaped so that
// readers who take it for HTML still show it right (RSS Best Practices Profile).
type outPlain struct {
	XML string `xml:",innerxml"`
}

func newOutPlain(s string) *outPlain {
	if s = outLine(s); s == "" {
		return nil
	}
	return &outPlain{outEscape.Replace(s)}
}

// outLink is atom:link, in RSS too.
type outLink struct {
	Rel     string `xml:"rel,attr,omitempty"`
	Type    string `xml:"type,attr,omitempty"`
	Title   string `xml:"title,attr,omitempty"`
	Href    string `xml:"href,attr"`
	Length  string `xml:"length,attr,omitempty"`
	Count   string `xml:"thr:count,attr,omitempty"`
	Updated string `xml:"thr:updated,attr,omitempty"`
}

// outThumbnail and outMedia are Media RSS elements.
type outThumbnail struct {
	URL    string `xml:"url,attr"`
	Width  int    `xml:"width,attr,omitempty"`
	Height int    `xml:"height,attr,omitempty"`
}

type outMedia struct {
	URL         string          `xml:"url,attr"`
	Medium      string          `xml:"medium,attr"`
	Type        string          `xml:"type,attr,omitempty"`
	Width       int             `xml:"width,attr,omitempty"`
	Height      int             `xml:"height,attr,omitempty"`
	Description *outDescription `xml:"media:description"`
}

type outDescription struct {
	Type string `xml:"type,attr"`
	outPlain
}

// outPictures gives an entry's pictures: the first also as its thumbnail.
func outPictures(images []Image) (*outThumbnail, []outMedia) {
	var thumb *outThumbnail
	var media []outMedia
	for _, im := range images {
		u := outURI(im.URL)
		if u == "" {
			continue
		}
		m := outMedia{URL: u, Medium: "image", Type: outMediaType(im.MediaType), Width: max(im.Width, 0), Height: max(im.Height, 0)}
		if alt := newOutPlain(im.Title); alt != nil {
			m.Description = &outDescription{"plain", *alt}
		}
		if thumb == nil {
			thumb = &outThumbnail{u, m.Width, m.Height}
		}
		media = append(media, m)
	}
	return thumb, media
}
