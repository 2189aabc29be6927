-- What each archive of a channel holds, as it was published (RFC 5005 §4). It
-- never changes.
CREATE TABLE archives (
	channel  BIGINT NOT NULL,
	number   BIGINT NOT NULL,
	format   TEXT NOT NULL,
	etag     TEXT NOT NULL,
	size     BIGINT NOT NULL, -- of the document, in bytes
	modified BIGINT NOT NULL,
	body     BYTEA NOT NULL,   -- the document, in gzip
	PRIMARY KEY (channel, number, format)
);

-- What the archives owe a member: 0 nothing, 1 a newer state of it, 2 the
-- entry itself, 3 the same, but it waits for others.
ALTER TABLE members ADD COLUMN due BIGINT NOT NULL DEFAULT 0;
ALTER TABLE withdrawals ADD COLUMN due BIGINT NOT NULL DEFAULT 0;
UPDATE members SET due = 2;
UPDATE withdrawals SET due = 1;
CREATE INDEX members_due ON members (channel, due, entry) WHERE due > 0;
CREATE INDEX withdrawals_due ON withdrawals (channel, entry) WHERE due > 0;
