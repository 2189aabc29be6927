package feeds

import (
	"cmp"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	gorilla "github.com/gorilla/feeds"
)

// Atom 1.0 (RFC 4287), by embedding as in RSS.

type atomOutFeed struct {
	Lang             string               `xml:"xml:lang,attr,omitempty"`
	History          string               `xml:"xmlns:fh,attr"`
	Media            string               `xml:"xmlns:media,attr"`
	Thread           string               `xml:"xmlns:thr,attr"`
	Tombstones       string               `xml:"xmlns:at,attr,omitempty"`
	Title            *outPlain            `xml:"title"`
	gorilla.AtomFeed                      // feed, xmlns, id, updated, icon, logo
	Subtitle         *outPlain            `xml:"subtitle"`
	Rights           *outPlain            `xml:"rights"`
	Generator        *atomOutGenerator    `xml:"generator"`
	Authors          []gorilla.AtomPerson `xml:"author"`
	Categories       []atomOutCategory    `xml:"category"`
	Links            []outLink            `xml:"link"`
	Archive          *struct{}            `xml:"fh:archive"`
	Complete         *struct{}            `xml:"fh:complete"`
	Deleted          []atomOutDeleted     `xml:"at:deleted-entry"` // before the entries
	Entries          []atomOutEntry       `xml:"entry"`
}

// FeedXml makes the document known to gorilla/feeds.
func (f *atomOutFeed) FeedXml() any { return f }

type atomOutGenerator struct {
	URI     string `xml:"uri,attr,omitempty"`
	Version string `xml:"version,attr,omitempty"`
	outPlain
}

type atomOutCategory struct {
	Term   string `xml:"term,attr"`
	Scheme string `xml:"scheme,attr,omitempty"`
	Label  string `xml:"label,attr,omitempty"`
}

type atomOutDeleted struct {
	Ref     string    `xml:"ref,attr"`
	When    string    `xml:"when,attr"`
	Comment *outPlain `xml:"at:comment"`
}

type atomOutEntry struct {
	Lang              string               `xml:"xml:lang,attr,omitempty"`
	Title             *outPlain            `xml:"title"`
	gorilla.AtomEntry                      // entry, id, updated, published
	Authors           []gorilla.AtomPerson `xml:"author"`
	Categories        []atomOutCategory    `xml:"category"`
	Links             []outLink            `xml:"link"`
	Summary           *outMarkup           `xml:"summary"`
	Content           *outMarkup           `xml:"content"`
	Rights            *outPlain            `xml:"rights"`
	Source            *atomOutSource       `xml:"source"`
	Replies           string               `xml:"thr:total,omitempty"`
	Thumbnail         *outThumbnail        `xml:"media:thumbnail"`
	Media             []outMedia           `xml:"media:content"`
}

// atomOutSource is what atom:source keeps of the feed an entry was copied from
// (RFC 4287 §4.2.11).
type atomOutSource struct {
	ID         string               `xml:"id"`
	Title      *outPlain            `xml:"title"`
	Updated    string               `xml:"updated"`
	Rights     *outPlain            `xml:"rights"`
	Authors    []gorilla.AtomPerson `xml:"author"`
	Categories []atomOutCategory    `xml:"category"`
	Links      []outLink            `xml:"link"`
}

// atomOutUndated is what a missing atom:updated reads: Atom demands one, and
// any date that could pass for real would be a lie that moves.
const atomOutUndated = "1970-01-01T00:00:00Z"

func atomOut(f *Feed) *atomOutFeed {
	title := outFeedTitle(f)
	updated := cmp.Or(outDate(outUpdated(f), outRFC3339), atomOutUndated)
	a := &atomOutFeed{
		Lang: outLanguage(f.Language), History: outHistoryNS, Media: outMediaNS, Thread: outThreadNS,
		AtomFeed:   gorilla.AtomFeed{Xmlns: outAtomNS, Id: outFeedID(f), Updated: updated, Icon: outURI(f.Icon), Logo: outURI(f.Logo)},
		Title:      newOutPlain(title),
		Subtitle:   newOutPlain(f.Subtitle),
		Rights:     newOutPlain(f.Rights),
		Generator:  newAtomOutGenerator(f.Generator),
		Authors:    atomOutPeople(outPeople(f.Authors)),
		Categories: atomOutCategories(f.Categories),
		Links:      outFeedLinks(f, Atom),
		Deleted:    atomOutTombstones(f.Deleted, updated),
	}
	if a.Authors == nil { // an entry without authors has the feed's (RFC 4287 §4.1.1)
		a.Authors = []gorilla.AtomPerson{{Name: title, Uri: atomOutPage(outURI(f.Link))}}
	}
	if a.Deleted != nil {
		a.Tombstones = outDeletedNS
	}
	if f.Archive {
		a.Archive = &struct{}{}
	}
	if f.Complete {
		a.Complete = &struct{}{}
	}
	gone := atomOutGone(f.Deleted)
	a.Entries = make([]atomOutEntry, 0, len(f.Entries))
	for i := range f.Entries {
		e := &f.Entries[i]
		if when, ok := gone[outID(e)]; ok && !e.When().After(when) {
			continue
		}
		a.Entries = append(a.Entries, newAtomOutEntry(e, f))
	}
	return a
}

// atomOutGone says which ids were withdrawn, and when.
func atomOutGone(deleted []Tombstone) map[string]time.Time {
	gone := make(map[string]time.Time, len(deleted))
	for _, d := range deleted {
		ref := outTrim(d.Ref)
		if when, ok := gone[ref]; !ok || d.When.After(when) {
			gone[ref] = d.When
		}
	}
	return gone
}

// atomOutTombstones writes each pair of ref and when once (RFC 6721 §3).
func atomOutTombstones(deleted []Tombstone, undated string) []atomOutDeleted {
	var out []atomOutDeleted
	for _, d := range deleted {
		t := atomOutDeleted{
			Ref:     outTrim(d.Ref),
			When:    cmp.Or(outDate(d.When, outRFC3339), undated),
			Comment: newOutPlain(d.Comment),
		}
		same := func(u atomOutDeleted) bool { return u.Ref == t.Ref && u.When == t.When }
		if t.Ref != "" && !slices.ContainsFunc(out, same) {
			out = append(out, t)
		}
	}
	return out
}

func newAtomOutGenerator(g Generator) *atomOutGenerator {
	name := newOutPlain(g.Name)
	if name == nil {
		return nil
	}
	return &atomOutGenerator{outURI(g.URI), outLine(g.Version), *name}
}

var atomOutEntity = regexp.MustCompile(`&(#\w+|\w+)`)

// atomOutPage returns the address of a person's page, or nothing if a reader
// who takes plain text for HTML would find an entity in it, as in "?a=1&copy=2".
func atomOutPage(u string) string {
	for _, m := range atomOutEntity.FindAllStringSubmatch(u, -1) {
		if strings.Trim(m[1], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" || html.UnescapeString(m[0]+";") != m[0]+";" {
			return ""
		}
	}
	return u
}

func atomOutPeople(people []Person) []gorilla.AtomPerson {
	var out []gorilla.AtomPerson
	for _, p := range people {
		out = append(out, gorilla.AtomPerson{Name: p.Name, Uri: atomOutPage(p.URI)})
	}
	return out
}

func atomOutCategories(categories []Category) []atomOutCategory {
	var out []atomOutCategory
	for _, c := range outCategories(categories) {
		out = append(out, atomOutCategory(c))
	}
	return out
}

func newAtomOutEntry(e *Entry, f *Feed) atomOutEntry {
	a := atomOutEntry{
		AtomEntry: gorilla.AtomEntry{
			Id:        outID(e),
			Updated:   cmp.Or(outDate(e.When(), outRFC3339), atomOutUndated),
			Published: outDate(e.Published, outRFC3339),
		},
		Title:      newOutPlain(outTitle(e)),
		Authors:    atomOutPeople(outAuthors(e)),
		Categories: atomOutCategories(e.Categories),
		Links:      atomOutLinks(e),
		Rights:     newOutPlain(e.Rights),
		Source:     newAtomOutSource(e),
	}
	a.setTexts(e)
	if lang := outLanguage(e.Language); lang != outLanguage(f.Language) {
		a.Lang = lang
	}
	if e.Comments != nil && e.Comments.Count >= 0 {
		a.Replies = strconv.Itoa(e.Comments.Count)
	}
	a.Thumbnail, a.Media = outPictures(e.Images)
	return a
}

// setTexts sets summary and content. An entry that has neither an address nor
// content must have content (RFC 4287 §4.1.2), and one without any text should
// have some (§4.1.1.1).
func (a *atomOutEntry) setTexts(e *Entry) {
	summary, content := outTexts(e)
	a.Summary = newOutMarkup("html", summary)
	a.Content = newOutMarkup("html", content)
	if a.Summary == nil && a.Content == nil {
		a.Summary = &outMarkup{Type: "text", Plain: newOutPlain(outStandIn(e)).XML}
	}
	if a.Content == nil && outEntryLink(e) == "" {
		a.Content, a.Summary = a.Summary, nil
	}
}

func atomOutLinks(e *Entry) []outLink {
	var links []outLink
	if u := outEntryLink(e); u != "" {
		links = append(links, outLink{Rel: "alternate", Type: "text/html", Href: u})
	}
	links = append(links, outEntryLinks(e)...)
	for _, c := range outEnclosures(e) {
		l := outLink{Rel: "enclosure", Type: c.MediaType, Title: c.Title, Href: c.URL}
		if c.Length > 0 {
			l.Length = strconv.FormatInt(c.Length, 10)
		}
		links = append(links, l)
	}
	return append(links, outReplies(e.Comments, true)...)
}

func newAtomOutSource(e *Entry) *atomOutSource {
	s := e.Source
	if s == nil {
		return nil
	}
	out := &atomOutSource{
		ID:         outFeedID(s),
		Title:      newOutPlain(outFeedTitle(s)),
		Updated:    cmp.Or(outDate(s.Updated, outRFC3339), outDate(e.When(), outRFC3339), atomOutUndated),
		Rights:     newOutPlain(s.Rights),
		Authors:    atomOutPeople(outPeople(s.Authors)),
		Categories: atomOutCategories(s.Categories),
	}
	if u := outURI(s.Self); u != "" {
		out.Links = append(out.Links, outLink{Rel: "self", Href: u})
	}
	if u := outURI(s.Link); u != "" {
		out.Links = append(out.Links, outLink{Rel: "alternate", Type: "text/html", Href: u})
	}
	return out
}
