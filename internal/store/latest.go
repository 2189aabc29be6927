package store

import (
	"context"
	"strings"
	"time"

	"newswire/internal/newsroom"
)

// Latest returns the entries that arrived last, newest first.
func (s *Store) Latest(ctx context.Context, limit int) ([]newsroom.Entry, error) {
	entries, err := s.entriesBy(ctx, `SELECT `+entryColumns+` FROM entries ORDER BY first_seen DESC, key DESC LIMIT $1`, limit)
	return entries, s.fail("latest entries", err)
}

// Search returns entries first seen at since or later whose title contains a
// text, in any case of ASCII letters, newest first.
func (s *Store) Search(ctx context.Context, text string, since time.Time, limit int) ([]newsroom.Entry, error) {
	pattern := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
	entries, err := s.entriesBy(ctx, `SELECT `+entryColumns+` FROM entries WHERE first_seen >= $1 AND lower(title) LIKE lower($2) ESCAPE '\'
		ORDER BY first_seen DESC, key DESC LIMIT $3`, since.UnixMilli(), pattern, limit)
	return entries, s.fail("search", err)
}
