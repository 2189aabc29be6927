package poll_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"newswire/internal/egress"
	"newswire/internal/newsroom"
	"newswire/internal/poll"
)

// start runs a poller until stop is called.
func start(t *testing.T, p *poll.Poller, sources map[string]newsroom.Source) (stop func() time.Duration) {
	t.Helper()
	if err := p.SetSources(sources); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	return func() time.Duration {
		began := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		p.Client.Close()
		return time.Since(began)
	}
}

// TestIsolation: sources that hang, 150 of them on hosts of their own and 100
// on one host, delay nobody else.
func TestIsolation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		sources := map[string]newsroom.Source{}
		add := func(slug, host, path string, h http.HandlerFunc) {
			w.hosts[host] = h
			sources[slug] = sourceOf(slug, "http://"+host+path, "@every 30m")
		}
		for i := range 20 {
			add(fmt.Sprintf("canary%d", i), fmt.Sprintf("canary%d.test", i), "/feed", serveFeed)
		}
		for i := range 150 {
			add(fmt.Sprintf("hole%d", i), fmt.Sprintf("hole%d.test", i), "/feed", silent)
		}
		for i := range 100 {
			add(fmt.Sprintf("stuck%d", i), "stuck.test", fmt.Sprintf("/feed%d", i), silent)
		}
		stop := start(t, simulated(w, m, nil), sources)
		time.Sleep(12 * time.Hour)
		stop()
		for i := range 20 {
			host := fmt.Sprintf("canary%d.test", i)
			times := w.times(host)
			if len(times) < 22 {
				t.Errorf("%s was asked %d times in 12 hours, want 24", host, len(times))
			}
			for j := 2; j < len(times); j++ { // the first is at once, the second at the source's own instant
				if gap := times[j].Sub(times[j-1]); gap > 33*time.Minute || gap < 27*time.Minute {
					t.Errorf("%s was asked after %v, want 30m ± 10 %%", host, gap)
				}
			}
		}
		asked := 0
		for i := range 150 {
			if len(w.times(fmt.Sprintf("hole%d.test", i))) > 0 {
				asked++
			}
		}
		if asked != 150 {
			t.Errorf("only %d of 150 silent hosts were asked at all", asked)
		}
		if w.most["stuck.test"] > 1 {
			t.Errorf("%d requests at once to one host", w.most["stuck.test"])
		}
		if n := len(w.times("stuck.test")); n < 100 {
			t.Errorf("the stuck host's 100 sources were asked %d times", n)
		}
	})
}

// TestOneHost: a hundred feeds of one host are asked one after the other, a
// second apart; many hosts are asked side by side.
func TestOneHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		sources := map[string]newsroom.Source{}
		for i := range 100 {
			host := fmt.Sprintf("user%d.example.com", i%7)
			w.hosts[host] = func(rw http.ResponseWriter, r *http.Request) {
				time.Sleep(300 * time.Millisecond)
				serveFeed(rw, r)
			}
			slug := fmt.Sprintf("feed%d", i)
			sources[slug] = sourceOf(slug, fmt.Sprintf("http://%s/%d", host, i), "")
		}
		stop := start(t, simulated(w, m, nil), sources)
		time.Sleep(5 * time.Minute)
		stop()
		var all []time.Time
		for i := range 7 {
			all = append(all, w.times(fmt.Sprintf("user%d.example.com", i))...)
		}
		if len(all) != 100 {
			t.Fatalf("%d requests for 100 feeds", len(all))
		}
		sortTimes(all)
		for i := 1; i < len(all); i++ {
			if gap := all[i].Sub(all[i-1]); gap < time.Second {
				t.Fatalf("two requests to one domain %v apart", gap)
			}
		}
		if took := all[99].Sub(all[0]); took > 110*time.Second {
			t.Errorf("100 feeds a second apart took %v", took)
		}
	})
}

// TestManyHosts: a thousand hosts with 200 ms of latency are asked within 4 s
// by 64 workers.
func TestManyHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		sources := map[string]newsroom.Source{}
		for i := range 1000 {
			host := fmt.Sprintf("h%d.test", i)
			w.hosts[host] = func(rw http.ResponseWriter, r *http.Request) {
				time.Sleep(200 * time.Millisecond)
				serveFeed(rw, r)
			}
			sources[host] = sourceOf(host, "http://"+host+"/", "")
		}
		p := simulated(w, m, func(p *poll.Poller, _ *egress.Config) { p.Workers = 64 })
		began := time.Now()
		stop := start(t, p, sources)
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if m.taken != 1000 {
			t.Errorf("%d of 1000 sources in %v", m.taken, time.Since(began))
		}
		stop()
	})
}

// TestRestart: nobody is asked before the stored time, whoever asks.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		sources := map[string]newsroom.Source{}
		for i := range 30 {
			host := fmt.Sprintf("h%d.test", i)
			w.hosts[host] = serveFeed
			sources[host] = sourceOf(host, "http://"+host+"/", map[bool]string{true: "@every 45m"}[i%2 == 0])
		}
		for range 40 { // every five minutes a new process
			stop := start(t, simulated(w, m, nil), sources)
			time.Sleep(5 * time.Minute)
			stop()
		}
		for host := range sources {
			times := w.times(host)
			if len(times) < 3 {
				t.Errorf("%s was asked %d times in 200 minutes", host, len(times))
			}
			for j := 1; j < len(times); j++ {
				if gap := times[j].Sub(times[j-1]); gap < 15*time.Minute {
					t.Errorf("%s was asked again after %v", host, gap)
				}
			}
		}
	})
}

// TestTooMany: 429 pauses the whole host, over a restart too; 503 pauses the
// feed alone; another host does not notice.
func TestTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		refuse := func(status int) http.HandlerFunc {
			return func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/bad" {
					serveFeed(rw, r)
					return
				}
				rw.Header().Set("Retry-After", "7200")
				rw.WriteHeader(status)
			}
		}
		w.hosts["limited.test"], w.hosts["busy.test"], w.hosts["calm.test"] = refuse(429), refuse(503), serveFeed
		sources := map[string]newsroom.Source{
			"a-limited": sourceOf("a-limited", "http://limited.test/bad", "@every 20m"), "limited": sourceOf("limited", "http://limited.test/good", "@every 20m"),
			"a-busy": sourceOf("a-busy", "http://busy.test/bad", "@every 20m"), "busy": sourceOf("busy", "http://busy.test/good", "@every 20m"),
			"calm": sourceOf("calm", "http://calm.test/", "@every 20m"),
		}
		for range 4 {
			stop := start(t, simulated(w, m, nil), sources)
			time.Sleep(25 * time.Minute)
			stop()
		}
		// In 100 minutes: /bad once, and /good at most once before it.
		if n := len(w.times("limited.test")); n > 2 {
			t.Errorf("a host that said 429 was asked %d times within its two hours", n)
		}
		if n := len(w.times("busy.test")); n < 5 {
			t.Errorf("after a 503 of one feed the host was asked %d times in all", n)
		}
		if n := len(w.times("calm.test")); n < 4 {
			t.Errorf("another host was asked %d times in 100 minutes", n)
		}
		if c := m.check("limited"); c.Failures != 0 {
			t.Errorf("the neighbor of a limited feed counts %d failures", c.Failures)
		}
		stop := start(t, simulated(w, m, nil), sources)
		time.Sleep(time.Hour)
		stop()
		if n := len(w.times("limited.test")); n < 3 {
			t.Errorf("the host was not asked again after its two hours: %d requests", n)
		}
	})
}

// TestAskKeepsManners: asking by hand waits for the host's turn, is
// conditional, and leaves a host alone that said 429.
func TestAskKeepsManners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		var conditional atomic.Int32
		w.hosts["h.test"] = func(rw http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") == `"1"` {
				conditional.Add(1)
				rw.WriteHeader(http.StatusNotModified)
				return
			}
			rw.Header().Set("Etag", `"1"`)
			serveFeed(rw, r)
		}
		p := simulated(w, m, nil)
		if err := p.SetSources(map[string]newsroom.Source{"s": sourceOf("s", "http://h.test/", ""), "s2": sourceOf("s2", "http://h.test/2", "")}); err != nil {
			t.Fatal(err)
		}
		for _, slug := range []string{"s", "s2", "s", "s"} {
			if _, err := p.Ask(t.Context(), slug); err != nil {
				t.Fatal(err)
			}
		}
		if conditional.Load() != 2 {
			t.Errorf("%d conditional requests, want 2", conditional.Load())
		}
		times := w.times("h.test")
		for i := 1; i < len(times); i++ {
			if gap := times[i].Sub(times[i-1]); gap < time.Second {
				t.Errorf("two requests to one host %v apart", gap)
			}
		}
		if _, err := p.Ask(t.Context(), "nobody"); !errors.Is(err, newsroom.ErrNotFound) {
			t.Errorf("an unknown source: %v", err)
		}
		if _, err := m.ClaimSource(t.Context(), "s", time.Now(), time.Minute, "other"); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Ask(t.Context(), "s"); !errors.Is(err, newsroom.ErrClaimed) {
			t.Errorf("a claimed source: %v", err)
		}
		p.Client.Close()
	})
}

// TestFaultsOfOurs: a panic, a store that fails, and something that hangs for
// ever cost their source one poll, and are written down.
func TestFaultsOfOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		hang := make(chan struct{})
		m.failing = func(src string) error {
			switch src {
			case "panics":
				panic("a fault\nof ours")
			case "unstored":
				return errors.New("disk I/O error")
			case "fenced":
				return newsroom.ErrFenced
			}
			return nil
		}
		sources := map[string]newsroom.Source{}
		for _, slug := range []string{"panics", "unstored", "fenced", "hangs", "fine"} {
			w.hosts[slug+".test"] = serveFeed
			sources[slug] = sourceOf(slug, "http://"+slug+".test/", "@every 30m")
		}
		p := simulated(w, m, nil)
		take := p.Take
		p.Take = func(ctx context.Context, src newsroom.Source, c newsroom.Claim, r poll.Reading, settle func(poll.Outcome) newsroom.Check) (poll.Outcome, error) {
			if src.Slug == "hangs" {
				<-hang // deaf to its context
			}
			return take(ctx, src, c, r, settle)
		}
		stop := start(t, p, sources)
		time.Sleep(10 * time.Minute)
		for slug, want := range map[string]newsroom.Class{"panics": "internal", "unstored": "storage", "hangs": "internal", "fine": "ok"} {
			c := m.check(slug)
			if c.Class != want {
				t.Errorf("%s: class %q (%s), want %q", slug, c.Class, c.Problem, want)
			}
			if left := time.Until(c.Next); left < 5*time.Minute {
				t.Errorf("%s: due again in %v", slug, left)
			}
			if strings.Contains(c.Problem, "\n") || strings.Contains(c.Problem, "disk I/O") {
				t.Errorf("%s: the problem tells too much: %q", slug, c.Problem)
			}
		}
		close(hang)
		time.Sleep(time.Minute)
		if n := len(m.titles("hangs")); n != 0 {
			t.Errorf("a worker that was given up stored %d entries after its claim had ended", n)
		}
		m.mu.Lock()
		m.failing, p.Take = nil, take
		m.mu.Unlock()
		time.Sleep(3 * time.Hour)
		for slug := range sources {
			if slug != "hangs" && len(m.titles(slug)) != 1 {
				t.Errorf("%s has %d entries after all is well again", slug, len(m.titles(slug)))
			}
		}
		stop()
	})
}

// TestTwoNodes: two processes on one store ask each source once, not twice;
// when one dies without a word, the other takes over all of it.
func TestTwoNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		sources := map[string]newsroom.Source{}
		for i := range 60 {
			host := fmt.Sprintf("h%d.test", i)
			w.hosts[host] = serveFeed
			sources[host] = sourceOf(host, "http://"+host+"/", "@every 30m")
		}
		node := func(name string) func() time.Duration {
			return start(t, simulated(w, m, func(p *poll.Poller, _ *egress.Config) { p.Owner = name }), sources)
		}
		stopA, stopB := node("a"), node("b")
		time.Sleep(4 * time.Hour)
		stopA()
		time.Sleep(4 * time.Hour)
		stopB()
		for host := range sources {
			times := w.times(host)
			if n := len(times); n < 15 || n > 17 {
				t.Errorf("%s was asked %d times in 8 hours, want 16", host, n)
			}
			for j := 2; j < len(times); j++ {
				if gap := times[j].Sub(times[j-1]); gap < 29*time.Minute || gap > 33*time.Minute {
					t.Errorf("%s was asked after %v", host, gap)
				}
			}
		}
	})
}

// TestLostLease: a node that stood still while its lease ended stores nothing.
func TestLostLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		w.hosts["h.test"] = serveFeed
		source := map[string]newsroom.Source{"s": sourceOf("s", "http://h.test/", "@every 30m")}
		slow := simulated(w, m, func(p *poll.Poller, _ *egress.Config) { p.Owner = "slow" })
		take := slow.Take
		slow.Take = func(ctx context.Context, src newsroom.Source, c newsroom.Claim, r poll.Reading, settle func(poll.Outcome) newsroom.Check) (poll.Outcome, error) {
			m.mu.Lock() // the clock leaps over the lease, and another node asks
			delete(m.claims, "s")
			m.mu.Unlock()
			other := simulated(w, m, func(p *poll.Poller, _ *egress.Config) { p.Owner = "other" })
			if err := other.SetSources(source); err != nil {
				t.Fatal(err)
			}
			if res, err := other.Ask(ctx, "s"); err != nil || res.Outcome.New != 1 {
				t.Errorf("the other node: %+v, %v", res, err)
			}
			other.Client.Close()
			return take(ctx, src, c, r, settle)
		}
		if err := slow.SetSources(source); err != nil {
			t.Fatal(err)
		}
		res, err := slow.Ask(t.Context(), "s")
		if !errors.Is(err, newsroom.ErrFenced) || res.Outcome.New != 0 {
			t.Errorf("the slow node stored %d entries: %v", res.Outcome.New, err)
		}
		if c := m.check("s"); c.New != 1 || c.Class != newsroom.ClassOK {
			t.Errorf("the other node's result was overwritten: %+v", c)
		}
		slow.Client.Close()
	})
}

// TestStoreAway: while the store is away nothing is asked over and over, and
// work goes on when it is back.
func TestStoreAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		w.hosts["h.test"] = serveFeed
		m.fail = errors.New("connection refused")
		stop := start(t, simulated(w, m, nil), map[string]newsroom.Source{"s": sourceOf("s", "http://h.test/", "@every 20m")})
		time.Sleep(time.Hour)
		if n := len(w.times("h.test")); n != 0 {
			t.Errorf("asked %d times without a store", n)
		}
		m.mu.Lock()
		m.fail = nil
		m.mu.Unlock()
		time.Sleep(35 * time.Second)
		if n := len(w.times("h.test")); n != 1 {
			t.Errorf("asked %d times in the half minute after the store came back, want 1", n)
		}
		stop()
	})
}

// TestStoreFailsMeanwhile: a store that goes away while a source is being asked
// costs nothing but the time until the lease has ended.
func TestStoreFailsMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		down := errors.New("connection refused")
		w.hosts["h.test"] = func(rw http.ResponseWriter, r *http.Request) {
			m.mu.Lock()
			if len(w.times("h.test")) == 1 {
				m.fail = down
				m.failing = func(string) error { return down }
			}
			m.mu.Unlock()
			serveFeed(rw, r)
		}
		stop := start(t, simulated(w, m, nil), map[string]newsroom.Source{"s": sourceOf("s", "http://h.test/", "@every 20m")})
		time.Sleep(time.Minute)
		if n := len(m.titles("s")); n != 0 {
			t.Fatalf("%d entries in a store that is away", n)
		}
		m.mu.Lock()
		m.fail, m.failing = nil, nil
		m.mu.Unlock()
		time.Sleep(2 * time.Minute)
		if n := len(m.titles("s")); n != 1 {
			t.Errorf("%d entries two minutes after the store came back, want 1", n)
		}
		stop()
	})
}

// TestDrain: a shutdown lets requests end that end soon, cancels the others,
// and leaves no claim behind.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		sources := map[string]newsroom.Source{}
		for i := range 60 {
			host := fmt.Sprintf("h%d.test", i)
			w.hosts[host] = func(rw http.ResponseWriter, r *http.Request) {
				if i%2 == 0 {
					silent(rw, r)
					return
				}
				time.Sleep(5 * time.Second)
				serveFeed(rw, r)
			}
			sources[host] = sourceOf(host, "http://"+host+"/", "")
		}
		stop := start(t, simulated(w, m, func(p *poll.Poller, _ *egress.Config) { p.Workers = 16 }), sources)
		time.Sleep(2 * time.Second)
		if took := stop(); took > 20*time.Second {
			t.Errorf("the shutdown took %v", took)
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		if len(m.claims) != 0 {
			t.Errorf("%d claims were left behind", len(m.claims))
		}
		finished := 0
		for _, c := range m.checks {
			if c.Class == newsroom.ClassOK {
				finished++
			}
			if c.Failures > 0 {
				t.Errorf("%s: a shutdown counts as its failure (%s)", c.Source, c.Problem)
			}
		}
		if finished == 0 {
			t.Error("no request that would have ended soon was let end")
		}
	})
}

// TestClock: due times that no sane clock can have set are brought back.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		now := time.Now()
		sources := map[string]newsroom.Source{}
		for slug, c := range map[string]newsroom.Check{
			"future": {Class: "ok", LastAsked: now.AddDate(10, 0, 0), LastFull: now.AddDate(10, 0, 0), Next: now.AddDate(10, 0, 1)},
			"far":    {Class: "ok", LastAsked: now.Add(-time.Hour), LastFull: now.Add(-time.Hour), Next: now.AddDate(1, 0, 0)},
			"weekly": {Class: "gone", Dormant: true, Failures: 3, LastAsked: now.Add(-time.Hour), Next: now.Add(6 * 24 * time.Hour)},
		} {
			w.hosts[slug+".test"] = serveFeed
			sources[slug] = sourceOf(slug, "http://"+slug+".test/", "")
			c.Source = slug
			m.checks[slug] = c
		}
		stop := start(t, simulated(w, m, nil), sources)
		time.Sleep(40 * time.Minute)
		stop()
		for slug, want := range map[string]int{"future": 1, "far": 1, "weekly": 0} {
			if n := len(w.times(slug + ".test")); n < want || n > 2*want {
				t.Errorf("%s was asked %d times in 40 minutes, want %d", slug, n, want)
			}
		}
	})
}

// TestReload: a changed schedule counts at once, a removed source is asked no
// more, a new one at once.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settleClock()
		w, m := newWeb(t), newMemory()
		for _, h := range []string{"a", "b", "c"} {
			w.hosts[h+".test"] = serveFeed
		}
		a, b, c := sourceOf("a", "http://a.test/", "@every 12h"), sourceOf("b", "http://b.test/", "@every 20m"), sourceOf("c", "http://c.test/", "")
		p := simulated(w, m, nil)
		stop := start(t, p, map[string]newsroom.Source{"a": a, "b": b})
		time.Sleep(time.Minute)
		a.Schedule = "@every 15m"
		if err := p.SetSources(map[string]newsroom.Source{"a": a, "c": c}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if n := len(w.times("c.test")); n != 1 {
			t.Errorf("a new source was asked %d times within a second", n)
		}
		c.Schedule = "nonsense"
		if err := p.SetSources(map[string]newsroom.Source{"c": c}); err == nil {
			t.Error("a bad schedule was accepted")
		}
		time.Sleep(time.Hour)
		stop()
		if n := len(w.times("a.test")); n < 4 {
			t.Errorf("a source that is due every 15m now was asked %d times in an hour", n)
		}
		if n := len(w.times("b.test")); n != 1 {
			t.Errorf("a removed source was asked %d times", n)
		}
	})
}

func sortTimes(times []time.Time) {
	for i := 1; i < len(times); i++ {
		for j := i; j > 0 && times[j].Before(times[j-1]); j-- {
			times[j], times[j-1] = times[j-1], times[j]
		}
	}
}
