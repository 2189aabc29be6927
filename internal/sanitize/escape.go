package sanitize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bytes of text that are not copied as they are.
const (
	plainByte  = iota
	markupByte // written as a character reference
	noByte     // XML 1.0 forbids it, or HTML reads it as something else
	longByte   // part of a rune of several bytes
)

var classOf = func() (c [256]uint8) {
	for b := range 0x20 {
		c[b] = noByte
	}
	c['\t'], c['\n'] = plainByte, plainByte
	c[0x7F] = noByte
	for _, b := range `&<>"'` {
		c[b] = markupByte
	}
	for b := 0x80; b < 0x100; b++ {
		c[b] = longByte
	}
	return c
}()

// appendEscaped appends text as HTML (in an element or an attribute) in the
// very bytes that x/net/html's Render writes. Control characters and
// noncharacters are left out; what is not UTF-8 becomes U+FFFD.
func appendEscaped[T string | []byte](dst []byte, s T) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := classOf[s[i]]
		if c == plainByte {
			i++
			continue
		}
		size, write := 1, ""
		switch c {
		case markupByte:
			write = reference(s[i])
		case noByte:
			if s[i] == '\f' {
				write = " " // a space to HTML, nothing to XML
			}
		case longByte:
			var bad bool
			if size, bad = longRune(s, i); !bad {
				i += size
				continue
			}
			if size == 1 {
				write = "\uFFFD"
			}
		}
		dst = append(dst, s[from:i]...)
		dst = append(dst, write...)
		i += size
		from = i
	}
	return append(dst, s[from:]...)
}

func reference(b byte) string {
	switch b {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '"':
		return "&#34;"
	}
	return "&#39;"
}

// longRune returns the size of the rune at i and whether it must not be
// written: a size of 1 means that the byte is not UTF-8.
func longRune[T string | []byte](s T, i int) (size int, bad bool) {
	r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
	return size, size == 1 || forbidden(r)
}

// forbidden reports whether r is a control character (tab and newline are
// not) or a noncharacter.
func forbidden(r rune) bool {
	switch {
	case r < 0x20:
		return r != '\t' && r != '\n'
	case r >= 0x7F && r <= 0x9F:
		return true
	case r >= 0xFDD0 && r <= 0xFDEF:
		return true
	}
	return r&0xFFFE == 0xFFFE
}

// invisible reports whether r shows nothing and is not needed to read or
// write any language's text: controls, marks that turn the direction of
// writing, zero-width spaces, annotations and tags. The joiners U+200C and
// U+200D stay: Persian, Indic scripts and emoji need them.
func invisible(r rune) bool {
	switch {
	case r == 0xAD, r == 0x061C, r == 0x180E, r == 0x200B, r == 0x200E, r == 0x200F, r == 0xFEFF:
		return true
	case r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x206F, r >= 0xFFF9 && r <= 0xFFFB, r >= 0xE0000 && r <= 0xE007F:
		return true
	}
	return forbidden(r)
}

// inked reports whether r counts as text: it is neither space nor invisible.
func inked(r rune) bool {
	if r > ' ' && r < 0x7F {
		return true
	}
	return !unicode.IsSpace(r) && !invisible(r)
}

// cut returns s, or the longest beginning of it that ends on a rune and has
// room for an ellipsis within max bytes.
func cut(s string, max int) string {
	const ellipsis = "…"
	if len(s) <= max {
		return s
	}
	end := max - len(ellipsis)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.TrimRight(s[:end], " \n") + ellipsis
}
