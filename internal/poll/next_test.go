package poll

import (
	"testing"
	"time"

	"newswire/internal/newsroom"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) // a Tuesday

func aged(ages ...time.Duration) []time.Time {
	times := make([]time.Time, len(ages))
	for i, age := range ages {
		times[i] = noon.Add(-age)
	}
	return times
}

func TestNext(t *testing.T) {
	const h, m = time.Hour, time.Minute
	normal := Policy{MinInterval: 15 * m, MaxInterval: 24 * h}
	quick := Policy{MaxInterval: 24 * h} // min_interval: 0s
	hourly := aged(h, 2*h, 3*h, 4*h)
	for _, tt := range []struct {
		name     string
		policy   Policy
		schedule string
		check    newsroom.Check
		low      time.Duration // after the last asking
		high     time.Duration // 0: low and a tenth of jitter
	}{
		{"nothing known", normal, "", newsroom.Check{Class: "ok"}, 30 * m, 0},
		{"hourly entries: half the gap", normal, "", newsroom.Check{Class: "ok", Rhythm: hourly}, 30 * m, 0},
		{"a burst now: the floor", normal, "", newsroom.Check{Class: "ok", Rhythm: aged(m, 2*m, 3*m)}, 15 * m, 0},
		{"two a day", normal, "", newsroom.Check{Class: "ok", Rhythm: aged(6*h, 18*h, 30*h, 42*h)}, 42 * h / 8, 0},
		{"silent for 8 days: a quarter of the ceiling", normal, "", newsroom.Check{Class: "ok", Rhythm: aged(8*day, 9*day)}, 6 * h, 0},
		{"silent for 15 days: half", normal, "", newsroom.Check{Class: "ok", Rhythm: aged(15*day, 16*day)}, 12 * h, 12*h + 30*m},
		{"silent for 31 days: the ceiling", normal, "", newsroom.Check{Class: "ok", Rhythm: aged(31*day, 32*day)}, 24 * h, 24*h + 30*m},
		{"max-age raises", normal, "", newsroom.Check{Class: "ok", Rhythm: hourly, Wait: 2 * h}, 2 * h, 0},
		{"max-age of a year: the ceiling", normal, "", newsroom.Check{Class: "ok", Wait: 365 * day}, 24 * h, 24*h + 30*m},
		{"ttl raises", normal, "", newsroom.Check{Class: "not_modified", TTL: h}, h, 0},
		{"ttl of a minute does not lower", normal, "", newsroom.Check{Class: "ok", TTL: m}, 30 * m, 0},
		{"a gap halves", normal, "", newsroom.Check{Class: "ok", Rhythm: aged(2*h, 4*h, 6*h, 8*h), GapSuspected: true}, 30 * m, 0},

		{"it could not be stored: as usual, however long it had failed before", normal, "", newsroom.Check{Class: "storage", Rhythm: hourly, Failures: 40}, 30 * m, 0},
		{"cron", normal, "*/20 * * * *", newsroom.Check{Class: "ok"}, 20 * m, 20 * m},
		{"cron is not lowered by rhythm, nor raised by ttl", normal, "*/20 * * * *", newsroom.Check{Class: "ok", Rhythm: aged(m, 2*m), TTL: 5 * h}, 20 * m, 20 * m},
		{"cron below the floor: the firing after it", normal, "*/10 * * * *", newsroom.Check{Class: "ok"}, 20 * m, 20 * m},
		{"cron with max-age: the firing after it", normal, "*/20 * * * *", newsroom.Check{Class: "ok", Wait: 45 * m}, 60 * m, 60 * m},
		{"weekly stays weekly", normal, "0 12 * * 2", newsroom.Check{Class: "ok"}, 7 * day, 7 * day},
		{"@every 1s without a floor", quick, "@every 1s", newsroom.Check{Class: "ok"}, time.Second / 2, 3 * time.Second / 2},
		{"@every 1s with one", normal, "@every 1s", newsroom.Check{Class: "ok"}, 15 * m, 15*m + 2*time.Second},
		{"@every 2h", normal, "@every 2h", newsroom.Check{Class: "ok"}, h, 3 * h},

		{"B: doubled with each failure", normal, "", newsroom.Check{Class: "dns", Failures: 1}, h, 0},
		{"B: three", normal, "", newsroom.Check{Class: "timeout_header", Failures: 3}, 4 * h, 0},
		{"B: a thousand: a day", normal, "", newsroom.Check{Class: "connect", Failures: 1000}, 24 * h, 24 * h},
		{"B: a weekly source is tried again in a day", normal, "0 12 * * 2", newsroom.Check{Class: "connect", Failures: 1}, 24 * h, 24 * h},
		{"B without a floor scales from the interval", quick, "@every 1s", newsroom.Check{Class: "http_5xx", Failures: 3}, 8 * time.Second, 8 * time.Second},
		{"P", normal, "", newsroom.Check{Class: "http_4xx", Failures: 1}, 4 * h, 0},
		{"P: doubled", normal, "", newsroom.Check{Class: "not_feed", Failures: 2}, 8 * h, 0},
		{"P: a day at most", normal, "", newsroom.Check{Class: "auth", Failures: 9}, 24 * h, 24 * h},
		{"P without a floor", quick, "@every 1s", newsroom.Check{Class: "http_4xx", Failures: 1}, time.Second, time.Second},
		{"RA", normal, "", newsroom.Check{Class: "rate_limited", Failures: 1, Wait: 2 * h}, 2 * h, 0},
		{"RA below the interval", normal, "", newsroom.Check{Class: "rate_limited", Failures: 1, Wait: time.Second}, 30 * m, 0},
		{"RA of years", normal, "", newsroom.Check{Class: "rate_limited", Failures: 1, Wait: 9 * 365 * day}, 24 * h, 24 * h},
		{"RA not said", normal, "", newsroom.Check{Class: "rate_limited", Failures: 1}, 4 * h, 0},
		{"RA without a floor", quick, "@every 1s", newsroom.Check{Class: "rate_limited", Failures: 1, Wait: 3 * time.Second}, 3 * time.Second, 3 * time.Second},
		{"503 with Retry-After", normal, "", newsroom.Check{Class: "http_5xx", Failures: 5, Wait: h}, h, 0},
		{"X", normal, "", newsroom.Check{Class: "ssrf_blocked", Failures: 1}, 24 * h, 24 * h},
		{"X without a floor", quick, "@every 2s", newsroom.Check{Class: "bomb", Failures: 1}, 4 * time.Second, 4 * time.Second},
		{"gone", normal, "", newsroom.Check{Class: "gone", Failures: 1}, 4 * h, 0},
		{"D", normal, "", newsroom.Check{Class: "gone", Failures: 3, Dormant: true}, 7 * day, 7*day + 30*m},
		{"300", normal, "", newsroom.Check{Class: "http_status", Status: 300, Failures: 1}, 4 * h, 0},
		{"206", normal, "", newsroom.Check{Class: "http_status", Status: 206, Failures: 1}, h, 0},
		{"a document with more than we take", normal, "", newsroom.Check{Class: "limits"}, 30 * m, 0},
		{"a document too deep", normal, "", newsroom.Check{Class: "limits", Failures: 1}, 4 * h, 0},

		{"skipHours", normal, "", newsroom.Check{Class: "ok", SkipHours: []int{12, 13}}, 2 * h, 2*h + 30*m},
		{"skipDays", normal, "", newsroom.Check{Class: "ok", SkipDays: []time.Weekday{time.Tuesday}}, 12 * h, 12*h + 30*m},
		{"skipHours that leave none", normal, "", newsroom.Check{Class: "ok", SkipHours: allHours()}, 30 * m, 0},
		{"skipHours with cron", normal, "*/20 * * * *", newsroom.Check{Class: "ok", SkipHours: []int{12}}, h, h},
	} {
		s, err := ParseSchedule(tt.schedule, nil)
		if err != nil {
			t.Fatal(err)
		}
		tt.check.LastAsked = noon
		high := tt.high
		if high == 0 {
			high = tt.low + min(tt.low/10, 30*m)
		}
		for _, slug := range []string{"a", "b", "openai-news", "z9"} {
			got := tt.policy.Next(slug, s, tt.check).Sub(noon)
			if got < tt.low || got > high {
				t.Errorf("%s: %s is due after %v, want %v to %v", tt.name, slug, got, tt.low, high)
			}
			if again := tt.policy.Next(slug, s, tt.check).Sub(noon); again != got {
				t.Errorf("%s: due after %v, and asked again after %v", tt.name, got, again)
			}
		}
	}
}

func allHours() []int {
	hours := make([]int, 24)
	for h := range hours {
		hours[h] = h
	}
	return hours
}

// TestNextIsSane: whatever a Check holds, the next poll is not sooner than the
// floor and not later than the longest wait there is.
func TestNextIsSane(t *testing.T) {
	p := Policy{MinInterval: 15 * time.Minute, MaxInterval: 24 * time.Hour}
	classes := []newsroom.Class{"", "ok", "ok_partial", "not_modified", "empty", "dns", "connect", "timeout_body", "tls_cert", "proto", "truncated", "too_large",
		"bomb", "limits", "content_encoding", "charset", "not_feed", "parse", "auth", "http_4xx", "gone", "rate_limited", "http_5xx", "http_status",
		"redirect_loop", "redirect_bad", "ssrf_blocked", "storage", "internal", "a class of the future"}
	for _, class := range classes {
		for _, failures := range []int{-1, 0, 1, 2, 10, 1 << 40} {
			for _, wait := range []time.Duration{-time.Hour, 0, time.Second, time.Hour, 1 << 62} {
				for _, rhythm := range [][]time.Time{nil, aged(-time.Hour), aged(0, 0, 0), aged(time.Hour, -9*day), {{}, {}}} {
					c := newsroom.Check{Class: class, Failures: failures, Wait: wait, TTL: wait, Rhythm: rhythm, LastAsked: noon, SkipHours: []int{-1, 99, 3}}
					got := p.Next("s", Schedule{}, c).Sub(noon)
					if got < 15*time.Minute || got > 26*time.Hour {
						t.Errorf("class %q, %d failures, wait %v, rhythm %v: due after %v", class, failures, wait, rhythm, got)
					}
				}
			}
		}
	}
}

// TestForced: validators are sent, except once a day and after a document that
// was not whole.
func TestForced(t *testing.T) {
	normal, quick := Policy{MinInterval: 15 * time.Minute}, Policy{}
	good := newsroom.Check{Class: "not_modified", LastFull: noon.Add(-time.Hour)}
	with := func(change func(*newsroom.Check)) newsroom.Check {
		c := good
		change(&c)
		return c
	}
	for _, tt := range []struct {
		name   string
		policy Policy
		check  newsroom.Check
		want   bool
	}{
		{"an hour old", normal, good, false},
		{"a day old", normal, with(func(c *newsroom.Check) { c.LastFull = noon.Add(-day) }), true},
		{"never", normal, newsroom.Check{}, true},
		{"in the future: the clock was wrong", normal, with(func(c *newsroom.Check) { c.LastFull = noon.Add(day) }), true},
		{"24 times unmodified", normal, with(func(c *newsroom.Check) { c.Unmodified = 24 }), false},
		{"24 times unmodified, no floor", quick, with(func(c *newsroom.Check) { c.Unmodified = 24 }), true},
		{"truncated", normal, with(func(c *newsroom.Check) { c.Class = "truncated" }), true},
		{"a server error says nothing about the document", normal, with(func(c *newsroom.Check) { c.Class = "http_5xx" }), false},
	} {
		if got := tt.policy.Forced(tt.check, noon); got != tt.want {
			t.Errorf("%s: forced %v, want %v", tt.name, got, tt.want)
		}
	}
}
