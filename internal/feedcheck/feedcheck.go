// Package feedcheck judges web feeds as the W3C feed validator does: RSS 2.0
// and Atom 1.0 by its rules and under its names for them, and JSON Feed 1.1 by
// its specification. It is support for tests.
//
// It is a second opinion on what we publish, so it shares no code with package
// feeds, and it is a little stricter than the validator where readers are: an
// address in HTML must be absolute in Atom too.
package feedcheck

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Level says how bad a finding is.
type Level int

// The levels. A document with an error is invalid; with a warning it is valid
// and could be better; an info costs nothing.
const (
	Info Level = iota
	Warning
	Error
)

func (l Level) String() string {
	return [...]string{"info", "warning", "error"}[l]
}

// A Finding is one thing that is wrong with a document.
type Finding struct {
	Level   Level
	Rule    string // the validator's name for it, as IncorrectDOW
	Message string
	Line    int // from 1
}

func (f Finding) String() string {
	return fmt.Sprintf("line %d: %s: %s: %s", f.Line, f.Level, f.Rule, f.Message)
}

// A Checker holds what must be known beside the document. All may be empty.
type Checker struct {
	MediaType string    // of the response, with or without parameters
	SelfURL   string    // the address it was asked at
	Now       time.Time // for ImplausibleDate; zero: no date is in the future
}

// Check judges doc, which came with a media type from selfURL. It tells
// nothing of dates in the future; a Checker with Now does.
func Check(doc []byte, mediaType, selfURL string) []Finding {
	return Checker{MediaType: mediaType, SelfURL: selfURL}.Check(doc)
}

// maxDocument is where the validator stops reading, in bytes.
const maxDocument = 5_000_000

// Check judges doc. Findings are in the order of lines.
func (k Checker) Check(doc []byte) []Finding {
	c := &checker{Checker: k}
	switch {
	case len(doc) > maxDocument:
		c.add("ValidatorLimit", 1, "%d bytes; the validator reads %d", len(doc), maxDocument)
	case looksLikeJSON(doc, k.MediaType):
		c.json(doc)
	default:
		c.xml(doc)
	}
	slices.SortStableFunc(c.findings, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	return c.findings
}

func looksLikeJSON(doc []byte, mediaType string) bool {
	mediaType, _, _ = strings.Cut(mediaType, ";")
	return strings.HasSuffix(mediaType, "json") || strings.HasPrefix(strings.TrimSpace(string(doc[:min(len(doc), 64)])), "{")
}

// checker is one run over one document.
type checker struct {
	Checker
	findings []Finding
	atom     bool   // an Atom document; else RSS
	version  string // of RSS
	hexLines []bool // whether a line of the document holds a hexadecimal character reference
	docs     string // what rss:docs says
}

// add notes a finding. Its level stands in the table of rules.
func (c *checker) add(rule string, line int, format string, args ...any) {
	r, ok := rules[rule]
	if !ok {
		panic("feedcheck: no rule " + rule)
	}
	c.findings = append(c.findings, Finding{r.level, rule, fmt.Sprintf(format, args...), max(line, 1)})
}

// at notes a finding about an element.
func (c *checker) at(n *node, rule string, format string, args ...any) {
	c.add(rule, n.line, "%s: %s", n.path(), fmt.Sprintf(format, args...))
}

// Is reports whether the finding is of a rule or of a kind of it, as an
// IncorrectDOW is an InvalidRFC2822Date.
func (f Finding) Is(rule string) bool {
	for name := f.Rule; name != ""; name = rules[name].of {
		if name == rule {
			return true
		}
	}
	return rule == "Error" && f.Level == Error || rule == "Warning" && f.Level == Warning
}
