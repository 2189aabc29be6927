package store

import (
	"context"
	"database/sql"
	"time"

	"newswire/internal/newsroom"
)

// Post asks for messages to be delivered. One that was ever asked for is not
// asked for again, also when it is long done: a retry is nothing.
func (s *Store) Post(ctx context.Context, messages ...newsroom.Message) error {
	return s.change(ctx, "post", func(t *tx) error { return t.post(messages) })
}

func (t *tx) post(messages []newsroom.Message) error {
	for _, m := range messages {
		if _, err := t.exec(`INSERT INTO outbox (kind, name, due, payload) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			m.Kind, m.Name, ms(m.Due), clean(m.Payload)); err != nil {
			return err
		}
	}
	return nil
}

// Begin gives up to limit messages of a kind that are due to the caller, the
// longest due first, until lease has passed: one that is not Done by then is
// given out again.
func (s *Store) Begin(ctx context.Context, kind string, now time.Time, limit int, lease time.Duration) ([]newsroom.Message, error) {
	var messages []newsroom.Message
	err := s.change(ctx, "outbox "+kind, func(t *tx) error {
		messages = nil
		// The condition stands twice for the same reason as in claim.
		return querier(t.query).each(func(rows *sql.Rows) error {
			m := newsroom.Message{Kind: kind}
			var due int64
			err := rows.Scan(&m.Name, &due, &m.Tries, &m.Payload)
			m.Due = at(due)
			messages = append(messages, m)
			return err
		}, `UPDATE outbox SET due = $4, tries = tries + 1 WHERE kind = $1 AND done = 0 AND due <= $2 AND name IN
			(SELECT name FROM outbox WHERE kind = $1 AND done = 0 AND due <= $2 ORDER BY due, name LIMIT $3`+s.dialect.skip+`)
			RETURNING name, due, tries, payload`, kind, ms(now), limit, ms(now.Add(lease)))
	})
	return messages, err
}

// Delay puts a message off that could not be delivered.
func (s *Store) Delay(ctx context.Context, m newsroom.Message, until time.Time) error {
	return s.change(ctx, "outbox "+m.Kind, func(t *tx) error {
		_, err := t.exec(`UPDATE outbox SET due = $3 WHERE kind = $1 AND name = $2 AND done = 0`, m.Kind, m.Name, ms(until))
		return err
	})
}

// Done notes that a message was delivered, or given up.
func (s *Store) Done(ctx context.Context, m newsroom.Message) error {
	return s.change(ctx, "outbox "+m.Kind, func(t *tx) error {
		n, err := t.exec(`UPDATE outbox SET done = 1, payload = '' WHERE kind = $1 AND name = $2`, m.Kind, m.Name)
		if err == nil && n == 0 {
			err = newsroom.ErrNotFound
		}
		return err
	})
}
