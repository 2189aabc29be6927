package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// tables are all tables with their columns, parents first. The migrations
// table is not among them: each database has its own.
var tables = []struct{ name, columns string }{
	{"meta", "name, value"},
	{"sequence", "name, last"},
	{"sources", "key, slug, next, lease_until, owner, fence, state"},
	{"channels", "key, name"},
	{"entries", entryColumns},
	{"aliases", "source, hash, kind, entry, first_seen"},
	{"ids", "hash, entry"},
	{"links", "hash, entry"},
	{"members", "channel, sort, entry, source, house, voice, due"},
	{"withdrawals", "channel, at, entry, due"},
	{"versions", "entry, at, text_hash, title, link, summary, content"},
	{"outbox", "kind, name, due, tries, done, payload"},
	{"publications", "path, etag, modified"},
	{"archives", "channel, number, format, etag, size, modified, body"},
}

// refill fills an empty PostgreSQL database from a backup, in one
// transaction.
func (s *Store) refill(ctx context.Context, backup string) error {
	defer s.Close()
	if err := s.prepare(ctx); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "newswire-restore-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	part := filepath.Join(dir, "restore.db")
	if err := freshCopy(ctx, backup, part); err != nil {
		return err
	}
	from, err := Open(ctx, part)
	if err != nil {
		return err
	}
	defer from.Close()
	var rows int
	if err := s.read.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM entries) + (SELECT count(*) FROM sources)`).Scan(&rows); err != nil {
		return err
	}
	if rows > 0 {
		return fmt.Errorf("%s is not empty: %w; drop it, create it anew, and restore into that", s.name, ErrExists)
	}
	return copyRows(ctx, from, s)
}

// copyRows copies all rows of one database, as they stood at one moment, into
// another that is empty.
func copyRows(ctx context.Context, from, to *Store) error {
	snapshot, err := from.read.BeginTx(ctx, &sql.TxOptions{Isolation: from.dialect.snapshot, ReadOnly: true})
	if err != nil {
		return err
	}
	defer snapshot.Rollback() // it only reads
	if from.dialect.patient != "" {
		if _, err := snapshot.ExecContext(ctx, from.dialect.patient); err != nil {
			return err
		}
	}
	return to.change(ctx, "copy", func(t *tx) error {
		for _, table := range tables {
			if _, err := t.exec(`DELETE FROM ` + table.name); err != nil { // what the migrations filled in
				return err
			}
			if err := t.copyTable(snapshot, table.name, table.columns); err != nil {
				return fmt.Errorf("table %s: %w", table.name, err)
			}
		}
		if to.dialect.recount == "" {
			return nil
		}
		_, err := t.exec(to.dialect.recount)
		return err
	})
}

func (t *tx) copyTable(from *sql.Tx, name, columns string) error {
	count := strings.Count(columns, ",") + 1
	rows, err := from.QueryContext(t.ctx, `SELECT `+columns+` FROM `+name)
	if err != nil {
		return err
	}
	defer rows.Close()
	var values []any
	flush := func() error {
		err := valueRows(t.s, `INSERT INTO `+name+` (`+columns+`) VALUES (…)`, count, values, func(query string, args []any) error {
			_, err := t.exec(query, args...)
			return err
		})
		values = values[:0]
		return err
	}
	for rows.Next() {
		row, into := make([]any, count), make([]any, count)
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if values = append(values, row...); len(values) >= count*maxList {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return flush()
}
