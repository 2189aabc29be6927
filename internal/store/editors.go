package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"newswire/internal/newsroom"
)

// scanBatch is how many entries are in memory while all are walked through.
const scanBatch = 200

// Recent calls each for every entry first seen at since or later, in the
// order of arrival. It holds no lock and no connection between batches, so
// each may write.
func (s *Store) Recent(ctx context.Context, since time.Time, each func(newsroom.Entry) error) error {
	seen, key := since.UnixMilli(), int64(0)
	for {
		batch, err := s.entriesBy(ctx, `SELECT `+entryColumns+` FROM entries WHERE first_seen >= $1 AND (first_seen, key) > ($1, $2)
			ORDER BY first_seen, key LIMIT $3`, seen, key, scanBatch)
		if err != nil {
			return s.fail("recent entries", err)
		}
		for _, e := range batch {
			if err := each(e); err != nil {
				return err
			}
			seen, key = ms(e.FirstSeen), e.Key
		}
		if len(batch) < scanBatch {
			return nil
		}
	}
}

// Lookup returns the entries that have one of these names, in the order in
// which they arrived.
func (s *Store) Lookup(ctx context.Context, name newsroom.Name) ([]newsroom.Entry, error) {
	var keys []int64
	err := s.outside(ctx).each(func(rows *sql.Rows) error {
		var key int64
		err := rows.Scan(&key)
		keys = append(keys, key)
		return err
	}, `SELECT entry FROM ids WHERE hash = $1
		UNION SELECT entry FROM links WHERE hash = $2
		UNION SELECT entry FROM aliases WHERE hash = $3 AND source IN (SELECT key FROM sources) AND entry > 0 ORDER BY 1`,
		shortHash(name.ID), name.LinkHash, name.GUID.Hash[:])
	if err != nil {
		return nil, s.fail("lookup", err)
	}
	return s.Entries(ctx, keys)
}

// Seats returns in which channels entries stand, by key.
func (s *Store) Seats(ctx context.Context, keys []int64) (map[int64][]string, error) {
	seats := map[int64][]string{}
	err := inList(s, `SELECT e.key, c.name FROM entries e, channels c WHERE e.key IN (…) AND EXISTS
		(SELECT 1 FROM members m WHERE m.channel = c.key AND m.sort = e.sort AND m.entry = e.key) ORDER BY e.key, c.name`, nil, keys,
		func(query string, args []any) error {
			return s.outside(ctx).each(func(rows *sql.Rows) error {
				var key int64
				var name string
				err := rows.Scan(&key, &name)
				seats[key] = append(seats[key], name)
				return err
			}, query, args...)
		})
	return seats, s.fail("seats", err)
}

// Places returns an entry's places by the channels' names.
func (s *Store) Places(ctx context.Context, key int64) (map[string]newsroom.Ref, error) {
	places, sources := map[string]newsroom.Ref{}, map[string]int64{}
	q := s.outside(ctx)
	err := q.each(func(rows *sql.Rows) error {
		var name string
		var sort, source, house int64
		ref := newsroom.Ref{Key: key}
		err := rows.Scan(&name, &sort, &source, &house, &ref.Voice)
		ref.Sort, ref.House = at(sort), house != 0
		places[name], sources[name] = ref, source
		return err
	}, `SELECT c.name, m.sort, m.source, m.house, m.voice FROM entries e JOIN channels c ON true
		JOIN members m ON m.channel = c.key AND m.sort = e.sort AND m.entry = e.key WHERE e.key = $1`, key)
	for name, ref := range places {
		if err == nil {
			ref.Source, err = s.slugs.called(q, allSources, sources[name])
			places[name] = ref
		}
	}
	return places, s.fail("places", err)
}

// Held returns the entries that are kept back until they are released, the
// longest held first.
func (s *Store) Held(ctx context.Context) ([]newsroom.Entry, error) {
	entries, err := s.entriesBy(ctx, `SELECT `+entryColumns+` FROM entries WHERE verdict = 2 ORDER BY first_seen, key`)
	return entries, s.fail("held entries", err)
}

// HeldBySource counts the entries that are kept back, by the slugs of their
// sources. It reads none of them.
func (s *Store) HeldBySource(ctx context.Context) (map[string]int, error) {
	counts, q := map[int64]int{}, s.outside(ctx)
	err := q.each(func(rows *sql.Rows) error {
		var source int64
		var n int
		err := rows.Scan(&source, &n)
		counts[source] = n
		return err
	}, `SELECT source, count(*) FROM entries WHERE verdict = 2 GROUP BY source`)
	held := make(map[string]int, len(counts))
	for source, n := range counts {
		var slug string
		if err == nil {
			slug, err = s.slugs.called(q, allSources, source)
		}
		held[slug] = n
	}
	return held, s.fail("how many entries are held", err)
}

// Overridden returns the entries that an override of the editors decided, in
// the order in which they arrived.
func (s *Store) Overridden(ctx context.Context) ([]newsroom.Entry, error) {
	entries, err := s.entriesBy(ctx, overriddenQuery)
	return entries, s.fail("overridden entries", err)
}

// overriddenQuery says what the index entries_overridden says, word for word:
// else SQLite would look at every entry.
const overriddenQuery = `SELECT ` + entryColumns + ` FROM entries WHERE rule IN ('overrides.hide', 'overrides.pin') ORDER BY key`

// Dossier returns everything that is known of an entry, or
// newsroom.ErrNotFound.
func (s *Store) Dossier(ctx context.Context, key int64) (newsroom.Dossier, error) {
	d, err := s.dossier(ctx, key)
	return d, s.fail("dossier", err)
}

func (s *Store) dossier(ctx context.Context, key int64) (d newsroom.Dossier, err error) {
	found, err := s.standing(ctx, []int64{key})
	if err != nil {
		return d, err
	}
	if len(found) == 0 {
		return d, newsroom.ErrNotFound
	}
	d.Entry = found[0].Entry
	q := s.outside(ctx)
	if d.Channels, err = channelsOf(q, key, ms(d.Entry.Sort)); err != nil {
		return d, err
	}
	if d.Aliases, err = aliasesOf(q, d.Entry.Source, key); err != nil {
		return d, err
	}
	if d.Versions, err = versionsOf(q, key); err != nil {
		return d, err
	}
	if found[0].LinkHash != 0 {
		d.SameLink, err = s.entriesBy(ctx, `SELECT `+entryColumns+` FROM entries WHERE key <> $1 AND key IN
			(SELECT entry FROM links WHERE hash = $2) ORDER BY key LIMIT 100`, key, found[0].LinkHash)
		d.SameLink = slices.DeleteFunc(d.SameLink, func(e newsroom.Entry) bool { return e.Source == d.Entry.Source })
	}
	return d, err
}

func aliasesOf(q querier, source string, key int64) (list []newsroom.KnownAlias, err error) {
	err = q.each(func(rows *sql.Rows) error {
		var a newsroom.KnownAlias
		var hash []byte
		var first int64
		if err := rows.Scan(&a.Kind, &hash, &first); err != nil {
			return err
		}
		copy(a.Hash[:], hash)
		a.FirstSeen = at(first)
		list = append(list, a)
		return nil
	}, `SELECT kind, hash, first_seen FROM aliases WHERE source = (SELECT key FROM sources WHERE slug = $1) AND entry = $2
		ORDER BY kind, first_seen, hash`, source, key)
	return list, err
}

func versionsOf(q querier, key int64) (list []newsroom.Version, err error) {
	err = q.each(func(rows *sql.Rows) error {
		var v newsroom.Version
		var until, hash int64
		if err := rows.Scan(&until, &v.Title, &v.Link, &hash); err != nil {
			return err
		}
		v.At, v.TextHash = at(until), hashText(hash)
		list = append(list, v)
		return nil
	}, `SELECT at, title, link, text_hash FROM versions WHERE entry = $1 ORDER BY at DESC`, key)
	return list, err
}
