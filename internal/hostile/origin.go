// Package hostile is an origin server for tests that does to its visitors what
// the web does: every row of its catalogue is one misbehavior, written at the
// level of TCP where that is needed. It imports nothing of the program.
//
//	o := hostile.Start(t)
//	url := o.URL("H03")             // serves a good feed with g4 … g1
//	o.Set("H03", hostile.Misbehave) // cuts the connection inside an item
//	o.Set("H03", hostile.Heal)      // serves g5 … g1
//	o.Requests("H03")               // who came, when, with which headers
package hostile

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Stage is what an origin does for a row at present.
type Stage int

// The stages of a row, in their usual order.
const (
	Prime     Stage = iota // a good document with g4 … g1, ETag "v1"
	Misbehave              // what the row is about
	Heal                   // a good document with g5 … g1, ETag "v9"
)

// A Row is one misbehavior and what a reader must make of it.
type Row struct {
	ID    string
	About string
	// Serve answers a request in stage Misbehave. n counts them from 1.
	Serve func(x *Exchange, n int)
	// Accept, if set, gets the connection in stage Misbehave before anything
	// was read from it.
	Accept func(conn net.Conn)
	// TLS makes the origin speak https. In stage Misbehave it uses this
	// configuration, otherwise a good one.
	TLS func(a *Authority) *tls.Config
	// H2, if set, gets the connection when HTTP/2 was negotiated.
	H2 func(conn net.Conn)

	Fresh bool // the source is new: there is no stage Prime
	Slow  bool // takes seconds or minutes: to be run with a clock that leaps
	Kept  int  // entries newly stored by the first poll that is misbehaved to
	Class string
	Or    string // another class that is as good, if set
	Next  string // rule of the next poll: N, B, P, X, RA (with Wait)
	Wait  time.Duration
	// Kept2 are entries newly stored by the two polls after that.
	Kept2 int
	// Title is what the entry urn:t:g5 must be called afterwards, if set.
	Title string
	// Text must be part of the problem, if set.
	Text string
	// Class2 is the class of the second poll; Class if empty.
	Class2 string
	// Most is how many requests one poll may send; 2 if 0.
	Most int
}

// A Request is what the origin has seen of a visitor.
type Request struct {
	At     time.Time
	Host   string // local address and port that was asked
	Method string
	Target string
	Header textproto.MIMEHeader
}

// An Exchange is one request, and the connection to answer it on.
type Exchange struct {
	Request
	net.Conn
	Reader *bufio.Reader
	Origin *Origin
	Row    *Row
}

// An Origin serves the catalogue.
type Origin struct {
	Authority *Authority
	plain     net.Listener
	secure    net.Listener
	other     net.Listener // the same origin on another address
	rows      map[string]*Row

	mu    sync.Mutex
	stage map[string]Stage
	count map[string]int
	log   map[string][]Request
	conns map[net.Conn]bool
}

// Start serves the catalogue on loopback until the test ends.
func Start(t testing.TB) *Origin {
	t.Helper()
	o, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

// New serves the catalogue on loopback until Close.
func New() (*Origin, error) {
	o, err := Offline()
	if err != nil {
		return nil, err
	}
	if o.plain, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	if o.secure, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(o.plain.Addr().String())
	if o.other, err = net.Listen("tcp", "127.0.0.2:"+port); err != nil {
		o.other, err = net.Listen("tcp", "127.0.0.1:0") // systems with one loopback address
		if err != nil {
			return nil, err
		}
	}
	go o.accept(o.plain, false)
	go o.accept(o.other, false)
	go o.accept(o.secure, true)
	return o, nil
}

// Offline returns an origin without a socket: Serve gives it connections.
func Offline() (*Origin, error) {
	authority, err := NewAuthority()
	if err != nil {
		return nil, err
	}
	o := &Origin{
		Authority: authority, rows: map[string]*Row{},
		stage: map[string]Stage{}, count: map[string]int{}, log: map[string][]Request{}, conns: map[net.Conn]bool{},
	}
	for _, row := range Rows() {
		if o.rows[row.ID] != nil {
			return nil, errors.New("two rows are named " + row.ID)
		}
		o.rows[row.ID] = &row
	}
	return o, nil
}

// Close ends all connections.
func (o *Origin) Close() {
	for _, l := range []net.Listener{o.plain, o.secure, o.other} {
		if l != nil {
			l.Close()
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for conn := range o.conns {
		conn.Close()
	}
}

// URL returns the feed of a row.
func (o *Origin) URL(id string) string {
	if row := o.rows[id]; row != nil && row.TLS != nil {
		return "https://" + o.secure.Addr().String() + "/case/" + id + "/feed"
	}
	return o.Plain() + "/case/" + id + "/feed"
}

// Plain returns the origin's address for http.
func (o *Origin) Plain() string { return "http://" + o.plain.Addr().String() }

// Secure returns the origin's address for https.
func (o *Origin) Secure() string { return "https://" + o.secure.Addr().String() }

// Other returns the origin's address for http under another host.
func (o *Origin) Other() string { return "http://" + o.other.Addr().String() }

// Set moves a row to a stage.
func (o *Origin) Set(id string, s Stage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stage[id] = s
	for conn := range o.conns { // a kept connection would stay in the old stage
		conn.Close()
	}
}

// Requests returns what was asked of a row so far.
func (o *Origin) Requests(id string) []Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.log[id])
}

func (o *Origin) accept(l net.Listener, secure bool) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go o.Serve(conn, secure)
	}
}

// Serve answers all requests of one connection.
func (o *Origin) Serve(conn net.Conn, secure bool) {
	o.track(conn, true)
	defer o.track(conn, false)
	defer conn.Close()
	if row := o.raw(secure); row != nil {
		row.Accept(conn)
		return
	}
	if secure {
		server := tls.Server(conn, o.tlsConfig())
		if server.Handshake() != nil {
			return
		}
		if server.ConnectionState().NegotiatedProtocol == "h2" {
			o.serveH2(server)
			return
		}
		conn = server
	}
	r := bufio.NewReader(conn)
	for {
		x, err := readRequest(conn, r)
		if err != nil {
			return
		}
		x.Origin = o
		if !o.answer(x) {
			return
		}
	}
}

// raw returns a row that wants the bare connection, if one misbehaves now.
func (o *Origin) raw(secure bool) *Row {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, stage := range o.stage {
		if row := o.rows[id]; stage == Misbehave && row.Accept != nil && (row.TLS != nil) == secure {
			o.count[id]++
			return row
		}
	}
	return nil
}

// serveH2 gives the connection to the row that misbehaves over HTTP/2.
func (o *Origin) serveH2(conn net.Conn) {
	o.mu.Lock()
	var serve func(net.Conn)
	for id, stage := range o.stage {
		if row := o.rows[id]; stage == Misbehave && row.H2 != nil {
			serve = row.H2
		}
	}
	o.mu.Unlock()
	if serve != nil {
		serve(conn)
	}
}

// tlsConfig returns the configuration of the row that misbehaves, or a good one.
func (o *Origin) tlsConfig() *tls.Config {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, stage := range o.stage {
		if row := o.rows[id]; stage == Misbehave && row.TLS != nil {
			return row.TLS(o.Authority)
		}
	}
	return o.Authority.Good()
}

func (o *Origin) track(conn net.Conn, open bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if open {
		o.conns[conn] = true
	} else {
		delete(o.conns, conn)
	}
}

// answer serves one request and reports whether the connection goes on.
func (o *Origin) answer(x *Exchange) bool {
	id, rest := caseOf(x.Target)
	row := o.rows[id]
	if row == nil {
		x.Respond(404, nil, nil)
		return true
	}
	x.Row = row
	o.mu.Lock()
	o.log[id] = append(o.log[id], x.Request)
	stage := o.stage[id]
	if stage == Misbehave {
		o.count[id]++
	}
	n := o.count[id]
	o.mu.Unlock()

	switch {
	case rest == "good": // a target for redirects: always the healed document
		x.Good(Document(5), `"v9"`)
	case stage == Prime:
		x.Good(Document(4), `"v1"`)
	case stage == Heal:
		x.Good(Document(5), `"v9"`)
	default:
		row.Serve(x, n)
		return false
	}
	return true
}

// caseOf splits /case/ID/rest, where an ID may hold one slash.
func caseOf(target string) (id, rest string) {
	path, _, _ := strings.Cut(target, "?")
	path, ok := strings.CutPrefix(path, "/case/")
	if !ok {
		return "", ""
	}
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return path, ""
	}
	return path[:i], path[i+1:]
}

func readRequest(conn net.Conn, r *bufio.Reader) (*Exchange, error) {
	tp := textproto.NewReader(r)
	line, err := tp.ReadLine()
	if err != nil {
		return nil, err
	}
	header, err := tp.ReadMIMEHeader()
	if err != nil {
		return nil, err
	}
	method, target, _ := strings.Cut(line, " ")
	target, _, _ = strings.Cut(target, " ")
	return &Exchange{
		Conn: conn, Reader: r,
		Request: Request{At: time.Now(), Host: conn.LocalAddr().String(), Method: method, Target: target, Header: header},
	}, nil
}

// Raw writes bytes as they are. A visitor who has left is no error.
func (x *Exchange) Raw(s string) { _, _ = io.WriteString(x.Conn, s) }
