package ingest

import "time"

const (
	oldest        = 10 * 365 * 24 * time.Hour // before it was first seen: sorted by then
	futureForShow = 48 * time.Hour            // a date further ahead is not shown
)

// earliest is when feeds began; dates before it, and after year 9999, are
// what broken software writes for none.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

func plausible(t time.Time) bool { return !t.Before(earliest) && t.Year() <= 9999 }

// dates decides the dates of a new entry. Whatever the publisher writes
// later, published and sort stay.
//
// An entry never stands above the time at which it was first seen: a date in
// the future would keep it on top. One without a date, or with a date ten
// years back, has arrived now; but ours is as old as it says, or an archive
// that moves in with us would stand on top.
func dates(declared, changed, firstSeen time.Time, house bool) (published, updated, sort time.Time) {
	declared, changed = stored(declared), stored(changed)
	if !plausible(declared) {
		declared = time.Time{}
	}
	if !plausible(changed) || changed.After(firstSeen.Add(futureForShow)) {
		changed = time.Time{}
	}
	if declared.IsZero() && !changed.IsZero() {
		declared = changed
	}
	published, sort = firstSeen, firstSeen
	if !declared.IsZero() && !declared.After(firstSeen.Add(futureForShow)) {
		published = declared
	}
	if !declared.IsZero() && declared.Before(firstSeen) && (house || declared.After(firstSeen.Add(-oldest))) {
		sort = declared
	}
	if changed.After(published) {
		updated = changed
	}
	return published, updated, sort
}

// revised decides when an entry was updated, whose text changed at now.
func revised(before, declared, now time.Time) time.Time {
	declared = stored(declared)
	if plausible(declared) && declared.After(before) && !declared.After(now) {
		return declared
	}
	return now
}

// stored cuts a time to what the store keeps.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Millisecond)
}
