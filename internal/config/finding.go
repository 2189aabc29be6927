package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Finding is something wrong with a configuration, or worth a warning.
type Finding struct {
	File         string
	Line, Column int    // from 1, columns in characters; 0: of the file as a whole
	Path         string // as sources[3].schedule; empty: of the file
	Message      string
	Suggestion   string // the nearest thing that would be right; may be empty
	Warning      bool
}

// String returns the finding as `config.yaml:12:5: sources[3].schedule: …`.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", f.Line, f.Column)
	}
	b.WriteString(": ")
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	if f.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(f.Message)
	if f.Suggestion != "" {
		fmt.Fprintf(&b, "; did you mean %s?", f.Suggestion)
	}
	return b.String()
}

// Errors are all the findings of one file, in its order.
type Errors []Finding

// Error returns one finding a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

func (e Errors) failed() bool {
	return slices.ContainsFunc(e, func(f Finding) bool { return !f.Warning })
}

// sorted returns the findings of the file itself in its order, and then those of
// each list.
func (d *decoder) sorted() Errors {
	all := slices.Clone(d.findings)
	for i := range all {
		all[i].File = cmp.Or(all[i].File, d.file)
	}
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(-truth(a.File == d.file)+truth(b.File == d.file), cmp.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column, cmp.Compare(a.Path, b.Path))
	})
	return slices.Compact(all)
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// clip quotes a value of the file for a message, cut where it is long.
func clip(s string) string {
	if utf8.RuneCountInString(s) > 60 {
		s = string([]rune(s)[:60]) + "…"
	}
	return strconv.Quote(s)
}

// nearest returns the candidate most like word, quoted, or "" if none is.
func nearest(word string, candidates []string) string {
	best, limit := "", max(1, utf8.RuneCountInString(word)/3)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < limit {
			best, limit = c, d
		}
	}
	if best == "" {
		return ""
	}
	return strconv.Quote(best)
}

// distance counts the edits (insert, delete, replace, swap of neighbors) that
// make b of a.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			replace := rows[i-1][j-1]
			if x[i-1] != y[j-1] {
				replace++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, replace)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
