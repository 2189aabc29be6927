-- Times are unix milliseconds, 0 for none. Hashes are integers or 16 bytes.
CREATE TABLE meta (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What was last given out. Taking from it also makes writers queue.
CREATE TABLE sequence (
	name TEXT PRIMARY KEY,
	last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO sequence (name, last) VALUES ('entries', 0);

-- A source's schedule and claim, and all that is remembered between two polls.
CREATE TABLE sources (
	key         INTEGER PRIMARY KEY,
	slug        TEXT NOT NULL UNIQUE,
	next        INTEGER NOT NULL,
	lease_until INTEGER NOT NULL DEFAULT 0,
	owner       TEXT NOT NULL DEFAULT '',
	fence       INTEGER NOT NULL DEFAULT 0,
	state       TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX sources_next ON sources (next);

-- guid and link are NULL where they equal id: most do.
CREATE TABLE entries (
	key        INTEGER PRIMARY KEY,
	source     INTEGER NOT NULL REFERENCES sources (key),
	house      INTEGER NOT NULL,
	verdict    INTEGER NOT NULL,
	raw        INTEGER NOT NULL,
	hash       INTEGER NOT NULL,
	text_hash  INTEGER NOT NULL,
	link_hash  INTEGER NOT NULL,
	first_seen INTEGER NOT NULL,
	sort       INTEGER NOT NULL,
	published  INTEGER NOT NULL,
	updated    INTEGER NOT NULL,
	changed    INTEGER NOT NULL,
	touched    INTEGER NOT NULL,
	withdrawn  INTEGER NOT NULL,
	purged     INTEGER NOT NULL,
	words      INTEGER NOT NULL,
	rule       TEXT NOT NULL,
	id         TEXT NOT NULL,
	guid       TEXT,
	link       TEXT,
	title      TEXT NOT NULL,
	also       TEXT NOT NULL,
	meta       TEXT NOT NULL,
	summary    TEXT NOT NULL,
	content    TEXT NOT NULL
) STRICT;
CREATE INDEX entries_seen ON entries (first_seen);
CREATE INDEX entries_held ON entries (source) WHERE verdict = 2;
CREATE INDEX entries_house ON entries (sort) WHERE house = 1;

-- The ledger: it outlives every retention. Entry 0: several entries share it.
CREATE TABLE aliases (
	source     INTEGER NOT NULL,
	hash       BLOB NOT NULL,
	kind       INTEGER NOT NULL,
	entry      INTEGER NOT NULL,
	first_seen INTEGER NOT NULL,
	PRIMARY KEY (source, hash)
) STRICT, WITHOUT ROWID;

-- Public identifiers, by hash: no two entries have the same.
CREATE TABLE ids (
	hash  INTEGER PRIMARY KEY,
	entry INTEGER NOT NULL
) STRICT;

-- Canonical links, by hash: what several sources carry.
CREATE TABLE links (
	hash  INTEGER NOT NULL,
	entry INTEGER NOT NULL,
	PRIMARY KEY (hash, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE channels (
	key  INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;

-- Who stands in which channel. Reading a line-up is a walk along this key.
CREATE TABLE members (
	channel INTEGER NOT NULL,
	sort    INTEGER NOT NULL,
	entry   INTEGER NOT NULL,
	source  INTEGER NOT NULL,
	house   INTEGER NOT NULL,
	PRIMARY KEY (channel, sort, entry)
) STRICT, WITHOUT ROWID;

-- Who stood in a channel until it was withdrawn.
CREATE TABLE withdrawals (
	channel INTEGER NOT NULL,
	at      INTEGER NOT NULL,
	entry   INTEGER NOT NULL,
	PRIMARY KEY (channel, at, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE versions (
	entry     INTEGER NOT NULL,
	at        INTEGER NOT NULL,
	text_hash INTEGER NOT NULL,
	title     TEXT NOT NULL,
	link      TEXT NOT NULL,
	summary   TEXT NOT NULL,
	content   TEXT NOT NULL,
	PRIMARY KEY (entry, at)
) STRICT;

-- What must be done outside, at least once, under a natural key.
CREATE TABLE outbox (
	kind     TEXT NOT NULL,
	name     TEXT NOT NULL,
	due      INTEGER NOT NULL,
	tries    INTEGER NOT NULL DEFAULT 0,
	done     INTEGER NOT NULL DEFAULT 0,
	payload  TEXT NOT NULL,
	PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (kind, due) WHERE done = 0;

-- What was last published under each path, so that a restart moves no date.
CREATE TABLE publications (
	path     TEXT PRIMARY KEY,
	etag     TEXT NOT NULL,
	modified INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
