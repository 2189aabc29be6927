package store

import (
	"cmp"
	"context"
	"database/sql"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// What the archives of a channel owe a member of it.
const (
	owedNothing = 0
	owedState   = 1 // they hold an older state of it
	owedEntry   = 2 // they do not hold it
	owedLater   = 3 // they do not hold it, and it waits for others
)

// Owed returns what the archives of a channel owe: entries that they do not
// hold, the latest first, then those of which they hold an older state, and
// then withdrawals, at most limit entries and as many withdrawals. It costs
// the same however many are stored.
func (s *Store) Owed(ctx context.Context, channel string, limit int) ([]newsroom.Owed, error) {
	owed, err := s.owed(ctx, channel, limit)
	return owed, s.fail("what is owed to the archives of "+channel, err)
}

func (s *Store) owed(ctx context.Context, channel string, limit int) (owed []newsroom.Owed, err error) {
	q := s.outside(ctx)
	key, ok, err := s.channels.find(q, allChannels, channel)
	if err != nil || !ok {
		return nil, err
	}
	err = q.each(func(rows *sql.Rows) error {
		o, err := scanOwed(rows)
		owed = append(owed, o)
		return err
	}, owedQuery+` ORDER BY m.due DESC, m.entry DESC LIMIT $2`, key, limit)
	if err != nil {
		return nil, err
	}
	err = q.each(func(rows *sql.Rows) error {
		o := newsroom.Owed{Withdrawn: true}
		var when int64
		err := rows.Scan(&o.Key, &when)
		o.At = at(when)
		owed = append(owed, o)
		return err
	}, `SELECT entry, at FROM withdrawals WHERE channel = $1 AND due > 0 ORDER BY entry LIMIT $2`, key, limit)
	return owed, err
}

const owedQuery = `SELECT m.entry, m.sort, m.due, m.house, m.voice, e.first_seen FROM members m JOIN entries e ON e.key = m.entry WHERE m.channel = $1 AND m.due > 0`

func scanOwed(rows *sql.Rows) (o newsroom.Owed, err error) {
	var when, due, house, seen int64
	err = rows.Scan(&o.Key, &when, &due, &house, &o.Voice, &seen)
	o.At, o.FirstSeen, o.House = at(when), at(seen), house != 0
	o.Never, o.Waits = due >= owedEntry, due == owedLater
	return o, err
}

// OwedOf returns which of these entries the archives of a channel owe.
func (s *Store) OwedOf(ctx context.Context, channel string, keys []int64) (owed []newsroom.Owed, err error) {
	key, ok, err := s.channels.find(s.outside(ctx), allChannels, channel)
	if err != nil || !ok {
		return nil, s.fail("what is owed to the archives of "+channel, err)
	}
	// By the members' own key: what is owed to others may be much.
	err = inList(s, `SELECT m.entry, m.sort, m.due, m.house, m.voice, e.first_seen FROM entries e JOIN members m ON m.sort = e.sort AND m.entry = e.key
		WHERE m.channel = $1 AND e.key IN (…) AND m.due > 0 ORDER BY m.entry DESC`, []any{key}, keys,
		func(query string, args []any) error {
			return s.outside(ctx).each(func(rows *sql.Rows) error {
				o, err := scanOwed(rows)
				owed = append(owed, o)
				return err
			}, query, args...)
		})
	return owed, s.fail("what is owed to the archives of "+channel, err)
}

// Archives calls each with the documents of a channel's archives after a
// number, in their order.
func (s *Store) Archives(ctx context.Context, channel string, after int64, each func(newsroom.Archived) error) error {
	key, ok, err := s.channels.find(s.outside(ctx), allChannels, channel)
	if err != nil || !ok {
		return s.fail("archives of "+channel, err)
	}
	err = s.outside(ctx).each(func(rows *sql.Rows) error {
		var a newsroom.Archived
		var format string
		var modified int64
		if err := rows.Scan(&a.Number, &format, &a.ETag, &a.Size, &modified, &a.Gzip); err != nil {
			return err
		}
		a.Format, a.Modified = feeds.Format(format), at(modified)
		return each(a)
	}, `SELECT number, format, etag, size, modified, body FROM archives WHERE channel = $1 AND number > $2 ORDER BY number, format`, key, after)
	return s.fail("archives of "+channel, err)
}

// PutArchive stores an archive in its formats and notes what it holds. It
// returns newsroom.ErrConflict if any of that stands otherwise by now, or if there
// is an archive with its number: nothing is stored then.
func (s *Store) PutArchive(ctx context.Context, channel string, documents []newsroom.Archived, kept []newsroom.Kept) error {
	return s.change(ctx, "archive of "+channel, func(t *tx) error {
		key, err := t.channelKey(channel)
		if err != nil {
			return err
		}
		for _, a := range documents {
			if err := t.only(`INSERT INTO archives (channel, number, format, etag, size, modified, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
				ON CONFLICT DO NOTHING`, key, a.Number, string(a.Format), a.ETag, a.Size, ms(a.Modified), a.Gzip); err != nil {
				return err
			}
		}
		for i := range kept {
			if err := t.keep(key, &kept[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// keep notes that an archive holds a member as it stands.
func (t *tx) keep(channel int64, k *newsroom.Kept) error {
	if k.Withdrawn {
		return t.only(`UPDATE withdrawals SET due = 0 WHERE channel = $1 AND at = $2 AND entry = $3 AND due > 0`, channel, ms(k.At), k.Key)
	}
	return t.only(`UPDATE members SET due = 0 WHERE channel = $1 AND sort = $2 AND entry = $3 AND voice = $4 AND due > 0
		AND EXISTS (SELECT 1 FROM entries WHERE key = $5 AND hash = $6) AND EXISTS (SELECT 1 FROM entries WHERE key = $7 AND hash = $8)`,
		channel, ms(k.At), k.Key, k.Voice, k.Key, parseHash(k.Hash), cmp.Or(k.Voice, k.Key), parseHash(cmp.Or(k.VoiceHash, k.Hash)))
}

// Await notes that what is owed of these entries waits for others.
func (s *Store) Await(ctx context.Context, channel string, owed []newsroom.Owed) error {
	return s.change(ctx, "what waits for the archives of "+channel, func(t *tx) error {
		key, err := t.channelKey(channel)
		if err != nil {
			return err
		}
		for _, o := range owed {
			if _, err := t.exec(`UPDATE members SET due = 3 WHERE channel = $1 AND sort = $2 AND entry = $3 AND due = 2`, key, ms(o.At), o.Key); err != nil {
				return err
			}
		}
		return nil
	})
}

// only changes one row, or finds that what was decided from has changed.
func (t *tx) only(query string, args ...any) error {
	n, err := t.exec(query, args...)
	if err == nil && n != 1 {
		err = newsroom.ErrConflict
	}
	return err
}
