package curate

import (
	"html"
	"strings"
)

// inline are the elements that do not part words.
var inline = map[string]bool{
	"a": true, "abbr": true, "b": true, "bdi": true, "bdo": true, "cite": true, "code": true, "del": true, "em": true,
	"i": true, "ins": true, "kbd": true, "mark": true, "q": true, "s": true, "small": true, "span": true, "strong": true,
	"sub": true, "sup": true, "u": true, "var": true, "wbr": true,
}

// plainText returns the text of a sanitized fragment of HTML, for rules to
// look at: without tags and comments, entities decoded, at most limit bytes.
// It makes nothing safe to show.
func plainText(fragment string, limit int) string {
	if !strings.ContainsAny(fragment, "<&") {
		return cut(strings.TrimSpace(fragment), limit)
	}
	var b strings.Builder
	b.Grow(min(len(fragment), limit+limit/8))
	for fragment != "" && b.Len() < limit {
		text, rest, tag := strings.Cut(fragment, "<")
		b.WriteString(html.UnescapeString(cut(text, 2*limit)))
		if !tag {
			break
		}
		var name string
		if name, fragment = skipTag(rest); name == "" {
			b.WriteByte('<') // it was none: "a < b"
		} else if !inline[name] {
			b.WriteByte(' ')
		}
	}
	return cut(strings.TrimSpace(b.String()), limit)
}

// skipTag returns the name of the tag that begins s (after its "<") and what
// follows it. A comment's name is "!". The name is empty if s begins no tag.
func skipTag(s string) (name, rest string) {
	if comment, ok := strings.CutPrefix(s, "!--"); ok {
		_, rest, _ = strings.Cut(comment, "-->")
		return "!", rest
	}
	start := strings.TrimPrefix(s, "/")
	if start == "" || !isLetter(start[0]) && start[0] != '!' && start[0] != '?' {
		return "", s
	}
	n := 0
	for n < len(start) && isNameByte(start[n]) {
		n++
	}
	quote := byte(0)
	for i := n; i < len(start); i++ {
		switch c := start[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && i > 0 && start[i-1] == '=':
			quote = c
		case c == '>':
			return tagName(start[:n]), start[i+1:]
		}
	}
	return tagName(start[:n]), ""
}

func tagName(s string) string {
	if s == "" {
		return "!"
	}
	return strings.ToLower(s)
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isNameByte(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' || c == '-' }
