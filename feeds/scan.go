package feeds

import "bytes"

// scanKind says what a token of a document is.
type scanKind uint8

const (
	scanEOF       scanKind = iota
	scanText               // up to the next '<'
	scanCDATA              // <![CDATA[ … ]]>
	scanStart              // <name …>
	scanEmpty              // <name … />
	scanEnd                // </name>
	scanComment            // <!-- … -->
	scanProcInst           // <? … ?>
	scanDirective          // <! … >
	scanStray              // a '<' that begins nothing
)

// A scanToken is one token; all positions are offsets into the document.
type scanToken struct {
	kind       scanKind
	broken     bool // it is not what XML 1.0 allows
	open       bool // the document ends within it
	start, end int
	name       scanSpan // of a tag, with its prefix
}

// A scanSpan is a piece of the document.
type scanSpan struct{ start, end int }

func (s scanSpan) of(b []byte) []byte { return b[s.start:s.end] }
func (s scanSpan) len() int           { return s.end - s.start }

// A scanAttr is an attribute as it stands in the document, references
// undecoded.
type scanAttr struct{ name, value scanSpan }

// A scanner cuts a document into tokens without copying or decoding anything.
// It never fails: what is not XML comes out as a broken or stray token.
type scanner struct {
	b     []byte
	pos   int
	attrs []scanAttr // of the last start tag; reused
	// most is how many attributes are kept of one tag; more make it broken.
	most int
	over bool // a tag had more
	// absent remembers marks that were sought to the end in vain, so that no
	// document can make us seek them again and again.
	absent [scanStray + 1]bool
}

const (
	scanNameStart = 1 << iota
	scanNameRest
	scanSpace
)

// scanClasses holds what a byte may be in a tag. Bytes from 0x80 on are left
// out: no element that we read has such a name, and encoding/xml accepts only
// some of them.
var scanClasses = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
			t[c] = scanNameStart | scanNameRest
		case c >= '0' && c <= '9', c == '-', c == '.', c == ':':
			t[c] = scanNameRest
		case c == ' ', c == '\t', c == '\n', c == '\r':
			t[c] = scanSpace
		}
	}
	return t
}()

var (
	scanCommentStart = []byte("<!--")
	scanCommentEnd   = []byte("-->")
	scanCDATAStart   = []byte("<![CDATA[")
	scanCDATAEnd     = []byte("]]>")
	scanPIEnd        = []byte("?>")
)

// next returns the next token.
func (s *scanner) next() scanToken {
	b, i := s.b, s.pos
	if i >= len(b) {
		return scanToken{kind: scanEOF, start: len(b), end: len(b)}
	}
	if b[i] != '<' {
		end := len(b)
		if j := bytes.IndexByte(b[i:], '<'); j >= 0 {
			end = i + j
		}
		s.pos = end
		return scanToken{kind: scanText, start: i, end: end}
	}
	var t scanToken
	switch {
	case i+1 == len(b):
		t = scanToken{kind: scanStray, broken: true, open: true, start: i, end: len(b)}
	case scanClasses[b[i+1]]&scanNameStart != 0:
		t = s.startTag(i)
	case b[i+1] == '/':
		t = s.endTag(i)
	case b[i+1] == '!':
		t = s.declaration(i)
	case b[i+1] == '?':
		t = s.until(scanProcInst, i, i+2, scanPIEnd)
	default:
		t = scanToken{kind: scanStray, broken: true, start: i, end: i + 1}
	}
	s.pos = t.end
	return t
}

// until returns a token that begins at i and ends with mark, sought from j.
func (s *scanner) until(kind scanKind, i, j int, mark []byte) scanToken {
	if j <= len(s.b) && !s.absent[kind] {
		if k := bytes.Index(s.b[j:], mark); k >= 0 {
			return scanToken{kind: kind, start: i, end: j + k + len(mark)}
		}
		s.absent[kind] = true
	}
	return scanToken{kind: kind, broken: true, open: true, start: i, end: len(s.b)}
}

func (s *scanner) declaration(i int) scanToken {
	rest := s.b[i:]
	switch {
	case bytes.HasPrefix(rest, scanCommentStart):
		t := s.until(scanComment, i, i+4, scanCommentEnd)
		if !t.open && bytes.Contains(s.b[i+4:t.end-2], scanCommentStart[2:]) {
			t.broken = true // "--" within a comment
		}
		return t
	case bytes.HasPrefix(rest, scanCDATAStart):
		return s.until(scanCDATA, i, i+len(scanCDATAStart), scanCDATAEnd)
	}
	return s.directive(i)
}

// directive reads <!DOCTYPE …> with its internal subset.
func (s *scanner) directive(i int) scanToken {
	b := s.b
	depth := 0
	for j := i + 2; j < len(b) && !s.absent[scanDirective]; j++ {
		switch b[j] {
		case '"', '\'':
			k := bytes.IndexByte(b[j+1:], b[j])
			if k < 0 {
				k = len(b)
			}
			j += k + 1
		case '[':
			depth++
		case ']':
			depth--
		case '>':
			if depth <= 0 {
				return scanToken{kind: scanDirective, start: i, end: j + 1}
			}
		case '<':
			if bytes.HasPrefix(b[j:], scanCommentStart) {
				t := s.until(scanComment, j, j+4, scanCommentEnd)
				j = t.end - 1
			}
		}
	}
	s.absent[scanDirective] = true
	return scanToken{kind: scanDirective, broken: true, open: true, start: i, end: len(b)}
}

func (s *scanner) endTag(i int) scanToken {
	b := s.b
	j := i + 2
	for j < len(b) && scanClasses[b[j]]&scanNameRest != 0 {
		j++
	}
	t := scanToken{kind: scanEnd, start: i, name: scanSpan{i + 2, j}}
	t.broken = j == i+2
	for ; j < len(b); j++ {
		switch {
		case b[j] == '>':
			t.end = j + 1
			return t
		case b[j] == '<':
			t.end, t.broken = j, true
			return t
		case scanClasses[b[j]]&scanSpace == 0:
			t.broken = true
		}
	}
	t.end, t.broken, t.open = len(b), true, true
	return t
}

func (s *scanner) startTag(i int) scanToken {
	b := s.b
	j := i + 2
	for j < len(b) && scanClasses[b[j]]&scanNameRest != 0 {
		j++
	}
	t := scanToken{kind: scanStart, start: i, name: scanSpan{i + 1, j}}
	s.attrs = s.attrs[:0]
	for j < len(b) {
		c := b[j]
		switch {
		case c == '>':
			t.end = j + 1
			return t
		case scanClasses[c]&scanSpace != 0:
			j++
		case c == '/':
			if j+1 < len(b) && b[j+1] == '>' {
				t.kind, t.end = scanEmpty, j+2
				return t
			}
			t.broken = true
			j++
		case c == '<':
			t.end, t.broken = j, true
			return t
		case scanClasses[c]&scanNameStart != 0:
			j = s.attribute(j, &t)
		default:
			t.broken = true
			j++
		}
	}
	t.end, t.broken, t.open = len(b), true, true
	return t
}

// attribute reads an attribute at j and returns where it ends.
func (s *scanner) attribute(j int, t *scanToken) int {
	b := s.b
	a := scanAttr{name: scanSpan{start: j}}
	for j < len(b) && scanClasses[b[j]]&scanNameRest != 0 {
		j++
	}
	a.name.end = j
	for j < len(b) && scanClasses[b[j]]&scanSpace != 0 {
		j++
	}
	if j >= len(b) || b[j] != '=' {
		t.broken = true // an attribute without a value
		return j
	}
	j++
	for j < len(b) && scanClasses[b[j]]&scanSpace != 0 {
		j++
	}
	if j < len(b) && (b[j] == '"' || b[j] == '\'') {
		a.value, j = s.quoted(j, t)
	} else {
		t.broken = true
		a.value.start = j
		for j < len(b) && scanClasses[b[j]]&scanSpace == 0 && b[j] != '>' && b[j] != '<' {
			j++
		}
		a.value.end = j
	}
	if s.most > 0 && len(s.attrs) >= s.most {
		s.over = true
		return j
	}
	s.attrs = append(s.attrs, a)
	return j
}

// quoted reads the value whose opening quote is at j. A quote that is never
// closed, or only in a later tag, ends with its own tag.
func (s *scanner) quoted(j int, t *scanToken) (scanSpan, int) {
	b := s.b
	k := bytes.IndexByte(b[j+1:], b[j])
	if k >= 0 {
		value := b[j+1 : j+1+k]
		lt := bytes.IndexByte(value, '<')
		if lt < 0 {
			return scanSpan{j + 1, j + 1 + k}, j + k + 2
		}
		t.broken = true
		if bytes.IndexByte(value, '>') < 0 || !bytes.ContainsAny(value[lt:], "=/\n") {
			return scanSpan{j + 1, j + 1 + k}, j + k + 2
		}
	}
	t.broken = true
	end := j + 1
	for end < len(b) && b[end] != '>' && b[end] != '<' {
		end++
	}
	if end > j+1 && end < len(b) && b[end] == '>' && b[end-1] == '/' {
		end-- // keep <br clear="all/> empty
	}
	return scanSpan{j + 1, end}, end
}

// attr returns the value of the attribute with that name, as it stands, and
// whether there is one.
func (s *scanner) attr(name string) ([]byte, bool) {
	for _, a := range s.attrs {
		if string(a.name.of(s.b)) == name {
			return a.value.of(s.b), true
		}
	}
	return nil, false
}

// scanLocal returns a name without its prefix.
func scanLocal(name []byte) []byte {
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

// scanIs reports whether a name, without its prefix, is local in any case.
func scanIs(name []byte, local string) bool { return scanFold(scanLocal(name), local) }

// scanFold reports whether a name without a prefix is local, which is lower
// case, in any case.
func scanFold(name []byte, local string) bool {
	if len(name) != len(local) {
		return false
	}
	for i, c := range name {
		if c != local[i] && c|0x20 != local[i] {
			return false
		}
	}
	return true
}
