package egress

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"

	"newswire/internal/newsroom"
)

// maxHosts is how many idle hosts are remembered before the list is swept.
const maxHosts = 4096

// hosts keeps our manners: how many requests to one host at once, how far
// apart, and for how long it has asked us to stay away.
type hosts struct {
	limit int // requests to one host at once

	mu    sync.Mutex
	known map[string]*host
}

// A host is what one registrable domain has seen of us.
type host struct {
	active int
	next   time.Time     // no request may start before
	paused time.Time     // it asked us to stay away until then
	freed  chan struct{} // closed when a slot becomes free
}

func (h *hosts) get(key string) *host {
	known, ok := h.known[key]
	if !ok {
		if len(h.known) >= maxHosts {
			h.sweep(time.Now())
		}
		known = &host{freed: make(chan struct{})}
		h.known[key] = known
	}
	return known
}

// sweep forgets hosts about which there is nothing to remember.
func (h *hosts) sweep(now time.Time) {
	for key, known := range h.known {
		if known.active == 0 && known.next.Before(now) && known.paused.Before(now) {
			delete(h.known, key)
		}
	}
}

// free returns how long to wait until a request to the host may start, and
// false if all its slots are taken.
func (h *hosts) free(key string, now time.Time) (time.Duration, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known, ok := h.known[key]
	if !ok {
		return 0, true
	}
	return max(0, known.next.Sub(now), known.paused.Sub(now)), known.active < h.limit
}

// acquire waits until a request to the host may start and takes a slot. It
// does not wait for a host that asked us to stay away.
func (h *hosts) acquire(ctx context.Context, key string, interval time.Duration) error {
	for {
		wait, freed, err := h.try(key, interval, time.Now())
		if err != nil {
			return err
		}
		if wait == 0 && freed == nil {
			return nil
		}
		if err := pause(ctx, wait, freed); err != nil {
			return err
		}
	}
}

// try takes a slot, or says how long to wait, or for which signal.
func (h *hosts) try(key string, interval time.Duration, now time.Time) (time.Duration, <-chan struct{}, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.get(key)
	if left := known.paused.Sub(now); left > 0 {
		f := fail(newsroom.ClassRateLimited, "%q asked us to stay away until %s", key, known.paused.UTC().Format(time.RFC3339))
		f.RetryAfter = left
		return 0, nil, f
	}
	if known.active >= h.limit {
		return 0, known.freed, nil
	}
	if left := known.next.Sub(now); left > 0 {
		return left, nil, nil
	}
	known.active++
	known.next = now.Add(interval)
	return 0, nil, nil
}

// pause waits for the signal if there is one, else for d.
func pause(ctx context.Context, d time.Duration, signal <-chan struct{}) error {
	if signal != nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-signal:
			return nil
		}
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (h *hosts) release(key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.get(key)
	known.active = max(0, known.active-1)
	close(known.freed)
	known.freed = make(chan struct{})
}

// pauseUntil keeps everything of ours away from a host.
func (h *hosts) pauseUntil(key string, until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.get(key)
	if until.After(known.paused) {
		known.paused = until
	}
}

// hostKey names the host that a URL belongs to: its registrable domain, as
// one operator stands behind it. An address in a network that the operator of
// Newswire opened counts with its port: there, many servers share one.
func (c *Client) hostKey(u *url.URL) string {
	name := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if addr, err := netip.ParseAddr(name); err == nil {
		if c.guard.opened(addr) {
			return net.JoinHostPort(addr.Unmap().String(), port(u))
		}
		return addr.Unmap().WithZone("").String()
	}
	if !strings.Contains(name, ".") || strings.HasSuffix(name, ".localhost") {
		return net.JoinHostPort(name, port(u))
	}
	if domain, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		return domain
	}
	return name
}

// port returns a URL's port, the scheme's if it names none.
func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}
