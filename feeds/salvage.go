package feeds

import (
	"bytes"
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
	switch {
	case t.kind == scanEOF || t.open && (t.kind == scanStart || t.kind == scanEnd || t.kind == scanStray):
		s.open, s.done = true, true
	case s.exhausted():
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

// next returns the next token and counts what it cost: broken markup can have
// the same bytes read again and again.
func (s *salvager) next() scanToken {
	t := s.scanner.next()
	s.cost(t.end - t.start)
	return t
}

// cost counts a look at so many bytes.
func (s *salvager) cost(bytes int) { s.spent += 1 + bytes/64 }

// exhausted reports whether mending has cost too much, and stops it then.
func (s *salvager) exhausted() bool {
	if s.spent <= maxSpent {
		return false
	}
	s.stop("markup too broken to be mended at a bearable cost")
	return true
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
		if s.exhausted() || u.kind == scanEOF || u.open || s.boundary(u) {
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
	rest := s.b[from:min(len(s.b), from+near)]
	name := guardItemName(s.kind)
	if end := bytes.Index(rest, []byte("</"+name)); end >= 0 {
		s.cost(2 * end)
		return !bytes.Contains(rest[:end], []byte("<"+name))
	}
	s.cost(len(rest))
	return false
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
