package egress

import (
	"net/netip"
	"testing"

	"code.dny.dev/ssrf"
)

// FuzzGuard: of any address, in each of its forms, what a table that others
// maintain refuses is refused by ours; the forms of one address are judged
// alike; the port counts; and what the operator opens is his networks alone.
func FuzzGuard(f *testing.F) {
	for _, s := range append(private, public...) {
		f.Add(netip.MustParseAddr(s).AsSlice(), uint16(443))
	}
	for _, p := range forbidden {
		f.Add(p.Addr().AsSlice(), uint16(80))
		f.Add(lastOf(p).AsSlice(), uint16(8080))
	}
	f.Add(netip.MustParseAddr("1.1.1.1").AsSlice(), uint16(22))
	open := netip.MustParsePrefix("10.1.0.0/16")
	shut, ajar, other := &guard{}, &guard{allow: []netip.Prefix{open}}, ssrf.New()
	f.Fuzz(func(t *testing.T, raw []byte, port uint16) {
		addr, ok := netip.AddrFromSlice(raw)
		if !ok {
			return
		}
		ap := netip.AddrPortFrom(addr, port)
		allowed := shut.check(ap) == nil
		plain, network := addr.Unmap(), "tcp6" // the other table refuses all mapped forms
		if plain.Is4() {
			network = "tcp4"
		}
		if allowed && other.Safe(network, netip.AddrPortFrom(plain, 443).String(), nil) != nil {
			t.Errorf("%s may be dialed; code.dny.dev/ssrf refuses it", ap)
		}
		if allowed && port != 80 && port != 443 && port != 8080 && port != 8443 {
			t.Errorf("%s may be dialed: its port is not the web's", ap)
		}
		for _, form := range formsOf(addr) {
			if got := shut.check(netip.AddrPortFrom(form, port)) == nil; got != allowed {
				t.Errorf("%s: may be dialed: %v; as %s: %v", addr, allowed, form, got)
			}
		}
		if got := ajar.check(ap) == nil; got != (allowed || open.Contains(addr.Unmap())) {
			t.Errorf("%s: with %s opened it may be dialed: %v", ap, open, got)
		}
		d := &dialing{guard: shut}
		if got := d.control(network, ap.String(), nil) == nil; got != allowed || d.allowed != allowed {
			t.Errorf("%s: the dialer's gate says %v, the table %v", ap, got, allowed)
		}
	})
}

// formsOf returns other forms of one and the same address.
func formsOf(a netip.Addr) (forms []netip.Addr) {
	if a.Is4() {
		return []netip.Addr{netip.AddrFrom16(a.As16())} // ::ffff:…
	}
	if a.Is4In6() {
		forms = append(forms, a.Unmap())
	}
	return append(forms, a.WithZone("eth0"))
}
