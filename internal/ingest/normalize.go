package ingest

import (
	"bytes"
	"cmp"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"newswire/feeds"
	"newswire/internal/newsroom"
	"newswire/internal/sanitize"
)

// Limits of what is kept of an entry. What is longer is cut.
const (
	maxTitle      = 1 << 10 // bytes
	maxName       = 256
	maxSummary    = 16 << 10
	maxContent    = 512 << 10
	maxURL        = 2 << 10
	maxGUID       = 2 << 10
	maxCategories = 32
	maxEnclosures = 16
	maxImages     = 16
	maxAuthors    = 16
)

// A normalizer makes a document's entries safe and whole.
type normalizer struct {
	source newsroom.Source
	feed   *feeds.Feed
	base   *url.URL
	cut    bool // the last entry lost something to a limit
}

// normalize returns the item as the newsroom keeps it, without identity,
// verdict and place. Everything in it is safe to show and of bounded length.
func (n *normalizer) normalize(it *item) newsroom.Entry {
	n.cut = false
	e := it.entry
	base := n.base
	if u, err := url.Parse(it.link); err == nil && it.link != "" {
		base = u // what is relative in a text is relative to its page
	}
	out := newsroom.Entry{Source: n.source.Slug, House: n.source.House}
	out.GUID, out.Permalink = n.text(e.GUID, maxGUID), e.Permalink
	out.Title = n.text(sanitize.Line(e.Title), maxTitle)
	out.Link, out.External = n.url(it.link), n.url(sanitize.Link(e.External, n.base))
	out.Summary = sanitize.HTML(feeds.HTML(n.text(string(e.Summary), maxSummary)), base)
	out.Content = sanitize.HTML(feeds.HTML(n.text(string(e.Content), maxContent)), base)
	out.Language = n.text(sanitize.Line(cmp.Or(e.Language, n.feed.Language)), 64)
	out.Rights, out.License = n.text(sanitize.Line(e.Rights), maxTitle), n.url(sanitize.Link(e.License, n.base))
	out.Authors = n.authors(e)
	out.Categories = n.categories(e.Categories)
	out.Enclosures = n.enclosures(e.Enclosures)
	out.Images = n.images(e.Images, base)
	out.Comments = n.comments(e.Comments)
	out.Origin = n.origin(e.Source)
	if a := it.article; a != nil {
		out.Slug, out.ReadingMinutes, out.Correction = a.Slug, a.ReadingMinutes, n.text(sanitize.Line(a.Correction), maxSummary)
		out.WithdrawnNote = n.text(sanitize.Line(a.Retracted), maxSummary)
	}
	text := sanitize.Text(out.Content)
	out.Words = words(cmp.Or(text, sanitize.Text(out.Summary)))
	out.TextHash = textHash(&out, text)
	out.Hash = visibleHash(&out)
	return out
}

// text cuts s to a number of bytes, not inside a character.
func (n *normalizer) text(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	n.cut = true
	s = s[:limit]
	for len(s) > 0 {
		if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size > 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s
}

// url leaves out a URL that is too long: half of one leads nowhere.
func (n *normalizer) url(s string) string {
	if len(s) > maxURL {
		n.cut = true
		return ""
	}
	return s
}

// first cuts a list.
func first[T any](n *normalizer, list []T, limit int) []T {
	if len(list) > limit {
		n.cut = true
		return list[:limit]
	}
	return list
}

// authors are the entry's own, those of the feed it was copied from, or the
// feed's. An address is nobody's business.
func (n *normalizer) authors(e *feeds.Entry) (out []feeds.Person) {
	from := e.Authors
	if len(from) == 0 && e.Source != nil {
		from = e.Source.Authors
	}
	if len(from) == 0 && e.Source == nil {
		from = n.feed.Authors
	}
	for _, p := range first(n, from, maxAuthors) {
		name := n.text(sanitize.Line(p.Name), maxName)
		if name != "" {
			out = append(out, feeds.Person{Name: name, URI: n.url(sanitize.Link(p.URI, n.base))})
		}
	}
	return out
}

func (n *normalizer) categories(from []feeds.Category) (out []feeds.Category) {
	for _, c := range first(n, from, maxCategories) {
		c = feeds.Category{
			Term:   n.text(sanitize.Line(c.Term), maxName),
			Scheme: n.url(sanitize.Link(c.Scheme, n.base)),
			Label:  n.text(sanitize.Line(c.Label), maxName),
		}
		if c.Term != "" {
			out = append(out, c)
		}
	}
	return out
}

func (n *normalizer) enclosures(from []feeds.Enclosure) (out []feeds.Enclosure) {
	for _, c := range first(n, from, maxEnclosures) {
		c.URL = n.url(sanitize.Link(c.URL, n.base))
		c.MediaType, c.Title = mediaType(c.MediaType), n.text(sanitize.Line(c.Title), maxName)
		c.Length, c.Duration = max(c.Length, 0), max(c.Duration, 0)
		if c.URL != "" {
			out = append(out, c)
		}
	}
	return out
}

func (n *normalizer) images(from []feeds.Image, base *url.URL) (out []feeds.Image) {
	for _, i := range first(n, from, maxImages) {
		i.URL, i.Link = n.url(sanitize.Link(i.URL, base)), n.url(sanitize.Link(i.Link, base))
		i.MediaType, i.Title = mediaType(i.MediaType), n.text(sanitize.Line(i.Title), maxTitle)
		i.Width, i.Height = max(i.Width, 0), max(i.Height, 0)
		if i.URL != "" {
			out = append(out, i)
		}
	}
	return out
}

func (n *normalizer) comments(c *feeds.Comments) *feeds.Comments {
	if c == nil {
		return nil
	}
	out := &feeds.Comments{Page: n.url(sanitize.Link(c.Page, n.base)), Feed: n.url(sanitize.Link(c.Feed, n.base)), Count: max(c.Count, -1), Updated: c.Updated}
	if out.Page == "" && out.Feed == "" {
		return nil
	}
	return out
}

// origin is what an entry says of the feed that it was copied from.
func (n *normalizer) origin(f *feeds.Feed) *feeds.Feed {
	if f == nil {
		return nil
	}
	out := &feeds.Feed{
		Title: n.text(sanitize.Line(f.Title), maxTitle),
		Link:  n.url(sanitize.Link(f.Link, n.base)),
		Self:  n.url(sanitize.Link(f.Self, n.base)),
	}
	if absoluteIRI(f.ID) {
		out.ID = f.ID
	}
	if out.Title == "" && out.Link == "" && out.Self == "" {
		return nil
	}
	return out
}

// mediaType returns s if it has the form of a media type.
func mediaType(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	slash := strings.IndexByte(s, '/')
	if slash <= 0 || len(s) > 100 {
		return ""
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("/.+-_;= \"", c) >= 0) {
			return ""
		}
	}
	return s
}

func words(text string) (n int) {
	for range strings.FieldsSeq(text) {
		n++
	}
	return n
}

// counted are words that stand beside a number that counts readers.
var counted = map[string]bool{
	"view": true, "views": true, "visit": true, "visits": true, "visited": true, "times": true, "time": true, "reads": true,
	"comment": true, "comments": true, "reply": true, "replies": true, "like": true, "likes": true, "share": true, "shares": true,
	"hits": true, "vote": true, "votes": true, "points": true, "point": true, "upvotes": true, "claps": true,
	"ago": true, "minute": true, "minutes": true, "hour": true, "hours": true,
}

// textHash is of the text without counters ("Visited 899 times"), markup,
// case and white space: another one is a material change.
func textHash(e *newsroom.Entry, content string) string {
	var buf bytes.Buffer
	buf.Grow(len(content) + len(e.Summary) + len(e.Title) + 64)
	for _, text := range []string{e.Title, sanitize.Text(e.Summary), content, e.Correction, e.WithdrawnNote} {
		uncounted(&buf, text)
		buf.WriteByte('\n')
	}
	return hashText(hash64(bytes.ToLower(buf.Bytes())))
}

// uncounted writes the words of a text, but no number that stands beside a
// word for what it counts.
func uncounted(buf *bytes.Buffer, text string) {
	last, number := "", ""
	for word := range strings.FieldsSeq(text) {
		if number != "" && !counted[bareWord(word)] {
			buf.WriteString(number)
			buf.WriteByte(' ')
		}
		number = ""
		switch {
		case !strings.ContainsAny(word, "0123456789") || !isNumber(bareWord(word)):
			buf.WriteString(word)
			buf.WriteByte(' ')
		case !counted[bareWord(last)]:
			number = word
		}
		last = word
	}
	buf.WriteString(number)
}

func bareWord(s string) string {
	return strings.ToLower(strings.Trim(s, "()[]{}.,;:!?\"'“”‘’"))
}

func isNumber(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && strings.IndexByte(".,'+%k", c) < 0 {
			return false
		}
	}
	return s != "" && s[0] >= '0' && s[0] <= '9'
}

// visibleHash is of all that readers see of an entry.
func visibleHash(e *newsroom.Entry) string {
	var buf bytes.Buffer
	put := func(values ...string) {
		for _, v := range values {
			buf.WriteString(strconv.Itoa(len(v)))
			buf.WriteByte(':')
			buf.WriteString(v)
		}
	}
	put(e.Title, e.Link, e.External, string(e.Summary), string(e.Content), e.Language, e.Rights, e.License, e.Slug, e.Correction,
		e.WithdrawnNote, strconv.Itoa(e.ReadingMinutes))
	for _, p := range e.Authors {
		put("author", p.Name, p.URI)
	}
	for _, c := range e.Categories {
		put("category", c.Term, c.Scheme, c.Label)
	}
	for _, c := range e.Enclosures {
		put("enclosure", c.URL, c.MediaType, c.Title, strconv.FormatInt(c.Length, 10), strconv.FormatInt(int64(c.Duration/time.Second), 10))
	}
	for _, i := range e.Images {
		put("image", i.URL, i.Title, i.Link, strconv.Itoa(i.Width), strconv.Itoa(i.Height))
	}
	if c := e.Comments; c != nil {
		put("comments", c.Page, c.Feed)
	}
	if o := e.Origin; o != nil {
		put("origin", o.ID, o.Title, o.Link, o.Self)
	}
	return hashText(hash64(buf.Bytes()))
}

func hashText(hash int64) string { return strconv.FormatUint(uint64(hash), 16) }
