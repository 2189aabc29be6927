package poll

import (
	"slices"
	"testing"
	"time"

	"newswire/internal/newsroom"
)

func arrivals(last time.Time, gaps ...time.Duration) []time.Time {
	list := []time.Time{last}
	for _, g := range gaps {
		last = last.Add(-g)
		list = append(list, last)
	}
	return list
}

func TestSilent(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	daily := []time.Duration{day, day, day, day, day, day, day, day}
	weekdays := []time.Duration{day, day, day, day, 3 * day, day, day, day, day, 3 * day}
	for _, c := range []struct {
		name   string
		rhythm []time.Time
		want   bool
	}{
		{"nothing known", nil, false},
		{"too little known", arrivals(now.Add(-90*day), day, day), false},
		{"daily, a day ago", arrivals(now.Add(-day), daily...), false},
		{"daily, two days ago", arrivals(now.Add(-2*day), daily...), false},
		{"daily, a week ago", arrivals(now.Add(-7*day), daily...), true},
		{"quiet on weekends, a long weekend", arrivals(now.Add(-4*day), weekdays...), false},
		{"quiet on weekends, two weeks", arrivals(now.Add(-14*day), weekdays...), true},
		{"hourly, a night", arrivals(now.Add(-12*time.Hour), 2*time.Hour, 2*time.Hour, 2*time.Hour, 2*time.Hour, 2*time.Hour, 2*time.Hour, 2*time.Hour), false},
		{"all came at once", arrivals(now.Add(-30*day), 0, 0, 0, 0, 0, 0, 0, 0, 0), false},
	} {
		if got := Silent(newsroom.Check{Rhythm: c.rhythm}, now); got != c.want {
			t.Errorf("%s: silent = %v", c.name, got)
		}
	}
}

func TestSilenceSays(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	c := newsroom.Check{Rhythm: arrivals(now.Add(-9*day), day, day, day, 2*day, day, day, day)}
	if got, want := Silence(c, now), "nothing new for 9 days; it never paused longer than 2 days"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// What was years ago was another rhythm.
	gaps := slices.Repeat([]time.Duration{day}, 20)
	c = newsroom.Check{Rhythm: arrivals(now.Add(-9*day), append(gaps, 100*day, 100*day, 100*day)...)}
	if got, want := Silence(c, now), "nothing new for 9 days; it never paused longer than 24 hours"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestPerWeek(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	c := newsroom.Check{Rhythm: arrivals(now, 7*day/2, 7*day/2, 7*day)}
	if got := PerWeek(c, now); got != 2 {
		t.Errorf("4 entries in two weeks are %v a week", got)
	}
	if got := PerWeek(newsroom.Check{}, now); got != 0 {
		t.Errorf("nothing known is %v a week", got)
	}
}
