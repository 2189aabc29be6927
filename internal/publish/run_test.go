package publish

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"newswire/internal/newsroom"
)

// TestSettle: however often it is nudged, Run renders at most once in the
// settle time, and what was nudged last is published.
func TestSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add(wire(0), "all")
		p := newPublisher(m)
		p.Settle, p.Idle = 2*time.Second, time.Hour
		versions := map[string]time.Time{}
		p.Published = func([]string) { versions[document(t, p, rss).ETag] = time.Now() }
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- p.Run(ctx) }()
		start := time.Now()
		for n := 1; n <= 100; n++ { // ten seconds
			time.Sleep(100 * time.Millisecond)
			m.add(wire(n%40+1), "all")
			e := wire(0)
			e.Title, e.Hash = fmt.Sprint("version ", n), fmt.Sprint(n)
			m.add(e, "all")
			p.Nudge()
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if most := int(time.Since(start)/p.Settle) + 1; len(versions) > most || len(versions) < 4 {
			t.Errorf("%d versions in %s, want 4 to %d", len(versions), time.Since(start), most)
		}
		if !bytes.Contains(document(t, p, rss).Body, []byte("version 100")) {
			t.Error("the last nudge was lost")
		}
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run ends with %v", err)
		}
	})
}

// TestRunRecovers: a store that fails for a while is asked again without a nudge.
func TestRunRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add(wire(0), "all")
		m.close()
		p := newPublisher(m)
		p.Settle = 2 * time.Second
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go p.Run(ctx)
		time.Sleep(time.Second)
		m.mu.Lock()
		m.closed = false
		m.mu.Unlock()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if r := ask(p, "GET", rss); r.StatusCode != 200 {
			t.Errorf("status %d", r.StatusCode)
		}
		stop()
		synctest.Wait()
	})
}

// TestFailingIsNotHurried: what is due at once when all is well (archives, our own
// entries) does not make a rendering that fails be tried again at once.
func TestFailingIsNotHurried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.close()
		p := newPublisher(m)
		p.Settle, p.behind, p.houseDue = time.Second, true, time.Now().Add(-time.Hour)
		ctx, stop := context.WithCancel(t.Context())
		go p.Run(ctx)
		time.Sleep(time.Minute)
		if n := p.Stats().Failures; n < 5 || n > 12 {
			t.Errorf("%d renderings failed in a minute, want one in six seconds", n)
		}
		stop()
		synctest.Wait()
	})
}

// TestIdle: without a nudge, what another node stored is published, and a
// tombstone goes when its time has passed.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add(wire(0), "all")
		gone := wire(7)
		gone.Withdrawn = time.Now().Add(-29 * 24 * time.Hour)
		m.add(gone, "all")
		p := newPublisher(m)
		p.Settle = 2 * time.Second
		ctx, stop := context.WithCancel(t.Context())
		go p.Run(ctx)
		synctest.Wait()
		m.add(wire(1), "all")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if b := document(t, p, rss).Body; !bytes.Contains(b, []byte("model 1")) || !bytes.Contains(b, []byte("Withdrawn")) {
			t.Error("what another node stored is not published")
		}
		time.Sleep(25 * time.Hour)
		synctest.Wait()
		if bytes.Contains(document(t, p, rss).Body, []byte("Withdrawn")) {
			t.Error("a withdrawal is told after 30 days")
		}
		stop()
		synctest.Wait()
	})
}

// TestLargeHouse: where reading our own entries takes long, it is not done for
// every entry of others; a new article still comes out, nudged or not.
func TestLargeHouse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add(wire(0), "all")
		slow := &slowHouse{memory: m}
		p := newPublisher(m)
		p.Store, p.Settle, p.Idle = slow, 2*time.Second, time.Hour
		ctx, stop := context.WithCancel(t.Context())
		go p.Run(ctx)
		time.Sleep(4 * time.Second)
		m.add(article(1, "gpt-6"), "all", "house")
		start := time.Now()
		for n := range 100 { // ten seconds
			time.Sleep(100 * time.Millisecond)
			m.add(wire(n+1), "all")
			p.Nudge()
		}
		if n := slow.reads.Load(); n > 1 {
			t.Errorf("%d reads in %s, at a second each", n, time.Since(start))
		}
		if !bytes.Contains(document(t, p, "/feeds/house.rss").Body, []byte("gpt-6")) {
			t.Error("the new article is not in its channel")
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if _, ok := p.Shelf().Article("articles/gpt-6"); !ok {
			t.Errorf("the new article has no page after %s", time.Since(start))
		}
		stop()
		synctest.Wait()
	})
}

type slowHouse struct {
	*memory
	reads atomic.Int64
}

func (s *slowHouse) HouseEntries(ctx context.Context) ([]newsroom.Entry, error) {
	s.reads.Add(1)
	time.Sleep(time.Second)
	return s.memory.HouseEntries(ctx)
}

// TestNudgeBeforeRun: nudges never block, whoever is there to hear them.
func TestNudgeBeforeRun(t *testing.T) {
	p := newPublisher(newMemory())
	for range 1000 {
		p.Nudge()
	}
}
