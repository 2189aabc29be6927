package poll

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// maxSpec bounds the length of a schedule's text.
const maxSpec = 200

// cronSpread is over how much of its minute the sources of one cron spec are
// spread, so that they do not all knock at :00.
const cronSpread = 50 * time.Second

// A Schedule says when a source is due. The zero Schedule says nothing: the
// source's own rhythm decides.
type Schedule struct {
	cron   cron.Schedule
	every  time.Duration // of @every; 0: a cron spec
	offset time.Duration // of this source: into the interval, or into the minute
}

// IsZero reports whether there is no schedule.
func (s Schedule) IsZero() bool { return s.cron == nil && s.every == 0 }

// Next returns the first firing after a time.
func (s Schedule) Next(after time.Time) time.Time {
	if s.every > 0 {
		phase := (after.UnixNano() - int64(s.offset)) % int64(s.every)
		if phase < 0 {
			phase += int64(s.every)
		}
		return after.Add(s.every - time.Duration(phase))
	}
	return s.cron.Next(after.Add(-s.offset)).Add(s.offset)
}

// Interval returns the time between the next two firings after a time.
func (s Schedule) Interval(after time.Time) time.Duration {
	if s.every > 0 {
		return s.every
	}
	first := s.Next(after)
	return s.Next(first).Sub(first)
}

// For returns the schedule as it is for one source: @every counts from an
// instant, and cron fires at a second of its minute, that belong to the slug.
// They are the same after a restart and on every node, and sources with equal
// specs do not fire together.
func (s Schedule) For(slug string) Schedule {
	switch {
	case s.every > 0:
		s.offset = stable(slug, s.every)
	case s.cron != nil:
		s.offset = stable(slug, cronSpread)
	}
	return s
}

// stable returns a part of span that belongs to a text.
func stable(text string, span time.Duration) time.Duration {
	if span <= 0 {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(text))
	mixed := h.Sum64()
	mixed ^= mixed >> 33 // FNV's high bits hardly move with the last letters
	mixed *= 0xff51afd7ed558ccd
	mixed ^= mixed >> 33
	return time.Duration(mixed % uint64(span))
}

// ParseSchedule reads a cron spec of five fields (minute, hour, day of month,
// month, day of week), a descriptor (@hourly, @daily …) or "@every 20m". A spec
// without TZ= is in loc; nil means UTC. An empty spec gives the zero Schedule.
//
// It refuses what the cron library accepts and that cannot be meant: specs
// that never fire, @every below a second, steps beyond the field.
func ParseSchedule(spec string, loc *time.Location) (Schedule, error) {
	spec = strings.TrimSpace(spec)
	if spec == "" {
		return Schedule{}, nil
	}
	if len(spec) > maxSpec {
		return Schedule{}, fmt.Errorf("schedule of %d bytes: at most %d make sense", len(spec), maxSpec)
	}
	if rest, ok := strings.CutPrefix(spec, "@every"); ok {
		return parseEvery(spec, strings.TrimSpace(rest))
	}
	zone, fields, err := splitZone(spec, loc)
	if err != nil {
		return Schedule{}, err
	}
	if !strings.HasPrefix(fields, "@") {
		if err := checkFields(spec, strings.Fields(fields)); err != nil {
			return Schedule{}, err
		}
	}
	parsed, err := parseCron(zone + " " + fields)
	if err != nil {
		return Schedule{}, fmt.Errorf("schedule %q: %w", spec, err)
	}
	if parsed.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return Schedule{}, fmt.Errorf("schedule %q never fires: no year has such a day", spec)
	}
	return Schedule{cron: parsed}, nil
}

func parseEvery(spec, duration string) (Schedule, error) {
	d, err := time.ParseDuration(duration)
	if err != nil {
		return Schedule{}, fmt.Errorf("schedule %q: write a duration after @every, such as @every 20m or @every 1h30m", spec)
	}
	if d < time.Second {
		return Schedule{}, fmt.Errorf("schedule %q: the shortest is @every 1s", spec)
	}
	if d > 366*24*time.Hour {
		return Schedule{}, fmt.Errorf("schedule %q: more than a year; set paused: true for a source that is not to be asked", spec)
	}
	return Schedule{every: d}, nil
}

// splitZone takes the time zone off a spec and returns it in the form that
// the cron library wants. A bare "TZ=UTC" makes that library panic.
func splitZone(spec string, loc *time.Location) (zone, fields string, err error) {
	name, found := strings.CutPrefix(spec, "CRON_TZ=")
	if !found {
		name, found = strings.CutPrefix(spec, "TZ=")
	}
	if !found {
		if loc == nil {
			loc = time.UTC
		}
		return "CRON_TZ=" + loc.String(), spec, nil
	}
	name, fields, _ = strings.Cut(name, " ")
	if _, err := time.LoadLocation(name); err != nil || name == "" {
		return "", "", fmt.Errorf("schedule %q: there is no time zone %q; write one such as TZ=Europe/Berlin", spec, name)
	}
	if fields = strings.TrimSpace(fields); fields == "" {
		return "", "", fmt.Errorf("schedule %q: a time zone, but no time", spec)
	}
	return "CRON_TZ=" + name, fields, nil
}

// A field is one of a cron spec's.
type field struct {
	name string
	top  int // the largest value, as steps go
}

// cronFields are the fields of a spec.
func cronFields() []field {
	return []field{{"minute", 59}, {"hour", 23}, {"day of month", 31}, {"month", 12}, {"day of week", 6}}
}

// checkFields finds the mistakes for which the cron library's errors do not
// help, or which it does not see at all.
func checkFields(spec string, fields []string) error {
	names := cronFields()
	if len(fields) != len(names) {
		return fmt.Errorf("schedule %q has %d fields: a cron spec has five (minute hour day-of-month month day-of-week), as in \"*/20 * * * *\"", spec, len(fields))
	}
	for i, value := range fields {
		if err := checkField(names[i], value); err != nil {
			return fmt.Errorf("schedule %q: %w", spec, err)
		}
	}
	return nil
}

func checkField(f field, value string) error {
	for part := range strings.SplitSeq(value, ",") {
		if part == "" {
			return fmt.Errorf("%s %q has an empty place in its list", f.name, value)
		}
		span, step, stepped := strings.Cut(part, "/")
		if n, ok := number(step); stepped && (!ok || n == 0 || n > f.top) {
			return fmt.Errorf("%s %q: the step must be a number from 1 to %d", f.name, value, f.top)
		}
		if f.name == "day of week" && strings.Contains(span, "7") {
			return fmt.Errorf("%s %q: Sunday is 0 (or SUN), not 7", f.name, value)
		}
		if strings.ContainsAny(part, "LW#") && !hasName(part) {
			return fmt.Errorf("%s %q: L, W and # are not understood", f.name, value)
		}
	}
	return nil
}

// hasName reports whether a field holds the English name of a day or month
// that contains one of the letters L, W and #.
func hasName(part string) bool {
	upper := strings.ToUpper(part)
	for _, name := range []string{"JUL", "APR", "WED"} {
		if strings.Contains(upper, name) {
			return true
		}
	}
	return false
}

func number(s string) (n int, ok bool) {
	if s == "" || len(s) > 4 {
		return 0, false
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return 0, false
		}
		n = n*10 + int(r-'0')
	}
	return n, true
}

// parseCron calls the library's parser, which panics on some texts.
func parseCron(spec string) (s cron.Schedule, err error) {
	defer func() {
		if recover() != nil {
			s, err = nil, errors.New("not a cron spec")
		}
	}()
	return cron.ParseStandard(spec)
}
