package feeds

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	gorilla "github.com/gorilla/feeds"
)

// JSON Feed 1.1. The structs of gorilla/feeds are embedded; encoding/json lets
// the shallower field win. The members of Extension stand beside the struct's,
// so objects are closed by hand: jsonOutBuffer.

type jsonOutItem struct {
	gorilla.JSONItem
	BannerImage string              `json:"banner_image,omitempty"`
	Published   string              `json:"date_published,omitempty"`
	Modified    string              `json:"date_modified,omitempty"`
	Language    string              `json:"language,omitempty"`
	Attachments []jsonOutAttachment `json:"attachments,omitempty"`
}

type jsonOutAttachment struct {
	URL      string  `json:"url"`
	Type     string  `json:"mime_type"`
	Title    string  `json:"title,omitempty"`
	Size     int64   `json:"size_in_bytes,omitempty"`
	Duration float64 `json:"duration_in_seconds,omitempty"`
}

// jsonOut writes f as one JSON document.
func jsonOut(w io.Writer, f *Feed) error {
	b := newJSONOutBuffer()
	b.Grow(jsonOutSize(f))
	if err := b.object(newJSONOutFeed(f), f.Extension); err != nil {
		return fmt.Errorf("feeds: JSON Feed: %w", err)
	}
	b.WriteString(`,"items":[`) // never left out, even if there are none
	for i := range f.Entries {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		e := &f.Entries[i]
		if err := b.object(newJSONOutItem(e, f), e.Extension); err != nil {
			return fmt.Errorf("feeds: JSON Feed: item %s: %w", outID(e), err)
		}
		b.WriteByte('}')
	}
	b.WriteString("\n]}\n")
	_, err := w.Write(b.Bytes())
	return err
}

// jsonOutSize guesses how many bytes f needs, mostly for its texts.
func jsonOutSize(f *Feed) int {
	n := 4 << 10
	for i := range f.Entries {
		e := &f.Entries[i]
		n += 1<<10 + len(e.Content) + len(e.Content)/8 + 2*len(e.Summary)
	}
	return n
}

type jsonOutBuffer struct {
	bytes.Buffer
	enc *json.Encoder
}

func newJSONOutBuffer() *jsonOutBuffer {
	b := &jsonOutBuffer{}
	b.enc = json.NewEncoder(&b.Buffer)
	b.enc.SetEscapeHTML(false) // feeds are not pasted into HTML; it would double their tags
	return b
}

// object writes a struct and extension members, but not the closing brace.
func (b *jsonOutBuffer) object(v any, extension map[string]any) error {
	if err := b.enc.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - len("}\n"))
	for _, name := range slices.Sorted(maps.Keys(extension)) {
		if !jsonOutExtension(name) {
			continue
		}
		value, err := jsonOutValue(extension[name])
		if err != nil {
			return fmt.Errorf("member %s: %w", name, err)
		}
		fmt.Fprintf(b, ",%q:%s", name, value)
	}
	return nil
}

// jsonOutExtension reports whether name may be that of an extension: an
// underscore and a letter first, no dots (JSON Feed 1.1, Extensions).
func jsonOutExtension(name string) bool {
	rest, ok := strings.CutPrefix(name, "_")
	if !ok || !outToken(rest) || strings.ContainsRune(rest, '.') {
		return false
	}
	c := rest[0] | 0x20
	return c >= 'a' && c <= 'z'
}

// jsonOutEscaped reports whether encoded text may hold a control character:
// encoding/json writes two of them by a letter.
func jsonOutEscaped(text string) bool {
	return strings.Contains(text, `\u`) || strings.Contains(text, `\b`) || strings.Contains(text, `\f`)
}

// jsonOutValue encodes an extension's value, cleaned as all text is.
func jsonOutValue(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	text := b.String()
	if !jsonOutEscaped(text) && outClean(text) == text {
		return bytes.TrimSpace(b.Bytes()), nil
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var generic any
	if err := dec.Decode(&generic); err != nil {
		return nil, err
	}
	b.Reset()
	err := enc.Encode(jsonOutClean(generic))
	return bytes.TrimSpace(b.Bytes()), err
}

func jsonOutClean(v any) any {
	switch v := v.(type) {
	case string:
		return outClean(v)
	case []any:
		for i := range v {
			v[i] = jsonOutClean(v[i])
		}
	case map[string]any:
		clean := make(map[string]any, len(v))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			clean[outClean(name)] = jsonOutClean(v[name])
		}
		return clean
	}
	return v
}

func newJSONOutFeed(f *Feed) *gorilla.JSONFeed {
	out := &gorilla.JSONFeed{
		Version:     "https://jsonfeed.org/version/1.1",
		Title:       outFeedTitle(f),
		Language:    outLanguage(f.Language),
		HomePageUrl: outURI(f.Link),
		FeedUrl:     outURI(f.Self),
		Description: outLine(f.Subtitle),
		NextUrl:     jsonOutNext(f),
		Icon:        outURI(f.Icon),
		Authors:     jsonOutPeople(outPeople(f.Authors)),
	}
	for _, hub := range f.Hubs {
		if u := outURI(hub); u != "" {
			out.Hubs = append(out.Hubs, &gorilla.JSONHub{Type: "WebSub", Url: u})
		}
	}
	return out
}

// jsonOutNext returns where older entries are: the next page, or else the
// archive before this document.
func jsonOutNext(f *Feed) string {
	if f.Complete {
		return ""
	}
	self := outURI(f.Self)
	for _, rel := range []string{"next", "prev-archive"} {
		for _, l := range f.Links {
			if u := outURI(l.Href); strings.TrimSpace(l.Rel) == rel && u != "" && u != self {
				return u
			}
		}
	}
	return ""
}

func jsonOutPeople(people []Person) []*gorilla.JSONAuthor {
	var out []*gorilla.JSONAuthor
	for _, p := range people {
		out = append(out, &gorilla.JSONAuthor{Name: p.Name, Url: p.URI})
	}
	return out
}

func newJSONOutItem(e *Entry, f *Feed) *jsonOutItem {
	it := &jsonOutItem{
		JSONItem: gorilla.JSONItem{
			Id:          outID(e),
			Url:         outEntryLink(e),
			ExternalUrl: outURI(e.External),
			Title:       outTitle(e),
			Summary:     outInert(outText(e.Summary, 0)),
			Authors:     jsonOutPeople(outAuthors(e)),
		},
		Published: outDate(e.Published, outRFC3339),
		Modified:  outDate(e.Updated, outRFC3339),
	}
	it.setContent(e)
	it.setImages(e.Images)
	if lang := outLanguage(e.Language); lang != outLanguage(f.Language) {
		it.Language = lang
	}
	for _, c := range outCategories(e.Categories) {
		if !slices.Contains(it.Tags, c.Term) {
			it.Tags = append(it.Tags, c.Term)
		}
	}
	for _, c := range outEnclosures(e) {
		it.Attachments = append(it.Attachments, jsonOutAttachment{c.URL, c.MediaType, c.Title, c.Length, max(c.Duration.Seconds(), 0)})
	}
	return it
}

// setContent sets the one of content_html and content_text that an item must
// have.
func (it *jsonOutItem) setContent(e *Entry) {
	if h := cmp.Or(outNonblank(e.Content), outNonblank(e.Summary)); h != "" {
		it.ContentHTML = outClean(string(h))
		return
	}
	it.ContentText = outStandIn(e)
}

// setImages sets the first picture as the item's, and the first that is known
// to be at least twice as wide as high as its banner.
func (it *jsonOutItem) setImages(images []Image) {
	for _, im := range images {
		u := outURI(im.URL)
		it.Image = cmp.Or(it.Image, u)
		if im.Height > 0 && im.Width >= 2*im.Height {
			it.BannerImage = cmp.Or(it.BannerImage, u)
		}
	}
}
