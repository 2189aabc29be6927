package feeds

import (
	"strings"
	"unicode/utf8"
)

// Clean returns s without the runes that XML 1.0 §2.2 forbids: control
// characters but tab, line feed and carriage return, surrogates, U+FFFE and
// U+FFFF. Bytes that are not UTF-8 become U+FFFD.
func Clean(s string) string { return dropRunes(s, forbidden) }

// outClean is Clean for what Write publishes: it drops the C1 controls too.
// XML allows them, but they mean a mis-decoded text, and a terminal obeys them.
func outClean(s string) string { return dropRunes(s, outForbidden) }

func outForbidden(r rune) bool { return forbidden(r) || r >= 0x7F && r <= 0x9F }

// forbidden reports whether XML 1.0 forbids r.
func forbidden(r rune) bool {
	switch {
	case r < 0x20:
		return r != '\t' && r != '\n' && r != '\r'
	case r < 0xD800:
		return false
	}
	return r < 0xE000 || r == 0xFFFE || r == 0xFFFF
}

// dropRunes returns s without the runes that drop reports and with U+FFFD for
// bytes that are not UTF-8. It does not copy a string that is in order.
func dropRunes(s string, drop func(rune) bool) string {
	at := firstBad(s, drop)
	if at < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:at])
	for _, r := range s[at:] { // an invalid byte ranges as U+FFFD
		if !drop(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// firstBad returns where the first dropped rune or invalid byte of s begins,
// or -1.
func firstBad(s string, drop func(rune) bool) int {
	for i := 0; i < len(s); {
		if i += plainPrefix(s[i:]); i == len(s) {
			break
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || drop(r) {
			return i
		}
		i += size
	}
	return -1
}

// plainPrefix returns how many bytes of s, from its beginning, are printable
// ASCII. Most text is, so it looks at eight at once.
func plainPrefix(s string) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		b := s[i : i+8]
		w := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		control := (w - 0x20*ones) &^ w     // high bit set in the lowest byte below 0x20
		if (control|w|(w+ones))&high != 0 { // or above 0x7F, or 0x7F itself
			break
		}
	}
	for i < len(s) && s[i] >= 0x20 && s[i] < 0x7F {
		i++
	}
	return i
}
