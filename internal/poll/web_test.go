package poll_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"newswire/internal/egress"
	"newswire/internal/newsroom"
	"newswire/internal/poll"
)

// web is an Internet in memory, for simulations: a handler for each host.
type web struct {
	mu     sync.Mutex
	hosts  map[string]http.HandlerFunc
	asked  map[string][]time.Time // by host
	active map[string]int
	most   map[string]int // requests to one host at once, the most there were
	ctx    context.Context
}

func newWeb(t *testing.T) *web {
	return &web{hosts: map[string]http.HandlerFunc{}, asked: map[string][]time.Time{}, active: map[string]int{}, most: map[string]int{}, ctx: t.Context()}
}

// dial returns a connection to a host.
func (w *web) dial(_ context.Context, _, address string) (net.Conn, error) {
	client, server := net.Pipe()
	l := &single{conn: make(chan net.Conn, 1), done: w.ctx.Done()}
	l.conn <- server
	s := &http.Server{Handler: http.HandlerFunc(w.serve), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go s.Serve(l)
	context.AfterFunc(w.ctx, func() { s.Close() })
	return client, nil
}

func (w *web) serve(rw http.ResponseWriter, r *http.Request) {
	host := r.Host
	time.Sleep(time.Millisecond) // a visitor who has just left is noticed
	w.mu.Lock()
	handler := w.hosts[host]
	w.asked[host] = append(w.asked[host], time.Now())
	w.active[host]++
	w.most[host] = max(w.most[host], w.active[host])
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.active[host]--
		w.mu.Unlock()
	}()
	if handler == nil {
		http.Error(rw, "no such host", http.StatusNotFound)
		return
	}
	handler(rw, r)
}

func (w *web) times(host string) []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]time.Time(nil), w.asked[host]...)
}

// asking reports whether a request to a host is under way.
func (w *web) asking(host string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.active[host] > 0
}

// single is a listener for one connection.
type single struct {
	conn chan net.Conn
	done <-chan struct{}
}

func (l *single) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.done:
		return nil, io.EOF
	}
}
func (l *single) Close() error   { return nil }
func (l *single) Addr() net.Addr { return &net.TCPAddr{} }

// silent never answers.
func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// serveFeed answers with one entry.
func serveFeed(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Type", "application/rss+xml")
	fmt.Fprint(rw, rss(r.Host+r.URL.Path+"/1"))
}

// rss returns a document with entries of these GUIDs.
func rss(guids ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><link>http://x.test/</link>`)
	for _, g := range guids {
		fmt.Fprintf(&b, `<item><guid isPermaLink="false">%s</guid><title>Story %s</title><link>http://x.test/%s</link></item>`, g, g, g)
	}
	b.WriteString("</channel></rss>")
	return b.String()
}

// settleClock moves a bubble's clock, which starts in the year 2000, to a time
// at which this program exists.
func settleClock() { time.Sleep(time.Until(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))) }

func simulated(w *web, m *memory, change func(*poll.Poller, *egress.Config)) *poll.Poller {
	config := egress.Config{Version: "test", HostInterval: time.Second, Network: w.dial}
	p := &poll.Poller{
		Store: m, Take: m.take, Policy: poll.Policy{MinInterval: 15 * time.Minute, MaxInterval: 24 * time.Hour},
		Workers: 32, Owner: "node", Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(p, &config)
	}
	p.Client = egress.New(config)
	return p
}

func sourceOf(slug, url, schedule string) newsroom.Source {
	return newsroom.Source{Slug: slug, Name: slug, URL: url, Schedule: schedule}
}
