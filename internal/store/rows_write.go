package store

import "newswire/internal/newsroom"

// insert writes the new entries with their identities and places. It writes
// them in the order of their keys, at the end of the table.
func (t *tx) insert(in *newsroom.Intake, source int64) (err error) {
	var entries, aliases, ids, links []any
	count := 0
	for i := len(in.New) - 1; i >= 0; i-- {
		a := in.New[i]
		if entries, err = appendEntry(entries, &a.Entry, source, a.Raw, a.LinkHash); err != nil {
			return err
		}
		for _, alias := range a.Aliases {
			aliases = append(aliases, source, alias.Hash[:], int64(alias.Kind), a.Key, ms(in.At))
			count++
		}
		ids = append(ids, shortHash(a.ID), a.Key)
		if a.LinkHash != 0 {
			links = append(links, a.LinkHash, a.Key)
		}
	}
	if err := t.insertAll(`INSERT INTO entries (`+entryColumns+`) VALUES (…)`, entryColumnCount, entries, len(in.New)); err != nil {
		return err
	}
	if err := t.insertAll(`INSERT INTO aliases (source, hash, kind, entry, first_seen) VALUES (…) ON CONFLICT DO NOTHING`, 5, aliases, count); err != nil {
		return err
	}
	if err := t.insertAll(`INSERT INTO ids (hash, entry) VALUES (…) ON CONFLICT DO NOTHING`, 2, ids, len(in.New)); err != nil {
		return err
	}
	if err := t.insertAll(`INSERT INTO links (hash, entry) VALUES (…)`, 2, links, len(links)/2); err != nil {
		return err
	}
	return t.seatArrivals(in, source)
}

// insertAll inserts rows of which each must be new: one that is not was
// stored by somebody else after the decision.
func (t *tx) insertAll(query string, columns int, values []any, want int) error {
	inserted := int64(0)
	err := valueRows(t.s, query, columns, values, func(query string, args []any) error {
		n, err := t.exec(query, args...)
		inserted += n
		return err
	})
	if err == nil && inserted != int64(want) {
		err = newsroom.ErrConflict
	}
	return err
}

func (t *tx) seatArrivals(in *newsroom.Intake, source int64) error {
	var members []any
	for _, a := range in.New {
		if !a.Withdrawn.IsZero() {
			continue
		}
		for _, name := range a.Channels {
			channel, err := t.channelKey(name)
			if err != nil {
				return err
			}
			members = append(members, channel, ms(a.Sort), a.Key, source, flag(a.House), owedEntry)
		}
	}
	return t.insertAll(seatQuery, 6, members, len(members)/6)
}

const seatQuery = `INSERT INTO members (channel, sort, entry, source, house, due) VALUES (…)`

// revise changes an entry that stands, unless somebody else has.
func (t *tx) revise(in *newsroom.Intake, source int64, r *newsroom.Revision) error {
	if r.Former != nil {
		if err := t.keepVersion(r.Former, ms(in.At)); err != nil {
			return err
		}
	}
	if err := t.rewrite(in, r); err != nil {
		return err
	}
	if r.LinkHash != 0 {
		if _, err := t.exec(`INSERT INTO links (hash, entry) VALUES ($1, $2) ON CONFLICT DO NOTHING`, r.LinkHash, r.Key); err != nil {
			return err
		}
	}
	return t.reseat(source, r)
}

// rewrite writes the row. What never changes is not written: key, source, id,
// first_seen, sort, published.
func (t *tx) rewrite(in *newsroom.Intake, r *newsroom.Revision) error {
	e := &r.Entry
	var n int64
	var err error
	if !r.Content {
		// Whoever decided from a text, a verdict or a withdrawal that is another
		// by now must decide again: what was withdrawn would stand again.
		n, err = t.exec(`UPDATE entries SET verdict = $2, rule = $3 WHERE key = $1 AND verdict = $4 AND rule = $5 AND hash = $6 AND withdrawn = $7`,
			e.Key, decisionCode(e.Verdict.Decision), clean(e.Verdict.Rule),
			decisionCode(r.Before.Verdict.Decision), clean(r.Before.Verdict.Rule), parseHash(r.Before.Hash), ms(r.Before.Withdrawn))
	} else {
		var meta string
		if meta, err = writeMeta(e); err != nil {
			return err
		}
		n, err = t.exec(`UPDATE entries SET verdict = $3, rule = $4, raw = $5, hash = $6, text_hash = $7, link_hash = $8,
			updated = $9, changed = $10, touched = $11, withdrawn = $12, purged = 0, words = $13, guid = $14, link = $15, title = $16,
			meta = $17, summary = $18, content = $19 WHERE key = $1 AND raw = $2`,
			e.Key, r.Old, decisionCode(e.Verdict.Decision), clean(e.Verdict.Rule), r.Raw, parseHash(e.Hash), parseHash(e.TextHash), r.LinkHash,
			ms(e.Updated), ms(e.Changed), ms(in.At), ms(e.Withdrawn), int64(e.Words), unless(e.GUID, e.ID), unless(e.Link, e.ID), clean(e.Title),
			meta, clean(string(e.Summary)), clean(string(e.Content)))
	}
	if err == nil && n == 0 {
		err = newsroom.ErrConflict
	}
	return err
}

// keepVersion keeps an entry as it stood until at, and the last few before it.
func (t *tx) keepVersion(e *newsroom.Entry, at int64) error {
	if _, err := t.exec(`INSERT INTO versions (entry, at, text_hash, title, link, summary, content) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (entry, at) DO NOTHING`,
		e.Key, at, parseHash(e.TextHash), clean(e.Title), clean(e.Link), clean(string(e.Summary)), clean(string(e.Content))); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM versions WHERE entry = $1 AND at NOT IN (SELECT at FROM versions WHERE entry = $1 ORDER BY at DESC LIMIT $2)`,
		e.Key, keptVersions)
	return err
}

// note writes what the ledger learned of entries that it knew.
func (t *tx) note(in *newsroom.Intake, source int64) error {
	for _, r := range in.Renamed {
		if _, err := t.exec(`INSERT INTO aliases (source, hash, kind, entry, first_seen) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (source, hash) DO UPDATE SET entry = excluded.entry`, source, r.Alias.Hash[:], int64(r.Alias.Kind), r.Key, ms(in.At)); err != nil {
			return err
		}
	}
	for _, r := range in.Resight {
		if _, err := t.exec(`UPDATE entries SET raw = $2 WHERE key = $1`, r.Key, r.Raw); err != nil {
			return err
		}
	}
	return nil
}
