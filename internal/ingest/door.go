// Package ingest is the door: every entry, whoever brings it, enters here and
// nowhere else. It makes an entry safe and whole, finds out whether it is
// known, decides what becomes of it, and stores all that a reading changes at
// once.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// A Store is what the door needs of one.
type Store interface {
	// Known returns what the ledger knows of a source's aliases.
	Known(ctx context.Context, source string, aliases []newsroom.Alias) ([]newsroom.Sighting, error)
	// Standing returns entries as they stand, in no order.
	Standing(ctx context.Context, keys []int64) ([]newsroom.Standing, error)
	// Roll returns every entry of a source.
	Roll(ctx context.Context, source string) ([]newsroom.Enrolled, error)
	// Commit stores all of an intake, or nothing.
	Commit(ctx context.Context, in *newsroom.Intake) error
}

// A Curator decides for the editors. Its methods are pure.
type Curator interface {
	Decide(src newsroom.Source, e *newsroom.Entry, now time.Time) newsroom.Verdict
	Channels(src newsroom.Source, e *newsroom.Entry, now time.Time) []string
}

// A Guard keeps floods from readers. What it keeps back is stored.
type Guard struct {
	FirstImport int // of a new source's entries: its newest so many are published
	Burst       int // more new entries at once than this, or three times the usual, are held
}

// A Door takes readings in. Its fields are set before it is used; its methods
// are safe for concurrent use.
type Door struct {
	Store   Store
	Curator func() Curator // the rules in force
	// Sources returns what is configured of a source now; nil: nothing is
	// known of others than the one that is read.
	Sources func(slug string) (newsroom.Source, bool)
	Guard   Guard
	Site    string // our public address: its host is the authority of the tag: IRIs we mint
	Gentle  bool   // deciding again leaves the store to others half of the time
	Changed func() // called after something that readers see has changed; must not block; may be nil
}

// A Delivery is one reading of a source.
type Delivery struct {
	Source   newsroom.Source
	Feed     *feeds.Feed
	At       time.Time // when it was received
	Partial  bool      // the document was cut: what it lacks means nothing
	Complete bool      // it lists all there is (the house's folder, fh:complete): what it lacks is withdrawn
	Claim    *newsroom.Claim
	// Settle makes the Check that is stored in the same transaction. It is
	// pure and may be called more than once. Nil with a nil Claim.
	Settle func(Outcome) newsroom.Check
	// Articles holds what house articles say beside their entries, by GUID.
	Articles map[string]newsroom.Article
	// Keep names GUIDs that are not absent though the document lacks them:
	// of articles whose files are broken at the moment.
	Keep []string
}

// An Outcome is what became of a delivery.
type Outcome struct {
	New       int // stored for the first time, whatever their verdict
	Updated   int // known, and readers see a difference
	Unchanged int
	Held      int // of the new: kept back by guard.burst
	Dropped   int // of the new: by a rule or by guard.first_import
	Realiased int // known, but under new GUIDs
	Withdrawn int
	Cut       int // entries that lost something to our limits, or were lost whole
	Own       int // entries of ours that came back to us
	Deferred  int // changed again within the hour; taken later

	First        bool // the source's first entries
	GapSuspected bool // nothing in common with what is known: we may have missed entries
	// KeyPolicy is by which alias entries are known from now on; empty: as before.
	KeyPolicy string
	Notes     []string    // for editors
	Rhythm    []time.Time // of the new entries, newest first
	Window    []string    // aliases of all entries of the document, shortened
}

// attempts is how often a decision is made again because somebody else stored
// something meanwhile.
const attempts = 4

// Take takes in one reading. Taking the same twice changes nothing.
func (d *Door) Take(ctx context.Context, del Delivery) (Outcome, error) {
	v := d.visit(del)
	for try := 1; ; try++ {
		v.try = try
		in, err := v.decide(ctx)
		if err == nil && v.worth(in) {
			err = d.Store.Commit(ctx, in)
		}
		if errors.Is(err, newsroom.ErrRefused) {
			err = v.oneByOne(ctx, in)
		}
		switch {
		case err == nil:
			if v.visible() && d.Changed != nil {
				d.Changed()
			}
			return v.out, nil
		case errors.Is(err, newsroom.ErrConflict) && try < attempts:
			continue
		}
		return Outcome{}, fmt.Errorf("ingest %s: %w", del.Source.Slug, err)
	}
}

// oneByOne stores an intake of which the store refused something: each entry
// by itself, so that a poisonous one costs itself alone. It is tried again at
// the next poll: the validators are not stored.
func (v *visit) oneByOne(ctx context.Context, in *newsroom.Intake) error {
	var lost []string
	store := func(part newsroom.Intake, title string) error {
		part.Source, part.At, part.Claim = in.Source, in.At, in.Claim
		part.Place = func(n newsroom.Neighbors) newsroom.Placing { return v.place(&part, n) }
		err := v.door.Store.Commit(ctx, &part)
		if errors.Is(err, newsroom.ErrRefused) {
			lost = append(lost, title)
			return nil
		}
		return err
	}
	for _, a := range in.New {
		if err := store(newsroom.Intake{New: []*newsroom.Arrival{a}}, a.Title); err != nil {
			return err
		}
	}
	v.out.New -= len(lost)
	for _, r := range in.Revised {
		if err := store(newsroom.Intake{Revised: []*newsroom.Revision{r}}, r.Title); err != nil {
			return err
		}
	}
	v.out.Cut += len(lost)
	for _, title := range lost {
		v.note("the database refused the entry %.60q", title)
	}
	v.out.Deferred += len(lost)
	rest := newsroom.Intake{Source: in.Source, At: in.At, Claim: in.Claim, Renamed: in.Renamed, Resight: in.Resight, Outbox: in.Outbox}
	if v.del.Settle != nil {
		check := v.settled()
		rest.Check = &check
	}
	return v.door.Store.Commit(ctx, &rest)
}

// Preview returns the document's entries in its order, with the identifiers
// and verdicts that Take would give them. It stores nothing.
func (d *Door) Preview(ctx context.Context, del Delivery) ([]newsroom.Entry, error) {
	del.Claim, del.Settle = nil, nil
	v := d.visit(del)
	in, err := v.decide(ctx)
	if err == nil {
		in.Dry = true
		err = d.Store.Commit(ctx, in)
	}
	if err == nil {
		err = v.loadUnchanged(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("preview %s: %w", del.Source.Slug, err)
	}
	return v.entries(), nil
}

// A visit is one delivery at the door.
type visit struct {
	door    *Door
	del     Delivery
	rules   Curator
	base    *url.URL // resolves what the parser left relative
	items   []*item  // of the document, each once
	ledger  ledger
	before  newsroom.Check // of the source
	out     Outcome
	try     int  // the decision is made for the nth time
	changed bool // entries that readers see moved or were withdrawn
}

func (d *Door) visit(del Delivery) *visit {
	v := &visit{door: d, del: del, rules: d.Curator()}
	v.base, _ = url.Parse(del.Source.URL) // nil resolves nothing
	if del.Claim != nil {
		v.before = del.Claim.Check
	}
	return v
}

// decide finds out what the delivery changes. All that it reads, it reads
// anew: it is called again when somebody else was faster.
func (v *visit) decide(ctx context.Context) (*newsroom.Intake, error) {
	v.out, v.changed = Outcome{}, false
	v.read()
	if err := v.identify(ctx); err != nil {
		return nil, err
	}
	in := &newsroom.Intake{Source: v.del.Source.Slug, At: v.del.At, Claim: v.del.Claim}
	v.arrivals(in)
	v.revisions(in)
	if v.del.Complete && !v.del.Partial {
		if err := v.absent(ctx, in); err != nil {
			return nil, err
		}
	}
	v.renamings(in)
	in.Place = func(n newsroom.Neighbors) newsroom.Placing { return v.place(in, n) }
	v.conclude()
	if v.del.Settle != nil {
		check := v.settled()
		in.Check = &check
	}
	return in, nil
}

// worth reports whether an intake has anything to store.
func (v *visit) worth(in *newsroom.Intake) bool {
	return in.Claim != nil || len(in.New)+len(in.Revised)+len(in.Renamed)+len(in.Resight) > 0
}

// visible reports whether readers may see a difference.
func (v *visit) visible() bool {
	return v.out.New > v.out.Held+v.out.Dropped || v.out.Updated > 0 || v.out.Withdrawn > 0 || v.changed
}

// settled returns the Check to store. Validators would keep a change from
// being seen that we have put off: they are not stored then.
func (v *visit) settled() newsroom.Check {
	check := v.del.Settle(v.out)
	if v.out.Deferred > 0 {
		check.Validators, check.BodyHash = newsroom.Validators{}, ""
	}
	if v.out.Held > 0 || v.out.First {
		check.UsualBatch = v.before.UsualBatch // a flood is not usual
	}
	return check
}
