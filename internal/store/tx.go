package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// A tx is a transaction that writes.
type tx struct {
	s   *Store
	ctx context.Context
	on  *writer // SQLite
	in  *sql.Tx // PostgreSQL
}

// change runs f in one transaction that writes, and commits it if f returns
// nil.
func (s *Store) change(ctx context.Context, what string, f func(*tx) error) error {
	if s.writer != nil {
		return s.fail(what, s.writer.change(ctx, s, f))
	}
	in, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.fail(what, err)
	}
	if err := f(&tx{s: s, ctx: ctx, in: in}); err != nil {
		_ = in.Rollback() // the cause is what counts
		return s.fail(what, err)
	}
	return s.fail(what, in.Commit())
}

func (t *tx) exec(query string, args ...any) (int64, error) {
	var res sql.Result
	var err error
	if t.on == nil {
		res, err = t.in.ExecContext(t.ctx, query, args...)
	} else {
		var stmt *sql.Stmt
		if stmt, err = t.on.statement(t.ctx, query); err == nil {
			res, err = stmt.ExecContext(t.ctx, args...)
		}
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *tx) query(query string, args ...any) (*sql.Rows, error) {
	if t.on == nil {
		return t.in.QueryContext(t.ctx, query, args...)
	}
	stmt, err := t.on.statement(t.ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(t.ctx, args...)
}

// A writer is the one connection that writes to a SQLite file, with the
// statements prepared on it.
type writer struct {
	db       *sql.DB
	free     chan struct{} // holds a token while somebody writes
	conn     *sql.Conn     // nil: not open
	prepared map[string]*sql.Stmt
}

// change runs f in a transaction. It takes the write lock at once: one that
// reads first and then wants to write would fail whenever another process had
// written meanwhile. Once begun, it is not canceled: it takes milliseconds
// and needs nobody's answer, and watching for it costs a goroutine a
// statement.
func (w *writer) change(ctx context.Context, s *Store, f func(*tx) error) (err error) {
	select {
	case w.free <- struct{}{}:
		defer func() { <-w.free }()
	case <-ctx.Done():
		return ctx.Err()
	}
	ctx = context.WithoutCancel(ctx)
	if err := w.connect(ctx); err != nil {
		return err
	}
	t := &tx{s: s, ctx: ctx, on: w}
	if _, err := t.exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // f failed, or panicked
			if _, e := t.exec(`ROLLBACK`); e != nil {
				_ = w.disconnect() // whatever state it is in, a new connection is in none
			}
		}
	}()
	if err := f(t); err != nil {
		return err
	}
	if _, err := t.exec(`COMMIT`); err != nil {
		return err
	}
	done = true
	return nil
}

func (w *writer) connect(ctx context.Context) (err error) {
	if w.conn != nil {
		return nil
	}
	w.prepared = map[string]*sql.Stmt{}
	w.conn, err = w.db.Conn(ctx)
	return err
}

// disconnect gives the connection up; the next change opens another.
func (w *writer) disconnect() error {
	if w.conn == nil {
		return nil
	}
	for _, stmt := range w.prepared {
		_ = stmt.Close()
	}
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn }) // not back into the pool
	err := w.conn.Close()
	w.conn = nil
	if errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}

// close waits for who writes, and ends the connection.
func (w *writer) close() error {
	w.free <- struct{}{}
	defer func() { <-w.free }()
	return w.disconnect()
}

func (w *writer) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt := w.prepared[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(ctx, query)
	if err == nil {
		w.prepared[query] = stmt
	}
	return stmt, err
}
