// Package spelling finds what somebody probably meant.
package spelling

import (
	"strings"
	"unicode/utf8"
)

// Nearest returns the candidate most like word, in any case of letters, or ""
// if none is like it: about a third of its letters may be wrong. Of equals, it is
// the first.
func Nearest(word string, candidates []string) string {
	best, limit := "", max(1, utf8.RuneCountInString(word)/3)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < limit {
			best, limit = c, d
		}
	}
	return best
}

// distance counts the edits (insert, delete, replace, swap of neighbors) that
// make b of a.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	var last []int
	prev, row := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range x {
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(prev[j+1]+1, row[j]+1, prev[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], last[j-1]+1)
			}
		}
		last, prev, row = prev, row, make([]int, len(y)+1)
	}
	return prev[len(y)]
}
