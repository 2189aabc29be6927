package store_test

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"newswire/internal/newsroom"
	"newswire/internal/store"
)

// fill stores something in every table that the store writes.
func fill(t testing.TB, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	due(t, s, "a", "b")
	var list []*newsroom.Arrival
	for n := range 40 {
		list = append(list, arrival("a", n))
	}
	claim, err := s.ClaimSource(ctx, "a", start, time.Minute, "me")
	if err != nil {
		t.Fatal(err)
	}
	check := newsroom.Check{Next: start, Class: newsroom.ClassOK, Window: []string{"aabbcc"}}
	commit(t, s, &newsroom.Intake{Source: "a", At: start, Claim: &claim, Check: &check, New: list})
	former := list[3].Entry
	rev := &newsroom.Revision{Entry: former, Raw: 99, Old: list[3].Raw, Content: true, Former: &former}
	rev.Withdrawn = start
	commit(t, s, &newsroom.Intake{Source: "a", At: start, Revised: []*newsroom.Revision{rev}})
	if err := s.PutArchive(ctx, "all", archiveOf(1), keptOf(t, s, owedTo(t, s, "all")[:1])); err != nil {
		t.Fatal(err)
	}
	if err := s.PutPublication(ctx, "/feeds/all.rss", newsroom.Publication{ETag: "x", Modified: start}); err != nil {
		t.Fatal(err)
	}
}

// rowHashes returns a hash of all rows of each table that has any.
func rowHashes(t testing.TB, dsn string) map[string]string {
	t.Helper()
	driver, tables := "sqlite", `SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'migrations'`
	if strings.HasPrefix(dsn, "postgres:") {
		driver, tables = "pgx", `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_name <> 'migrations'`
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	hashes := map[string]string{}
	for _, name := range column(t, db, tables) {
		if rows := column(t, db, `SELECT * FROM `+name); len(rows) > 0 {
			slices.Sort(rows)
			hashes[name] = fmt.Sprintf("%d rows %x", len(rows), sha256.Sum256([]byte(strings.Join(rows, "\n"))))
		}
	}
	return hashes
}

// column returns all rows as text.
func column(t testing.TB, db *sql.DB, query string) (list []string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, _ := rows.Columns()
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		var text []string
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			if len(names) == 1 {
				return append([]string{fmt.Sprint(v)}, column1(t, rows)...)
			}
			text = append(text, fmt.Sprintf("%s=%q", names[i], fmt.Sprint(v)))
		}
		slices.Sort(text)
		list = append(list, strings.Join(text, " "))
	}
	return list
}

func column1(t testing.TB, rows *sql.Rows) (list []string) {
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

// A backup of either engine, restored on either, holds the same rows.
func TestBackupRestore(t *testing.T) {
	onEngines(t, func(t *testing.T, from engine) {
		dsn := from.dsn(t)
		s := openStore(t, dsn)
		fill(t, s)
		file := filepath.Join(t.TempDir(), "backup.db")
		if err := s.Backup(t.Context(), file); err != nil {
			t.Fatal(err)
		}
		if err := s.Backup(t.Context(), file); !errors.Is(err, store.ErrExists) {
			t.Errorf("a backup was overwritten: %v", err)
		}
		want := rowHashes(t, dsn)
		if len(want) < 10 {
			t.Fatalf("only %d tables are filled: %v", len(want), want)
		}
		onEngines(t, func(t *testing.T, to engine) {
			target := to.dsn(t)
			if _, err := store.Restore(t.Context(), target, file); err != nil {
				t.Fatal(err)
			}
			if got := rowHashes(t, target); !mapsEqual(got, want) {
				t.Errorf("restored\n%v\nwant\n%v", got, want)
			}
			restored := openStore(t, target)
			// Life goes on: keys follow those that were restored.
			due(t, restored, "new source")
			commit(t, restored, &newsroom.Intake{Source: "new source", At: start, New: []*newsroom.Arrival{arrival("new source", 1)}})
			if refs, err := restored.Refs(t.Context(), "all", 100); err != nil || len(refs) != 40 {
				t.Errorf("%d entries stand, %v", len(refs), err)
			}
		})
	})
}

func mapsEqual(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

func TestRestoreKeepsWhatStood(t *testing.T) {
	dir := t.TempDir()
	live, file := filepath.Join(dir, "news.db"), filepath.Join(dir, "backup.db")
	s := openStore(t, live)
	fill(t, s)
	if err := s.Backup(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	commit(t, s, &newsroom.Intake{Source: "b", At: start, New: []*newsroom.Arrival{arrival("b", 1)}})
	if _, err := store.Restore(t.Context(), live, file); !errors.Is(err, store.ErrLocked) {
		t.Fatalf("restored under a running program: %v", err)
	}
	after := rowHashes(t, live)
	s.Close()
	kept, err := store.Restore(t.Context(), live, file)
	if err != nil {
		t.Fatal(err)
	}
	if got := rowHashes(t, kept); !mapsEqual(got, after) {
		t.Error("what stood there was not kept")
	}
	if got := rowHashes(t, live); mapsEqual(got, after) {
		t.Error("nothing was restored")
	}
}

// copyWithLog copies a database file and its write-ahead log, as somebody does
// who copies files, or as a crash leaves them.
func copyWithLog(t *testing.T, from, to string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(from + suffix)
		if err != nil || len(text) == 0 {
			t.Fatalf("%s%s: %d bytes, %v", from, suffix, len(text), err)
		}
		if err := os.WriteFile(to+suffix, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// What stands in the log of a copied database is restored with it.
func TestRestoreTakesTheLog(t *testing.T) {
	dir := t.TempDir()
	live, file, target := filepath.Join(dir, "news.db"), filepath.Join(dir, "copied.db"), filepath.Join(dir, "restored.db")
	s := openStore(t, live)
	fill(t, s)
	want := rowHashes(t, live)
	copyWithLog(t, live, file)
	if _, err := store.Restore(t.Context(), target, file); err != nil {
		t.Fatal(err)
	}
	if got := rowHashes(t, target); !mapsEqual(got, want) {
		t.Errorf("restored\n%v\nwant\n%v", got, want)
	}
}

// A log that was left behind by another database, or by a restore that was
// killed, is not taken for the log of what is restored.
func TestRestoreIgnoresLogsLeftBehind(t *testing.T) {
	for _, left := range []string{"restored.db-wal", "restored.db.restore-wal"} {
		dir := t.TempDir()
		live, file, target := filepath.Join(dir, "news.db"), filepath.Join(dir, "backup.db"), filepath.Join(dir, "restored.db")
		s := openStore(t, live)
		fill(t, s)
		if err := s.Backup(t.Context(), file); err != nil {
			t.Fatal(err)
		}
		want := rowHashes(t, live)
		commit(t, s, &newsroom.Intake{Source: "b", At: start, New: []*newsroom.Arrival{arrival("b", 1)}})
		copyWithLog(t, live, filepath.Join(dir, "other"))
		if err := os.Rename(filepath.Join(dir, "other-wal"), filepath.Join(dir, left)); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Restore(t.Context(), target, file); err != nil {
			t.Errorf("%s: %v", left, err)
			continue
		}
		if got := rowHashes(t, target); !mapsEqual(got, want) {
			t.Errorf("beside %s, restored\n%v\nwant\n%v", left, got, want)
		}
	}
}

func TestRestoreRefusesWhatIsBroken(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, filepath.Join(dir, "news.db"))
	fill(t, s)
	file := filepath.Join(dir, "backup.db")
	if err := s.Backup(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"cut":       whole[:len(whole)/2],
		"damaged":   append(append(append([]byte(nil), whole[:3*8192+100]...), make([]byte, 8192)...), whole[4*8192+100:]...),
		"no sqlite": []byte("<rss/>"),
		"empty":     nil,
	} {
		broken := filepath.Join(dir, name)
		if err := os.WriteFile(broken, text, 0o600); err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(dir, name+".db")
		if _, err := store.Restore(t.Context(), target, broken); !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrSchema) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(target); err == nil {
			t.Errorf("%s: it was restored", name)
		}
	}
}

// A backup of a large PostgreSQL database takes longer than any statement of
// ours may.
func TestBackupOutlastsTimeouts(t *testing.T) {
	server, err := cluster.start()
	if err != nil {
		t.Skipf("SKIPPED: no PostgreSQL: %v", err)
	}
	dsn := newDatabase(t, server)
	openStore(t, dsn)
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`INSERT INTO meta (name, value) SELECT n, repeat('x', 4000) FROM generate_series(1, 10000) n`); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, dsn+"&statement_timeout=100")
	if err := s.Backup(t.Context(), filepath.Join(t.TempDir(), "backup.db")); err != nil {
		t.Error(err)
	}
}
