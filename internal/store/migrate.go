package store

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations
var migrations embed.FS

// A migration is one numbered step of the schema. Once it has shipped it is
// never edited.
type migration struct {
	version int
	script  string
	sum     string // sha256 of the script
}

// migrate brings the schema up to date, each step in a transaction of its
// own. It refuses a schema that is newer than this program and one that was
// made by other scripts.
func (s *Store) migrate(ctx context.Context, scripts fs.FS) error {
	steps, err := readMigrations(scripts, s.dialect.name)
	if err != nil {
		return err
	}
	done, err := s.migrated(ctx)
	if err != nil {
		return err
	}
	if err := agree(steps, done); err != nil {
		return err
	}
	if len(done) == len(steps) {
		return nil
	}
	if err := s.backupBeforeMigration(ctx, len(done)); err != nil {
		return err
	}
	for _, step := range steps {
		if err := s.apply(ctx, step); err != nil {
			return fmt.Errorf("migration %04d: %w", step.version, err)
		}
	}
	return nil
}

// agree checks that what was done to the schema is the beginning of what this
// program would do.
func agree(steps []migration, done []migration) error {
	for i, d := range done {
		if i >= len(steps) {
			return fmt.Errorf("%w: it is at version %d, this program knows only %d; use the newer program, or restore the backup made before it", ErrSchema, d.version, len(steps))
		}
		if d.version != steps[i].version || d.sum != steps[i].sum {
			return fmt.Errorf("%w: migration %04d was made by another script", ErrSchema, d.version)
		}
	}
	return nil
}

// migrated returns the steps that were done, without their scripts.
func (s *Store) migrated(ctx context.Context) (done []migration, err error) {
	var tables int
	if err := s.write.QueryRowContext(ctx, s.dialect.hasTable, "migrations").Scan(&tables); err != nil {
		return nil, err
	}
	if tables == 0 {
		return nil, nil
	}
	rows, err := s.write.QueryContext(ctx, `SELECT version, sha256 FROM migrations ORDER BY version`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m migration
		if err := rows.Scan(&m.version, &m.sum); err != nil {
			return nil, err
		}
		done = append(done, m)
	}
	return done, rows.Err()
}

// apply does one step, unless another process has just done it.
func (s *Store) apply(ctx context.Context, step migration) error {
	t, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback() // does nothing after Commit
	for _, query := range []string{s.dialect.patient, s.dialect.lock} {
		if query == "" {
			continue
		}
		if _, err := t.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	if _, err := t.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migrations (version BIGINT PRIMARY KEY, sha256 TEXT NOT NULL, applied_at BIGINT NOT NULL)`); err != nil {
		return err
	}
	var there int
	if err := t.QueryRowContext(ctx, `SELECT count(*) FROM migrations WHERE version = $1`, step.version).Scan(&there); err != nil || there > 0 {
		return err
	}
	if _, err := t.ExecContext(ctx, step.script); err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, `INSERT INTO migrations (version, sha256, applied_at) VALUES ($1, $2, $3)`,
		step.version, step.sum, time.Now().UnixMilli()); err != nil {
		return err
	}
	return t.Commit()
}

// readMigrations reads migrations/ENGINE/NNNN_name.sql; the numbers must have
// no gap.
func readMigrations(scripts fs.FS, engine string) ([]migration, error) {
	dir := path.Join("migrations", engine)
	files, err := fs.Glob(scripts, path.Join(dir, "*.sql"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var steps []migration
	for i, file := range files {
		number, _, _ := strings.Cut(path.Base(file), "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != i+1 {
			return nil, fmt.Errorf("%s: number %04d is next", file, i+1)
		}
		script, err := fs.ReadFile(scripts, file)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(script)
		steps = append(steps, migration{version, string(script), hex.EncodeToString(sum[:])})
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("no migrations for %s", engine)
	}
	return steps, nil
}
