package poll

import (
	"fmt"
	"math"
	"slices"
	"time"

	"newswire/internal/newsroom"
)

const (
	dailyKept  = 63 // days of which the number of new entries is kept: nine weeks
	dropRecent = 7  // the last days, which are no part of what is usual
	dropSample = 28 // windows that must be known before a drop means anything
	dropLeast  = 10 // a window that usually brings fewer says too little
	dropShare  = 0.1
	dropFactor = 3   // a drop is to less than one third of what is little for it …
	dropSigma  = 2.5 // … and by more than so many times the spread that chance gives such numbers
)

// dropWindows are the lengths, in days, in which a drop is looked for: a busy
// source shows it in two, others in a week.
var dropWindows = []int{2, 7}

// noAnswer marks a day on which a source gave no answer that could be used.
const noAnswer = -1

// count notes that a source answered on the day of at, with so many new
// entries.
func count(c *newsroom.Check, at time.Time, fresh int) {
	today := at.UTC().Truncate(day)
	if c.DailyTo.IsZero() || today.Before(c.DailyTo) { // or the clock went back
		c.Daily, c.DailyTo = nil, today
	}
	days := slices.Clone(c.Daily)
	missed := int(today.Sub(c.DailyTo) / day)
	switch {
	case len(days) == 0 || missed > dailyKept:
		days = []int{0}
	case missed > 0:
		gap := slices.Repeat([]int{noAnswer}, missed)
		gap[0] = 0
		days = slices.Concat(gap, days)
	}
	days[0] += fresh
	c.Daily, c.DailyTo = days[:min(len(days), dailyKept)], today
}

// Dropped says in a sentence that a source brings far fewer entries than it
// usually does, by its own distribution over the last weeks; empty: it does not,
// or too little is known. Days on which it gave no answer say nothing.
func Dropped(c newsroom.Check, now time.Time) string {
	days := c.Daily
	switch ago := int(now.UTC().Truncate(day).Sub(c.DailyTo) / day); {
	case len(days) == 0 || ago < 0 || ago > 1:
		return ""
	case ago == 0:
		days = days[1:] // today is not over
	}
	for _, length := range dropWindows {
		sums := windows(days, length)
		if len(sums) <= dropRecent || sums[0] == noAnswer {
			continue
		}
		usual := slices.DeleteFunc(slices.Clone(sums[dropRecent:]), func(n int) bool { return n == noAnswer })
		if len(usual) < dropSample {
			continue
		}
		slices.Sort(usual)
		low, high := usual[int(float64(len(usual)-1)*dropShare)], usual[int(float64(len(usual)-1)*(1-dropShare))]
		byChance := dropSigma * math.Sqrt(float64(low))
		if usual[len(usual)/2] >= dropLeast && dropFactor*sums[0] < low && float64(low-sums[0]) > byChance {
			return fmt.Sprintf("%d new entries in %d days; it usually brings %d to %d", sums[0], length, low, high)
		}
	}
	return ""
}

// windows returns how many entries came in each run of so many days, the last
// first.
func windows(days []int, length int) (sums []int) {
	for i := 0; i+length <= len(days); i++ {
		sum := 0
		for _, n := range days[i : i+length] {
			if n == noAnswer {
				sum = noAnswer
				break
			}
			sum += n
		}
		sums = append(sums, sum)
	}
	return sums
}
