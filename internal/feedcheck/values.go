package feedcheck

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"
	"golang.org/x/text/language"
)

// The grammars that the validator goes by.
var (
	uriRef  = regexp.MustCompile(`^([a-zA-Z][0-9a-zA-Z+\-.]*:)?/{0,2}(\[[0-9A-Fa-f:]+\])?[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,#]*$`)
	uriFull = regexp.MustCompile(`^[a-zA-Z][0-9a-zA-Z+\-.]*:(//)?[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,#]+$`)
	urn     = regexp.MustCompile(`^(?i:urn):[a-zA-Z0-9][a-zA-Z0-9-]{1,31}:([a-zA-Z0-9()+,.:=@;$_!*'\-]|%[0-9A-Fa-f]{2})+$`)
	uuid    = regexp.MustCompile(`^(?i:urn:uuid):[a-fA-F0-9]{8}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{12}$`)
	// RFC 4151 §2.1
	tagURI = regexp.MustCompile(`^tag:([a-z0-9\-._]+@)?[a-z0-9.\-]+,\d{4}(-\d{2}(-\d{2})?)?:[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,]*(#[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,]*)?$`)
	// a domain name or an address, as in a URL of an enclosure
	domain    = `((\d{1,3}\.\d{1,3}\.\d{1,3}\.)|(([A-Za-z0-9\-]+\.)+))([A-Za-z0-9][-A-Za-z0-9]*)`
	httpURL   = regexp.MustCompile(`^(?i:https?)://` + domain + `(:\d+)?(/|$)`)
	mailbox   = regexp.MustCompile(`^[A-Za-z0-9_\-+.']+@` + domain + `$`)
	inText    = regexp.MustCompile(`<[A-Za-z0-9_\-+.']+@` + domain + `>`)
	mediaType = regexp.MustCompile(`^[^\s()<>,;:\\"/\[\]?=]+/[^\s()<>,;:\\"/\[\]?=]+(\s*;\s*[^\s()<>,;:\\"/\[\]?=]+=("(\\"|[^"])*"|[^\s()<>,;:\\"/\[\]?=]+))*$`)
	rfc3339   = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*)?(Z|[+-]\d\d:\d\d)$`)
	w3cdtf    = regexp.MustCompile(`^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d*)?)?(Z|[+-]\d\d:\d\d))?)?)?$`)
	rfc2822   = regexp.MustCompile(`^((Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?\d\d? (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d(:\d\d)? ([+-]?\d\d[03]0|UT|GMT|EST|EDT|CST|CDT|MST|MDT|PST|PDT|Z)$`)
	rfc822    = regexp.MustCompile(`^((mon|tue|wed|thu|fri|sat|sun)\s*,\s*)?\d\d?\s+(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\s+\d\d(\d\d)?\s+\d\d:\d\d(:\d\d)?\s+([+-]\d{4}|ut|gmt|est|edt|cst|cdt|mst|mdt|pst|pdt|[a-ik-z])?$`)
	comment   = regexp.MustCompile(`\([^(]*?\)`)
)

// registered are the schemes that the validator takes for registered.
var registered = []string{
	"ftp", "http", "https", "gopher", "mailto", "news", "nntp", "telnet", "wais", "file", "prospero", "cid", "mid", "service", "imap",
	"nfs", "acap", "rtsp", "tip", "pop", "data", "dav", "sip", "sips", "tel", "fax", "modem", "ldap", "urn", "go", "ipp", "tftp",
	"mupdate", "pres", "im", "mtqp", "dict", "snmp", "crid", "tag", "dns", "info", "aaa", "aaas", "cap", "iax", "icap", "iris",
	"msrp", "msrps", "shttp", "thismessage", "tv", "xmpp", "opaquelocktoken", "vemmi",
}

// uri judges a URI by a grammar; rule names what breaks it. It reports whether
// the URI holds.
func (c *checker) uri(n *node, value string, grammar *regexp.Regexp, rule string) bool {
	scheme, _, _ := strings.Cut(value, ":")
	scheme = strings.ToLower(scheme)
	switch {
	case scheme == "tag":
		return c.holds(n, tagURI.MatchString(value), "InvalidTAG", value)
	case scheme == "urn" && strings.HasPrefix(strings.ToLower(value), "urn:uuid:") && !uuid.MatchString(value):
		return c.holds(n, false, "InvalidUUID", value)
	case scheme == "urn":
		return c.holds(n, urn.MatchString(value), "InvalidURN", value)
	case !grammar.MatchString(value):
		return c.holds(n, false, badURI(value, grammar, rule), value)
	case scheme == "http" || scheme == "ftp":
		_, rest, _ := strings.Cut(value, ":")
		return c.holds(n, len(rest) > 2 && strings.HasPrefix(rest, "//") && rest[2] != '/', rule, value)
	case strings.Contains(value, ":") && alphabetic(scheme) && !slices.Contains(registered, scheme):
		return c.holds(n, false, "SchemeNotIANARegistered", value)
	}
	return true
}

func (c *checker) holds(n *node, ok bool, rule, value string) bool {
	if !ok {
		c.at(n, rule, "%q", value)
	}
	return ok
}

func alphabetic(s string) bool {
	return s != "" && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz") == ""
}

// badURI says what is wrong with a URI that breaks the grammar.
func badURI(value string, grammar *regexp.Regexp, rule string) string {
	for _, r := range value {
		if r < 0x80 && !uriRef.MatchString(string(r)) {
			return "InvalidUriChar"
		}
	}
	if grammar.MatchString(asciiURI(value)) {
		return "UriNotIri"
	}
	return rule
}

// asciiURI encodes an IRI as a URI.
func asciiURI(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return percent(s)
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host := rest[:end]
	if ascii, err := idna.ToASCII(host); err == nil {
		host = ascii
	}
	return scheme + "://" + host + percent(rest[end:])
}

func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] < 0x80 {
			b.WriteByte(s[i])
		} else {
			b.WriteString("%" + strings.ToUpper(strconv.FormatInt(int64(s[i]), 16)))
		}
	}
	return b.String()
}

// Checks of elements that hold one value.

func fullURI(c *checker, n *node)  { c.uri(n, n.value(), uriFull, "InvalidFullLink") }
func anyURI(c *checker, n *node)   { c.uri(n, n.value(), uriRef, "InvalidLink") }
func nonblank(c *checker, n *node) { c.holds(n, n.value() != "", "NotBlank", n.value()) }

func (c *checker) language(n *node, tag string) {
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if base == "x" || base == "i" {
		return
	}
	if _, err := language.ParseBase(base); err != nil {
		c.at(n, "InvalidLanguage", "%q", tag)
	}
}

func languageCode(c *checker, n *node) { c.language(n, n.value()) }

func rfc822Date(c *checker, n *node) {
	value := n.value()
	if !rfc2822.MatchString(value) {
		stripped := regexp.MustCompile(`\\(.)`).ReplaceAllString(value, "")
		for comment.MatchString(stripped) {
			stripped = comment.ReplaceAllString(stripped, " ")
		}
		rule := "InvalidRFC2822Date"
		if rfc822.MatchString(strings.ToLower(strings.TrimSpace(stripped))) {
			rule = "ProblematicalRFC822Date"
		}
		c.at(n, rule, "%q", value)
		return
	}
	day, rest, named := strings.Cut(value, ", ")
	if !named {
		rest = value
	}
	fields := strings.Fields(rest)
	date, err := time.Parse("2 Jan 2006", strings.Join(fields[:3], " "))
	switch {
	case err != nil:
		c.at(n, "InvalidRFC2822Date", "%v", err)
	case named && date.Format("Mon") != day:
		c.at(n, "IncorrectDOW", "%q is a %s", value, date.Format("Monday"))
	default:
		c.plausible(n, date, fields[3], fields[4])
	}
}

// plausible judges a date, its time and zone as RFC 822 writes them.
func (c *checker) plausible(n *node, date time.Time, clock, zone string) {
	if len(clock) == 5 {
		clock += ":00"
	}
	t, err := time.Parse("15:04:05", clock)
	if err != nil {
		c.at(n, "ImplausibleDate", "time %q", clock)
		return
	}
	date = date.Add(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second)
	c.future(n, date.Add(-zoneOffset(zone)))
}

func zoneOffset(zone string) time.Duration {
	if named, ok := map[string]int{"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}[zone]; ok {
		return time.Duration(named) * time.Hour
	}
	sign := time.Duration(1)
	digits := strings.TrimPrefix(zone, "+")
	if d, ok := strings.CutPrefix(zone, "-"); ok {
		sign, digits = -1, d
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return sign * (time.Duration(n/100)*time.Hour + time.Duration(n%100)*time.Minute)
}

func (c *checker) future(n *node, t time.Time) {
	if t.Year() < 1990 || !c.Now.IsZero() && t.After(c.Now.Add(10*time.Minute)) {
		c.at(n, "ImplausibleDate", "%s", t.UTC().Format(time.RFC3339))
	}
}

func rfc3339Date(c *checker, n *node) { c.isoDate(n, n.value(), rfc3339, "InvalidRFC3339Date") }
func w3cDate(c *checker, n *node)     { c.isoDate(n, n.value(), w3cdtf, "InvalidW3CDTFDate") }

func (c *checker) isoDate(n *node, value string, grammar *regexp.Regexp, rule string) {
	if !grammar.MatchString(value) {
		c.at(n, rule, "%q", value)
		return
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, value); err == nil {
			c.future(n, t)
			return
		}
	}
	c.at(n, rule, "%q is no day or time", value)
}

func integer(low int, rule string) func(*checker, *node) {
	return func(c *checker, n *node) { c.integer(n, n.value(), low, rule) }
}

func (c *checker) integer(n *node, value string, low int, rule string) {
	if i, err := strconv.Atoi(strings.TrimSpace(value)); err != nil || i < low {
		c.at(n, rule, "%q", value)
	}
}

// contact judges the address of RSS: name@host.example (Real Name).
func contact(c *checker, n *node) {
	value := strings.TrimPrefix(n.value(), "mailto:")
	switch {
	case strings.Contains(value, "@") && !strings.HasSuffix(value, ")") && strings.Contains(value, " "):
		c.at(n, "EmailFormat", "%q", value)
	case strings.Contains(value, "@") && !strings.HasSuffix(value, ")"):
		c.at(n, "MissingRealName", "%q", value)
	default:
		address := strings.TrimSpace(comment.ReplaceAllString(value, ""))
		c.holds(n, mailbox.MatchString(address), "InvalidContact", value)
	}
}

func addrSpec(c *checker, n *node) {
	c.holds(n, mailbox.MatchString(n.value()), "InvalidAddrSpec", n.value())
}

func noEmail(c *checker, n *node) {
	c.holds(n, !inText.MatchString(n.value()), "ContainsEmail", n.value())
}

// canonicalID judges an atom:id: an absolute IRI in its canonical form.
func canonicalID(c *checker, n *node) {
	value := n.value()
	if c.uri(n, asciiURI(value), uriFull, "InvalidFullLink") && canonicalURI(value) != n.text {
		c.at(n, "NonCanonicalURI", "%q; its canonical form is %q", n.text, canonicalURI(value))
	}
}

// canonicalURI gives the canonical form of RFC 3986 §6.2: case, default ports,
// dot segments, needless escapes. It is empty for what has none.
func canonicalURI(s string) string {
	scheme, rest, _ := strings.Cut(s, ":")
	scheme = strings.ToLower(scheme)
	authority, hasAuthority := strings.CutPrefix(rest, "//")
	if !hasAuthority {
		escaped, ok := canonicalEscapes(rest)
		if !ok {
			return ""
		}
		return scheme + ":" + escaped
	}
	end := strings.IndexAny(authority, "/?#")
	if end < 0 {
		end = len(authority)
	}
	host, tail := authority[:end], authority[end:]
	user, name, hasUser := strings.Cut(host, "@")
	if !hasUser {
		user, name = "", host
	}
	name = canonicalHost(scheme, strings.ToLower(name))
	if user != "" && user != ":" {
		name = user + "@" + name
	}
	cut := strings.IndexAny(tail, "?#")
	if cut < 0 {
		cut = len(tail)
	}
	path, ok := canonicalEscapes(canonicalPath(tail[:cut]))
	query, ok2 := canonicalEscapes(tail[cut:])
	if !ok || !ok2 {
		return ""
	}
	return scheme + "://" + name + path + query
}

func canonicalHost(scheme, host string) string {
	defaults := map[string]string{"http": ":80", "https": ":443", "ftp": ":21"}
	host = strings.TrimSuffix(strings.TrimSuffix(host, ":"), defaults[scheme])
	if strings.Count(host, ".") > 1 {
		host = strings.TrimSuffix(host, ".")
	}
	return host
}

func canonicalPath(path string) string {
	if path == "" {
		return "/"
	}
	var out []string
	parts := strings.Split(path, "/")
	for i, p := range parts {
		last := i == len(parts)-1
		switch {
		case p == "." || p == "..":
			if p == ".." && len(out) > 1 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, p)
		}
	}
	return strings.Join(out, "/")
}

// canonicalEscapes makes escapes upper case and undoes those of unreserved
// characters. It fails on a percent sign that begins none.
func canonicalEscapes(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		v, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		if r := rune(v); r < 0x80 && (alphabetic(string(r)) || strings.ContainsRune("0123456789-._~", r)) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.ToUpper(s[i : i+3]))
		}
		i += 2
	}
	return b.String(), true
}
