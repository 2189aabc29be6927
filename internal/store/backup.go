package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
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
		err = vacuum(ctx, s.file, part)
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

// vacuum copies a SQLite file as it is committed, what stands in its log too,
// on a connection of its own: neither readers nor the writer wait for it.
func vacuum(ctx context.Context, from, to string) error {
	db, err := sql.Open("sqlite", fileURI(from, "mode=ro&_pragma=busy_timeout(5000)"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, `VACUUM INTO $1`, to)
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
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("restore %s: there is no such file", file)
	}
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
	if kept, err = putAside(ctx, target); err != nil {
		os.Remove(part)
		return "", err
	}
	return kept, settleFile(part, target)
}

// freshCopy copies a backup, whose schema may be older, and migrates it. A
// log that lies beside the copy, of one that was killed, would be taken for
// its own.
func freshCopy(ctx context.Context, backup, part string) error {
	for _, suffix := range files {
		if err := os.Remove(part + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := os.WriteFile(part, nil, 0o600); err != nil { // nobody else may read what is copied into it
		return err
	}
	err := vacuum(ctx, backup, part)
	var s *Store
	if err == nil {
		s, err = Open(ctx, part)
	}
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

// files are what the names of a SQLite database's files end in.
var files = []string{"", "-wal", "-shm", "-journal"}

// putAside renames a database that nobody has open, if there is one. A log
// whose database is gone is put aside, too: it would be taken for that of what
// comes in its place.
func putAside(ctx context.Context, file string) (kept string, err error) {
	aside := file + ".before-restore-" + time.Now().UTC().Format("20060102T150405Z")
	if _, err := os.Stat(file); err == nil {
		if err := fold(ctx, file); err != nil {
			return "", err
		}
		kept = aside
	}
	for _, suffix := range files {
		if err := os.Rename(file+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	return kept, nil
}

// fold moves what is in a database's log into its file: that needs the
// database for itself. One that is damaged stays as it is.
func fold(ctx context.Context, file string) error {
	db, err := sql.Open("sqlite", fileURI(file, "_pragma=busy_timeout(1000)"))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `PRAGMA journal_mode = DELETE`)
	if err = errors.Join(err, db.Close()); errors.Is(classify(err), ErrCorrupt) {
		return nil
	}
	return err
}
