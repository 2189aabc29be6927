package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A writer is the one connection that writes to a SQLite file, with the
// statements prepared on it. Making a transaction durable costs far more than
// a small change itself: changes that are asked for while another becomes
// durable are made together, each in a savepoint, and become durable at once.
type writer struct {
	db    *sql.DB
	store *Store
	free  chan struct{} // holds a token while somebody writes

	mu    sync.Mutex
	queue []*job

	// These belong to who has the token.
	conn     *sql.Conn // nil: not open
	prepared map[string]*sql.Stmt
}

// maxJobs are made durable together.
const maxJobs = 32

// A job is a change that somebody waits for.
type job struct {
	f        func(*tx) error
	err      error
	panicked any
	done     chan struct{} // closed when err is final
}

// change makes a change durable, or returns why not.
func (w *writer) change(ctx context.Context, f func(*tx) error) error {
	j := &job{f: f, done: make(chan struct{})}
	w.mu.Lock()
	w.queue = append(w.queue, j)
	w.mu.Unlock()
	for {
		select {
		case <-j.done:
			if j.panicked != nil {
				panic(j.panicked)
			}
			return j.err
		case w.free <- struct{}{}:
			w.writeQueued(context.WithoutCancel(ctx))
			<-w.free
		case <-ctx.Done():
			if w.forget(j) {
				return ctx.Err()
			}
			<-j.done // it is being written: that takes milliseconds
		}
	}
}

// forget takes a job back that nobody has begun.
func (w *writer) forget(j *job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.queue, j)
	if i >= 0 {
		w.queue = slices.Delete(w.queue, i, i+1)
	}
	return i >= 0
}

// writeQueued makes the changes that wait. Once begun, a transaction is not
// canceled: it needs nobody's answer, and watching for it costs a goroutine a
// statement.
func (w *writer) writeQueued(ctx context.Context) {
	w.mu.Lock()
	jobs := slices.Clone(w.queue[:min(len(w.queue), maxJobs)])
	w.queue = slices.Delete(w.queue, 0, len(jobs))
	w.mu.Unlock()
	if len(jobs) == 0 {
		return
	}
	err := w.write(ctx, jobs)
	for _, j := range jobs {
		if j.err == nil {
			j.err = err
		}
		close(j.done)
	}
}

// write makes changes in one transaction. It takes the write lock at once: a
// transaction that reads first and then wants to write would fail whenever
// another process had written meanwhile. The error is of the transaction; a
// job's own is in the job.
func (w *writer) write(ctx context.Context, jobs []*job) (err error) {
	if err := w.connect(ctx); err != nil {
		return err
	}
	t := &tx{s: w.store, ctx: ctx, on: w}
	if _, err := t.exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	good := 0
	for _, j := range jobs {
		if err = w.attempt(t, j, len(jobs) == 1); err != nil {
			break
		}
		if j.err == nil && j.panicked == nil {
			good++
		}
	}
	if err == nil && good > 0 {
		if _, err = t.exec(`COMMIT`); err == nil {
			return nil
		}
	}
	if _, e := t.exec(`ROLLBACK`); e != nil {
		_ = w.disconnect() // whatever state it is in, a new connection is in none
	}
	return err
}

// attempt makes one change, and undoes it if it fails. A full disk may have
// undone the whole transaction: then nothing that follows may be written.
func (w *writer) attempt(t *tx, j *job, alone bool) error {
	if !alone {
		if _, err := t.exec(`SAVEPOINT job`); err != nil {
			return err
		}
	}
	j.run(t)
	if alone {
		return nil
	}
	if j.err != nil || j.panicked != nil {
		if _, err := t.exec(`ROLLBACK TO job`); err != nil {
			return fmt.Errorf("%w (and: %w)", j.err, err)
		}
	}
	_, err := t.exec(`RELEASE job`)
	return err
}

func (j *job) run(t *tx) {
	defer func() { j.panicked = recover() }()
	j.err = j.f(t)
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
	stmt, err := w.conn.PrepareContext(ctx, plainMarks(query))
	if err == nil {
		w.prepared[query] = stmt
	}
	return stmt, err
}

// plainMarks writes ? for $1, $2 … where each stands once and in order.
// SQLite takes both, but it looks each numbered one up in a list, which makes
// long lists slow.
func plainMarks(query string) string {
	var b strings.Builder
	rest := query
	for n := 1; ; n++ {
		before, after, ok := strings.Cut(rest, "$")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		number := strconv.Itoa(n)
		if !strings.HasPrefix(after, number) || len(after) > len(number) && after[len(number)] >= '0' && after[len(number)] <= '9' {
			return query
		}
		b.WriteByte('?')
		rest = after[len(number):]
	}
}
