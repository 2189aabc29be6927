package feedcheck

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/charmap"
)

// A node is an element of the document.
type node struct {
	name   string // canonical prefix and local name; no prefix in the document's own namespace
	space  string // namespace
	local  string
	attrs  []xml.Attr // without namespace declarations
	kids   []*node
	text   string // character data directly in it
	lead   string // character data before its first child
	line   int    // of its start tag
	last   int    // line of its end tag
	parent *node
	lang   string
	base   string // nearest xml:base; empty: none
}

func (n *node) path() string {
	if n.parent == nil || n.parent.name == "" {
		return n.name
	}
	return n.parent.name + "/" + n.name
}

// value is the text of a leaf, trimmed.
func (n *node) value() string { return strings.TrimSpace(n.text) }

func (n *node) attr(name string) (string, bool) {
	for _, a := range n.attrs {
		if attrName(a.Name) == name {
			return a.Value, true
		}
	}
	return "", false
}

func attrName(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	if n.Space == "xml" || n.Space == "http://www.w3.org/XML/1998/namespace" {
		return "xml:" + n.Local
	}
	if p := prefixOf(n.Space); p != "" {
		return p + ":" + n.Local
	}
	return n.Space + " " + n.Local
}

func (n *node) find(name string) *node {
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

func (n *node) count(name string) int {
	count := 0
	for _, k := range n.kids {
		if k.name == name {
			count++
		}
	}
	return count
}

// xml judges an XML document.
func (c *checker) xml(doc []byte) {
	text, ok := c.decode(doc)
	if !ok {
		return
	}
	for _, line := range strings.Split(text, "\n") {
		c.hexLines = append(c.hexLines, strings.Contains(line, "&#x"))
	}
	root := c.parse(text)
	if root == nil {
		return
	}
	c.mediaType(root)
	switch {
	case root.local == "rss":
		c.rss(root)
	case root.local == "feed":
		c.feed(root)
	default:
		c.at(root, "UndefinedElement", "neither RSS 2.0 nor Atom 1.0")
	}
}

var declaration = regexp.MustCompile(`^<\?xml\s+version\s*=\s*['"]([^'"]*)['"](?:\s+encoding\s*=\s*['"]([^'"]*)['"])?`)

// decode gives the document in UTF-8, and judges its declaration.
func (c *checker) decode(doc []byte) (string, bool) {
	if trimmed := bytes.TrimLeft(doc, " \t\r\n"); len(trimmed) < len(doc) && bytes.HasPrefix(trimmed, []byte("<?xml")) {
		c.add("WPBlankLine", 1, "white space before the XML declaration")
		return "", false
	}
	label := ""
	if m := declaration.FindSubmatch(bytes.TrimPrefix(doc, []byte("\ufeff"))); m != nil {
		if string(m[1]) != "1.0" {
			c.add("BadXmlVersion", 1, "XML version %q", m[1])
		}
		label = string(m[2])
	}
	c.charset(label)
	if label != "" && !strings.EqualFold(label, "utf-8") && !strings.EqualFold(label, "us-ascii") {
		enc, _ := charset.Lookup(label)
		if strings.EqualFold(label, "iso-8859-1") { // the validator does not take it for windows-1252
			enc = charmap.ISO8859_1
		}
		if enc == nil {
			c.add("UnknownEncoding", 1, "encoding %q", label)
			return "", false
		}
		if utf8Doc, err := enc.NewDecoder().Bytes(doc); err == nil {
			doc = utf8Doc
		}
	}
	if !utf8.Valid(doc) {
		c.add("UnicodeError", 1, "the document is not %s", label)
		return "", false
	}
	text := strings.TrimPrefix(string(doc), "\ufeff")
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), true
}

// charset compares the encoding of the declaration with the media type's.
func (c *checker) charset(label string) {
	_, params, err := mime.ParseMediaType(c.MediaType)
	if set := params["charset"]; err == nil && set != "" && label != "" && !strings.EqualFold(set, label) {
		c.add("EncodingMismatch", 1, "the media type says %s, the document %s", set, label)
	}
}

// mediaType judges the media type, if it is known.
func (c *checker) mediaType(root *node) {
	if c.MediaType == "" {
		return
	}
	kind, _, err := mime.ParseMediaType(c.MediaType)
	want := map[string]string{"rss": "application/rss+xml", "feed": "application/atom+xml"}[root.local]
	switch {
	case err == nil && (kind == want || kind == "text/xml"):
	case err == nil && kind == "application/xml":
		if root.line > 10 {
			c.add("NonSpecificMediaType", 1, "%s, and the feed begins late", kind)
		}
	default:
		c.add("UnexpectedContentType", 1, "%q for %s", c.MediaType, root.local)
	}
}

// builder makes the tree.
type builder struct {
	c      *checker
	root   *node
	at     *node
	scopes []map[string]string // prefix to namespace
	own    string              // the document's own namespace
}

func (c *checker) parse(text string) *node {
	b := &builder{c: c, scopes: []map[string]string{{"xml": "http://www.w3.org/XML/1998/namespace"}}}
	lines := lineStarts(text)
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		line := lineAt(lines, d.InputOffset())
		token, err := d.RawToken()
		switch t := token.(type) {
		case xml.StartElement:
			b.start(t.Copy(), line)
		case xml.EndElement:
			if err == nil && (b.at == nil || b.at.raw() != t.Name) {
				err = errors.New("element closed by </" + t.Name.Local + ">")
			} else {
				b.end(lineAt(lines, d.InputOffset()))
			}
		case xml.CharData:
			b.chars(string(t), line)
		case xml.Directive:
			if bytes.Contains(t, []byte("SYSTEM")) || bytes.Contains(t, []byte("PUBLIC")) {
				c.add("ContainsSystemEntity", line, "the document names an external DTD")
				d.Entity = xml.HTMLEntity // which is what such a DTD declares
			}
		}
		if err == io.EOF && b.at == nil && b.root != nil {
			return b.root
		}
		if err != nil {
			c.syntax(err, line)
			return nil
		}
	}
}

func (c *checker) syntax(err error, line int) {
	if strings.Contains(err.Error(), "invalid character entity") {
		c.add("UndefinedNamedEntity", line, "%v", err)
		return
	}
	c.add("SAXError", line, "%v", err)
}

func lineStarts(s string) []int {
	starts := []int{0}
	for i := range len(s) {
		if s[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

func lineAt(starts []int, offset int64) int {
	return sort.Search(len(starts), func(i int) bool { return starts[i] > int(offset) })
}

// raw is the element's name as the document spells it.
func (n *node) raw() xml.Name { return n.attrs[0].Name }

func (b *builder) start(t xml.StartElement, line int) {
	scope, attrs := b.declared(t, line)
	b.scopes = append(b.scopes, scope)
	n := &node{local: t.Name.Local, line: line, parent: b.at}
	b.attach(n)
	n.space = b.resolve(t.Name.Space, t.Name.Local, line)
	if b.root == n {
		b.own = n.space
	}
	n.name = b.canonical(n.space, n.local)
	n.attrs = []xml.Attr{{Name: t.Name}} // its own spelling, for the end tag
	for _, a := range attrs {
		if a.Name.Space != "" {
			a.Name.Space = b.resolve(a.Name.Space, a.Name.Local, line)
		}
		n.attrs = append(n.attrs, a)
		b.c.characters(a.Value, n.name+" "+a.Name.Local, line)
	}
	b.inherit(n)
	for prefix, uri := range sorted(scope) {
		b.c.namespace(prefix, uri, n, b.root.local == "feed")
	}
	b.at = n
}

// declared parts the namespace declarations of a start tag from its attributes.
func (b *builder) declared(t xml.StartElement, line int) (scope map[string]string, attrs []xml.Attr) {
	scope = map[string]string{}
	seen := map[xml.Name]bool{}
	for _, a := range t.Attr {
		if seen[a.Name] {
			b.c.add("SAXError", line, "attribute %s twice", a.Name.Local)
		}
		seen[a.Name] = true
		switch {
		case a.Name.Space == "xmlns":
			scope[a.Name.Local] = a.Value
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			scope[""] = a.Value
		default:
			attrs = append(attrs, a)
		}
	}
	return scope, attrs
}

// attach puts an element into the tree.
func (b *builder) attach(n *node) {
	switch {
	case b.at != nil:
		n.lang, n.base = b.at.lang, b.at.base
		if len(b.at.kids) == 0 {
			b.at.lead = b.at.text
		}
		b.at.kids = append(b.at.kids, n)
	case b.root == nil:
		b.root = n
	default:
		b.c.add("SAXError", n.line, "a second root element")
	}
}

func (b *builder) inherit(n *node) {
	if lang, ok := n.attr("xml:lang"); ok {
		n.lang = lang
		if lang != "" { // it may be undone
			b.c.language(n, lang)
		}
	}
	if base, ok := n.attr("xml:base"); ok {
		n.base = base
		b.c.uri(n, asciiURI(base), uriRef, "InvalidIRI")
	}
}

func (b *builder) end(line int) {
	b.at.last = line
	b.at.attrs = b.at.attrs[1:]
	b.at = b.at.parent
	b.scopes = b.scopes[:len(b.scopes)-1]
}

func (b *builder) chars(s string, line int) {
	if b.at == nil {
		if strings.TrimSpace(s) != "" {
			b.c.add("SAXError", line, "text outside of the root element")
		}
		return
	}
	b.at.text += s
	b.c.characters(s, b.at.name, line)
}

// resolve gives the namespace of a prefix.
func (b *builder) resolve(prefix, local string, line int) string {
	for i := len(b.scopes) - 1; i >= 0; i-- {
		if uri, ok := b.scopes[i][prefix]; ok {
			return uri
		}
	}
	if prefix != "" {
		b.c.add("MissingNamespace", line, "prefix %s of %s:%s is not declared", prefix, prefix, local)
	}
	return ""
}

func (b *builder) canonical(space, local string) string {
	if space == b.own {
		return local
	}
	if p := prefixOf(space); p != "" {
		return p + ":" + local
	}
	return space + " " + local
}

// characters judges character data, of an element or attribute.
func (c *checker) characters(s, where string, line int) {
	before := ' '
	for _, r := range s {
		lead := before
		before = r
		switch {
		case r == '\n':
			line++
		case r >= 0x80 && r <= 0xBF && (lead == 0xC2 || lead == 0xC3):
			c.add("BadCharacters", line, "%s holds %q: UTF-8 encoded twice", where, string([]rune{lead, r}))
			return
		case r >= 0x80 && r <= 0x9F, r == utf8.RuneError:
			c.add("BadCharacters", line, "%s holds %U: text in windows-1252 or broken UTF-8", where, r)
			return
		}
	}
}
