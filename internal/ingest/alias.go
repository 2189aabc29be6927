package ingest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"net/url"
	"strings"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
	"newswire/internal/sanitize"
)

// An item is one entry of a document on its way through the door.
type item struct {
	entry   *feeds.Entry
	article *newsroom.Article // of the house; nil: foreign
	guid    string            // empty: none that could be used
	link    string            // as it will be published; empty: none
	raw     int64

	shared [aliasKinds]bool           // another item of the document has the same
	made   [aliasKinds]bool           // names[kind] is final
	names  [aliasKinds]newsroom.Alias // zero hash: it has none

	key     int64 // of the known entry; 0: not known
	same    bool  // known, and delivered with the same bytes
	reused  bool  // its GUID belongs to an entry that is another one
	renamed bool  // known, but under another GUID
	result  *newsroom.Entry
}

const aliasKinds = int(newsroom.AliasText) + 1

// Key policies: by which alias a source's entries are known. A source only
// ever moves down this list.
const (
	policyGUID  = ""
	policyLink  = "link"
	policyTitle = "title"
)

// strongest lists the kinds of alias under a policy, the one that counts
// first.
func strongest(policy string) []newsroom.AliasKind {
	switch policy {
	case policyLink:
		return []newsroom.AliasKind{newsroom.AliasLink, newsroom.AliasTitle, newsroom.AliasText}
	case policyTitle:
		return []newsroom.AliasKind{newsroom.AliasTitle, newsroom.AliasLink, newsroom.AliasText}
	}
	return []newsroom.AliasKind{newsroom.AliasGUID, newsroom.AliasLink, newsroom.AliasTitle, newsroom.AliasText}
}

// kept lists the kinds that are kept in the ledger under a policy: a GUID that
// is another one at every poll would only fill it.
func kept(policy string) []newsroom.AliasKind {
	if policy == policyGUID {
		return []newsroom.AliasKind{newsroom.AliasGUID, newsroom.AliasPath, newsroom.AliasLink, newsroom.AliasTitle}
	}
	return []newsroom.AliasKind{newsroom.AliasLink, newsroom.AliasTitle}
}

// primary returns the alias by which the item is looked up first: the
// strongest that no other item of the document has. The text is the last
// resort and always there.
func (it *item) primary(policy string) newsroom.Alias {
	for _, kind := range strongest(policy) {
		if a, ok := it.alias(kind); ok && !it.shared[kind] {
			return a
		}
	}
	a, _ := it.alias(newsroom.AliasText)
	return a
}

// aliases returns the aliases to keep, and the primary one among them.
func (it *item) aliases(policy string) []newsroom.Alias {
	primary := it.primary(policy)
	list := []newsroom.Alias{primary}
	for _, kind := range kept(policy) {
		if a, ok := it.alias(kind); ok && !it.shared[kind] && a != primary {
			list = append(list, a)
		}
	}
	return list
}

// alias returns the item's alias of a kind, if it has one.
func (it *item) alias(kind newsroom.AliasKind) (newsroom.Alias, bool) {
	if !it.made[kind] {
		it.made[kind] = true
		if text := it.aliasText(kind); text != "" {
			it.names[kind] = newAlias(kind, text)
		}
	}
	return it.names[kind], it.names[kind].Kind != 0
}

func newAlias(kind newsroom.AliasKind, text string) newsroom.Alias {
	sum := sha256.Sum256(append([]byte{byte(kind)}, text...))
	return newsroom.Alias{Kind: kind, Hash: [16]byte(sum[:16])}
}

func (it *item) aliasText(kind newsroom.AliasKind) string {
	switch kind {
	case newsroom.AliasGUID:
		return it.guid
	case newsroom.AliasPath:
		return guidPath(it.guid)
	case newsroom.AliasLink:
		return linkKey(it.link)
	case newsroom.AliasTitle:
		return titleKey(it.entry.Title, it.entry.Published)
	case newsroom.AliasText:
		return "text\n" + it.entry.Title + "\n" + it.entry.Link + "\n" + string(it.entry.Summary) + "\n" + string(it.entry.Content)
	}
	return ""
}

// usableGUID returns a GUID without the white space around it, or nothing if
// it is one that a broken template gives to every entry.
func usableGUID(guid string) string {
	guid = strings.TrimSpace(guid)
	switch strings.ToLower(guid) {
	case "0", "-", "#", "/", "null", "none", "nil", "undefined", "n/a", "nan", "false", "true", "id", "guid", "[object object]":
		return ""
	}
	for _, template := range []string{"{{", "${", "<%", "{%"} {
		if strings.HasPrefix(guid, template) {
			return ""
		}
	}
	return guid
}

// guidPath returns a GUID that is a URL without scheme and host: what stays
// when a site moves. A path that says nothing is none.
func guidPath(guid string) string {
	key := sanitize.Canonical(guid)
	_, rest, ok := strings.Cut(key, "://")
	if !ok {
		return ""
	}
	_, path, _ := strings.Cut(rest, "/")
	if !strings.Contains(rest, "/") {
		if _, query, ok := strings.Cut(rest, "?"); ok {
			path = "?" + query
		}
	}
	if path == "" {
		return ""
	}
	return path + fragment(guid)
}

// guidHost returns the canonical host of a GUID that is a URL.
func guidHost(guid string) string {
	key := sanitize.Canonical(guid)
	_, rest, _ := strings.Cut(key, "://")
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, "?")
	return host
}

// linkKey returns what a source's links are compared by. Unlike across
// sources, a fragment counts: change logs link their entries so.
func linkKey(link string) string {
	key := sanitize.Canonical(link)
	if key == "" {
		return ""
	}
	return key + fragment(link)
}

func fragment(link string) string {
	if i := strings.IndexByte(link, '#'); i >= 0 && i+1 < len(link) {
		return link[i:]
	}
	return ""
}

// titleKey returns the folded title with the day of publication. A title
// without a date stands for itself.
func titleKey(title string, published time.Time) string {
	title = foldTitle(title)
	if title == "" {
		return ""
	}
	if plausible(published) {
		return title + "\n" + published.UTC().Format(time.DateOnly)
	}
	return title
}

func foldTitle(title string) string { return strings.ToLower(sanitize.Line(title)) }

// rawHash is of all that a source says of an entry but dates and counters:
// these change while the entry does not.
func rawHash(buf *bytes.Buffer, it *item) int64 {
	buf.Reset()
	e := it.entry
	put := func(values ...string) {
		for _, v := range values {
			var n [4]byte
			binary.BigEndian.PutUint32(n[:], uint32(len(v)))
			buf.Write(n[:])
			buf.WriteString(v)
		}
	}
	put(e.GUID, e.Title, e.Link, e.External, string(e.Summary), string(e.Content), e.Language, e.Rights, e.License)
	for _, p := range e.Authors {
		put("a", p.Name, p.URI)
	}
	for _, c := range e.Categories {
		put("c", c.Term, c.Scheme, c.Label)
	}
	for _, c := range e.Enclosures {
		put("e", c.URL, c.MediaType, c.Title)
	}
	for _, i := range e.Images {
		put("i", i.URL, i.Title)
	}
	if c := e.Comments; c != nil {
		put("d", c.Page, c.Feed)
	}
	if s := e.Source; s != nil {
		put("s", s.ID, s.Title, s.Link, s.Self)
	}
	if a := it.article; a != nil {
		put("h", a.Slug, a.Correction, a.Retracted, string(rune(a.ReadingMinutes)))
	}
	return hash64(buf.Bytes())
}

// hash64 is the first eight bytes of a SHA-256, never 0.
func hash64(b []byte) int64 {
	sum := sha256.Sum256(b)
	if n := int64(binary.BigEndian.Uint64(sum[:8])); n != 0 {
		return n
	}
	return 1
}

// linkHash is what links are compared by across sources; 0: no link.
func linkHash(link string) int64 {
	key := sanitize.Canonical(link)
	if key == "" {
		return 0
	}
	return hash64([]byte(key))
}

// ownHost reports whether a URL is on the site itself.
func ownHost(link string, site *url.URL) bool {
	if site == nil || site.Host == "" || link == "" {
		return false
	}
	u, err := url.Parse(link)
	return err == nil && strings.EqualFold(u.Host, site.Host)
}
