package ingest

import (
	"encoding/hex"
	"net/url"
	"regexp"
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

// What may follow the schemes tag (RFC 4151 §2.1) and urn (RFC 8141 §2), the
// latter in plain characters, and urn:uuid (RFC 9562 §4). A namespace of one
// letter is a letter too short for a URN; it is an IRI all the same, and an
// entry's id must not change when it is republished (RFC 4287 §4.2.6).
var (
	tagIRI   = regexp.MustCompile(`^([a-z0-9\-._]+@)?[a-z0-9.\-]+,\d{4}(-\d{2}(-\d{2})?)?:[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,]*(#[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,]*)?$`)
	urnName  = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9-]{0,31}:([a-zA-Z0-9()+,.:=@;$_!*'\-]|%[0-9A-Fa-f]{2})+$`)
	uuidName = regexp.MustCompile(`^[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}$`)
)

// absoluteIRI reports whether a GUID can be a public identifier as it stands:
// an IRI with a scheme that names things and runs nothing, without a password,
// and well-formed by that scheme's own rules: readers refuse a feed whose ids
// are not.
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
		return err == nil && u.Host != "" && u.User == nil && !strings.ContainsAny(strings.Replace(rest, u.Host, "", 1), "[]")
	case "tag":
		return scheme == "tag" && tagIRI.MatchString(asciiForm(rest))
	case "urn":
		name, uuid := strings.CutPrefix(strings.ToLower(rest), "uuid:")
		return urnName.MatchString(asciiForm(rest)) && (!uuid || uuidName.MatchString(name))
	case "javascript", "vbscript", "data", "blob", "file", "about", "filesystem", "view-source", "jar", "chrome", "res", "ms-its", "mailto":
		return false
	}
	return !strings.ContainsAny(rest, "[]")
}

// asciiForm puts a letter for each character that a URI would write in percent
// signs (RFC 3987 §3.1).
func asciiForm(iri string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0xA0 {
			return 'x'
		}
		return r
	}, iri)
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
