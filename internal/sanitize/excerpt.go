package sanitize

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"newswire/feeds"
)

// Excerpt returns the beginning of a sanitized fragment: at most maxRunes of
// text (spaces folded), with the markup that stands around it, balanced.
// Pictures, sound and film are left out, a figure with its caption, and so is
// what is empty without them. The cut falls behind a sentence if one ends in
// the last two fifths, and otherwise behind a word, with an ellipsis.
func Excerpt(fragment feeds.HTML, maxRunes int) feeds.HTML {
	if maxRunes <= 0 {
		return ""
	}
	// The beginning of a long article is enough, unless it is all pictures.
	pieces, whole := beginning(fragment, 2*maxRunes+1000)
	text := plain(pieces, maxRunes)
	if !whole && len(text) <= maxRunes {
		pieces, _ = beginning(fragment, 0)
		text = plain(pieces, maxRunes)
	}
	n, ellipsis := len(text), false
	if n > maxRunes {
		n, ellipsis = cutAt(text, maxRunes)
	}
	w := excerptWriter{left: -1}
	if n < len(text) {
		w.left = inkOf(string(text[:n]))
	}
	for _, p := range pieces {
		if w.left == 0 {
			break
		}
		w.piece(p)
	}
	return w.finish(ellipsis)
}

// A piece is a tag or a run of text of sanitized HTML.
type piece struct {
	raw  string
	name atom.Atom // of a tag; 0 for text
	ends bool      // an end tag
}

// beginning returns the pieces of a fragment that may stand in an excerpt,
// and whether they are all. It stops behind limit runes of text.
func beginning(fragment feeds.HTML, limit int) (pieces []piece, whole bool) {
	b := builder{inkLimit: limit}
	s := ""
	if b.build(string(fragment)) {
		s = string(b.out)
	} else {
		s = string(HTML(fragment, nil))
	}
	for s != "" {
		var p piece
		p, s = nextPiece(s)
		switch p.name {
		case atom.Img, atom.Wbr, atom.Audio, atom.Video, atom.Source:
			continue
		case atom.Figure:
			if p.ends {
				break
			}
			if figure, rest := cutFigure(s); strings.Contains(figure, " src=\"") {
				s = rest
				continue
			}
		}
		pieces = append(pieces, p)
	}
	return pieces, !b.full
}

func nextPiece(s string) (piece, string) {
	if s[0] != '<' {
		end := strings.IndexByte(s, '<')
		if end < 0 {
			end = len(s)
		}
		return piece{raw: s[:end]}, s[end:]
	}
	end := strings.IndexByte(s, '>') + 1
	p := piece{raw: s[:end], ends: s[1] == '/'}
	name := strings.Trim(p.raw, "</>")
	if i := strings.IndexByte(name, ' '); i >= 0 {
		name = name[:i]
	}
	p.name = atom.Lookup([]byte(name))
	return p, s[end:]
}

// cutFigure splits s behind the end tag of the figure that was opened before it.
func cutFigure(s string) (figure, rest string) {
	depth := 1
	for i := 0; ; {
		next := strings.Index(s[i:], "figure")
		if next < 0 {
			return s, ""
		}
		i += next + len("figure")
		start := i - len("figure")
		switch {
		case strings.HasSuffix(s[:start], "</"):
			if depth--; depth == 0 {
				return s[:i+1], s[i+1:]
			}
		case strings.HasSuffix(s[:start], "<"):
			depth++
		}
	}
}

// plain returns the text of the pieces with its spaces folded and a line
// break at the edges of blocks, enough of it to see where to cut at max.
func plain(pieces []piece, max int) []rune {
	var out []rune
	gap := rune(0)
	for _, p := range pieces {
		if p.name != 0 {
			switch gapAround(p.name) {
			case gapLine, gapParagraph:
				gap = '\n'
			case gapSpace:
				if gap == 0 {
					gap = ' '
				}
			}
			continue
		}
		for _, r := range html.UnescapeString(p.raw) {
			if !inked(r) {
				if gap == 0 && unicode.IsSpace(r) {
					gap = ' '
				}
				continue
			}
			if gap != 0 && len(out) > 0 {
				out = append(out, gap)
			}
			gap = 0
			if out = append(out, r); len(out) > max+16 {
				return out
			}
		}
	}
	return out
}

// cutAt returns how much of a text that is longer than max to keep, and
// whether an ellipsis must follow it.
func cutAt(text []rune, max int) (n int, ellipsis bool) {
	for n := max; n >= max-max*2/5 && n > 0; n-- {
		if endsSentence(text, n) {
			return n, false
		}
	}
	for n := max - 1; n > 0; n-- {
		if text[n] == ' ' || text[n] == '\n' {
			for n > 1 && strings.ContainsRune(" \n.,;:–—-([{“‘", text[n-1]) {
				n--
			}
			return n, true
		}
	}
	n = max - 1
	for n > 0 && (unicode.Is(unicode.M, text[n]) || text[n] == 0x200D || text[n-1] == 0x200D) {
		n--
	}
	return n, true
}

// abbreviations end with a full stop that ends no sentence.
var abbreviations = []string{"mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "e.g", "i.e", "inc", "corp", "ltd", "no", "jr", "sr", "approx", "fig"}

// endsSentence reports whether a sentence of the text ends before n.
func endsSentence(text []rune, n int) bool {
	if n > len(text) || n < 2 {
		return false
	}
	if n < len(text) && text[n] == '\n' {
		return text[n-1] != ':' && text[n-1] != ','
	}
	end := n
	for end > 1 && strings.ContainsRune(`"'”’»)]`, text[end-1]) {
		end--
	}
	switch text[end-1] {
	case '。', '！', '？':
		return true
	case '.', '!', '?', '…':
	default:
		return false
	}
	if n < len(text) && text[n] != ' ' || n+1 < len(text) && unicode.IsLower(text[n+1]) {
		return false
	}
	if text[end-1] != '.' {
		return true
	}
	start := end - 1
	for start > 0 && text[start-1] != ' ' && text[start-1] != '\n' {
		start--
	}
	word := strings.ToLower(strings.TrimLeft(string(text[start:end-1]), `"'“‘([`))
	return utf8.RuneCountInString(word) > 1 && !slices.Contains(abbreviations, word) && !initials(word)
}

// initials reports whether the word is like u.s or a.i.
func initials(word string) bool {
	for i, r := range []rune(word) {
		if (i%2 == 1) != (r == '.') {
			return false
		}
	}
	return strings.Contains(word, ".")
}

func inkOf(s string) int {
	n := 0
	for _, r := range s {
		if inked(r) {
			n++
		}
	}
	return n
}

// An excerptWriter copies pieces until it has written the runes of text that
// are left. Tags wait for the text that they are for.
type excerptWriter struct {
	out     strings.Builder
	left    int // runes of ink; -1: all
	stack   []waiting
	pending []string
	last    string // the tag that out ends with
}

type waiting struct {
	name    atom.Atom
	at      int // in pending
	written bool
}

func (w *excerptWriter) piece(p piece) {
	switch {
	case p.name == 0:
		w.text(p.raw)
	case p.ends:
		w.end(p)
	case allowed[p.name].shape.empty():
		w.pending = append(w.pending, p.raw)
	default:
		w.stack = append(w.stack, waiting{name: p.name, at: len(w.pending)})
		w.pending = append(w.pending, p.raw)
	}
}

func (w *excerptWriter) end(p piece) {
	n := len(w.stack) - 1
	top := w.stack[n]
	w.stack = w.stack[:n]
	switch {
	case top.written:
		// What still waits is empty.
		w.pending = w.pending[:0]
		w.out.WriteString(p.raw)
		w.last = p.raw
	case top.name == atom.Td || top.name == atom.Th:
		w.pending = append(w.pending[:top.at+1], p.raw) // its neighbors keep their columns
	default:
		w.pending = w.pending[:top.at]
	}
}

func (w *excerptWriter) text(raw string) {
	if strings.TrimSpace(raw) == "" {
		if len(w.pending) > 0 {
			w.pending = append(w.pending, raw)
		} else if w.out.Len() > 0 {
			w.out.WriteString(raw)
			w.last = ""
		}
		return
	}
	w.flush()
	if strings.HasPrefix(w.last, "<pre") && raw[0] == '\n' && !strings.HasPrefix(raw, "\n\n") {
		w.out.WriteByte('\n')
	}
	w.last = ""
	if w.left < 0 {
		w.out.WriteString(raw)
		return
	}
	end := 0
	for end < len(raw) && w.left > 0 {
		size := 1
		if raw[end] == '&' {
			size = strings.IndexByte(raw[end:], ';') + 1
			w.left--
		} else {
			var r rune
			if r, size = utf8.DecodeRuneInString(raw[end:]); inked(r) {
				w.left--
			}
		}
		end += size
	}
	w.out.WriteString(raw[:end])
}

func (w *excerptWriter) flush() {
	for _, raw := range w.pending {
		w.out.WriteString(raw)
		w.last = raw
	}
	w.pending = w.pending[:0]
	for i := range w.stack {
		w.stack[i].written = true
	}
}

func (w *excerptWriter) finish(ellipsis bool) feeds.HTML {
	if ellipsis {
		w.out.WriteString("…")
	}
	for _, open := range slices.Backward(w.stack) {
		if open.written {
			w.out.WriteString("</" + open.name.String() + ">")
		}
	}
	return feeds.HTML(w.out.String())
}
