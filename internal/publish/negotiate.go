package publish

import (
	"net/http"
	"strings"
	"time"
)

const identity = "identity"

// choose picks the variant that a request's Accept-Encoding lines like best
// (RFC 9110 §12.5.3): the highest weight, and among equals the first, which is
// the smallest. It returns nil if the client will have none of them. Without
// the header we send what every client can read.
func choose(variants []variant, lines []string) *variant {
	if len(lines) == 0 {
		return &variants[len(variants)-1]
	}
	var best *variant
	weight := 0
	for i := range variants {
		if w := weigh(lines, variants[i].coding); w > weight {
			best, weight = &variants[i], w
		}
	}
	return best
}

// Weights are in thousandths. An identity that nobody speaks of is acceptable,
// but less than anything that is named.
const (
	unspoken   = -1
	leastBit   = 1
	fullWeight = 2000 // so that q=0.001 still weighs more than the unspoken identity
)

// weigh returns how much a coding is wanted: zero means not at all.
func weigh(lines []string, coding string) int {
	named, rest := unspoken, unspoken
	for _, line := range lines {
		for line != "" {
			var element string
			element, line, _ = strings.Cut(line, ",")
			token, params, _ := strings.Cut(element, ";")
			switch token = trim(token); {
			case token == "*":
				rest = quality(params)
			case sameCoding(token, coding):
				named = max(named, quality(params))
			}
		}
	}
	switch {
	case named != unspoken:
		return named
	case coding == identity && rest == 0:
		return 0
	case coding == identity:
		return leastBit
	case rest != unspoken && coding == "gzip":
		return rest // "*" of an unknown client: what all of them can read
	}
	return 0
}

func sameCoding(token, coding string) bool {
	if strings.EqualFold(token, coding) {
		return true
	}
	return coding == "gzip" && strings.EqualFold(token, "x-gzip")
}

// quality reads the weight among an element's parameters; full if there is
// none, and none if it cannot be read.
func quality(params string) int {
	for params != "" {
		var p string
		p, params, _ = strings.Cut(params, ";")
		name, value, ok := strings.Cut(trim(p), "=")
		if ok && (trim(name) == "q" || trim(name) == "Q") {
			return thousandths(trim(value))
		}
	}
	return fullWeight
}

// thousandths reads a qvalue, as 0.8, and returns twice its thousandths.
func thousandths(s string) int {
	whole, fraction, _ := strings.Cut(s, ".")
	if whole == "1" {
		return fullWeight
	}
	if whole != "0" || len(fraction) > 3 {
		return 0
	}
	n := 0
	for i := range 3 {
		digit := byte('0')
		if i < len(fraction) {
			digit = fraction[i]
		}
		if digit < '0' || digit > '9' {
			return 0
		}
		n = n*10 + int(digit-'0')
	}
	return 2 * n
}

func trim(s string) string { return strings.Trim(s, " \t") }

// unchanged reports whether the client has this version already: by its tag,
// and only where it sends none by its date (RFC 9110 §13.2.2).
func (d *Document) unchanged(h http.Header) bool {
	if lines, ok := h["If-None-Match"]; ok {
		// Several lines are one list (RFC 9110 §5.3).
		for _, line := range lines {
			if d.matches(line) {
				return true
			}
		}
		return false
	}
	dates := h["If-Modified-Since"]
	return len(dates) == 1 && d.dated(dates[0])
}

// dated reports whether a date is the one we gave for this version. A later
// date does not count: readers make dates up, and one that is ahead of us
// would hide an update from them.
func (d *Document) dated(date string) bool {
	date = trim(date)
	if date == d.lastModified {
		return true
	}
	t, err := http.ParseTime(date)
	return err == nil && t.Equal(d.Modified)
}

// matches reports whether a list of entity tags names this version, or all
// versions. Weakness does not matter (RFC 9110 §8.8.3.2). Tags that lost their
// quotes or had them escaped on the way count too: there is no other tag that
// they could be.
func (d *Document) matches(list string) bool {
	if trim(list) == "*" {
		return true
	}
	for {
		var tag string
		tag, list = nextTag(list)
		if tag == d.tag {
			return true
		}
		if list == "" {
			return false
		}
	}
}

// nextTag takes the opaque part of the first entity tag off a list. A comma
// inside quotes belongs to its tag.
func nextTag(list string) (tag, rest string) {
	list = strings.TrimLeft(list, " \t,")
	if weak, ok := strings.CutPrefix(list, "W/"); ok {
		list = weak
	} else if weak, ok := strings.CutPrefix(list, "w/"); ok {
		list = weak
	}
	if quoted, ok := strings.CutPrefix(list, `"`); ok {
		tag, rest, _ = strings.Cut(quoted, `"`)
		return tag, rest
	}
	tag, rest, _ = strings.Cut(list, ",")
	return strings.Trim(tag, " \t\\\""), rest
}

// ahead reports whether a version is dated after now: the clock was set back.
func (d *Document) ahead(now time.Time) bool { return d.Modified.Unix() > now.Unix() }
