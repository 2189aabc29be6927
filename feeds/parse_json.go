package feeds

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// jsonObject is an object whose members are not decoded yet. Publishers give
// members other types than the format has, so each is read leniently and one
// that makes no sense costs only itself.
type jsonObject map[string]json.RawMessage

// json reads a JSON Feed. gofeed's own parser is not used: it refuses the
// document for one member of another type, and knows neither hubs nor
// extensions.
func (p *parser) json(doc []byte) (*Feed, error) {
	o, err := p.jsonRead(doc)
	if err != nil {
		return nil, err
	}
	var items []json.RawMessage
	isList := json.Unmarshal(o["items"], &items) == nil
	if !jsonIsFeed(o, items) {
		return nil, fmt.Errorf("%w: a JSON document that is no JSON Feed", ErrNotFeed)
	}
	if !isList {
		items = nil
	}
	m := &jsonMapper{parser: p, base: p.base}
	f := m.feed(o)
	if len(items) > maxEntries {
		p.exceeded(fmt.Sprintf("more than %d entries", maxEntries))
		p.mal.Truncated = true
		items = items[:maxEntries]
	}
	f.Entries = make([]Entry, 0, len(items))
	for _, raw := range items {
		var item jsonObject
		if json.Unmarshal(raw, &item) != nil || item == nil {
			p.mal.Cut = true
			p.fault(-1, "an item that is no object")
			continue
		}
		f.Entries = append(f.Entries, m.entry(item, f))
	}
	return f, nil
}

// jsonIsFeed reports whether an object is a feed: it says so, or has items
// that look like a feed's.
func jsonIsFeed(o jsonObject, items []json.RawMessage) bool {
	if strings.Contains(o.text("version"), "jsonfeed.org/version/") {
		return true
	}
	if len(items) == 0 {
		return false
	}
	var first jsonObject
	if json.Unmarshal(items[0], &first) != nil {
		return false
	}
	named := o["version"] != nil || o["title"] != nil || o["feed_url"] != nil || o["home_page_url"] != nil
	return named && (first["content_html"] != nil || first["content_text"] != nil ||
		first["title"] != nil && (first["id"] != nil || first["url"] != nil))
}

// jsonRead decodes a document, which is mended first if it must be.
func (p *parser) jsonRead(doc []byte) (jsonObject, error) {
	var o jsonObject
	if !jsonTooMuch(doc) && json.Unmarshal(doc, &o) == nil {
		return o, nil
	}
	if doc[0] != '{' {
		if json.Valid(doc) {
			return nil, fmt.Errorf("%w: a JSON document that is no JSON Feed", ErrNotFeed)
		}
		p.fault(len(p.doc)-len(doc), "JSON that cannot be read")
		return nil, &p.mal
	}
	r := &jsonRepair{doc: doc}
	out := r.run()
	if r.limit {
		p.exceeded(r.problem)
	}
	if r.problem != "" {
		p.fault(len(p.doc)-len(doc)+r.pos, "%s", r.problem)
		p.mal.Truncated = true
		p.mal.Cut = true
	}
	o = nil
	if out == nil || json.Unmarshal(out, &o) != nil {
		p.fault(len(p.doc), "JSON that cannot be read")
		return nil, &p.mal
	}
	return o, nil
}

// jsonTooMuch reports whether a valid document is too deep or has too many
// values.
func jsonTooMuch(doc []byte) bool {
	depth, values, quoted := 0, 0, false
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			values++
		case c == ',':
			values++
		case c == '}' || c == ']':
			depth--
		}
		if depth > maxDepth || values > maxElements {
			return true
		}
	}
	return false
}

// A jsonRepair copies a document without what JSON forbids and publishers
// write: commas at the end of lists, NaN, line breaks in strings, unknown
// escapes, and anything behind the document. A document that breaks off ends
// behind its last complete item.
type jsonRepair struct {
	doc     []byte
	pos     int
	out     []byte
	closers []byte // of what is open
	// safe is the length of out at the end of the last complete item.
	safe    int
	values  int
	problem string
	limit   bool // the problem is a limit
}

func (r *jsonRepair) run() []byte {
	for r.pos < len(r.doc) && r.problem == "" {
		if r.values++; r.values > 3*maxElements {
			r.problem, r.limit = "more than "+strconv.Itoa(maxElements)+" values", true
			break
		}
		if done := r.token(); done {
			return r.out
		}
	}
	if r.problem == "" {
		r.problem = "the document ends before it is complete"
	}
	if r.safe == 0 {
		return nil
	}
	return append(r.out[:r.safe], "]}"...)
}

// token copies one token and reports whether the document is complete.
func (r *jsonRepair) token() bool {
	switch c := r.doc[r.pos]; c {
	case '"':
		r.quoted()
	case '{', '[':
		r.out = append(r.out, c)
		r.closers = append(r.closers, c+2) // '{'+2 == '}', '['+2 == ']'
		r.pos++
		if len(r.closers) > maxDepth {
			r.problem = "values nested deeper than " + strconv.Itoa(maxDepth)
		}
	case '}', ']':
		return r.close(c)
	default:
		r.word()
	}
	return false
}

func (r *jsonRepair) close(c byte) bool {
	n := len(r.closers)
	if n == 0 || r.closers[n-1] != c {
		r.problem = "brackets that do not match"
		return false
	}
	r.pos++
	r.out = append(bytes.TrimRight(r.out, ", \t\r\n"), c)
	r.closers = r.closers[:n-1]
	if n == 3 && string(r.closers) == "}]" {
		r.safe = len(r.out)
	}
	return n == 1
}

// word copies what stands outside strings and brackets.
func (r *jsonRepair) word() {
	from := r.pos
	for r.pos < len(r.doc) && !bytes.ContainsRune([]byte(`"{}[]`), rune(r.doc[r.pos])) {
		r.pos++
	}
	word := r.doc[from:r.pos]
	for _, bad := range []string{"-Infinity", "Infinity", "NaN", "undefined"} {
		word = bytes.ReplaceAll(word, []byte(bad), []byte("null"))
	}
	r.out = append(r.out, word...)
}

func (r *jsonRepair) quoted() {
	start := r.pos
	out := append(r.out, '"')
	for i := r.pos + 1; i < len(r.doc); i++ {
		switch c := r.doc[i]; {
		case c == '"':
			r.out, r.pos = append(out, '"'), i+1
			return
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\t':
			out = append(out, `\t`...)
		case c < 0x20:
		case c == '\\':
			i++
			if i < len(r.doc) {
				if bytes.IndexByte([]byte(`"\/bfnrtu`), r.doc[i]) >= 0 {
					out = append(out, '\\')
				}
				out = append(out, r.doc[i])
			}
		default:
			out = append(out, c)
		}
	}
	r.pos = start
	r.problem = "the document ends before it is complete"
}

// text returns a member as text: a string, or a number or boolean as written.
func (o jsonObject) text(name string) string { return jsonText(o[name]) }

func jsonText(raw json.RawMessage) string {
	if len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || string(raw) == "null" {
		return ""
	}
	if raw[0] != '"' {
		return string(raw)
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return textLegal(s)
}

// objects returns a member that is a list of objects, or one object.
func (o jsonObject) objects(name string, limit int) []jsonObject {
	raw := o[name]
	if len(raw) > 0 && raw[0] == '{' {
		var one jsonObject
		if json.Unmarshal(raw, &one) == nil {
			return []jsonObject{one}
		}
	}
	var list []json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &list) != nil {
		return nil
	}
	objects := make([]jsonObject, 0, min(len(list), limit+1))
	for _, raw := range list {
		var one jsonObject
		if json.Unmarshal(raw, &one) == nil && one != nil && len(objects) <= limit {
			objects = append(objects, one)
		}
	}
	return objects
}

// texts returns a member that is a list of strings, or one string of words
// between commas.
func (o jsonObject) texts(name string, limit int) []string {
	raw := o[name]
	var list []json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &list) != nil {
		return strings.SplitN(jsonText(raw), ",", limit+1)
	}
	texts := make([]string, 0, min(len(list), limit))
	for _, raw := range list[:min(len(list), limit)] {
		texts = append(texts, jsonText(raw))
	}
	return texts
}

func (o jsonObject) number(name string) int64 {
	n, err := strconv.ParseFloat(strings.TrimSpace(o.text(name)), 64)
	if err != nil || !(n > 0 && n < 1<<53) {
		return 0
	}
	return int64(n)
}

// A jsonMapper maps a JSON Feed to the model.
type jsonMapper struct {
	*parser
	base *url.URL
}

func (m *jsonMapper) feed(o jsonObject) *Feed {
	if m.base == nil {
		m.base = extResolve(nil, o.text("feed_url"))
	}
	f := &Feed{
		Format:    JSONFeed,
		Version:   jsonVersion(o.text("version")),
		Title:     m.text(textLine(o.text("title")), maxTitle, "the feed's title"),
		Subtitle:  m.text(textLine(o.text("description")), maxSummary, "the feed's description"),
		Link:      m.link(m.base, o.text("home_page_url"), "the feed's link"),
		Self:      m.link(m.base, o.text("feed_url"), "the feed's own URL"),
		Language:  m.text(textLine(o.text("language")), maxName, "the language"),
		Icon:      m.link(m.base, firstOf(o.text("icon"), o.text("favicon")), "the icon's URL"),
		Authors:   m.authors(o),
		Extension: m.extension(o),
	}
	if next := m.link(m.base, o.text("next_url"), "the next page's URL"); next != "" {
		f.Links = append(f.Links, Link{Rel: "next", Href: next, MediaType: JSONFeed.MediaType()})
	}
	for _, hub := range o.objects("hubs", maxLinks) {
		kind := strings.ToLower(hub.text("type"))
		if href := m.link(m.base, hub.text("url"), "a hub's URL"); href != "" && kind != "rsscloud" && len(f.Hubs) < maxLinks {
			f.Hubs = append(f.Hubs, href)
		}
	}
	return f
}

func jsonVersion(s string) string {
	_, v, _ := strings.Cut(s, "/version/")
	switch v {
	case "1":
		return "1.0"
	case "":
		return ""
	}
	return salvageRune(v, 8)
}

// authors reads authors (1.1) and author (1.0), objects or bare names.
func (m *jsonMapper) authors(o jsonObject) []Person {
	var people []Person
	for _, name := range []string{"authors", "author"} {
		for _, a := range o.objects(name, maxAuthors) {
			people = extAddPerson(people, Person{
				Name: textLine(a.text("name")),
				URI:  m.link(m.base, a.text("url"), "an author's URL"),
			})
		}
		if s := o.text(name); s != "" {
			people = extAddPerson(people, extPerson(s))
		}
		if len(people) > 0 {
			break
		}
	}
	return m.persons(people)
}

func (m *jsonMapper) entry(o jsonObject, f *Feed) Entry {
	e := Entry{
		GUID:      limitGUID(strings.TrimSpace(o.text("id"))),
		Title:     m.text(textLine(o.text("title")), maxTitle, "a title"),
		Link:      m.link(m.base, o.text("url"), "a link"),
		External:  m.link(m.base, o.text("external_url"), "a link"),
		Language:  m.text(textLine(o.text("language")), maxName, "a language"),
		Authors:   m.authors(o),
		Extension: m.extension(o),
	}
	e.Published, _ = ParseDate(o.text("date_published"))
	e.Updated, _ = ParseDate(o.text("date_modified"))
	if len(e.Authors) == 0 {
		e.Authors = append([]Person(nil), f.Authors...)
	}
	if e.Link == "" && extIsHTTP(e.GUID) {
		e.Link = e.GUID
	}
	e.Permalink = e.GUID != "" && e.GUID == e.Link
	e.Link = firstOf(e.Link, e.External)
	content := strings.TrimSpace(o.text("content_html"))
	if content == "" {
		content = textHTML(o.text("content_text"))
	}
	m.body(&e, textHTML(o.text("summary")), content)
	for _, tag := range o.texts("tags", maxFields) {
		e.Categories = extAddCategory(e.Categories, Category{Term: textEscape(tag)})
	}
	e.Categories = m.categories(e.Categories)
	for _, name := range []string{"image", "banner_image"} {
		m.image(&e, Image{URL: m.link(m.base, o.text(name), "an image's URL")})
	}
	m.attachments(&e, o)
	return e
}

func (m *jsonMapper) attachments(e *Entry, o jsonObject) {
	for _, a := range o.objects("attachments", maxEnclosures) {
		href := m.link(m.base, a.text("url"), "an attachment's URL")
		if href == "" {
			continue
		}
		e.Enclosures = append(e.Enclosures, Enclosure{
			URL:       href,
			MediaType: m.text(textLine(a.text("mime_type")), maxName, "an attachment's type"),
			Title:     m.text(textLine(a.text("title")), maxTitle, "an attachment's title"),
			Length:    a.number("size_in_bytes"),
			Duration:  time.Duration(min(a.number("duration_in_seconds"), 1<<30)) * time.Second,
		})
	}
	e.Enclosures = limitList(m.limiter, e.Enclosures, maxEnclosures, "the list of enclosures")
}

// maxExtension bounds a member that is none of the format's, in bytes.
const maxExtension = 16 << 10

// extension returns the members whose names begin with an underscore.
func (m *jsonMapper) extension(o jsonObject) map[string]any {
	var out map[string]any
	for _, name := range slices.Sorted(maps.Keys(o)) { // equal documents give equal entries
		raw := o[name]
		if !strings.HasPrefix(name, "_") || len(name) > maxName {
			continue
		}
		if len(raw) > maxExtension {
			m.dropping("the extension "+textLegal(name), maxExtension)
			continue
		}
		if len(out) == maxLinks {
			m.cutting("the list of extensions", maxLinks)
			break
		}
		var v any
		if json.Unmarshal(raw, &v) != nil {
			continue
		}
		if out == nil {
			out = map[string]any{}
		}
		out[textLegal(name)] = jsonLegal(v)
	}
	return out
}

// jsonLegal drops forbidden characters from all strings of a value.
func jsonLegal(v any) any {
	switch v := v.(type) {
	case string:
		return textLegal(v)
	case []any:
		for i := range v {
			v[i] = jsonLegal(v[i])
		}
	case map[string]any:
		legal := make(map[string]any, len(v))
		for k, x := range v {
			legal[textLegal(k)] = jsonLegal(x)
		}
		return legal
	}
	return v
}
