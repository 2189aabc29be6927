package feeds

import (
	"bytes"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// salvageNames is a set of element names, lower case and without prefix.
type salvageNames map[string]bool

func (n salvageNames) has(name []byte) bool {
	var low [24]byte
	if len(name) > len(low) {
		return false
	}
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		low[i] = c
	}
	return n[string(low[:len(name)])]
}

func salvageSet(names string) salvageNames {
	n := salvageNames{}
	for _, name := range strings.Fields(names) {
		n[name] = true
	}
	return n
}

// salvageTextual holds, for each vocabulary, the elements that hold text and
// never fields: markup within them is somebody's HTML.
var salvageTextual = map[guardKind]salvageNames{
	guardRSS: salvageSet("title link description language copyright managingeditor webmaster pubdate lastbuilddate" +
		" generator docs ttl rating author comments guid category source enclosure url name width height hour day" +
		" encoded"),
	guardAtom: salvageSet("title subtitle tagline summary content rights copyright id updated published modified" +
		" issued created generator icon logo name uri url email link category"),
}

// salvageForeign holds the elements of other vocabularies that hold HTML.
var salvageForeign = salvageSet("encoded description summary subtitle")

// salvageBody holds the elements that hold an item's content as XHTML.
var salvageBody = salvageSet("body fullitem")

// A salvager writes a document anew so that it is well-formed: everything
// within an entry that is whole is kept, unescaped markup is escaped, and
// reading goes on at the next entry after what cannot be understood.
type salvager struct {
	scanner
	kind  guardKind
	text  salvageNames
	out   []byte
	stack []salvageFrame
	item  int // index+1 of the open entry in the stack

	entries, elems, spent int
	fields                [2]int // of the feed, and of the open entry
	channel               bool   // one was begun

	trimmed  string // what of the fields was too much
	resynced bool   // something was dropped or guessed
	open     bool   // the document ends before its root
	lost     bool   // an entry that was begun was dropped
	limit    string
	done     bool
}

type salvageFrame struct {
	name  []byte
	begin int // in out
}

// salvage mends the document whose root's start tag is at.
func salvage(b []byte, at int, kind guardKind) *salvager {
	s := &salvager{scanner: scanner{b: b, pos: at, most: maxAttributes}, kind: kind}
	s.text = salvageTextual[guardRSS]
	if kind == guardAtom {
		s.text = salvageTextual[guardAtom]
	}
	s.out = make([]byte, 0, len(b)-at+len(b)/8+64)
	for !s.done {
		s.step()
	}
	s.finish()
	return s
}

func (s *salvager) step() {
	t := s.next()
	s.spent++
	switch {
	case t.kind == scanEOF || t.open && (t.kind == scanStart || t.kind == scanEnd || t.kind == scanStray):
		s.open, s.done = true, true
	case s.spent > 2*maxTokens:
		s.stop("more than " + strconv.Itoa(maxTokens) + " tokens")
	case len(s.out) > 2*maxDocument:
		s.stop("more than " + strconv.Itoa(maxDocument) + " bytes of markup to mend")
	case t.open:
		// An unclosed comment, CDATA section or declaration: go on within it.
		s.pos = t.start + 2
		s.resynced = true
	case t.kind == scanText || t.kind == scanCDATA || t.kind == scanStray:
		s.loose(t)
	case t.kind == scanStart || t.kind == scanEmpty:
		s.enter(t)
	case t.kind == scanEnd:
		s.leave(t)
	}
}

func (s *salvager) stop(limit string) {
	s.limit, s.done = limit, true
}

// finish closes what is open. An entry that is not whole is dropped.
func (s *salvager) finish() {
	if s.item > 0 {
		s.lost = true
		s.out = s.out[:s.stack[s.item-1].begin]
		s.stack = s.stack[:s.item-1]
		s.item = 0
	}
	s.closeTo(0)
}

// loose writes text that stands outside the textual elements.
func (s *salvager) loose(t scanToken) {
	if len(s.stack) <= s.floor() {
		return
	}
	if t.kind == scanCDATA && s.swallows(t, s.stack[len(s.stack)-1].name) {
		if end, _ := s.closing(t.start, s.stack[len(s.stack)-1].name); end > 0 {
			s.out = salvageEscape(s.out, s.b[t.start+len(scanCDATAStart):end])
			s.resynced = true
			s.pos = end
			return
		}
	}
	s.write(t)
}

// floor is the number of open elements that hold nothing but elements: the
// root, the channel and the entry.
func (s *salvager) floor() int {
	if s.item > 0 {
		return s.item
	}
	n := 1
	if s.channel && s.kind != guardAtom {
		n = 2
	}
	return min(n, len(s.stack))
}

func (s *salvager) enter(t scanToken) {
	name := t.name.of(s.b)
	switch {
	case len(s.stack) == 0:
		s.push(t)
		if t.kind == scanEmpty {
			s.done = true
		}
	case s.kind != guardAtom && scanIs(name, "channel"):
		s.closeToFloor()
		if !s.channel {
			s.push(t)
			s.channel = true
		}
	case s.structural(name, guardItemName(s.kind)):
		s.enterItem(t)
	case scanIs(name, string(scanLocal(s.stack[0].name))):
		// The root again.
	case len(s.stack) == s.floor() && s.tooMany():
		s.drop(t)
	case s.textual(name) && s.isField():
		s.leaf(t)
	case s.kind != guardAtom && salvageBody.has(scanLocal(name)) && s.item > 0 && len(s.stack) == s.item:
		s.leaf(t)
	default:
		s.push(t)
		if t.kind == scanEmpty {
			s.pop()
		}
	}
}

// tooMany counts a field, and reports whether there have been too many.
func (s *salvager) tooMany() bool {
	if s.elems++; s.elems > maxElements {
		s.stop("more than " + strconv.Itoa(maxElements) + " elements")
	}
	n := &s.fields[0]
	if s.item > 0 {
		n = &s.fields[1]
	}
	if *n++; *n <= maxFields {
		return false
	}
	s.trimmed = "the list of fields was cut to " + strconv.Itoa(maxFields)
	return true
}

// drop passes over an element.
func (s *salvager) drop(t scanToken) {
	if t.kind == scanEmpty {
		return
	}
	for depth := 1; depth > 0; {
		from := s.pos
		u := s.next()
		if s.spent++; s.spent > 2*maxTokens || u.kind == scanEOF || u.open || s.boundary(u) {
			s.pos = from
			return
		}
		switch u.kind {
		case scanStart:
			depth++
		case scanEnd:
			depth--
		}
	}
}

// isField reports whether an element here would be a field: a child of the
// root, the channel, an entry, or of a group within one.
func (s *salvager) isField() bool { return len(s.stack) <= s.floor()+2 }

// textual reports whether an element of that name holds text: by its
// vocabulary, or in others if it is known to hold HTML.
func (s *salvager) textual(name []byte) bool {
	i := bytes.IndexByte(name, ':')
	if i < 0 || bytes.HasPrefix(s.stack[0].name, name[:i+1]) {
		return s.text.has(name[i+1:])
	}
	return salvageForeign.has(name[i+1:])
}

// structural reports whether a name is local, with the root's prefix or none.
func (s *salvager) structural(name []byte, local string) bool {
	if !scanIs(name, local) {
		return false
	}
	i := bytes.IndexByte(name, ':')
	return i < 0 || bytes.HasPrefix(s.stack[0].name, name[:i+1]) || string(name[:i]) == "rss"
}

func (s *salvager) enterItem(t scanToken) {
	if s.item > 0 {
		s.resynced = s.resynced || len(s.stack) > s.item
		s.closeTo(s.item - 1)
		s.item = 0
	}
	s.closeToFloor()
	if s.entries >= maxEntries {
		s.stop("more than " + strconv.Itoa(maxEntries) + " entries")
		return
	}
	s.entries++
	s.fields[1] = 0
	s.push(t)
	s.item = len(s.stack)
	if t.kind == scanEmpty {
		s.pop()
		s.item = 0
	}
}

func (s *salvager) closeToFloor() {
	if s.item > 0 {
		s.closeTo(s.item - 1)
		s.item = 0
	}
	s.closeTo(s.floor())
}

func (s *salvager) leave(t scanToken) {
	name := t.name.of(s.b)
	switch {
	case len(s.stack) == 0:
	case s.item > 0 && s.boundary(t) && !s.structural(name, guardItemName(s.kind)) && s.itemGoesOn(t.end):
		s.resynced = true // the end of the channel or feed within an entry
	case scanIs(name, string(scanLocal(s.stack[0].name))):
		s.resynced = s.resynced || s.item > 0
		s.closeToFloor()
		s.done = true
	case s.kind != guardAtom && scanIs(name, "channel"):
		// What follows still belongs to it: the channel ends with its root.
		s.resynced = s.resynced || s.item > 0
		s.closeToFloor()
	case s.structural(name, guardItemName(s.kind)):
		if s.item > 0 {
			s.resynced = s.resynced || len(s.stack) > s.item
			s.closeTo(s.item - 1)
			s.item = 0
		}
	default:
		s.leavePlain(name)
	}
}

// itemGoesOn reports whether the next thing to come of entries is an end.
func (s *salvager) itemGoesOn(from int) bool {
	const near = 64 << 10
	s.spent += 64 // it costs as much as so many tokens
	rest := s.b[from:min(len(s.b), from+near)]
	name := guardItemName(s.kind)
	end := bytes.Index(rest, []byte("</"+name))
	begin := bytes.Index(rest, []byte("<"+name))
	return end >= 0 && (begin < 0 || end < begin)
}

// leavePlain closes the nearest open element of that name; an end tag that
// closes none is dropped.
func (s *salvager) leavePlain(name []byte) {
	floor := s.floor()
	for i := len(s.stack) - 1; i >= floor; i-- {
		if bytes.EqualFold(s.stack[i].name, name) {
			s.resynced = s.resynced || i < len(s.stack)-1
			s.closeTo(i)
			return
		}
	}
	s.resynced = s.resynced || s.item > 0
}

func (s *salvager) push(t scanToken) {
	if s.elems++; s.elems > maxElements {
		s.stop("more than " + strconv.Itoa(maxElements) + " elements")
	}
	if len(s.stack) >= maxDepth {
		s.stop("more than " + strconv.Itoa(maxDepth) + " levels of elements")
		return
	}
	if s.over {
		s.stop("more than " + strconv.Itoa(maxAttributes) + " attributes in one element")
	}
	name := salvageName(t.name.of(s.b))
	s.stack = append(s.stack, salvageFrame{name, len(s.out)})
	s.startTag(name, "")
}

func (s *salvager) pop() { s.closeTo(len(s.stack) - 1) }

func (s *salvager) closeTo(n int) {
	for len(s.stack) > n {
		s.endTag(s.stack[len(s.stack)-1].name)
		s.stack = s.stack[:len(s.stack)-1]
	}
}

// salvageName returns a name with at most one colon, which is not at an end.
func salvageName(name []byte) []byte {
	prefix, local, ok := bytes.Cut(name, []byte{':'})
	if !ok {
		return name
	}
	if i := bytes.LastIndexByte(local, ':'); i >= 0 {
		local = local[i+1:]
	}
	if len(local) == 0 || scanClasses[local[0]]&scanNameStart == 0 {
		return prefix
	}
	return append(append(bytes.Clone(prefix), ':'), local...)
}

func (s *salvager) endTag(name []byte) {
	s.out = append(s.out, "</"...)
	s.out = append(s.out, name...)
	s.out = append(s.out, '>')
}

// startTag writes a start tag with the attributes of the last token. A typ
// that is not empty takes the place of the type.
func (s *salvager) startTag(name []byte, typ string) {
	s.out = append(s.out, '<')
	s.out = append(s.out, name...)
	for i, a := range s.attrs {
		key := salvageName(a.name.of(s.b))
		if typ != "" && (scanIs(key, "type") || scanIs(key, "mode")) || s.repeated(i) {
			continue
		}
		s.out = append(s.out, ' ')
		s.out = append(s.out, key...)
		s.out = append(s.out, `="`...)
		s.out = salvageRefs(s.out, a.value.of(s.b))
		s.out = append(s.out, '"')
	}
	if typ != "" {
		s.out = append(s.out, ` type="`...)
		s.out = append(s.out, typ...)
		s.out = append(s.out, '"')
	}
	s.out = append(s.out, '>')
}

func (s *salvager) repeated(i int) bool {
	for _, a := range s.attrs[:i] {
		if bytes.Equal(a.name.of(s.b), s.attrs[i].name.of(s.b)) {
			return true
		}
	}
	return false
}

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
		if s.spent++; s.spent > 2*maxTokens {
			s.stop("more than " + strconv.Itoa(maxTokens) + " tokens")
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
	for s.spent <= 2*maxTokens {
		i := bytes.Index(s.b[from:], mark)
		if i < 0 {
			break
		}
		s.spent++
		end := from + i + len(mark)
		rest := bytes.TrimLeft(s.b[end:min(len(s.b), end+1024)], " \t\r\n")
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

// salvageCut returns the document up to its last complete entry, closed.
func salvageCut(b []byte, r *guardReport) []byte {
	last := r.entries[len(r.entries)-1]
	out := append([]byte(nil), b[r.root.start:last.end]...)
	if !last.outside && r.channel.len() > 0 {
		out = append(append(append(out, "</"...), r.channel.of(b)...), '>')
	}
	tag := scanner{b: b, pos: r.root.start}
	root := tag.next()
	return append(append(append(out, "</"...), root.name.of(b)...), '>')
}

// salvageLine returns the line, counted from 1, that an offset is in.
func salvageLine(b []byte, at int) int {
	return 1 + bytes.Count(b[:min(at, len(b))], []byte{'\n'})
}

// salvageRune cuts s to at most n bytes, at the start of a character.
func salvageRune(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
