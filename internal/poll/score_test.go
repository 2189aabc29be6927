package poll_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"newswire/internal/newsroom"
)

// A scorer is an origin that counts what a good guest does not do. It changes
// its document and its validators in turn, refuses with 429 for a while, and
// remembers what it gave.
type scorer struct {
	t      *testing.T
	began  time.Time
	etag   string
	date   string
	last   time.Time
	barred time.Time // until when it said 429

	requests, unconditional, stale, early, odd, refused, notModified int
}

// state returns what the origin has to say at a time: a document that changes
// every five hours, with validators that change together, alone, or vanish.
func (s *scorer) state(now time.Time) (version int, etag, date string) {
	version = int(now.Sub(s.began) / (5 * time.Hour))
	etag, date = fmt.Sprintf(`W/"v%d"`, version), s.began.Add(time.Duration(version)*5*time.Hour).Format("Mon, 2 Jan 2006 15:04:05 -0700") // odd, and to be echoed
	switch version % 5 {
	case 1: // only the ETag changes
		_, _, date = s.state(now.Add(-5 * time.Hour))
	case 2: // no Last-Modified any more
		date = ""
	case 3: // no ETag any more
		etag = ""
	}
	return version, etag, date
}

func (s *scorer) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	now := time.Now()
	s.requests++
	if gap := now.Sub(s.last); !s.last.IsZero() && gap < 15*time.Minute {
		s.early++
		s.t.Logf("asked again after %v", gap)
	}
	s.last = now
	s.grade(r, now)
	if hours := now.Sub(s.began).Hours(); hours >= 20 && hours < 21 && s.barred.IsZero() {
		s.barred = now.Add(3 * time.Hour)
		rw.Header().Set("Retry-After", s.barred.UTC().Format(http.TimeFormat))
		rw.WriteHeader(http.StatusTooManyRequests)
		return
	}
	version, etag, date := s.state(now)
	set := func(name, value string) {
		if value != "" {
			rw.Header().Set(name, value)
		}
	}
	set("Etag", etag)
	set("Last-Modified", date)
	inm, ims := r.Header.Get("If-None-Match"), r.Header.Get("If-Modified-Since")
	s.etag, s.date = etag, date
	if (etag != "" && inm == etag) || (etag == "" && date != "" && ims == date) {
		s.notModified++
		rw.WriteHeader(http.StatusNotModified)
		return
	}
	var guids []string
	for i := version; i >= max(0, version-3); i-- {
		guids = append(guids, fmt.Sprintf("v%d", i))
	}
	fmt.Fprint(rw, rss(guids...))
}

// grade counts what is wrong with a request.
func (s *scorer) grade(r *http.Request, now time.Time) {
	inm, ims := r.Header.Get("If-None-Match"), r.Header.Get("If-Modified-Since")
	switch {
	case inm == "" && ims == "":
		if s.etag != "" || s.date != "" {
			s.unconditional++
		}
	case inm != s.etag || ims != s.date:
		s.stale++
		s.t.Logf("sent %q %q, was given %q %q", inm, ims, s.etag, s.date)
	}
	if now.Before(s.barred) {
		s.refused++
	}
	if r.Header.Get("Referer") != "" || r.Header.Get("Cookie") != "" || r.URL.RawQuery != "" || r.Method != "GET" || r.URL.Path != "/feed" {
		s.odd++
		s.t.Logf("%s %s with %v", r.Method, r.URL, r.Header)
	}
	if ua := r.Header.Get("User-Agent"); ua != "Newswire/test" {
		s.odd++
		s.t.Logf("User-Agent %q", ua)
	}
}

// TestFeedReaderScore polls a counting origin for 48 simulated hours, through
// restarts of ours every seven.
func TestFeedReaderScore(t *testing.T) {
	for _, schedule := range []string{"", "@every 1h", "*/30 * * * *"} {
		t.Run(schedule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				settleClock()
				w, m := newWeb(t), newMemory()
				s := &scorer{t: t, began: time.Now()}
				w.hosts["score.test"] = s.ServeHTTP
				sources := map[string]newsroom.Source{"s": sourceOf("s", "http://score.test/feed", schedule)}
				for time.Since(s.began) < 48*time.Hour {
					stop := start(t, simulated(w, m, nil), sources)
					time.Sleep(7 * time.Hour)
					stop()
				}
				t.Logf("%d requests, %d answered 304, %d unconditional", s.requests, s.notModified, s.unconditional)
				if s.stale > 0 || s.early > 0 || s.odd > 0 || s.refused > 0 {
					t.Errorf("%d with other validators than given, %d too early, %d odd, %d while barred; want none", s.stale, s.early, s.odd, s.refused)
				}
				if s.unconditional > 2 {
					t.Errorf("%d unconditional requests after the first in two days, want one a day at most", s.unconditional)
				}
				if s.requests < 20 || s.requests > 110 {
					t.Errorf("%d requests in 48 hours", s.requests)
				}
				if s.notModified < s.requests/2 {
					t.Errorf("only %d of %d requests were answered 304", s.notModified, s.requests)
				}
				if n := len(m.titles("s")); n < 9 {
					t.Errorf("%d entries of 10 versions were seen", n)
				}
			})
		})
	}
}
