package feeds

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
)

// ParseOptions say what is known of a document beside its bytes.
type ParseOptions struct {
	// Base is the URL that the document came from, after redirects. Relative
	// links are resolved against it. It may be nil.
	Base *url.URL
	// ContentType is the response's Content-Type. Only its charset parameter
	// is looked at: what a document is, it says itself.
	ContentType string
}

var (
	// ErrEmpty says that a document holds nothing but white space.
	ErrEmpty = errors.New("the document is empty")
	// ErrNotFeed says that a document is no feed. The error names what it
	// seems to be.
	ErrNotFeed = errors.New("not a feed")
	// ErrLimits says that a document exceeds a limit: of its size, entries,
	// depth, or of what it costs to read.
	ErrLimits = errors.New("the document exceeds a limit")
	// ErrInternal says that reading failed through a fault of this program.
	ErrInternal = errors.New("internal error while reading the document")
)

// A MalformedError says that a feed was read and something of it was not. It
// comes with the feed. What a document lacks then says nothing, and its
// validators must not be kept if Truncated is set.
type MalformedError struct {
	Line      int  // of the document, where the first thing was wrong; 0 if unknown
	Kept      int  // entries that were read
	Cut       bool // entries were lost, or fields were shortened or dropped
	Resynced  bool // markup that could not be understood was skipped, and entries after it were read
	Truncated bool // the end of the document was not read: it is missing, or beyond a limit
	Err       error
}

func (e *MalformedError) Error() string {
	var b strings.Builder
	b.WriteString("malformed feed")
	if e.Line > 0 {
		fmt.Fprintf(&b, ", line %d", e.Line)
	}
	fmt.Fprintf(&b, ": %v; %d entries read", e.Err, e.Kept)
	return b.String()
}

// Unwrap returns the cause: ErrLimits if a limit was exceeded.
func (e *MalformedError) Unwrap() error { return e.Err }

// Parse reads a feed of any format, see the table above. A feed without
// entries is a feed.
//
// A broken or truncated document gives its complete entries together with a
// *MalformedError; every other error comes with a nil Feed and is one of
// ErrEmpty, ErrNotFeed, ErrLimits, ErrCharset, ErrInternal, an error of r, or
// a *MalformedError for a document that has nothing to give.
//
// At most 10 MiB and 1,000 entries are read. Texts are valid UTF-8 without
// characters that XML 1.0 forbids and of bounded length, URLs are absolute if
// there is anything to resolve them against. Markup is as the document has it:
// it must be sanitized before it is shown.
func Parse(r io.Reader, o ParseOptions) (*Feed, error) {
	doc, whole, err := parseRead(r)
	if err != nil {
		return nil, err
	}
	return parseProtected(func() (*Feed, error) { return parse(doc, whole, o) })
}

// parseProtected turns a panic of f, or of the libraries below it, into an
// error, so that one document cannot end the program.
func parseProtected(f func() (*Feed, error)) (feed *Feed, err error) {
	defer func() {
		if p := recover(); p != nil {
			feed, err = nil, fmt.Errorf("%w: %v\n%s", ErrInternal, p, debug.Stack())
		}
	}()
	return f()
}

// parseRead reads r up to the limit, and reports whether that was all.
func parseRead(r io.Reader) ([]byte, bool, error) {
	var buf bytes.Buffer
	if sized, ok := r.(interface{ Len() int }); ok {
		buf.Grow(min(sized.Len(), maxDocument) + bytes.MinRead + 1)
	}
	if _, err := buf.ReadFrom(io.LimitReader(r, maxDocument+1)); err != nil {
		return nil, false, fmt.Errorf("reading the document: %w", err)
	}
	doc := buf.Bytes()
	if len(doc) > maxDocument {
		return doc[:maxDocument], false, nil
	}
	return doc, true, nil
}

func parse(doc []byte, whole bool, o ParseOptions) (*Feed, error) {
	if len(bytes.Trim(doc, " \t\r\n\x00\xef\xbb\xbf\xfe\xff")) == 0 {
		return nil, ErrEmpty
	}
	if kind := parseBinary(doc); kind != "" {
		return nil, fmt.Errorf("%w: %s", ErrNotFeed, kind)
	}
	doc, err := normalize(doc, parseCharset(o.ContentType))
	if err != nil {
		return nil, err
	}
	p := &parser{doc: doc, base: o.Base, limiter: &limiter{}}
	if !whole {
		p.exceeded(fmt.Sprintf("more than %d bytes", maxDocument))
		p.mal.Truncated = true
	}
	start := len(doc) - len(bytes.TrimLeft(doc, " \t\r\n\ufeff"))
	if start == len(doc) {
		return nil, ErrEmpty
	}
	var f *Feed
	if c := doc[start]; c == '{' || c == '[' || bytes.HasPrefix(doc[start:], []byte("null")) {
		f, err = p.json(doc[start:])
	} else {
		f, err = p.xml(start)
	}
	if err != nil {
		return nil, err
	}
	return p.deliver(f)
}

// parseCharset returns the charset parameter of a Content-Type.
func parseCharset(contentType string) string {
	_, params, err := mime.ParseMediaType(contentType)
	if err == nil {
		return params["charset"]
	}
	_, rest, _ := strings.Cut(strings.ToLower(contentType), "charset=")
	rest, _, _ = strings.Cut(rest, ";")
	return strings.Trim(rest, " \t\"'")
}

var parseBinaries = []struct{ magic, kind string }{
	{"%PDF", "a PDF document"},
	{"\x89PNG", "a PNG image"},
	{"GIF8", "a GIF image"},
	{"\xff\xd8\xff", "a JPEG image"},
	{"PK\x03\x04", "a ZIP archive"},
	{"\x1f\x8b", "a compressed file"},
	{"RIFF", "a media file"},
	{"bplist", "a property list"},
}

// parseBinary names the kind of a document that is not text.
func parseBinary(doc []byte) string {
	for _, b := range parseBinaries {
		if bytes.HasPrefix(doc, []byte(b.magic)) {
			return b.kind
		}
	}
	return ""
}

// A parser is the reading of one document.
type parser struct {
	doc  []byte // normalized
	base *url.URL
	mal  MalformedError // what went wrong so far; Err is nil if nothing did
	// gained is how many bytes the resolved links of all markup are longer.
	gained int
	*limiter
}

// fault notes what went wrong first.
func (p *parser) fault(at int, format string, args ...any) {
	if p.mal.Err == nil {
		p.mal.Err = fmt.Errorf(format, args...)
		if at >= 0 {
			p.mal.Line = salvageLine(p.doc, at)
		}
	}
}

// exceeded notes a limit; it counts before other faults.
func (p *parser) exceeded(what string) {
	p.mal.Cut = true
	if !errors.Is(p.mal.Err, ErrLimits) {
		p.mal.Err = fmt.Errorf("%w: %s", ErrLimits, what)
	}
}

// deliver returns the feed with what is to be said of it.
func (p *parser) deliver(f *Feed) (*Feed, error) {
	if p.cut != "" {
		p.mal.Cut = true
		p.fault(-1, "%s", p.cut)
	}
	if p.mal.Err == nil {
		return f, nil
	}
	p.mal.Kept = len(f.Entries)
	if p.mal.Kept == 0 && f.Title == "" && f.Link == "" && f.ID == "" {
		if errors.Is(p.mal.Err, ErrLimits) {
			return nil, p.mal.Err
		}
		if c := bytes.TrimLeft(p.doc, " \t\r\n\ufeff")[0]; c != '<' && c != '{' {
			return nil, fmt.Errorf("%w: plain text", ErrNotFeed) // that has the name of a root in it
		}
		return nil, &p.mal
	}
	return f, &p.mal
}

// xml reads an RSS, RDF or Atom document whose first byte is at start.
func (p *parser) xml(start int) (*Feed, error) {
	at, kind, err := parseRoot(p.doc, start)
	if err != nil {
		return nil, err
	}
	if kind == guardAtom {
		at = p.adopt(at)
	}
	doc, r := p.mended(at, kind)
	if r == nil {
		if p.mal.Err == nil {
			p.fault(at, "nothing of it could be read")
		}
		if errors.Is(p.mal.Err, ErrLimits) {
			return nil, p.mal.Err
		}
		return nil, &p.mal
	}
	if kind == guardAtom {
		return p.atom(doc, r)
	}
	return p.rss(doc, r)
}

// adopt binds the prefix of an Atom root to Atom's namespace if it is bound to
// another or to none, and returns where the root is then.
func (p *parser) adopt(at int) int {
	s := scanner{b: p.doc, pos: at}
	t := s.next()
	prefix, _, prefixed := bytes.Cut(t.name.of(p.doc), []byte{':'})
	if !prefixed || t.broken {
		return at
	}
	name := "xmlns:" + string(prefix)
	for _, a := range s.attrs {
		if string(a.name.of(p.doc)) != name {
			continue
		}
		uri := strings.TrimRight(strings.ToLower(strings.TrimSpace(string(a.value.of(p.doc)))), "/#")
		if uri == extAtom10 || uri == extAtom03 {
			return at
		}
		extBlank(p.doc[a.name.start : a.value.end+1])
	}
	p.doc = slices.Concat(p.doc[at:t.name.end], []byte(" "+name+`="http://www.w3.org/2005/Atom"`), p.doc[t.name.end:])
	return 0
}

// mended returns a document that gofeed can parse and what stands where in it;
// nil if there is none.
func (p *parser) mended(at int, kind guardKind) ([]byte, *guardReport) {
	r := guard(p.doc, at, kind)
	if r.clean() {
		return p.doc, r
	}
	if r.flaw == "" && len(r.entries) > 0 {
		return p.shortened(p.doc, r)
	}
	if r.limit != "" {
		p.exceeded(r.limit)
		p.mal.Line = salvageLine(p.doc, r.limitAt)
		return nil, nil
	}
	s := salvage(p.doc, at, kind)
	p.judge(s, r)
	again := guard(s.out, 0, kind)
	switch {
	case again.clean():
		return s.out, again
	case again.flaw == "" && len(again.entries) > 0:
		return p.shortened(s.out, again)
	case again.limit != "":
		p.exceeded(again.limit)
	default:
		p.fault(-1, "%s", again.flaw)
	}
	return nil, nil
}

// shortened returns the document up to its last complete entry.
func (p *parser) shortened(doc []byte, r *guardReport) ([]byte, *guardReport) {
	p.mal.Truncated = true
	if r.limit != "" {
		p.exceeded(r.limit)
		p.mal.Line = salvageLine(doc, r.limitAt)
	} else {
		p.fault(len(p.doc), "the document ends before it is complete")
		if len(bytes.TrimSpace(doc[r.cut():])) > 0 {
			p.mal.Cut = true
		}
	}
	cut := salvageCut(doc, r)
	again := guard(cut, 0, r.kind)
	if !again.clean() {
		return nil, nil
	}
	return cut, again
}

// judge notes what mending a document cost.
func (p *parser) judge(s *salvager, r *guardReport) {
	at := r.flawAt
	if r.flaw == "" {
		at = len(p.doc)
	}
	if s.limit != "" {
		p.exceeded(s.limit)
		p.mal.Truncated = true
	}
	if s.trimmed != "" {
		p.cut = s.trimmed
	}
	if s.open {
		p.mal.Truncated = true
		p.mal.Cut = p.mal.Cut || s.lost
		p.fault(at, "the document ends before it is complete")
	}
	if s.resynced {
		p.mal.Resynced = true
		p.fault(at, "%s", r.flaw)
	}
}

// parseRoot finds the start tag of the feed's root.
func parseRoot(doc []byte, start int) (int, guardKind, error) {
	s := scanner{b: doc, pos: start}
	junk, sought := false, 0 // no feed begins before sought, as parseSeek looks for it
	for {
		t := s.next()
		switch t.kind {
		case scanStart, scanEmpty:
			name := t.name.of(doc)
			if kind := parseFeedRoot(&s, name); kind != 0 {
				return t.start, kind, nil
			}
			what := parseOther(&s, name)
			if what != "" {
				return 0, 0, fmt.Errorf("%w: %s", ErrNotFeed, what)
			}
			if t.start >= sought {
				at, found := parseSeek(doc, t.start)
				if !found && !junk {
					return 0, 0, fmt.Errorf("%w: an XML document <%.40s>", ErrNotFeed, parsePlain(name))
				}
				junk, sought = true, at
				if found {
					s.pos = max(t.end, at)
				}
			}
		case scanDirective:
			if what := parseDoctype(t.of(doc)); what != "" {
				return 0, 0, fmt.Errorf("%w: %s", ErrNotFeed, what)
			}
		case scanEOF:
			if junk || bytes.IndexByte(doc, '<') >= 0 {
				return 0, 0, fmt.Errorf("%w: XML without a root element", ErrNotFeed)
			}
			return 0, 0, fmt.Errorf("%w: plain text", ErrNotFeed)
		}
		if t.open && t.kind != scanStart {
			s.pos = t.start + 1 // what never ends is skipped
		}
	}
}

func (t scanToken) of(b []byte) []byte { return b[t.start:t.end] }

var parseRoots = []string{"<?xml", "<rss", "<rdf:RDF", "<feed", "<RSS", "<RDF"}

// parseSeek returns where the next feed begins in a document that begins with
// something else, or how far there is none.
func parseSeek(doc []byte, from int) (at int, found bool) {
	const near = 64 << 10
	end := min(len(doc), from+near)
	for at = from; at < end; at++ {
		i := bytes.IndexByte(doc[at:end], '<')
		if i < 0 {
			break
		}
		at += i
		for _, root := range parseRoots {
			if bytes.HasPrefix(doc[at:], []byte(root)) {
				return at, true
			}
		}
	}
	return end, false
}

// parseFeedRoot reports of which vocabulary an element is the root.
func parseFeedRoot(s *scanner, name []byte) guardKind {
	switch {
	case scanIs(name, "rss"):
		return guardRSS
	case scanIs(name, "rdf"):
		return guardRDF
	case scanIs(name, "feed"):
		return guardAtom
	}
	return 0
}

// parseOther names what an element that is no feed's root is known to begin.
func parseOther(s *scanner, name []byte) string {
	switch strings.ToLower(string(scanLocal(name[:min(len(name), 40)]))) {
	case "html", "head", "body", "title", "script", "meta":
		return "an HTML page"
	case "urlset", "sitemapindex":
		return "a sitemap"
	case "opml":
		return "an OPML list of feeds"
	case "svg":
		return "an SVG image"
	case "plist":
		return "a property list (plist)"
	}
	return ""
}

func parseDoctype(directive []byte) string {
	const mark = "<!doctype"
	if len(directive) < len(mark) || !strings.EqualFold(string(directive[:len(mark)]), mark) {
		return ""
	}
	fields := bytes.Fields(directive[len(mark):min(len(directive), 80)])
	if len(fields) == 0 {
		return ""
	}
	switch strings.ToLower(strings.TrimRight(string(fields[0]), ">")) {
	case "html":
		return "an HTML page"
	case "svg":
		return "an SVG image"
	case "plist":
		return "a property list (plist)"
	}
	return ""
}

func parsePlain(b []byte) string { return strings.ToValidUTF8(string(b), "") }
