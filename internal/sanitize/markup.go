package sanitize

import (
	"strings"

	"golang.org/x/net/html/atom"
)

// A mark is something in a text that looks like a tag, a comment or a
// section.
type mark struct {
	start, end int
	name       atom.Atom // 0: not a name of HTML
	closes     bool
	attributes bool // something like name=value stands in it
	inner      string
	other      bool // comment, declaration or section: inner stays
}

// unmark removes the tags from a line of text that may be HTML or not. What
// looks like a tag is one if it has attributes, or if HTML knows its name and
// it stands alone (an img, a br) or is one of a pair.
func unmark(s string) string {
	marks := scan(s)
	opens, closes := map[atom.Atom]int{}, map[atom.Atom]int{}
	for i := len(marks) - 1; i >= 0; i-- {
		if m := &marks[i]; m.closes {
			closes[m.name] = max(closes[m.name], m.start)
		} else {
			opens[m.name] = m.end // the first, in the end
		}
	}
	var b strings.Builder
	at := 0
	for _, m := range marks {
		if m.start < at || !m.real(opens, closes) {
			continue
		}
		b.WriteString(s[at:m.start])
		b.WriteString(m.inner)
		if gapAround(m.name) > gapNone {
			b.WriteByte(' ')
		}
		at = m.end
		if dropped[m.name] == lossContent && !m.closes && closes[m.name] >= at {
			at += endOf(s[at:], m.name.String())
		}
	}
	b.WriteString(s[at:])
	return b.String()
}

// real reports whether the mark is markup and not text.
func (m *mark) real(opens, closes map[atom.Atom]int) bool {
	el, known := allowed[m.name]
	switch {
	case m.other, m.attributes:
		return true
	case m.name == 0:
		return false
	case dropped[m.name] != lossNone:
		return true
	case known && (el.shape == void || el.shape == rule):
		return true
	case !known && !unwrapped[m.name]:
		return false
	case m.closes:
		end, ok := opens[m.name]
		return ok && end <= m.start
	}
	return closes[m.name] >= m.end
}

// endOf returns how far the first end tag of this name reaches.
func endOf(s, name string) int {
	for i := 0; i < len(s); i++ {
		rest := s[i:]
		if len(rest) < len(name)+2 || rest[0] != '<' || rest[1] != '/' || !strings.EqualFold(rest[2:2+len(name)], name) {
			continue
		}
		if end := strings.IndexByte(rest, '>'); end >= 0 {
			return i + end + 1
		}
		return len(s)
	}
	return 0
}

// scan finds the marks of a text. Each begins behind the end of the last.
func scan(s string) []mark {
	var marks []mark
	for i := 0; i < len(s); {
		lt := strings.IndexByte(s[i:], '<')
		if lt < 0 {
			break
		}
		i += lt
		m, ok := scanMark(s, i)
		if !ok {
			i++
			continue
		}
		marks = append(marks, m)
		i = m.end
	}
	return marks
}

func scanMark(s string, i int) (mark, bool) {
	rest := s[i+1:]
	for _, section := range []struct {
		open, close string
		keep        bool
	}{{"!--", "-->", false}, {"![CDATA[", "]]>", true}} {
		if !strings.HasPrefix(rest, section.open) {
			continue
		}
		inner, after, closed := strings.Cut(rest[len(section.open):], section.close)
		if !closed {
			return mark{}, false
		}
		if !section.keep {
			inner = ""
		}
		return mark{start: i, end: len(s) - len(after), inner: inner, other: true}, true
	}
	m := mark{start: i}
	if strings.HasPrefix(rest, "/") {
		m.closes, rest = true, rest[1:]
	}
	n := 0
	for n < len(rest) && (alphanumeric(rest[n]) || n > 0 && (rest[n] == '-' || rest[n] == ':')) {
		n++
	}
	if n == 0 || rest[0] >= '0' && rest[0] <= '9' || n < len(rest) && !strings.ContainsRune(" \t\n\f\r/>", rune(rest[n])) {
		return mark{}, false
	}
	m.name = atom.Lookup([]byte(strings.ToLower(rest[:n])))
	end, attributes, closed := tagEnd(rest[n:])
	m.attributes = attributes
	if !closed && !attributes {
		return mark{}, false // "if a <b then"
	}
	m.end = len(s) - len(rest) + n + end
	return m, true
}

// tagEnd returns where a tag ends, whose name stands before s. A tag that has
// attributes and no end reaches to the end of s, as a browser would have it.
func tagEnd(s string) (end int, attributes, closed bool) {
	quote := byte(0)
	for i := range len(s) {
		c := s[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '=':
			attributes = true
		case (c == '"' || c == '\'') && i > 0 && s[i-1] == '=':
			quote = c
		case c == '>':
			return i + 1, attributes, true
		case c == '<':
			if !attributes {
				return 0, false, false
			}
		}
	}
	return len(s), attributes, false
}
