package poll

import (
	"fmt"
	"slices"
	"time"

	"newswire/internal/newsroom"
)

const (
	silenceSample = 6              // gaps that must be known before silence means anything
	silenceRecent = 20             // gaps that count: what was years ago was another rhythm
	silenceFloor  = 36 * time.Hour // shorter silence is never remarked on: nobody could act on it
	silenceFactor = 3              // times the longest of its usual gaps
	rareAt        = 0.9            // the share of gaps that counts as usual
)

// PerWeek returns how many entries a source brings a week, by the arrivals
// that its Check remembers; 0 if too little is known.
func PerWeek(c newsroom.Check, now time.Time) float64 {
	if len(c.Rhythm) < 2 {
		return 0
	}
	span := now.Sub(c.Rhythm[len(c.Rhythm)-1])
	if span <= 0 {
		return 0
	}
	return float64(len(c.Rhythm)) / max(span.Hours()/(7*24), 1.0/7)
}

// Silent reports whether a source has brought nothing new for much longer than
// its own rhythm explains, although it answers. A source of which little is
// known is never silent.
func Silent(c newsroom.Check, now time.Time) bool { return Silence(c, now) != "" }

// Silence says so in a sentence; empty: the source is not silent.
func Silence(c newsroom.Check, now time.Time) string {
	gaps := gapsOf(c.Rhythm)
	if len(gaps) < silenceSample {
		return ""
	}
	gaps = gaps[:min(len(gaps), silenceRecent)]
	slices.Sort(gaps)
	usual := gaps[int(float64(len(gaps)-1)*rareAt)]
	limit := max(silenceFactor*usual, gaps[len(gaps)-1]+gaps[len(gaps)-1]/2, silenceFloor)
	silent := now.Sub(c.Rhythm[0])
	if silent <= limit {
		return ""
	}
	return fmt.Sprintf("nothing new for %s; it never paused longer than %s", span(silent), span(gaps[len(gaps)-1]))
}

// span is a duration in words.
func span(d time.Duration) string {
	if d < 2*day {
		return fmt.Sprintf("%.0f hours", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}

// gapsOf returns the times between arrivals. Entries that came together are
// one arrival: they say nothing of the rhythm.
func gapsOf(arrivals []time.Time) []time.Duration {
	const together = time.Hour
	var gaps []time.Duration
	for i := 1; i < len(arrivals); i++ {
		if gap := arrivals[i-1].Sub(arrivals[i]); gap > together {
			gaps = append(gaps, gap)
		}
	}
	return gaps
}
