package poll

import (
	"strings"
	"testing"
	"time"

	_ "time/tzdata" // so that zones are known wherever the tests run
)

func TestParseSchedule(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	after := time.Date(2026, 11, 24, 7, 10, 30, 0, time.UTC) // a Tuesday
	for _, tt := range []struct{ spec, want string }{
		{"*/20 * * * *", "2026-11-24T07:20:00Z"},
		{"@hourly", "2026-11-24T08:00:00Z"},
		{"@daily", "2026-11-24T23:00:00Z"}, // midnight in Berlin
		{"0 7 * * 1-5", "2026-11-25T06:00:00Z"},
		{"TZ=UTC 0 7 * * *", "2026-11-25T07:00:00Z"},
		{"CRON_TZ=Asia/Tokyo 0 7 * * *", "2026-11-24T22:00:00Z"},
		{"0 0 * * SUN", "2026-11-28T23:00:00Z"},
		{"0 0 1 JUL *", "2027-06-30T22:00:00Z"},
		{" 5 8 * * * ", "2026-11-25T07:05:00Z"},
	} {
		s, err := ParseSchedule(tt.spec, berlin)
		if err != nil {
			t.Errorf("%q: %v", tt.spec, err)
			continue
		}
		if got := s.Next(after).UTC().Format(time.RFC3339); got != tt.want {
			t.Errorf("%q fires at %s, want %s", tt.spec, got, tt.want)
		}
	}
}

// TestParseScheduleErrors: what cannot be meant is refused, and the error says
// what to write instead.
func TestParseScheduleErrors(t *testing.T) {
	for _, tt := range []struct{ spec, says string }{
		{"TZ=0", "time zone"}, {"TZ=", "time zone"}, {"CRON_TZ=UTC", "no time"}, {"TZ=Mars/Phobos * * * * *", "Mars/Phobos"},
		{", * * * *", "empty place"}, {"1,,2 * * * *", "empty place"}, {"0 0 30 2 *", "never fires"},
		{"@every -5m", "@every 1s"}, {"@every 10ms", "@every 1s"}, {"@every", "@every 20m"}, {"@every soon", "@every 20m"}, {"@every 9000h", "a year"},
		{"*/90 * * * *", "from 1 to 59"}, {"*/0 * * * *", "from 1 to 59"}, {"*/x * * * *", "from 1 to 59"}, {"0 */24 * * *", "from 1 to 23"},
		{"0 0 * * 7", "Sunday is 0"}, {"0 0 * * 5-7", "Sunday is 0"}, {"0 0 L * *", "L, W and #"}, {"0 0 15W * *", "L, W and #"}, {"0 0 * * 5#3", "L, W and #"},
		{"* * * *", "five"}, {"0 * * * * *", "five"}, {"20m", "five"}, {"61 * * * *", "61"}, {"@fortnightly", "@fortnightly"},
		{strings.Repeat("1,", 200) + "1 * * * *", "bytes"},
	} {
		_, err := ParseSchedule(tt.spec, nil)
		if err == nil {
			t.Errorf("%q is accepted", tt.spec)
		} else if !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q: %v, which does not say %q", tt.spec, err, tt.says)
		}
	}
	if s, err := ParseSchedule("  ", nil); err != nil || !s.IsZero() {
		t.Errorf("an empty spec gives %+v, %v", s, err)
	}
}

// TestEveryIsAnchored: @every fires at the same instants after a restart, and
// a thousand sources with one spec are spread evenly.
func TestEveryIsAnchored(t *testing.T) {
	s, err := ParseSchedule("@every 20m", nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 24, 7, 10, 30, 0, time.UTC)
	var minutes [20]int
	for i := range 2000 {
		one := s.For("source-" + time.Duration(i).String())
		first := one.Next(now)
		if again := one.Next(now.Add(first.Sub(now) / 2)); !again.Equal(first) {
			t.Fatalf("asked half-way, it fires at %v, not at %v", again, first)
		}
		if second := one.Next(first); second.Sub(first) != 20*time.Minute {
			t.Fatalf("fires %v after the last time", second.Sub(first))
		}
		minutes[int(first.Sub(now)/time.Minute)%20]++
	}
	for i, n := range minutes {
		if n < 60 || n > 140 {
			t.Errorf("minute %d has %d of 2000 sources, want about 100", i, n)
		}
	}
}

func FuzzParseSchedule(f *testing.F) {
	for _, s := range []string{"*/20 * * * *", "@every 1s", "TZ=", "CRON_TZ=UTC 0 0 1 1 *", ", * * * *", "0 0 30 2 *", "@every -1h", "1-5/2 * * JAN-DEC MON"} {
		f.Add(s)
	}
	after := time.Date(2026, 11, 24, 7, 10, 30, 0, time.UTC)
	f.Fuzz(func(t *testing.T, spec string) {
		s, err := ParseSchedule(spec, nil)
		if err != nil || s.IsZero() {
			return
		}
		one := s.For("slug")
		if next := one.Next(after); !next.After(after) {
			t.Errorf("%q fires at %v, not after %v", spec, next, after)
		}
		if s.Interval(after) < time.Second {
			t.Errorf("%q fires every %v", spec, s.Interval(after))
		}
	})
}
