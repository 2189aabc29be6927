package curate

import (
	"strings"

	"newswire/internal/newsroom"
	"newswire/internal/sanitize"
)

// An entrySet is a set of entries, named by id, GUID or URL. URLs are compared as
// the ledger compares links, so that what `why` finds under an address is what
// an override of that address decides.
type entrySet map[string]bool

func newEntrySet(names []string) entrySet {
	set := entrySet{}
	for _, name := range names {
		name = strings.TrimSpace(name)
		set[name] = true
		set[sanitize.Canonical(name)] = true
	}
	delete(set, "")
	return set
}

func (s entrySet) has(e *newsroom.Entry) bool {
	if len(s) == 0 {
		return false
	}
	return s[e.ID] || s[e.GUID] || s[e.Link] || s[sanitize.Canonical(e.Link)] || e.Permalink && s[sanitize.Canonical(e.GUID)]
}
