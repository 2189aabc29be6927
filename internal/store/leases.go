package store

import (
	"context"
	"database/sql"
)

// FreeDead ends the claims of owners that are dead, so that a restart after a
// crash does not wait for their leases. The fence moves on: should one of them
// be alive after all, what it writes is refused. On PostgreSQL, where owners
// may live on other machines, it does nothing.
func (s *Store) FreeDead(ctx context.Context, dead func(owner string) bool) (freed int, err error) {
	if s.dialect != sqlite {
		return 0, nil
	}
	err = s.change(ctx, "free dead claims", func(t *tx) error {
		var owners []string
		err := querier(t.query).each(func(rows *sql.Rows) error {
			var owner string
			err := rows.Scan(&owner)
			owners = append(owners, owner)
			return err
		}, `SELECT DISTINCT owner FROM sources WHERE lease_until > 0`)
		for _, owner := range owners {
			if err != nil || !dead(owner) {
				continue
			}
			var n int64
			n, err = t.exec(`UPDATE sources SET lease_until = 0, owner = '', fence = fence + 1 WHERE owner = $1 AND lease_until > 0`, owner)
			freed += int(n)
		}
		return err
	})
	return freed, err
}
