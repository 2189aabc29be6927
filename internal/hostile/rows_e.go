package hostile

import (
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// titled returns the base document whose g5 has another title.
func titled(title string) string {
	return With(5, strings.Replace(Item(5), "Story 5", title, 1))
}

// declared changes the encoding that a document declares.
func declared(doc, label string) string {
	return strings.Replace(doc, `encoding="UTF-8"`, `encoding="`+label+`"`, 1)
}

// encodings returns the rows of character encodings.
func encodings() []Row {
	euro := "Preis: 5 €"
	kept := func(id, about, doc, title string, headers ...string) Row {
		return Row{ID: id, About: about, Kept: 1, Class: "ok", Next: "N", Title: title, Serve: feed(doc, headers...)}
	}
	rows := []Row{
		kept("E01", "a UTF-8 BOM", "\ufeff"+titled(euro), euro),
		kept("E02/le", "UTF-16LE with BOM", utf16le("\ufeff"+declared(titled(euro), "UTF-16")), euro),
		kept("E02/be", "UTF-16BE with BOM", swapped(utf16le("\ufeff"+declared(titled(euro), "UTF-16"))), euro),
		kept("E03", "UTF-16LE without BOM", utf16le(declared(titled(euro), "UTF-16LE")), euro),
		kept("E06", "iso-8859-1 declared, bytes of windows-1252", declared(titled("\x80 \x93x\x94"), "iso-8859-1"), "€ “x”"),
		kept("E07", "charset=iso-8859-1, the bytes are UTF-8", titled(euro), euro, "Content-Type: text/xml; charset=iso-8859-1"),
		kept("E08", "one wrong byte in the title", titled("caf\xe9"), "caf\ufffd"),
		kept("E09", "an unknown label, bytes of UTF-8", declared(titled(euro), "utf-8x"), euro),
		kept("E10", "us-ascii declared, bytes of UTF-8", declared(titled(euro), "us-ascii"), euro),
		kept("E11", "NUL in the title", titled("a\x00b"), ""),
		kept("E12", "control characters and references to them", titled("a\x08b\x1bc&#8;d&#0;e&#xFFFF;f"), ""),
		kept("E13", "surrogates and overlong UTF-8", titled("a&#xD800;b\xc0\xafc\xed\xa0\x80d"), ""),
		kept("E14", "controls of direction", titled("a\u202eb\u2066c\u200bd\u2028e"), ""),
		kept("E16", "half UTF-8, half windows-1252", titled("ä € \xe4 \x80"), ""),
		kept("E17", "entities of HTML", titled("it&rsquo;s&nbsp;5&euro;"), "it’s 5€"),
		kept("E18", "UTF-8 encoded twice", titled("cafÃ©"), "cafÃ©"),
	}
	for label, one := range map[string]struct {
		enc   encoding.Encoding
		title string
	}{
		"windows-1252": {charmap.Windows1252, "Größe – “x”"}, "iso-8859-15": {charmap.ISO8859_15, "5 € für Ž"},
		"koi8-r": {charmap.KOI8R, "Привет"}, "shift_jis": {japanese.ShiftJIS, "こんにちは"}, "euc-kr": {korean.EUCKR, "안녕하세요"},
		"gb18030": {simplifiedchinese.GB18030, "你好世界"}, "big5": {traditionalchinese.Big5, "你好世界"},
	} {
		doc, err := one.enc.NewEncoder().String(declared(titled(one.title), label))
		if err != nil {
			panic(err) // the titles are ours
		}
		rows = append(rows, kept("E05/"+label, label+" declared", doc, one.title))
	}
	return rows
}

func utf16le(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func swapped(s string) string {
	b := []byte(s)
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}
