// Package newsroom holds the words of the house: the types that its rooms
// speak to each other. It does nothing.
package newsroom

import (
	"errors"
	"net/http"
	"time"

	"newswire/feeds"
)

// HouseSource is the slug of the source that is our own folder of articles.
const HouseSource = "articles"

// ErrNotFound says that the store has no such thing.
var ErrNotFound = errors.New("not found")

// ErrFenced says that a claim has ended: another worker holds its source now,
// and nothing of this one may be written.
var ErrFenced = errors.New("the claim on this source has ended")

// ErrClaimed says that another worker is asking the source at this moment.
var ErrClaimed = errors.New("another worker is asking this source now")

// A Policy says how much of a foreign entry we republish.
type Policy string

// The republication policies. Excerpt is the default.
const (
	PublishLink    Policy = "link"    // title and link only
	PublishExcerpt Policy = "excerpt" // and a short summary
	PublishFull    Policy = "full"    // and all of its content
)

// A Source is a feed (or folder of articles) that we read. It comes from
// config.yaml and does not change while a configuration is in force; what
// changes is its Check.
type Source struct {
	Slug      string // of the name; part of stored identities
	Name      string
	URL       string
	Schedule  string // cron spec or @every; empty: adaptive
	Tags      []string
	Keep      string // expression; empty: all
	Drop      string // expression; empty: none
	Publish   Policy
	MaxPerDay int     // entries of it in a channel that were published on one day; 0: no limit
	Weight    float64 // the editors' trust, 1 if they say nothing
	House     bool    // its entries are our own
	Paused    bool
	Headers   http.Header // sent to the source's own host only; may hold secrets
	Private   bool        // its URL holds a secret, and must not be shown
}

// Validators are what a server gave us to ask "has it changed?" with. They
// are opaque, and are kept and replaced as a pair.
type Validators struct {
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
}

// A Class is the kind of outcome of asking a source. The set is closed.
type Class string

// The classes.
const (
	ClassNone            Class = "" // never asked
	ClassOK              Class = "ok"
	ClassPartial         Class = "ok_partial" // something was stored and something was cut
	ClassNotModified     Class = "not_modified"
	ClassEmpty           Class = "empty"
	ClassDNS             Class = "dns"
	ClassConnect         Class = "connect"
	ClassTimeoutConnect  Class = "timeout_connect"
	ClassTimeoutHeader   Class = "timeout_header"
	ClassTimeoutBody     Class = "timeout_body"
	ClassTLSCert         Class = "tls_cert"
	ClassTLSProto        Class = "tls_proto"
	ClassProto           Class = "proto"
	ClassTruncated       Class = "truncated"
	ClassTooLarge        Class = "too_large"
	ClassBomb            Class = "bomb"
	ClassLimits          Class = "limits"
	ClassContentEncoding Class = "content_encoding"
	ClassCharset         Class = "charset"
	ClassNotFeed         Class = "not_feed"
	ClassParse           Class = "parse"
	ClassAuth            Class = "auth"
	ClassHTTP4xx         Class = "http_4xx"
	ClassGone            Class = "gone"
	ClassRateLimited     Class = "rate_limited"
	ClassHTTP5xx         Class = "http_5xx"
	ClassHTTPStatus      Class = "http_status"
	ClassRedirectLoop    Class = "redirect_loop"
	ClassRedirectBad     Class = "redirect_bad"
	ClassSSRFBlocked     Class = "ssrf_blocked"
	ClassStorage         Class = "storage"
	ClassInternal        Class = "internal"
)

// Good reports whether the class means that the source answered as it should.
func (c Class) Good() bool {
	return c == ClassOK || c == ClassPartial || c == ClassNotModified
}

// A Check is what became of asking a source: all that we remember of it
// between two polls. The store keeps it as one JSON document beside the
// columns it must find it by, so fields may be added freely.
type Check struct {
	Source   string    `json:"-"`
	Next     time.Time `json:"-"`                  // when it is due
	Failures int       `json:"failures,omitempty"` // in a row
	Class    Class     `json:"class,omitempty"`
	Problem  string    `json:"problem,omitempty"` // for people; no secrets, no raw bytes of the origin; at most 300 bytes
	Notes    []string  `json:"notes,omitempty"`   // standing remarks for editors: moved, flooding, unstable guids …

	LastAsked  time.Time `json:"last_asked,omitzero"`
	LastOK     time.Time `json:"last_ok,omitzero"`     // answered as it should, 304 too
	LastFull   time.Time `json:"last_full,omitzero"`   // a complete document was parsed
	LastNew    time.Time `json:"last_new,omitzero"`    // it brought something new
	Unmodified int       `json:"unmodified,omitempty"` // 304 answers in a row
	New        int       `json:"new,omitempty"`        // by the last poll
	Updated    int       `json:"updated,omitempty"`    // by the last poll
	Polls      int64     `json:"polls,omitempty"`
	UsualBatch float64   `json:"usual_batch,omitempty"` // moving average of new entries in polls that brought any

	Validators Validators `json:"validators,omitzero"`
	BodyHash   string     `json:"body_hash,omitempty"` // of the last complete document, decoded
	FinalURL   string     `json:"final_url,omitempty"` // that gave the validators

	MovedTo    string    `json:"moved_to,omitempty"` // permanent redirect seen
	MovedCount int       `json:"moved_count,omitempty"`
	MovedSince time.Time `json:"moved_since,omitzero"`
	GoneCount  int       `json:"gone_count,omitempty"` // 410 in a row
	GoneSince  time.Time `json:"gone_since,omitzero"`
	Dormant    bool      `json:"dormant,omitempty"`

	// Wait is how long the publisher asked us to wait (Cache-Control,
	// Expires, ttl …) with its last answer.
	Wait time.Duration `json:"wait,omitempty"`
	// Status is the HTTP status of the last answer; 0: there was none.
	Status int `json:"status,omitempty"`
	// TTL, SkipHours (GMT) and SkipDays are what the feed itself says about
	// when to ask.
	TTL       time.Duration  `json:"ttl,omitempty"`
	SkipHours []int          `json:"skip_hours,omitempty"`
	SkipDays  []time.Weekday `json:"skip_days,omitempty"`
	// GapSuspected says that the last document had no entry in common with
	// the one before: some may have come and gone unseen.
	GapSuspected bool `json:"gap_suspected,omitempty"`
	// Rhythm holds arrival times of its newest entries, newest first, at most 50.
	Rhythm []time.Time `json:"rhythm,omitempty"`
	// Daily holds how many new entries came on each day (UTC) up to that of
	// DailyTo, newest first, at most 63; -1: there was no good answer that day.
	Daily   []int     `json:"daily,omitempty"`
	DailyTo time.Time `json:"daily_to,omitzero"`

	Title    string   `json:"title,omitempty"` // of the feed, as it says
	SiteURL  string   `json:"site_url,omitempty"`
	Self     string   `json:"self,omitempty"`
	Hubs     []string `json:"hubs,omitempty"`
	Language string   `json:"language,omitempty"`
	Rights   string   `json:"rights,omitempty"`

	// KeyPolicy says by which alias the source's entries are known; it only
	// ever degrades: "" (guid) → "link" → "title".
	KeyPolicy string `json:"key_policy,omitempty"`
	// Realiased counts polls in a row in which most entries came under new guids.
	Realiased int `json:"realiased,omitempty"`
	// Window holds the aliases (hex, shortened) of the last complete
	// document's entries: nothing in it may be purged, and no overlap with it
	// means that we may have missed something.
	Window []string `json:"window,omitempty"`
}

// A Claim is the right to ask a source once. It ends with its lease; whatever
// is written under it names its fence, and is refused when that has moved on.
type Claim struct {
	Check Check // as it stands
	Owner string
	Fence int64
	Until time.Time
}

// A Decision is what becomes of an entry.
type Decision string

// The decisions.
const (
	Publish Decision = "publish"
	Drop    Decision = "drop"
	Hold    Decision = "hold" // out of channels until an editor releases it or a day has passed
)

// A Verdict is a decision and the rule, cap or guard that gave it.
type Verdict struct {
	Decision Decision
	// Rule names what decided, as `sources[OpenAI News].drop`, `rules.drop`,
	// `guard.first_import`, `guard.burst`, `overrides.hide`, `default`.
	Rule string
}

// An Entry is a feed's entry as the newsroom keeps it. Its HTML has been
// sanitized, its URLs are absolute, and its texts are plain and of bounded
// length. The embedded Source is always nil: Source (a slug) says where it
// came from, and Origin what it says itself of where it was copied from.
type Entry struct {
	feeds.Entry
	Key       int64  // of its row
	ID        string // its public identifier: minted at first arrival, stored, never changed
	Source    string // slug
	House     bool
	Slug      string // house articles: articles/SLUG
	Origin    *feeds.Feed
	FirstSeen time.Time // never changes
	Sort      time.Time // its place in line-ups; never moves up
	Changed   time.Time // when its text last changed materially; zero: never
	Hash      string    // of all that readers see: another hash is an update
	TextHash  string    // of the normalized text: another one is a material update
	Verdict   Verdict
	Words     int // in the content

	ReadingMinutes int // house articles
	Correction     string
	Withdrawn      time.Time // zero: it stands
	WithdrawnNote  string
	// AlsoIn lists other sources (slugs) that carried the same canonical link.
	AlsoIn []string
}

// An Article is what only the house's own files say of an entry, beside what
// any feed can say.
type Article struct {
	Slug           string // articles/SLUG
	ReadingMinutes int
	Correction     string // note shown to readers; empty: none
	Retracted      string // note; not empty: the article is withdrawn
}

// A Channel is a feed that we publish.
type Channel struct {
	Name         string // in its URL
	Title        string
	Description  string
	Where        string // expression; empty: every published entry
	Entries      int    // in the line-up
	MaxPerSource int    // in the line-up at once; 0: no limit
	MaxPerDay    int    // of one source published on one day; 0: no limit
	MinGap       int    // entries of other sources between two of one source; 0: none
	HouseFirst   bool
	Stories      bool // one item per story
}

// A Ref is an entry's place in a channel: what a line-up is decided from.
type Ref struct {
	Key    int64
	Source string // of the voice, if there is one
	House  bool
	Sort   time.Time
	Weight float64
	Pinned bool
	// Voice is the entry of another source, with the same link, in whose words
	// the entry stands here; 0: in its own.
	Voice int64
}

// Site is what is said of us on every page and in every feed.
type Site struct {
	Title, Description string
	URL                string // public address, without a slash at its end
	Language           string
	Timezone           *time.Location // for dates that people read
}

// A Publication is what we remember of a document that we publish, so that a
// restart with equal bytes keeps its dates.
type Publication struct {
	ETag     string    // of the bytes last published
	Modified time.Time // when they last changed; whole seconds
}

// An Archived is a document of an archive (RFC 5005 §4): a part of what a
// channel has published, in one format, which never changes.
type Archived struct {
	Number   int64 // of the archive in its channel: from 1, without a gap
	Format   feeds.Format
	ETag     string
	Size     int       // of the document, in bytes
	Modified time.Time // when it was made; whole seconds
	Gzip     []byte    // the document
}

// An Owed is a member of a channel that its archives do not hold as it stands.
type Owed struct {
	Key       int64
	Voice     int64     // as in its Ref
	At        time.Time // its place in line-ups; of one that was withdrawn, when it was
	FirstSeen time.Time // zero if it was withdrawn
	Never     bool      // they hold no state of it
	Waits     bool      // nor is one wanted for it alone
	House     bool
	Withdrawn bool
}

// A Kept is what an archive holds of a member, and the hashes by which to see
// that it has not changed since: of the entry, and of the one that it was heard by.
type Kept struct {
	Owed
	Hash, VoiceHash string
}
