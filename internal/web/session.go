package web

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	sessionCookie = "newswire_desk"
	sessionLength = 12 * time.Hour
	maxSessions   = 64
)

// sessions are the editors who are logged in. Only hashes of their tokens are
// kept, and only here: when the process ends, or the password changes, all end.
type sessions struct {
	now  func() time.Time
	mu   sync.Mutex
	ends map[[sha256.Size]byte]time.Time
}

// open begins a session and returns its token.
func (s *sessions) open() string {
	token := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for key, end := range s.ends {
		if !end.After(now) || len(s.ends) >= maxSessions {
			delete(s.ends, key)
		}
	}
	s.ends[sha256.Sum256([]byte(token))] = now.Add(sessionLength)
	return token
}

// valid reports whether the request belongs to a session.
func (s *sessions) valid(r *http.Request) bool {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	end, ok := s.ends[sha256.Sum256([]byte(c.Value))]
	return ok && end.After(s.now())
}

// close ends the request's session.
func (s *sessions) close(r *http.Request) {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ends, sha256.Sum256([]byte(c.Value)))
}

// attempts limits guesses of the password: a few at once from one address,
// then one in ten seconds; and two checks at a time, as each takes a while.
type attempts struct {
	now   func() time.Time
	slots chan struct{}
	mu    sync.Mutex
	from  map[netip.Prefix]*rate.Limiter
}

const (
	attemptsAtOnce = 5
	attemptsEvery  = 10 * time.Second
	maxAddresses   = 4096
)

func newAttempts(now func() time.Time) *attempts {
	return &attempts{now: now, slots: make(chan struct{}, 2), from: map[netip.Prefix]*rate.Limiter{}}
}

// try runs a check unless there were too many from the request's address, or
// too many run at this moment; then it says how long to wait.
func (a *attempts) try(r *http.Request, check func() bool) (ok bool, wait time.Duration) {
	if !a.allow(network(r.RemoteAddr)) {
		return false, attemptsEvery
	}
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
		return check(), 0
	default:
		return false, time.Second
	}
}

func (a *attempts) allow(from netip.Prefix) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	limiter := a.from[from]
	if limiter == nil {
		if len(a.from) >= maxAddresses {
			a.forget()
		}
		limiter = rate.NewLimiter(rate.Every(attemptsEvery), attemptsAtOnce)
		a.from[from] = limiter
	}
	return limiter.AllowN(a.now(), 1)
}

// forget drops the addresses that may try again as often as a new one; if
// there are none such, anyone: memory is bounded whoever knocks.
func (a *attempts) forget() {
	now := a.now()
	for from, l := range a.from {
		if l.TokensAt(now) >= attemptsAtOnce {
			delete(a.from, from)
		}
	}
	for from := range a.from {
		if len(a.from) <= maxAddresses*3/4 {
			return
		}
		delete(a.from, from)
	}
}

// network returns what one guest is known by: an IPv4 address, or the /64 of
// an IPv6 address. It is the zero prefix for an address it cannot read.
func network(remote string) netip.Prefix {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	addr := at.Addr().Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, _ := addr.Prefix(bits) // the length fits the family
	return p
}

// retryAfter says how long to wait.
func retryAfter(h http.Header, wait time.Duration) {
	h.Set("Retry-After", strconv.Itoa(max(1, int(wait.Seconds()))))
}
