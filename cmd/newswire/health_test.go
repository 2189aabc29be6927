package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"newswire/internal/newsroom"
)

// sources says in words what is silent and what brings far fewer than usual,
// and puts both before what is well.
func TestAlarmsAreShown(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	days := append([]int{0, 1, 1}, slices.Repeat([]int{20}, 60)...)
	var quiet []time.Time
	for i := range 10 {
		quiet = append(quiet, now.AddDate(0, 0, -9-i))
	}
	var list []health
	for _, c := range []newsroom.Check{
		{Class: newsroom.ClassOK, Source: "Low", Daily: days, DailyTo: now.Truncate(24 * time.Hour)},
		{Class: newsroom.ClassOK, Source: "Silent", Rhythm: quiet, Daily: days, DailyTo: now.Truncate(24 * time.Hour)},
		{Class: newsroom.ClassOK, Source: "Well", Daily: days[3:], DailyTo: now.Truncate(24 * time.Hour)},
	} {
		h := newHealth(newCondition(newsroom.Source{Name: c.Source}, c, 0, now))
		if want := c.Source != "Well"; (h.attention() > 0) != want || h.Silent != (c.Source == "Silent") {
			t.Errorf("%s: %+v", c.Source, h)
		}
		list = append(list, h)
	}
	var out bytes.Buffer
	printHealth(newTerminal(&out, &out), list, now)
	for name, said := range map[string]string{
		"Low ": "2 new entries in 2 days; it usually brings 40 to 40", "Silent ": "nothing new for 9 days; it never paused longer than 24 hours",
	} {
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(line, name) && !strings.Contains(line, said) {
				t.Errorf("%s lacks %q", line, said)
			}
		}
	}
}
