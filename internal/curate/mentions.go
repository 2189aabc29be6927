package curate

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fewWords is up to how many words looking for each of them in turn is
// cheaper than looking up each word of the text.
const fewWords = 8

// A matcher finds any of some words and phrases in folded text: whole words,
// in any case. In scripts that put no spaces between words (Chinese,
// Japanese, Thai …) a word is found wherever it stands, and where Latin
// letters touch such a script, a word ends.
type matcher struct {
	each    []string            // looked for one by one
	byStart map[string][]string // by the first word of each
}

func newMatcher(words []string) *matcher {
	m := &matcher{}
	for _, word := range words {
		if word = fold(word); !slices.Contains(m.each, word) {
			m.each = append(m.each, word)
		}
	}
	if len(m.each) <= fewWords {
		return m
	}
	each := m.each
	m.each, m.byStart = nil, map[string][]string{}
	for _, word := range each {
		if n := wordLength(word); n > 0 {
			m.byStart[word[:n]] = append(m.byStart[word[:n]], word)
		} else {
			m.each = append(m.each, word)
		}
	}
	return m
}

// crowd is how many phrases begin with the same word, at most.
func (m *matcher) crowd() int {
	most := 0
	for _, phrases := range m.byStart {
		most = max(most, len(phrases))
	}
	return most
}

// in reports whether folded text mentions any of the words.
func (m *matcher) in(text string) bool {
	for _, word := range m.each {
		if findWord(text, word) {
			return true
		}
	}
	if m.byStart == nil {
		return false
	}
	for at := 0; at < len(text); {
		n := wordLength(text[at:])
		if n == 0 {
			_, size := utf8.DecodeRuneInString(text[at:])
			at += size
			continue
		}
		for _, word := range m.byStart[text[at:at+n]] {
			if strings.HasPrefix(text[at:], word) && endsAt(text, word, at+len(word)) {
				return true
			}
		}
		at += n
	}
	return false
}

// findWord reports whether word stands in text with nothing joined to it.
func findWord(text, word string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		at += i
		if startsAt(text, word, at) && endsAt(text, word, at+len(word)) {
			return true
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
}

func startsAt(text, word string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	first, _ := utf8.DecodeRuneInString(word)
	return at == 0 || !joins(before) || !joins(first)
}

func endsAt(text, word string, at int) bool {
	after, _ := utf8.DecodeRuneInString(text[at:])
	last, _ := utf8.DecodeLastRuneInString(word)
	return at == len(text) || !joins(after) || !joins(last)
}

// wordLength is the length in bytes of the word that s begins with.
func wordLength(s string) int {
	for i, r := range s {
		if !joins(r) {
			return i
		}
	}
	return len(s)
}

// unspaced are the scripts whose words are not parted by spaces, or that glue
// particles to words of other scripts (Hangul).
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// joins reports whether r, next to another such, is part of the same word.
func joins(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || r == '_'
	}
	return unicode.In(r, unicode.Letter, unicode.Digit, unicode.Mark) && !unicode.In(r, unspaced...)
}

// fold returns s with case, composition, width and white space made equal.
func fold(s string) string { return string(appendFolded(nil, s)) }

// foldTexts folds texts so that no phrase reaches from one into the next.
func foldTexts(texts ...string) string {
	size := 0
	for _, text := range texts {
		size += len(text) + 1
	}
	all := make([]byte, 0, size)
	for _, text := range texts {
		all = append(appendFolded(all, text), 0)
	}
	return string(all)
}

// appendFolded appends s, folded, to b.
func appendFolded(b []byte, s string) []byte {
	s = norm.NFKC.String(s)
	start, space := len(b), false
	for i := 0; i < len(s); {
		c, size := rune(s[i]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRuneInString(s[i:])
			c = unicode.ToLower(unicode.ToUpper(c))
		} else if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		i += size
		if c == ' ' || '\t' <= c && c <= '\r' || c >= utf8.RuneSelf && unicode.IsSpace(c) {
			space = true
			continue
		}
		if space && len(b) > start {
			b = append(b, ' ')
		}
		space = false
		if c < utf8.RuneSelf {
			b = append(b, byte(c))
		} else {
			b = utf8.AppendRune(b, c)
		}
	}
	return b
}
