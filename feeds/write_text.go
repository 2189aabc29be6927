package feeds

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/language"
)

// outEscape writes plain text as XML. The numeric forms are what the RSS Best
// Practices Profile asks for: readers that decode twice show them right.
var outEscape = strings.NewReplacer("&", "&#x26;", "<", "&#x3C;", ">", "&#x3E;")

// outLine makes one line of plain text: legal characters, spaces folded,
// nothing that looks like HTML.
func outLine(s string) string {
	s = outClean(s)
	if !outIsLine(s) {
		s = strings.Join(strings.Fields(s), " ")
	}
	return outInert(s)
}

// outMarkupLike is what can be read as a tag or a comment.
var outMarkupLike = regexp.MustCompile(`<([/!?A-Za-z][^<>]*)>`)

// outInert puts other brackets around tags in text that speaks of HTML, as
// "</p> ends a paragraph". Readers of feeds often take a title for HTML, and
// then would swallow the tags or even obey them.
func outInert(s string) string {
	if !strings.Contains(s, "</") {
		return s
	}
	return outMarkupLike.ReplaceAllString(s, "‹$1›")
}

var outEntity = regexp.MustCompile(`&#?\w+;`)

// outWords makes a line of text for where "&lt;" cannot be told from "<" by
// how it is written: an entity in it is what its author escaped too often.
func outWords(s string) string {
	for range 4 {
		if !outEntity.MatchString(s) {
			break
		}
		s = html.UnescapeString(s)
	}
	return outLine(s)
}

// outIsLine reports whether folding the spaces of s would change nothing.
func outIsLine(s string) bool {
	space := true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			if space {
				return false
			}
			space = true
		case c < ' ' || c >= utf8.RuneSelf: // perhaps a wide space
			return false
		default:
			space = false
		}
	}
	return !space || s == ""
}

// outText makes plain text of a fragment: markup removed, entities decoded,
// scripts and styles left out, spaces folded, a line for each block. It stops
// when it has about limit bytes; 0: never.
func outText(fragment HTML, limit int) string {
	s := outClean(string(fragment))
	if !strings.ContainsAny(s, "<&") {
		return strings.Join(strings.Fields(s), " ")
	}
	var t outLines
	hidden := 0
	z := html.NewTokenizer(strings.NewReader(s))
	for limit == 0 || t.b.Len() < limit {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return outClean(t.b.String())
		case html.TextToken:
			if hidden == 0 {
				t.text(string(z.Text()))
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			tag := atom.Lookup(name)
			if outHidden(tag) {
				hidden = outDepth(hidden, kind)
			}
			t.tag(tag)
		}
	}
	return outClean(t.b.String()) // entities may have brought new characters
}

func outDepth(n int, kind html.TokenType) int {
	switch kind {
	case html.StartTagToken:
		return n + 1
	case html.EndTagToken:
		return max(n-1, 0)
	}
	return n
}

// outLines joins pieces of text with single spaces and line breaks.
type outLines struct {
	b   strings.Builder
	sep byte // between what is written and what comes next; 0: nothing
}

func (t *outLines) text(s string) {
	for i, word := range strings.Fields(s) {
		if i > 0 || s[0] <= ' ' {
			t.sep = max(t.sep, 1)
		}
		t.join()
		t.b.WriteString(word)
	}
	if r, _ := utf8.DecodeLastRuneInString(s); r <= ' ' || r == 0xA0 {
		t.sep = max(t.sep, 1)
	}
}

func (t *outLines) join() {
	if t.b.Len() > 0 && t.sep > 0 {
		t.b.WriteByte(" \n"[t.sep-1])
	}
	t.sep = 0
}

// tag notes what a tag puts between two texts: 1 a space, 2 a new line.
func (t *outLines) tag(a atom.Atom) {
	switch a {
	case atom.Td, atom.Th, atom.Img:
		t.sep = max(t.sep, 1)
	case atom.P, atom.Div, atom.Br, atom.Hr, atom.Li, atom.Ul, atom.Ol, atom.Dl, atom.Dt, atom.Dd, atom.Blockquote, atom.Pre,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table, atom.Tr, atom.Caption, atom.Section, atom.Article,
		atom.Aside, atom.Header, atom.Footer, atom.Main, atom.Nav, atom.Figure, atom.Figcaption, atom.Details, atom.Summary:
		t.sep = 2
	}
}

// outHidden reports whether an element's text is not for people.
func outHidden(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Template, atom.Iframe, atom.Noframes, atom.Noembed:
		return true
	}
	return false
}

// outTitleRunes is how long a title made from an entry's text may be.
const outTitleRunes = 80

// outTitle returns the entry's title. Without one it is the beginning of the
// text, or else the address.
func outTitle(e *Entry) string {
	if t := outLine(e.Title); t != "" {
		return t
	}
	for _, h := range []HTML{e.Summary, e.Content} {
		if t := outTitleOf(outText(h, 8*outTitleRunes)); t != "" {
			return outCut(t, outTitleRunes)
		}
	}
	if link := outEntryLink(e); link != "" {
		return link
	}
	return "Untitled"
}

// outTitleOf makes a title of text. Text that was escaped once too often, or
// speaks of markup, loses it: a title that looks like HTML is read as HTML.
func outTitleOf(text string) string {
	if strings.Contains(text, "</") {
		if t := outLine(outText(HTML(text), 0)); t != "" {
			return t
		}
	}
	return outLine(text)
}

// outCut shortens s to at most limit runes, at a space if there is one in its
// second half.
func outCut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	n, end, space := 0, 0, 0
	for i, r := range s {
		if n == limit-1 {
			end = i
			break
		}
		if r == ' ' && n > limit/2 {
			space = i
		}
		n++
	}
	if space > 0 {
		end = space
	}
	return s[:end] + "…"
}

// outName returns a person's name, without e-mail addresses: "Ann <a@b.example>"
// and "a@b.example (Ann)" are both Ann. It is empty if nothing else is there.
func outName(p Person) string {
	name := outWords(p.Name)
	if !strings.Contains(name, "@") {
		return name
	}
	words := strings.Fields(name)
	kept := words[:0]
	for _, w := range words {
		if !outHoldsAddress(w) {
			kept = append(kept, w)
		}
	}
	name = strings.Join(kept, " ")
	if len(kept) < len(words) { // an address is gone, and so is what it was set off with
		name = strings.Trim(name, "()<>[]\"',;: ")
	}
	return name
}

// outHoldsAddress reports whether a word holds something like a@b.example.
func outHoldsAddress(word string) bool {
	at := strings.IndexByte(word, '@')
	return at > 0 && strings.Trim(word[:at], "(<[\"'") != "" && len(word) > at+1
}

// outLanguage returns s as a BCP 47 tag, or nothing if it is none.
func outLanguage(s string) string {
	s = strings.ReplaceAll(strings.TrimSpace(s), "_", "-")
	base, rest, more := strings.Cut(s, "-")
	if _, err := language.ParseBase(base); err != nil {
		return ""
	}
	if !more {
		return s
	}
	for part := range strings.SplitSeq(rest, "-") {
		if len(part) > 8 || !outAlphanumeric(part) {
			return ""
		}
	}
	return s
}

func outAlphanumeric(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
