package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"newswire/internal/newsroom"
)

// scanBatch is how many entries are in memory while all are walked through.
const scanBatch = 200

// Recent calls each for every entry first seen at since or later, in the
// order of arrival. It holds no lock and no connection between batches, so
// each may write.
func (s *Store) Recent(ctx context.Context, since time.Time, each func(newsroom.Entry) error) error {
	seen, key := ms(since), int64(0)
	if since.IsZero() {
		seen = -1 << 62
	}
	for {
		batch, err := s.entriesBy(ctx, `SELECT `+entryColumns+` FROM entries WHERE (first_seen, key) > ($1, $2) AND first_seen >= $1
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

// Find returns the entries with this public identifier, GUID or link.
func (s *Store) Find(ctx context.Context, urlOrID string) ([]newsroom.Entry, error) {
	return nil, errors.New("TODO")
}

var _ = sql.ErrNoRows
