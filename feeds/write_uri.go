package feeds

import (
	"net/netip"
	"regexp"
	"strings"

	"golang.org/x/net/idna"
)

// outURI returns raw as an absolute URI (RFC 3986) that a reader may follow:
// the host in punycode, everything that is not ASCII or not allowed percent-
// encoded, user and password dropped. It is empty for anything else: relative
// references, and schemes that do not name a place, as javascript: or mailto:.
func outURI(raw string) string {
	raw = strings.TrimSpace(raw)
	scheme, rest, _ := strings.Cut(raw, ":")
	switch strings.ToLower(scheme) {
	case "http", "https", "ftp", "gemini":
	case "magnet":
		return scheme + ":" + outPercent(rest)
	default:
		return ""
	}
	rest, ok := strings.CutPrefix(rest, "//")
	if !ok {
		return ""
	}
	end := strings.IndexAny(rest, `/?#\`)
	if end < 0 {
		end = len(rest)
	}
	given := rest[:end]
	host := outHost(given[strings.LastIndexByte(given, '@')+1:])
	if host == "" {
		return ""
	}
	if strings.HasPrefix(rest[end:], `\`) { // browsers read it as a slash
		rest = rest[:end] + "/" + rest[end+1:]
		raw = scheme + "://" + rest
	}
	tail := outPercent(rest[end:])
	if host == given && len(tail) == len(rest)-end {
		return raw
	}
	return scheme + "://" + host + tail
}

// outURIHost returns the host of a URI, with its port.
func outURIHost(u string) string {
	_, rest, _ := strings.Cut(u, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// outDomain reports whether a host, perhaps with a port, is a domain name of
// several labels or an IPv4 address: what the profile takes for the host of an
// enclosure. No reader in the world reaches another.
func outDomain(host string) bool {
	name, _, _ := strings.Cut(host, ":")
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if !outAlphanumeric(strings.ReplaceAll(label, "-", "0")) {
			return false
		}
	}
	return len(labels) > 1 && labels[len(labels)-1][0] != '-'
}

// outHost returns a host with its port in ASCII, or nothing if it is none.
func outHost(s string) string {
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host, port = s[:i], s[i:]
	}
	if strings.Trim(port, ":0123456789") != "" || strings.Count(port, ":") > 1 {
		return ""
	}
	if ip, ok := strings.CutPrefix(host, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(ip, "]"))
		if err != nil || !addr.Is6() || addr.Zone() != "" || !strings.HasSuffix(ip, "]") {
			return ""
		}
		return s
	}
	if outPlainHost(host) {
		return s
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil || !outPlainHost(ascii) {
		return ""
	}
	return ascii + port
}

func outPlainHost(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return s != ""
}

// outPercent percent-encodes every byte that may not stand in the path, query
// or fragment of a URI, and a percent sign that begins no escape.
func outPercent(s string) string {
	hash := false
	ok := func(i int) bool {
		switch c := s[i]; {
		case c == '%':
			return i+2 < len(s) && outHex(s[i+1]) && outHex(s[i+2])
		case c == '#': // only one fragment
			first := !hash
			hash = true
			return first
		default:
			return outURIByte(c)
		}
	}
	var b strings.Builder
	done := 0
	for i := range len(s) {
		if ok(i) {
			continue
		}
		const digits = "0123456789ABCDEF"
		b.WriteString(s[done:i])
		b.Write([]byte{'%', digits[s[i]>>4], digits[s[i]&15]})
		done = i + 1
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

func outHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// outURIByte reports whether c may stand in a path, query or fragment.
func outURIByte(c byte) bool {
	switch {
	case c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9':
		return true
	}
	return c < 0x80 && strings.IndexByte("-._~!$&'()*+,;=:@/?", c) >= 0
}

// The two kinds of names among IRIs: RFC 8141 and RFC 4151.
var (
	outURN = regexp.MustCompile(`^(?i:urn):[a-zA-Z0-9][a-zA-Z0-9-]{1,31}:([a-zA-Z0-9()+,.:=@;$_!*'-]|%[0-9A-Fa-f]{2})+$`)
	outTag = regexp.MustCompile(`^tag:([a-z0-9._-]+@)?[a-z0-9.-]+,\d{4}(-\d\d(-\d\d)?)?:[0-9a-zA-Z;/?:@&=+$._!~*'(),%-]*$`)
)

// outIRI returns s as an absolute IRI that names something, as the scheme of a
// category must be: a web address, a URN or a tag. It is empty for anything
// else.
func outIRI(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	if u := outURI(s); u != "" {
		return u
	}
	if outTag.MatchString(s) || outURN.MatchString(s) && !strings.HasPrefix(strings.ToLower(s), "urn:uuid:") {
		return s
	}
	return ""
}

// outMediaType returns s without parameters if it is a media type, and nothing
// otherwise.
func outMediaType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	s = strings.TrimSpace(s)
	kind, sub, ok := strings.Cut(s, "/")
	if !ok || !outToken(kind) || !outToken(sub) {
		return ""
	}
	return s
}

func outToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && strings.IndexByte("!#$&-^_.+", c) < 0 {
			return false
		}
	}
	return s != ""
}
