package feeds

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// ErrCharset says that a document's characters cannot be read: it is not UTF-8
// and names an encoding that nobody knows.
var ErrCharset = errors.New("unknown character encoding")

// normalize returns the document in UTF-8 without byte order mark, with none
// but the characters that XML 1.0 allows. It may change and return doc itself.
// label is the charset parameter of the Content-Type.
func normalize(doc []byte, label string) ([]byte, error) {
	doc, err := normalizeCharset(doc, label)
	if err != nil {
		return nil, err
	}
	return normalizeRefs(normalizeBytes(doc)), nil
}

var normalizeMarks = []struct {
	mark string
	enc  encoding.Encoding // nil: UTF-8
}{
	{"\xef\xbb\xbf", nil},
	{"\xff\xfe\x00\x00", utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)},
	{"\x00\x00\xfe\xff", utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)},
	{"\xff\xfe", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
	{"\xfe\xff", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
}

// normalizeShapes are the first bytes of documents whose characters are wider
// than a byte, or not ASCII, and that lack a byte order mark.
var normalizeShapes = []struct {
	shape string
	enc   encoding.Encoding
}{
	{"<\x00\x00\x00", utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)},
	{"\x00\x00\x00<", utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)},
	{"<\x00", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
	{"\x00<", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
	{"{\x00", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
	{"\x00{", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
	{"\x4c\x6f\xa7\x94", charmap.CodePage037},
}

// normalizeCharset decodes by byte order mark, else as UTF-8 if the bytes are,
// whatever a label says, else by the label of the response, unless that is
// UTF-8 against the evidence, else by that of the document, else as
// windows-1252.
func normalizeCharset(doc []byte, label string) ([]byte, error) {
	for _, m := range normalizeMarks {
		if bytes.HasPrefix(doc, []byte(m.mark)) {
			doc = doc[len(m.mark):]
			if m.enc == nil {
				return doc, nil
			}
			return m.enc.NewDecoder().Bytes(doc)
		}
	}
	for _, s := range normalizeShapes {
		if bytes.HasPrefix(doc, []byte(s.shape)) {
			return s.enc.NewDecoder().Bytes(doc)
		}
	}
	declared := normalizeDeclared(doc)
	if utf8.Valid(doc) && !normalizeShifted(doc) {
		return doc, nil
	}
	unknown := ""
	for i, l := range []string{label, declared} {
		if l == "" {
			continue
		}
		enc := normalizeEncoding(l)
		switch {
		case enc == nil:
			unknown = l
		case i == 0 && enc == unicode.UTF8 && declared != "" && !normalizeMostlyUTF8(doc):
			// Many servers say so of everything. The bytes say it is not so.
		case enc == unicode.UTF8, normalizeMostlyUTF8(doc):
			return doc, nil // the few bad bytes become U+FFFD
		default:
			return enc.NewDecoder().Bytes(doc)
		}
	}
	if normalizeMostlyUTF8(doc) {
		return doc, nil
	}
	if unknown != "" {
		return nil, fmt.Errorf("%w %.40q", ErrCharset, unknown)
	}
	return charmap.Windows1252.NewDecoder().Bytes(doc)
}

// normalizeEncoding returns the encoding of that name, nil if unknown.
func normalizeEncoding(label string) encoding.Encoding {
	enc, err := htmlindex.Get(label)
	if err != nil {
		if enc, err = ianaindex.IANA.Encoding(label); err != nil {
			return nil
		}
	}
	if enc == encoding.Replacement {
		return nil
	}
	return enc
}

// normalizeShifted reports whether a document of seven-bit characters switches
// between sets with escapes, as ISO-2022-JP does.
func normalizeShifted(doc []byte) bool {
	return bytes.Contains(doc, []byte("\x1b$B")) || bytes.Contains(doc, []byte("\x1b$@"))
}

// normalizeMostlyUTF8 reports whether there are more characters of several
// well-formed bytes than bytes that are no part of one.
func normalizeMostlyUTF8(doc []byte) bool {
	good, bad := 0, 0
	for i := 0; i < len(doc); {
		if doc[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(doc[i:])
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		i += n
	}
	return good > bad
}

// normalizeDeclared returns the encoding that the XML declaration names.
func normalizeDeclared(doc []byte) string {
	head := doc[:min(len(doc), 4096)]
	i := bytes.Index(head, []byte("<?xml"))
	if i < 0 {
		return ""
	}
	head = head[i:]
	if end := bytes.Index(head, scanPIEnd); end >= 0 {
		head = head[:end]
	}
	_, rest, ok := bytes.Cut(head, []byte("encoding"))
	if !ok {
		return ""
	}
	rest = bytes.TrimLeft(rest, " \t\r\n=")
	if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
		return ""
	}
	value, _, _ := bytes.Cut(rest[1:], rest[:1])
	return string(bytes.TrimSpace(value[:min(len(value), 64)]))
}

// normalizeBytes drops what XML 1.0 forbids and puts U+FFFD for what is not
// UTF-8. C1 controls are mis-decoded windows-1252.
func normalizeBytes(doc []byte) []byte {
	at := normalizeClean(doc)
	if at == len(doc) {
		return doc
	}
	out := make([]byte, at, len(doc)+len(doc)/16+16)
	copy(out, doc)
	for i := at; i < len(doc); {
		c := doc[i]
		if c < utf8.RuneSelf {
			if c >= 0x20 || c == '\t' || c == '\n' || c == '\r' {
				out = append(out, c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(doc[i:])
		i += n
		switch {
		case r == 0xFFFE || r == 0xFFFF:
		case r >= 0x80 && r < 0xA0:
			out = utf8.AppendRune(out, normalizeC1(r))
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}

// normalizeC1 returns the windows-1252 character that a C1 control stands for.
func normalizeC1(r rune) rune {
	if d := charmap.Windows1252.DecodeByte(byte(r)); d >= 0xA0 {
		return d
	}
	return utf8.RuneError
}

// normalizeClean returns how many bytes at the start need no change.
func normalizeClean(doc []byte) int {
	i := 0
	for i < len(doc) {
		if i+8 <= len(doc) {
			// Eight bytes at once: all ASCII, and none below 0x20?
			w := binary.LittleEndian.Uint64(doc[i:])
			const ones, tops = 0x0101010101010101, 0x8080808080808080
			if (w|((w-0x20*ones)&^w))&tops == 0 {
				i += 8
				continue
			}
		}
		c := doc[i]
		switch {
		case c >= 0x20 && c < utf8.RuneSelf, c == '\t', c == '\n', c == '\r':
			i++
			continue
		case c < 0x20:
			return i
		}
		r, n := utf8.DecodeRune(doc[i:])
		if r == utf8.RuneError && n == 1 || r < 0xA0 || r == 0xFFFE || r == 0xFFFF {
			return i
		}
		i += n
	}
	return i
}

var normalizeRefStart = []byte("&#")

// normalizeRefs replaces references to characters that XML 1.0 forbids: a
// surrogate becomes U+FFFD, a C1 control its windows-1252 character, and all
// others are dropped.
func normalizeRefs(doc []byte) []byte {
	var out []byte
	kept := 0
	for i := 0; ; {
		j := bytes.Index(doc[i:], normalizeRefStart)
		if j < 0 {
			break
		}
		j += i
		i = j + 2
		end := bytes.IndexByte(doc[i:min(len(doc), i+16)], ';')
		if end < 0 {
			continue
		}
		end += i
		r, ok := normalizeCharRef(doc[i:end])
		if !ok {
			continue
		}
		i = end + 1
		if r > 0 && (r < 0x80 || r >= 0xA0) && r != utf8.RuneError {
			continue
		}
		out = append(out, doc[kept:j]...)
		if r > 0 {
			if r < 0xA0 {
				r = normalizeC1(r)
			}
			out = utf8.AppendRune(out, r)
		}
		kept = i
	}
	if kept == 0 {
		return doc
	}
	return append(out, doc[kept:]...)
}

// normalizeCharRef reads the number of a character reference (`233`, `xE9`).
// The character is 0 if XML 1.0 forbids it, and U+FFFD for a surrogate.
func normalizeCharRef(digits []byte) (rune, bool) {
	base := 10
	if len(digits) > 1 && (digits[0] == 'x' || digits[0] == 'X') {
		digits, base = digits[1:], 16
	}
	if len(digits) == 0 || digits[0] == '+' || digits[0] == '-' || digits[0] == '_' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(digits), base, 64)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return 0, false
	case err != nil || n > utf8.MaxRune:
		return 0, true
	}
	r := rune(n)
	switch {
	case r >= 0xD800 && r < 0xE000:
		return utf8.RuneError, true
	case r < 0x20 && r != '\t' && r != '\n' && r != '\r', r == 0xFFFE, r == 0xFFFF:
		return 0, true
	}
	return r, true
}
