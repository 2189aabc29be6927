package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Backup writes a consistent copy of the database to file while everything
// goes on, and verifies it. The copy of either engine is a SQLite file, which
// Restore takes for either. It returns ErrExists rather than overwrite one.
func (s *Store) Backup(ctx context.Context, file string) (err error) {
	if _, err := os.Stat(file); err == nil {
		return fmt.Errorf("backup %s: %w", file, ErrExists)
	}
	part := file + ".part"
	defer func() {
		if err != nil {
			os.Remove(part)
		}
	}()
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("backup: %w", err)
	}
	if s.file != "" {
		err = s.vacuumInto(ctx, part)
	} else {
		err = s.copyInto(ctx, part)
	}
	if err == nil {
		err = verify(ctx, part)
	}
	if err == nil {
		err = settleFile(part, file)
	}
	if err != nil {
		return fmt.Errorf("backup %s: %w", file, classify(err))
	}
	return nil
}

// vacuumInto copies a SQLite file as it is committed, on a connection of its
// own: neither readers nor the writer wait for it.
func (s *Store) vacuumInto(ctx context.Context, part string) error {
	db, err := sql.Open("sqlite", fileURI(s.file, "mode=ro&_pragma=busy_timeout(5000)"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, `VACUUM INTO $1`, part)
	return err
}

// copyInto copies another engine's rows into a new SQLite file.
func (s *Store) copyInto(ctx context.Context, part string) (err error) {
	to, err := Open(ctx, part)
	if err != nil {
		return err
	}
	if err := copyRows(ctx, s, to); err != nil {
		to.Close()
		return err
	}
	return to.foldAndClose(ctx)
}

// foldAndClose moves what is in the write-ahead log into the file, so that
// the file alone is the database.
func (s *Store) foldAndClose(ctx context.Context) error {
	err := errors.Join(s.writer.close(), s.read.Close())
	if err != nil {
		s.write.Close()
		return err
	}
	_, err = s.write.ExecContext(ctx, `PRAGMA journal_mode = DELETE`)
	return errors.Join(err, s.write.Close())
}

// verify checks a SQLite file page by page, and that this program knows its
// schema.
func verify(ctx context.Context, file string) error {
	db, err := sql.Open("sqlite", fileURI(file, "mode=ro"))
	if err != nil {
		return err
	}
	defer db.Close()
	var report string
	if err := db.QueryRowContext(ctx, `SELECT group_concat(integrity_check, '; ') FROM pragma_integrity_check`).Scan(&report); err != nil {
		return err
	}
	if report != "ok" {
		return fmt.Errorf("%w: %s", ErrCorrupt, report)
	}
	steps, err := readMigrations(migrations, sqlite.name)
	if err != nil {
		return err
	}
	probe := &Store{dialect: sqlite, write: db}
	done, err := probe.migrated(ctx)
	if err == nil && len(done) == 0 {
		err = fmt.Errorf("%w: this is no database of ours", ErrSchema)
	}
	return cmp.Or(err, agree(steps, done))
}

// settleFile makes a written file durable, and then gives it its name.
func settleFile(part, file string) error {
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = errors.Join(f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(part, file)
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(file))
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// backupBeforeMigration keeps a verified copy of an existing SQLite database,
// beside it, before its schema is changed. For a server, that is its
// operator's business.
func (s *Store) backupBeforeMigration(ctx context.Context, version int) error {
	if s.file == "" || version == 0 {
		return nil
	}
	file := fmt.Sprintf("%s.v%d-%s.bak", s.file, version, time.Now().UTC().Format("20060102T150405.000Z"))
	return s.Backup(ctx, file)
}

// Restore puts a backup in the place of the database that dsn names, after it
// has verified it and brought its schema up to date. A SQLite file that stood
// there is kept beside it, and its new name returned; no program may have it
// open. A PostgreSQL database must be empty.
func Restore(ctx context.Context, dsn, file string) (kept string, err error) {
	if err := verify(ctx, file); err != nil {
		return "", fmt.Errorf("restore %s: %w", file, classify(err))
	}
	target, err := open(dsn)
	if err != nil {
		return "", err
	}
	if target.file == "" {
		err = target.refill(ctx, file)
	} else {
		target.Close()
		kept, err = replaceFile(ctx, target.file, file)
	}
	if err != nil {
		return "", fmt.Errorf("restore %s: %w", file, classify(err))
	}
	return kept, nil
}

// replaceFile puts a copy of the backup in the place of a SQLite database.
func replaceFile(ctx context.Context, target, backup string) (kept string, err error) {
	part := target + ".restore"
	if err := freshCopy(ctx, backup, part); err != nil {
		return "", err
	}
	if _, err := os.Stat(target); err == nil {
		if kept, err = putAside(ctx, target); err != nil {
			os.Remove(part)
			return "", err
		}
	}
	return kept, settleFile(part, target)
}

// freshCopy copies a backup, whose schema may be older, and migrates it.
func freshCopy(ctx context.Context, backup, part string) error {
	if err := copyFile(backup, part); err != nil {
		return err
	}
	s, err := Open(ctx, part)
	if err == nil {
		err = s.foldAndClose(ctx)
	}
	if err == nil {
		err = verify(ctx, part)
	}
	if err != nil {
		os.Remove(part)
	}
	return err
}

// putAside renames a database that nobody has open.
func putAside(ctx context.Context, file string) (kept string, err error) {
	db, err := sql.Open("sqlite", fileURI(file, "_pragma=busy_timeout(1000)"))
	if err != nil {
		return "", err
	}
	// Leaving WAL mode needs the file for itself, and empties the log.
	_, err = db.ExecContext(ctx, `PRAGMA journal_mode = DELETE`)
	if err = errors.Join(err, db.Close()); err != nil && !errors.Is(classify(err), ErrCorrupt) {
		return "", err
	}
	kept = file + ".before-restore-" + time.Now().UTC().Format("20060102T150405Z")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if e := os.Rename(file+suffix, kept+suffix); e != nil && (suffix == "" || !errors.Is(e, os.ErrNotExist)) {
			return "", e
		}
	}
	return kept, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
