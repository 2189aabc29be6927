package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"code.dny.dev/ssrf"
	"golang.org/x/net/dns/dnsmessage"

	"newswire/internal/newsroom"
)

// private are addresses, each in the form a URL would name it, that nothing
// outside may make us dial.
var private = []string{
	"127.0.0.1", "127.0.0.2", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1",
	"169.254.169.254", "100.64.0.1", "100.127.255.254", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255",
	"198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16",
	"::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "100::1",
	"2001::1", "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254",
	"fe80::1", "fec0::1", "ff02::1",
}

// public are addresses that must stay reachable.
var public = []string{
	"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.1", "198.17.255.255", "198.20.0.0",
	"223.255.255.255", "169.253.1.1", "2606:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "2001:200::1",
}

func TestGuardTable(t *testing.T) {
	g := &guard{}
	for _, s := range private {
		if err := g.check(netip.AddrPortFrom(netip.MustParseAddr(s), 443)); err == nil {
			t.Errorf("%s may be dialed", s)
		}
	}
	for _, s := range public {
		if err := g.check(netip.AddrPortFrom(netip.MustParseAddr(s), 443)); err != nil {
			t.Errorf("%s may not be dialed: %v", s, err)
		}
	}
	zoned := netip.MustParseAddr("fe80::1%lo")
	if g.check(netip.AddrPortFrom(zoned, 80)) == nil {
		t.Error("fe80::1%lo may be dialed")
	}
}

// TestGuardAgainstAnother holds our table against one that others maintain:
// what that refuses, ours refuses, at and around every edge of both tables.
func TestGuardAgainstAnother(t *testing.T) {
	g, other := &guard{}, ssrf.New()
	edges := slices.Clone(forbidden)
	for _, s := range []string{"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "5f00::/16", "::/96", "2000::/3"} {
		edges = append(edges, netip.MustParsePrefix(s))
	}
	seen := 0
	for _, p := range edges {
		first := p.Masked().Addr()
		for _, a := range []netip.Addr{first.Prev(), first, first.Next(), lastOf(p).Prev(), lastOf(p), lastOf(p).Next()} {
			if !a.IsValid() {
				continue
			}
			network := "tcp4"
			if a.Is6() {
				network = "tcp6"
			}
			ap := netip.AddrPortFrom(a, 443)
			theirs, ours := other.Safe(network, ap.String(), nil), g.check(ap)
			if theirs != nil && ours == nil {
				t.Errorf("%s may be dialed; code.dny.dev/ssrf: %v", a, theirs)
			}
			seen++
		}
	}
	if seen < 150 {
		t.Fatalf("only %d addresses were compared", seen)
	}
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func TestGuardPortsAndOpenedNetworks(t *testing.T) {
	g := &guard{allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for _, tt := range []struct {
		addr string
		want bool
	}{
		{"1.1.1.1:80", true}, {"1.1.1.1:443", true}, {"1.1.1.1:8080", true}, {"1.1.1.1:8443", true},
		{"1.1.1.1:22", false}, {"1.1.1.1:25", false}, {"1.1.1.1:6379", false}, {"[2606:4700::1111]:22", false},
		{"127.0.0.1:6379", true}, {"[::ffff:127.0.0.1]:1", true}, {"[fd00::1]:9", true},
		{"10.0.0.1:80", false}, {"[::1]:80", false},
	} {
		if got := g.check(netip.MustParseAddrPort(tt.addr)) == nil; got != tt.want {
			t.Errorf("%s: may be dialed: %v, want %v", tt.addr, got, tt.want)
		}
	}
}

// TestNobodyInsideIsReached asks for every private address in every spelling,
// with proxies in the environment and names that lie, while listeners on
// loopback count who comes: nobody may.
func TestNobodyInsideIsReached(t *testing.T) {
	inside := listenAll(t)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, "http://"+inside.addr)
	}
	answers := map[string][]string{"inside.test.": {"127.0.0.1"}, "metadata.test.": {"169.254.169.254"}, "six.test.": {"::1"}}
	c := New(Config{Resolver: resolver(answers), Timeouts: Timeouts{Connect: time.Second, Header: time.Second, Total: 2 * time.Second}})
	defer c.Close()

	_, port, _ := net.SplitHostPort(inside.addr)
	hosts := []string{"inside.test", "metadata.test", "six.test", "INSIDE.test.", "localhost", "localhost.", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1"}
	for _, a := range private {
		if netip.MustParseAddr(a).Is6() {
			a = "[" + a + "]"
		}
		hosts = append(hosts, a)
	}
	for _, host := range hosts {
		for _, url := range []string{"http://" + host + "/feed", "http://" + host + ":" + port + "/", "https://" + host + "/", "http://user:pw@" + host + ":8080/"} {
			_, err := c.Get(t.Context(), Request{URL: url})
			f := new(Failure)
			if !errors.As(err, &f) {
				t.Fatalf("%s: error %v is no *Failure", url, err)
			}
			spelled := strings.Trim(host, "0123456789.xf") == "" && !slices.Contains(private, host)
			if f.Class != newsroom.ClassSSRFBlocked && !(spelled && f.Class == newsroom.ClassDNS) && !strings.HasPrefix(host, "localhost") {
				t.Errorf("%s: %v, want class ssrf_blocked", url, f)
			}
		}
	}
	if n := inside.count.Load(); n != 0 {
		t.Errorf("%d connections reached a listener inside", n)
	}
}

// TestNoProxy: a proxy in the environment, even one that may be dialed, is not
// used: it would hide from the guard where a request goes.
func TestNoProxy(t *testing.T) {
	l, err := net.Listen("tcp", "127.77.0.1:0")
	if err != nil {
		t.Skip("this system has one loopback address only:", err)
	}
	defer l.Close()
	var visits atomic.Int32
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			visits.Add(1)
			conn.Close()
		}
	}()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, "http://"+l.Addr().String())
	}
	c := New(Config{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.77.0.0/16")}})
	defer c.Close()
	for _, url := range []string{"http://10.0.0.1/", "https://10.0.0.1/"} {
		_, err := c.Get(t.Context(), Request{URL: url})
		if f := new(Failure); !errors.As(err, &f) || f.Class != newsroom.ClassSSRFBlocked {
			t.Errorf("%s: %v, want class ssrf_blocked", url, err)
		}
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("the proxy was visited %d times", n)
	}
}

// TestLyingResolver holds that the address that is dialed is the one that is
// checked: a second answer does not get around the guard, and a private one
// among public ones is never tried.
func TestLyingResolver(t *testing.T) {
	inside := listenAll(t)
	_, port, _ := net.SplitHostPort(inside.addr)
	var calls atomic.Int32
	rebinding := resolverFunc(func(string) []string {
		if calls.Add(1) <= 2 { // A and AAAA of the first look-up
			return []string{"203.0.113.7"}
		}
		return []string{"127.0.0.1"}
	})
	c := New(Config{Resolver: rebinding, Timeouts: Timeouts{Connect: time.Second, Header: time.Second, Total: time.Second}})
	defer c.Close()
	for range 3 {
		_, err := c.Get(t.Context(), Request{URL: "http://rebinding.test:" + port + "/"})
		f := new(Failure)
		if !errors.As(err, &f) || f.Class != newsroom.ClassSSRFBlocked {
			t.Errorf("%v, want class ssrf_blocked", err)
		}
	}
	if n := inside.count.Load(); n != 0 {
		t.Errorf("%d connections reached a listener inside", n)
	}
}

// TestMixedAnswers: a name with a dead address that may be dialed and one
// inside that may not fails as unreachable, and the second is never tried.
func TestMixedAnswers(t *testing.T) {
	inside := listenAll(t)
	_, port, _ := net.SplitHostPort(inside.addr)
	mixed := resolver(map[string][]string{"mixed.test.": {"127.66.0.1", "127.0.0.1"}})
	c := New(Config{
		Resolver:      mixed,
		AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.66.0.0/16")}, // stands for a public network
		Timeouts:      Timeouts{Connect: time.Second, Header: time.Second, Total: time.Second},
	})
	defer c.Close()
	_, err := c.Get(t.Context(), Request{URL: "http://mixed.test:" + port + "/"})
	f := new(Failure)
	if !errors.As(err, &f) || f.Class != newsroom.ClassConnect {
		t.Errorf("%v, want class connect", err)
	}
	if n := inside.count.Load(); n != 0 {
		t.Errorf("%d connections reached the private address", n)
	}
}

// A counter is a listener on 127.0.0.1 and [::1] that nobody should reach.
type counter struct {
	addr  string
	count atomic.Int32
}

func listenAll(t *testing.T) *counter {
	t.Helper()
	c := new(counter)
	four, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.addr = four.Addr().String()
	listeners := []net.Listener{four}
	_, port, _ := net.SplitHostPort(c.addr)
	if six, err := net.Listen("tcp", "[::1]:"+port); err == nil {
		listeners = append(listeners, six)
	}
	for _, l := range listeners {
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				c.count.Add(1)
				conn.Close()
			}
		}()
	}
	return c
}

func resolver(answers map[string][]string) *net.Resolver {
	return resolverFunc(func(name string) []string { return answers[strings.ToLower(name)] })
}

// resolverFunc is a resolver whose name server answers as told, in memory.
func resolverFunc(answer func(name string) []string) *net.Resolver {
	return &net.Resolver{PreferGo: true, StrictErrors: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go serveDNS(server, answer)
		return client, nil
	}}
}

// serveDNS answers questions over a stream: two bytes of length, and a message.
func serveDNS(conn net.Conn, answer func(string) []string) {
	defer conn.Close()
	for {
		var size [2]byte
		if _, err := readFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, int(size[0])<<8|int(size[1]))
		if _, err := readFull(conn, query); err != nil {
			return
		}
		reply := dnsReply(query, answer)
		if _, err := conn.Write(append([]byte{byte(len(reply) >> 8), byte(len(reply))}, reply...)); err != nil {
			return
		}
	}
}

func readFull(conn net.Conn, b []byte) (int, error) {
	n := 0
	for n < len(b) {
		m, err := conn.Read(b[n:])
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

func dnsReply(query []byte, answer func(string) []string) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) == 0 {
		return nil
	}
	q := m.Questions[0]
	m.Response, m.Additionals = true, nil
	addresses := answer(q.Name.String())
	if addresses == nil {
		m.RCode = dnsmessage.RCodeNameError
	}
	header := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class}
	for _, s := range addresses {
		a := netip.MustParseAddr(s)
		switch {
		case q.Type == dnsmessage.TypeA && a.Is4():
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: a.As4()}})
		case q.Type == dnsmessage.TypeAAAA && a.Is6():
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	reply, _ := m.Pack()
	return reply
}
