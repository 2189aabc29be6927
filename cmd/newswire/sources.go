package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"newswire/internal/newsroom"
	"newswire/internal/store"
)

type sourcesCommand struct {
	JSON bool `help:"Print one JSON document."`
}

// health is a source as `sources` and `refresh` show it.
type health struct {
	Name           string         `json:"name"`
	URL            string         `json:"url"`
	Class          newsroom.Class `json:"class"`
	Problem        string         `json:"problem,omitempty"`
	Notes          []string       `json:"notes,omitempty"`
	New            int            `json:"new"`
	Updated        int            `json:"updated"`
	LastOK         *time.Time     `json:"last_ok"`
	Next           *time.Time     `json:"next"`
	Failures       int            `json:"failures"`
	EntriesPerWeek float64        `json:"entries_per_week"`
	Silent         bool           `json:"silent"`
	Alarm          string         `json:"alarm,omitempty"` // silent, or far fewer entries than usual, in a sentence
	Held           int            `json:"held,omitempty"`
	Paused         bool           `json:"paused,omitempty"`
}

func newHealth(o condition) health {
	c := o.check
	h := health{
		Name: o.Name, URL: showURL(o.Source), Class: c.Class, Problem: c.Problem, Notes: c.Notes,
		New: c.New, Updated: c.Updated, LastOK: utc(c.LastOK), Next: utc(c.Next), Failures: c.Failures, Held: o.held,
		EntriesPerWeek: float64(int(o.perWeek*10+0.5)) / 10, Silent: o.silent, Alarm: o.alarm, Paused: o.Paused,
	}
	if o.Paused {
		h.Next = nil
	}
	return h
}

// Run shows the health of every source, those first that need somebody.
func (c *sourcesCommand) Run(ctx context.Context, t *terminal, cli *commands) error {
	s, db, err := openStored(ctx, cli.Config)
	if err != nil {
		return err
	}
	defer db.Close()
	list, err := healthOf(ctx, db, s, time.Now())
	if err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(list)
	}
	printHealth(t, list, time.Now())
	return nil
}

// healthOf returns the health of all sources, those first that need somebody.
func healthOf(ctx context.Context, db *store.Store, s *settings, now time.Time) ([]health, error) {
	all, _, err := conditions(ctx, db, s, now)
	if err != nil {
		return nil, err
	}
	list := make([]health, len(all))
	for i, o := range all {
		list[i] = newHealth(o)
	}
	slices.SortStableFunc(list, func(a, b health) int {
		return cmp.Or(cmp.Compare(b.attention(), a.attention()), cmp.Compare(b.Failures, a.Failures))
	})
	return list, nil
}

// attention says how much a source needs somebody.
func (h health) attention() int {
	switch {
	case h.Paused:
		return -1
	case h.Class != newsroom.ClassNone && !h.Class.Good():
		return 4
	case h.Held > 0:
		return 3
	case h.Alarm != "":
		return 2
	case len(h.Notes) > 0 || h.Class == newsroom.ClassPartial:
		return 1
	}
	return 0
}

func printHealth(t *terminal, list []health, now time.Time) {
	var rows [][]cell
	for _, h := range list {
		rows = append(rows, []cell{
			{cut(oneLine(h.Name), 28), plain},
			{h.state(), h.paint()},
			{fmt.Sprintf("+%d ~%d", h.New, h.Updated), plain},
			{since(h.LastOK, now), plain},
			{since(h.Next, now), plain},
			{fmt.Sprint(h.Failures), plain},
			{fmt.Sprintf("%.1f", h.EntriesPerWeek), plain},
			{h.remark(), plain},
		})
	}
	t.printTable([]string{"SOURCE", "STATE", "NEW", "LAST OK", "NEXT", "FAILED", "A WEEK", ""}, rows)
}

func since(at *time.Time, now time.Time) string {
	if at == nil {
		return "-"
	}
	return ago(*at, now)
}

func (h health) state() string {
	switch {
	case h.Paused:
		return "paused"
	case h.Class == newsroom.ClassNone:
		return "not asked yet"
	case h.Silent && h.Class.Good():
		return "silent"
	case h.Alarm != "" && h.Class.Good():
		return "low"
	}
	return string(h.Class)
}

func (h health) paint() paint {
	switch h.attention() {
	case 4:
		return red
	case 3, 2, 1:
		return yellow
	case 0:
		if h.Class.Good() {
			return green
		}
	}
	return dim
}

func (h health) remark() string {
	parts := slices.Clone(h.Notes)
	if h.Alarm != "" {
		parts = append([]string{h.Alarm}, parts...)
	}
	if h.Held > 0 {
		parts = append([]string{fmt.Sprintf("%s held: newswire release %q", counted(h.Held, "entry", "entries"), h.Name)}, parts...)
	}
	if h.Problem != "" {
		parts = append([]string{h.Problem}, parts...)
	}
	return oneLine(strings.Join(parts, "; "))
}
