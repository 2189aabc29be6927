package ingest

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"newswire/internal/newsroom"
	"newswire/internal/sanitize"
)

// maxEntries is how many entries are taken of one document. It is no bound on
// the house's own folder: what that lacks is withdrawn, and must be seen whole.
const maxEntries = 1000

// read prepares the document's entries: ours are left out, one that stands
// there twice counts once, and aliases that several share are marked.
func (v *visit) read() {
	v.items = v.items[:0]
	site, _ := url.Parse(v.door.Site) // nil: nothing is ours
	entries := v.del.Feed.Entries
	if over := len(entries) - maxEntries; over > 0 && v.del.Source.Slug != newsroom.HouseSource {
		entries = entries[:maxEntries]
		v.out.Cut += over
		v.note("only the first %d of %d entries were taken", maxEntries, len(v.del.Feed.Entries))
	}
	var buf bytes.Buffer
	for i := range entries {
		it := &item{entry: &entries[i], guid: usableGUID(entries[i].GUID)}
		it.link = sanitize.Link(it.entry.Link, v.base)
		if it.link == "" && it.entry.Permalink || it.link == "" && it.entry.Link == "" {
			it.link = sanitize.Link(it.guid, nil) // a GUID that is a URL is the page
		}
		if !v.del.Source.House && v.isOwn(it, site) {
			v.out.Own++
			continue
		}
		if a, ok := v.del.Articles[it.entry.GUID]; ok {
			it.article = &a
		}
		it.raw = rawHash(&buf, it)
		v.items = append(v.items, it)
	}
	if v.out.Own > 0 {
		v.note("loop: %d entries are our own, come back to us", v.out.Own)
	}
	v.unrepeat()
}

// isOwn recognizes what we published: our tag: authority, or our own pages.
func (v *visit) isOwn(it *item, site *url.URL) bool {
	if authority := v.door.authority(); strings.HasPrefix(it.guid, "tag:"+authority+",") {
		return true
	}
	return ownHost(it.link, site) || it.link == "" && ownHost(it.guid, site)
}

// unrepeat keeps one of the items that are the same, and marks aliases that
// items share which are not. A GUID is shared when links differ; a link or a
// title when what is stronger differs.
func (v *visit) unrepeat() {
	policy := v.before.KeyPolicy
	for _, kind := range strongest(policy) {
		groups := map[newsroom.Alias][]*item{}
		var order []newsroom.Alias
		for _, it := range v.items {
			a := it.primary(policy)
			if a.Kind != kind {
				continue
			}
			if groups[a] == nil {
				order = append(order, a)
			}
			groups[a] = append(groups[a], it)
		}
		for _, a := range order {
			if group := groups[a]; len(group) > 1 {
				v.unrepeatGroup(kind, group)
			}
		}
	}
}

// unrepeatGroup deals with items that have the same alias of a kind.
func (v *visit) unrepeatGroup(kind newsroom.AliasKind, group []*item) {
	first := group[0]
	for _, it := range group[1:] {
		if !sameThing(kind, first, it) {
			for _, it := range group {
				it.shared[kind] = true
			}
			if kind == newsroom.AliasGUID {
				v.note("%d entries have the guid %.60q; they are told apart by their links", len(group), first.guid)
			}
			return
		}
	}
	// The choice must not depend on the order in the document.
	best := first
	for _, it := range group[1:] {
		if it.entry.Updated.After(best.entry.Updated) || it.entry.Updated.Equal(best.entry.Updated) && it.raw > best.raw {
			best = it
		}
	}
	v.items = slices.DeleteFunc(v.items, func(it *item) bool { return it != best && slices.Contains(group, it) })
}

// sameThing reports whether two items of a document with the same alias of a
// kind are one entry that stands there twice.
func sameThing(kind newsroom.AliasKind, a, b *item) bool {
	sameTitle := foldTitle(a.entry.Title) == foldTitle(b.entry.Title)
	linkA, okA := a.alias(newsroom.AliasLink)
	linkB, okB := b.alias(newsroom.AliasLink)
	switch kind {
	case newsroom.AliasGUID:
		if okA && okB {
			return linkA == linkB
		}
		return sameTitle
	case newsroom.AliasLink:
		return sameTitle
	case newsroom.AliasTitle:
		return okA == okB && linkA == linkB && a.entry.Content == b.entry.Content && a.entry.Summary == b.entry.Summary
	}
	return true
}

// note adds a remark for editors.
func (v *visit) note(format string, args ...any) {
	v.out.Notes = append(v.out.Notes, fmt.Sprintf(format, args...))
}
