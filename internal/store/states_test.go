package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

func openFile(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "news.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// set runs a statement on the connection that writes.
func (s *Store) set(t *testing.T, statement string) {
	t.Helper()
	s.writer.free <- struct{}{}
	defer func() { <-s.writer.free }()
	if err := s.writer.connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.writer.conn.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func bulky(n int) *newsroom.Intake {
	a := &newsroom.Arrival{
		Entry: newsroom.Entry{Entry: feeds.Entry{Title: "x", Content: feeds.HTML(strings.Repeat("bulk ", 10000))}, Sort: time.UnixMilli(int64(n))},
		Raw:   1, IDs: []string{fmt.Sprint("urn:", n)}, Channels: []string{"all"}, Aliases: []newsroom.Alias{{Kind: 1, Hash: [16]byte{byte(n >> 8), byte(n)}}},
	}
	return &newsroom.Intake{Source: "a", At: time.UnixMilli(1), New: []*newsroom.Arrival{a}}
}

// A full disk refuses, keeps what it has, and works again when there is room.
func TestDiskFull(t *testing.T) {
	s := openFile(t)
	s.set(t, `PRAGMA max_page_count = 60`)
	stored := 0
	var err error
	for n := range 100 {
		if err = s.Commit(t.Context(), bulky(n)); err != nil {
			break
		}
		stored++
	}
	if !errors.Is(err, ErrFull) || stored == 0 || !strings.Contains(err.Error(), "free some space") {
		t.Fatalf("stored %d: %v", stored, err)
	}
	if refs, err := s.Refs(t.Context(), "all", 1000); err != nil || len(refs) != stored {
		t.Errorf("%d of %d are there: %v", len(refs), stored, err)
	}
	s.set(t, `PRAGMA max_page_count = 100000`)
	if err := s.Commit(t.Context(), bulky(500)); err != nil {
		t.Errorf("there is room again: %v", err)
	}
	if err := verify(t.Context(), s.file); err != nil {
		t.Error(err)
	}
}

func TestReadOnly(t *testing.T) {
	s := openFile(t)
	s.set(t, `PRAGMA query_only = 1`)
	if err := s.Commit(t.Context(), bulky(1)); !errors.Is(err, ErrReadOnly) {
		t.Errorf("%v", err)
	}
	if _, err := s.Refs(t.Context(), "all", 10); err != nil {
		t.Errorf("reading: %v", err)
	}
	s.set(t, `PRAGMA query_only = 0`)
	if err := s.Commit(t.Context(), bulky(1)); err != nil {
		t.Errorf("it can be written again: %v", err)
	}
}

// A transaction that reads first and then writes has the lock from the
// beginning: otherwise another process could write in between, and it would
// fail at once, however long it may wait.
func TestReadThenWrite(t *testing.T) {
	s := openFile(t)
	other, err := sql.Open("sqlite", s.file)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	err = s.change(t.Context(), "read and write", func(tx *tx) error {
		if _, err := tx.rowNumber(`SELECT count(*) FROM meta`); err != nil {
			return err
		}
		if _, err := other.Exec(`INSERT INTO meta (name, value) VALUES ('other', '')`); err == nil {
			t.Error("another process wrote in between")
		}
		_, err := tx.exec(`INSERT INTO meta (name, value) VALUES ('ours', '')`)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Another program that writes for seconds, a backup of its own say, is waited
// for: longer than ten, and no longer than a shutdown may take.
func TestLockIsWaitedFor(t *testing.T) {
	s := openFile(t)
	if err := s.Commit(t.Context(), bulky(1)); err != nil {
		t.Fatal(err)
	}
	var ms int
	if err := s.writer.conn.QueryRowContext(t.Context(), `PRAGMA busy_timeout`).Scan(&ms); err != nil {
		t.Fatal(err)
	}
	if ms <= 10_000 || ms >= 20_000 {
		t.Errorf("it is waited for %d ms", ms)
	}
}

func TestLockedByAnother(t *testing.T) {
	s := openFile(t)
	s.set(t, `PRAGMA busy_timeout = 50`)
	other, err := sql.Open("sqlite", s.file+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	lock, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), bulky(1)); !errors.Is(err, ErrLocked) {
		t.Errorf("%v", err)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), bulky(1)); err != nil {
		t.Errorf("the lock is gone: %v", err)
	}
}

func TestNoDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "news.db")
	if err := os.WriteFile(file, []byte(strings.Repeat("this is no database\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), file); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), file) {
		t.Errorf("%v", err)
	}
	if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "no", "such", "news.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if _, err := Open(t.Context(), "postgres://user:secret@127.0.0.1:1/x?connect_timeout=1"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"with space.db", "100%?.db", "#1.db", "ü.db"} {
		file := filepath.Join(t.TempDir(), name)
		s, err := Open(t.Context(), "sqlite:"+file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := s.Backup(t.Context(), file+".bak"); err != nil {
			t.Error(err)
		}
		s.Close()
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
}

// A change that fails, or panics, takes nothing of another with it, though
// they are made durable together.
func TestChangesTogether(t *testing.T) {
	s := openFile(t)
	put := func(n int) func(*tx) error {
		return func(t *tx) error {
			_, err := t.exec(`INSERT INTO meta (name, value) VALUES ($1, $2)`, fmt.Sprint(n), "x")
			return err
		}
	}
	wrong := errors.New("wrong")
	s.writer.free <- struct{}{} // all wait for this
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			switch n % 4 {
			case 0, 1:
				if err := s.change(context.Background(), "put", put(n)); err != nil {
					t.Errorf("%d: %v", n, err)
				}
			case 2:
				err := s.change(context.Background(), "fail", func(t *tx) error { return errors.Join(put(n)(t), wrong) })
				if !errors.Is(err, wrong) {
					t.Errorf("%d: %v", n, err)
				}
			case 3:
				defer func() {
					if recover() == nil {
						t.Errorf("%d did not panic", n)
					}
				}()
				_ = s.change(context.Background(), "panic", func(t *tx) error { _ = put(n)(t); panic("oh") })
			}
		})
	}
	canceled, cancel := context.WithCancel(context.Background())
	wg.Go(func() {
		if err := s.change(canceled, "cancel", put(99)); !errors.Is(err, context.Canceled) {
			t.Errorf("canceled: %v", err)
		}
	})
	for queued := 0; queued < 21; time.Sleep(time.Millisecond) {
		s.writer.mu.Lock()
		queued = len(s.writer.queue)
		s.writer.mu.Unlock()
	}
	cancel()
	for queued := 21; queued > 20; time.Sleep(time.Millisecond) {
		s.writer.mu.Lock()
		queued = len(s.writer.queue)
		s.writer.mu.Unlock()
	}
	<-s.writer.free
	wg.Wait()
	var count int
	if err := s.read.QueryRow(`SELECT count(*) FROM meta`).Scan(&count); err != nil || count != 10 {
		t.Errorf("%d of 10 changes are there: %v", count, err)
	}
}

// steps makes a set of migrations for SQLite out of ours and some more.
func steps(t *testing.T, more ...string) fs.FS {
	t.Helper()
	ours, err := readMigrations(migrations, "sqlite")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range more {
		ours = append(ours, migration{version: len(ours) + 1, script: script})
	}
	set := fstest.MapFS{}
	for _, m := range ours {
		set[fmt.Sprintf("migrations/sqlite/%04d_x.sql", m.version)] = &fstest.MapFile{Data: []byte(m.script)}
	}
	return set
}

func TestMigrate(t *testing.T) {
	s := openFile(t)
	ctx := t.Context()
	if err := s.Commit(ctx, bulky(1)); err != nil {
		t.Fatal(err)
	}
	s.set(t, `SELECT 1`)
	s.writer.free <- struct{}{} // migrations run before anything writes
	if err := s.writer.disconnect(); err != nil {
		t.Fatal(err)
	}
	<-s.writer.free

	shipped, err := readMigrations(migrations, "sqlite")
	if err != nil {
		t.Fatal(err)
	}
	// A step that fails is undone, and the next start does it again.
	broken := steps(t, `CREATE TABLE more (x INTEGER); INSERT INTO nowhere VALUES (1);`)
	if err := s.migrate(ctx, broken); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("migration %04d", len(shipped)+1)) {
		t.Errorf("a broken step: %v", err)
	}
	better := steps(t, `CREATE TABLE more (x INTEGER);`)
	if err := s.migrate(ctx, better); err != nil {
		t.Fatal(err)
	}
	copies, _ := filepath.Glob(fmt.Sprintf("%s.v%d-*.bak", s.file, len(shipped)))
	if len(copies) == 0 {
		t.Fatal("no backup was made before the schema changed")
	}
	if err := verify(ctx, copies[0]); err != nil {
		t.Errorf("the backup: %v", err)
	}
	if err := s.migrate(ctx, better); err != nil {
		t.Errorf("again: %v", err)
	}
	if err := s.migrate(ctx, steps(t, `CREATE TABLE more (y INTEGER);`)); !errors.Is(err, ErrSchema) {
		t.Errorf("an edited step: %v", err)
	}
	s.Close()
	if _, err := Open(ctx, s.file); !errors.Is(err, ErrSchema) || !strings.Contains(err.Error(), "newer") {
		t.Errorf("a schema from the future: %v", err)
	}
}

func TestMigrationsAgree(t *testing.T) {
	lite, err := readMigrations(migrations, "sqlite")
	if err != nil {
		t.Fatal(err)
	}
	pg, err := readMigrations(migrations, "postgres")
	if err != nil || len(lite) != len(pg) {
		t.Errorf("%d steps for SQLite, %d for PostgreSQL: %v", len(lite), len(pg), err)
	}
}

// A line-up is read along one index, whatever else is stored.
func TestRefsPlan(t *testing.T) {
	s := openFile(t)
	var plan []string
	err := s.outside(t.Context()).each(func(rows *sql.Rows) error {
		var id, parent, unused int
		var detail string
		err := rows.Scan(&id, &parent, &unused, &detail)
		plan = append(plan, detail)
		return err
	}, `EXPLAIN QUERY PLAN SELECT entry, sort, source, house, voice FROM members WHERE channel = $1 ORDER BY sort DESC, entry DESC LIMIT $2`, 1, 50)
	if err != nil || len(plan) != 1 || plan[0] != "SEARCH members USING PRIMARY KEY (channel=?)" {
		t.Errorf("%q, %v", plan, err)
	}
}

// What editors decided is found without a look at all entries.
func TestOverriddenPlan(t *testing.T) {
	s := openFile(t)
	var plan []string
	err := s.outside(t.Context()).each(func(rows *sql.Rows) error {
		var id, parent, unused int
		var detail string
		err := rows.Scan(&id, &parent, &unused, &detail)
		plan = append(plan, detail)
		return err
	}, `EXPLAIN QUERY PLAN `+overriddenQuery)
	if err != nil || len(plan) != 1 || plan[0] != "SCAN entries USING INDEX entries_overridden" {
		t.Errorf("%q, %v", plan, err)
	}
}

func TestAtLeast(t *testing.T) {
	for version, want := range map[string]bool{"3.51.3": true, "3.51.2": false, "3.52.0": true, "3.6.99": false, "4.0": true, "3.51": false, "x": false} {
		if got := atLeast(version, 3, 51, 3); got != want {
			t.Errorf("%s: %v", version, got)
		}
	}
}

func TestPlainMarks(t *testing.T) {
	for in, want := range map[string]string{
		`a $1 b $2`: `a ? b ?`, `($1, $2), ($3, $4)`: `(?, ?), (?, ?)`, `$1 $1`: `$1 $1`, `$2 $1`: `$2 $1`, `none`: `none`, `$10`: `$10`,
	} {
		if got := plainMarks(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// TestBackupTakesEveryTable holds that what is copied from one engine to the
// other leaves no table and no column out.
func TestBackupTakesEveryTable(t *testing.T) {
	s := openFile(t)
	listed := map[string]int{"migrations": 3} // each database has its own
	for _, table := range tables {
		listed[table.name] = strings.Count(table.columns, ",") + 1
	}
	found := 0
	err := s.outside(t.Context()).each(func(rows *sql.Rows) error {
		var name string
		var columns int
		if err := rows.Scan(&name, &columns); err != nil {
			return err
		}
		if found++; listed[name] != columns {
			t.Errorf("table %s has %d columns, %d are copied", name, columns, listed[name])
		}
		return nil
	}, `SELECT m.name, count(*) FROM sqlite_schema m, pragma_table_info(m.name) WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' GROUP BY m.name`)
	if err != nil || found != len(listed) {
		t.Errorf("%d tables, %d are listed: %v", found, len(listed), err)
	}
}

// An operator is told to restore a backup only when rows are damaged.
func TestPostgresStates(t *testing.T) {
	for code, want := range map[string]error{
		"XX000": nil, // an internal error, as "tuple concurrently updated": it passes
		"XX001": ErrCorrupt, "XX002": ErrCorrupt, "53100": ErrFull, "25006": ErrReadOnly, "55P03": ErrLocked,
		"40001": newsroom.ErrConflict, "22021": newsroom.ErrRefused, "57014": nil,
	} {
		if got := postgresState(code); got != want {
			t.Errorf("%s: %v, want %v", code, got, want)
		}
	}
}
