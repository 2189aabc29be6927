package poll

import (
	"slices"
	"strings"
	"testing"
	"time"

	"newswire/feeds"
	"newswire/internal/egress"
	"newswire/internal/newsroom"
)

// visited returns a visit of a source that was last left as before says.
func visited(before newsroom.Check, at time.Time) *visit {
	src := newsroom.Source{Slug: "s", Name: "S", URL: "http://feeds.example.com/a?token=secret"}
	return &visit{source: src, policy: Policy{MinInterval: 15 * time.Minute, MaxInterval: day}, before: before, at: at}
}

func hasNote(c newsroom.Check, kind string) bool {
	return slices.ContainsFunc(c.Notes, func(n string) bool { return strings.HasPrefix(n, kind) })
}

// TestValidatorsAreAPair: after a document both are what it gave, and one that
// it lacks is forgotten; a 304 replaces what it carries; a failure, and a
// document that was cut, leave all as it was.
func TestValidatorsAreAPair(t *testing.T) {
	old := newsroom.Check{Class: "ok", Validators: newsroom.Validators{ETag: `"1"`, LastModified: "yesterday"}, BodyHash: "h1", FinalURL: "http://a.test/1", LastFull: noon.Add(-time.Hour)}
	feed := &feeds.Feed{Entries: make([]feeds.Entry, 3)}
	answer := func(etag, date string) *egress.Response {
		return &egress.Response{Status: 200, Hash: "h2", FinalURL: "http://a.test/2", Conditional: true, Validators: newsroom.Validators{ETag: etag, LastModified: date}}
	}
	v := visited(old, noon)
	for _, tt := range []struct {
		name string
		got  newsroom.Check
		want newsroom.Validators
		hash string
	}{
		{"200, both new", v.parsed(answer(`"2"`, "today"), feed, Outcome{}, nil), newsroom.Validators{ETag: `"2"`, LastModified: "today"}, "h2"},
		{"200, one gone", v.parsed(answer(`"2"`, ""), feed, Outcome{}, nil), newsroom.Validators{ETag: `"2"`}, "h2"},
		{"200, none", v.parsed(answer("", ""), feed, Outcome{}, nil), newsroom.Validators{}, "h2"},
		{"200, same bytes", v.unchanged(answer(`"2"`, "yesterday")), newsroom.Validators{ETag: `"2"`, LastModified: "yesterday"}, "h2"},
		{"304, another ETag", v.notModified(answer(`"2"`, "")), newsroom.Validators{ETag: `"2"`, LastModified: "yesterday"}, "h1"},
		{"304, bare", v.notModified(answer("", "")), old.Validators, "h1"},
		{"500", v.failed(&egress.Failure{Class: "http_5xx", Status: 500}), old.Validators, "h1"},
		{"cut", v.parsed(answer(`"2"`, "today"), feed, Outcome{New: 1}, &egress.Failure{Class: "truncated"}), old.Validators, "h1"},
		{"cut fields of a whole document", v.parsed(answer(`"2"`, "today"), feed, Outcome{Cut: 1}, nil), newsroom.Validators{ETag: `"2"`, LastModified: "today"}, "h2"},
	} {
		if tt.got.Validators != tt.want || tt.got.BodyHash != tt.hash {
			t.Errorf("%s: %+v and hash %s, want %+v and %s", tt.name, tt.got.Validators, tt.got.BodyHash, tt.want, tt.hash)
		}
	}
}

// TestMoved: a permanent redirect is suggested after five equal answers over
// a week, another domain at once; a plain answer ends it, an error does not.
func TestMoved(t *testing.T) {
	const to = "http://new.example.com/feed?token=secret"
	permanent := func(u string) *egress.Response {
		return &egress.Response{Status: 304, NotModified: true, Permanent: u}
	}
	c := newsroom.Check{}
	at := noon
	step := func(d time.Duration, u string) {
		at = at.Add(d)
		c = visited(c, at).notModified(permanent(u))
	}
	for range 6 {
		step(time.Hour, to)
	}
	if hasNote(c, noteMoved) {
		t.Errorf("suggested after six hours: %q", c.Notes)
	}
	at = at.Add(7 * day)
	c = visited(c, at).failed(&egress.Failure{Class: "connect"})
	if c.MovedCount != 6 {
		t.Errorf("a failed connection changed the count to %d", c.MovedCount)
	}
	step(time.Hour, to)
	if !hasNote(c, noteMoved) || c.MovedTo != to {
		t.Errorf("not suggested after seven answers in a week: %q, to %q", c.Notes, c.MovedTo)
	}
	if strings.Contains(strings.Join(c.Notes, " "), "secret") {
		t.Errorf("a note tells a secret: %q", c.Notes)
	}
	step(time.Hour, "")
	if hasNote(c, noteMoved) || c.MovedTo != "" {
		t.Errorf("still suggested after an answer without redirect: %q", c.Notes)
	}
	step(time.Hour, "http://parked.test/")
	if !hasNote(c, noteMoved) {
		t.Errorf("another domain is not remarked on: %q", c.Notes)
	}
	for i := range 10 {
		step(2*day, map[bool]string{true: to, false: to + "2"}[i%2 == 0])
	}
	if hasNote(c, noteMoved) {
		t.Errorf("suggested though the target changes: %q", c.Notes)
	}
}

// TestGone: three 410 answers over a day make a source dormant; any other
// answer wakes it.
func TestGone(t *testing.T) {
	gone := &egress.Failure{Class: "gone", Status: 410}
	c, at := newsroom.Check{Class: "ok"}, noon
	var waits []time.Duration
	for range 5 {
		c = visited(c, at).failed(gone)
		waits = append(waits, c.Next.Sub(at).Round(time.Hour))
		if c.Dormant != (c.Next.Sub(at) > 6*day) {
			t.Errorf("dormant %v, and due after %v", c.Dormant, c.Next.Sub(at))
		}
		at = c.Next
	}
	if waits[0] > 5*time.Hour || waits[4] < 167*time.Hour || !hasNote(c, noteAttention) {
		t.Errorf("waits %v, notes %q", waits, c.Notes)
	}
	if quick := visited(visited(visited(newsroom.Check{}, noon).failed(gone), noon.Add(time.Minute)).failed(gone), noon.Add(2*time.Minute)).failed(gone); quick.Dormant {
		t.Error("dormant after three answers within minutes")
	}
	if c = visited(c, at).failed(&egress.Failure{Class: "http_5xx", Status: 500}); c.Dormant || c.GoneCount != 0 {
		t.Errorf("after another answer: dormant %v, count %d", c.Dormant, c.GoneCount)
	}
}

// TestWhatIsCounted: what a document brings is remembered as the policy needs
// it.
func TestWhatIsCounted(t *testing.T) {
	resp := &egress.Response{Status: 200, Fresh: time.Hour}
	feed := &feeds.Feed{Title: "T", TTL: 2 * time.Hour, SkipHours: []int{3}, Entries: make([]feeds.Entry, 10)}
	first := visited(newsroom.Check{}, noon).parsed(resp, feed, Outcome{New: 10, Rhythm: aged(0, time.Hour)}, nil)
	if first.UsualBatch != 0 || first.LastNew != noon || len(first.Rhythm) != 2 || first.Wait != time.Hour || first.TTL != 2*time.Hour {
		t.Errorf("after the first document: %+v", first)
	}
	second := visited(first, noon.Add(day)).parsed(resp, feed, Outcome{New: 4, Realiased: 6, Rhythm: []time.Time{noon.Add(day)}, GapSuspected: true, Notes: []string{"flood"}}, nil)
	if second.UsualBatch != 4 || second.Realiased != 1 || !second.Rhythm[0].Equal(noon.Add(day)) || len(second.Rhythm) != 3 || !hasNote(second, noteGap) || !hasNote(second, "flood") {
		t.Errorf("after the second: %+v", second)
	}
	third := visited(second, noon.Add(2*day)).parsed(resp, &feeds.Feed{}, Outcome{}, nil)
	if third.UsualBatch != 4 || third.Realiased != 0 || hasNote(third, noteGap) || hasNote(third, "flood") || !hasNote(third, noteEmpty) || third.TTL != 0 {
		t.Errorf("after an empty one: %+v", third)
	}
	many := make([]time.Time, 80)
	for i := range many {
		many[i] = noon.Add(time.Duration(i) * time.Minute)
	}
	if c := visited(second, noon).parsed(resp, feed, Outcome{New: 80, Rhythm: many}, nil); len(c.Rhythm) != maxRhythm || !slices.IsSortedFunc(c.Rhythm, func(a, b time.Time) int { return b.Compare(a) }) {
		t.Errorf("%d arrivals are remembered", len(c.Rhythm))
	}
}

// TestUselessValidators: a server that sends the same bytes to a conditional
// request is remarked on, until it mends.
func TestUselessValidators(t *testing.T) {
	before := newsroom.Check{Class: "ok", LastFull: noon.Add(-time.Hour)}
	c := visited(before, noon).unchanged(&egress.Response{Status: 200, Conditional: true})
	if !hasNote(c, noteValidators) {
		t.Errorf("notes %q", c.Notes)
	}
	c = visited(c, noon.Add(time.Hour)).notModified(&egress.Response{Status: 304})
	if hasNote(c, noteValidators) {
		t.Errorf("notes after a 304: %q", c.Notes)
	}
}
