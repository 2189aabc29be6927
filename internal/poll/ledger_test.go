package poll_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"newswire/internal/egress"
	"newswire/internal/newsroom"
	"newswire/internal/poll"
)

// A process is one life of a poller. Once it is killed nothing of what it does
// reaches the store.
type process struct {
	*memory
	dead atomic.Bool
}

var errKilled = errors.New("the process was killed")

func (p *process) alive() error {
	if p.dead.Load() {
		return errKilled
	}
	return nil
}

func (p *process) Claim(ctx context.Context, slugs []string, now time.Time, limit int, lease time.Duration, owner string) ([]newsroom.Claim, error) {
	if err := p.alive(); err != nil {
		return nil, err
	}
	return p.memory.Claim(ctx, slugs, now, limit, lease, owner)
}

func (p *process) ClaimSource(ctx context.Context, slug string, now time.Time, lease time.Duration, owner string) (newsroom.Claim, error) {
	if err := p.alive(); err != nil {
		return newsroom.Claim{}, err
	}
	return p.memory.ClaimSource(ctx, slug, now, lease, owner)
}

func (p *process) Settle(ctx context.Context, claim newsroom.Claim, check newsroom.Check) error {
	if err := p.alive(); err != nil {
		return err
	}
	return p.memory.Settle(ctx, claim, check)
}

func (p *process) take(ctx context.Context, src newsroom.Source, claim newsroom.Claim, r poll.Reading, settle func(poll.Outcome) newsroom.Check) (poll.Outcome, error) {
	if err := p.alive(); err != nil {
		return poll.Outcome{}, err
	}
	return p.memory.take(ctx, src, claim, r, settle)
}

// A ledger is a simulation: publishers and what we made of them.
type ledger struct {
	*testing.T
	web        *web
	store      *memory
	publishers map[string]*publisher
	sources    map[string]newsroom.Source
	every      map[string]time.Duration // of healthy publishers
	workers    int

	mu    sync.Mutex
	fresh map[string]int
	polls int
}

// size is how much is simulated.
type size struct{ seeds, days, sources, workers int }

// simulationSize is small where tests are run often. NEWSWIRE_SEEDS, and with it
// NEWSWIRE_DAYS, NEWSWIRE_SOURCES and NEWSWIRE_FIRST_SEED, ask for a long run.
func simulationSize(t *testing.T) (first int, s size) {
	s = size{seeds: 4, days: 14, sources: 8, workers: 32}
	if testing.Short() {
		s = size{seeds: 1, days: 4, sources: 4, workers: 32}
	}
	if os.Getenv("NEWSWIRE_SEEDS") == "" {
		return 0, s
	}
	number := func(name string, usual int) int {
		text := os.Getenv(name)
		if text == "" {
			return usual
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	return number("NEWSWIRE_FIRST_SEED", 0), size{number("NEWSWIRE_SEEDS", 200), number("NEWSWIRE_DAYS", 30), number("NEWSWIRE_SOURCES", 50), 8}
}

// TestSimulation lets publishers live for weeks, with faults on their side and
// on ours, restarts and crashes of ours, and then compares their ledgers with
// what is stored: nothing lost, nothing new twice, nobody asked too often, and
// who is well asked in time although others hang.
func TestSimulation(t *testing.T) {
	first, size := simulationSize(t)
	var polls, entries int
	var worst float64
	for seed := range size.seeds {
		t.Run(fmt.Sprint(first+seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLedger(t, uint64(first+seed), size)
				l.live(uint64(first+seed), size.days)
				l.compare(size.days)
				offered, longest := l.offered(), l.punctual()
				t.Logf("%d polls, %d entries, %.3f", l.polls, offered, longest)
				polls, entries, worst = polls+l.polls, entries+offered, max(worst, longest)
			})
		})
	}
	t.Logf("%d seeds of %d days and %d sources: %d polls, %d entries; a healthy source was never asked later than after %.3f of its interval",
		size.seeds, size.days, size.sources, polls, entries, worst)
}

// rhythms are the schedules of the sources, in turn.
var rhythms = []string{"", "@every 30m", "*/20 * * * *", "@every 2h", "", "15 */3 * * *", "@every 1h", ""}

func newLedger(t *testing.T, seed uint64, s size) *ledger {
	settleClock()
	l := &ledger{
		T: t, web: newWeb(t), store: newMemory(), workers: s.workers, fresh: map[string]int{},
		publishers: map[string]*publisher{}, sources: map[string]newsroom.Source{}, every: map[string]time.Duration{},
	}
	for i := range s.sources {
		host := fmt.Sprintf("p%d.test", i)
		p := &publisher{random: rand.New(rand.NewPCG(seed, uint64(i+2))), offered: 3, healthy: i%5 == 3}
		spec := rhythms[i%len(rhythms)]
		if p.healthy {
			l.every[host] = []time.Duration{30 * time.Minute, time.Hour}[i/5%2]
			spec = "@every " + l.every[host].String()
		}
		l.publishers[host], l.web.hosts[host] = p, p.ServeHTTP
		l.sources[host] = sourceOf(host, "http://"+host+"/", spec)
	}
	flaky := rand.New(rand.NewPCG(seed, 99))
	l.store.failing = func(source string) error {
		if flaky.IntN(20) == 0 && !l.publishers[source].healthy {
			return errors.New("database is locked")
		}
		return nil
	}
	return l
}

// live runs one process of ours after the other. One in three is killed.
func (l *ledger) live(seed uint64, days int) {
	end := time.Now().Add(time.Duration(days) * 24 * time.Hour)
	for _, host := range slices.Sorted(maps.Keys(l.publishers)) {
		go l.publishers[host].live(end)
	}
	random := rand.New(rand.NewPCG(seed, 1))
	var killed sync.WaitGroup
	for time.Now().Before(end.Add(3 * 24 * time.Hour)) { // three days to catch up
		p := &process{memory: l.store}
		stop := start(l.T, simulated(l.web, l.store, func(poller *poll.Poller, _ *egress.Config) {
			poller.Store, poller.Take, poller.Observe, poller.Workers = p, p.take, l.observe, l.workers
		}), l.sources)
		time.Sleep(time.Duration(random.Int64N(int64(40 * time.Hour))))
		if random.IntN(3) > 0 {
			stop()
			continue
		}
		p.dead.Store(true)
		for host := range l.publishers {
			if l.web.asking(host) {
				l.publishers[host].interrupted()
			}
		}
		killed.Go(func() { stop() })
	}
	killed.Wait()
}

func (l *ledger) observe(r poll.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.polls++
	l.fresh[r.Source] += r.Outcome.New
	if r.Class == newsroom.ClassInternal {
		l.Errorf("%s: %s", r.Source, r.Problem)
	}
	if r.Err == nil && r.Check.Next.Before(r.Began.Add(15*time.Minute-time.Second)) && r.Class != newsroom.ClassRateLimited {
		l.Errorf("%s: class %q is due again after %v", r.Source, r.Class, r.Check.Next.Sub(r.Began))
	}
}

func (l *ledger) compare(days int) {
	l.Helper()
	for host, p := range l.publishers {
		if n := len(l.store.titles(host)); n != p.offered {
			l.Errorf("%s offered %d entries, %d are stored", host, p.offered, n)
		}
		if l.fresh[host] != p.offered {
			l.Errorf("%s offered %d entries, %d were new", host, p.offered, l.fresh[host])
		}
		for _, e := range p.early {
			l.Errorf("%s: %s", host, e)
		}
		if p.served < days*3 {
			l.Errorf("%s was asked %d times in %d days", host, p.served, days)
		}
	}
}

func (l *ledger) offered() (n int) {
	for _, p := range l.publishers {
		n += p.offered
	}
	return n
}

// punctual holds that no healthy source waited for more than 1.1 times its
// interval, and returns the longest wait in intervals.
func (l *ledger) punctual() (worst float64) {
	l.Helper()
	for host, every := range l.every {
		ratio := float64(l.publishers[host].longest) / float64(every)
		if worst = max(worst, ratio); ratio > 1.1 {
			l.Errorf("%s is well and was to be asked every %v, but once only after %v", host, every, l.publishers[host].longest)
		}
	}
	return worst
}
