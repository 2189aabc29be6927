package store_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"newswire/internal/newsroom"
	"newswire/internal/store"
)

// dumps returns a dump for each schema that was ever shipped but the present
// one, oldest first.
func dumps(t *testing.T) []string {
	t.Helper()
	steps, err := filepath.Glob("migrations/sqlite/*.sql")
	if err != nil || len(steps) == 0 {
		t.Fatal(err)
	}
	var all []string
	for version := range len(steps) {
		if version == 0 {
			continue
		}
		data, err := os.ReadFile(fmt.Sprintf("testdata/dumps/sqlite-%04d.sql", version))
		if err != nil {
			t.Fatalf("schema %d was shipped, and there is no dump of it: %v", version, err)
		}
		all = append(all, string(data))
	}
	return all
}

// TestMigrateDumps brings databases of every schema ever shipped up to date,
// with the dirt that real ones have, on both engines.
func TestMigrateDumps(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		for i, dump := range dumps(t) {
			t.Run(fmt.Sprint("from schema ", i+1), func(t *testing.T) {
				dsn := e.dsn(t)
				if e.name == "sqlite" {
					execute(t, "sqlite", dsn, dump)
				} else {
					loadPostgres(t, dsn, i+1, dump)
				}
				s := openStore(t, dsn)
				goodAsNew(t, s, dump, i+1)
			})
		}
	})
}

// TestMigrateKilled lets the program die in every call of a migration. The next
// start finishes it, and nothing is missing.
func TestMigrateKilled(t *testing.T) {
	dump := dumps(t)[0]
	file := filepath.Join(inMemory(t), "news.db")
	died := 0
	for at := 1; ; at++ {
		for _, name := range []string{file, file + "-wal", file + "-shm"} {
			_ = os.Remove(name)
		}
		execute(t, "sqlite", file, dump)
		s := &saboteur{}
		s.arm(at, at%2 == 0, true)
		broken, err := store.OpenThrough(t.Context(), file, s.driver)
		calls := s.disarm()
		if err == nil {
			broken.Close()
		}
		if at > len(calls) {
			break
		}
		if err != nil {
			died++
		}
		whole, err := store.Open(t.Context(), file)
		if err != nil {
			t.Fatalf("after it died in call %d (%.60s): %v", at, calls[at-1], err)
		}
		goodAsNew(t, whole, dump, 1)
		whole.Close()
		if t.Failed() {
			t.Fatalf("after it died in call %d (%.60s)", at, calls[at-1])
		}
	}
	if died < 10 {
		t.Errorf("it died only %d times: the test does not test", died)
	}
}

// goodAsNew holds that a database has all that its dump had, and can be worked
// with.
func goodAsNew(t *testing.T, s *store.Store, dump string, from int) {
	t.Helper()
	ctx := t.Context()
	steps, _ := filepath.Glob("migrations/sqlite/*.sql")
	if info, err := s.Info(ctx); err != nil || info.Schema != len(steps) || info.Schema <= from {
		t.Errorf("schema %d of %d, %v", info.Schema, len(steps), err)
	}
	var ids []string
	err := s.Recent(ctx, time.Time{}, func(e newsroom.Entry) error {
		ids = append(ids, e.ID)
		if e.FirstSeen.UnixMilli() != 1772366400000+e.Key*60000 || !e.Sort.Equal(e.FirstSeen) {
			t.Errorf("%s: first seen %v, at %v", e.ID, e.FirstSeen, e.Sort)
		}
		return nil
	})
	slices.Sort(ids)
	if want := strings.Fields("urn:dump:1 urn:dump:2 urn:dump:3 urn:dump:4 urn:dump:5 urn:dump:6 urn:dump:7"); err != nil || !slices.Equal(ids, want) {
		t.Errorf("entries %q, %v", ids, err)
	}
	refs, err := s.Refs(ctx, "all", 100)
	if err != nil || len(refs) != strings.Count(dump, "INSERT INTO members VALUES(1,") {
		t.Errorf("%d places, %v", len(refs), err)
	}
	held, err := s.Held(ctx)
	if err != nil || len(held) != 1 || held[0].ID != "urn:dump:3" {
		t.Errorf("held: %+v, %v", held, err)
	}
	if counts, err := s.HeldBySource(ctx); err != nil || len(counts) != 1 || counts[held[0].Source] != 1 {
		t.Errorf("held by source: %v of %s, %v", counts, held[0].Source, err)
	}
	mail, err := s.Begin(ctx, "mail", start, 10, 0)
	if err != nil || len(mail) != 1 || mail[0].Name != "2" {
		t.Errorf("outbox: %+v, %v", mail, err)
	}
	if _, _, err := s.Purgeable(ctx, store.Retention{Before: start}); err != nil {
		t.Error(err)
	}
	known, err := s.Known(ctx, "lab", []newsroom.Alias{{Hash: [16]byte{15: 1}}, {Hash: [16]byte{15: 200}}})
	if err != nil || len(known) != 2 {
		t.Errorf("the ledger knows %+v, %v", known, err)
	}
	in := &newsroom.Intake{Source: "lab", At: start, New: []*newsroom.Arrival{arrival("lab", 1)}}
	if err := s.Commit(ctx, in); err != nil || in.New[0].Key != 8 {
		t.Errorf("a new entry: key %d, %v", in.New[0].Key, err)
	}
}

// execute runs a script on a database as it is.
func execute(t *testing.T, driver, dsn, script string) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(script); err != nil {
		t.Fatal(err)
	}
}

var (
	inserts = regexp.MustCompile(`(?m)^INSERT INTO (\w+) VALUES.*;$`)
	blobs   = regexp.MustCompile(`X'([0-9a-f]+)'`)
)

// loadPostgres makes a database of PostgreSQL at that schema by the scripts,
// which are never edited, and fills in the rows of the dump.
func loadPostgres(t *testing.T, dsn string, version int, dump string) {
	t.Helper()
	execute(t, "pgx", dsn, `CREATE TABLE migrations (version BIGINT PRIMARY KEY, sha256 TEXT NOT NULL, applied_at BIGINT NOT NULL)`)
	files, err := filepath.Glob("migrations/postgres/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range files[:version] {
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(script)
		execute(t, "pgx", dsn, string(script))
		execute(t, "pgx", dsn, fmt.Sprintf(`INSERT INTO migrations VALUES (%d, '%s', 0)`, i+1, hex.EncodeToString(sum[:])))
	}
	execute(t, "pgx", dsn, `DELETE FROM sequence`)
	for _, m := range inserts.FindAllStringSubmatch(dump, -1) {
		if m[1] != "migrations" {
			execute(t, "pgx", dsn, blobs.ReplaceAllString(m[0], `'\x$1'`))
		}
	}
}
