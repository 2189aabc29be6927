// Package poll knows when a source is due, and asks it: fetch, parse, hand to
// the newsroom, and settle when to ask again.
//
//	p := &poll.Poller{Client: client, Store: db, Take: take, Policy: policy, Workers: 32, Owner: node}
//	err := p.SetSources(sources) // again after a reload
//	err = p.Run(ctx)
//
// Everything that decides is a pure function: Policy.Next says when, the
// methods of visit what is remembered. The rest does the I/O around them.
package poll

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"newswire/feeds"
	"newswire/internal/egress"
	"newswire/internal/newsroom"
)

const (
	// lease is for how long a source is ours to ask. Who dies with it loses it.
	lease = 90 * time.Second
	// watchdog ends the asking of one source, whatever it hangs in.
	watchdog = 60 * time.Second
	// settling bounds the last word to the store, also after a shutdown.
	settling = 10 * time.Second

	defaultWorkers = 32
)

// Claims is how a Poller gets and gives back the right to ask a source.
type Claims interface {
	Claim(ctx context.Context, slugs []string, now time.Time, limit int, lease time.Duration, owner string) ([]newsroom.Claim, error)
	ClaimSource(ctx context.Context, slug string, now time.Time, lease time.Duration, owner string) (newsroom.Claim, error)
	Settle(ctx context.Context, claim newsroom.Claim, check newsroom.Check) error
}

// A Calendar knows when sources are due.
type Calendar interface {
	Enroll(ctx context.Context, slugs []string, first func(slug string) time.Time) error
	NextDue(ctx context.Context, slugs []string) (time.Time, error)
	Checks(ctx context.Context) ([]newsroom.Check, error)
}

// A Store is what a Poller needs of one.
type Store interface {
	Claims
	Calendar
}

// A Reading is what was read of a source.
type Reading struct {
	Feed    *feeds.Feed
	At      time.Time // when it was asked for
	Partial bool      // the document was cut: what it lacks says nothing
}

// An Outcome is what the newsroom made of a Reading.
type Outcome struct {
	New, Updated, Held, Dropped int
	Realiased                   int // known entries that came under new GUIDs
	Cut                         int // entries with fields that were cut, and entries that could not be stored
	GapSuspected                bool
	KeyPolicy                   string      // by which alias entries are known from now on; empty: as before
	Notes                       []string    // for editors
	Rhythm                      []time.Time // arrival times of new entries
	Window                      []string    // aliases of all entries of the document
}

// Take hands a Reading to the newsroom. It calls settle, which is pure, inside
// its transaction and commits the Check that this returns together with the
// entries; so validators are never stored without what they stand for. It
// returns newsroom.ErrFenced if the claim has ended: nothing is stored then.
type Take func(ctx context.Context, src newsroom.Source, claim newsroom.Claim, r Reading, settle func(Outcome) newsroom.Check) (Outcome, error)

// A Result is what became of asking a source once.
type Result struct {
	Source    string // slug
	Class     newsroom.Class
	Problem   string
	Status    int // of HTTP; 0: there was no answer
	Outcome   Outcome
	Entries   int            // in the document
	Check     newsroom.Check // as it was settled
	Unchanged bool           // the document had the bytes that we know
	Bytes     int            // of the document
	Wire      int64          // bytes received for it
	Began     time.Time
	Took      time.Duration
	// Err is set if the result could not be stored.
	Err error
}

// A Poller asks sources when they are due. Its exported fields are set before
// it is used.
type Poller struct {
	Client   *egress.Client
	Store    Store
	Take     Take
	Policy   Policy
	Location *time.Location // of schedules without a zone; UTC if nil
	Workers  int            // sources asked at once; 32 if 0
	Owner    string         // name of this node in claims
	Robots   egress.Robots  // whose groups of robots.txt feeds obey
	Log      *slog.Logger   // slog's default if nil
	Observe  func(Result)   // called after every asking; may be nil

	mu         sync.Mutex
	sources    map[string]*enrolled
	generation int // of sources
	wake       chan struct{}
	readers    chan struct{} // a token for each document that is being read
}

// An enrolled source is one that is asked, with what follows from it.
type enrolled struct {
	source   newsroom.Source
	schedule Schedule
	host     string
	// order is its place among sources that are due at once: not that of its
	// name, so that those of one kind are not asked together.
	order time.Duration
}

// SetSources replaces the sources that are asked, by slug. Those that run are
// finished. Paused sources, and those without a URL, are left out. On an error
// (a bad schedule) nothing changes.
func (p *Poller) SetSources(sources map[string]newsroom.Source) error {
	next := make(map[string]*enrolled, len(sources))
	for slug, src := range sources {
		if src.Paused || src.URL == "" {
			continue
		}
		e, err := p.enroll(src)
		if err != nil {
			return err
		}
		next[slug] = e
	}
	p.mu.Lock()
	p.sources = next
	p.generation++
	p.mu.Unlock()
	p.Nudge()
	return nil
}

func (p *Poller) enroll(src newsroom.Source) (*enrolled, error) {
	schedule, err := ParseSchedule(src.Schedule, p.Location)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", src.Name, err)
	}
	if p.Policy.MinInterval > 0 || schedule.every > 0 {
		schedule = schedule.For(src.Slug)
	}
	return &enrolled{source: src, schedule: schedule, host: p.Client.Host(src.URL), order: stable(src.Slug, time.Hour)}, nil
}

// snapshot returns the sources in force and their generation.
func (p *Poller) snapshot() (map[string]*enrolled, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sources, p.generation
}

// Nudge makes Run look at once for what is due.
func (p *Poller) Nudge() {
	select {
	case p.nudged() <- struct{}{}:
	default:
	}
}

func (p *Poller) nudged() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wake == nil {
		p.wake = make(chan struct{}, 1)
	}
	return p.wake
}

// readAtOnce is how many documents are parsed and taken in at once, beyond one
// for each processor: as many as wait for the store meanwhile. While it is read
// a document takes many times its size in memory, and more of them at once are
// read no sooner.
const readAtOnce = 2

// readTurn waits until one more document may be read, and returns how to say
// that it was. Who hangs loses his turn with his time: otherwise a few such
// documents would end all reading.
func (p *Poller) readTurn(ctx context.Context) (done func(), err error) {
	p.mu.Lock()
	if p.readers == nil {
		p.readers = make(chan struct{}, readAtOnce+runtime.GOMAXPROCS(0))
	}
	readers := p.readers
	p.mu.Unlock()
	select {
	case readers <- struct{}{}:
		over := sync.OnceFunc(func() { <-readers })
		forget := context.AfterFunc(ctx, over)
		return func() { forget(); over() }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *Poller) workers() int { return cmp.Or(p.Workers, defaultWorkers) }

func (p *Poller) log() *slog.Logger {
	if p.Log != nil {
		return p.Log
	}
	return slog.Default()
}

// Ask asks a source now, due or not. The request is conditional, and waits
// for its turn at the host. It works beside Run and without it. The error is
// newsroom.ErrNotFound, newsroom.ErrClaimed or the store's: what the source
// did wrong is in the Result.
func (p *Poller) Ask(ctx context.Context, slug string) (Result, error) {
	sources, _ := p.snapshot()
	e, ok := sources[slug]
	if !ok {
		return Result{}, fmt.Errorf("source %q: %w", slug, newsroom.ErrNotFound)
	}
	if err := p.turn(ctx, e.host); err != nil {
		return Result{}, err
	}
	first := func(string) time.Time { return time.Now() }
	if err := p.Store.Enroll(ctx, []string{slug}, first); err != nil {
		return Result{}, err
	}
	claim, err := p.Store.ClaimSource(ctx, slug, time.Now(), lease, p.Owner)
	if err != nil {
		return Result{}, fmt.Errorf("source %q: %w", slug, err)
	}
	res := p.ask(ctx, e, claim)
	p.Nudge()
	return res, errors.Join(res.Err, ctx.Err())
}

// turn waits until a host may be asked, so that a claim does not age in a
// queue. It does not wait for a host that asked us to stay away for long.
func (p *Poller) turn(ctx context.Context, host string) error {
	for {
		wait, free := p.Client.Free(host)
		if free && (wait == 0 || wait > watchdog) {
			return nil
		}
		timer := time.NewTimer(max(wait, 20*time.Millisecond))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// Preview asks a source and reads its answer; nothing is stored. The feed is
// nil if there was none to read.
func Preview(ctx context.Context, client *egress.Client, src newsroom.Source) (*feeds.Feed, Result) {
	v := &visit{source: src, at: time.Now()}
	resp, err := client.Get(ctx, v.request(egress.RobotsIgnored))
	feed, res := Read(resp, err)
	if resp != nil {
		res.Check.MovedTo = resp.Permanent
	}
	res.Source, res.Began, res.Took = src.Slug, v.at, time.Since(v.at)
	return feed, res
}

// Read reads what a client gave as the answer to a request for a feed, as a
// poll would. The feed is nil if there was none to read.
func Read(resp *egress.Response, err error) (*feeds.Feed, Result) {
	f := new(egress.Failure)
	if err != nil && !errors.As(err, &f) {
		return nil, Result{Err: err}
	}
	if err == nil {
		f = nil
	}
	if resp == nil {
		return nil, Result{Class: f.Class, Problem: f.Error(), Status: f.Status}
	}
	feed, problem := read(resp, f)
	res := Result{Class: newsroom.ClassOK, Status: resp.Status, Bytes: len(resp.Body), Wire: resp.Wire}
	if problem != nil {
		res.Class, res.Problem = problem.Class, problem.Error()
	}
	if feed != nil {
		res.Entries = len(feed.Entries)
	}
	return feed, res
}
