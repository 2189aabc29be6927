package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// A dialect is all in which the engines differ.
type dialect struct {
	name     string // of the engine, and of its folder of migrations
	version  string // SQL that answers the engine's version
	prepares bool   // we keep prepared statements and one connection to write; otherwise the driver and its pool do
	skip     string // at the end of a sub-select of rows to claim: pass over those that another is claiming
	lock     string // SQL that keeps other processes from migrating; empty: every transaction does
	hasTable string // SQL that counts the tables named $1
	recount  string // SQL after rows were inserted with their keys: the next key follows them
	patient  string // SQL at the beginning of a transaction that may last long; empty: every one may

	// snapshot is the isolation in which a transaction that reads sees one
	// moment.
	snapshot sql.IsolationLevel
	// fit reports why the engine must not be used.
	fit func(ctx context.Context, db *sql.DB) error
}

const sqliteVersion = `SELECT sqlite_version()`

var sqlite = &dialect{
	name:     "sqlite",
	version:  sqliteVersion,
	prepares: true,
	hasTable: `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = $1`,
	fit:      fitSQLite,
}

var postgres = &dialect{
	name:     "postgres",
	version:  `SELECT current_setting('server_version')`,
	skip:     ` FOR UPDATE SKIP LOCKED`,
	lock:     `SELECT pg_advisory_xact_lock(7305521)`,
	hasTable: `SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = $1`,
	recount: `SELECT setval(pg_get_serial_sequence('sources', 'key'), (SELECT coalesce(max(key), 0) + 1 FROM sources), false),
		setval(pg_get_serial_sequence('channels', 'key'), (SELECT coalesce(max(key), 0) + 1 FROM channels), false)`,
	patient:  `SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0`,
	snapshot: sql.LevelRepeatableRead,
	fit:      func(ctx context.Context, db *sql.DB) error { return db.PingContext(ctx) },
}

// open connects to what dsn names, without looking at it yet.
func open(dsn string) (*Store, error) {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return openPostgres(dsn)
	}
	file := strings.TrimPrefix(dsn, "sqlite:")
	if file == "" {
		return nil, fmt.Errorf("database: no file is named; write newswire.db, or postgres://…")
	}
	return openSQLite(file)
}

// Settings of every SQLite connection. FULL, because NORMAL loses what was
// acknowledged when the power fails. The page holds several entries: rows of
// two to three kilobytes waste most of a smaller one. (The driver sorts
// _pragma values, and sets journal_mode after them: the page size must come
// first.) Who wants to write waits for another process as long as a shutdown
// may take: who writes all the time leaves only moments.
const (
	sqlitePragmas = "_pragma=page_size(16384)&_busy_timeout=15000&_journal_mode=WAL&_synchronous=FULL" +
		"&_foreign_keys=1&_txlock=immediate&_dqs=0&_defensive=1"
	sqliteReadPragmas = "mode=ro&_busy_timeout=5000&_query_only=1&_dqs=0&_defensive=1"
	readers           = 4
)

func openSQLite(file string) (*Store, error) {
	s := &Store{dialect: sqlite, name: file}
	if file == ":memory:" { // several connections must see it
		dir, err := os.MkdirTemp("", "newswire-")
		if err != nil {
			return nil, err
		}
		s.scratch, file = dir, filepath.Join(dir, "memory.db")
	}
	if _, err := os.Stat(filepath.Dir(file)); err != nil {
		return nil, fmt.Errorf("database %s: its folder is not there: %w", file, err)
	}
	s.file = file
	var err error
	if s.write, err = sql.Open("sqlite", fileURI(file, sqlitePragmas)); err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", fileURI(file, sqliteReadPragmas)); err != nil {
		return nil, err
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	s.writer = &writer{db: s.write, store: s, free: make(chan struct{}, 1)}
	return s, nil
}

// fileURI names a SQLite file with settings for its connections.
func fileURI(file, settings string) string {
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + settings
}

// fitSQLite refuses versions that corrupt a WAL database when two connections
// write and checkpoint at once (fixed in 3.51.3).
func fitSQLite(ctx context.Context, db *sql.DB) error {
	var version string
	if err := db.QueryRowContext(ctx, sqliteVersion).Scan(&version); err != nil {
		return err
	}
	if !atLeast(version, 3, 51, 3) {
		return fmt.Errorf("SQLite %s can corrupt a database in WAL mode; 3.51.3 or later is needed", version)
	}
	return nil
}

// atLeast compares a dotted version with the wanted one.
func atLeast(version string, want ...int) bool {
	parts := strings.Split(version, ".")
	for i, w := range want {
		if i >= len(parts) {
			return false
		}
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < w {
			return false
		}
		if n > w {
			return true
		}
	}
	return true
}

func openPostgres(dsn string) (*Store, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// pgx does not repeat the password in its message.
		return nil, fmt.Errorf("database: %w", err)
	}
	for name, value := range map[string]string{
		"statement_timeout":                   "15s",
		"lock_timeout":                        "5s",
		"idle_in_transaction_session_timeout": "30s",
		"application_name":                    "newswire",
	} {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(2 * readers)
	db.SetMaxIdleConns(readers)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return &Store{dialect: postgres, name: config.Host + "/" + config.Database, write: db, read: db}, nil
}
