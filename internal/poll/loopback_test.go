package poll_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"newswire/internal/egress"
	"newswire/internal/newsroom"
	"newswire/internal/poll"
)

// TestLoopback runs all of it for real: sockets, clock, store and door, with
// the settings that tests on loopback use (no least interval, @every 1s). A
// source that failed is well again within seconds.
func TestLoopback(t *testing.T) {
	if testing.Short() {
		t.Skip("takes five seconds of real time")
	}
	var n atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		i := n.Add(1)
		if i == 2 {
			http.Error(rw, "out of order", http.StatusInternalServerError)
			return
		}
		fmt.Fprint(rw, rss(fmt.Sprintf("g%d", i), fmt.Sprintf("g%d", i-1)))
	}))
	defer s.Close()
	h := newHouse(t)
	results := make(chan poll.Result, 100)
	p := &poll.Poller{
		Client: egress.New(egress.Config{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}),
		Store:  h, Take: h.take, Policy: poll.Policy{MaxInterval: 24 * time.Hour}, Owner: "loopback",
		Log: slog.New(slog.DiscardHandler), Observe: func(r poll.Result) { results <- r },
	}
	stop := start(t, p, map[string]newsroom.Source{slug: sourceOf(slug, s.URL, "@every 1s")})
	began := time.Now()
	classes := map[newsroom.Class]int{}
	for classes[newsroom.ClassOK] < 3 && time.Since(began) < 20*time.Second {
		r := <-results
		classes[r.Class]++
		if r.Err != nil {
			t.Errorf("class %q: %v", r.Class, r.Err)
		}
	}
	if took := time.Since(began); classes[newsroom.ClassHTTP5xx] != 1 || took > 15*time.Second {
		t.Errorf("after %v: %v", took, classes)
	}
	stop()
	if got := len(h.titles(slug)); got < 4 {
		t.Errorf("%d entries are stored after three documents", got)
	}
}
