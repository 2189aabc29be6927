package feeds

import (
	"slices"
	"testing"
	"time"

	"newswire/internal/feedcheck"
)

// checkOut judges what was written as the W3C validator does.
func checkOut(doc []byte, format Format, self string) []feedcheck.Finding {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	return feedcheck.Checker{MediaType: format.MediaType(), SelfURL: self, Now: now}.Check(doc)
}

// TestWriteIsValid holds that the validator finds nothing in what is written,
// but what is said here.
func TestWriteIsValid(t *testing.T) {
	mayFind := map[string][]string{
		"maximal":        nil,
		"minimal":        {"MissingDCLanguage"}, // it declares no language
		"archive":        {"MissingDCLanguage"},
		"withdrawn":      {"MissingDCLanguage"},
		"withdrawn.atom": {"UnknownNamespace"}, // the price of tombstones
		"hostile": { // which is what it gives, in HTML that nobody sanitized, titles with tags, entries without dates
			"MissingDCLanguage", "SecurityRisk", "ContainsHTML", "ContainsUndeclaredHTML", "JSONContainsHTML", "BadCharacters",
			"ImplausibleDate", "DuplicateUpdated", "NonCanonicalURI"},
	}
	for _, c := range writeCases {
		for _, o := range outFormats {
			feed := c.feed(o.format)
			allowed := append(mayFind[c.name], mayFind[c.name+"."+o.ending]...)
			for _, f := range checkOut(outBytes(t, feed, o.format), o.format, outURI(feed.Self)) {
				if !slices.Contains(allowed, f.Rule) || f.Level == feedcheck.Error {
					t.Errorf("%s.%s: %v", c.name, o.ending, f)
				}
			}
		}
	}
	tombstones := checkOut(outBytes(t, withdrawnFeed(Atom), Atom), Atom, "")
	if len(tombstones) != 1 || tombstones[0].Rule != "UnknownNamespace" {
		t.Errorf("tombstones cost more than one warning: %v", tombstones)
	}
}
