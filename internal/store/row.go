package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// entryColumns are those of an entry's row, in the order of entryValues and
// scanEntry.
const entryColumns = `key, source, house, verdict, raw, hash, text_hash, link_hash, first_seen, sort, published, updated,
	changed, touched, withdrawn, purged, words, rule, id, guid, link, title, also, meta, summary, content`

const entryColumnCount = 26

// A metaDoc is what an entry says of itself and nobody asks the database for.
type metaDoc struct {
	Permalink  bool              `json:"permalink,omitempty"`
	External   string            `json:"external,omitempty"`
	Language   string            `json:"language,omitempty"`
	Rights     string            `json:"rights,omitempty"`
	License    string            `json:"license,omitempty"`
	Authors    []feeds.Person    `json:"authors,omitempty"`
	Categories []category        `json:"categories,omitempty"`
	Enclosures []feeds.Enclosure `json:"enclosures,omitempty"`
	Images     []feeds.Image     `json:"images,omitempty"`
	Comments   *feeds.Comments   `json:"comments,omitempty"`
	Origin     *origin           `json:"origin,omitempty"`

	Slug           string `json:"slug,omitempty"`
	ReadingMinutes int    `json:"reading_minutes,omitempty"`
	Correction     string `json:"correction,omitempty"`
	WithdrawnNote  string `json:"withdrawn_note,omitempty"`
}

type category struct {
	Term   string `json:"t"`
	Scheme string `json:"s,omitempty"`
	Label  string `json:"l,omitempty"`
}

type origin struct {
	ID    string `json:"id,omitempty"`
	Title string `json:"title,omitempty"`
	Link  string `json:"link,omitempty"`
	Self  string `json:"self,omitempty"`
}

func writeMeta(e *newsroom.Entry) (string, error) {
	m := metaDoc{
		Permalink: e.Permalink, External: e.External, Language: e.Language, Rights: e.Rights, License: e.License,
		Authors: e.Authors, Enclosures: e.Enclosures, Images: e.Images, Comments: e.Comments,
		Slug: e.Slug, ReadingMinutes: e.ReadingMinutes, Correction: e.Correction, WithdrawnNote: e.WithdrawnNote,
	}
	for _, c := range e.Categories {
		m.Categories = append(m.Categories, category(c))
	}
	if o := e.Origin; o != nil {
		m.Origin = &origin{o.ID, o.Title, o.Link, o.Self}
	}
	doc, err := json.Marshal(m)
	return clean(string(doc)), err
}

func readMeta(doc string, e *newsroom.Entry) error {
	var m metaDoc
	if err := json.Unmarshal([]byte(doc), &m); err != nil {
		return fmt.Errorf("entry %d: %w", e.Key, err)
	}
	e.Permalink, e.External, e.Language, e.Rights, e.License = m.Permalink, m.External, m.Language, m.Rights, m.License
	e.Authors, e.Enclosures, e.Images, e.Comments = m.Authors, m.Enclosures, m.Images, m.Comments
	e.Slug, e.ReadingMinutes, e.Correction, e.WithdrawnNote = m.Slug, m.ReadingMinutes, m.Correction, m.WithdrawnNote
	for _, c := range m.Categories {
		e.Categories = append(e.Categories, feeds.Category(c))
	}
	if o := m.Origin; o != nil {
		e.Origin = &feeds.Feed{ID: o.ID, Title: o.Title, Link: o.Link, Self: o.Self}
	}
	return nil
}

// appendEntry appends the values of an entry's row.
func appendEntry(values []any, e *newsroom.Entry, source, raw, link int64) ([]any, error) {
	meta, err := writeMeta(e)
	if err != nil {
		return nil, err
	}
	return append(values, e.Key, source, flag(e.House), decisionCode(e.Verdict.Decision), raw, parseHash(e.Hash), parseHash(e.TextHash), link,
		ms(e.FirstSeen), ms(e.Sort), ms(e.Published), ms(e.Updated), ms(e.Changed), int64(0), ms(e.Withdrawn), int64(0), int64(e.Words),
		clean(e.Verdict.Rule), clean(e.ID), unless(e.GUID, e.ID), unless(e.Link, e.ID), clean(e.Title),
		strings.Join(e.AlsoIn, " "), meta, clean(string(e.Summary)), clean(string(e.Content))), nil
}

// scanEntry reads a row of entryColumns. The source is given by its key: its
// slug is for the caller to find once all rows are read.
func scanEntry(rows *sql.Rows) (e newsroom.Standing, source int64, err error) {
	var (
		house, verdict, hash, textHash                                  int64
		first, sort, published, updated, changed, touched, gone, purged int64
		guid, link                                                      sql.NullString
		also, meta, summary, content                                    string
	)
	if err := rows.Scan(&e.Key, &source, &house, &verdict, &e.Raw, &hash, &textHash, &e.LinkHash, &first, &sort, &published, &updated,
		&changed, &touched, &gone, &purged, &e.Words, &e.Verdict.Rule, &e.ID, &guid, &link, &e.Title, &also, &meta, &summary, &content); err != nil {
		return e, 0, err
	}
	e.House, e.Verdict.Decision = house != 0, decision(verdict)
	e.Hash, e.TextHash = hashText(hash), hashText(textHash)
	e.FirstSeen, e.Sort, e.Published, e.Updated = at(first), at(sort), at(published), at(updated)
	e.Changed, e.Touched, e.Withdrawn, e.Purged = at(changed), at(touched), at(gone), purged != 0
	e.GUID, e.Link = orElse(guid, e.ID), orElse(link, e.ID)
	if also != "" {
		e.AlsoIn = strings.Fields(also)
	}
	e.Summary, e.Content = feeds.HTML(summary), feeds.HTML(content)
	return e, source, readMeta(meta, &e.Entry)
}

// unless returns NULL for a value that the row holds already.
func unless(value, same string) any {
	if value == same {
		return nil
	}
	return clean(value)
}

func orElse(value sql.NullString, same string) string {
	if value.Valid {
		return value.String
	}
	return same
}

// clean keeps out what PostgreSQL refuses in text. The door has done so
// already; a single bad byte would cost the whole reading.
func clean(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func decisionCode(d newsroom.Decision) int64 {
	switch d {
	case newsroom.Drop:
		return 1
	case newsroom.Hold:
		return 2
	}
	return 0
}

func decision(code int64) newsroom.Decision {
	switch code {
	case 1:
		return newsroom.Drop
	case 2:
		return newsroom.Hold
	}
	return newsroom.Publish
}

// hashText writes a 64-bit hash as text; parseHash is its inverse.
func hashText(hash int64) string {
	if hash == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(hash), 16)
}

func parseHash(hash string) int64 {
	n, _ := strconv.ParseUint(hash, 16, 64)
	return int64(n)
}
