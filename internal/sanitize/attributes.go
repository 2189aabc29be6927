package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// values are the attributes of a start tag that may matter; of two with one
// name the first counts.
type values struct {
	known []value // by name
	src   string  // of a picture that loads late
	srcs  string  // its srcset
	blind bool    // hidden, or styled away
}

type value struct {
	name atom.Atom
	text string
}

func (v *values) read(z *html.Tokenizer, el *element, more bool) {
	*v = values{known: v.known[:0]}
	srcRank, setRank := len(lazySrc), len(lazySrcset)
	for n := 0; more && n < maxAttributes; n++ {
		var key, val []byte
		key, val, more = z.TagAttr()
		switch name := atom.Lookup(key); {
		case name == atom.Hidden:
			v.blind = v.blind || !strings.EqualFold(string(val), "false")
		case name == atom.Style:
			v.blind = v.blind || styledAway(string(val))
		case name != 0:
			if !el.knows(name) {
				continue
			}
			if _, dup := v.get(name); !dup {
				v.known = append(v.known, value{name, string(val)})
			}
		case strings.HasPrefix(string(key), "data-") && len(val) > 0:
			v.src, srcRank = better(lazySrc, string(key), string(val), v.src, srcRank)
			v.srcs, setRank = better(lazySrcset, string(key), string(val), v.srcs, setRank)
		}
	}
}

// knows reports whether an attribute of the element is looked at.
func (el *element) knows(name atom.Atom) bool {
	for i := range el.attrs {
		if el.attrs[i].key == name {
			return true
		}
	}
	return false
}

// better returns the value of the attribute that comes first in names.
func better(names []string, key, val, old string, rank int) (string, int) {
	for i, name := range names[:rank] {
		if key == name {
			return val, i
		}
	}
	return old, rank
}

func (v *values) get(name atom.Atom) (string, bool) {
	for i := range v.known {
		if v.known[i].name == name {
			return v.known[i].text, true
		}
	}
	return "", false
}

func (v *values) put(name atom.Atom, text string) {
	for i := range v.known {
		if v.known[i].name == name {
			v.known[i].text = text
			return
		}
	}
	v.known = append(v.known, value{name, text})
}

// hidden reports whether the author means that the element is not shown. A
// picture that waits for a script to show it is shown.
func (v *values) hidden() bool { return v.blind && v.src == "" && v.srcs == "" }

func styledAway(style string) bool {
	if len(style) > maxAttribute {
		return false
	}
	style = strings.ToLower(strings.ReplaceAll(style, " ", ""))
	return strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")
}

// writeTag writes the start tag of el with the attributes of b.seen to b.tag.
// It returns false if the element is not worth showing without those that
// were refused: a link to nowhere, a picture of nothing.
func (b *builder) writeTag(el *element) bool {
	b.tag = append(b.tag, '<')
	b.tag = append(b.tag, el.tag.String()...)
	if el.tag == atom.Img {
		b.image()
	}
	worth := el.needs == ""
	for i := range el.attrs {
		attr := &el.attrs[i]
		val, ok := attr.value, attr.judge == always
		if raw, has := b.seen.get(attr.key); has && !ok {
			val, ok = b.judge(attr.judge, raw)
		}
		if ok {
			b.attr(attr.name, val)
			worth = worth || attr.name == el.needs
		}
	}
	if el.shape.empty() {
		b.tag = append(b.tag, '/')
	}
	b.tag = append(b.tag, '>')
	return worth
}

func (b *builder) attr(name, val string) {
	b.tag = append(b.tag, ' ')
	b.tag = append(b.tag, name...)
	b.tag = append(b.tag, `="`...)
	b.tag = appendEscaped(b.tag, val)
	b.tag = append(b.tag, '"')
}

// image finds src and srcset of a picture, and none if it is there to count
// readers.
func (b *builder) image() {
	var src, set, first string
	if !b.pixel() {
		for _, raw := range []string{b.seen.src, b.value(atom.Src)} {
			if src = b.picture(raw); src != "" {
				break
			}
		}
		for _, raw := range []string{b.seen.srcs, b.value(atom.Srcset)} {
			if set, first = b.srcset(raw); set != "" {
				break
			}
		}
	}
	if src == "" {
		src = first
	}
	b.seen.put(atom.Src, src)
	b.seen.put(atom.Srcset, set)
}

func (b *builder) value(name atom.Atom) string {
	v, _ := b.seen.get(name)
	return v
}

// picture returns raw as the absolute URL of a picture that is worth loading,
// or the empty string.
func (b *builder) picture(raw string) string {
	if raw == "" || len(raw) > 4*maxURL {
		return ""
	}
	u := resolve(raw, b.base)
	if u == "" || counts(u) {
		return ""
	}
	return u
}

// pixel reports whether the picture is too small to be seen: at most one
// pixel wide or high, and not known to be more the other way.
func (b *builder) pixel() bool {
	w, wide := b.seen.get(atom.Width)
	h, high := b.seen.get(atom.Height)
	tiny := func(s string) bool {
		s = strings.TrimSuffix(strings.TrimSpace(s), "px")
		return s == "0" || s == "1"
	}
	return (wide || high) && (!wide || tiny(w)) && (!high || tiny(h))
}

// counts reports whether the URL is one of pixels.
func counts(u string) bool {
	_, rest, _ := strings.Cut(u, "://")
	host, path, _ := strings.Cut(rest, "/")
	host = strings.ToLower(host)
	for _, p := range pixels {
		at, prefix, _ := strings.Cut(p, "/")
		if tail, ok := strings.CutSuffix(host, at); ok && (tail == "" || strings.HasSuffix(tail, ".")) && strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// srcset returns the candidates of a srcset that may be loaded, and the URL of
// the first.
func (b *builder) srcset(raw string) (set, first string) {
	if len(raw) > maxCandidates*maxURL {
		return "", ""
	}
	var out []string
	for n := 0; n < 2*maxCandidates && len(out) < maxCandidates; n++ {
		var at, descriptor string
		at, descriptor, raw = candidate(raw)
		if at == "" {
			break
		}
		u := b.picture(at)
		if u == "" || strings.HasSuffix(u, ",") || !properDescriptor(descriptor) {
			continue
		}
		if first == "" {
			first = u
		}
		if descriptor != "" {
			u += " " + descriptor
		}
		out = append(out, u)
	}
	return strings.Join(out, ", "), first
}

// candidate splits the first candidate off a srcset as HTML says: a URL ends
// at a space (it may hold commas), a descriptor at a comma.
func candidate(s string) (at, descriptor, rest string) {
	s = strings.TrimLeft(s, ", \t\n\f\r")
	end := strings.IndexAny(s, " \t\n\f\r")
	if end < 0 {
		return strings.TrimRight(s, ","), "", ""
	}
	at, rest = s[:end], s[end:]
	if trimmed := strings.TrimRight(at, ","); trimmed != at {
		return trimmed, "", rest
	}
	descriptor, rest, _ = strings.Cut(rest, ",")
	return at, strings.TrimSpace(descriptor), rest
}

func properDescriptor(d string) bool {
	if d == "" {
		return true
	}
	n, unit := d[:len(d)-1], d[len(d)-1]
	return n != "" && len(n) <= 6 && (unit == 'w' || unit == 'x') && strings.Trim(n, "0123456789.") == ""
}

// judge returns the value as it may be written, and whether it may.
func (b *builder) judge(j judge, raw string) (string, bool) {
	switch j {
	case anyText:
		text := flat(raw, maxAttribute)
		return text, text != ""
	case anyAlt:
		return flat(raw, maxAttribute), true
	case anyLink:
		return b.href(raw)
	case anyPicture, anyPictures:
		return raw, raw != ""
	case anyURL:
		u := resolve(raw, b.base)
		return u, u != ""
	}
	val := strings.ToLower(strings.TrimSpace(raw))
	switch j {
	case anyDir:
		return val, val == "ltr" || val == "rtl" || val == "auto"
	case anyLang:
		return strings.TrimSpace(raw), val != "" && len(val) <= 35 && strings.Trim(val, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
	case anyScope:
		return val, val == "col" || val == "row" || val == "colgroup" || val == "rowgroup"
	case anyCount:
		return val, digits(val, 3)
	case anyPixels:
		val = strings.TrimSuffix(val, "px")
		return val, digits(val, 5)
	case anyInteger:
		return val, digits(strings.TrimPrefix(val, "-"), 6)
	case anyTime:
		val = strings.ToUpper(val)
		return val, val != "" && len(val) <= 40 && strings.Trim(val, "0123456789TZPWDHMS:+-. ") == ""
	case anyType:
		return val, val != "" && len(val) <= 80 && strings.Count(val, "/") == 1 && strings.Trim(val, "abcdefghijklmnopqrstuvwxyz0123456789/+-.") == ""
	}
	return "", false
}

func digits(s string, most int) bool {
	return s != "" && len(s) <= most && strings.Trim(s, "0123456789") == ""
}

// href judges the target of a link. One within the page leads nowhere: its
// target's id is not kept.
func (b *builder) href(raw string) (string, bool) {
	trimmed := strings.TrimSpace(raw)
	if trimmed == "" || trimmed[0] == '#' {
		return "", false
	}
	u := Link(raw, b.base)
	if u == "" {
		u = mail(raw)
	}
	return u, u != ""
}
