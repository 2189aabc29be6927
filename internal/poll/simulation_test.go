package poll_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"newswire/internal/newsroom"
)

// A publisher is a host in a simulation: it publishes at random, and is out of
// order for random spans of time. It keeps the ledger of what it ever offered.
type publisher struct {
	mu      sync.Mutex
	random  *rand.Rand
	offered int // entries g1 … g(offered)
	doc     string
	written int // how many entries doc has
	fault   string
	barred  time.Time // until when it answered 429
	early   []string  // what it holds against its visitor
	last    time.Time
	served  int
	healthy bool          // it never breaks
	longest time.Duration // between two requests, once its visitor knows it
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
			if p.healthy {
				break
			}
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
	if p.served > 1 { // the first request is at once, the second at the source's own instant
		p.longest = max(p.longest, now.Sub(p.last))
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

// document returns what it offers; it is written anew when that has changed.
func (p *publisher) document() string {
	if p.written == p.offered {
		return p.doc
	}
	guids := make([]string, 0, p.offered)
	for i := p.offered; i >= 1; i-- {
		guids = append(guids, fmt.Sprintf("g%d", i))
	}
	p.doc, p.written = rss(guids...), p.offered
	return p.doc
}

// interrupted forgets the last request: our visitor was killed before it could
// note that it had asked.
func (p *publisher) interrupted() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.served = time.Time{}, max(p.served, 1)
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
