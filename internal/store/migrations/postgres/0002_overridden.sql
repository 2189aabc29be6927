-- What editors hid or pinned is decided again however old it is.
CREATE INDEX entries_overridden ON entries (key) WHERE rule IN ('overrides.hide', 'overrides.pin');
