package feeds

import (
	"bytes"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// write writes a token as character data.
func (s *salvager) write(t scanToken) {
	switch t.kind {
	case scanText, scanStray:
		begin := len(s.out)
		s.out = salvageRefs(s.out, s.shorten(scanSpan{t.start, t.end}, maxRaw).of(s.b))
		s.trim(begin + maxRaw)
	case scanCDATA:
		if t.end-t.start > maxRaw {
			text := s.shorten(scanSpan{t.start + len(scanCDATAStart), t.end}, maxContent+maxContent/8)
			s.out = salvageEscape(s.out, text.of(s.b))
			return
		}
		s.out = append(s.out, s.b[t.start:t.end]...)
	}
}

// salvageRefs appends character data or an attribute's value, so that its
// references and delimiters are what XML allows. HTML's entities become their
// characters; a document's own stay as they are written.
func salvageRefs(out, text []byte) []byte {
	for len(text) > 0 {
		i := bytes.IndexAny(text, `&<>"`)
		if i < 0 {
			return append(out, text...)
		}
		out = append(out, text[:i]...)
		c := text[i]
		text = text[i:]
		n := 1
		switch c {
		case '<':
			out = append(out, "&lt;"...)
		case '>':
			out = append(out, "&gt;"...)
		case '"':
			out = append(out, "&quot;"...)
		default:
			var ref string
			ref, n = salvageRef(text)
			out = append(out, ref...)
		}
		text = text[n:]
	}
	return out
}

// salvageRef returns what to write for the reference that text begins with,
// and its length.
func salvageRef(text []byte) (string, int) {
	end := bytes.IndexByte(text[:min(len(text), 40)], ';')
	if end < 2 {
		return "&amp;", 1
	}
	name := string(text[1:end])
	if name[0] == '#' {
		if r, ok := normalizeCharRef(text[2:end]); ok && r > 0 {
			return "&#" + strconv.Itoa(int(r)) + ";", end + 1
		}
		return "&amp;", 1
	}
	switch name {
	case "lt", "gt", "amp", "quot", "apos":
		return string(text[:end+1]), end + 1
	}
	whole := string(text[:end+1])
	if plain := html.UnescapeString(whole); !strings.HasSuffix(plain, ";") && !strings.ContainsAny(plain, `<>&"`) {
		return plain, end + 1
	}
	return "&amp;", 1
}

// leaf writes a textual element. What it holds is text, however it is marked
// up: Atom's inline markup is kept if it is well-formed, all other is escaped.
func (s *salvager) leaf(t scanToken) {
	if s.elems++; s.elems > maxElements {
		s.stop("more than " + strconv.Itoa(maxElements) + " elements")
		return
	}
	name := salvageName(t.name.of(s.b))
	if salvageBody.has(scanLocal(name)) {
		name = []byte("content:encoded")
		s.attrs = nil
	}
	if t.kind == scanEmpty {
		s.startTag(name, "")
		s.endTag(name)
		return
	}
	tag := s.scanner // keeps the attributes
	tag.attrs = append([]scanAttr(nil), s.attrs...)
	inner, ok := s.leafInner(t)
	next := s.pos
	if !ok {
		s.open, s.done = true, true
		return
	}
	s.attrs = tag.attrs
	s.writeLeaf(name, inner)
	s.pos = next
}

func (s *salvager) writeLeaf(name []byte, inner scanSpan) {
	attrs := s.attrs
	inner = s.shorten(inner, maxRaw)
	markup, wellFormed := s.survey(inner)
	if markup && !(wellFormed && s.kind == guardAtom) {
		inner = s.shorten(inner, maxContent+maxContent/8)
	}
	s.attrs = attrs
	switch {
	case !markup:
		s.startTag(name, "")
		sub := scanner{b: s.b[:inner.end], pos: inner.start}
		for u := sub.next(); u.kind != scanEOF; u = sub.next() {
			if u.open && u.kind == scanCDATA {
				s.out = salvageEscape(s.out, s.b[u.start+len(scanCDATAStart):u.end])
				continue
			}
			s.write(u)
		}
	case s.kind == guardAtom && wellFormed && s.inlineMarkup():
		s.startTag(name, "")
		s.out = append(s.out, inner.of(s.b)...)
	default:
		typ := ""
		if s.kind == guardAtom {
			typ = "html"
		}
		s.startTag(name, typ)
		s.escape(inner)
	}
	s.endTag(name)
}

// shorten cuts what will be cut anyway before it costs anything.
func (s *salvager) shorten(inner scanSpan, limit int) scanSpan {
	if inner.len() <= limit {
		return inner
	}
	s.trimmed = "a text was cut to " + strconv.Itoa(limit)
	inner.end = inner.start + limit
	for inner.end > inner.start && !utf8.RuneStart(s.b[inner.end]) {
		inner.end--
	}
	return inner
}

// trim cuts what was written to n bytes, not within a reference.
func (s *salvager) trim(n int) {
	if len(s.out) <= n {
		return
	}
	for n > 0 && !utf8.RuneStart(s.out[n]) {
		n--
	}
	tail := s.out[max(0, n-16):n]
	if i := bytes.LastIndexByte(tail, '&'); i >= 0 && bytes.IndexByte(tail[i:], ';') < 0 {
		n -= len(tail) - i
	}
	s.out = s.out[:n]
}

func (s *salvager) inlineMarkup() bool {
	typ, _ := s.attr("type")
	mode, _ := s.attr("mode")
	return bytes.Contains(bytes.ToLower(typ), []byte("xml")) || bytes.EqualFold(typ, []byte("xhtml")) || bytes.EqualFold(mode, []byte("xml"))
}

// survey reports whether a piece holds markup, and whether that is well-formed.
func (s *salvager) survey(inner scanSpan) (markup, wellFormed bool) {
	sub := scanner{b: s.b[:inner.end], pos: inner.start}
	var open []scanSpan
	wellFormed = true
	for t := sub.next(); t.kind != scanEOF; t = sub.next() {
		if t.broken {
			wellFormed = false
		}
		switch t.kind {
		case scanStart:
			markup = true
			open = append(open, t.name)
			if len(open) > maxDepth/2 {
				wellFormed = false
			}
		case scanEmpty:
			markup = true
		case scanEnd:
			markup = true
			if len(open) == 0 || !bytes.Equal(open[len(open)-1].of(s.b), t.name.of(s.b)) {
				wellFormed = false
			} else {
				open = open[:len(open)-1]
			}
		case scanDirective:
			markup, wellFormed = true, false
		case scanProcInst:
			wellFormed = false
		case scanText:
			wellFormed = wellFormed && !bytes.Contains(s.b[t.start:t.end], scanCDATAEnd)
		}
	}
	return markup, wellFormed && len(open) == 0
}

// escape writes a piece with its markup as text.
func (s *salvager) escape(inner scanSpan) {
	sub := scanner{b: s.b[:inner.end], pos: inner.start}
	for t := sub.next(); t.kind != scanEOF; t = sub.next() {
		raw := s.b[t.start:t.end]
		switch t.kind {
		case scanComment, scanProcInst:
			continue
		case scanCDATA:
			raw = bytes.TrimSuffix(raw[len(scanCDATAStart):], scanCDATAEnd)
		}
		s.out = salvageEscape(s.out, raw)
	}
}

func salvageEscape(out, text []byte) []byte {
	for _, c := range text {
		switch c {
		case '<':
			out = append(out, "&lt;"...)
		case '>':
			out = append(out, "&gt;"...)
		case '&':
			out = append(out, "&amp;"...)
		default:
			out = append(out, c)
		}
	}
	return out
}

// leafInner finds where the textual element that t begins ends, and leaves the
// scanner behind its end tag. It is not ok if the document ends before.
func (s *salvager) leafInner(t scanToken) (scanSpan, bool) {
	name := t.name.of(s.b)
	for {
		u := s.next()
		if s.exhausted() {
			return scanSpan{}, false
		}
		switch {
		case u.kind == scanCDATA && (u.open || s.swallows(u, name)):
			end, next := s.closing(u.start, name)
			if end == 0 {
				return scanSpan{}, false
			}
			s.resynced = true
			s.pos = next
			return scanSpan{t.end, end}, true
		case u.kind == scanEOF:
			return scanSpan{}, false
		case u.open:
			s.pos = u.start + 2
		case u.kind == scanEnd && bytes.EqualFold(u.name.of(s.b), name):
			return scanSpan{t.end, u.start}, true
		case s.boundary(u):
			s.resynced = true
			end := s.guess(t.end, u.start)
			s.pos = end
			return scanSpan{t.end, end}, true
		}
	}
}

// swallows reports whether a CDATA section runs over the end of its element
// into the section of another.
func (s *salvager) swallows(t scanToken, name []byte) bool {
	section := s.b[t.start:t.end]
	i := bytes.Index(section[1:], scanCDATAStart)
	return i >= 0 && bytes.Contains(section[:i], append(append([]byte("</"), name...), '>'))
}

// guardSwallows reports whether a CDATA section was never closed, so that it
// ends where the next entry's does.
func guardSwallows(section []byte, kind guardKind) bool {
	if !bytes.Contains(section[1:], scanCDATAStart) {
		return false
	}
	last := bytes.LastIndex(section, scanCDATAStart)
	return bytes.Contains(section[:last], []byte("</"+guardItemName(kind)+">"))
}

// closing seeks the end tag with which a textual element would end if the
// section in it had been closed: followed by another tag. It returns where that tag
// begins and ends, or zero.
func (s *salvager) closing(from int, name []byte) (int, int) {
	mark := append(append([]byte("</"), name...), '>')
	for !s.exhausted() {
		i := bytes.Index(s.b[from:], mark)
		if i < 0 {
			s.cost(len(s.b) - from)
			break
		}
		end := from + i + len(mark)
		near := s.b[end:min(len(s.b), end+1024)]
		rest := bytes.TrimLeft(near, " \t\r\n")
		s.cost(i + len(near) - len(rest))
		if len(rest) > 1 && rest[0] == '<' {
			return from + i, end
		}
		from = end
	}
	return 0, 0
}

// boundary reports whether a tag can only stand outside textual elements.
func (s *salvager) boundary(t scanToken) bool {
	name := t.name.of(s.b)
	switch t.kind {
	case scanStart, scanEmpty:
		return s.structural(name, guardItemName(s.kind))
	case scanEnd:
		return s.structural(name, guardItemName(s.kind)) || s.structural(name, "channel") && s.kind != guardAtom ||
			scanIs(name, string(scanLocal(s.stack[0].name)))
	}
	return false
}

// guess says where the text of an element that was never closed ends: before
// the first tag that begins a field, or the first end tag.
func (s *salvager) guess(from, to int) int {
	sub := scanner{b: s.b[:to], pos: from}
	for t := sub.next(); t.kind != scanEOF; t = sub.next() {
		name := t.name.of(s.b)
		switch t.kind {
		case scanStart, scanEmpty:
			if s.textual(name) {
				return t.start
			}
		case scanEnd:
			if !salvageInline.has(scanLocal(name)) {
				return t.start
			}
		}
	}
	return to
}

// salvageInline are elements of HTML that end within running text.
var salvageInline = salvageSet("a b i p em strong span div br code pre ul ol li u s q sub sup small h1 h2 h3 h4 h5 h6" +
	" blockquote table tr td th tbody thead font center figure figcaption section article")
