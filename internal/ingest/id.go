package ingest

import (
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"newswire/internal/newsroom"
)

// authority returns the authority of the tag: IRIs that we mint: our host.
func (d *Door) authority() string {
	u, err := url.Parse(d.Site)
	if err != nil || u.Hostname() == "" {
		return "localhost"
	}
	return strings.ToLower(u.Hostname())
}

// publicIDs returns the public identifiers that a new entry may have, the
// best first; the store takes the first that no entry has.
func (d *Door) publicIDs(src newsroom.Source, it *item, policy string, at time.Time) []string {
	if it.article != nil {
		return d.articleIDs(it, at)
	}
	var ids []string
	if absoluteIRI(it.guid) {
		ids = append(ids, it.guid)
	}
	prefix := "tag:" + d.authority() + ",2026:" + src.Slug + ":"
	primary := it.primary(policy)
	ids = append(ids, prefix+hex.EncodeToString(primary.Hash[:]))
	// An entry whose GUID was used before, or by several, is told apart by
	// all it says, and at last by when it came.
	text, _ := it.alias(newsroom.AliasText)
	ids = append(ids, prefix+hex.EncodeToString(text.Hash[:]))
	again := newAlias(newsroom.AliasText, string(text.Hash[:])+at.UTC().Format(time.RFC3339Nano))
	return append(ids, prefix+hex.EncodeToString(again.Hash[:]))
}

// articleIDs returns the identifiers of a house article: what its author
// gave it, or its path with the date of its first arrival.
func (d *Door) articleIDs(it *item, at time.Time) []string {
	var ids []string
	if absoluteIRI(it.guid) {
		ids = append(ids, it.guid)
	}
	date := it.entry.Published
	if !plausible(date) {
		date = at
	}
	slug := it.article.Slug
	id := "tag:" + d.authority() + "," + date.Format(time.DateOnly) + ":" + (&url.URL{Path: slug}).EscapedPath()
	return append(ids, id, id+":"+at.UTC().Format("20060102T150405.000Z"))
}

// maxID is how long an identifier of a publisher may be to become ours.
const maxID = 2048

// absoluteIRI reports whether a GUID can be a public identifier as it stands:
// an IRI with a scheme that names things and runs nothing, and no password.
func absoluteIRI(guid string) bool {
	scheme, rest, ok := strings.Cut(guid, ":")
	if !ok || rest == "" || len(guid) > maxID || !isScheme(scheme) {
		return false
	}
	for _, r := range guid {
		if r <= ' ' || r >= 0x7f && r < 0xa0 || strings.ContainsRune("<>\"{}|\\^`", r) || forbiddenRune(r) {
			return false
		}
	}
	switch strings.ToLower(scheme) {
	case "http", "https":
		u, err := url.Parse(guid)
		return err == nil && u.Host != "" && u.User == nil
	case "urn", "tag":
		return strings.Contains(rest, ":")
	case "javascript", "vbscript", "data", "blob", "file", "about", "filesystem", "view-source", "jar", "chrome", "res", "ms-its", "mailto":
		return false
	}
	return true
}

func isScheme(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '+' || r == '-' || r == '.')) {
			return false
		}
	}
	return s != ""
}

// forbiddenRune reports runes that are invisible or turn text around, private
// ones, and the mark of broken encodings.
func forbiddenRune(r rune) bool {
	return r == 0xFFFD || r >= 0x200B && r <= 0x200F || r >= 0x2028 && r <= 0x202E || r >= 0x2060 && r <= 0x206F ||
		r == 0xFEFF || r >= 0xE000 && r <= 0xF8FF || r > 0xEFFFF
}
