package store

import "context"

func (s *Store) backupBeforeMigration(ctx context.Context, version int) error { return nil }
