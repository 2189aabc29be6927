-- What each archive of a channel holds, as it was published (RFC 5005 §4). It
-- never changes.
CREATE TABLE archives (
	channel  INTEGER NOT NULL,
	number   INTEGER NOT NULL,
	format   TEXT NOT NULL,
	etag     TEXT NOT NULL,
	size     INTEGER NOT NULL, -- of the document, in bytes
	modified INTEGER NOT NULL,
	body     BLOB NOT NULL,    -- the document, in gzip
	PRIMARY KEY (channel, number, format)
) STRICT;

-- What the archives owe a member: 0 nothing, 1 a newer state of it, 2 the
-- entry itself, 3 the same, but it waits for others.
ALTER TABLE members ADD COLUMN due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE withdrawals ADD COLUMN due INTEGER NOT NULL DEFAULT 0;
UPDATE members SET due = 2;
UPDATE withdrawals SET due = 1;
CREATE INDEX members_due ON members (channel, due, entry) WHERE due > 0;
CREATE INDEX withdrawals_due ON withdrawals (channel, entry) WHERE due > 0;
