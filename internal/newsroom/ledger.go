package newsroom

import (
	"errors"
	"time"
)

// ErrConflict says that what a decision was based on has changed before it
// could be written: nothing was written, and it must be made again.
var ErrConflict = errors.New("the store changed in between")

// ErrRefused says that the store cannot hold a value: storing it again would
// fail again.
var ErrRefused = errors.New("the database refused a value")

// RuleDuplicate is the rule of an entry that is published and stands nowhere,
// because an entry of another source stands there with the same link.
const RuleDuplicate = "duplicate"

// An AliasKind says what an alias was made from.
type AliasKind uint8

// The kinds of alias, by strength.
const (
	AliasGUID  AliasKind = iota + 1 // the GUID, byte for byte but for white space around it
	AliasPath                       // a GUID that is a URL, without scheme and host
	AliasLink                       // the canonical link
	AliasTitle                      // the title and the day it was published
	AliasText                       // all of the text
)

// String returns the word for the kind.
func (k AliasKind) String() string {
	switch k {
	case AliasGUID:
		return "guid"
	case AliasPath:
		return "guid path"
	case AliasLink:
		return "link"
	case AliasTitle:
		return "title and day"
	case AliasText:
		return "text"
	}
	return "unknown"
}

// An Alias is one of the names by which a source's entry is known again. The
// hash covers the kind.
type Alias struct {
	Kind AliasKind
	Hash [16]byte
}

// A Sighting is what the ledger knows of an alias.
type Sighting struct {
	Alias Alias
	Key   int64 // of the entry; 0: several entries share it, so that it says nothing
	Raw   int64 // of the entry, as it was last delivered
}

// A Standing is an entry as it stands in the store, with what decides whether
// a delivery changes it.
type Standing struct {
	Entry
	Raw      int64     // hash of what was last delivered, before it was normalized
	LinkHash int64     // of the canonical link; 0: no link
	Touched  time.Time // when what readers see last changed; zero: never since it arrived
	Purged   bool      // its content was purged
}

// A Name is all by which somebody may ask for an entry.
type Name struct {
	ID       string
	LinkHash int64 // of the canonical link; 0: it is no link
	GUID     Alias
}

// An Enrolled is an entry of a source by its key and GUID.
type Enrolled struct {
	Key       int64
	GUID      string
	Withdrawn bool
}

// An Arrival is a new entry on its way into the store, which gives it its key
// and the first of IDs that no entry has.
type Arrival struct {
	Entry
	Raw      int64
	LinkHash int64
	IDs      []string
	Aliases  []Alias
	Channels []string // where it wants to stand
}

// A Revision changes an entry that stands.
type Revision struct {
	Entry           // as it shall stand; Key says which
	Raw      int64  // as delivered now
	Old      int64  // the Raw that the decision was based on
	LinkHash int64  // of the canonical link; 0: no link
	Content  bool   // what readers see has changed; otherwise only verdict and place are written, and Raw and Old mean nothing
	Before   *Entry // without Content: what the decision was based on
	Former   *Entry // not nil: becomes a stored version
	Channels []string
}

// A Renaming makes an alias lead to an entry, or (Key 0) to none, because
// several entries share it.
type Renaming struct {
	Alias Alias
	Key   int64
}

// A Resighting notes that an entry was delivered with other bytes that come
// to the same.
type Resighting struct{ Key, Raw int64 }

// An Intake is all that one reading of a source changes. It is stored as a
// whole or not at all.
type Intake struct {
	Source  string // slug
	At      time.Time
	Claim   *Claim // nil: none is needed
	Check   *Check // stored with it, ending the claim; nil: none
	New     []*Arrival
	Revised []*Revision
	Renamed []Renaming
	Resight []Resighting
	Outbox  []Message // to be done outside because of it
	// Place is called inside the transaction with what stands under the same
	// links, and settles who stands in which channel. It may be called again.
	Place func(Neighbors) Placing
	Dry   bool // decide everything, store nothing
}

// A Message is something to be done outside, at least once: its kind and name
// are a natural key, so that asking for it again is nothing.
type Message struct {
	Kind    string
	Name    string    // of it among its kind, as "edition 12 to a@b.test"
	Due     time.Time // not before
	Tries   int       // how often it was begun
	Payload string
}

// Neighbors are stored entries by the hash of their canonical link.
type Neighbors map[int64][]Neighbor

// A Neighbor is a stored entry with the same canonical link as another.
type Neighbor struct {
	Key      int64
	Source   string
	House    bool
	Decision Decision
	Site     string           // its source's own site, as the feed says
	Channels []string         // in which it stands
	Voices   map[string]int64 // by channel: in whose words; left out: in its own
}

// A Placing is what the arrival of entries does to those that stand.
type Placing struct {
	Evicted   []Seat    // lose their place
	Mentioned []Mention // are carried by another source too
	Voiced    []Voicing // stand in these words from now on
}

// A Voicing says in whose words an entry stands in a channel.
type Voicing struct {
	Seat
	Voice int64 // 0: its own
}

// A Seat is an entry's place in a channel.
type Seat struct {
	Key     int64
	Channel string
}

// A Mention says that another source carried an entry's link too.
type Mention struct {
	Key    int64
	Source string
}

// A Version is an earlier state of an entry.
type Version struct {
	At       time.Time // until when it stood
	Title    string
	Link     string
	TextHash string
}

// A KnownAlias is an alias of an entry with the time it was first seen.
type KnownAlias struct {
	Alias
	FirstSeen time.Time
}

// A Dossier is everything that is known of an entry.
type Dossier struct {
	Entry    Entry
	Aliases  []KnownAlias
	Versions []Version // latest first
	Channels []string  // in which it stands
	SameLink []Entry   // entries of other sources with the same canonical link
}
