package poll

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"newswire/internal/newsroom"
)

const (
	// maxNap is the longest that Run sleeps: the wall clock may jump, and
	// other nodes may change what is due.
	maxNap = time.Minute
	// finishing is how long a shutdown lets requests run before it cancels
	// them; leaving is how long it then waits for the last words to the store.
	finishing = 12 * time.Second
	leaving   = 6 * time.Second

	maxBatch = 512 // sources named in one claim
	// clockFloor is before any time at which this program can run. A machine
	// whose clock says less has not set it yet.
	clockFloor = 2024
)

// Run asks sources when they are due, until ctx ends. It then finishes what
// runs, or gives the claims back, within 20 seconds. It returns nil: a store
// that fails is tried again.
func (p *Poller) Run(ctx context.Context) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	r := &round{
		poller: p, work: work, done: make(chan finished, p.workers()),
		due: map[string]time.Time{}, busy: map[string]int{}, taken: map[string]bool{}, generation: -1,
	}
	for ctx.Err() == nil {
		r.sleep(ctx, r.step(ctx, time.Now()))
	}
	r.drain(cancel)
	return nil
}

// A round is the state of Run. Only Run's goroutine touches it.
type round struct {
	poller *Poller
	work   context.Context // of the workers: outlives Run's by the time of the drain
	done   chan finished

	sources    map[string]*enrolled
	generation int
	due        map[string]time.Time // what we believe; the store knows
	ready      []held               // waiting for a worker
	taken      map[string]bool      // slugs in ready or running
	busy       map[string]int       // requests ready or running, by host
	running    int
	last       time.Time     // of the wall clock
	trouble    time.Duration // how long to leave a failing store alone
}

// held is a claim of ours that nobody has begun with.
type held struct {
	*enrolled
	claim newsroom.Claim
}

// finished is a worker's last word.
type finished struct {
	slug, host string
	next       time.Time
}

// step does all that can be done now and returns how long there is nothing
// more to do.
func (r *round) step(ctx context.Context, now time.Time) time.Duration {
	if now.Year() < clockFloor {
		r.poller.log().Error("the clock is not set; nothing is asked", "now", now)
		return maxNap
	}
	if err := r.learn(ctx, now); err != nil {
		return r.troubled(err)
	}
	free := r.poller.workers() - r.running
	if len(r.ready) == 0 && free > 0 {
		if err := r.claim(ctx, now, free+r.poller.workers()); err != nil {
			return r.troubled(err)
		}
	}
	r.trouble = 0
	r.start(now)
	return r.idle(now)
}

// troubled returns how long to leave the store alone after an error: longer
// with each.
func (r *round) troubled(err error) time.Duration {
	if errors.Is(err, context.Canceled) {
		return 0
	}
	r.trouble = min(max(2*r.trouble, time.Second), 30*time.Second)
	r.poller.log().Error("the store cannot say what is due", "error", err, "again_in", r.trouble)
	return r.trouble
}

// learn takes up changed sources, and a clock that was set back.
func (r *round) learn(ctx context.Context, now time.Time) error {
	sources, generation := r.poller.snapshot()
	setBack := now.Round(0).Before(r.last.Add(-maxNap))
	r.last = now.Round(0) // without the monotonic reading: it is the wall that jumps
	if generation == r.generation && !setBack {
		return nil
	}
	slugs := slices.Sorted(maps.Keys(sources))
	if err := r.poller.Store.Enroll(ctx, slugs, func(string) time.Time { return now }); err != nil {
		return err
	}
	checks, err := r.poller.Store.Checks(ctx)
	if err != nil {
		return err
	}
	r.sources, r.due = sources, make(map[string]time.Time, len(sources))
	for i := range checks {
		if e, ok := sources[checks[i].Source]; ok {
			r.due[e.source.Slug] = r.recall(ctx, e, checks[i], now)
		}
	}
	r.generation = generation
	return nil
}

// recall returns when a stored source is due. It brings a due time forward
// that the present schedule, or a sane clock, would not have given.
func (r *round) recall(ctx context.Context, e *enrolled, c newsroom.Check, now time.Time) time.Time {
	p := r.poller
	if c.Class == newsroom.ClassNone {
		return c.Next
	}
	if c.Class == newsroom.ClassRateLimited && c.Next.After(now) && p.Policy.Plausible(e.schedule, c, now) {
		p.Client.Pause(e.source.URL, c.Next)
	}
	next := p.Policy.Next(e.source.Slug, e.schedule, c)
	if c.LastAsked.After(now.Add(maxNap)) { // asked in the future: that clock was wrong
		next = now.Add(stable(e.source.Slug, p.Policy.interval(e.schedule, c)))
	}
	if !next.Before(c.Next.Add(-time.Second)) && p.Policy.Plausible(e.schedule, c, now) {
		return c.Next
	}
	next = later(next, now)
	if err := r.bringForward(ctx, c.Source, next, now); err != nil {
		p.log().Warn("cannot change when a source is due", "source", c.Source, "error", err)
		return c.Next
	}
	return next
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// bringForward stores an earlier due time.
func (r *round) bringForward(ctx context.Context, slug string, next, now time.Time) error {
	claim, err := r.poller.Store.ClaimSource(ctx, slug, now, lease, r.poller.Owner)
	if errors.Is(err, newsroom.ErrClaimed) {
		return nil // it is being asked: that settles it
	}
	if err != nil {
		return err
	}
	check := claim.Check
	check.Next = next
	return r.poller.Store.Settle(ctx, claim, check)
}

// claim takes the right to ask sources that are due and whose hosts may be
// asked now, the longest due first.
func (r *round) claim(ctx context.Context, now time.Time, limit int) error {
	slugs := r.candidates(now, min(limit, maxBatch))
	if len(slugs) == 0 {
		return nil
	}
	claims, err := r.poller.Store.Claim(ctx, slugs, now, limit, lease, r.poller.Owner)
	if err != nil {
		return err
	}
	for _, claim := range claims {
		e := r.sources[claim.Check.Source]
		r.taken[e.source.Slug] = true
		r.busy[e.host]++
		r.ready = append(r.ready, held{e, claim})
	}
	if len(claims) == len(slugs) {
		return nil
	}
	return r.correct(ctx, slugs, now)
}

// correct learns when sources are due that we believed to be: another node
// has asked them, or is asking them.
func (r *round) correct(ctx context.Context, slugs []string, now time.Time) error {
	rest := slices.DeleteFunc(slices.Clone(slugs), func(s string) bool { return r.taken[s] })
	next, err := r.poller.Store.NextDue(ctx, rest)
	if err != nil {
		return err
	}
	if next.IsZero() || next.After(now.Add(maxNap)) {
		next = now.Add(maxNap)
	}
	next = later(next, now.Add(time.Second))
	for _, slug := range rest {
		r.due[slug] = next
	}
	return nil
}

// candidates returns the sources to claim: due, not taken, at most as many of
// a host as it may be sent now.
func (r *round) candidates(now time.Time, limit int) []string {
	var all []*enrolled
	for slug, e := range r.sources {
		if !r.due[slug].After(now) && !r.taken[slug] {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *enrolled) int {
		return cmp.Or(r.due[a.source.Slug].Compare(r.due[b.source.Slug]), cmp.Compare(a.order, b.order), cmp.Compare(a.source.Slug, b.source.Slug))
	})
	room := map[string]int{}
	var slugs []string
	for _, e := range all {
		if _, known := room[e.host]; !known {
			room[e.host] = r.room(e.host)
		}
		if room[e.host] > 0 {
			room[e.host]--
			slugs = append(slugs, e.source.Slug)
		}
		if len(slugs) == limit {
			break
		}
	}
	return slugs
}

// room returns how many more requests may go to a host now. No host gets
// more than a quarter of the workers.
func (r *round) room(host string) int {
	if wait, free := r.poller.Client.Free(host); !free || wait > 0 {
		return 0
	}
	most := min(r.poller.Client.HostRequests(), max(1, r.poller.workers()/4))
	if r.poller.Client.Spaced(host) {
		most = 1
	}
	return max(0, most-r.busy[host])
}

// start gives claims to free workers. A claim that has waited so long that its
// lease could end under a worker is given back.
func (r *round) start(now time.Time) {
	for len(r.ready) > 0 && r.running < r.poller.workers() {
		h := r.ready[0]
		r.ready = r.ready[1:]
		slug := h.source.Slug
		if r.sources[slug] == nil || h.claim.Until.Sub(now) < watchdog+settling {
			r.giveBack(h)
			continue
		}
		r.running++
		go func() {
			res := r.poller.ask(r.work, h.enrolled, h.claim)
			f := finished{slug: slug, host: h.host, next: res.Check.Next}
			if res.Err != nil { // the store knows nothing of it, and may have to wait for the lease's end
				f.next = time.Now().Add(time.Second)
			}
			r.done <- f
		}()
	}
}

// giveBack ends a claim as if it had not been.
func (r *round) giveBack(h held) {
	r.poller.release(r.work, h.claim, h.claim.Check.Next, nil)
	delete(r.taken, h.source.Slug)
	r.left(h.host)
}

// idle returns how long there is nothing to do: until a source is due and its
// host may be asked. A worker that ends wakes us anyway.
func (r *round) idle(now time.Time) time.Duration {
	wait := maxNap
	if r.running >= r.poller.workers() {
		return wait
	}
	for slug, e := range r.sources {
		if r.taken[slug] || r.busy[e.host] > 0 && r.room(e.host) == 0 {
			continue
		}
		left := r.due[slug].Sub(now)
		if left >= wait {
			continue
		}
		host, free := r.poller.Client.Free(e.host)
		if !free { // somebody else's request; we are not told when it ends
			host = max(host, time.Second)
		}
		wait = min(wait, max(left, host, 0))
	}
	return max(wait, time.Millisecond)
}

// sleep waits until something may have changed.
func (r *round) sleep(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-r.poller.nudged():
	case f := <-r.done:
		r.finish(f)
	}
	for {
		select {
		case f := <-r.done:
			r.finish(f)
		default:
			return
		}
	}
}

func (r *round) finish(f finished) {
	r.running--
	delete(r.taken, f.slug)
	r.left(f.host)
	r.due[f.slug] = f.next
}

func (r *round) left(host string) {
	if r.busy[host]--; r.busy[host] <= 0 {
		delete(r.busy, host)
	}
}

// drain ends what runs: it waits for it, then cancels it, and gives the
// claims back that nobody has begun with.
func (r *round) drain(cancel context.CancelFunc) {
	for _, h := range r.ready {
		r.giveBack(h)
	}
	r.ready = nil
	timer := time.NewTimer(finishing)
	defer timer.Stop()
	canceled := false
	for r.running > 0 {
		select {
		case f := <-r.done:
			r.finish(f)
		case <-timer.C:
			if canceled {
				r.poller.log().Error("left without waiting for sources that hang; their claims end by themselves", "count", r.running)
				return
			}
			canceled = true
			cancel()
			timer.Reset(leaving)
		}
	}
}
