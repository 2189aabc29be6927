package feeds

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// What is kept of an entry, in bytes or numbers.
const (
	maxTitle      = 1 << 10
	maxSummary    = 16 << 10
	maxContent    = 512 << 10
	maxURL        = 2 << 10
	maxGUID       = 2 << 10
	maxCategories = 32
	maxEnclosures = 16
	maxImages     = 16
	maxAuthors    = 16
	maxLinks      = 64
	maxGained     = 4 << 20 // of a document, by making links in markup absolute
	maxName       = 256     // of a person, category, language …
)

// A limiter holds fields to their limits and remembers the first that was cut.
type limiter struct{ cut string }

func (l *limiter) cutting(what string, limit int) {
	if l.cut == "" {
		l.cut = fmt.Sprintf("%s was cut to %d", what, limit)
	}
}

// text cuts s to n bytes at the start of a character.
func (l *limiter) text(s string, n int, what string) string {
	if len(s) <= n {
		return s
	}
	l.cutting(what, n)
	return strings.TrimRight(salvageRune(s, n), " \t\r\n")
}

// html cuts markup to n bytes, not within a tag or a reference.
func (l *limiter) html(s string, n int, what string) HTML {
	if len(s) <= n {
		return HTML(s)
	}
	l.cutting(what, n)
	s = salvageRune(s, n)
	if i := strings.LastIndexByte(s, '<'); i >= 0 && strings.IndexByte(s[i:], '>') < 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '&'); i >= 0 && len(s)-i < 40 && strings.IndexByte(s[i:], ';') < 0 {
		s = s[:i]
	}
	return HTML(s)
}

// url drops a URL that is too long: cut, it would be another.
func (l *limiter) url(s, what string) string {
	if len(s) <= maxURL {
		return s
	}
	l.dropping(what, maxURL)
	return ""
}

func (l *limiter) dropping(what string, limit int) {
	if l.cut == "" {
		l.cut = fmt.Sprintf("%s was dropped: longer than %d bytes", what, limit)
	}
}

// guid keeps a GUID that is too long distinct: what is cut is told apart by
// its hash. Nothing is lost by it.
func limitGUID(s string) string {
	if len(s) <= maxGUID {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	mark := "#sha256:" + hex.EncodeToString(sum[:])
	return salvageRune(s, maxGUID-len(mark)) + mark
}

// limitList cuts a list to n members.
func limitList[T any](l *limiter, list []T, n int, what string) []T {
	if len(list) <= n {
		return list
	}
	l.cutting(what, n)
	return list[:n:n]
}
