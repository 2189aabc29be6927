package egress

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longest bounds every time span that a header gives.
const longest = 10 * 365 * 24 * time.Hour

// maxSkew is how wrong a server's clock may be for its Expires to count.
const maxSkew = 24 * time.Hour

// freshness returns how long an answer says that it stays fresh (RFC 9111
// §4.2.1): Cache-Control max-age less Age, which overrides Expires. It is never
// negative. s-maxage is not for us: we are nobody's shared cache.
func freshness(h http.Header, now time.Time) time.Duration {
	directives := cacheControl(h)
	if _, ok := directives["no-store"]; ok {
		return 0
	}
	if _, ok := directives["no-cache"]; ok {
		return 0
	}
	if value, ok := directives["max-age"]; ok {
		age, _ := deltaSeconds(h.Get("Age"))
		d, _ := deltaSeconds(value)
		return max(0, d-age)
	}
	expires, err := http.ParseTime(h.Get("Expires"))
	if err != nil {
		return 0 // "0" and "-1" mean: expired already
	}
	skew := clockSkew(h, now)
	if skew.Abs() > maxSkew {
		return 0
	}
	return min(longest, max(0, expires.Sub(now)-skew))
}

// clockSkew returns how far the server's clock is ahead of ours, 0 if it does
// not say.
func clockSkew(h http.Header, now time.Time) time.Duration {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return date.Sub(now).Truncate(time.Second)
}

// cacheControl returns the directives of all Cache-Control lines. The first
// of two equal ones counts (RFC 9111 §4.2.1).
func cacheControl(h http.Header) map[string]string {
	directives := map[string]string{}
	for _, line := range h.Values("Cache-Control") {
		for part := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			name = strings.ToLower(strings.TrimSpace(name))
			if _, seen := directives[name]; name == "" || seen {
				continue
			}
			directives[name] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return directives
}

// deltaSeconds reads a non-negative number of seconds (RFC 9110 §10.2.3, RFC
// 9111 §1.2.2). One that is too large means "very long".
func deltaSeconds(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n > math.MaxInt32 {
		return longest, true
	}
	return min(longest, time.Duration(n)*time.Second), true
}

// retryAfter returns how long an answer asks us to wait, 0 if it does not say
// or says nonsense.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if d, ok := deltaSeconds(value); ok {
		return d
	}
	at, err := http.ParseTime(strings.TrimSpace(value))
	if err != nil {
		return 0
	}
	return min(longest, max(0, at.Sub(now)))
}
