package poll_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"newswire/internal/egress"
	"newswire/internal/newsroom"
	"newswire/internal/poll"
)

// A publisher is a host in a simulation: it publishes at random, and is out of
// order for random spans of time. It keeps the ledger of what it ever offered.
type publisher struct {
	mu      sync.Mutex
	random  *rand.Rand
	offered int // entries g1 … g(offered)
	fault   string
	barred  time.Time // until when it answered 429
	early   []string  // what it holds against its visitor
	last    time.Time
	served  int
}

// faults are what a publisher suffers from.
var faults = []string{"500", "503", "404", "hang", "cut", "reset", "page", "429", "stale", "empty", "broken"}

// live publishes and breaks until the simulation ends.
func (p *publisher) live(until time.Time) {
	for time.Now().Before(until) {
		p.mu.Lock()
		pause := time.Duration(p.random.ExpFloat64() * float64(5*time.Hour))
		switch p.random.IntN(3) {
		case 0:
			p.fault = faults[p.random.IntN(len(faults))]
		case 1:
			p.fault = ""
		}
		p.offered += 1 + p.random.IntN(3)
		p.mu.Unlock()
		time.Sleep(min(pause, time.Until(until)))
	}
	p.mu.Lock()
	p.fault = ""
	p.mu.Unlock()
}

func (p *publisher) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	now := time.Now()
	if gap := now.Sub(p.last); !p.last.IsZero() && gap < 15*time.Minute {
		p.early = append(p.early, fmt.Sprintf("asked again after %v at %v", gap, now))
	}
	if now.Before(p.barred) {
		p.early = append(p.early, fmt.Sprintf("asked %v before the end of a 429", p.barred.Sub(now)))
	}
	p.last = now
	p.served++
	fault := p.fault
	etag := fmt.Sprintf(`"%d"`, p.offered)
	doc := p.document()
	if fault == "429" {
		p.barred = now.Add(3 * time.Hour)
	}
	p.mu.Unlock()
	p.answer(rw, r, fault, etag, doc)
}

func (p *publisher) answer(rw http.ResponseWriter, r *http.Request, fault, etag, doc string) {
	sent := r.Header.Get("If-None-Match")
	switch fault {
	case "500", "404":
		code := map[string]int{"500": 500, "404": 404}[fault]
		http.Error(rw, doc, code)
	case "503", "429":
		rw.Header().Set("Retry-After", "10800")
		rw.WriteHeader(map[string]int{"503": 503, "429": 429}[fault])
	case "hang":
		<-r.Context().Done()
	case "reset":
		panic(http.ErrAbortHandler)
	case "cut":
		rw.Header().Set("Etag", etag)
		rw.Header().Set("Content-Length", fmt.Sprint(len(doc)))
		rw.Write([]byte(doc[:len(doc)/2]))
	case "page":
		fmt.Fprint(rw, "<!DOCTYPE html><html><body>Maintenance</body></html>")
	case "empty":
		rw.Header().Set("Etag", etag)
	case "broken":
		rw.Header().Set("Etag", etag)
		fmt.Fprint(rw, doc[:len(doc)/3])
	case "stale":
		if sent != "" { // "nothing new", whatever there is
			rw.Header().Set("Etag", sent)
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		fallthrough
	default:
		rw.Header().Set("Etag", etag)
		if sent == etag {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprint(rw, doc)
	}
}

func (p *publisher) document() string {
	guids := make([]string, 0, p.offered)
	for i := p.offered; i >= 1; i-- {
		guids = append(guids, fmt.Sprintf("g%d", i))
	}
	return rss(guids...)
}

// TestSimulation lets publishers live for weeks, with faults on their side and
// on ours and restarts of ours, and then compares their ledgers with what is
// stored: nothing lost, nothing new twice, nobody asked too often.
func TestSimulation(t *testing.T) {
	seeds, days, count := 4, 14, 8
	if testing.Short() {
		seeds, days, count = 1, 4, 4
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { simulate(t, uint64(seed), days, count) })
		})
	}
}

func simulate(t *testing.T, seed uint64, days, count int) {
	settleClock()
	random := rand.New(rand.NewPCG(seed, 1))
	w, m := newWeb(t), newMemory()
	end := time.Now().Add(time.Duration(days) * 24 * time.Hour)
	publishers, sources := map[string]*publisher{}, map[string]newsroom.Source{}
	for i := range count {
		host := fmt.Sprintf("p%d.test", i)
		p := &publisher{random: rand.New(rand.NewPCG(seed, uint64(i+2))), offered: 3}
		publishers[host], w.hosts[host] = p, p.ServeHTTP
		sources[host] = sourceOf(host, "http://"+host+"/", []string{"", "@every 30m", "*/20 * * * *"}[i%3])
		go p.live(end)
	}
	flaky := rand.New(rand.NewPCG(seed, 99))
	m.failing = func(string) error {
		if flaky.IntN(20) == 0 {
			return errors.New("database is locked")
		}
		return nil
	}
	var mu sync.Mutex
	fresh := map[string]int{}
	observe := func(r poll.Result) {
		mu.Lock()
		defer mu.Unlock()
		fresh[r.Source] += r.Outcome.New
		if r.Class == newsroom.ClassInternal {
			t.Errorf("%s: %s", r.Source, r.Problem)
		}
		if r.Err == nil && r.Check.Next.Before(r.Began.Add(15*time.Minute-time.Second)) && r.Class != newsroom.ClassRateLimited {
			t.Errorf("%s: class %q is due again after %v", r.Source, r.Class, r.Check.Next.Sub(r.Began))
		}
	}
	for time.Now().Before(end.Add(3 * 24 * time.Hour)) { // three days to catch up
		stop := start(t, simulated(w, m, func(p *poll.Poller, _ *egress.Config) { p.Observe = observe }), sources)
		time.Sleep(time.Duration(random.Int64N(int64(40 * time.Hour))))
		stop()
	}
	for host, p := range publishers {
		titles := m.titles(host)
		if len(titles) != p.offered {
			t.Errorf("%s offered %d entries, %d are stored", host, p.offered, len(titles))
		}
		if fresh[host] != p.offered {
			t.Errorf("%s offered %d entries, %d were new", host, p.offered, fresh[host])
		}
		for _, e := range p.early {
			t.Errorf("%s: %s", host, e)
		}
		if p.served < days*5 {
			t.Errorf("%s was asked %d times in %d days", host, p.served, days)
		}
	}
}

// TestEndlessNotModified (C03): a server that answers 304 for ever is asked
// without validators within a day.
func TestEndlessNotModified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		p := &publisher{random: rand.New(rand.NewPCG(1, 1)), offered: 3, fault: "stale"}
		w.hosts["liar.test"] = p.ServeHTTP
		stop := start(t, simulated(w, m, nil), map[string]newsroom.Source{"s": sourceOf("s", "http://liar.test/", "@every 1h")})
		time.Sleep(time.Minute)
		p.mu.Lock()
		p.offered++
		p.mu.Unlock()
		time.Sleep(12 * time.Hour)
		if n := len(m.titles("s")); n != 3 {
			t.Fatalf("%d entries while it answers 304, want 3: the origin does not lie", n)
		}
		time.Sleep(14 * time.Hour)
		if n := len(m.titles("s")); n != 4 {
			t.Errorf("%d entries after a day, want 4", n)
		}
		stop()
	})
}
