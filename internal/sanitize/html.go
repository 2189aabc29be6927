// Package sanitize is the only judge of what markup and which links are safe
// to show. Everything that comes from outside passes through it once, when it
// comes in; Trusted looks at it once more, where pages are made.
//
// HTML is read token by token with the tokenizer of x/net/html, and its tree
// is built here and not by that package's parser: the parser follows HTML in
// opening formatting elements again in every paragraph that they were left
// open in, so that 14 KB of hostile markup become 122 MiB of tree. What is
// written is a subset of HTML that leaves a parser nothing to repair: every
// element is closed, none stands where a start tag would close another, and
// parsing and rendering it gives back the same bytes. The tests hold that for
// any input.
package sanitize

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"newswire/feeds"
)

// HTML returns the fragment with nothing in it but the elements, attributes
// and URLs of the allow-list, balanced, its URLs absolute (against base,
// which may be nil: then relative ones are dropped). Programs, styles,
// frames, forms and other vocabularies go with their content, unknown tags
// leave theirs; pictures that count readers are left out. A fragment that is
// too large, or has too many elements, comes out as its plain text in
// paragraphs, cut. To sanitize twice changes nothing.
func HTML(fragment feeds.HTML, base *url.URL) feeds.HTML {
	src := string(fragment)
	if !strings.ContainsAny(src, "<&\r") {
		if out := appendEscaped(make([]byte, 0, len(src)+len(src)/16), src); len(out) <= maxBytes {
			return feeds.HTML(out)
		}
		return paragraphs(Text(fragment))
	}
	b := builder{base: base, out: make([]byte, 0, min(len(src)+len(src)/4, maxBytes)+64)}
	if !b.build(src) {
		return paragraphs(Text(fragment))
	}
	return feeds.HTML(b.out)
}

// paragraphs returns plain text as HTML within the limits. What does not fit
// is cut off behind a line, and marked.
func paragraphs(text string) feeds.HTML {
	const room = len("<br/>…</p>")
	out := make([]byte, 0, maxBytes)
	elements := 0
	for p := range strings.SplitSeq(cut(text, maxBytes-room-len("<p>")), "\n\n") {
		tag := "<p>"
		for line := range strings.SplitSeq(p, "\n") {
			end := len(out)
			out = append(out, tag...)
			out = appendEscaped(out, line)
			if elements++; len(out) > maxBytes-room || elements >= maxElements {
				out = append(out[:end], tag...)
				return feeds.HTML(append(out, "…</p>"...))
			}
			tag = "<br/>"
		}
		out = append(out, "</p>"...)
	}
	return feeds.HTML(out)
}

// A builder writes the tree of a fragment while it reads its tokens.
type builder struct {
	base     *url.URL
	out      []byte
	stack    []open
	top      int         // the innermost of stack that is shown, counted from 1; 0: none
	isOpen   [256]uint16 // how many of stack, by slot
	depth    int         // of what is written
	elements int
	carried  []carry
	ink      int // runes of text that are not spaces, counted if inkLimit is set
	inkLimit int
	full     bool // more text than inkLimit: the rest was not read

	skip      atom.Atom // the dropped or hidden element that we are in
	skipDepth int
	hiding    bool        // it is hidden
	inner     []atom.Atom // what is open in it then
	tag       []byte      // start tag that is being written
	seen      values
}

// An open element. One that is not shown was unwrapped; it is remembered so
// that its end tag closes nothing else.
type open struct {
	tag        atom.Atom
	shape      shape
	shown      bool
	ended      bool // its end tag came while a block stood open in it
	start, end int  // of its start tag in out
	under      int  // the next one that is shown, as top
}

// A carry is a formatting element that an implied end tag closed and that its
// author did not: it is opened again where text goes on.
type carry struct {
	tag        atom.Atom
	start, end int
}

// build reads all of src. It returns false if the result would be too large.
func (b *builder) build(src string) bool {
	z := html.NewTokenizer(strings.NewReader(src))
	for {
		switch z.Next() {
		case html.ErrorToken:
			b.closeTo(0)
			return len(b.out) <= maxBytes
		case html.TextToken:
			if b.skip == 0 {
				b.text(z.Text())
			}
		case html.StartTagToken:
			b.startTag(z, false)
		case html.SelfClosingTagToken:
			b.startTag(z, true)
		case html.EndTagToken:
			name, _ := z.TagName()
			b.endTag(atom.Lookup(name))
		}
		if b.full {
			b.closeTo(0)
			return true
		}
		if len(b.out) > maxBytes || b.elements > maxElements {
			return false
		}
	}
}

func (b *builder) startTag(z *html.Tokenizer, selfClosing bool) {
	if selfClosing {
		// XHTML's <iframe/> is empty; what follows is not its raw text.
		z.NextIsNotRawText()
	}
	name, more := z.TagName()
	a := atom.Lookup(name)
	switch {
	case b.skip == 0:
	case b.hiding:
		if b.stillHidden(a, selfClosing) {
			return
		}
	default:
		if a == b.skip && !selfClosing {
			b.skipDepth++
		}
		return
	}
	if d := dropped[a]; d != lossNone {
		if d == lossContent && !selfClosing {
			b.skip, b.skipDepth = a, 1
		}
		return
	}
	el, ok := allowed[a]
	if !ok {
		return
	}
	b.seen.read(z, &el, more)
	if b.seen.hidden() {
		if !el.shape.empty() && !selfClosing {
			b.hide(&el)
		}
		return
	}
	b.element(el)
	if selfClosing && !el.shape.empty() {
		b.endTag(a)
	}
}

// element opens an element whose attributes are in b.seen, and writes it if
// it may be shown here.
func (b *builder) element(el element) {
	b.tag = b.tag[:0]
	worth := b.writeTag(&el)
	if !worth || !b.place(&el) {
		if !el.shape.empty() {
			b.push(open{tag: el.tag, shape: el.shape})
		}
		return
	}
	if el.shape == inline || el.shape == formatting || el.tag == atom.Img {
		b.reopen()
	}
	start := len(b.out)
	b.out = append(b.out, b.tag...)
	b.elements++
	if el.shape.empty() {
		return
	}
	b.push(open{tag: el.tag, shape: el.shape, shown: true, start: start, end: len(b.out)})
}

func (b *builder) push(o open) {
	if o.shown {
		b.depth++
		o.under, b.top = b.top, len(b.stack)+1
	} else if len(b.stack) >= maxOpen {
		return
	}
	b.stack = append(b.stack, o)
	b.isOpen[slot(o.tag)]++
}

// slot sorts tags into a few drawers, so that an end tag of what is not open
// need not look through all that is.
func slot(tag atom.Atom) uint8 { return uint8(tag) ^ uint8(tag>>8) ^ uint8(tag>>16) }

// text writes the text where it stands.
func (b *builder) text(s []byte) {
	if len(s) == 0 {
		return
	}
	if blank(s) {
		if b.shape() != media {
			b.write(s)
		}
		return
	}
	switch b.shape() {
	case media:
		return // for browsers that cannot play it
	case table, rowGroup, row:
		b.openCell()
	}
	b.reopen()
	b.write(s)
	if b.inkLimit > 0 {
		b.ink += inkOf(string(s))
		b.full = b.ink > b.inkLimit
	}
}

// write writes text here. A parser drops a line break that a pre begins with;
// of two it drops the first.
func (b *builder) write(s []byte) {
	start, inPre := len(b.out), b.atStartOfPre()
	b.out = appendEscaped(b.out, s)
	if written := b.out[start:]; inPre && bytes.HasPrefix(written, []byte("\n")) && !bytes.HasPrefix(written, []byte("\n\n")) {
		b.out = slices.Delete(b.out, start, start+1)
	}
}

func blank(s []byte) bool {
	for _, c := range s {
		if c != ' ' && c != '\n' && c != '\t' && c != '\f' && c != '\r' {
			return false
		}
	}
	return true
}

func (b *builder) atStartOfPre() bool {
	n := len(b.stack)
	return n > 0 && b.stack[n-1].tag == atom.Pre && b.stack[n-1].shown && b.stack[n-1].end == len(b.out)
}

// endTag closes the nearest open element of this name, and all in it.
func (b *builder) endTag(a atom.Atom) {
	if b.skip != 0 && !b.hiding {
		if a == b.skip {
			if b.skipDepth--; b.skipDepth == 0 {
				b.skip = 0
			}
		}
		return
	}
	el, ok := allowed[a]
	if !ok || b.hiding && b.hiddenUntil(&el) {
		return
	}
	if el.tag == atom.Br { // </br> is what a browser takes for <br>
		b.seen = values{}
		b.element(el)
		return
	}
	i, acrossBlock := b.find(&el)
	switch {
	case i < 0:
		b.drop(el.tag)
	case acrossBlock && el.shape <= formatting:
		b.stack[i].ended = true
	default:
		b.closeTo(i)
		b.closeEnded()
	}
}

// find returns the index of the open element that an end tag of el ends, or
// -1, and whether a block stands open in it. End tags do not reach out of
// their table cell.
func (b *builder) find(el *element) (at int, acrossBlock bool) {
	if b.isOpen[slot(el.tag)] == 0 && el.shape != heading {
		return -1, false
	}
	for i := len(b.stack) - 1; i >= 0; i-- {
		o := &b.stack[i]
		if o.tag == el.tag && !o.ended || el.shape == heading && o.shape == heading {
			return i, acrossBlock
		}
		if !o.shown {
			continue
		}
		switch o.shape {
		case inline, formatting, rubyText:
		case table:
			if el.shape != table {
				return -1, false
			}
			acrossBlock = true
		case caption, cell:
			if !el.shape.ofTable() {
				return -1, false
			}
			acrossBlock = true
		default:
			acrossBlock = true
		}
	}
	return -1, false
}

// closeTo closes the open elements from the innermost to the one at i.
func (b *builder) closeTo(i int) {
	for n := len(b.stack) - 1; n >= i; n-- {
		o := &b.stack[n]
		b.isOpen[slot(o.tag)]--
		if o.shown {
			b.out = append(b.out, "</"...)
			b.out = append(b.out, o.tag.String()...)
			b.out = append(b.out, '>')
			b.depth--
			b.top = o.under
		}
	}
	b.stack = b.stack[:i]
}

// closeEnded closes the elements whose end tags came while blocks stood open
// in them, now that none does.
func (b *builder) closeEnded() {
	for n := len(b.stack); n > 0 && b.stack[n-1].ended; n-- {
		b.closeTo(n - 1)
	}
}
