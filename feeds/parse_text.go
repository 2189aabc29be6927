package feeds

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textLegal drops what XML 1.0 forbids, and puts U+FFFD for what is not UTF-8.
func textLegal(s string) string {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < utf8.RuneSelf || c == '\t' || c == '\n' || c == '\r' {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !textLegalRune(r) || r == utf8.RuneError && n == 1 {
			return s[:i] + textDrop(s[i:])
		}
		i += n
	}
	return s
}

func textDrop(s string) string {
	return strings.Map(func(r rune) rune {
		if !textLegalRune(r) {
			return -1
		}
		return r
	}, s)
}

func textLegalRune(r rune) bool {
	return r >= 0x20 && r != 0xFFFE && r != 0xFFFF || r == '\t' || r == '\n' || r == '\r'
}

// textLine returns s as one line of text: white space folded, without controls
// and without the marks that change the direction of what follows.
func textLine(s string) string {
	s = strings.TrimSpace(s)
	plain := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7F || c == ' ' && s[i-1] == ' ' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || r == 0x2028 || r == 0x2029:
			space = b.Len() > 0
			continue
		case r < 0x20 || r >= 0x7F && r < 0xA0 || textDirects(r) || !textLegalRune(r):
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// textDirects reports whether r embeds, overrides or isolates a direction, or
// is a byte order mark that strayed into text.
func textDirects(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0xFEFF
}

// textMost bounds the markup that is looked at for one line of text.
const textMost = 64 << 10

// textGuess returns the plain text of a field that a format calls text and
// publishers fill with HTML as well, as RSS titles. Only what is certainly
// markup is taken as such: elements of HTML that are closed or never hold
// anything, and references by HTML's names.
func textGuess(s string) string {
	s = salvageRune(s, textMost)
	if strings.IndexByte(s, '<') >= 0 {
		s = textStrip(s, textPaired(s))
	}
	return textLine(textEntities(s))
}

// textOf returns the plain text of a fragment that is declared to be HTML.
func textOf(s string) string {
	s = salvageRune(s, textMost)
	if strings.IndexByte(s, '<') >= 0 {
		s = textStrip(s, func(string) bool { return true })
	}
	if strings.IndexByte(s, '&') >= 0 {
		s = html.UnescapeString(s)
	}
	return textLine(s)
}

// textInline are the elements that are taken as markup where markup is not
// expected.
var textInline = salvageSet("a abbr acronym b bdi bdo big blockquote br center cite code dd del dfn div dl dt em figure" +
	" font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark nobr ol p pre q s samp small span strike strong sub sup table" +
	" tbody td th tr tt u ul var wbr")

var textVoid = salvageSet("br hr img wbr p li")

func textPaired(s string) func(name string) bool {
	low := strings.ToLower(s)
	known := map[string]bool{} // a text may hold a name a thousand times
	return func(name string) bool {
		if !textInline[name] || textVoid[name] {
			return textVoid[name]
		}
		paired, ok := known[name]
		if !ok {
			paired = strings.Contains(low, "</"+name) && strings.Contains(low, "<"+name)
			known[name] = paired
		}
		return paired
	}
}

// textStrip removes comments and the tags of elements that markup accepts.
func textStrip(s string, markup func(name string) bool) string {
	var b strings.Builder
	tags := 0
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			break
		}
		name, end := textTag(s[i:])
		if tags++; tags > 1000 {
			break // no title has so many
		}
		if end == 0 || !markup(name) {
			b.WriteString(s[:i+1])
			s = s[i+1:]
			continue
		}
		b.WriteString(s[:i])
		if textBreaks[name] {
			b.WriteByte(' ')
		}
		s = s[i+end:]
		if name == "script" || name == "style" {
			s = s[textElement(s, name):]
		}
	}
	b.WriteString(s)
	return b.String()
}

// textElement returns the length of what belongs to an element whose content
// is no text, if it ends.
func textElement(s, name string) int {
	if i := strings.Index(strings.ToLower(s), "</"+name); i >= 0 {
		return i
	}
	return 0
}

var textBreaks = salvageSet("br p div li tr td th h1 h2 h3 h4 h5 h6 hr blockquote dd dt ul ol table")

// textTag reads the tag that s begins with: the element's name in lower case,
// and the tag's length, 0 if it is none.
func textTag(s string) (string, int) {
	if strings.HasPrefix(s, "<!--") {
		if i := strings.Index(s, "-->"); i > 0 {
			return "br", i + 3
		}
	}
	i := 1
	if i < len(s) && s[i] == '/' {
		i++
	}
	from := i
	for i < len(s) && scanClasses[s[i]]&scanNameRest != 0 {
		i++
	}
	if i == from || scanClasses[s[from]]&scanNameStart == 0 || i-from > 20 {
		return "", 0
	}
	name := strings.ToLower(s[from:i])
	for ; i < len(s); i++ {
		switch s[i] {
		case '>':
			return name, i + 1
		case '<':
			return "", 0
		case '"', '\'':
			j := strings.IndexByte(s[i+1:], s[i])
			if j < 0 {
				return "", 0
			}
			i += j + 1
		}
	}
	return "", 0
}

// textEntities decodes references that end in a semicolon; all other
// ampersands stand for themselves.
func textEntities(s string) string {
	i := strings.IndexByte(s, '&')
	if i < 0 || strings.IndexByte(s[i:], ';') < 0 {
		return s
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		end := strings.IndexByte(s[:min(len(s), 40)], ';')
		plain := ""
		if end > 1 {
			plain = html.UnescapeString(s[:end+1])
		}
		if plain == "" || plain[0] == '&' && len(plain) > 1 || strings.HasSuffix(plain, ";") {
			b.WriteByte('&')
			s = s[1:]
			continue
		}
		b.WriteString(plain)
		s = s[end+1:]
	}
	b.WriteString(s)
	return b.String()
}

// textHTML returns plain text as HTML: paragraphs at blank lines, breaks at
// the ends of lines.
func textHTML(s string) string {
	s = strings.ReplaceAll(strings.TrimSpace(s), "\r\n", "\n")
	if s == "" {
		return ""
	}
	s = textEscape(s)
	if !strings.Contains(s, "\n") {
		return s
	}
	var b strings.Builder
	for paragraph := range strings.SplitSeq(s, "\n\n") {
		if paragraph = strings.Trim(paragraph, "\n"); paragraph != "" {
			b.WriteString("<p>" + strings.ReplaceAll(paragraph, "\n", "<br>\n") + "</p>\n")
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

var textEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func textEscape(s string) string { return textEscaper.Replace(s) }

// textIsMarkup reports whether what is declared to be plain text is certainly
// HTML: it has elements that are closed, or ends with one that needs no end.
func textIsMarkup(s string) bool {
	if strings.IndexByte(s, '<') < 0 {
		return false
	}
	paired := textPaired(s)
	for i, tags := 0, 0; tags < 20; tags++ {
		j := strings.IndexByte(s[i:], '<')
		if j < 0 {
			return false
		}
		i += j
		if name, end := textTag(s[i:]); end > 0 && textInline[name] && (paired(name) || textVoid[name]) {
			return true
		}
		i++
	}
	return false
}
