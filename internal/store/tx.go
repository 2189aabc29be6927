package store

import (
	"context"
	"database/sql"
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
		return s.fail(what, s.writer.change(ctx, f))
	}
	in, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.fail(what, err)
	}
	defer in.Rollback() // does nothing after Commit; also when f panics, or its locks would stay
	if err := f(&tx{s: s, ctx: ctx, in: in}); err != nil {
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
