package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	sqlite3 "modernc.org/sqlite"

	"newswire/internal/newsroom"
)

// The states of a database that an operator can do something about. What was
// acknowledged before is kept in all of them but ErrCorrupt.
var (
	ErrFull     = errors.New("the disk is full; free some space, nothing else needs to be done")
	ErrReadOnly = errors.New("the database cannot be written; check the permissions of its file and folder, or whether it is a standby")
	ErrLocked   = errors.New("the database is locked by another program")
	ErrCorrupt  = errors.New("the database is damaged; stop, and restore the last backup")
	ErrSchema   = errors.New("the schema does not fit this program")
	ErrExists   = errors.New("the file exists already")
)

// classify wraps err with the state it tells of.
func classify(err error) error {
	if err == nil || errors.Is(err, newsroom.ErrConflict) {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return newsroom.ErrNotFound
	}
	if state := stateOf(err); state != nil && !errors.Is(err, state) {
		return fmt.Errorf("%w (%w)", state, err)
	}
	return err
}

func stateOf(err error) error {
	if e, ok := errors.AsType[*sqlite3.Error](err); ok {
		return sqliteState(e.Code())
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return postgresState(e.Code)
	}
	return nil
}

// sqliteState reads a result code; its low byte is the primary one.
func sqliteState(code int) error {
	switch code & 0xff {
	case 13:
		return ErrFull
	case 8, 14, 23: // READONLY, CANTOPEN, AUTH
		return ErrReadOnly
	case 5, 6:
		return ErrLocked
	case 11, 26: // CORRUPT, NOTADB
		return ErrCorrupt
	case 18, 19, 20: // TOOBIG, CONSTRAINT, MISMATCH
		return newsroom.ErrRefused
	}
	return nil
}

// postgresState reads a SQLSTATE.
func postgresState(code string) error {
	switch {
	case code == "53100":
		return ErrFull
	case code == "25006":
		return ErrReadOnly
	case code == "55P03":
		return ErrLocked
	case code == "40001", code == "40P01": // serialization failure, deadlock
		return newsroom.ErrConflict
	case code == "XX001", code == "XX002": // XX000 is a fault of the server's, and may pass
		return ErrCorrupt
	case strings.HasPrefix(code, "22"), strings.HasPrefix(code, "23"), strings.HasPrefix(code, "54"):
		return newsroom.ErrRefused
	}
	return nil
}
