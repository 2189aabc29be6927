package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// OpenThrough opens a SQLite file through a driver that stands before the real
// one, for tests of what fails.
func OpenThrough(ctx context.Context, file string, before func(driver.Driver) driver.Driver) (*Store, error) {
	s, err := open(file)
	if err != nil {
		return nil, err
	}
	through := func(db *sql.DB, settings string) *sql.DB {
		d := before(db.Driver())
		_ = db.Close() // it was never used
		return sql.OpenDB(connector{d, fileURI(file, settings)})
	}
	s.write = through(s.write, sqlitePragmas)
	s.write.SetMaxOpenConns(1)
	s.writer.db = s.write
	s.read = through(s.read, sqliteReadPragmas)
	s.read.SetMaxOpenConns(readers)
	if err := s.prepare(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

type connector struct {
	driver driver.Driver
	dsn    string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }
