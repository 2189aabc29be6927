package feeds

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// ErrNotOPML says that a document is no list of feeds.
var ErrNotOPML = errors.New("not an OPML document")

// An OPML is a list of feeds (OPML 1.0, 1.1 and 2.0).
type OPML struct {
	Title    string
	Outlines []Outline // in the order of the document
}

// An Outline is a feed of a list. Folders are not outlines here: each feed
// says in which it is.
type Outline struct {
	Title       string
	FeedURL     string   // xmlUrl
	SiteURL     string   // htmlUrl; may be empty
	Description string   // may be empty
	Type        string   // as "rss"; may be empty
	Language    string   // may be empty
	Categories  []string // of the category attribute
	Path        []string // titles of the folders, outermost first
	Line        int      // where it was read, counted from 1, columns in characters; 0: it was not read
	Column      int
}

// What is kept of a list.
const (
	maxOutlines = 20_000
	maxFolders  = 16 // within each other
)

// ParseOPML reads a list of feeds. It is lenient: attribute names may be of
// any case, and broken markup costs what it breaks. The error is ErrEmpty,
// ErrNotOPML, ErrLimits, ErrCharset, or an error of r.
func ParseOPML(r io.Reader) (*OPML, error) {
	doc, whole, err := parseRead(r)
	if err != nil {
		return nil, err
	}
	if !whole {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrLimits, maxDocument)
	}
	if len(bytes.TrimSpace(doc)) == 0 {
		return nil, ErrEmpty
	}
	if doc, err = normalize(doc, ""); err != nil {
		return nil, err
	}
	p := &opmlReader{scanner: scanner{b: doc, most: maxAttributes}, list: &OPML{}}
	return p.read()
}

// An opmlReader is the reading of one list.
type opmlReader struct {
	scanner
	list   *OPML
	isOPML bool
	title  bool     // within the head's title
	head   []byte   // the title as it stands
	open   []bool   // for each open outline, whether it is a folder that has a title
	path   []string // titles of those folders
	passed int      // bytes before the outline that was placed last
	line   int      // lines before it
	column int      // characters before it in its line
}

func (p *opmlReader) read() (*OPML, error) {
	for {
		t := p.next()
		if t.kind == scanEOF || t.open && t.kind == scanStart {
			break // an outline that breaks off has half an address
		}
		if t.open {
			p.pos = t.start + 1 // what never ends is skipped
			continue
		}
		if err := p.token(t); err != nil {
			return nil, err
		}
	}
	if !p.isOPML {
		return nil, ErrNotOPML
	}
	p.list.Title = salvageRune(textGuess(string(p.head)), maxTitle)
	return p.list, nil
}

func (p *opmlReader) token(t scanToken) error {
	name := t.name.of(p.b)
	switch t.kind {
	case scanText, scanCDATA:
		if p.title {
			text := strings.TrimSuffix(strings.TrimPrefix(string(t.of(p.b)), string(scanCDATAStart)), string(scanCDATAEnd))
			p.head = append(p.head, salvageRune(text, textMost-min(len(p.head), textMost))...)
		}
	case scanStart, scanEmpty:
		if scanIs(name, "title") || scanIs(name, "body") {
			p.title = t.kind == scanStart && scanIs(name, "title")
		}
		if scanIs(name, "opml") {
			p.isOPML = true
		}
		if scanIs(name, "outline") {
			p.isOPML = true
			return p.outline(t)
		}
	case scanEnd:
		if scanIs(name, "title") || scanIs(name, "head") {
			p.title = false
		}
		if n := len(p.open); scanIs(name, "outline") && n > 0 {
			if p.open[n-1] {
				p.path = p.path[:len(p.path)-1]
			}
			p.open = p.open[:n-1]
		}
	}
	return nil
}

func (p *opmlReader) outline(t scanToken) error {
	o := Outline{
		Title:       salvageRune(textGuess(firstOf(p.value("text"), p.value("title"))), maxTitle),
		FeedURL:     strings.TrimSpace(firstOf(p.value("xmlurl"), p.value("feedurl"))),
		SiteURL:     strings.TrimSpace(p.value("htmlurl")),
		Description: salvageRune(textGuess(p.value("description")), maxTitle),
		Type:        salvageRune(textLine(p.value("type")), maxName),
		Language:    salvageRune(textLine(p.value("language")), maxName),
	}
	for c := range strings.SplitSeq(p.value("category"), ",") {
		if c = textLine(c); c != "" && len(o.Categories) < maxCategories {
			o.Categories = append(o.Categories, salvageRune(c, maxName))
		}
	}
	folder := o.Title
	if o.FeedURL != "" && len(o.FeedURL) <= maxURL {
		if len(p.list.Outlines) == maxOutlines {
			return fmt.Errorf("%w: more than %d outlines", ErrLimits, maxOutlines)
		}
		o.Path = append([]string(nil), p.path[:min(len(p.path), maxFolders)]...)
		o.Line, o.Column = p.place(t.start)
		if len(o.SiteURL) > maxURL {
			o.SiteURL = ""
		}
		o.Title = firstOf(o.Title, o.FeedURL)
		p.list.Outlines = append(p.list.Outlines, o)
		folder = ""
	}
	if t.kind == scanStart {
		p.open = append(p.open, folder != "")
		if folder != "" {
			p.path = append(p.path, folder)
		}
	}
	return nil
}

// place returns the line and column of a byte, which lies behind all that it was
// asked for before.
func (p *opmlReader) place(at int) (line, column int) {
	passed := p.b[p.passed:at]
	p.passed = at
	p.line += bytes.Count(passed, []byte("\n"))
	if i := bytes.LastIndexByte(passed, '\n'); i >= 0 {
		passed, p.column = passed[i+1:], 0
	}
	p.column += utf8.RuneCount(passed)
	return p.line + 1, p.column + 1
}

// value returns an attribute by its name in lower case.
func (p *opmlReader) value(name string) string {
	for _, a := range p.attrs {
		if n := a.name.of(p.b); len(n) == len(name) && bytes.EqualFold(n, []byte(name)) {
			return textLegal(textEntities(string(a.value.of(p.b))))
		}
	}
	return ""
}

// WriteOPML writes a list as OPML 2.0. Equal lists give equal bytes: folders
// stand in the order in which they first occur, behind the feeds beside them.
func WriteOPML(w io.Writer, o *OPML) error {
	b := bufio.NewWriter(w)
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n  <head>\n    <title>")
	b.WriteString(opmlEscape(o.Title))
	b.WriteString("</title>\n  </head>\n  <body>\n")
	opmlFolder(b, o.Outlines, 0)
	b.WriteString("  </body>\n</opml>\n")
	return b.Flush()
}

// opmlFolder writes the outlines of a folder whose path has depth titles.
func opmlFolder(b *bufio.Writer, list []Outline, depth int) {
	indent := strings.Repeat("  ", depth+2)
	var folders []string
	within := map[string][]Outline{}
	for i := range list {
		if len(list[i].Path) == depth {
			opmlOutline(b, &list[i], indent)
			continue
		}
		title := list[i].Path[depth]
		if !slices.Contains(folders, title) {
			folders = append(folders, title)
		}
		within[title] = append(within[title], list[i])
	}
	for _, title := range folders {
		fmt.Fprintf(b, "%s<outline text=\"%s\">\n", indent, opmlEscape(title))
		opmlFolder(b, within[title], depth+1)
		fmt.Fprintf(b, "%s</outline>\n", indent)
	}
}

func opmlOutline(b *bufio.Writer, o *Outline, indent string) {
	fmt.Fprintf(b, "%s<outline type=\"%s\" text=\"%s\"", indent, opmlEscape(firstOf(o.Type, "rss")), opmlEscape(o.Title))
	for _, a := range [][2]string{
		{"xmlUrl", o.FeedURL}, {"htmlUrl", o.SiteURL}, {"description", o.Description},
		{"language", o.Language}, {"category", strings.Join(o.Categories, ",")},
	} {
		if a[1] != "" {
			fmt.Fprintf(b, " %s=\"%s\"", a[0], opmlEscape(a[1]))
		}
	}
	b.WriteString("/>\n")
}

var opmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\n", "&#10;", "\r", "&#13;", "\t", "&#9;")

func opmlEscape(s string) string { return opmlEscaper.Replace(textLegal(s)) }
