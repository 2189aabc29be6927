package poll

import (
	"fmt"
	"math"
	"slices"
	"time"

	"newswire/internal/newsroom"
)

const (
	silenceSample = 6              // pauses that must be known before silence means anything,
	silenceSpan   = 8 * day        // and the time that they must cover: a weekend is in it
	silenceRecent = 20             // arrivals' pauses that count: what was years ago was another rhythm
	silenceFloor  = 36 * time.Hour // shorter silence is never remarked on: nobody could act on it
	silenceYears  = 2              // in which chance may give one false alarm of a source
	rare          = 0.1            // the share of pauses that are longer than usual
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
	gaps, covered := pauses(c)
	if len(gaps) < silenceSample || covered < silenceSpan {
		return ""
	}
	slices.Sort(gaps)
	silent := now.Sub(c.Rhythm[0])
	if silent <= silenceLimit(gaps, covered) {
		return ""
	}
	return fmt.Sprintf("nothing new for %s; it never paused longer than %s", span(silent), span(gaps[len(gaps)-1]))
}

// silenceLimit returns the pause beyond which a source is silent: one so long
// that chance gives it once in two years, if long pauses become rarer as they
// do between independent events. Of the pauses a tenth are longer than the
// usual, and one in n+1 will be longer than the longest of n. A source that
// brings something once a month has few pauses in which an alarm could be
// false, and needs less than one that brings something each hour. What is
// usual is itself known badly, hence ten times the chances.
func silenceLimit(sorted []time.Duration, covered time.Duration) time.Duration {
	n := float64(len(sorted))
	chances := silenceYears * n * float64(365*day) / float64(covered)
	usual, longest := sorted[int((n-1)*(1-rare))], sorted[len(sorted)-1]
	byUsual := float64(usual) * math.Log10(10*chances)
	byLongest := float64(longest) * max(1.25, math.Log(chances)/math.Log(n+1))
	return max(time.Duration(byUsual), time.Duration(byLongest), silenceFloor)
}

// pauses returns a source's pauses, and how much time they cover: those between
// its last arrivals, or, where these do not look back as far, those between
// days on which something came. The arrivals that are remembered of a busy
// source may all be of one day, and know of no weekend.
func pauses(c newsroom.Check) (gaps []time.Duration, covered time.Duration) {
	gaps = gapsOf(c.Rhythm)
	gaps = gaps[:min(len(gaps), silenceRecent)]
	byDay := dailyGaps(c.Daily)
	if inDays := total(byDay); inDays > total(gaps) && len(c.Rhythm) > 0 {
		return byDay, inDays
	}
	return gaps, total(gaps)
}

func total(gaps []time.Duration) (sum time.Duration) {
	for _, g := range gaps {
		sum += g
	}
	return sum
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

// dailyGaps returns the times between days on which something came, where the
// source answered on each day between.
func dailyGaps(days []int) (gaps []time.Duration) {
	last := noAnswer // when it was
	for ago, n := range days {
		switch {
		case n == noAnswer:
			last = noAnswer
		case n > 0:
			if last != noAnswer {
				gaps = append(gaps, time.Duration(ago-last)*day)
			}
			last = ago
		}
	}
	return gaps
}
