package poll_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"newswire/internal/egress"
	"newswire/internal/newsroom"
	"newswire/internal/poll"
)

// TestReadsFewAtOnce: many documents may be fetched at once, but only a few are
// in memory as what they say. Who waits too long for its turn is at no fault.
func TestReadsFewAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		var hangs atomic.Bool // the store
		sources := map[string]newsroom.Source{}
		for i := range 32 {
			host := fmt.Sprintf("host%d.test", i)
			w.hosts[host] = func(rw http.ResponseWriter, r *http.Request) {
				if hangs.Load() {
					fmt.Fprintf(rw, otherFeed, host)
				} else {
					serveFeed(rw, r)
				}
			}
			sources[host] = sourceOf(host, "http://"+host+"/feed", "@every 30m")
		}
		var now, most atomic.Int64
		stop := start(t, simulated(w, m, func(p *poll.Poller, _ *egress.Config) {
			p.Take = func(ctx context.Context, src newsroom.Source, claim newsroom.Claim, r poll.Reading, settle func(poll.Outcome) newsroom.Check) (poll.Outcome, error) {
				most.Store(max(most.Load(), now.Add(1)))
				defer now.Add(-1)
				length := time.Second
				if hangs.Load() {
					length = time.Hour
				}
				select {
				case <-time.After(length):
				case <-ctx.Done():
					return poll.Outcome{}, ctx.Err()
				}
				return m.take(ctx, src, claim, r, settle)
			}
		}), sources)
		time.Sleep(25 * time.Minute)
		synctest.Wait()
		if want := int64(2 + runtime.GOMAXPROCS(0)); most.Load() > want {
			t.Errorf("%d documents were read at once, want %d", most.Load(), want)
		}
		m.mu.Lock()
		for slug := range sources {
			if c := m.checks[slug]; c.Class != newsroom.ClassOK {
				t.Errorf("%s: %s: %s", slug, c.Class, c.Problem)
			}
		}
		m.mu.Unlock()
		hangs.Store(true)
		time.Sleep(35 * time.Minute)
		synctest.Wait()
		m.mu.Lock()
		for slug := range sources {
			if c := m.checks[slug]; c.Class != newsroom.ClassStorage || c.Next.Sub(c.LastAsked) > 40*time.Minute {
				t.Errorf("%s: %s: %s, next after %v", slug, c.Class, c.Problem, c.Next.Sub(c.LastAsked))
			}
		}
		m.mu.Unlock()
		stop()
	})
}

const otherFeed = `<rss version="2.0"><channel><title>Other</title><link>http://%[1]s/</link><description>d</description><item><guid>other</guid><title>Other</title></item></channel></rss>`

// TestHungReadersHoldNobody: sources whose documents hang whoever reads them
// cost the others no more than their time.
func TestHungReadersHoldNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		sources := map[string]newsroom.Source{}
		for _, slug := range []string{"a", "b", "c", "d", "fine"} {
			w.hosts[slug+".test"] = serveFeed
			sources[slug] = sourceOf(slug, "http://"+slug+".test/", "@every 30m")
		}
		w.hosts["fine.test"] = func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprint(rw, rss(time.Now().Format(time.RFC3339))) }
		p := simulated(w, m, nil)
		hang := make(chan struct{})
		take := p.Take
		p.Take = func(ctx context.Context, src newsroom.Source, c newsroom.Claim, r poll.Reading, settle func(poll.Outcome) newsroom.Check) (poll.Outcome, error) {
			if src.Slug != "fine" {
				<-hang // deaf to its context
			}
			return take(ctx, src, c, r, settle)
		}
		stop := start(t, p, sources)
		time.Sleep(3 * 24 * time.Hour) // they are asked again, and hang again
		if c := m.check("fine"); c.Class != newsroom.ClassOK || time.Since(c.LastOK) > time.Hour {
			t.Errorf("the one that is well: %s (%s), last good %v ago", c.Class, c.Problem, time.Since(c.LastOK))
		}
		close(hang)
		time.Sleep(time.Minute)
		stop()
	})
}

// TestStoppedWhileStoring: a shutdown that ends the storing of an answer leaves
// the source to be asked again, but not at once: it was asked.
func TestStoppedWhileStoring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		w.hosts["h.test"] = serveFeed
		p := simulated(w, m, nil)
		p.Take = func(ctx context.Context, _ newsroom.Source, _ newsroom.Claim, _ poll.Reading, _ func(poll.Outcome) newsroom.Check) (poll.Outcome, error) {
			<-ctx.Done()
			return poll.Outcome{}, ctx.Err()
		}
		stop := start(t, p, map[string]newsroom.Source{"s": sourceOf("s", "http://h.test/", "")})
		time.Sleep(time.Second)
		stop()
		asked := w.times("h.test")
		if c := m.check("s"); len(asked) != 1 || c.Next.Before(asked[0].Add(p.Policy.MinInterval-time.Second)) || c.Failures > 0 {
			t.Errorf("asked at %v, due again at %v after %d failures", asked, c.Next, c.Failures)
		}
	})
}
