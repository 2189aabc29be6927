package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"
)

// forbidden lists the addresses that nothing outside may make us dial: the
// special-purpose registries of IANA, what translates or tunnels to IPv4, and
// one cloud's host agent that lives on a public address. IPv4-mapped forms are
// unmapped before the list is asked.
var forbidden = parsePrefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
	"172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
	"2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
)

// globalIPv6 is all of IPv6 that is given out for the public Internet. What
// is outside of it (::1, 64:ff9b::/96, 100::/64, fc00::/7, fe80::/10 …) is
// forbidden without being listed.
var globalIPv6 = netip.MustParsePrefix("2000::/3")

// webPorts are the ports on which a feed is expected.
var webPorts = []uint16{80, 443, 8080, 8443}

func parsePrefixes(list ...string) []netip.Prefix {
	prefixes := make([]netip.Prefix, len(list))
	for i, s := range list {
		prefixes[i] = netip.MustParsePrefix(s)
	}
	return prefixes
}

// A guard says which addresses may be dialed.
type guard struct {
	allow []netip.Prefix // private networks that the operator opened
}

// refusal says why an address was not dialed.
type refusal struct {
	port bool // the port, not the address
	addr netip.AddrPort
}

func (r *refusal) Error() string {
	if r.port {
		return fmt.Sprintf("port %d is not one of the web's", r.addr.Port())
	}
	return fmt.Sprintf("address %s is not on the public Internet", r.addr.Addr())
}

// opened reports whether the operator opened the address's network.
func (g *guard) opened(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(g.allow, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// check returns a *refusal if the address must not be dialed.
func (g *guard) check(ap netip.AddrPort) error {
	addr := ap.Addr().Unmap().WithZone("")
	if g.opened(addr) {
		return nil
	}
	public := addr.Is4() || globalIPv6.Contains(addr)
	if !public || slices.ContainsFunc(forbidden, func(p netip.Prefix) bool { return p.Contains(addr) }) {
		return &refusal{addr: ap}
	}
	if !slices.Contains(webPorts, ap.Port()) {
		return &refusal{port: true, addr: ap}
	}
	return nil
}

// A dialing is one attempt to reach one host: it remembers what the guard
// said of each of its addresses.
type dialing struct {
	guard *guard

	mu      sync.Mutex // the two address families race
	refused *refusal
	allowed bool
}

// control is called by the dialer for each address it is about to connect to,
// after DNS: it is the one gate for every spelling of a host, for answers that
// change between two look-ups, and for every hop.
func (d *dialing) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return &refusal{}
	}
	err = d.guard.check(ap)
	d.mu.Lock()
	defer d.mu.Unlock()
	if r, ok := err.(*refusal); ok {
		d.refused = r
	} else {
		d.allowed = true
	}
	return err
}

// verdict turns the dialer's error, which is that of the first address, into
// one that speaks of all: a *refusal if all were refused.
func (d *dialing) verdict(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refused == nil {
		return err
	}
	if !d.allowed {
		return d.refused
	}
	if r := new(refusal); errors.As(err, &r) {
		return errNoAnswer
	}
	return err
}

var errNoAnswer = errors.New("none of its public addresses answered")

// dial returns a dial function that connects to the first address of a host
// that the guard lets pass.
func (g *guard) dial(resolver *net.Resolver, timeout time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		d := &dialing{guard: g}
		dialer := net.Dialer{Timeout: timeout, Resolver: resolver, Control: d.control}
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, d.verdict(err)
		}
		return conn, nil
	}
}
