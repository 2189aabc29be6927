package poll

import (
	"slices"
	"time"

	"newswire/internal/newsroom"
)

const (
	// usual is the interval of a source of which nothing is known yet.
	usual = 30 * time.Minute
	// patient is the least wait after a failure that only a person can mend.
	patient = 4 * time.Hour
	// longest is the longest wait after any failure: backoff never gives up.
	longest = 24 * time.Hour
	// dormancy is the wait of a source that said three times that it is gone.
	dormancy = 7 * 24 * time.Hour

	maxJitter = 30 * time.Minute
	day       = 24 * time.Hour
)

// A Policy bounds how often sources are asked.
type Policy struct {
	// MinInterval is the least time between two polls of one source. 0 is for
	// tests: then nothing is raised to a floor, and nothing is spread.
	MinInterval time.Duration
	MaxInterval time.Duration // the most, unless a schedule says more; 24 h if 0
}

// A rule is the kind of wait that follows an outcome.
type rule int

const (
	usually       rule = iota // N: the interval
	again                     // S: the interval; the fault was ours, and says nothing of the publisher
	backOff                   // B: the interval doubled with each failure
	asTold                    // RA: as Retry-After says, else patiently
	patiently                 // P: four hours, doubled with each failure
	nextDay                   // X: a day; an editor is told at once
	dormantWeekly             // D
)

// ruleOf returns the rule for what a check found.
func ruleOf(c newsroom.Check) rule {
	switch c.Class {
	case newsroom.ClassNone, newsroom.ClassOK, newsroom.ClassPartial, newsroom.ClassNotModified:
		return usually
	case newsroom.ClassStorage:
		return again
	case newsroom.ClassRateLimited:
		return asTold
	case newsroom.ClassHTTP5xx, newsroom.ClassAuth:
		if c.Wait > 0 {
			return asTold
		}
	case newsroom.ClassSSRFBlocked, newsroom.ClassBomb, newsroom.ClassTooLarge:
		return nextDay
	case newsroom.ClassGone:
		if c.Dormant {
			return dormantWeekly
		}
		return patiently
	case newsroom.ClassLimits:
		if c.Failures == 0 {
			return usually
		}
		return patiently
	case newsroom.ClassHTTPStatus:
		if c.Status >= 300 && c.Status < 400 && c.Status != 304 {
			return patiently
		}
		return backOff
	}
	if slices.Contains([]newsroom.Class{
		newsroom.ClassTLSCert, newsroom.ClassTLSProto, newsroom.ClassNotFeed, newsroom.ClassHTTP4xx, newsroom.ClassAuth,
		newsroom.ClassContentEncoding, newsroom.ClassRedirectLoop, newsroom.ClassRedirectBad, newsroom.ClassCharset,
	}, c.Class) {
		return patiently
	}
	return backOff
}

// Next returns when a source is due again after its last check. It is the
// whole policy, and depends on nothing but its arguments: a restart gives the
// same answer, and so does another node.
//
// After success a source with a schedule is due at its next firing, another
// one after an interval that follows its own rhythm; both are put off by what
// the publisher asks for. Jitter is added, never taken away.
func (p Policy) Next(slug string, s Schedule, c newsroom.Check) time.Time {
	if r := ruleOf(c); r != usually {
		return p.afterFailure(r, slug, s, c)
	}
	if s.IsZero() {
		return p.adaptive(slug, c)
	}
	return p.scheduled(s, c)
}

// scheduled returns the first firing that is not too early. The editor's
// schedule outranks ttl and sy:updatePeriod; Cache-Control, skipHours and
// skipDays outrank the schedule.
func (p Policy) scheduled(s Schedule, c newsroom.Check) time.Time {
	wait := max(p.MinInterval, min(c.Wait, p.max()))
	if c.GapSuspected { // once, and sooner than the editor thought
		return c.LastAsked.Add(max(wait, s.Interval(c.LastAsked)/2))
	}
	earliest := c.LastAsked.Add(wait)
	next := s.Next(c.LastAsked)
	if s.every > 0 && next.Sub(c.LastAsked) < s.every/2 { // asked by hand, or for the first time
		next = s.Next(next)
	}
	if early := earliest.Sub(next); early > wait/10 {
		next = s.Next(earliest.Add(-1))
	} else if early > 0 { // the last poll began late; the firing it was for has not changed
		next = earliest
	}
	for range 200 {
		if !skipped(c, next) || next.Sub(c.LastAsked) > p.max() {
			break
		}
		next = s.Next(next)
	}
	return next
}

// adaptive returns when a source without a schedule is due.
func (p Policy) adaptive(slug string, c newsroom.Check) time.Time {
	wait := max(p.interval(Schedule{}, c), min(max(c.Wait, c.TTL), p.max()))
	next := c.LastAsked.Add(wait + p.jitter(slug, c, wait))
	for range 24 * 7 {
		if !skipped(c, next) {
			break
		}
		next = next.Truncate(time.Hour).Add(time.Hour + p.jitter(slug, c, day))
	}
	return next
}

// afterFailure returns when a source is asked again that did not answer as it
// should.
func (p Policy) afterFailure(r rule, slug string, s Schedule, c newsroom.Check) time.Time {
	interval := min(p.interval(s, c), longest)
	floor := patient
	if p.MinInterval == 0 {
		floor = 0
	}
	var wait time.Duration
	switch r {
	case again:
		wait = interval
	case backOff:
		wait = doubled(interval, c.Failures)
	case asTold:
		wait = c.Wait
		if wait == 0 {
			wait = doubled(max(interval, floor), c.Failures-1)
		}
	case patiently:
		wait = doubled(max(interval, floor), c.Failures-1)
	case nextDay:
		wait = longest
		if p.MinInterval == 0 {
			wait = doubled(interval, c.Failures)
		}
	case dormantWeekly:
		return c.LastAsked.Add(dormancy + p.jitter(slug, c, dormancy))
	}
	wait = min(max(wait, interval, p.MinInterval), longest)
	if r == usually || wait < longest {
		wait = min(wait+p.jitter(slug, c, wait), longest)
	}
	return c.LastAsked.Add(wait)
}

// doubled returns d·2ⁿ, but not more than the longest wait.
func doubled(d time.Duration, n int) time.Duration {
	for range max(n, 0) {
		if d >= longest {
			return longest
		}
		d *= 2
	}
	return min(d, longest)
}

// interval returns how far apart the polls of a source should be by its
// schedule or its rhythm alone.
func (p Policy) interval(s Schedule, c newsroom.Check) time.Duration {
	if !s.IsZero() {
		return max(s.Interval(c.LastAsked), p.MinInterval)
	}
	interval := p.rhythm(c)
	if c.GapSuspected {
		interval /= 2
	}
	return max(p.MinInterval, min(interval, p.max()))
}

// rhythm returns half the average gap between a source's entries, more the
// longer it has been silent.
func (p Policy) rhythm(c newsroom.Check) time.Duration {
	n := len(c.Rhythm)
	if n == 0 {
		return usual
	}
	switch silence := c.LastAsked.Sub(c.Rhythm[0]); {
	case silence >= 30*day:
		return p.max()
	case silence >= 14*day:
		return p.max() / 2
	case silence >= 7*day:
		return p.max() / 4
	}
	average := c.LastAsked.Sub(c.Rhythm[n-1]) / time.Duration(n)
	return min(average/2, p.max()/4)
}

func (p Policy) max() time.Duration {
	if p.MaxInterval == 0 {
		return day
	}
	return max(p.MaxInterval, p.MinInterval)
}

// jitter returns up to a tenth of wait, at most half an hour. It depends on
// the source and on when it was asked, so that a restart does not roll anew.
func (p Policy) jitter(slug string, c newsroom.Check, wait time.Duration) time.Duration {
	if p.MinInterval == 0 {
		return 0
	}
	return stable(slug+c.LastAsked.UTC().Format(time.RFC3339), min(wait/10, maxJitter))
}

// skipped reports whether the publisher asks not to be asked at this time. A
// list that leaves no time at all is ignored.
func skipped(c newsroom.Check, at time.Time) bool {
	at = at.UTC()
	hours, days := distinct(c.SkipHours, 24), distinct(c.SkipDays, 7)
	if len(hours) == 24 || len(days) == 7 {
		return false
	}
	return hours[at.Hour()] || days[at.Weekday()]
}

func distinct[T ~int](values []T, limit T) map[T]bool {
	set := map[T]bool{}
	for _, v := range values {
		if v >= 0 && v < limit {
			set[v] = true
		}
	}
	return set
}

// Plausible reports whether a stored due time can have come from this policy:
// a clock that was once far ahead must not silence a source for years.
func (p Policy) Plausible(s Schedule, c newsroom.Check, now time.Time) bool {
	most := 2 * max(p.max(), dormancy)
	if !s.IsZero() {
		most = max(most, 2*s.Interval(now))
	}
	return c.Next.Before(now.Add(most))
}

// Forced reports whether a source must be asked without validators: it may
// answer "not modified" forever by mistake. That is once a day (a guest who
// does it more often is a nuisance), and, where no least interval is kept,
// after 24 such answers. A document that came incomplete is asked for again
// without them, too.
func (p Policy) Forced(c newsroom.Check, now time.Time) bool {
	switch c.Class {
	case newsroom.ClassTruncated, newsroom.ClassTimeoutBody, newsroom.ClassParse, newsroom.ClassHTTPStatus, newsroom.ClassInternal, newsroom.ClassStorage:
		return true
	}
	return now.Sub(c.LastFull) >= day || now.Before(c.LastFull) || (p.MinInterval == 0 && c.Unmodified >= 24)
}
