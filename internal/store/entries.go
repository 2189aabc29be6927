package store

import (
	"context"
	"database/sql"
	"time"

	"newswire/internal/newsroom"
)

// Known returns what the ledger knows of a source's aliases. Those that it
// does not know are left out.
func (s *Store) Known(ctx context.Context, source string, aliases []newsroom.Alias) ([]newsroom.Sighting, error) {
	key, ok, err := s.slugs.find(s.outside(ctx), allSources, source)
	if err != nil || !ok {
		return nil, s.fail("known", err)
	}
	hashes := make([][]byte, len(aliases))
	for i := range aliases {
		hashes[i] = aliases[i].Hash[:]
	}
	found := make([]newsroom.Sighting, 0, len(aliases))
	err = inList(s, `SELECT a.hash, a.kind, a.entry, coalesce(e.raw, 0) FROM aliases a LEFT JOIN entries e ON e.key = a.entry
		WHERE a.source = $1 AND a.hash IN (…)`, []any{key}, hashes, func(query string, args []any) error {
		return s.outside(ctx).each(func(rows *sql.Rows) error {
			var n newsroom.Sighting
			var hash sql.RawBytes
			if err := rows.Scan(&hash, &n.Alias.Kind, &n.Key, &n.Raw); err != nil {
				return err
			}
			copy(n.Alias.Hash[:], hash)
			found = append(found, n)
			return nil
		}, query, args...)
	})
	return found, s.fail("known", err)
}

// Standing returns the entries with these keys as they stand, in no order.
func (s *Store) Standing(ctx context.Context, keys []int64) ([]newsroom.Standing, error) {
	found, err := s.standing(ctx, keys)
	return found, s.fail("standing", err)
}

func (s *Store) standing(ctx context.Context, keys []int64) (found []newsroom.Standing, err error) {
	err = inList(s, `SELECT `+entryColumns+` FROM entries WHERE key IN (…)`, nil, keys, func(query string, args []any) error {
		part, err := s.scanEntries(ctx, query, args...)
		found = append(found, part...)
		return err
	})
	return found, err
}

// scanEntries reads entries by a query for entryColumns.
func (s *Store) scanEntries(ctx context.Context, query string, args ...any) (found []newsroom.Standing, err error) {
	var sources []int64
	err = s.outside(ctx).each(func(rows *sql.Rows) error {
		e, source, err := scanEntry(rows)
		found, sources = append(found, e), append(sources, source)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	for i, key := range sources {
		if found[i].Source, err = s.slugs.called(s.outside(ctx), allSources, key); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// entriesBy is scanEntries for those who need nothing but the entries.
func (s *Store) entriesBy(ctx context.Context, query string, args ...any) ([]newsroom.Entry, error) {
	found, err := s.scanEntries(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	entries := make([]newsroom.Entry, len(found))
	for i := range found {
		entries[i] = found[i].Entry
	}
	return entries, nil
}

// Refs returns the places of a channel's published entries, newest first. It
// walks along one index and costs the same however many are stored.
func (s *Store) Refs(ctx context.Context, channel string, limit int) ([]newsroom.Ref, error) {
	refs, err := s.refs(ctx, channel, limit)
	return refs, s.fail("refs of "+channel, err)
}

func (s *Store) refs(ctx context.Context, channel string, limit int) ([]newsroom.Ref, error) {
	q := s.outside(ctx)
	key, ok, err := s.channels.find(q, allChannels, channel)
	if err != nil || !ok {
		return nil, err
	}
	refs := make([]newsroom.Ref, 0, min(limit, 1000))
	sources := make([]int64, 0, cap(refs))
	err = q.each(func(rows *sql.Rows) error {
		var r newsroom.Ref
		var sort, source, house int64
		if err := rows.Scan(&r.Key, &sort, &source, &house, &r.Voice); err != nil {
			return err
		}
		r.Sort, r.House = at(sort), house != 0
		refs, sources = append(refs, r), append(sources, source)
		return nil
	}, `SELECT entry, sort, source, house, voice FROM members WHERE channel = $1 ORDER BY sort DESC, entry DESC LIMIT $2`, key, limit)
	if err != nil {
		return nil, err
	}
	for i, key := range sources {
		if refs[i].Source, err = s.slugs.called(q, allSources, key); err != nil {
			return nil, err
		}
	}
	return refs, nil
}

// Entries returns the entries with these keys, in this order. Keys that
// nobody has are left out.
func (s *Store) Entries(ctx context.Context, keys []int64) ([]newsroom.Entry, error) {
	found, err := s.standing(ctx, keys)
	if err != nil {
		return nil, s.fail("entries", err)
	}
	byKey := make(map[int64]*newsroom.Entry, len(found))
	for i := range found {
		byKey[found[i].Key] = &found[i].Entry
	}
	entries := make([]newsroom.Entry, 0, len(keys))
	for _, key := range keys {
		if e := byKey[key]; e != nil {
			entries = append(entries, *e)
		}
	}
	return entries, nil
}

// HouseEntries returns all entries of ours, standing or withdrawn, newest
// first.
func (s *Store) HouseEntries(ctx context.Context) ([]newsroom.Entry, error) {
	entries, err := s.entriesBy(ctx, `SELECT `+entryColumns+` FROM entries WHERE house = 1 ORDER BY sort DESC, key DESC`)
	return entries, s.fail("house entries", err)
}

// Withdrawn returns the entries that stood in a channel until they were
// withdrawn, at since or later; the latest first.
func (s *Store) Withdrawn(ctx context.Context, channel string, since time.Time) ([]newsroom.Entry, error) {
	key, ok, err := s.channels.find(s.outside(ctx), allChannels, channel)
	if err != nil || !ok {
		return nil, s.fail("withdrawn", err)
	}
	var keys []int64
	err = s.outside(ctx).each(func(rows *sql.Rows) error {
		var key int64
		err := rows.Scan(&key)
		keys = append(keys, key)
		return err
	}, `SELECT entry FROM withdrawals WHERE channel = $1 AND at >= $2 ORDER BY at DESC, entry DESC`, key, ms(since))
	if err != nil {
		return nil, s.fail("withdrawn", err)
	}
	return s.Entries(ctx, keys)
}

// Roll returns every entry of a source by key and GUID.
func (s *Store) Roll(ctx context.Context, source string) (roll []newsroom.Enrolled, err error) {
	key, ok, err := s.slugs.find(s.outside(ctx), allSources, source)
	if err != nil || !ok {
		return nil, s.fail("roll", err)
	}
	err = s.outside(ctx).each(func(rows *sql.Rows) error {
		var e newsroom.Enrolled
		var guid sql.NullString
		var id string
		var gone int64
		if err := rows.Scan(&e.Key, &id, &guid, &gone); err != nil {
			return err
		}
		e.GUID, e.Withdrawn = orElse(guid, id), gone != 0
		roll = append(roll, e)
		return nil
	}, `SELECT key, id, guid, withdrawn FROM entries WHERE source = $1 ORDER BY key`, key)
	return roll, s.fail("roll of "+source, err)
}
