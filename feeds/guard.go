package feeds

import (
	"bytes"
	"fmt"
	"slices"
)

// What a document may cost. Beyond these, reading stops and what stands
// complete before is kept.
const (
	maxDocument   = 10 << 20  // bytes of a document
	maxDepth      = 128       // of elements; what is read recursively below, or searched from the innermost, is bounded by it
	maxAttributes = 256       // of one element
	maxNamespaces = 64        // declared in scope
	maxElements   = 200_000   // in a document
	maxTokens     = 2_000_000 // in a document
	maxSpent      = 4_000_000 // looks that mending may take, each at 64 bytes
	maxEntries    = 1000      // kept of a document
	maxFields     = 2000      // children of an entry, or of the feed beside entries
	maxRaw        = 4 << 20   // bytes of one field as it stands, escaped

	// gofeed makes two maps for every foreign element.
	maxExtensions = 50_000
	// The pull parser under gofeed copies all namespaces in scope for each
	// element; this bounds the copies.
	maxScopes = 4_000_000
	// It also appends each piece of an extension's text to all those before;
	// this bounds the bytes so copied.
	maxAppended = 16 << 20
)

// A guardKind is the vocabulary of a document's root.
type guardKind uint8

const (
	guardRSS guardKind = iota + 1
	guardRDF
	guardAtom
)

// A guardEntry is where an item or entry stands.
type guardEntry struct {
	scanSpan
	outside bool // a child of the root beside the channel
}

// A guardReport is what one fast pass over a document found out.
type guardReport struct {
	kind    guardKind
	root    scanSpan // from the root's '<' to behind its end tag, or to where reading stopped
	entries []guardEntry
	elems   int

	// flaw is the first thing that gofeed would stumble over; empty if the
	// document can be parsed as it stands.
	flaw   string
	flawAt int
	// open: the document ends before its root.
	open bool
	// limit is what the document exceeds, empty if nothing, and limitAt where.
	limit   string
	limitAt int

	channel scanSpan // name of the channel's tag, empty if there is none
}

func (r *guardReport) clean() bool { return r.flaw == "" && r.limit == "" && !r.open }

// cut reports where the last complete entry ends; 0 if none is complete.
func (r *guardReport) cut() int {
	if len(r.entries) == 0 {
		return 0
	}
	return r.entries[len(r.entries)-1].end
}

// alone returns a document that holds nothing but the entry, within the tags
// that it stands in.
func (r *guardReport) alone(b []byte, e guardEntry) []byte {
	tag := func(at int) (start, name []byte) {
		s := scanner{b: b, pos: at}
		t := s.next()
		return t.of(b), t.name.of(b)
	}
	root, name := tag(r.root.start)
	out := slices.Clone(root)
	if e.outside || r.channel.len() == 0 {
		out = append(out, e.of(b)...)
	} else {
		channel, name := tag(r.channel.start - 1)
		out = append(append(out, channel...), e.of(b)...)
		out = append(append(append(out, "</"...), name...), '>')
	}
	return append(append(append(out, "</"...), name...), '>')
}

// A guardFrame is an open element.
type guardFrame struct {
	name       scanSpan
	start      int
	namespaces int // declared by it
	role       guardRole
	text       int // bytes of its direct text so far
	children   int // if it is the root, a channel or an entry
}

// A guardRole is what gofeed makes of an element's children.
type guardRole uint8

const (
	guardPlain     guardRole = iota
	guardRoot                // rss, rdf:RDF, feed
	guardChannel             // channel
	guardItem                // item, entry
	guardExtension           // foreign: gofeed keeps it as a tree
)

// A guardPass is a pass in progress.
type guardPass struct {
	scanner
	r          *guardReport
	stack      []guardFrame
	prefix     []byte // of the root's name, nil if it has none
	namespaces int    // in scope
	tokens     int
	extensions int
	scopes     int
	appended   int
	item       int // index of the open item in the stack, 0 if none
	channels   int
}

// guard reads a document from its root's start tag and holds it against the
// limits. It stops at the first flaw: then the document must be mended.
func guard(b []byte, at int, kind guardKind) *guardReport {
	r := &guardReport{kind: kind, root: scanSpan{at, len(b)}}
	p := &guardPass{scanner: scanner{b: b, pos: at, most: maxAttributes}, r: r}
	p.stack = make([]guardFrame, 0, 16)
	for p.step() {
	}
	return r
}

// step reads one token and reports whether to go on.
func (p *guardPass) step() bool {
	t := p.next()
	if p.tokens++; p.tokens > maxTokens {
		return p.exceeds(t.start, "tokens", maxTokens)
	}
	if t.broken && !t.open {
		return p.flawed(t.start, "broken markup")
	}
	if t.open && p.runsOver(t) {
		return p.flawed(t.start, "a section that does not end")
	}
	if t.open || t.kind == scanEOF {
		p.r.open = true
		return false
	}
	switch t.kind {
	case scanText:
		return p.text(t)
	case scanCDATA:
		if guardSwallows(p.b[t.start:t.end], p.r.kind) {
			return p.flawed(t.start, "a CDATA section that does not end")
		}
		return p.appends(t)
	case scanStart, scanEmpty:
		return p.enter(t)
	case scanEnd:
		return p.leave(t)
	case scanDirective:
		return p.flawed(t.start, "a declaration within the document")
	case scanProcInst:
		if scanIs(p.b[t.start+2:min(t.start+5, t.end)], "xml") {
			return p.flawed(t.start, "an XML declaration within the document")
		}
	}
	return true
}

// runsOver reports whether a section or comment that is never closed has
// swallowed whole entries: then the document is not cut, but broken.
func (p *guardPass) runsOver(t scanToken) bool {
	return (t.kind == scanCDATA || t.kind == scanComment) &&
		bytes.Contains(p.b[t.start:], []byte("</"+guardItemName(p.r.kind)+">"))
}

func (p *guardPass) flawed(at int, what string) bool {
	p.r.flaw, p.r.flawAt = what, at
	return false
}

func (p *guardPass) exceeds(at int, what string, limit int) bool {
	p.r.limit, p.r.limitAt = fmt.Sprintf("more than %d %s", limit, what), at
	return false
}

func (p *guardPass) text(t scanToken) bool {
	if n := t.end - t.start; n > 2 {
		s := p.b[t.start:t.end]
		if i := bytes.IndexByte(s, ']'); i >= 0 && bytes.Contains(s[i:], scanCDATAEnd) {
			return p.flawed(t.start+i, "]]> outside CDATA")
		}
	}
	return p.appends(t)
}

// appends counts the bytes that gofeed copies to append a piece of text to an
// extension's.
func (p *guardPass) appends(t scanToken) bool {
	if t.end-t.start > maxRaw {
		return p.flawed(t.start, "a very long text")
	}
	f := &p.stack[len(p.stack)-1]
	if f.role != guardExtension {
		return true
	}
	if f.text > 0 {
		p.appended += f.text
	}
	f.text += t.end - t.start
	if p.appended > maxAppended {
		return p.exceeds(t.start, "bytes of piecemeal text", maxAppended)
	}
	return true
}

func (p *guardPass) enter(t scanToken) bool {
	if p.over {
		return p.exceeds(t.start, "attributes in one element", maxAttributes)
	}
	f := guardFrame{name: t.name, start: t.start}
	colon := bytes.IndexByte(t.name.of(p.b), ':')
	if colon == t.name.len()-1 || colon > 0 && bytes.IndexByte(t.name.of(p.b)[colon+1:], ':') >= 0 {
		return p.flawed(t.start, "a name with a stray colon")
	}
	if len(p.attrs) > 0 && !p.attributes(&f) {
		return p.flawed(t.start, "an attribute with a stray colon")
	}
	if !p.affordable(&f) {
		return false
	}
	var ok bool
	if f.role, ok = p.role(&f, colon); !ok {
		return false
	}
	if t.kind == scanEmpty {
		p.namespaces -= f.namespaces
		return p.closed(&f, t.end)
	}
	p.stack = append(p.stack, f)
	if f.role == guardItem {
		p.item = len(p.stack)
	}
	return true
}

// attributes counts the namespaces that the last tag declares, and reports
// whether its attributes have names.
func (p *guardPass) attributes(f *guardFrame) bool {
	for _, a := range p.attrs {
		n := a.name.of(p.b)
		if n[0] == 'x' && len(n) >= 5 && string(n[:5]) == "xmlns" && (len(n) == 5 || n[5] == ':') {
			f.namespaces++
		}
		if i := bytes.IndexByte(n, ':'); i >= 0 && (i == len(n)-1 || bytes.IndexByte(n[i+1:], ':') >= 0) {
			return false
		}
	}
	return true
}

// affordable counts what an element costs, and stops at the limits.
func (p *guardPass) affordable(f *guardFrame) bool {
	p.namespaces += f.namespaces
	p.scopes += p.namespaces
	p.r.elems++
	switch {
	case p.namespaces > maxNamespaces:
		return p.exceeds(f.start, "namespaces in scope", maxNamespaces)
	case p.r.elems > maxElements:
		return p.exceeds(f.start, "elements", maxElements)
	case p.scopes > maxScopes:
		return p.exceeds(f.start, "namespace scopes", maxScopes)
	case len(p.stack) >= maxDepth:
		return p.exceeds(f.start, "levels of elements", maxDepth)
	}
	return true
}

// role says what an element is to gofeed, by its parent; not ok stops the
// pass. colon is where its name's prefix ends, -1 if it has none.
func (p *guardPass) role(f *guardFrame, colon int) (guardRole, bool) {
	name := f.name.of(p.b)
	if len(p.stack) == 0 {
		if colon > 0 {
			p.prefix = name[:colon]
		}
		return guardRoot, true
	}
	local := name[colon+1:]
	foreign := colon > 0 && p.foreign(name[:colon])
	parent := &p.stack[len(p.stack)-1]
	switch parent.role {
	case guardExtension:
		if p.item != 0 && len(p.stack) == p.item+1 && salvageForeign.has(scanLocal(parent.name.of(p.b))) {
			return 0, p.flawed(f.start, "markup that is not escaped")
		}
		return p.extension(f)
	case guardRoot, guardChannel:
		if role, ok := p.structure(f, parent, local, foreign); role != guardPlain || !ok {
			return role, ok
		}
	case guardItem:
		if !foreign && scanFold(local, guardItemName(p.r.kind)) {
			return 0, p.flawed(f.start, "an entry within an entry")
		}
		if p.r.kind != guardAtom && (scanFold(local, "body") || scanFold(local, "fullitem")) {
			return 0, p.flawed(f.start, "content that is not escaped")
		}
	case guardPlain:
		if p.item != 0 && !p.mayHold(parent) {
			return 0, p.flawed(f.start, "markup that is not escaped")
		}
		return guardPlain, true
	}
	if parent.children++; parent.children > maxFields {
		return 0, p.flawed(f.start, "too many fields")
	}
	if foreign || f.namespaces > 0 && p.hasDefault() {
		return p.extension(f)
	}
	return guardPlain, true
}

// structure is role for a child of the root or the channel: a channel, an
// entry, or else plain.
func (p *guardPass) structure(f, parent *guardFrame, local []byte, foreign bool) (guardRole, bool) {
	switch {
	case foreign:
	case p.r.kind != guardAtom && scanFold(local, "channel"):
		if p.channels++; p.channels > 1 || parent.role == guardChannel {
			return 0, p.flawed(f.start, "a second channel")
		}
		p.r.channel = f.name
		return guardChannel, true
	case scanFold(local, guardItemName(p.r.kind)):
		if len(p.r.entries) >= maxEntries {
			return 0, p.exceeds(f.start, "entries", maxEntries)
		}
		return guardItem, true
	}
	return guardPlain, true
}

func (p *guardPass) extension(f *guardFrame) (guardRole, bool) {
	if p.extensions++; p.extensions > maxExtensions {
		return 0, p.exceeds(f.start, "extension elements", maxExtensions)
	}
	return guardExtension, true
}

// foreign reports whether a prefix is another than the root's.
func (p *guardPass) foreign(prefix []byte) bool {
	if p.prefix != nil && bytes.Equal(prefix, p.prefix) {
		return false
	}
	return p.r.kind == guardAtom || string(prefix) != "rss" && string(prefix) != "rdf"
}

func (p *guardPass) hasDefault() bool {
	_, ok := p.attr("xmlns")
	return ok
}

func guardItemName(k guardKind) string {
	if k == guardAtom {
		return "entry"
	}
	return "item"
}

// mayHold reports whether an element of an item, which gofeed reads as text,
// may hold elements: in Atom those with inline markup, in RSS none.
func (p *guardPass) mayHold(f *guardFrame) bool {
	if len(p.stack) > p.item+1 {
		return true // its ancestor was judged
	}
	name := scanLocal(f.name.of(p.b))
	if p.r.kind != guardAtom {
		return !salvageTextual[guardRSS].has(name)
	}
	if !salvageTextual[guardAtom].has(name) {
		return true
	}
	tag := scanner{b: p.b, pos: f.start}
	tag.next()
	typ, _ := tag.attr("type")
	mode, _ := tag.attr("mode")
	return bytes.Contains(bytes.ToLower(typ), []byte("xml")) || bytes.Contains(bytes.ToLower(typ), []byte("xhtml")) ||
		bytes.EqualFold(mode, []byte("xml"))
}

func (p *guardPass) leave(t scanToken) bool {
	if len(p.stack) == 0 {
		return p.flawed(t.start, "an end tag without a start tag")
	}
	f := p.stack[len(p.stack)-1]
	if !bytes.Equal(f.name.of(p.b), t.name.of(p.b)) {
		return p.flawed(t.start, "an end tag that does not match")
	}
	p.stack = p.stack[:len(p.stack)-1]
	p.namespaces -= f.namespaces
	return p.closed(&f, t.end)
}

// closed notes that an element is complete and reports whether to go on.
func (p *guardPass) closed(f *guardFrame, end int) bool {
	switch f.role {
	case guardItem:
		p.item = 0
		outside := p.r.kind == guardRSS && len(p.stack) == 1 || p.r.kind == guardRDF && len(p.stack) == 1
		p.r.entries = append(p.r.entries, guardEntry{scanSpan{f.start, end}, outside})
	case guardRoot:
		p.r.root.end = end
		return false
	}
	return true
}
