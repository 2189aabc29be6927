package store

import (
	"database/sql"
	"sync"
)

// An index maps the names of a small table to its keys and back. Rows of
// these tables are never deleted or renamed, so what is known stays true.
type index struct {
	mu    sync.RWMutex
	keys  map[string]int64
	names map[int64]string
}

func (x *index) key(name string) (int64, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	key, ok := x.keys[name]
	return key, ok
}

func (x *index) put(name string, key int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.keys == nil {
		x.keys, x.names = map[string]int64{}, map[int64]string{}
	}
	x.keys[name], x.names[key] = key, name
}

func (x *index) name(key int64) (string, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	name, ok := x.names[key]
	return name, ok
}

// load reads the whole table by the query, which answers key and name.
func (x *index) load(q querier, query string) error {
	return q.each(func(rows *sql.Rows) error {
		var key int64
		var name string
		if err := rows.Scan(&key, &name); err != nil {
			return err
		}
		x.put(name, key)
		return nil
	}, query)
}

const (
	allSources  = `SELECT key, slug FROM sources`
	allChannels = `SELECT key, name FROM channels`
)

// find returns the key of a name, reading the table when it is not known yet.
func (x *index) find(q querier, query, name string) (int64, bool, error) {
	if key, ok := x.key(name); ok {
		return key, true, nil
	}
	if err := x.load(q, query); err != nil {
		return 0, false, err
	}
	key, ok := x.key(name)
	return key, ok, nil
}

// called returns the name of a key, reading the table when it is not known
// yet.
func (x *index) called(q querier, query string, key int64) (string, error) {
	if name, ok := x.name(key); ok {
		return name, nil
	}
	if err := x.load(q, query); err != nil {
		return "", err
	}
	name, _ := x.name(key)
	return name, nil
}

// sourceKey returns the key of a source, making its row if there is none. Its
// row is remembered only outside: this transaction may yet be undone.
func (t *tx) sourceKey(slug string) (int64, error) {
	if key, ok := t.s.slugs.key(slug); ok {
		return key, nil
	}
	return t.rowKey(`INSERT INTO sources (slug, next) VALUES ($1, 0) ON CONFLICT (slug) DO UPDATE SET slug = excluded.slug RETURNING key`, slug)
}

// channelKey does the same for a channel.
func (t *tx) channelKey(name string) (int64, error) {
	if key, ok := t.s.channels.key(name); ok {
		return key, nil
	}
	return t.rowKey(`INSERT INTO channels (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING key`, name)
}

func (t *tx) rowKey(query, name string) (key int64, err error) {
	rows, err := t.query(query, name)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if rows.Next() {
		err = rows.Scan(&key)
	}
	if err == nil {
		err = rows.Err()
	}
	return key, err
}
