package config

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// letters are those whose ASCII form is not their base letter.
var letters = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'ħ': "h",
}

// Slug returns a source's name in lower-case ASCII letters and digits, parted
// by hyphens. It is part of stored identities: what it returns for a name
// must never change. A name without any such letter gets one from its hash.
func Slug(name string) string {
	var b strings.Builder
	gap := false
	write := func(s string) {
		if gap && b.Len() > 0 {
			b.WriteByte('-')
		}
		gap = false
		b.WriteString(s)
	}
	for _, r := range norm.NFKD.String(name) {
		r = unicode.ToLower(r)
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			write(string(r))
		case letters[r] != "":
			write(letters[r])
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’':
			// a diacritic, an apostrophe: parts no words
		default:
			gap = true
		}
	}
	if b.Len() == 0 {
		sum := sha256.Sum256([]byte(name))
		return "source-" + hex.EncodeToString(sum[:4])
	}
	return b.String()
}
