package main

import (
	"fmt"
	"strings"
	"time"

	"newswire/internal/newsroom"
	"newswire/internal/web"
)

// A summary is what editors are told once a day.
type summary struct {
	ID    string        `json:"id"` // of its day: the same summary told twice has the same
	Site  string        `json:"site"`
	Made  time.Time     `json:"made"`
	Text  string        `json:"text"` // all of it for people, a line each
	Needs []summaryNeed `json:"needs"`
}

// A summaryNeed is one thing that needs an editor.
type summaryNeed struct {
	Kind   string     `json:"kind"`
	Source string     `json:"source,omitempty"` // name; empty: it is of the whole wire
	URL    string     `json:"url,omitempty"`    // of its feed, without what may be secret
	Since  *time.Time `json:"since,omitempty"`  // when it was last well
	Text   string     `json:"text"`
}

// The kinds of needs, in the order in which they are told.
const (
	needReload    = "reload_refused"
	needPurge     = "purge_refused"
	needGone      = "gone"
	needPage      = "page_instead_of_feed"
	needThrottled = "throttled"
	needBroken    = "broken"
	needMoved     = "moved"
	needHeld      = "held"
	needSilent    = "silent"
	needDrop      = "volume_drop"
)

const (
	brokenAfter = 3              // failures in a row: one or two mend themselves
	brokenFor   = 24 * time.Hour // or without a good answer
)

// summarize says what needs an editor now. It is pure.
func summarize(site string, sources []condition, reload *web.Reload, purge string, now time.Time) summary {
	s := summary{Site: site, Made: now.UTC().Truncate(time.Second), Needs: []summaryNeed{}}
	if reload != nil && len(reload.Refused) > 0 {
		s.Needs = append(s.Needs, summaryNeed{Kind: needReload, Since: utc(reload.At),
			Text: "the configuration was refused, the one before stays in force: " + strings.Join(reload.Refused, "; ")})
	}
	if purge != "" {
		s.Needs = append(s.Needs, summaryNeed{Kind: needPurge, Text: purge})
	}
	for _, o := range sources {
		s.Needs = append(s.Needs, o.needs(now)...)
	}
	var lines []string
	for _, n := range s.Needs {
		line := n.Text
		if n.Source != "" {
			line = n.Source + ": " + line
		}
		lines = append(lines, oneLine(line))
	}
	s.Text = strings.Join(lines, "\n")
	return s
}

// needs returns what an editor must do about a source.
func (o condition) needs(now time.Time) (list []summaryNeed) {
	if o.Paused {
		return nil
	}
	add := func(kind, text string, since time.Time) {
		list = append(list, summaryNeed{Kind: kind, Source: o.Name, URL: showURL(o.Source), Since: utc(since), Text: text})
	}
	if kind := o.trouble(now); kind != "" {
		add(kind, o.check.Problem, o.check.LastOK)
	}
	for _, note := range o.check.Notes {
		if strings.HasPrefix(note, needMoved+": ") {
			add(needMoved, note, o.check.MovedSince)
		}
	}
	if o.held > 0 {
		add(needHeld, fmt.Sprintf("%s held: newswire release %q", counted(o.held, "entry is", "entries are"), o.Name), time.Time{})
	}
	switch {
	case !o.check.Class.Good():
	case o.silent:
		add(needSilent, o.alarm, o.check.LastNew)
	case o.alarm != "":
		add(needDrop, o.alarm, time.Time{})
	}
	return list
}

// trouble returns in which way a source gives no good answer; empty: it does,
// or has not failed for long.
func (o condition) trouble(now time.Time) string {
	c := o.check
	switch {
	case c.Class == newsroom.ClassNone || c.Class.Good():
		return ""
	case c.Dormant:
		return needGone
	case c.Class == newsroom.ClassNotFeed:
		return needPage
	case c.Class == newsroom.ClassRateLimited:
		return needThrottled
	case c.Failures >= brokenAfter || !c.LastOK.IsZero() && now.Sub(c.LastOK) >= brokenFor:
		return needBroken
	}
	return ""
}
