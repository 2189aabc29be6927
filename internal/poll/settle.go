package poll

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"newswire/feeds"
	"newswire/internal/egress"
	"newswire/internal/newsroom"
)

const (
	maxRhythm = 50 // arrival times kept
	maxNotes  = 20
	// fullDocument is how many entries are read of one document. One that has
	// more gave all that we take: that is no failure.
	fullDocument = 1000

	movedTimes = 5 // equal permanent redirects …
	movedFor   = 7 * day
	goneTimes  = 3 // 410 answers …
	goneFor    = day
	noticeFrom = 3 // failures that only a person can mend, until we ask for one
)

// The first words of the notes that poll itself writes; it takes them back
// when they no longer hold.
const (
	noteMoved      = "moved: "
	noteGap        = "gap: "
	noteAttention  = "attention: "
	noteValidators = "validators: "
	noteEmpty      = "empty: "
)

// A visit is one asking of one source: all that its Check is made from. Its
// methods are pure.
type visit struct {
	source   newsroom.Source
	schedule Schedule
	policy   Policy
	before   newsroom.Check
	at       time.Time // when it was asked
}

// started returns the Check of this visit before its outcome is known.
func (v *visit) started() newsroom.Check {
	c := v.before
	c.LastAsked = v.at
	c.Polls++
	c.New, c.Updated, c.Problem = 0, 0, ""
	c.Notes = slices.DeleteFunc(slices.Clone(c.Notes), func(n string) bool {
		return strings.HasPrefix(n, noteAttention)
	})
	return c
}

// failed returns the Check after a failure. What was known before it stays,
// the validators too.
func (v *visit) failed(f *egress.Failure) newsroom.Check {
	c := v.started()
	c.Class, c.Problem, c.Status = f.Class, f.Error(), f.Status
	c.Failures++
	c.Unmodified = 0
	c.Wait = f.RetryAfter
	v.gone(&c)
	v.moved(&c, f.Permanent)
	v.notice(&c)
	return v.due(c)
}

// notModified returns the Check after a 304. A header that it carries replaces
// ours; one that it lacks has not changed (RFC 9111 §4.3.4).
func (v *visit) notModified(resp *egress.Response) newsroom.Check {
	c := v.answered(resp)
	c.Class = newsroom.ClassNotModified
	c.Unmodified++
	c.GapSuspected = false
	c.Validators.ETag = cmp.Or(resp.Validators.ETag, c.Validators.ETag)
	c.Validators.LastModified = cmp.Or(resp.Validators.LastModified, c.Validators.LastModified)
	return v.due(c)
}

// unchanged returns the Check after a document with the bytes that we know.
func (v *visit) unchanged(resp *egress.Response) newsroom.Check {
	c := v.answered(resp)
	c.Class = newsroom.ClassOK
	if v.before.Class == newsroom.ClassPartial { // what was cut is still cut
		c.Class, c.Problem = v.before.Class, v.before.Problem
	}
	c.Unmodified = 0
	c.GapSuspected = false
	c.LastFull = v.at
	v.keepValidators(&c, resp)
	if resp.Conditional && v.before.Class == newsroom.ClassOK {
		c.Notes = setNote(c.Notes, noteValidators, "the server sends the whole document though it has not changed")
	}
	return v.due(c)
}

// parsed returns the Check after a document of which the newsroom took what
// the outcome says. A problem says what was wrong with the document.
func (v *visit) parsed(resp *egress.Response, feed *feeds.Feed, o Outcome, problem *egress.Failure) newsroom.Check {
	c := v.answered(resp)
	c.Class = newsroom.ClassOK
	c.Unmodified = 0
	if problem != nil {
		c.Class, c.Problem = problem.Class, problem.Error()
		c.Wait = cmp.Or(problem.RetryAfter, c.Wait)
	} else if o.Cut > 0 {
		c.Class, c.Problem = newsroom.ClassPartial, fmt.Sprintf("%s: %d entries or fields were too large and were cut", newsroom.ClassPartial, o.Cut)
	}
	if !c.Class.Good() {
		c.LastOK = v.before.LastOK
		if c.Class != newsroom.ClassLimits || len(feed.Entries) < fullDocument {
			c.Failures = v.before.Failures + 1
		}
	}
	described(&c, feed)
	v.counted(&c, len(feed.Entries), o)
	c.Notes = merged(c.Notes, o.Notes)
	v.remark(&c, feed, o)
	if c.Class.Good() { // then the document was read to its end
		c.LastFull = v.at
		c.Window = o.Window
		v.keepValidators(&c, resp)
	}
	v.notice(&c)
	return v.due(c)
}

// answered returns the Check after an answer that is as it should be.
func (v *visit) answered(resp *egress.Response) newsroom.Check {
	c := v.started()
	c.Failures, c.LastOK, c.Status = 0, v.at, resp.Status
	c.GoneCount, c.GoneSince, c.Dormant = 0, time.Time{}, false
	c.Wait = resp.Fresh
	v.moved(&c, resp.Permanent)
	c.Notes = dropNote(c.Notes, noteValidators)
	count(&c, v.at, 0)
	return c
}

// keepValidators replaces the validators as a pair: one that the answer lacks
// is forgotten.
func (v *visit) keepValidators(c *newsroom.Check, resp *egress.Response) {
	c.Validators, c.BodyHash, c.FinalURL = resp.Validators, resp.Hash, resp.FinalURL
}

// described notes what the feed says of itself.
func described(c *newsroom.Check, feed *feeds.Feed) {
	c.Title, c.SiteURL, c.Self, c.Hubs = feed.Title, feed.Link, feed.Self, feed.Hubs
	c.Language, c.Rights = feed.Language, feed.Rights
	c.TTL, c.SkipHours, c.SkipDays = feed.TTL, feed.SkipHours, feed.SkipDays
}

// counted notes what the newsroom took.
func (v *visit) counted(c *newsroom.Check, entries int, o Outcome) {
	c.New, c.Updated, c.GapSuspected = o.New, o.Updated, o.GapSuspected
	if o.KeyPolicy != "" {
		c.KeyPolicy = o.KeyPolicy
	}
	c.Realiased = 0
	if 2*o.Realiased > entries {
		c.Realiased = v.before.Realiased + 1
	}
	c.Rhythm = newest(append(slices.Clone(o.Rhythm), v.before.Rhythm...))
	if o.New == 0 {
		return
	}
	c.LastNew = v.at
	if !v.before.LastFull.IsZero() {
		count(c, v.at, o.New)
	}
	switch {
	case v.before.LastFull.IsZero(): // the first document's many entries are no usual batch
	case c.UsualBatch == 0:
		c.UsualBatch = float64(o.New)
	default:
		c.UsualBatch += (float64(o.New) - c.UsualBatch) * 0.3
	}
}

// newest returns the newest of some times, newest first.
func newest(times []time.Time) []time.Time {
	slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
	return times[:min(len(times), maxRhythm)]
}

// remark notes what an editor should know of a document.
func (v *visit) remark(c *newsroom.Check, feed *feeds.Feed, o Outcome) {
	if o.GapSuspected {
		c.Notes = setNote(c.Notes, noteGap, "no entry in common with the last document; some may have been missed, so it is asked more often")
	}
	if len(feed.Entries) == 0 {
		c.Notes = setNote(c.Notes, noteEmpty, "the feed is valid but has no entries")
	}
}

// gone counts answers that say the feed is gone for good.
func (v *visit) gone(c *newsroom.Check) {
	if c.Class != newsroom.ClassGone {
		c.GoneCount, c.GoneSince, c.Dormant = 0, time.Time{}, false
		return
	}
	if c.GoneCount == 0 {
		c.GoneSince = v.at
	}
	c.GoneCount++
	if c.GoneCount >= goneTimes && v.at.Sub(c.GoneSince) >= goneFor {
		c.Dormant = true
	}
}

// moved counts equal permanent redirects. The configured URL is never changed
// by the network; an editor is told when the move has held for a week, or at
// once if it leads to somebody else's domain.
func (v *visit) moved(c *newsroom.Check, to string) {
	c.Notes = dropNote(c.Notes, noteMoved)
	switch {
	case to == "" && c.Status == 0: // no answer at all says nothing about a move
	case to == "":
		c.MovedTo, c.MovedCount, c.MovedSince = "", 0, time.Time{}
	case to != c.MovedTo:
		c.MovedTo, c.MovedCount, c.MovedSince = to, 1, v.at
	default:
		c.MovedCount++
	}
	if c.MovedTo == "" {
		return
	}
	redact := egress.Redact
	if v.source.Private {
		redact = egress.RedactPath
	}
	switch held := v.at.Sub(c.MovedSince); {
	case domain(c.MovedTo) != domain(v.source.URL):
		c.Notes = setNote(c.Notes, noteMoved, "it redirects for good to another domain, "+redact(c.MovedTo)+"; is it still the same publisher?")
	case c.MovedCount >= movedTimes && held >= movedFor:
		c.Notes = setNote(c.Notes, noteMoved, "it has moved for good; set url: "+redact(c.MovedTo))
	}
}

// domain returns the registrable domain of a URL, its host if it has none.
func domain(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	if d, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return d
	}
	return host
}

// notice asks for an editor where waiting will not mend it.
func (v *visit) notice(c *newsroom.Check) {
	switch ruleOf(*c) {
	case nextDay:
		c.Notes = setNote(c.Notes, noteAttention, "the source is asked once a day only until this is mended: "+c.Problem)
	case dormantWeekly:
		c.Notes = setNote(c.Notes, noteAttention, "the publisher says that the feed is gone; it is asked once a week")
	case patiently:
		if c.Failures >= noticeFrom {
			c.Notes = setNote(c.Notes, noteAttention, fmt.Sprintf("failed %d times in a row: %s", c.Failures, c.Problem))
		}
	}
}

// due gives the Check its next time.
func (v *visit) due(c newsroom.Check) newsroom.Check {
	c.Next = stamp(v.policy.Next(v.source.Slug, v.schedule, c).Add(time.Millisecond - 1))
	return c
}

// stamp returns a time as stores keep it: to the millisecond, in UTC.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// setNote replaces the note of a kind.
func setNote(notes []string, kind, text string) []string {
	return append(dropNote(notes, kind), kind+text)
}

func dropNote(notes []string, kind string) []string {
	return slices.DeleteFunc(slices.Clone(notes), func(n string) bool { return strings.HasPrefix(n, kind) })
}

// merged returns the notes of poll among some notes, and others.
func merged(notes, others []string) []string {
	own := slices.DeleteFunc(slices.Clone(notes), func(n string) bool {
		return !strings.HasPrefix(n, noteMoved) && !strings.HasPrefix(n, noteAttention)
	})
	all := append(own, others...)
	return all[:min(len(all), maxNotes)]
}
