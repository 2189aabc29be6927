package web

import (
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// NewServer returns a server with the limits that a public address needs: a
// slow or silent guest is sent away, and what it may send is bounded.
func NewServer(h http.Handler, to *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 100, MaxReadFrameSize: 16 << 10, PingTimeout: 15 * time.Second},
		ErrorLog:          log.New(&errorLog{to: to, limiter: rate.NewLimiter(1, 10)}, "", 0),
	}
}

// errorLog passes on what a server complains of, but no more of it than can be
// read: guests can provoke it.
type errorLog struct {
	to      *slog.Logger
	limiter *rate.Limiter
	mu      sync.Mutex
	dropped int
}

func (e *errorLog) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.limiter.Allow() {
		e.dropped++
		return len(p), nil
	}
	e.to.Warn("http server", "says", strings.TrimSpace(string(p)), "unsaid_before", e.dropped)
	e.dropped = 0
	return len(p), nil
}

// sendBuffer is how much of an answer the system takes in advance for one
// connection, in bytes. Left to itself it takes some megabytes, and a crowd
// that asks and never reads could fill the machine's memory with them.
const sendBuffer = 128 << 10

// A LimitListener accepts at most Total connections at once, and of those at
// most PerGuest from one IPv4 address or one IPv6 /64. Connections from this
// machine count only in the total: a proxy speaks for many.
//
// A connection beyond the guest's share is closed at once. Those beyond the
// total wait in the system's queue.
type LimitListener struct {
	net.Listener
	Total    int // 0: 20,000
	PerGuest int // 0: 64

	once   sync.Once
	slots  chan struct{}
	closed chan struct{}
	mu     sync.Mutex
	guests map[netip.Prefix]int
}

func (l *LimitListener) prepare() {
	l.once.Do(func() {
		if l.Total <= 0 {
			l.Total = 20_000
		}
		if l.PerGuest <= 0 {
			l.PerGuest = 64
		}
		l.slots = make(chan struct{}, l.Total)
		l.closed = make(chan struct{})
		l.guests = map[netip.Prefix]int{}
	})
}

// Accept waits for a connection that is within the limits.
func (l *LimitListener) Accept() (net.Conn, error) {
	l.prepare()
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			<-l.slots
			return nil, err
		}
		if tcp, ok := c.(*net.TCPConn); ok {
			tcp.SetWriteBuffer(sendBuffer) // where it cannot be set, the system's own does
		}
		guest := network(c.RemoteAddr().String())
		if l.enter(guest) {
			return &limitedConn{Conn: c, leave: func() { l.leave(guest); <-l.slots }}, nil
		}
		c.Close() // nothing was said yet
	}
}

// Close stops accepting. Connections that stand are not touched.
func (l *LimitListener) Close() error {
	l.prepare()
	l.mu.Lock()
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	l.mu.Unlock()
	return l.Listener.Close()
}

func (l *LimitListener) enter(guest netip.Prefix) bool {
	if !guest.IsValid() || guest.Addr().IsLoopback() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.guests[guest] >= l.PerGuest {
		return false
	}
	l.guests[guest]++
	return true
}

func (l *LimitListener) leave(guest netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.guests[guest]--; l.guests[guest] <= 0 {
		delete(l.guests, guest)
	}
}

// A limitedConn gives its place back when it is closed, once.
type limitedConn struct {
	net.Conn
	once  sync.Once
	leave func()
}

func (c *limitedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.leave)
	return err
}

// CloseWrite ends our side alone: the server does so after an answer to a body
// that it did not read, or the guest's system would throw the answer away.
func (c *limitedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil // the whole is closed a moment later
}
