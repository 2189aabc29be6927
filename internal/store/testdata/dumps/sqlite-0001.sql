-- A database at schema 1, as .dump writes it, with what real ones have: entries that are held, hidden,
-- purged, ours, without a title; an alias that several share; and dirt: an alias and a place of entries that are not there.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE migrations (version BIGINT PRIMARY KEY, sha256 TEXT NOT NULL, applied_at BIGINT NOT NULL);
INSERT INTO migrations VALUES(1,'196e2b569d08ecfad8857cd52ac1984d78fc04212d39ff27fe56537302c54f59',1772366400000);
CREATE TABLE meta (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('applied','{}');
CREATE TABLE sequence (
	name TEXT PRIMARY KEY,
	last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO sequence VALUES('entries',7);
CREATE TABLE sources (
	key         INTEGER PRIMARY KEY,
	slug        TEXT NOT NULL UNIQUE,
	next        INTEGER NOT NULL,
	lease_until INTEGER NOT NULL DEFAULT 0,
	owner       TEXT NOT NULL DEFAULT '',
	fence       INTEGER NOT NULL DEFAULT 0,
	state       TEXT NOT NULL DEFAULT '{}'
) STRICT;
INSERT INTO sources VALUES(1,'lab',1772366400000,0,'',7,'{"polls":3,"site_url":"https://lab.example/","window":["0a0b0c0d0e0f"],"validators":{"etag":"\"x\""}}');
INSERT INTO sources VALUES(2,'daily',0,99999999999999,'dead/1',1,'{}');
INSERT INTO sources VALUES(3,'articles',0,0,'',0,'{}');
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
INSERT INTO entries VALUES(1,1,0,0,11,-7919,13,17,1772366460000,1772366460000,1772366460000,0,0,0,0,0,2,'default','urn:dump:1',NULL,'https://lab.example/1','Überschrift 量子 𝔸','daily','{}','<p>Short.</p>','<p>Long.</p>');
INSERT INTO entries VALUES(2,2,0,0,22,-15838,26,34,1772366520000,1772366520000,1772366520000,0,0,0,0,0,2,'duplicate','urn:dump:2',NULL,'https://lab.example/1','Entry','','{}','<p>Short.</p>','<p>Long.</p>');
INSERT INTO entries VALUES(3,1,0,2,33,-23757,39,51,1772366580000,1772366580000,1772366580000,0,0,0,0,0,2,'guard.burst','urn:dump:3',NULL,'https://lab.example/3','Entry','','{}','<p>Short.</p>','<p>Long.</p>');
INSERT INTO entries VALUES(4,1,0,1,44,-31676,52,68,1772366640000,1772366640000,1772366640000,0,0,0,1772370000000,0,2,'overrides.hide','urn:dump:4',NULL,'https://lab.example/4','Entry','','{}','<p>Short.</p>','<p>Long.</p>');
INSERT INTO entries VALUES(5,1,0,0,55,-39595,65,85,1772366700000,1772366700000,1772366700000,0,0,0,0,1,2,'default','urn:dump:5',NULL,NULL,'Entry','','{}','','');
INSERT INTO entries VALUES(6,3,1,0,66,-47514,78,102,1772366760000,1772366760000,1772366760000,0,0,0,0,0,2,'default','urn:dump:6','articles/six',NULL,'Entry','','{"slug":"articles/six","reading_minutes":3}','<p>Short.</p>','<p>Long.</p>');
INSERT INTO entries VALUES(7,2,0,0,77,-55433,91,119,1772366820000,1772366820000,1772366820000,0,0,0,0,0,2,'default','urn:dump:7','',NULL,'','','{}','','');
CREATE TABLE aliases (
	source     INTEGER NOT NULL,
	hash       BLOB NOT NULL,
	kind       INTEGER NOT NULL,
	entry      INTEGER NOT NULL,
	first_seen INTEGER NOT NULL,
	PRIMARY KEY (source, hash)
) STRICT, WITHOUT ROWID;
INSERT INTO aliases VALUES(1,X'00000000000000000000000000000001',1,1,1772366400000);
INSERT INTO aliases VALUES(1,X'00000000000000000000000000000003',1,3,1772366400000);
INSERT INTO aliases VALUES(1,X'00000000000000000000000000000004',1,4,1772366400000);
INSERT INTO aliases VALUES(1,X'00000000000000000000000000000005',1,5,1772366400000);
INSERT INTO aliases VALUES(1,X'000000000000000000000000000000c8',3,0,1);
INSERT INTO aliases VALUES(1,X'000000000000000000000000000000c9',3,98,1);
INSERT INTO aliases VALUES(2,X'00000000000000000000000000000002',1,2,1772366400000);
INSERT INTO aliases VALUES(2,X'00000000000000000000000000000007',1,7,1772366400000);
INSERT INTO aliases VALUES(3,X'00000000000000000000000000000006',1,6,1772366400000);
CREATE TABLE ids (
	hash  INTEGER PRIMARY KEY,
	entry INTEGER NOT NULL
) STRICT;
INSERT INTO ids VALUES(101,1);
INSERT INTO ids VALUES(202,2);
INSERT INTO ids VALUES(303,3);
INSERT INTO ids VALUES(404,4);
INSERT INTO ids VALUES(505,5);
INSERT INTO ids VALUES(606,6);
INSERT INTO ids VALUES(707,7);
CREATE TABLE links (
	hash  INTEGER NOT NULL,
	entry INTEGER NOT NULL,
	PRIMARY KEY (hash, entry)
) STRICT, WITHOUT ROWID;
INSERT INTO links VALUES(17,1);
INSERT INTO links VALUES(17,2);
INSERT INTO links VALUES(51,3);
INSERT INTO links VALUES(68,4);
INSERT INTO links VALUES(85,5);
INSERT INTO links VALUES(102,6);
INSERT INTO links VALUES(119,7);
CREATE TABLE channels (
	key  INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO channels VALUES(1,'all');
INSERT INTO channels VALUES(2,'taken out');
CREATE TABLE members (
	channel INTEGER NOT NULL,
	sort    INTEGER NOT NULL,
	entry   INTEGER NOT NULL,
	source  INTEGER NOT NULL,
	house   INTEGER NOT NULL,
	PRIMARY KEY (channel, sort, entry)
) STRICT, WITHOUT ROWID;
INSERT INTO members VALUES(1,5,99,1,0);
INSERT INTO members VALUES(1,1772366460000,1,1,0);
INSERT INTO members VALUES(1,1772366700000,5,1,0);
INSERT INTO members VALUES(1,1772366760000,6,3,1);
INSERT INTO members VALUES(1,1772366820000,7,2,0);
INSERT INTO members VALUES(2,1772366460000,1,1,0);
CREATE TABLE withdrawals (
	channel INTEGER NOT NULL,
	at      INTEGER NOT NULL,
	entry   INTEGER NOT NULL,
	PRIMARY KEY (channel, at, entry)
) STRICT, WITHOUT ROWID;
INSERT INTO withdrawals VALUES(1,1772370000000,4);
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
INSERT INTO versions VALUES(1,1772366500000,3,'Before','https://lab.example/1','','');
CREATE TABLE outbox (
	kind     TEXT NOT NULL,
	name     TEXT NOT NULL,
	due      INTEGER NOT NULL,
	tries    INTEGER NOT NULL DEFAULT 0,
	done     INTEGER NOT NULL DEFAULT 0,
	payload  TEXT NOT NULL,
	PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
INSERT INTO outbox VALUES('mail','1',0,1,1,'');
INSERT INTO outbox VALUES('mail','2',0,0,0,'p');
CREATE TABLE publications (
	path     TEXT PRIMARY KEY,
	etag     TEXT NOT NULL,
	modified INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO publications VALUES('/feeds/all.rss','W/"x"',1772366400000);
CREATE INDEX sources_next ON sources (next);
CREATE INDEX entries_seen ON entries (first_seen);
CREATE INDEX entries_held ON entries (source) WHERE verdict = 2;
CREATE INDEX entries_house ON entries (sort) WHERE house = 1;
CREATE INDEX outbox_due ON outbox (kind, due) WHERE done = 0;
COMMIT;
