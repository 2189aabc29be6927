package sanitize

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"newswire/feeds"
)

// Text returns the fragment as readable plain text: entities decoded, spaces
// folded, a line break between lines and an empty line between paragraphs.
// What HTML drops with its content is not in it.
func Text(fragment feeds.HTML) string {
	src := string(fragment)
	var w writer
	w.Grow(min(len(src), maxBytes))
	if !strings.ContainsAny(src, "<&") {
		w.write(src)
		return w.String()
	}
	z := html.NewTokenizer(strings.NewReader(src))
	skip, depth := atom.Atom(0), 0
	for {
		tt := z.Next()
		switch tt {
		case html.ErrorToken:
			return w.String()
		case html.TextToken:
			if skip == 0 {
				w.write(string(z.Text()))
			}
			continue
		case html.CommentToken, html.DoctypeToken:
			continue
		}
		if tt == html.SelfClosingTagToken {
			z.NextIsNotRawText()
		}
		name, _ := z.TagName()
		switch a := atom.Lookup(name); {
		case skip == 0 && tt == html.StartTagToken && dropped[a] == lossContent:
			skip, depth = a, 1
		case skip == 0:
			w.gap = max(w.gap, gapAround(a))
		case a == skip && tt == html.StartTagToken:
			depth++
		case a == skip && tt == html.EndTagToken:
			if depth--; depth == 0 {
				skip = 0
			}
		}
	}
}

// A gap is what stands between two pieces of text.
type gap uint8

const (
	gapNone gap = iota
	gapSpace
	gapLine
	gapParagraph
)

var gapText = [...]string{"", " ", "\n", "\n\n"}

func gapAround(a atom.Atom) gap {
	el, ok := allowed[a]
	if !ok {
		return gapNone
	}
	switch el.shape {
	case cell, rubyText:
		return gapSpace
	case listItem, listTerm, row, rowGroup, caption:
		return gapLine
	case heading, table, rule, media:
		return gapParagraph
	case block:
		if el.tag == atom.Div || el.tag == atom.Figcaption || el.tag == atom.Summary {
			return gapLine
		}
		return gapParagraph
	}
	if el.tag == atom.Br {
		return gapLine
	}
	return gapNone
}

// A writer folds spaces. Its gap is written before the next rune that shows.
type writer struct {
	strings.Builder
	gap gap
}

func (w *writer) write(s string) {
	for _, r := range s {
		if !inked(r) {
			if unicode.IsSpace(r) {
				w.gap = max(w.gap, gapSpace)
			}
			continue
		}
		if w.gap != gapNone {
			if w.Len() > 0 {
				w.WriteString(gapText[w.gap])
			}
			w.gap = gapNone
		}
		w.WriteRune(r)
	}
}

// flat returns s on one line, without what is invisible, cut to max bytes. It
// reads no markup.
func flat(s string, max int) string {
	var w writer
	w.write(s)
	return cut(w.String(), max)
}

// Line returns a title or a name as one line of plain text of at most 1 KiB.
// Tags that are really markup are removed (a < b and <thinking> are not), and
// programs and styles with their content; then entities are decoded once,
// whatever that gives: a source that escaped its titles twice too often shows
// it. Control characters, marks that turn the direction of writing and
// zero-width spaces are removed, spaces folded.
//
// The result is text, to be escaped wherever it goes. It may hold a < that
// the source had escaped, so it must not be passed through Line again.
func Line(s string) string {
	if len(s) > 64*maxLine {
		s = strings.ToValidUTF8(s[:64*maxLine], "")
	}
	if strings.Contains(s, "<") {
		s = unmark(s)
	}
	if strings.Contains(s, "&") {
		s = html.UnescapeString(s)
	}
	return flat(s, maxLine)
}
