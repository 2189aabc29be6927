package web

import (
	"hash/maphash"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Rations hold how often one guest is given the same feed whole. A reader that
// asks as it should, with the tag it was given, is told that nothing has
// changed and hardly notices; one that takes the whole feed again and again is
// told to wait. Guests on this machine have no limit: a proxy speaks for many.
//
// A guest is a network (an address, or an IPv6 /64) with a user agent. The
// zero value is ready. Its method may be called from several goroutines.
type Rations struct {
	mu    sync.Mutex
	seed  maphash.Seed
	known map[rationKey]ration
}

const (
	wholeBurst = 10               // whole answers of one feed that a guest has at once,
	wholeEvery = 30 * time.Second // and how often it gets one more
	askBurst   = 600              // answers of any kind to one network at once,
	askEvery   = 100 * time.Millisecond
	// rationsMost bounds what is remembered of guests.
	rationsMost = 50_000
)

type rationKey struct {
	guest netip.Prefix
	feed  uint64 // hash of path and user agent; 0: all that the network asks for
}

// A ration is a token bucket. What is refused takes nothing from it: waiting
// does not grow by asking.
type ration struct {
	left float64
	at   time.Time
}

// take takes one from a ration, or returns how long until there is one.
func (r ration) take(now time.Time, burst float64, every time.Duration) (ration, time.Duration) {
	if r.at.IsZero() {
		r.left = burst
	} else {
		r.left = min(burst, r.left+max(0, now.Sub(r.at).Seconds()/every.Seconds()))
	}
	r.at = now
	if r.left < 1 {
		return r, time.Duration((1 - r.left) * float64(every))
	}
	r.left--
	return r, 0
}

// Wait returns how long a guest must wait before it is answered; zero: not at
// all. whole says that the answer is the feed and not that it has not changed.
func (r *Rations) Wait(req *http.Request, whole bool) time.Duration {
	guest := network(req.RemoteAddr)
	if !guest.IsValid() || guest.Addr().IsLoopback() {
		return 0
	}
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prepare(now)
	all := rationKey{guest: guest}
	rest, wait := r.known[all].take(now, askBurst, askEvery)
	r.known[all] = rest
	if wait > 0 || !whole {
		return wait
	}
	one := rationKey{guest, r.hash(req)}
	rest, wait = r.known[one].take(now, wholeBurst, wholeEvery)
	r.known[one] = rest
	return wait
}

// hash tells the feeds and programs of a guest apart.
func (r *Rations) hash(req *http.Request) uint64 {
	var h maphash.Hash
	h.SetSeed(r.seed)
	h.WriteString(req.URL.Path)
	h.WriteByte(0)
	h.WriteString(req.UserAgent())
	return max(h.Sum64(), 1)
}

// prepare makes room. What is forgotten first are guests who have their whole
// ration again, and then all: it is better to serve too much than too little.
func (r *Rations) prepare(now time.Time) {
	if r.known == nil {
		r.known, r.seed = map[rationKey]ration{}, maphash.MakeSeed()
	}
	if len(r.known) < rationsMost {
		return
	}
	for key, ration := range r.known {
		if now.Sub(ration.at) > wholeBurst*wholeEvery {
			delete(r.known, key)
		}
	}
	if len(r.known) >= rationsMost {
		clear(r.known)
	}
}
