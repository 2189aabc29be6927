package egress

import (
	"net/http"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestFreshness(t *testing.T) {
	at := func(d time.Duration) string { return noon.Add(d).Format(http.TimeFormat) }
	for _, tt := range []struct {
		name   string
		header http.Header
		want   time.Duration
	}{
		{"nothing", http.Header{}, 0},
		{"max-age", http.Header{"Cache-Control": {"public, max-age=600"}}, 10 * time.Minute},
		{"quoted, upper case, two lines", http.Header{"Cache-Control": {"Public", `MAX-AGE="600"`}}, 10 * time.Minute},
		{"less Age", http.Header{"Cache-Control": {"max-age=600"}, "Age": {"240"}}, 6 * time.Minute},
		{"older than it may be", http.Header{"Cache-Control": {"max-age=600"}, "Age": {"1000000000"}}, 0},
		{"max-age beats Expires", http.Header{"Cache-Control": {"max-age=60"}, "Expires": {at(time.Hour)}}, time.Minute},
		{"the first of two", http.Header{"Cache-Control": {"max-age=60, max-age=600"}}, time.Minute},
		{"no-store", http.Header{"Cache-Control": {"no-store, max-age=600"}}, 0},
		{"no-cache", http.Header{"Cache-Control": {"max-age=600, no-cache"}}, 0},
		{"s-maxage is not for us", http.Header{"Cache-Control": {"s-maxage=600"}}, 0},
		{"negative", http.Header{"Cache-Control": {"max-age=-1"}}, 0},
		{"nonsense", http.Header{"Cache-Control": {"max-age=soon"}}, 0},
		{"beyond int64", http.Header{"Cache-Control": {"max-age=99999999999999999999999"}}, longest},
		{"Expires", http.Header{"Expires": {at(time.Hour)}}, time.Hour},
		{"Expires by a clock that is 5 min ahead", http.Header{"Expires": {at(65 * time.Minute)}, "Date": {at(5 * time.Minute)}}, time.Hour},
		{"Expires by a clock of another year", http.Header{"Expires": {at(time.Hour)}, "Date": {at(-8760 * time.Hour)}}, 0},
		{"Expires in the past", http.Header{"Expires": {at(-time.Hour)}}, 0},
		{"Expires: 0", http.Header{"Expires": {"0"}}, 0},
		{"Expires: -1", http.Header{"Expires": {"-1"}}, 0},
	} {
		if got := freshness(tt.header, noon); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "7200": 2 * time.Hour, " 60 ": time.Minute, "0": 0, "-5": 0, "soon": 0, "1.5": 0, "999999999": longest, "99999999999999999999": longest,
		"Tue, 24 Nov 2026 13:00:00 GMT": time.Hour, "Tue, 24 Nov 2026 11:00:00 GMT": 0, "Fri, 13 Mar 2099 10:00:00 GMT": longest,
		"Tuesday, 24-Nov-26 13:00:00 GMT": time.Hour, "Tue Nov 24 13:00:00 2026": time.Hour,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}, noon); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

// FuzzHeaders: whatever a server writes into the headers that we count with,
// the spans are within bounds, and validators can be sent back.
func FuzzHeaders(f *testing.F) {
	f.Add("max-age=600", "10", "Tue, 24 Nov 2026 13:00:00 GMT", "Tue, 24 Nov 2026 12:00:00 GMT", "120", `W/"x"`)
	f.Add("max-age=9223372036854775807", "-1", "0", "Thu, 01 Jan 0001 00:00:00 GMT", "9223372036854775808", "\x00")
	f.Add(`no-cache="Set-Cookie", max-age="1"`, "", "Mon, 31 Dec 9999 23:59:59 GMT", "", "Mon, 31 Dec 9999 23:59:59 GMT", `""`)
	f.Fuzz(func(t *testing.T, control, age, expires, date, retry, etag string) {
		h := http.Header{"Cache-Control": {control}, "Age": {age}, "Expires": {expires}, "Date": {date}, "Retry-After": {retry}, "Etag": {etag}, "Last-Modified": {date}}
		if d := freshness(h, noon); d < 0 || d > longest {
			t.Errorf("fresh for %v", d)
		}
		if d := retryAfter(h, noon); d < 0 || d > longest {
			t.Errorf("retry after %v", d)
		}
		v := validators(h)
		if v.ETag != "" && v.ETag != etag {
			t.Errorf("ETag %q became %q", etag, v.ETag)
		}
		sent := http.Header{}
		if setOpaque(sent, "If-None-Match", v.ETag); v.ETag != "" && sent["If-None-Match"][0] != etag {
			t.Errorf("ETag %q is sent back as %q", etag, sent)
		}
	})
}
