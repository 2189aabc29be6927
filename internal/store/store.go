// Package store keeps what the newsroom knows, in SQLite or PostgreSQL. There
// is one SQL text; all that differs between the engines is in dialect.go.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// A Store is an open database. It is safe for concurrent use.
type Store struct {
	dialect *dialect
	name    string  // for messages: a file, or host and database; no password
	write   *sql.DB // SQLite: one connection
	read    *sql.DB // PostgreSQL: the same
	writer  *writer // SQLite: what holds that connection
	file    string  // SQLite
	scratch string  // a folder to remove in the end

	texts    texts
	reading  sync.Map // SQL text → *sql.Stmt on read
	slugs    index    // of sources
	channels index
}

// Open opens the database that dsn names, creates or migrates it, and checks
// that it is fit to use. A dsn is a file name, "sqlite:FILE" or
// "postgres://…"; ":memory:" is a SQLite database that vanishes.
func Open(ctx context.Context, dsn string) (*Store, error) {
	s, err := open(dsn)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("database %s: %w", s.name, classify(err))
	}
	return s, nil
}

// prepare checks the engine and brings the schema up to date.
func (s *Store) prepare(ctx context.Context) error {
	if err := s.dialect.fit(ctx, s.write); err != nil {
		return err
	}
	return s.migrate(ctx, migrations)
}

// Close closes the database. Writes that have returned are durable.
func (s *Store) Close() error {
	var errs []error
	if s.read != s.write {
		errs = append(errs, s.read.Close())
	}
	if s.writer != nil { // the last to leave: it folds the log into the file
		errs = append(errs, s.writer.close())
	}
	errs = append(errs, s.write.Close())
	if s.scratch != "" {
		errs = append(errs, os.RemoveAll(s.scratch))
	}
	return errors.Join(errs...)
}

// An Info describes an open database.
type Info struct {
	Engine  string // "sqlite" or "postgres"
	Version string // of the engine
	Name    string // the file, or host and database
	Schema  int    // the last migration
}

// Info describes the database.
func (s *Store) Info(ctx context.Context) (Info, error) {
	info := Info{Engine: s.dialect.name, Name: s.name}
	err := s.read.QueryRowContext(ctx, s.dialect.version).Scan(&info.Version)
	if err == nil {
		err = s.read.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM migrations`).Scan(&info.Schema)
	}
	return info, s.fail("info", err)
}

// Ping asks the database whether it answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.fail("ping", s.read.QueryRowContext(ctx, `SELECT 1`).Scan(&one))
}

// fail says what was being done, and to which database.
func (s *Store) fail(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s: %w", s.name, what, classify(err))
}

// query reads outside any transaction.
func (s *Store) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := s.readStatement(ctx, query)
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		return s.read.QueryContext(ctx, query, args...)
	}
	return stmt.QueryContext(ctx, args...)
}

// readStatement returns the prepared form of query, or nil where the driver
// prepares by itself. There are few texts: lists come in a few sizes.
func (s *Store) readStatement(ctx context.Context, query string) (*sql.Stmt, error) {
	if !s.dialect.prepares {
		return nil, nil
	}
	if stmt, ok := s.reading.Load(query); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := s.read.PrepareContext(ctx, plainMarks(query))
	if err != nil {
		return nil, err
	}
	if old, raced := s.reading.LoadOrStore(query, stmt); raced {
		_ = stmt.Close()
		stmt = old.(*sql.Stmt)
	}
	return stmt, nil
}

// A querier reads, inside a transaction or outside.
type querier func(query string, args ...any) (*sql.Rows, error)

// outside returns a querier that reads what is committed.
func (s *Store) outside(ctx context.Context) querier {
	return func(query string, args ...any) (*sql.Rows, error) { return s.query(ctx, query, args...) }
}

// each calls scan for every row of the answer to query.
func (q querier) each(scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// ms turns a time into what is stored; the zero time is 0.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// at is the inverse of ms, in UTC.
func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
