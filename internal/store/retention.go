package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrTooMany says that a purge would have taken so much at once that the
// clock, or the setting, is more likely to be wrong than the entries old.
var ErrTooMany = errors.New("more than a fifth of all entries would be purged at once; check the clock and the retention")

const (
	keptPerChannel = 200 // newest members of each channel are never purged
	purgeFloor     = 50  // entries that may be purged whatever share they are
)

// Purge empties the content of foreign entries first seen before then, and
// returns of how many. Their identities stay for ever, and their places: what
// was seen is never new again. What its source still lists is left alone, and
// what readers still see.
func (s *Store) Purge(ctx context.Context, before time.Time) (int, error) {
	keys, err := s.purgeable(ctx, before)
	if err != nil || len(keys) == 0 {
		return 0, s.fail("purge", err)
	}
	var full int
	err = s.read.QueryRowContext(ctx, `SELECT count(*) FROM entries WHERE purged = 0`).Scan(&full)
	if err != nil {
		return 0, s.fail("purge", err)
	}
	if len(keys) > purgeFloor && 5*len(keys) > full {
		return 0, s.fail("purge", fmt.Errorf("%d of %d: %w", len(keys), full, ErrTooMany))
	}
	purged := 0
	for len(keys) > 0 {
		batch := keys[:min(len(keys), maxList)]
		keys = keys[len(batch):]
		err := s.change(ctx, "purge", func(t *tx) error { return t.purge(batch) })
		if err != nil {
			return purged, err
		}
		purged += len(batch)
	}
	return purged, nil
}

func (t *tx) purge(keys []int64) error {
	return inList(t.s, `UPDATE entries SET purged = 1, summary = '', content = '' WHERE key IN (…)`, nil, keys, func(query string, args []any) error {
		if _, err := t.exec(query, args...); err != nil {
			return err
		}
		return inList(t.s, `DELETE FROM versions WHERE entry IN (…)`, nil, keys, func(query string, args []any) error {
			_, err := t.exec(query, args...)
			return err
		})
	})
}

// purgeable returns the keys of what may be purged.
func (s *Store) purgeable(ctx context.Context, before time.Time) ([]int64, error) {
	q := s.outside(ctx)
	needed, err := s.listed(q)
	if err != nil {
		return nil, err
	}
	if err := s.onShow(q, needed); err != nil {
		return nil, err
	}
	var keys []int64
	err = q.each(func(rows *sql.Rows) error {
		var key int64
		err := rows.Scan(&key)
		if !needed[key] {
			keys = append(keys, key)
		}
		return err
	}, `SELECT key FROM entries WHERE first_seen < $1 AND purged = 0 AND house = 0 AND verdict <> 2 ORDER BY key`, ms(before))
	return keys, err
}

// listed returns the entries that stood in the last complete document of
// their source.
func (s *Store) listed(q querier) (map[int64]bool, error) {
	windows := map[int64][]string{}
	err := q.each(func(rows *sql.Rows) error {
		var key int64
		var state []byte
		if err := rows.Scan(&key, &state); err != nil {
			return err
		}
		var check struct {
			Window []string `json:"window"`
		}
		err := json.Unmarshal(state, &check)
		windows[key] = check.Window
		return err
	}, `SELECT key, state FROM sources`)
	needed := map[int64]bool{}
	for source, window := range windows {
		for _, alias := range window {
			if err == nil {
				err = listedUnder(q, source, alias, needed)
			}
		}
	}
	return needed, err
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

// onShow notes the newest members of each channel.
func (s *Store) onShow(q querier, needed map[int64]bool) error {
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
			var key int64
			err := rows.Scan(&key)
			needed[key] = true
			return err
		}, `SELECT entry FROM members WHERE channel = $1 ORDER BY sort DESC, entry DESC LIMIT $2`, channel, keptPerChannel)
	}
	return err
}
