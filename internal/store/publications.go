package store

import (
	"context"
	"database/sql"

	"newswire/internal/newsroom"
)

// Publications returns what was last published under each path.
func (s *Store) Publications(ctx context.Context) (map[string]newsroom.Publication, error) {
	all := map[string]newsroom.Publication{}
	err := s.outside(ctx).each(func(rows *sql.Rows) error {
		var path string
		var p newsroom.Publication
		var modified int64
		if err := rows.Scan(&path, &p.ETag, &modified); err != nil {
			return err
		}
		p.Modified = at(modified)
		all[path] = p
		return nil
	}, `SELECT path, etag, modified FROM publications`)
	return all, s.fail("publications", err)
}

// PutPublication remembers what is published under a path.
func (s *Store) PutPublication(ctx context.Context, path string, p newsroom.Publication) error {
	return s.change(ctx, "publication "+path, func(t *tx) error {
		_, err := t.exec(`INSERT INTO publications (path, etag, modified) VALUES ($1, $2, $3)
			ON CONFLICT (path) DO UPDATE SET etag = excluded.etag, modified = excluded.modified`, path, p.ETag, ms(p.Modified))
		return err
	})
}
