package store_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"strings"
	"sync"
)

var errInjected = errors.New("injected: the disk says no")

// A saboteur counts every call that can fail, and lets one of them fail.
type saboteur struct {
	mu    sync.Mutex
	armed bool
	calls []string // since it was armed
	at    int      // the call that fails, counted from 1; 0: none
	dies  bool     // with the call that fails, everything after it fails too: the process is gone
	// after lets a COMMIT that fails be done all the same, as when the answer
	// of a server is lost.
	after bool
}

func (s *saboteur) arm(at int, after, dies bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed, s.calls, s.at, s.after, s.dies = true, nil, at, after, dies
}

func (s *saboteur) disarm() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = false
	return s.calls
}

// call counts a call, and reports whether it shall fail.
func (s *saboteur) call(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.armed {
		return false
	}
	s.calls = append(s.calls, what)
	return len(s.calls) == s.at || s.dies && s.at > 0 && len(s.calls) > s.at && what != "clock"
}

func (s *saboteur) fail(what string) error {
	if s.call(what) {
		return errInjected
	}
	return nil
}

// driver stands before the real driver.
func (s *saboteur) driver(d driver.Driver) driver.Driver { return &faultyDriver{d, s} }

type faultyDriver struct {
	driver.Driver
	s *saboteur
}

func (d *faultyDriver) Open(dsn string) (driver.Conn, error) {
	if err := d.s.fail("connect"); err != nil {
		return nil, err
	}
	c, err := d.Driver.Open(dsn)
	if err != nil {
		return nil, err
	}
	return &faultyConn{c, d.s}, nil
}

type faultyConn struct {
	driver.Conn
	s *saboteur
}

func (c *faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.s.fail("prepare " + query); err != nil {
		return nil, err
	}
	stmt, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &faultyStmt{stmt, c.s, query}, nil
}

func (c *faultyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if err := c.s.fail("begin"); err != nil {
		return nil, err
	}
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.s.fail("exec " + query); err != nil {
		return nil, err
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.s.fail("query " + query); err != nil {
		return nil, err
	}
	rows, err := c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return &faultyRows{rows, c.s}, nil
}

type faultyStmt struct {
	driver.Stmt
	s     *saboteur
	query string
}

func (st *faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	fails := st.s.call("exec " + st.query)
	if fails && !(st.s.after && st.query == "COMMIT" && len(st.s.calls) == st.s.at) {
		return nil, errInjected
	}
	result, err := st.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	if fails && err == nil {
		return nil, errInjected
	}
	return result, err
}

func (st *faultyStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := st.s.fail("query " + st.query); err != nil {
		return nil, err
	}
	rows, err := st.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	return &faultyRows{rows, st.s}, nil
}

type faultyRows struct {
	driver.Rows
	s *saboteur
}

func (r *faultyRows) Next(into []driver.Value) error {
	if err := r.s.fail("row"); err != nil {
		return err
	}
	return r.Rows.Next(into)
}

// faultyListener is an origin's: each write of an answer may fail, and then the
// connection is gone.
type faultyListener struct {
	net.Listener
	s *saboteur
}

func (l *faultyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if l.s.call("net accept") {
		_ = c.Close()
	}
	return &faultyNet{c, l.s}, nil
}

type faultyNet struct {
	net.Conn
	s *saboteur
}

func (c *faultyNet) Write(p []byte) (int, error) {
	if c.s.call("net write") {
		_, _ = c.Conn.Write(p[:len(p)/2]) // cut in the middle
		_ = c.Conn.Close()
		return 0, errInjected
	}
	return c.Conn.Write(p)
}

// storeCall reports whether a call was one of the store's.
func storeCall(what string) bool { return !strings.HasPrefix(what, "net ") && what != "clock" }
