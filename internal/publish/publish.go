// Package publish renders each channel once per change and keeps the bytes on
// a shelf. Readers are answered from the shelf alone: no lock is taken, no
// store is asked and nothing is compressed on their account, so they are
// served while everything behind the shelf is down.
package publish

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// A Store holds what is published.
type Store interface {
	Ledger
	Record
	// Refs returns the published members of a channel, newest first, at most
	// limit of them.
	Refs(ctx context.Context, channel string, limit int) ([]newsroom.Ref, error)
	// Entries returns entries in the order of keys; a key that is gone is left out.
	Entries(ctx context.Context, keys []int64) ([]newsroom.Entry, error)
	// HouseEntries returns all of our own entries, also withdrawn ones, newest first.
	HouseEntries(ctx context.Context) ([]newsroom.Entry, error)
	// Withdrawn returns members of a channel that were withdrawn since then.
	Withdrawn(ctx context.Context, channel string, since time.Time) ([]newsroom.Entry, error)
	// Seats returns the channels in which each entry stands, by name.
	Seats(ctx context.Context, keys []int64) (map[int64][]string, error)
	// Checks returns what is known of every source.
	Checks(ctx context.Context) ([]newsroom.Check, error)
}

// A Ledger remembers across restarts when each document's bytes last changed.
type Ledger interface {
	// Publications returns what is remembered, by path.
	Publications(ctx context.Context) (map[string]newsroom.Publication, error)
	// PutPublication remembers a document, in place of what was remembered of its path.
	PutPublication(ctx context.Context, path string, p newsroom.Publication) error
}

// A Config is what the configuration says of publishing. It is not changed
// while it is in force: a reload replaces it as one.
type Config struct {
	Site     newsroom.Site
	Channels []newsroom.Channel
	Sources  []newsroom.Source // whose policies and names apply
	Hubs     []string          // WebSub hubs that we tell of changes; may be empty
	Version  string            // of this program
}

// A Publisher renders channels and serves them. Set its fields before its
// first use and do not change them after. Its methods may be called from
// several goroutines.
type Publisher struct {
	Store  Store
	Config func() Config // asked before each rendering

	// LineUp chooses and orders the entries of a channel from its members,
	// which come newest first.
	LineUp func(ch newsroom.Channel, refs []newsroom.Ref, loc *time.Location) []newsroom.Ref

	// Settle is how long Run rests after a rendering: a channel is rendered at
	// most this often. Under two seconds is for tests, where versions may then
	// be dated ahead of the clock.
	Settle time.Duration
	// Idle is how long Run waits for a nudge before it looks by itself:
	// another node may have stored something, or a tombstone may be old
	// enough to go. Zero means one minute.
	Idle time.Duration

	// Published is told the paths of documents whose bytes changed, after they
	// are on the shelf; nil: nobody is. It must not block for long.
	Published func(paths []string)
	// Wait returns how long a guest must wait before it is answered; whole says
	// that the answer would be the document. Nil: nobody waits.
	Wait func(r *http.Request, whole bool) time.Duration
	Log  *slog.Logger // nil: nothing is logged

	shelf atomic.Pointer[Shelf]
	stats counters
	spool spool
	nudge chan struct{}
	made  sync.Once // nudge

	rendering  sync.Mutex         // one pass at a time; guards what follows
	entries    map[int64]rendered // of the last pass, by key
	house      *house             // as last read
	houseDue   time.Time          // when to read it again, though nobody nudges; zero: never
	keepers    map[string]*keeper // of archives, by channel
	behind     bool               // more archives are due than the last pass could make
	compressor *compressor        // nil when nothing was published for a while
	// write is feeds.Write where it is nil; tests break it.
	write func(f *feeds.Feed, format feeds.Format) ([]byte, error)
}

// Nudge asks for a rendering soon. It never blocks; many nudges make one rendering.
func (p *Publisher) Nudge() {
	select {
	case p.nudges() <- struct{}{}:
	default: // one is waiting already, and it will see what this one is about
	}
}

func (p *Publisher) nudges() chan struct{} {
	p.made.Do(func() { p.nudge = make(chan struct{}, 1) })
	return p.nudge
}

// Shelf returns what is published now; nil before the first rendering.
func (p *Publisher) Shelf() *Shelf { return p.shelf.Load() }

// retryAfter is how long Run waits after a rendering that failed.
const retryAfter = 5 * time.Second

// Run renders at once and then after each nudge, until the context ends. A
// rendering that fails is logged and tried again; what was published stays.
func (p *Publisher) Run(ctx context.Context) error {
	for {
		wait := p.Idle
		if wait <= 0 {
			wait = time.Minute
		}
		if err := p.Render(ctx); err != nil && ctx.Err() == nil {
			p.log().Error("publish: the last good documents stay", "error", err)
			wait = retryAfter
		}
		wait = min(wait, p.nextPass(wait))
		if !sleep(ctx, p.Settle) {
			return nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-p.nudges():
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return nil
		}
	}
}

// nextPass returns when to render again though nobody asks: at once while
// archives are due, and when what was last read of our own entries is too old.
func (p *Publisher) nextPass(most time.Duration) time.Duration {
	p.rendering.Lock()
	defer p.rendering.Unlock()
	switch {
	case p.behind:
		return 0
	case p.houseDue.IsZero():
		return most
	}
	return max(time.Until(p.houseDue), 0)
}

// Behind reports whether the last rendering left archives to be made: there
// was more for them than a rendering may take the time for. What a document
// no longer shows is never among it.
func (p *Publisher) Behind() bool {
	p.rendering.Lock()
	defer p.rendering.Unlock()
	return p.behind
}

// sleep waits, and reports whether the context still holds.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Render brings the shelf up to date once. A channel that cannot be rendered
// keeps its last good documents and is named in the error; the others are
// published all the same.
func (p *Publisher) Render(ctx context.Context) error {
	p.rendering.Lock()
	defer p.rendering.Unlock()
	err := p.render(ctx)
	p.stats.count(err)
	return err
}

func (p *Publisher) render(ctx context.Context) (err error) {
	// Whatever is wrong with a rule, an entry or an article of ours must not
	// end the process that serves what was published before.
	defer recovered(&err)
	// A rendering that fails is tried again after a while, not at once.
	p.behind, p.houseDue = false, time.Time{}
	pass, err := p.newPass(ctx)
	if err != nil {
		return err
	}
	if p.keepers == nil {
		p.keepers = map[string]*keeper{}
	}
	last := p.shelf.Load()
	next := newShelf(pass)
	var problems []error
	var changed []string
	for i := range pass.plans {
		plan := &pass.plans[i]
		before := last.channel(plan.channel.Name)
		now, paths, err := pass.channelNow(ctx, plan, before)
		if err != nil {
			problems = append(problems, fmt.Errorf("channel %s: %w", plan.channel.Name, err))
			now, paths = before, nil
		}
		next.put(plan.channel, now)
		if k := p.keepers[plan.channel.Name]; k != nil {
			next.chains[plan.channel.Name] = k.chain
			if err == nil {
				k.shown = plan.shows()
			}
		}
		changed = append(changed, paths...)
	}
	p.entries = pass.used
	if len(changed) == 0 {
		p.compressor = nil
	}
	if !last.same(next) {
		next.version = last.Version() + 1
		p.shelf.Store(next)
	}
	if p.Published != nil && len(changed) > 0 {
		p.Published(changed)
	}
	return errors.Join(problems...)
}

// recovered makes a panic an error. It is to be deferred.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("panic while it was rendered: %v\n%s", r, debug.Stack())
	}
}

func (p *Publisher) log() *slog.Logger {
	if p.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return p.Log
}

// Stats are figures about the renderings so far.
type Stats struct {
	Renderings int64     // that were asked for
	Failures   int64     // of them that failed, wholly or for some channel
	Written    int64     // documents that were written and replaced others
	LeftOut    int64     // entries that would have broken a document
	LastGood   time.Time // when the last one ended well; zero: none did
}

type counters struct {
	renderings, failures, written, leftOut atomic.Int64
	lastGood                               atomic.Int64 // Unix seconds
}

func (c *counters) count(err error) {
	c.renderings.Add(1)
	if err != nil {
		c.failures.Add(1)
		return
	}
	c.lastGood.Store(time.Now().Unix())
}

// Stats returns figures for the metrics.
func (p *Publisher) Stats() Stats {
	s := Stats{
		Renderings: p.stats.renderings.Load(),
		Failures:   p.stats.failures.Load(),
		Written:    p.stats.written.Load(),
		LeftOut:    p.stats.leftOut.Load(),
	}
	if sec := p.stats.lastGood.Load(); sec != 0 {
		s.LastGood = time.Unix(sec, 0).UTC()
	}
	return s
}
