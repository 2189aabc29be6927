package web

import (
	"fmt"
	"strings"
	"time"
)

// What a spark line shows.
const (
	sparkDays   = 28
	sparkWidth  = 112 // of its drawing
	sparkHeight = 22
)

// A spark is a small drawing of how many entries came on each of the last
// days, the newest to the right.
type spark struct {
	Path          string // of SVG; empty: there is nothing to draw
	Label         string // for those who do not see it
	Width, Height int
}

// newSpark counts arrivals by day. Only the newest are remembered of a busy
// source, so the days before the oldest are not known, and are not drawn.
func newSpark(arrivals []time.Time, now time.Time) spark {
	var counts [sparkDays]int
	most, total, oldest := 0, 0, 0
	for _, at := range arrivals {
		ago := int(now.Sub(at) / (24 * time.Hour))
		if ago < 0 || ago >= sparkDays || at.After(now) {
			continue
		}
		counts[ago]++
		total++
		oldest = max(oldest, ago)
		most = max(most, counts[ago])
	}
	s := spark{Width: sparkWidth, Height: sparkHeight, Label: fmt.Sprintf("%d entries in the last %d days", total, oldest+1)}
	if total == 0 {
		s.Label = fmt.Sprintf("nothing in the last %d days", sparkDays)
		return s
	}
	var path strings.Builder
	step := sparkWidth / sparkDays
	for ago, n := range counts {
		if n == 0 {
			continue
		}
		height := max(2, n*sparkHeight/most)
		fmt.Fprintf(&path, "M%d %dv-%dh%dv%dz", (sparkDays-1-ago)*step, sparkHeight, height, step-1, height)
	}
	s.Path = path.String()
	return s
}
