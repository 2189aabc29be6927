package store

import (
	"database/sql"
	"slices"
	"time"

	"newswire/internal/newsroom"
)

// reseat gives an entry its places anew. One that is withdrawn leaves them,
// and it is remembered which they were; one that returns is forgotten there.
//
// What the archives hold of it is remembered too. In a place that it keeps,
// they owe it only its new text. A place that it lost to a rule, and in whose
// archives it is, is remembered as a withdrawal at no time: should it be
// withdrawn later, readers of that channel must learn of it.
func (t *tx) reseat(source int64, r *newsroom.Revision) error {
	due, err := t.seats(r.Sort, r.Key)
	if err != nil {
		return err
	}
	if r.Former != nil { // others may stand in its words
		if _, err := t.exec(`UPDATE members SET due = 1 WHERE voice = $1 AND voice <> 0 AND due = 0`, r.Key); err != nil {
			return err
		}
	}
	if !r.Withdrawn.IsZero() {
		if err := t.rememberSeats(r); err != nil {
			return err
		}
	} else if r.Content {
		if err := t.forgetWithdrawals(r.Key); err != nil {
			return err
		}
	}
	if _, err := t.exec(`DELETE FROM members WHERE sort = $1 AND entry = $2 AND channel IN (SELECT key FROM channels)`, ms(r.Sort), r.Key); err != nil {
		return err
	}
	if !r.Withdrawn.IsZero() {
		return nil
	}
	var members []any
	var seated []int64
	for _, name := range r.Channels {
		channel, err := t.channelKey(name)
		if err != nil {
			return err
		}
		seated = append(seated, channel)
		members = append(members, channel, ms(r.Sort), r.Key, source, flag(r.House), owedNow(due, channel, r.Former != nil))
	}
	if err := t.markLost(r.Key, due, seated); err != nil {
		return err
	}
	return t.insertAll(seatQuery, 6, members, len(r.Channels))
}

// seats returns what is owed to an entry, by the channels in which it stands.
func (t *tx) seats(sort time.Time, key int64) (map[int64]int64, error) {
	due := map[int64]int64{}
	err := querier(t.query).each(func(rows *sql.Rows) error {
		var channel, owed int64
		err := rows.Scan(&channel, &owed)
		due[channel] = owed
		return err
	}, `SELECT channel, due FROM members WHERE sort = $1 AND entry = $2 AND channel IN (SELECT key FROM channels)`, ms(sort), key)
	return due, err
}

// owedNow returns what the archives of a channel owe an entry that was revised.
func owedNow(due map[int64]int64, channel int64, textChanged bool) int64 {
	owed, stood := due[channel]
	switch {
	case !stood:
		return owedEntry
	case textChanged:
		return max(owed, owedState)
	}
	return owed
}

// rememberSeats notes where an entry stood, or had stood, that is withdrawn.
func (t *tx) rememberSeats(r *newsroom.Revision) error {
	if _, err := t.exec(`UPDATE withdrawals SET at = $1, due = 1 WHERE entry = $2 AND at = 0 AND channel IN (SELECT key FROM channels)`,
		ms(r.Withdrawn), r.Key); err != nil {
		return err
	}
	_, err := t.exec(`INSERT INTO withdrawals (channel, at, entry, due)
		SELECT channel, $3, entry, 1 FROM members WHERE sort = $1 AND entry = $2 AND channel IN (SELECT key FROM channels)
		ON CONFLICT DO NOTHING`, ms(r.Sort), r.Key, ms(r.Withdrawn))
	return err
}

// forgetWithdrawals forgets that an entry was withdrawn. Archives that had not
// heard of it yet may still hold the entry.
func (t *tx) forgetWithdrawals(key int64) error {
	if _, err := t.exec(`UPDATE withdrawals SET at = 0, due = 0 WHERE entry = $1 AND due > 0`, key); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM withdrawals WHERE entry = $1 AND at > 0`, key)
	return err
}

// markLost notes the places that an entry had in archived channels and has no
// more, and forgets those that it has again.
func (t *tx) markLost(key int64, due map[int64]int64, seated []int64) error {
	for _, channel := range seated {
		if _, stood := due[channel]; stood {
			continue
		}
		if _, err := t.exec(`DELETE FROM withdrawals WHERE channel = $1 AND at = 0 AND entry = $2`, channel, key); err != nil {
			return err
		}
	}
	for channel, owed := range due {
		if owed >= owedEntry || slices.Contains(seated, channel) {
			continue
		}
		if _, err := t.exec(markLostQuery+` VALUES ($1, 0, $2, 0) ON CONFLICT DO NOTHING`, channel, key); err != nil {
			return err
		}
	}
	return nil
}

const markLostQuery = `INSERT INTO withdrawals (channel, at, entry, due)`
