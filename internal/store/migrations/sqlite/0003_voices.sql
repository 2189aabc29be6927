-- In whose words an entry stands in a channel: 0, its own; otherwise those of
-- another source's entry with the same link. The source is that entry's then.
ALTER TABLE members ADD COLUMN voice INTEGER NOT NULL DEFAULT 0;
CREATE INDEX members_voice ON members (voice) WHERE voice <> 0;
