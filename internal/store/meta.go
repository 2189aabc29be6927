package store

import (
	"context"
	"database/sql"
)

// Note keeps a text under a name, in the place of what stood there.
func (s *Store) Note(ctx context.Context, name, value string) error {
	return s.change(ctx, "note "+name, func(t *tx) error {
		_, err := t.exec(`INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, clean(value))
		return err
	})
}

// Noted returns what Note last kept under a name; empty: nothing.
func (s *Store) Noted(ctx context.Context, name string) (value string, err error) {
	err = s.outside(ctx).each(func(rows *sql.Rows) error { return rows.Scan(&value) }, `SELECT value FROM meta WHERE name = $1`, name)
	return value, s.fail("note "+name, err)
}
