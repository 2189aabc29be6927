package web

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// fakeListener gives the connections that it is sent.
type fakeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func (f *fakeListener) Accept() (net.Conn, error) {
	select {
	case c := <-f.conns:
		return c, nil
	case <-f.done:
		return nil, net.ErrClosed
	}
}
func (f *fakeListener) Close() error   { close(f.done); return nil }
func (f *fakeListener) Addr() net.Addr { return &net.TCPAddr{} }

type fakeConn struct {
	net.Conn
	from   string
	closed bool
}

func (c *fakeConn) RemoteAddr() net.Addr {
	a, _ := net.ResolveTCPAddr("tcp", c.from)
	return a
}
func (c *fakeConn) Close() error { c.closed = true; return nil }

func TestLimitListener(t *testing.T) {
	inner := &fakeListener{make(chan net.Conn, 100), make(chan struct{})}
	l := &LimitListener{Listener: inner, Total: 6, PerGuest: 2}
	accept := func(from string) (net.Conn, *fakeConn) {
		t.Helper()
		raw := &fakeConn{from: from}
		inner.conns <- raw
		end := &fakeConn{from: "127.0.0.1:1"} // is never refused, so Accept returns
		inner.conns <- end
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if c.(*limitedConn).Conn == end {
			c.Close()
			return nil, raw
		}
		if rest, err := l.Accept(); err != nil || rest.Close() != nil {
			t.Fatal(err)
		}
		return c, raw
	}
	first, _ := accept("192.0.2.1:1000")
	accept("192.0.2.1:1001")
	if c, raw := accept("192.0.2.1:1002"); c != nil || !raw.closed {
		t.Error("a third connection of one guest was let in")
	}
	if c, _ := accept("192.0.2.2:1000"); c == nil {
		t.Error("another guest was kept out")
	} else {
		c.Close()
	}
	first.Close()
	first.Close() // gives its place back once only
	if c, _ := accept("192.0.2.1:1003"); c == nil {
		t.Error("a place that was given back was not given out")
	}
	if c, raw := accept("192.0.2.1:1004"); c != nil || !raw.closed {
		t.Error("closing twice gave two places")
	}
	accept("[2001:db8:0:1::1]:1")
	accept("[2001:db8:0:1:ffff::2]:1")
	if c, _ := accept("[2001:db8:0:1:1::3]:1"); c != nil {
		t.Error("a /64 is one guest")
	}
}

func TestLimitListenerTotal(t *testing.T) {
	inner := &fakeListener{make(chan net.Conn, 100), make(chan struct{})}
	l := &LimitListener{Listener: inner, Total: 2}
	var open []net.Conn
	for range 2 {
		inner.conns <- &fakeConn{from: "127.0.0.1:1"}
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	inner.conns <- &fakeConn{from: "127.0.0.1:1"}
	accepted := make(chan error)
	go func() { _, err := l.Accept(); accepted <- err }()
	select {
	case <-accepted:
		t.Fatal("more than the total")
	case <-time.After(20 * time.Millisecond):
	}
	open[0].Close()
	if err := <-accepted; err != nil {
		t.Fatal(err)
	}
	go func() { _, err := l.Accept(); accepted <- err }()
	l.Close()
	if err := <-accepted; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close, with all places taken: %v", err)
	}
}

func TestServer(t *testing.T) {
	var log bytes.Buffer
	server := NewServer(newSite(demoView(base)), slog.New(slog.NewTextHandler(&log, nil)))
	if server.ReadHeaderTimeout == 0 || server.ReadTimeout == 0 || server.WriteTimeout == 0 || server.IdleTimeout == 0 {
		t.Error("a timeout is missing")
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(&LimitListener{Listener: plain})
	defer server.Close()
	address := "http://" + plain.Addr().String()
	answer, err := http.Get(address + "/")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	if answer.StatusCode != 200 || !strings.Contains(string(body), "The evaluation debt") {
		t.Errorf("%d", answer.StatusCode)
	}
	huge, _ := http.NewRequest("GET", address+"/", nil)
	huge.Header.Set("Cookie", strings.Repeat("x", 64<<10))
	answer, err = http.DefaultClient.Do(huge)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 KiB of headers: %d", answer.StatusCode)
	}
	for range 100 {
		server.ErrorLog.Print("http: complaint\nlevel=ERROR forged")
	}
	if n := strings.Count(log.String(), "\n"); n == 0 || n > 12 {
		t.Errorf("100 complaints gave %d lines", n)
	}
}

// TestHalfClose holds that a guest who still sends reads our last word: the
// server must be able to end its own side alone.
func TestHalfClose(t *testing.T) {
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &LimitListener{Listener: plain}
	defer l.Close()
	guest, err := net.Dial("tcp", plain.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	ours, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	half, ok := ours.(interface{ CloseWrite() error })
	if !ok {
		t.Fatal("an accepted connection cannot be half closed: net/http would reset it")
	}
	if err := half.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if said, err := io.ReadAll(guest); err != nil || len(said) > 0 {
		t.Errorf("the guest reads %q, %v", said, err)
	}
	if _, err := guest.Write([]byte("more")); err != nil {
		t.Error(err)
	}
	got := make([]byte, 4)
	if _, err := io.ReadFull(ours, got); err != nil || string(got) != "more" {
		t.Errorf("what the guest sends after it: %q, %v", got, err)
	}
}
