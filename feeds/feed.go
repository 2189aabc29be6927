package feeds

import "time"

// A Format is one of the three formats that Write knows.
type Format string

// The formats that are written. All of RSS 0.9x–2.0, Atom 0.3 and 1.0, and
// JSON Feed 1.0 and 1.1 are read.
const (
	RSS      Format = "rss"
	Atom     Format = "atom"
	JSONFeed Format = "json"
)

// MediaType returns the media type under which a feed of this format is
// served, without parameters; empty for an unknown format.
func (f Format) MediaType() string {
	switch f {
	case RSS:
		return "application/rss+xml"
	case Atom:
		return "application/atom+xml"
	case JSONFeed:
		return "application/feed+json"
	}
	return ""
}

// HTML is a fragment of markup from outside. It is not safe to show.
type HTML string

// A Feed is a web feed, modeled after Atom (RFC 4287).
type Feed struct {
	Format  Format // what it was read from; not written
	Version string // of that format, as "2.0" or "0.3"; not written

	ID         string // permanent IRI (atom:id); empty if the document has none
	Title      string // plain text
	Subtitle   string // plain text
	Link       string // the web site
	Self       string // the feed's own URL: its WebSub topic
	Hubs       []string
	Links      []Link // further links: prev-archive, next-archive, current, next, previous, license, alternate formats
	Language   string // BCP 47
	Rights     string
	Generator  Generator
	Icon       string // square picture (atom:icon, JSON icon)
	Logo       string // wide picture (atom:logo)
	Image      *Image // the RSS channel image: PNG, GIF or JPEG, at most 144×400
	Authors    []Person
	Categories []Category
	Updated    time.Time // zero if not declared
	Archive    bool      // fh:archive (RFC 5005 §4): this document never changes
	Complete   bool      // fh:complete (RFC 5005 §2): entries that are not in it are gone

	TTL       time.Duration // how long the publisher asks to wait: rss:ttl or sy:updatePeriod; zero if it does not say
	SkipHours []int         // hours of the day, GMT, in which not to ask
	SkipDays  []time.Weekday

	Entries []Entry
	Deleted []Tombstone // entries that were withdrawn (RFC 6721)

	// Stylesheet is the URL of a CSS file for browsers that show the XML as it
	// is; empty: none, and one of more than some 300 bytes is left out. JSON Feed
	// has no place for it. It is not read.
	Stylesheet string

	// Extension holds members of the JSON Feed object whose names begin with
	// an underscore. RSS and Atom ignore it.
	Extension map[string]any
}

// An Entry is one entry (Atom) or item (RSS, JSON Feed) of a feed.
type Entry struct {
	// GUID identifies the entry within its feed (atom:id, rss:guid, JSON id).
	// It is opaque: it need not be a URL, and equal links do not make equal
	// entries. Written, it is the id in all three formats.
	GUID      string
	Permalink bool   // the GUID is declared to be the URL of the page
	Title     string // plain text
	Link      string // absolute URL of the page
	External  string // absolute URL of the thing that the entry is about (JSON external_url)
	Summary   HTML
	Content   HTML
	Language  string // BCP 47; empty: the feed's
	Rights    string
	License   string // URL
	Authors   []Person

	Categories []Category
	Enclosures []Enclosure
	Images     []Image // the first is the entry's picture
	Comments   *Comments

	Published time.Time // zero if not declared
	Updated   time.Time // zero if not declared

	// Source describes the feed the entry was copied from (atom:source,
	// rss:source). Its Entries are nil. A nil Source means this feed.
	Source *Feed

	// Extension holds members of the JSON Feed item whose names begin with an
	// underscore. RSS and Atom ignore it.
	Extension map[string]any
}

// When returns Updated if that is declared, and otherwise Published.
func (e *Entry) When() time.Time {
	if !e.Updated.IsZero() {
		return e.Updated
	}
	return e.Published
}

// A Person is an author. Email is read but never written.
type Person struct{ Name, Email, URI string }

// A Category is a term with the taxonomy it comes from.
type Category struct {
	Term   string
	Scheme string // IRI of the taxonomy; may be empty
	Label  string // for people; may be empty
}

// An Enclosure is a media file that belongs to an entry.
type Enclosure struct {
	URL, MediaType, Title string
	Length                int64 // bytes; 0 if unknown
	Duration              time.Duration
}

// An Image is a picture. Width and Height are pixels, 0 if unknown.
type Image struct {
	URL, Title, Link string
	MediaType        string
	Width, Height    int
}

// A Link is a typed link (RFC 8288).
type Link struct{ Rel, Href, MediaType, Title string }

// A Generator names the program that made a feed.
type Generator struct{ Name, URI, Version string }

// Comments says where an entry is discussed.
type Comments struct {
	Page    string // URL of the page
	Feed    string // URL of the comment feed
	Count   int    // -1 if unknown
	Updated time.Time
}

// A Tombstone says that an entry was withdrawn (RFC 6721).
type Tombstone struct {
	Ref     string // the entry's id
	When    time.Time
	Comment string
}
