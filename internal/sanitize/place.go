package sanitize

import (
	"slices"

	"golang.org/x/net/html/atom"
)

// place makes room for an element: it closes what the element's start tag
// closes in a parser, and opens what must stand around it. It returns false
// if the element cannot be shown here. What it leaves open is such that a
// parser that reads the output closes nothing by itself.
func (b *builder) place(el *element) bool {
	if b.depth >= maxDepth && !el.shape.empty() {
		return false
	}
	switch el.shape {
	case caption, rowGroup, row, cell:
		return b.placeTablePart(el)
	case mediaFile:
		return b.shape() == media
	}
	switch b.shape() {
	case table, rowGroup, row:
		b.openCell()
	case media:
		if el.shape <= formatting || el.shape == void {
			return false // for browsers that cannot play it
		}
		b.closeTo(b.innermost())
	}
	return b.leave(el)
}

// leave closes what may not be open where the element stands.
func (b *builder) leave(el *element) bool {
	switch el.shape {
	case formatting:
		return el.tag != atom.A || b.leaveLink()
	case rubyText:
		return b.leaveRubyText()
	case table:
		if b.depth > maxDepth-8 {
			return false // its rows and cells need room too
		}
		b.leaveParagraph()
		b.carried = b.carried[:0]
	case listItem, listTerm:
		b.leaveItem(el.shape)
		b.leaveParagraph()
	case heading:
		b.leaveParagraph()
		if b.shape() == heading {
			b.closeTo(b.innermost())
		}
	case block, rule:
		b.leaveParagraph()
	}
	return true
}

// innermost returns the index of the innermost open element that is shown,
// or -1.
func (b *builder) innermost() int { return b.top - 1 }

// below returns the next element that is shown below the one at i, or -1.
func (b *builder) below(i int) int { return b.stack[i].under - 1 }

// shape returns the shape of the innermost open element that is shown; that
// of a block if there is none.
func (b *builder) shape() shape {
	if i := b.innermost(); i >= 0 {
		return b.stack[i].shape
	}
	return block
}

// leaveParagraph closes the p that is open in this cell, if there is one.
// Formatting that it closes by that is carried on.
func (b *builder) leaveParagraph() {
	for i := b.innermost(); i >= 0; i = b.below(i) {
		o := &b.stack[i]
		if o.shape == cell || o.shape == caption {
			return
		}
		if o.tag != atom.P {
			continue
		}
		for _, above := range b.stack[i+1:] {
			if above.shown && above.shape == formatting && !above.ended && len(b.carried) < maxCarried {
				b.carried = append(b.carried, carry{above.tag, above.start, above.end})
			}
		}
		b.closeTo(i)
		b.closeEnded()
		return
	}
}

// reopen opens again what was carried on.
func (b *builder) reopen() {
	if len(b.carried) == 0 {
		return
	}
	for _, c := range b.carried {
		if b.depth >= maxDepth || c.tag == atom.A && b.linked() >= 0 {
			continue
		}
		start := len(b.out)
		b.out = append(b.out, b.out[c.start:c.end]...)
		b.elements++
		b.push(open{tag: c.tag, shape: formatting, shown: true, start: start, end: len(b.out)})
	}
	b.carried = b.carried[:0]
}

// drop forgets the innermost carried element of this name: its end tag came.
// It reports whether there was one.
func (b *builder) drop(tag atom.Atom) bool {
	for i := len(b.carried) - 1; i >= 0; i-- {
		if b.carried[i].tag == tag {
			b.carried = slices.Delete(b.carried, i, i+1)
			return true
		}
	}
	return false
}

// linked returns the index of the open link, or -1.
func (b *builder) linked() int {
	for i := b.innermost(); i >= 0; i = b.below(i) {
		if b.stack[i].tag == atom.A {
			return i
		}
	}
	return -1
}

// leaveLink makes room for a link: one that is open is closed, if nothing but
// phrases stand open in it, and otherwise keeps the new one from being shown.
func (b *builder) leaveLink() bool {
	for b.drop(atom.A) {
	}
	i := b.linked()
	if i < 0 {
		return true
	}
	for _, o := range b.stack[i+1:] {
		if o.shown && o.shape > formatting {
			return false
		}
	}
	b.closeTo(i)
	return true
}

func (b *builder) leaveRubyText() bool {
	i := b.innermost()
	if i >= 0 && b.stack[i].shape == rubyText {
		b.closeTo(i)
		i = b.innermost()
	}
	return i >= 0 && b.stack[i].tag == atom.Ruby
}

// leaveItem closes the item that a new one of its kind ends: the nearest that
// no other structure than p and div stands in.
func (b *builder) leaveItem(kind shape) {
	for i := b.innermost(); i >= 0; i = b.below(i) {
		o := &b.stack[i]
		switch {
		case o.tag == atom.P, o.tag == atom.Div, o.shape <= formatting, o.shape == rubyText:
		case o.shape == kind:
			b.closeTo(i)
			b.closeEnded()
			return
		default:
			return
		}
	}
}

// openCell opens a cell for what stands in a table outside of its cells.
func (b *builder) openCell() {
	b.part(atom.Td)
}

// placeTablePart makes room for a part of a table in the nearest open table.
func (b *builder) placeTablePart(el *element) bool {
	t := b.innermost()
	for t >= 0 && b.stack[t].shape != table {
		t = b.below(t)
	}
	if t < 0 {
		return false
	}
	// Keep what the part may stand in: a row group, a row.
	keep := t + 1
	for keep < len(b.stack) {
		o := &b.stack[keep]
		if o.shown && !(o.shape == rowGroup && el.shape >= row || o.shape == row && el.shape == cell) {
			break
		}
		keep++
	}
	b.closeTo(keep)
	b.carried = b.carried[:0]
	switch el.shape {
	case row:
		if b.shape() == table {
			b.part(atom.Tbody)
		}
	case cell:
		if b.shape() != row {
			b.part(atom.Tr)
		}
	}
	return true
}

// part opens a part of a table that the source leaves to the parser, and the
// parts around it.
func (b *builder) part(tag atom.Atom) {
	el := allowed[tag]
	if !b.placeTablePart(&el) {
		return
	}
	start := len(b.out)
	b.out = append(b.out, '<')
	b.out = append(b.out, tag.String()...)
	b.out = append(b.out, '>')
	b.elements++
	b.push(open{tag: tag, shape: el.shape, shown: true, start: start, end: len(b.out)})
}
