package sanitize

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Link returns raw as an absolute http or https URL to show and to follow, or
// the empty string if it is none. It is read as a browser reads it (spaces
// around it and line breaks in it go, a backslash is a slash) and resolved
// against base, which may be nil. User names and passwords are dropped, an
// internationalized host is written in punycode, what may not stand in a URI
// is percent-encoded, and tracking parameters are removed: those that name a
// campaign or a click, and ref if it names the host of base or of the link
// itself. All else stays byte for byte as the source has it.
func Link(raw string, base *url.URL) string {
	u := resolve(raw, base)
	if u == "" {
		return ""
	}
	return untrack(u, base)
}

// Canonical returns the key by which links to one page are known to be equal
// (https, host in lower case and without www., m. and amp., no default port,
// no fragment, no tracking parameters, no session, the other parameters
// sorted, no slash at the end), or the empty string if link is not an http or
// https URL. It is for comparing only, never to be shown or fetched.
func Canonical(link string) string {
	s := resolve(link, nil)
	if s == "" {
		return ""
	}
	s, _, _ = strings.Cut(untrack(upperEscapes(s), nil), "#")
	s, query, _ := strings.Cut(s, "?")
	scheme, rest, _ := strings.Cut(s, "://")
	host, path, _ := strings.Cut(rest, "/")
	key := "https://" + canonicalHost(host, scheme)
	if path = strings.TrimRight(withoutSession(path), "/"); path != "" {
		key += "/" + path
	}
	if query = canonicalQuery(query); query != "" {
		key += "?" + query
	}
	return key
}

// withoutSession drops the parameter ;jsessionid= from the path.
func withoutSession(path string) string {
	for {
		i := strings.Index(strings.ToLower(path), ";jsessionid=")
		if i < 0 {
			return path
		}
		end := strings.IndexByte(path[i:], '/')
		if end < 0 {
			return path[:i]
		}
		path = path[:i] + path[i+end:]
	}
}

func canonicalHost(host, scheme string) string {
	host = strings.ToLower(host)
	if scheme == "http" {
		host = strings.TrimSuffix(host, ":80")
	}
	host = strings.TrimSuffix(host, ":443")
	host = strings.TrimSuffix(host, ".")
	for i := 0; i < len(variants); i++ {
		if rest, ok := strings.CutPrefix(host, variants[i]); ok && strings.Contains(rest, ".") {
			host, i = rest, -1
		}
	}
	return host
}

func canonicalQuery(query string) string {
	if query == "" {
		return ""
	}
	params := slices.DeleteFunc(strings.Split(query, "&"), func(p string) bool {
		name, _, _ := strings.Cut(strings.ToLower(p), "=")
		return p == "" || name == "jsessionid" || name == "phpsessid"
	})
	slices.Sort(params)
	return strings.Join(params, "&")
}

// upperEscapes writes the digits of percent escapes in upper case, and
// decodes those of characters that never need one (RFC 3986 §6.2.2).
func upperEscapes(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' || !escape(s, i) {
			b.WriteByte(s[i])
			continue
		}
		v, _ := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if c := byte(v); unreserved(c) {
			b.WriteByte(c)
		} else {
			b.WriteString(strings.ToUpper(s[i : i+3]))
		}
		i += 2
	}
	return b.String()
}

func unreserved(c byte) bool {
	return alphanumeric(c) || strings.IndexByte("-._~", c) >= 0
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// untrack removes the tracking parameters from a URL that resolve gave.
func untrack(u string, base *url.URL) string {
	start := strings.IndexByte(u, '?')
	if start < 0 {
		return u
	}
	page, query, fragment := u[:start], u[start+1:], ""
	if i := strings.IndexByte(query, '#'); i >= 0 {
		query, fragment = query[:i], query[i:]
	}
	if strings.Contains(page, "#") {
		return u // the question mark is part of the fragment
	}
	if !strings.Contains(query, "&") && !tracks(query, page, base) {
		return u
	}
	params := strings.Split(query, "&")
	kept := slices.DeleteFunc(slices.Clone(params), func(p string) bool { return tracks(p, page, base) })
	switch {
	case len(kept) == len(params):
		return u
	case len(kept) == 0:
		return page + fragment
	}
	return page + "?" + strings.Join(kept, "&") + fragment
}

func tracks(param, page string, base *url.URL) bool {
	name, value, _ := strings.Cut(param, "=")
	// A link that was escaped once too often holds &amp; for &.
	name = strings.TrimPrefix(strings.ToLower(name), "amp;")
	if tracking[name] {
		return true
	}
	if name == "ref" && value != "" {
		own, _, _ := strings.Cut(page[strings.Index(page, "://")+3:], "/")
		return sameSite(value, own) || base != nil && sameSite(value, base.Host)
	}
	return slices.ContainsFunc(trackingPrefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

func sameSite(a, b string) bool {
	return b != "" && canonicalHost(a, "http") == canonicalHost(b, "http")
}

// resolve returns raw as an absolute http or https URL that is proper (see
// there), or the empty string. What is proper already is returned as it is.
func resolve(raw string, base *url.URL) string {
	if proper(raw) {
		return raw
	}
	if len(raw) > 4*maxURL {
		return ""
	}
	if base != nil && strings.HasPrefix(raw, "/") && !strings.HasPrefix(raw, "//") && !strings.Contains(raw, "/.") {
		if u := base.Scheme + "://" + base.Host + raw; proper(u) {
			return u // what resolving comes to, without its cost
		}
	}
	raw = asBrowsersRead(raw)
	scheme, rest := splitScheme(raw)
	if raw == "" || scheme != "" && scheme != "http" && scheme != "https" {
		return ""
	}
	u, err := parse(scheme, rest)
	if err != nil {
		return ""
	}
	switch {
	case u.Scheme != "":
	case base != nil && (base.Scheme == "http" || base.Scheme == "https"):
		u = base.ResolveReference(u)
	case u.Host != "":
		u.Scheme = "https"
	default:
		return ""
	}
	return finish(u)
}

// asBrowsersRead drops spaces and controls around a URL and line breaks and
// tabs in it, and turns the backslashes of its path into slashes.
func asBrowsersRead(raw string) string {
	raw = strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' || r == 0xFEFF || r == 0xA0 })
	raw = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, raw)
	path, rest := raw, ""
	if i := strings.IndexAny(raw, "?#"); i >= 0 {
		path, rest = raw[:i], raw[i:]
	}
	return strings.ReplaceAll(path, `\`, "/") + rest
}

// splitScheme splits a URL into its scheme, in lower case, and what follows
// the colon. The scheme is empty if there is none.
func splitScheme(raw string) (scheme, rest string) {
	i := strings.IndexAny(raw, ":/?#")
	if i <= 0 || raw[i] != ':' || raw[0] >= '0' && raw[0] <= '9' {
		return "", raw
	}
	return strings.ToLower(raw[:i]), raw[i+1:]
}

// parse reads what stands behind the scheme. All but the authority is
// percent-encoded first, so that net/url keeps the escapes that are there.
func parse(scheme, rest string) (*url.URL, error) {
	authority := ""
	if strings.HasPrefix(rest, "//") {
		end := strings.IndexAny(rest[2:], "/?#")
		if end < 0 {
			end = len(rest) - 2
		}
		authority, rest = rest[:2+end], rest[2+end:]
		if at := strings.LastIndexByte(authority, '@'); at >= 0 {
			authority = "//" + authority[at+1:] // a password may hold anything
		}
	}
	if scheme != "" {
		if len(authority) <= 2 {
			return nil, url.InvalidHostError("")
		}
		authority = scheme + ":" + authority
	}
	rest = encode(rest)
	if authority == "" {
		// "a:b" without a scheme is a path.
		if i := strings.IndexAny(rest, ":/?#"); i >= 0 && rest[i] == ':' {
			rest = "./" + rest
		}
	}
	return url.Parse(authority + rest)
}

// encode percent-encodes what may not stand behind the authority of a URI,
// percent signs that begin no escape among it.
func encode(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	seen := false
	for i := range len(s) {
		c := s[i]
		if mayStand(c) && (c != '%' || escape(s, i)) && (c != '#' || !seen) {
			seen = seen || c == '#'
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

func mayStand(c byte) bool { return standing[c] }

var standing = func() (t [256]bool) {
	for c := range 128 {
		t[c] = alphanumeric(byte(c)) || strings.IndexByte("-._~!$&'()*+,;=:@/?#[]%", byte(c)) >= 0
	}
	return t
}()

// escape reports whether a percent escape stands at i.
func escape(s string, i int) bool {
	return i+2 < len(s) && hexDigit(s[i+1]) && hexDigit(s[i+2])
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

func finish(u *url.URL) string {
	u.User = nil
	if !ascii(u.Host) {
		name, port := u.Hostname(), u.Port()
		name, err := idna.Lookup.ToASCII(name)
		if err != nil {
			return ""
		}
		u.Host = name
		if port != "" {
			u.Host += ":" + port
		}
	}
	scheme, rest, _ := strings.Cut(u.String(), "://")
	i := strings.IndexAny(rest, "/?#")
	if i < 0 {
		i = len(rest)
	}
	s := scheme + "://" + rest[:i] + encode(rest[i:])
	if !proper(s) {
		return ""
	}
	return s
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// proper reports whether u is an absolute http or https URL that every reader
// reads alike: a scheme in lower case, a host of ASCII letters, digits, dots
// and hyphens (or an IPv6 address) without a user name, and nothing unescaped
// that RFC 3986 does not allow.
func proper(u string) bool {
	if len(u) > maxURL {
		return false
	}
	rest, ok := strings.CutPrefix(u, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(u, "http://"); !ok {
			return false
		}
	}
	end := 0
	for end < len(rest) && rest[end] != '/' && rest[end] != '?' && rest[end] != '#' {
		end++
	}
	if !properHost(rest[:end]) {
		return false
	}
	seen := false
	for i := end; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '%' && !escape(rest, i), c == '#' && seen, !mayStand(c):
			return false
		case c == '#':
			seen = true
		}
	}
	return true
}

func properHost(host string) bool {
	if addr, ok := strings.CutPrefix(host, "["); ok {
		addr, rest, ok := strings.Cut(addr, "]")
		_, err := netip.ParseAddr(addr)
		return ok && err == nil && !strings.Contains(addr, "%") && (rest == "" || properPort(rest))
	}
	port := ""
	if i := strings.IndexByte(host, ':'); i >= 0 {
		host, port = host[:i], host[i:]
	}
	if host == "" || len(host) > 253 || port != "" && !properPort(port) {
		return false
	}
	letters := 0
	for i := range len(host) {
		if alphanumeric(host[i]) {
			letters++
		} else if strings.IndexByte("-._", host[i]) < 0 {
			return false
		}
	}
	if letters == 0 || host[0] == '.' || strings.Contains(host, "..") {
		return false
	}
	if strings.Contains(strings.ToLower(host), "xn--") {
		_, err := idna.Lookup.ToUnicode(host)
		return err == nil
	}
	return true
}

func properPort(s string) bool {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, ":"), 10, 16)
	return s[0] == ':' && err == nil && n > 0
}

// mail returns raw as a mailto URL, or the empty string if it is none.
func mail(raw string) string {
	scheme, rest := splitScheme(asBrowsersRead(raw))
	if scheme != "mailto" || rest == "" || len(rest) > maxURL {
		return ""
	}
	if rest = encode(rest); len(rest) > maxURL {
		return ""
	}
	return "mailto:" + rest
}
