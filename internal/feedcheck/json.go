package feedcheck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// JSON Feed 1.1. A member is judged by its name.

// kind judges the value of a member.
type kind func(c *checker, where string, v any)

type members struct {
	known    map[string]kind
	required []string
}

var (
	jsonAuthor = members{map[string]kind{"name": jsonText, "url": jsonURL, "avatar": jsonURL}, nil}
	jsonHub    = members{map[string]kind{"type": jsonText, "url": jsonURL}, []string{"type", "url"}}
	attachment = members{map[string]kind{"url": jsonURL, "mime_type": jsonMIME, "title": jsonText, "size_in_bytes": jsonNumber,
		"duration_in_seconds": jsonNumber}, []string{"url", "mime_type"}}
	jsonItem = members{map[string]kind{
		"id": jsonText, "url": jsonURL, "external_url": jsonURL, "title": jsonPlain, "content_html": jsonHTML, "content_text": jsonText,
		"summary": jsonPlain, "image": jsonURL, "banner_image": jsonURL, "date_published": jsonDate, "date_modified": jsonDate,
		"authors": jsonList(jsonAuthor, 1), "tags": jsonStrings, "language": jsonLanguage, "attachments": jsonList(attachment, 1),
	}, []string{"id"}}
	jsonTop = members{map[string]kind{
		"version": jsonVersion, "title": jsonText, "home_page_url": jsonURL, "feed_url": jsonURL, "description": jsonText,
		"user_comment": jsonText, "next_url": jsonURL, "icon": jsonURL, "favicon": jsonURL, "authors": jsonList(jsonAuthor, 1),
		"language": jsonLanguage, "expired": jsonBool, "hubs": jsonList(jsonHub, 1), "items": jsonList(jsonItem, 0),
	}, []string{"version", "title", "items"}}
)

// json judges a JSON Feed document.
func (c *checker) json(doc []byte) {
	if !utf8.Valid(doc) {
		c.add("UnicodeError", 1, "the document is not UTF-8")
		return
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var top map[string]any
	err := d.Decode(&top)
	if err == nil && len(bytes.TrimSpace(doc[d.InputOffset():])) > 0 {
		err = fmt.Errorf("something follows the feed")
	}
	if err != nil {
		line := 1 + bytes.Count(doc[:min(int(d.InputOffset()), len(doc))], []byte("\n"))
		c.add("JSONSyntax", line, "%v", err)
		return
	}
	if t, _, _ := strings.Cut(c.MediaType, ";"); t != "" && t != "application/feed+json" && t != "application/json" {
		c.add("UnexpectedContentType", 1, "%q", c.MediaType)
	}
	c.object("feed", top, jsonTop)
	c.jsonFeed(top)
}

func (c *checker) object(where string, v any, m members) {
	object, ok := v.(map[string]any)
	if !ok {
		c.add("JSONWrongType", 1, "%s is not an object", where)
		return
	}
	for _, name := range m.required {
		if _, ok := object[name]; !ok {
			c.add("JSONMissingMember", 1, "%s has no %s", where, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		value := object[name]
		judge, known := m.known[name]
		switch {
		case known:
			judge(c, where+"."+name, value)
		case !isExtension(name):
			c.add("JSONUnknownMember", 1, "%s.%s", where, name)
		}
		c.jsonCharacters(where+"."+name, value)
	}
}

// isExtension reports whether a name may be an extension's: an underscore, a
// letter, no dots.
func isExtension(name string) bool {
	return len(name) > 1 && name[0] == '_' && alphabetic(name[1:2]) && !strings.Contains(name, ".")
}

// jsonFeed judges what members have to do with each other.
func (c *checker) jsonFeed(top map[string]any) {
	self, _ := top["feed_url"].(string)
	if next, ok := top["next_url"].(string); ok && next == self {
		c.add("JSONLoop", 1, "next_url is feed_url")
	}
	if c.SelfURL != "" && self != c.SelfURL {
		c.add("JSONSelf", 1, "feed_url is %q; the feed is at %s", self, c.SelfURL)
	}
	items, _ := top["items"].([]any)
	seen := map[string]bool{}
	for i, it := range items {
		item, _ := it.(map[string]any)
		where := fmt.Sprintf("feed.items[%d]", i)
		id, _ := item["id"].(string)
		if seen[id] {
			c.add("JSONDuplicateID", 1, "%s: %q", where, id)
		}
		seen[id] = true
		if _, html := item["content_html"]; !html && item["content_text"] == nil {
			c.add("JSONMissingMember", 1, "%s has neither content_html nor content_text", where)
		}
	}
}

// jsonCharacters looks for characters that text should not hold, below v.
func (c *checker) jsonCharacters(where string, v any) {
	switch v := v.(type) {
	case string:
		for _, r := range v {
			if r < 0x20 && r != '\n' && r != '\t' && r != '\r' || r >= 0x7F && r <= 0x9F || r == 0xFFFE || r == 0xFFFF || r == utf8.RuneError {
				c.add("BadCharacters", 1, "%s holds %U", where, r)
				return
			}
		}
	case []any:
		for _, w := range v {
			c.jsonCharacters(where, w)
		}
	case map[string]any:
		if strings.Contains(where, "._") { // other objects are judged member by member
			for _, w := range v {
				c.jsonCharacters(where, w)
			}
		}
	}
}

func jsonText(c *checker, where string, v any) {
	s, ok := v.(string)
	if !ok {
		c.add("JSONWrongType", 1, "%s is not a string", where)
	} else if strings.TrimSpace(s) == "" {
		c.add("JSONEmptyMember", 1, "%s is empty", where)
	}
}

func jsonPlain(c *checker, where string, v any) {
	jsonText(c, where, v)
	s, _ := v.(string)
	if m := endTag.FindStringSubmatch(s); m != nil && knownTag(strings.ToLower(m[1])) {
		c.add("JSONContainsHTML", 1, "%s holds %s", where, m[0])
	}
}

func jsonHTML(c *checker, where string, v any) {
	jsonText(c, where, v)
	s, _ := v.(string)
	c.markup(&node{name: where, line: 1}, s)
}

func jsonVersion(c *checker, where string, v any) {
	if v != "https://jsonfeed.org/version/1.1" && v != "https://jsonfeed.org/version/1" {
		c.add("JSONInvalidVersion", 1, "%v", v)
	}
}

func jsonURL(c *checker, where string, v any) {
	s, ok := v.(string)
	if !ok {
		c.add("JSONWrongType", 1, "%s is not a string", where)
		return
	}
	u, err := url.Parse(s)
	if err != nil || !u.IsAbs() || !uriFull.MatchString(s) {
		c.add("JSONInvalidURL", 1, "%s is %q", where, s)
	}
}

func jsonMIME(c *checker, where string, v any) {
	if s, ok := v.(string); !ok || !mediaType.MatchString(s) {
		c.add("InvalidMIMEType", 1, "%s is %v", where, v)
	}
}

func jsonDate(c *checker, where string, v any) {
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || !rfc3339.MatchString(s) {
		c.add("JSONInvalidDate", 1, "%s is %v", where, v)
		return
	}
	c.future(&node{name: where, line: 1}, t)
}

func jsonLanguage(c *checker, where string, v any) {
	s, _ := v.(string)
	c.language(&node{name: where, line: 1}, s)
}

func jsonBool(c *checker, where string, v any) {
	if _, ok := v.(bool); !ok {
		c.add("JSONWrongType", 1, "%s is not true or false", where)
	}
}

func jsonNumber(c *checker, where string, v any) {
	n, ok := v.(json.Number)
	if !ok || strings.HasPrefix(n.String(), "-") {
		c.add("JSONWrongType", 1, "%s is no number from 0", where)
	}
}

func jsonStrings(c *checker, where string, v any) {
	list, ok := v.([]any)
	if !ok {
		c.add("JSONWrongType", 1, "%s is not an array", where)
	}
	for _, s := range list {
		jsonText(c, where+"[]", s)
	}
}

// jsonList judges an array of objects, of at least low members.
func jsonList(m members, low int) kind {
	return func(c *checker, where string, v any) {
		list, ok := v.([]any)
		if !ok {
			c.add("JSONWrongType", 1, "%s is not an array", where)
			return
		}
		if len(list) < low {
			c.add("JSONEmptyMember", 1, "%s is empty", where)
		}
		for i, w := range list {
			c.object(fmt.Sprintf("%s[%d]", where, i), w, m)
		}
	}
}
