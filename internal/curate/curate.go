// Package curate decides: which entries are published, in which channels they
// stand, and in which order. Its functions are pure: equal rules, entries and
// moments give equal verdicts, whatever was asked before.
//
// # Order of decisions
//
// The first of these that speaks decides an entry, and gives the verdict its
// Rule:
//
//  1. overrides.hide: an editor hid this entry → drop
//  2. overrides.pin: an editor pinned it → publish, whatever the rules say
//  3. rules.drop holds → drop
//  4. sources[NAME].drop holds → drop
//  5. rules.keep is given and does not hold → drop
//  6. sources[NAME].keep is given and does not hold → drop
//  7. default → publish
//
// An expression that fails while it runs (tags[7] on an entry with two tags)
// does not hold; Failures counts that.
package curate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"newswire/internal/newsroom"
)

// Config is all that a Ruleset is made of.
type Config struct {
	Sources    []newsroom.Source
	Channels   []newsroom.Channel
	Keep, Drop string // expressions for every entry; empty: none
	// Hide and Pin name entries by id, GUID or URL. A URL need not be written
	// exactly: what sanitize.Canonical leaves out does not count.
	Hide, Pin []string
}

// A Ruleset is a Config ready for use. It never changes, and may be used by
// many goroutines at once.
type Ruleset struct {
	drop, keep *rule
	sources    map[string]sourceRules // by slug
	channels   []channelRule
	byName     map[string]int // of channels
	hide, pin  entrySet
}

type sourceRules struct {
	name       string
	drop, keep *rule
	maxPerDay  int
}

type channelRule struct {
	newsroom.Channel
	where *rule // nil: every entry
}

// New compiles the rules. An error names the rule and wraps an *ExprError.
func New(c Config) (*Ruleset, error) {
	var err error
	compile := func(name, src string, kind Kind) *rule {
		if err != nil || strings.TrimSpace(src) == "" {
			return nil
		}
		var r *rule
		if r, err = newRule(name, src, kind); err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
		return r
	}
	r := &Ruleset{
		drop:    compile("rules.drop", c.Drop, Entry),
		keep:    compile("rules.keep", c.Keep, Entry),
		sources: make(map[string]sourceRules, len(c.Sources)),
		byName:  make(map[string]int, len(c.Channels)),
		hide:    newEntrySet(c.Hide),
		pin:     newEntrySet(c.Pin),
	}
	for _, s := range c.Sources {
		path := "sources[" + s.Name + "]"
		r.sources[s.Slug] = sourceRules{
			name:      s.Name,
			drop:      compile(path+".drop", s.Drop, Entry),
			keep:      compile(path+".keep", s.Keep, Entry),
			maxPerDay: s.MaxPerDay,
		}
	}
	for i, ch := range c.Channels {
		kind := Entry
		if ch.Stories {
			kind = Story
		}
		r.byName[ch.Name] = i
		r.channels = append(r.channels, channelRule{
			Channel: ch,
			where:   compile("channels["+ch.Name+"].where", ch.Where, kind),
		})
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Decide says whether an entry of src is published, and by which rule. What
// age means to a rule is counted at now.
func (r *Ruleset) Decide(src newsroom.Source, e *newsroom.Entry, now time.Time) newsroom.Verdict {
	if r.hide.has(e) {
		return newsroom.Verdict{Decision: newsroom.Drop, Rule: "overrides.hide"}
	}
	if r.pin.has(e) {
		return newsroom.Verdict{Decision: newsroom.Publish, Rule: "overrides.pin"}
	}
	own := r.sources[src.Slug]
	s := subject{src: &src, entry: e, now: now}
	for _, drop := range []*rule{r.drop, own.drop} {
		if drop != nil && drop.holds(&s) {
			return newsroom.Verdict{Decision: newsroom.Drop, Rule: drop.name}
		}
	}
	for _, keep := range []*rule{r.keep, own.keep} {
		if keep != nil && !keep.holds(&s) {
			return newsroom.Verdict{Decision: newsroom.Drop, Rule: keep.name}
		}
	}
	return newsroom.Verdict{Decision: newsroom.Publish, Rule: "default"}
}

// Channels names the channels of entries that an entry of src belongs to, in
// the order of the configuration. Channels of stories are not among them.
// Whether the entry is published at all is Decide's business.
func (r *Ruleset) Channels(src newsroom.Source, e *newsroom.Entry, now time.Time) []string {
	var names []string
	s := subject{src: &src, entry: e, now: now}
	for _, ch := range r.channels {
		if !ch.Stories && (ch.where == nil || ch.where.holds(&s)) {
			names = append(names, ch.Name)
		}
	}
	return names
}

// A StoryFacts is what a channel's expression can ask of a story beside what
// it can ask of the story's lead.
type StoryFacts struct {
	Sources     int // independent ones
	Entries     int
	First, Last time.Time // its first and its newest report
}

// StoryChannels names the channels of stories that a story belongs to. Its
// lead is an entry of src.
func (r *Ruleset) StoryChannels(src newsroom.Source, lead *newsroom.Entry, facts StoryFacts, now time.Time) []string {
	var names []string
	s := subject{src: &src, entry: lead, now: now, story: &facts}
	for _, ch := range r.channels {
		if ch.Stories && (ch.where == nil || ch.where.holds(&s)) {
			names = append(names, ch.Name)
		}
	}
	return names
}

// Pinned reports whether an editor pinned the entry, and did not hide it too.
func (r *Ruleset) Pinned(e *newsroom.Entry) bool {
	return r.pin.has(e) && !r.hide.has(e)
}

// Failures counts, by rule, how often an expression failed while it ran and
// was therefore taken not to hold. Rules that never failed are absent.
func (r *Ruleset) Failures() map[string]int64 {
	counts := map[string]int64{}
	for _, rule := range r.rules() {
		if n := rule.failed.Load(); n > 0 {
			counts[rule.name] = n
		}
	}
	return counts
}

// Aging reports whether some verdict or membership changes as time passes: it
// depends on age, first or last.
func (r *Ruleset) Aging() bool {
	return slices.ContainsFunc(r.rules(), func(rule *rule) bool { return rule.uses&usesClock != 0 })
}

// rules returns every rule that there is.
func (r *Ruleset) rules() []*rule {
	all := []*rule{r.drop, r.keep}
	for _, s := range r.sources {
		all = append(all, s.drop, s.keep)
	}
	for _, ch := range r.channels {
		all = append(all, ch.where)
	}
	return slices.DeleteFunc(all, func(rule *rule) bool { return rule == nil })
}
