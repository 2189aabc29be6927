package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
	"golang.org/x/text/width"
)

// A terminal is where a command talks to: results go to out, remarks and
// progress to err.
type terminal struct {
	out, err io.Writer
	columns  int  // of out; 0: not a terminal, nothing is cut
	color    bool // of out
	live     bool // err is a terminal: progress may be drawn over
}

func newTerminal(out, err io.Writer) *terminal {
	t := &terminal{out: out, err: err}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.columns, _, _ = term.GetSize(int(f.Fd()))
		_, plain := os.LookupEnv("NO_COLOR")
		t.color = !plain && os.Getenv("TERM") != "dumb"
	}
	if f, ok := err.(*os.File); ok {
		t.live = term.IsTerminal(int(f.Fd()))
	}
	return t
}

// printJSON writes one document.
func (t *terminal) printJSON(v any) error {
	e := json.NewEncoder(t.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// A paint is an ANSI color.
type paint string

const (
	plain  paint = ""
	dim    paint = "\x1b[2m"
	green  paint = "\x1b[32m"
	yellow paint = "\x1b[33m"
	red    paint = "\x1b[31m"
)

// A cell is one field of a table. The last column of a row takes what width
// the terminal has left.
type cell struct {
	text  string
	paint paint
}

// printTable writes rows below a heading, aligned by what is seen (wide
// characters count two columns), and cut at the width of the terminal.
func (t *terminal) printTable(head []string, rows [][]cell) {
	all := [][]cell{make([]cell, len(head))}
	for i, h := range head {
		all[0][i] = cell{h, dim}
	}
	all = append(all, rows...)
	widths := make([]int, len(head))
	for _, row := range all {
		for i, c := range row {
			widths[i] = max(widths[i], columns(c.text))
		}
	}
	for _, row := range all {
		fmt.Fprintln(t.out, t.line(row, widths))
	}
}

func (t *terminal) line(row []cell, widths []int) string {
	var b strings.Builder
	used := 0
	for i, c := range row {
		text := c.text
		if room := t.columns - used; t.columns > 0 && columns(text) > room {
			text = cut(text, max(room, 1))
		}
		pad := widths[i] - columns(text)
		if i == len(row)-1 {
			pad = 0
		}
		b.WriteString(t.painted(text, c.paint))
		b.WriteString(strings.Repeat(" ", max(pad, 0)))
		used += max(widths[i], columns(text)) + 2
		if i < len(row)-1 {
			b.WriteString("  ")
		}
		if t.columns > 0 && used >= t.columns {
			break
		}
	}
	return strings.TrimRight(b.String(), " ")
}

func (t *terminal) painted(s string, p paint) string {
	if !t.color || p == plain {
		return s
	}
	return string(p) + s + "\x1b[0m"
}

// columns returns how many columns of a terminal a text takes.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cut shortens a text to n columns, the last of them an ellipsis.
func cut(s string, n int) string {
	used := 0
	for i, r := range s {
		if used+runeColumns(r) > n-1 {
			return s[:i] + "…"
		}
		used += runeColumns(r)
	}
	return s
}

// oneLine makes foreign text fit for a terminal: no control characters, one line.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)), " ")
}

// ago says how long something is past, or ahead, in one unit.
func ago(at, now time.Time) string {
	if at.IsZero() {
		return "never"
	}
	d := now.Sub(at)
	if d < 0 {
		return "in " + span(-d)
	}
	return span(d) + " ago"
}

func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// utc makes a time ready for JSON: RFC 3339 in UTC, null if it is zero.
func utc(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC().Truncate(time.Millisecond)
	return &u
}
