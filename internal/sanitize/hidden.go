package sanitize

import "golang.org/x/net/html/atom"

// hide leaves out an element that its author hides, with what it holds. Unlike
// a program or a frame it ends as every element does, without an end tag of its
// own too: an article must not end with a hidden paragraph that nobody closed.
func (b *builder) hide(el *element) {
	b.skip, b.hiding, b.inner = el.tag, true, b.inner[:0]
}

// stillHidden reports whether a start tag stands within the hidden element.
func (b *builder) stillHidden(a atom.Atom, selfClosing bool) bool {
	el, ok := allowed[a]
	if !ok {
		return true
	}
	if b.endsHidden(el.shape) {
		b.skip, b.hiding = 0, false
		return false
	}
	if !el.shape.empty() && !selfClosing && len(b.inner) < maxOpen {
		b.inner = append(b.inner, el.tag)
	}
	return true
}

// endsHidden reports whether a start tag of that shape closes the hidden
// element: nothing but phrases may stand open in it.
func (b *builder) endsHidden(s shape) bool {
	for _, tag := range b.inner {
		if allowed[tag].shape > formatting {
			return false
		}
	}
	switch own := allowed[b.skip].shape; own {
	case listItem, listTerm:
		return s == own
	case cell:
		return s == cell || s == row || s == rowGroup
	case row:
		return s == row || s == rowGroup
	case block:
		return b.skip == atom.P && (s >= block && s <= table || s == rule)
	}
	return false
}

// hiddenUntil reports whether an end tag stands within the hidden element, or
// is its own. One of a block around it ends it, and is still to be obeyed.
func (b *builder) hiddenUntil(el *element) bool {
	for i := len(b.inner) - 1; i >= 0; i-- {
		if b.inner[i] == el.tag {
			b.inner = b.inner[:i]
			return true
		}
	}
	own := el.tag == b.skip
	if !own {
		if el.shape <= formatting {
			return true
		}
		if i, _ := b.find(el); i < 0 {
			return true
		}
	}
	b.skip, b.hiding = 0, false
	return own
}
