package feeds

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// outID returns an entry's id, the same in every format: its GUID, else its
// link, else a UUID that its text gives (RFC 9562 §5.8).
func outID(e *Entry) string {
	if id := outTrim(e.GUID); id != "" {
		return id
	}
	if link := outEntryLink(e); link != "" {
		return link
	}
	return outUUID(e.Title, string(e.Summary), string(e.Content), outDate(e.Published, outRFC3339))
}

// outTrim is what an id may not have: space around it, forbidden characters,
// line ends that XML would change.
func outTrim(s string) string {
	s = strings.TrimSpace(outClean(s))
	return strings.ReplaceAll(s, "\r", "")
}

// outUUID makes a version 8 UUID of texts, as a URN.
func outUUID(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(h, "%d:%s", len(t), t)
	}
	sum := h.Sum(nil)[:16]
	sum[6] = sum[6]&0x0F | 0x80
	sum[8] = sum[8]&0x3F | 0x80
	s := hex.EncodeToString(sum)
	return "urn:uuid:" + s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// outEntryLink returns the address of an entry's page.
func outEntryLink(e *Entry) string {
	link := outURI(e.Link)
	if link == "" && e.Permalink {
		link = outURI(e.GUID)
	}
	return link
}

// outFeedID returns a feed's id: its own if it can be one, else its address,
// else that of its site.
func outFeedID(f *Feed) string {
	id := outTrim(f.ID)
	if strings.ContainsAny(id, ` "<>[\]^`+"`{|}") {
		id = outURI(id)
	}
	return cmp.Or(id, outURI(f.Self), outURI(f.Link), outUUID(f.Title))
}

// outFeedTitle returns a feed's title, or else the host of its address.
func outFeedTitle(f *Feed) string {
	if t := outLine(f.Title); t != "" {
		return t
	}
	return cmp.Or(outURIHost(outURI(f.Link)), outURIHost(outURI(f.Self)), "Untitled")
}

// outUpdated returns when the feed last changed: as it says, or else the
// newest time in it. It is zero if there is none.
func outUpdated(f *Feed) time.Time {
	newest := f.Updated
	if !newest.IsZero() {
		return newest
	}
	for i := range f.Entries {
		if t := f.Entries[i].When(); t.After(newest) {
			newest = t
		}
	}
	for _, d := range f.Deleted {
		if d.When.After(newest) {
			newest = d.When
		}
	}
	return newest
}

// outAuthors returns an entry's authors. One from elsewhere that has none has
// its source's, and at least the source's name: it must not inherit ours.
func outAuthors(e *Entry) []Person {
	if p := outPeople(e.Authors); len(p) > 0 || e.Source == nil {
		return p
	}
	if p := outPeople(e.Source.Authors); len(p) > 0 {
		return p
	}
	return []Person{{Name: outFeedTitle(e.Source), URI: outURI(e.Source.Link)}}
}

// outPeople returns those who have a name, each once, without e-mail addresses.
func outPeople(people []Person) []Person {
	var out []Person
	for _, p := range people {
		q := Person{Name: outName(p), URI: outURI(p.URI)}
		if q.Name != "" && !slices.Contains(out, q) {
			out = append(out, q)
		}
	}
	return out
}

// outCategories returns the categories that have a term, each once.
func outCategories(categories []Category) []Category {
	var out []Category
	for _, c := range categories {
		c = Category{Term: outWords(c.Term), Scheme: outIRI(c.Scheme), Label: outWords(c.Label)}
		c.Term = cmp.Or(c.Term, c.Label)
		same := func(d Category) bool { return d.Term == c.Term && d.Scheme == c.Scheme }
		if c.Term != "" && !slices.ContainsFunc(out, same) {
			out = append(out, c)
		}
	}
	return out
}

// outTexts returns an entry's summary and content. A summary that only repeats
// the content is none.
func outTexts(e *Entry) (summary, content HTML) {
	summary, content = outNonblank(e.Summary), outNonblank(e.Content)
	if summary == content {
		summary = ""
	}
	return summary, content
}

// outNonblank returns h, or nothing if it would show nothing.
func outNonblank(h HTML) HTML {
	for _, r := range h {
		if !unicode.IsSpace(r) && !outForbidden(r) {
			return h
		}
	}
	return ""
}

// outStandIn stands for the text of an entry that has none: where it comes
// from, or else its title again.
func outStandIn(e *Entry) string {
	if e.Source != nil {
		return outFeedTitle(e.Source)
	}
	return cmp.Or(outURIHost(outEntryLink(e)), outURIHost(outURI(e.External)), outTitle(e))
}

// outEnclosures returns the enclosures that have an address, with a media type
// and no negative length.
func outEnclosures(e *Entry) []Enclosure {
	var out []Enclosure
	for _, c := range e.Enclosures {
		c.URL = outURI(c.URL)
		if c.URL == "" {
			continue
		}
		c.MediaType = cmp.Or(outMediaType(c.MediaType), "application/octet-stream")
		c.Title = outWords(c.Title)
		c.Length = max(c.Length, 0)
		out = append(out, c)
	}
	return out
}

// outFeedLinks returns a feed's self, hub and further links.
func outFeedLinks(f *Feed, format Format) []outLink {
	var links []outLink
	add := func(l outLink) {
		if l.Href != "" && !slices.ContainsFunc(links, l.doubles) {
			links = append(links, l)
		}
	}
	add(outLink{Rel: "self", Type: format.MediaType(), Href: outURI(f.Self)})
	if format == Atom {
		add(outLink{Rel: "alternate", Type: "text/html", Href: outURI(f.Link)})
	}
	for _, hub := range f.Hubs {
		add(outLink{Rel: "hub", Href: outURI(hub)})
	}
	for _, l := range f.Links {
		rel := cmp.Or(strings.TrimSpace(l.Rel), "alternate")
		if outRelKnown(rel) && !(f.Complete && outRelHistory(rel)) {
			add(outLink{Rel: rel, Type: outMediaType(l.MediaType), Title: outWords(l.Title), Href: outURI(l.Href)})
		}
	}
	return links
}

// doubles reports whether m beside l would say the same again, or where Atom
// allows only one (self; alternate for each type, RFC 4287 §4.1.1).
func (l outLink) doubles(m outLink) bool {
	switch {
	case l.Rel != m.Rel:
		return false
	case l.Rel == "self":
		return true
	case l.Rel == "alternate" && l.Type == m.Type:
		return true
	}
	return l.Href == m.Href && l.Type == m.Type
}

// outRelKnown reports whether a link relation is registered for feeds, or is
// an IRI.
func outRelKnown(rel string) bool {
	switch rel {
	case "alternate", "current", "describedby", "edit", "enclosure", "first", "hub", "last", "license", "next", "next-archive",
		"payment", "prev-archive", "previous", "related", "replies", "search", "self", "service", "up", "via":
		return true
	}
	return outIRI(rel) == rel
}

// outRelHistory reports whether a link relation leads to other parts of a feed;
// a complete feed has none (RFC 5005 §2).
func outRelHistory(rel string) bool {
	switch rel {
	case "current", "first", "last", "next", "next-archive", "prev-archive", "previous":
		return true
	}
	return false
}

// outReplies returns the links to an entry's discussion (RFC 4685 §4): the
// page, where pages are wanted, and the feed.
func outReplies(c *Comments, page bool) []outLink {
	if c == nil {
		return nil
	}
	count := ""
	if c.Count >= 0 {
		count = strconv.Itoa(c.Count)
	}
	updated := outDate(c.Updated, outRFC3339)
	var links []outLink
	if u := outURI(c.Page); u != "" && page {
		links = append(links, outLink{Rel: "replies", Type: "text/html", Href: u, Count: count, Updated: updated})
	}
	if u := outURI(c.Feed); u != "" {
		links = append(links, outLink{Rel: "replies", Type: outFeedType(u), Href: u, Count: count, Updated: updated})
	}
	return links
}

// outFeedType tells a feed's media type from the end of its address; empty if
// that does not show it.
func outFeedType(u string) string {
	u, _, _ = strings.Cut(u, "?")
	switch dot := strings.LastIndexByte(u, '.'); {
	case dot < 0:
		return ""
	case u[dot:] == ".atom":
		return Atom.MediaType()
	case u[dot:] == ".rss":
		return RSS.MediaType()
	case u[dot:] == ".json":
		return JSONFeed.MediaType()
	}
	return ""
}

// outEntryLinks returns the links that Atom and RSS have in common.
func outEntryLinks(e *Entry) []outLink {
	var links []outLink
	if u := outURI(e.External); u != "" && u != outEntryLink(e) {
		links = append(links, outLink{Rel: "related", Href: u})
	}
	if u := outURI(e.License); u != "" {
		links = append(links, outLink{Rel: "license", Href: u})
	}
	return links
}
