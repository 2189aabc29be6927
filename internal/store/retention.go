package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// ErrTooMany says that a purge would have taken so much at once that the
// clock, or the setting, is more likely to be wrong than the entries old.
var ErrTooMany = errors.New("more than a fifth of all texts would be purged at once")

const (
	purgeFloor = 50  // entries that may be purged whatever share they are
	purgeBatch = 100 // entries in one transaction
)

// A Retention says which texts are kept no longer.
type Retention struct {
	Before time.Time      // those of entries first seen, and last changed, earlier
	Keep   map[int64]bool // but not of these: readers see them
	Newest int            // nor of so many of each channel: readers may see them soon
	Many   bool           // also more than a fifth of all at once
	// Excerpt is what is kept of a text; nil: nothing.
	Excerpt func(*newsroom.Entry) feeds.HTML
}

// Purge cuts the texts of foreign entries that a retention keeps no longer,
// in small transactions, and returns of how many. Their identities stay for
// ever, and their titles, links and places: what was seen is never new again.
// What its source still lists is left alone, and so is what is held, what is
// pinned, and what readers see. An entry that its source lists again gets its
// text back. The error is ErrTooMany, and nothing is purged, if it were more
// than a fifth.
func (s *Store) Purge(ctx context.Context, r Retention) (int, error) {
	old, full, err := s.purgeable(ctx, r)
	if err != nil {
		return 0, s.fail("purge", err)
	}
	count := old.count()
	if !r.Many && count > purgeFloor && 5*count > full {
		return 0, s.fail("purge", fmt.Errorf("%w: %d of %d", ErrTooMany, count, full))
	}
	purged := 0
	for source, keys := range old {
		for len(keys) > 0 {
			batch := keys[:min(len(keys), purgeBatch)]
			keys = keys[len(batch):]
			n, began := 0, time.Now()
			err := s.change(ctx, "purge", func(t *tx) (err error) {
				n, err = t.purge(source, batch, r)
				return err
			})
			if err != nil {
				return purged, err
			}
			purged += n
			if err := rest(ctx, time.Since(began)); err != nil {
				return purged, s.fail("purge", err)
			}
		}
	}
	return purged, nil
}

// rest leaves the write lock to others for as long as we had it: another
// process that waits for it looks only now and then.
func rest(ctx context.Context, had time.Duration) error {
	timer := time.NewTimer(min(had, 100*time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Purgeable returns how many texts a purge would cut, and how many there are.
func (s *Store) Purgeable(ctx context.Context, r Retention) (old, full int, err error) {
	keys, full, err := s.purgeable(ctx, r)
	return keys.count(), full, s.fail("purge", err)
}

// bySource are entries by the key of their source.
type bySource map[int64][]int64

func (b bySource) count() (n int) {
	for _, keys := range b {
		n += len(keys)
	}
	return n
}

// purgeable returns the entries that may be purged, and how many texts there
// are in all.
func (s *Store) purgeable(ctx context.Context, r Retention) (old bySource, full int, err error) {
	q := s.outside(ctx)
	needed := map[int64]bool{}
	if err := listedAnywhere(q, needed); err != nil {
		return nil, 0, err
	}
	if err := newest(q, r.Newest, needed); err != nil {
		return nil, 0, err
	}
	old = bySource{}
	err = q.each(func(rows *sql.Rows) error {
		var key, source int64
		err := rows.Scan(&key, &source)
		if !needed[key] && !r.Keep[key] {
			old[source] = append(old[source], key)
		}
		return err
	}, `SELECT key, source FROM entries WHERE first_seen < $1 AND touched < $1 AND purged = 0 AND house = 0 AND verdict <> 2
		AND rule <> 'overrides.pin' ORDER BY key`, ms(r.Before))
	if err == nil {
		err = q.each(func(rows *sql.Rows) error { return rows.Scan(&full) }, `SELECT count(*) FROM entries WHERE purged = 0`)
	}
	return old, full, err
}

// purge cuts the texts of entries of one source. It asks again what the source
// lists: a poll may have come in between.
func (t *tx) purge(source int64, keys []int64, r Retention) (int, error) {
	needed := map[int64]bool{}
	if err := listed(t.query, source, needed); err != nil {
		return 0, err
	}
	var entries []newsroom.Standing
	err := inList(t.s, `SELECT `+entryColumns+` FROM entries WHERE key IN (…) AND purged = 0`, nil, keys, func(query string, args []any) error {
		return querier(t.query).each(func(rows *sql.Rows) error {
			e, _, err := scanEntry(rows)
			if !needed[e.Key] && e.Touched.Before(r.Before) {
				entries = append(entries, e)
			}
			return err
		}, query, args...)
	})
	for i := range entries {
		if err != nil {
			return 0, err
		}
		err = t.cut(&entries[i].Entry, r.Excerpt)
	}
	return len(entries), err
}

// cut leaves of an entry's text what an excerpt has. The hash of what was last
// delivered is forgotten: should the source list the entry again, it differs,
// and the text is taken anew.
func (t *tx) cut(e *newsroom.Entry, excerpt func(*newsroom.Entry) feeds.HTML) error {
	var left feeds.HTML
	if excerpt != nil {
		left = excerpt(e)
	}
	if _, err := t.exec(`UPDATE entries SET purged = 1, raw = 0, summary = $2, content = '' WHERE key = $1`, e.Key, clean(string(left))); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM versions WHERE entry = $1`, e.Key)
	return err
}

// listedAnywhere notes the entries that stood in the last complete document of
// their source.
func listedAnywhere(q querier, needed map[int64]bool) error {
	var sources []int64
	err := q.each(func(rows *sql.Rows) error {
		var key int64
		err := rows.Scan(&key)
		sources = append(sources, key)
		return err
	}, `SELECT key FROM sources`)
	for _, source := range sources {
		if err == nil {
			err = listed(q, source, needed)
		}
	}
	return err
}

// listed does so for one source.
func listed(q querier, source int64, needed map[int64]bool) error {
	var check struct {
		Window []string `json:"window"`
	}
	err := q.each(func(rows *sql.Rows) error {
		var state []byte
		if err := rows.Scan(&state); err != nil {
			return err
		}
		return json.Unmarshal(state, &check)
	}, `SELECT state FROM sources WHERE key = $1`, source)
	for _, alias := range check.Window {
		if err == nil {
			err = listedUnder(q, source, alias, needed)
		}
	}
	return err
}

// listedUnder notes the entries whose alias begins as a window has it.
func listedUnder(q querier, source int64, alias string, needed map[int64]bool) error {
	from, err := hex.DecodeString(alias)
	if err != nil || len(from) == 0 {
		return fmt.Errorf("window of source %d: %q is no alias", source, alias)
	}
	to := append([]byte(nil), from...)
	for len(to) < 16 {
		to = append(to, 0xff)
	}
	return q.each(func(rows *sql.Rows) error {
		var key int64
		err := rows.Scan(&key)
		needed[key] = true
		return err
	}, `SELECT entry FROM aliases WHERE source = $1 AND hash >= $2 AND hash <= $3`, source, from, to)
}

// newest notes the newest members of each channel.
func newest(q querier, count int, needed map[int64]bool) error {
	var channels []int64
	err := q.each(func(rows *sql.Rows) error {
		var key int64
		err := rows.Scan(&key)
		channels = append(channels, key)
		return err
	}, `SELECT key FROM channels`)
	for _, channel := range channels {
		if err != nil {
			return err
		}
		err = q.each(func(rows *sql.Rows) error {
			var key, voice int64
			err := rows.Scan(&key, &voice)
			needed[key], needed[voice] = true, true
			return err
		}, `SELECT entry, voice FROM members WHERE channel = $1 ORDER BY sort DESC, entry DESC LIMIT $2`, channel, count)
	}
	return err
}
