package feeds

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
)

// A factKind says what gofeed's string of an Atom text construct is. gofeed
// decodes text constructs and forgets of which type they were.
type factKind uint8

const (
	factText   factKind = iota // text whose type is left out: plain, by the book
	factPlain                  // text that says so
	factHTML                   // HTML
	factXHTML                  // the element's content as it stands, markup inline
	factRaw                    // the element's content as it stands, escaped: HTML once decoded
	factBase64                 // encoded text
	factBinary                 // no text
)

// A factText is what gofeed does not say of a text construct.
type factField struct {
	kind factKind
	base *url.URL // nil: that of the entry
}

// A factLink is what gofeed does not say of a link.
type factLink struct {
	base           *url.URL // nil: that of the entry
	href           string   // as it stands: gofeed writes URLs its own way
	count, updated string   // RFC 4685
}

// parseFacts are what gofeed loses of an entry, or of the feed itself.
type parseFacts struct {
	id    string // atom:id as it stands: gofeed writes it as a URL
	about string // rdf:about
	lang  string
	base  *url.URL

	title, summary, content, rights factField

	links []factLink // in the order of gofeed's, if the document has any facts about links
}

// A factReader reads facts out of a document. It changes the types of Atom's
// text constructs in place so that gofeed leaves their content alone: it would
// parse HTML with every one, and resolve and render it anew.
type factReader struct {
	scanner
	head *parseHead
	kind guardKind
	deep bool // bases matter
	copy bool // within an entry's source
}

// facts reads the facts of all entries, in the order of r, and of the feed.
func (p *parser) facts(doc []byte, r *guardReport, h *parseHead) (feed parseFacts, entries []parseFacts) {
	f := &factReader{scanner: scanner{b: doc}, head: h, kind: r.kind}
	f.deep = h.marked
	feed.base = h.base
	switch {
	case r.kind == guardAtom:
		f.pos = r.root.start
		f.children(&feed, r.root.end, r.entries)
	case r.kind == guardRDF || h.marked || bytes.Contains(doc[r.channel.end:r.root.end], []byte("xml:lang")):
	default:
		return feed, nil
	}
	entries = make([]parseFacts, len(r.entries))
	for i, e := range r.entries {
		f.pos = e.start
		entries[i].base = feed.base
		f.children(&entries[i], e.end, nil)
	}
	return feed, entries
}

// children reads the element at the scanner's position and its children, up to
// end, jumping over those spans.
func (f *factReader) children(x *parseFacts, end int, jump []guardEntry) {
	t := f.next()
	for _, a := range f.attrs {
		switch name := a.name.of(f.b); {
		case string(name) == "xml:lang":
			x.lang = string(a.value.of(f.b))
		case string(name) == "xml:base":
			x.base = extResolve(x.base, textEntities(string(a.value.of(f.b))))
		case scanIs(name, "about"):
			x.about = textEntities(string(a.value.of(f.b)))
		}
	}
	if t.kind == scanEmpty || f.kind != guardAtom && !f.deep {
		return
	}
	for f.pos < end {
		if len(jump) > 0 && f.pos == jump[0].start {
			f.pos = jump[0].end
			jump = jump[1:]
			continue
		}
		switch t := f.next(); t.kind {
		case scanStart:
			f.field(x, t)
			f.skip(t)
		case scanEmpty:
			f.field(x, t)
		case scanEnd, scanEOF:
			return
		}
	}
}

// skip moves behind the end of the element that t began.
func (f *factReader) skip(t scanToken) {
	for depth := 1; depth > 0; {
		switch f.next().kind {
		case scanStart:
			depth++
		case scanEnd:
			depth--
		case scanEOF:
			return
		}
	}
}

func (f *factReader) field(x *parseFacts, t scanToken) {
	name := t.name.of(f.b)
	if !f.isNative(name) {
		return
	}
	var base *url.URL
	if f.deep {
		if v, ok := f.attr("xml:base"); ok {
			base = extResolve(x.base, textEntities(string(v)))
		}
	}
	local := string(scanLocal(name))
	if f.kind != guardAtom {
		switch local {
		case "description":
			x.summary.base = base
		case "encoded":
			x.content.base = base
		case "link":
			x.links = append(x.links, factLink{base: base})
		}
		return
	}
	switch local {
	case "title":
		x.title = factField{f.text(t), base}
	case "summary":
		x.summary = factField{f.text(t), base}
	case "subtitle", "tagline": // of a feed, which has no summary
		x.summary = factField{f.text(t), base}
	case "content":
		x.content = factField{f.text(t), base}
	case "rights", "copyright":
		x.rights = factField{f.text(t), base}
	case "source":
		if t.kind == scanStart && !f.copy {
			f.copy = true
			defer func() { f.copy = false }()
			f.pos = t.start
			f.children(&parseFacts{base: x.base}, len(f.b), nil)
			f.pos = t.end
		}
	case "link":
		x.links = append(x.links, f.link(base, t))
	case "id":
		if !f.copy {
			x.id = f.inner(t)
		}
	}
}

// inner returns the text of an element.
func (f *factReader) inner(t scanToken) string {
	if t.kind != scanStart {
		return ""
	}
	var b []byte
	ahead := scanner{b: f.b, pos: t.end}
	for {
		switch t := ahead.next(); t.kind {
		case scanText:
			b = append(b, textEntities(string(f.b[t.start:t.end]))...)
		case scanCDATA:
			b = append(b, f.b[t.start+len(scanCDATAStart):t.end-len(scanCDATAEnd)]...)
		case scanEnd, scanEOF, scanStart:
			return string(b)
		}
	}
}

func (f *factReader) link(base *url.URL, t scanToken) factLink {
	l := factLink{base: base}
	for _, a := range f.attrs {
		name := a.name.of(f.b)
		if bytes.IndexByte(name, ':') < 0 {
			if string(name) == "href" {
				l.href = textEntities(string(a.value.of(f.b)))
			}
			continue
		}
		switch string(scanLocal(name)) {
		case "count":
			l.count = string(a.value.of(f.b))
		case "updated", "when":
			l.updated = string(a.value.of(f.b))
		}
	}
	if l.href == "" {
		l.href = f.inner(t) // <link>URL</link>, as in RSS
	}
	return l
}

// isNative reports whether a name belongs to the feed's own vocabulary.
func (f *factReader) isNative(name []byte) bool {
	i := bytes.IndexByte(name, ':')
	if i < 0 {
		return true
	}
	prefix := string(name[:i])
	return slices.Contains(f.head.native, prefix) || f.kind != guardAtom && (prefix == "content" || prefix == "rss")
}

// text says what gofeed's string of the text construct t will be, and changes
// its type where gofeed would do more than decode it.
func (f *factReader) text(t scanToken) factKind {
	var typ, mode scanSpan
	for _, a := range f.attrs {
		switch string(a.name.of(f.b)) {
		case "type":
			typ = a.value
		case "mode":
			mode = a.value
		}
	}
	kind := strings.ToLower(string(typ.of(f.b)))
	how := strings.ToLower(string(mode.of(f.b)))
	switch {
	case kind == "" && how == "":
		return factText
	case kind == "text":
		return factPlain
	case how == "base64":
		return f.base64(kind, typ)
	case kind == "html":
		copy(typ.of(f.b), "text") // as many bytes: gofeed decodes it and no more
		return factHTML
	}
	markup, cdata := f.holds(t)
	if i := strings.Index(kind, "xhtml"); i >= 0 {
		typ.of(f.b)[i] = 'w' // a type that gofeed does not know: it leaves the content
	} else if strings.HasPrefix(kind, "text/") && markup && !cdata {
		typ.of(f.b)[0] = 'w'
	}
	return factOf(kind, how, markup, cdata)
}

// factOf says what the string of a construct will be that is neither of type
// text nor html.
func factOf(kind, how string, markup, cdata bool) factKind {
	switch {
	case cdata && (kind == "text/plain" || markup):
		return factPlain
	case cdata:
		return factHTML
	case markup:
		return factXHTML
	case kind == "text/plain":
		return factPlain
	case strings.HasPrefix(kind, "text/"):
		return factHTML
	case factIsBinary(kind):
		return factBinary
	}
	return factRaw
}

func factIsBinary(kind string) bool {
	for _, p := range []string{"image/", "audio/", "video/", "font/", "application/octet-stream", "application/pdf", "application/zip"} {
		if strings.HasPrefix(kind, p) {
			return !strings.HasSuffix(kind, "+xml")
		}
	}
	return false
}

// base64 handles Atom 0.3's encoded content.
func (f *factReader) base64(kind string, typ scanSpan) factKind {
	if strings.HasPrefix(kind, "text/") {
		return factBase64 // gofeed leaves it encoded
	}
	if kind == "" || strings.Contains(kind, "xml") {
		return factHTML // gofeed decodes it
	}
	return factBinary
}

// holds looks ahead for what an element holds.
func (f *factReader) holds(t scanToken) (markup, cdata bool) {
	if t.kind == scanEmpty {
		return false, false
	}
	ahead := scanner{b: f.b, pos: t.end}
	for depth := 1; depth > 0; {
		switch ahead.next().kind {
		case scanStart:
			markup = true
			depth++
		case scanEmpty:
			markup = true
		case scanCDATA:
			cdata = true
		case scanEnd:
			depth--
		case scanEOF:
			return
		}
	}
	return
}

// factMarkup returns inline markup as HTML: without the prefixes of its names,
// the div around it, comments, and empty-element tags that HTML would take for
// start tags.
func factMarkup(s string) string {
	b := []byte(s)
	sc := scanner{b: b}
	out := make([]byte, 0, len(b)+16)
	depth, div := 0, false
	for t := sc.next(); t.kind != scanEOF; t = sc.next() {
		local := scanLocal(t.name.of(b))
		switch t.kind {
		case scanText, scanStray:
			out = append(out, b[t.start:t.end]...)
		case scanCDATA:
			out = salvageEscape(out, bytes.TrimSuffix(b[t.start+len(scanCDATAStart):t.end], scanCDATAEnd))
		case scanStart, scanEmpty:
			if depth == 0 && scanIs(local, "div") && len(bytes.TrimSpace(out)) == 0 && t.kind == scanStart {
				div = true
				out = out[:0]
			} else {
				out = factTag(out, &sc, local)
				if t.kind == scanEmpty && !factVoid.has(local) {
					out = append(append(append(out, "</"...), local...), '>')
				}
			}
			if t.kind == scanStart {
				depth++
			}
		case scanEnd:
			if depth--; depth == 0 && div && len(bytes.TrimSpace(b[t.end:])) == 0 {
				continue
			}
			out = append(append(append(out, "</"...), local...), '>')
		}
	}
	return strings.TrimSpace(string(out))
}

var factVoid = salvageSet("area base br col embed hr img input link meta param source track wbr")

func factTag(out []byte, s *scanner, local []byte) []byte {
	out = append(append(out, '<'), local...)
	for _, a := range s.attrs {
		name := a.name.of(s.b)
		if bytes.HasPrefix(name, []byte("xml")) {
			continue
		}
		out = append(append(append(out, ' '), name...), `="`...)
		out = append(out, bytes.ReplaceAll(a.value.of(s.b), []byte{'"'}, []byte("&quot;"))...)
		out = append(out, '"')
	}
	return append(out, '>')
}
