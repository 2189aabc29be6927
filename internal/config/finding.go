package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"newswire/internal/spelling"
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
	if best := spelling.Nearest(word, candidates); best != "" {
		return strconv.Quote(best)
	}
	return ""
}
