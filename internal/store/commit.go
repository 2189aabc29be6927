package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
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
	var placing newsroom.Placing
	if len(in.New)+len(in.Revised) > 0 {
		var err error
		if placing, err = t.place(in); err != nil {
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
	for _, v := range placing.Voiced {
		if err := t.voice(v); err != nil {
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
func (t *tx) place(in *newsroom.Intake) (placing newsroom.Placing, err error) {
	last, err := t.rowNumber(`UPDATE sequence SET last = last + $1 WHERE name = 'entries' RETURNING last`, len(in.New))
	if err != nil {
		return placing, err
	}
	for i, a := range in.New {
		a.Key = last - int64(i) // a document's first entry is the latest
	}
	if err := t.identify(in.New); err != nil {
		return placing, err
	}
	neighbors, err := t.neighbors(in)
	if err != nil {
		return placing, err
	}
	if in.Place == nil {
		return placing, nil
	}
	placing = in.Place(neighbors)
	for _, seat := range placing.Evicted {
		if err := t.evict(seat); err != nil {
			return placing, err
		}
	}
	for _, m := range placing.Mentioned {
		if err := t.mention(m); err != nil {
			return placing, err
		}
	}
	return placing, nil
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
	found := newsroom.Neighbors{}
	if err := t.neighborsBy(`l.hash IN (…)`, links, found); err != nil {
		return nil, err
	}
	return found, t.heard(in, found)
}

// heard adds the entries that stand in the words of one that is revised: its
// link may be another from now on.
func (t *tx) heard(in *newsroom.Intake, found newsroom.Neighbors) error {
	for _, r := range in.Revised {
		var holders []int64
		err := querier(t.query).each(func(rows *sql.Rows) error {
			var key int64
			err := rows.Scan(&key)
			holders = append(holders, key)
			return err
		}, `SELECT DISTINCT entry FROM members WHERE voice = $1 AND voice <> 0`, r.Key)
		if err != nil {
			return err
		}
		holders = slices.DeleteFunc(holders, func(key int64) bool {
			return slices.ContainsFunc(found[r.LinkHash], func(n newsroom.Neighbor) bool { return n.Key == key })
		})
		more := newsroom.Neighbors{}
		if err := t.neighborsBy(`l.entry IN (…)`, holders, more); err != nil {
			return err
		}
		for _, list := range more {
			found[r.LinkHash] = append(found[r.LinkHash], list...)
		}
	}
	return nil
}

// neighborsBy finds entries by a condition on links, in the order of their
// keys.
func (t *tx) neighborsBy(where string, values []int64, found newsroom.Neighbors) error {
	type place struct {
		link int64
		at   int
		sort int64
	}
	var places []place
	err := inList(t.s, `SELECT l.hash, e.key, s.slug, s.state, e.house, e.verdict, e.sort FROM links l
		JOIN entries e ON e.key = l.entry JOIN sources s ON s.key = e.source WHERE `+where+` ORDER BY e.key`, nil, values,
		func(query string, args []any) error {
			return querier(t.query).each(func(rows *sql.Rows) error {
				var n newsroom.Neighbor
				var link, house, verdict, sort int64
				var state sql.RawBytes
				if err := rows.Scan(&link, &n.Key, &n.Source, &state, &house, &verdict, &sort); err != nil {
					return err
				}
				n.House, n.Decision = house != 0, decision(verdict)
				places = append(places, place{link, len(found[link]), sort})
				found[link] = append(found[link], n)
				return siteOf(state, &found[link][len(found[link])-1])
			}, query, args...)
		})
	for _, p := range places {
		if err != nil {
			return err
		}
		n := &found[p.link][p.at]
		n.Channels, n.Voices, err = placesOf(t.query, n.Key, p.sort)
	}
	return err
}

// siteOf reads from what is remembered of a source which site its feed names.
func siteOf(state []byte, n *newsroom.Neighbor) error {
	var check struct {
		SiteURL string `json:"site_url"`
	}
	err := json.Unmarshal(state, &check)
	n.Site = check.SiteURL
	return err
}

// placesOf returns the channels in which an entry stands, by name, and in
// whose words.
func placesOf(q querier, key, sort int64) (names []string, voices map[string]int64, err error) {
	err = q.each(func(rows *sql.Rows) error {
		var name string
		var voice int64
		err := rows.Scan(&name, &voice)
		names = append(names, name)
		if voice != 0 {
			if voices == nil {
				voices = map[string]int64{}
			}
			voices[name] = voice
		}
		return err
	}, `SELECT c.name, m.voice FROM channels c JOIN members m ON m.channel = c.key AND m.sort = $1 AND m.entry = $2 ORDER BY c.name`, sort, key)
	return names, voices, err
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
	if _, err := t.exec(markLostQuery+` SELECT channel, 0, entry, 0 FROM members WHERE channel = (SELECT key FROM channels WHERE name = $1)
		AND sort = (SELECT sort FROM entries WHERE key = $2) AND entry = $2 AND due < 2 ON CONFLICT DO NOTHING`, seat.Channel, seat.Key); err != nil {
		return err
	}
	if _, err := t.exec(`DELETE FROM members WHERE channel = (SELECT key FROM channels WHERE name = $1)
		AND sort = (SELECT sort FROM entries WHERE key = $2) AND entry = $2`, seat.Channel, seat.Key); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE entries SET rule = $1 WHERE key = $2 AND NOT EXISTS
		(SELECT 1 FROM channels c JOIN members m ON m.channel = c.key WHERE m.sort = entries.sort AND m.entry = entries.key)`,
		newsroom.RuleDuplicate, seat.Key)
	return err
}

// voice says in whose words an entry stands in a channel. Caps count it as the
// source's that speaks.
func (t *tx) voice(v newsroom.Voicing) error {
	_, err := t.exec(`UPDATE members SET voice = $3, source = (SELECT source FROM entries WHERE key = $4),
		due = CASE WHEN due = 0 AND voice <> $3 THEN 1 ELSE due END
		WHERE channel = (SELECT key FROM channels WHERE name = $1) AND sort = (SELECT sort FROM entries WHERE key = $2) AND entry = $2`,
		v.Channel, v.Key, v.Voice, cmp.Or(v.Voice, v.Key))
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
	sources = append(sources, m.Source)
	slices.Sort(sources)
	_, err := t.exec(`UPDATE entries SET also = $1 WHERE key = $2`, strings.Join(sources, " "), m.Key)
	return err
}
