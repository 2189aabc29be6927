package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"newswire/internal/newsroom"
)

// keptVersions is how many earlier states of an entry are kept.
const keptVersions = 5

var errDry = errors.New("dry run")

// Commit stores all that one reading of a source changes, in one transaction:
// its entries with their identities and places, and the check that makes the
// source's next answer "not modified". It returns newsroom.ErrFenced if the
// claim has ended, and newsroom.ErrConflict if what was decided from has
// changed; nothing is stored then. It fills in keys and public identifiers.
func (s *Store) Commit(ctx context.Context, in *newsroom.Intake) error {
	err := s.change(ctx, "intake of "+in.Source, func(t *tx) error {
		if err := t.intake(in); err != nil {
			return err
		}
		if in.Dry {
			return errDry
		}
		return nil
	})
	if errors.Is(err, errDry) {
		return nil
	}
	return err
}

func (t *tx) intake(in *newsroom.Intake) error {
	if err := t.passFence(in); err != nil {
		return err
	}
	if len(in.New)+len(in.Revised) > 0 {
		if err := t.place(in); err != nil {
			return err
		}
	}
	source, err := t.sourceKey(in.Source)
	if err != nil {
		return err
	}
	if err := t.insert(in, source); err != nil {
		return err
	}
	for _, r := range in.Revised {
		if err := t.revise(in, source, r); err != nil {
			return err
		}
	}
	if err := t.post(in.Outbox); err != nil {
		return err
	}
	return t.note(in, source)
}

// passFence ends the claim, or only looks whether it still holds.
func (t *tx) passFence(in *newsroom.Intake) error {
	switch {
	case in.Claim == nil:
		return nil
	case in.Check != nil:
		return t.settle(in.Claim, in.Check)
	}
	n, err := t.exec(`UPDATE sources SET fence = fence WHERE slug = $1 AND fence = $2 AND owner = $3`, in.Source, in.Claim.Fence, in.Claim.Owner)
	if err == nil && n == 0 {
		err = newsroom.ErrFenced
	}
	return err
}

// place gives new entries their keys and identifiers and lets the door decide
// who stands where. Taking the keys makes writers queue, on both engines: two
// sources cannot bring the same link at once without seeing each other.
func (t *tx) place(in *newsroom.Intake) error {
	last, err := t.rowNumber(`UPDATE sequence SET last = last + $1 WHERE name = 'entries' RETURNING last`, len(in.New))
	if err != nil {
		return err
	}
	for i, a := range in.New {
		a.Key = last - int64(i) // a document's first entry is the latest
	}
	if err := t.identify(in.New); err != nil {
		return err
	}
	neighbors, err := t.neighbors(in)
	if err != nil {
		return err
	}
	if in.Place == nil {
		return nil
	}
	placing := in.Place(neighbors)
	for _, seat := range placing.Evicted {
		if err := t.evict(seat); err != nil {
			return err
		}
	}
	for _, m := range placing.Mentioned {
		if err := t.mention(m); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) rowNumber(query string, args ...any) (n int64, err error) {
	err = querier(t.query).each(func(rows *sql.Rows) error { return rows.Scan(&n) }, query, args...)
	return n, err
}

// identify gives each new entry the first of its identifiers that is free.
func (t *tx) identify(arrivals []*newsroom.Arrival) error {
	taken := map[int64]bool{}
	open := slices.Clone(arrivals)
	for choice := 0; len(open) > 0; choice++ {
		var hashes []int64
		for _, a := range open {
			if choice >= len(a.IDs) {
				return newsroom.ErrConflict
			}
			hashes = append(hashes, shortHash(a.IDs[choice]))
		}
		err := inList(t.s, `SELECT hash FROM ids WHERE hash IN (…)`, nil, hashes, func(query string, args []any) error {
			return querier(t.query).each(func(rows *sql.Rows) error {
				var hash int64
				err := rows.Scan(&hash)
				taken[hash] = true
				return err
			}, query, args...)
		})
		if err != nil {
			return err
		}
		var rest []*newsroom.Arrival
		for i, a := range open {
			if taken[hashes[i]] {
				rest = append(rest, a)
				continue
			}
			a.ID, taken[hashes[i]] = a.IDs[choice], true
		}
		open = rest
	}
	return nil
}

// shortHash is what identifiers are found by.
func shortHash(s string) int64 {
	sum := sha256.Sum256([]byte(s))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// neighbors finds what stands under the links of the intake's entries.
func (t *tx) neighbors(in *newsroom.Intake) (newsroom.Neighbors, error) {
	var links []int64
	for _, a := range in.New {
		if a.LinkHash != 0 {
			links = append(links, a.LinkHash)
		}
	}
	for _, r := range in.Revised {
		if r.LinkHash != 0 {
			links = append(links, r.LinkHash)
		}
	}
	type place struct {
		link int64
		at   int
		sort int64
	}
	found := newsroom.Neighbors{}
	var places []place
	err := inList(t.s, `SELECT l.hash, e.key, s.slug, e.house, e.verdict, e.sort FROM links l
		JOIN entries e ON e.key = l.entry JOIN sources s ON s.key = e.source WHERE l.hash IN (…) ORDER BY e.key`, nil, links,
		func(query string, args []any) error {
			return querier(t.query).each(func(rows *sql.Rows) error {
				var n newsroom.Neighbor
				var link, house, verdict, sort int64
				if err := rows.Scan(&link, &n.Key, &n.Source, &house, &verdict, &sort); err != nil {
					return err
				}
				n.House, n.Decision = house != 0, decision(verdict)
				places = append(places, place{link, len(found[link]), sort})
				found[link] = append(found[link], n)
				return nil
			}, query, args...)
		})
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		n := &found[p.link][p.at]
		if n.Channels, err = channelsOf(t.query, n.Key, p.sort); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// channelsOf returns the channels in which an entry stands, by name.
func channelsOf(q querier, key, sort int64) (names []string, err error) {
	err = q.each(func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		names = append(names, name)
		return err
	}, `SELECT c.name FROM channels c WHERE EXISTS
		(SELECT 1 FROM members m WHERE m.channel = c.key AND m.sort = $1 AND m.entry = $2) ORDER BY c.name`, sort, key)
	return names, err
}

// evict takes an entry's place in a channel. One that stands nowhere then is
// a duplicate.
func (t *tx) evict(seat newsroom.Seat) error {
	if _, err := t.exec(`DELETE FROM members WHERE channel = (SELECT key FROM channels WHERE name = $1)
		AND sort = (SELECT sort FROM entries WHERE key = $2) AND entry = $2`, seat.Channel, seat.Key); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE entries SET rule = $1 WHERE key = $2 AND NOT EXISTS
		(SELECT 1 FROM channels c JOIN members m ON m.channel = c.key WHERE m.sort = entries.sort AND m.entry = entries.key)`,
		newsroom.RuleDuplicate, seat.Key)
	return err
}

func (t *tx) mention(m newsroom.Mention) error {
	var also string
	if err := querier(t.query).each(func(rows *sql.Rows) error { return rows.Scan(&also) },
		`SELECT also FROM entries WHERE key = $1`, m.Key); err != nil {
		return err
	}
	sources := strings.Fields(also)
	if slices.Contains(sources, m.Source) {
		return nil
	}
	_, err := t.exec(`UPDATE entries SET also = $1 WHERE key = $2`, strings.Join(append(sources, m.Source), " "), m.Key)
	return err
}
