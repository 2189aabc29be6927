package articles

import (
	"bytes"
	"fmt"
	"html"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"newswire/feeds"
)

// wordsPerMinute is how fast people read.
const wordsPerMinute = 230

// imageTypes are the pictures that an article may show, by the ends of their
// files' names.
var imageTypes = map[string]string{
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
	".gif": "image/gif", ".webp": "image/webp", ".avif": "image/avif",
}

// entry makes the feed entry of an article, and counts its reading time.
func (d *Dir) entry(a *article) (feeds.Entry, int, []Problem) {
	m := &a.matter
	e := feeds.Entry{
		GUID:      a.guid(),
		Title:     m.title,
		Link:      d.url("/articles/" + url.PathEscape(a.slug)),
		Published: m.date,
		Updated:   m.updated,
	}
	for _, name := range m.authors {
		e.Authors = append(e.Authors, feeds.Person{Name: name})
	}
	for _, tag := range m.tags {
		e.Categories = append(e.Categories, feeds.Category{Term: tag})
	}
	if m.retracted != "" {
		return e, 1, nil // what it said is not said again
	}
	e.Summary = feeds.HTML(html.EscapeString(m.summary))
	content, words, err := d.render(a)
	if err != nil {
		return e, 1, []Problem{{File: a.file, Message: err.Error()}}
	}
	e.Content = feeds.HTML(content)
	minutes := m.readingMinutes
	if minutes == 0 {
		minutes = max(1, (words+wordsPerMinute/2)/wordsPerMinute)
	}
	var problems []Problem
	if m.image != "" {
		img, problem := d.image(a)
		if problem != "" {
			problems = append(problems, Problem{File: a.file, Line: m.imageAt.Line, Column: m.imageAt.Column, Message: problem})
		}
		if img.URL != "" {
			e.Images = []feeds.Image{img}
		}
	}
	return e, minutes, problems
}

// image finds the picture of an article, and what is wrong with it.
func (d *Dir) image(a *article) (img feeds.Image, problem string) {
	name := a.matter.image
	img = feeds.Image{Title: a.matter.imageAlt, MediaType: imageTypes[strings.ToLower(path.Ext(name))]}
	if u, err := url.Parse(name); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		img.URL = name
		return img, ""
	} else if err != nil || u.Scheme != "" || u.Host != "" {
		return img, fmt.Sprintf("image: %q is neither a file of the folder nor a web address", name)
	}
	if img.MediaType == "" {
		return img, fmt.Sprintf("image: %q is no picture: use .svg, .png, .jpg, .gif, .webp or .avif", name)
	}
	file := path.Join(path.Dir(a.file), name)
	if strings.HasPrefix(name, "/") || !fs.ValidPath(file) {
		return img, fmt.Sprintf("image: %q is not in the folder of articles: give its path from this file", name)
	}
	if info, err := fs.Stat(d.FS, file); err != nil || !info.Mode().IsRegular() {
		return img, fmt.Sprintf("image: there is no file %q", file)
	}
	if path.Dir(file) != "images" {
		return img, fmt.Sprintf("image: %q would not be served: only pictures in the folder images are, so move it there", file)
	}
	img.URL = d.fileURL(file)
	if img.Title == "" {
		return img, "image: has no image_alt: say what it shows, for those who cannot see it"
	}
	return img, ""
}

// fileURL returns the public address of a file of the folder.
func (d *Dir) fileURL(file string) string {
	return d.url("/articles/" + (&url.URL{Path: file}).EscapedPath())
}

// render makes HTML of the body: CommonMark with tables and footnotes, raw
// HTML left out. Ids of headings and footnotes begin with the slug, so that
// those of several articles on one page do not meet. It also counts the
// words.
func (d *Dir) render(a *article) (content string, words int, err error) {
	md := goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.NewFootnote(
			extension.WithFootnoteIDPrefix(a.slug+"-"),
			// A way back is a link within the page, which leads nowhere
			// where the article is shown among others or by a feed reader.
			extension.WithFootnoteBacklinkHTML(""),
		)),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
	)
	// CommonMark leaves open what a NUL means; it means nothing here.
	source := bytes.ReplaceAll(a.body, []byte{0}, nil)
	ctx := parser.NewContext(parser.WithIDs(&headingIDs{prefix: a.slug + "-", taken: map[string]bool{}}))
	doc := md.Parser().Parse(text.NewReader(source), parser.WithContext(ctx))
	err = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			n.Destination = []byte(d.target(a, string(n.Destination)))
		case *ast.Image:
			n.Destination = []byte(d.target(a, string(n.Destination)))
		case *ast.Text:
			words += countWords(string(n.Value(source)))
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				words += countWords(string(line.Value(source)))
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return "", 0, err
	}
	var out bytes.Buffer
	if err := md.Renderer().Render(&out, source, doc); err != nil {
		return "", 0, err
	}
	return strings.TrimSpace(out.String()), words, nil
}

// target returns where a link or a picture of the body leads. What is
// relative is meant from the article's file; another article's file is its
// page.
func (d *Dir) target(a *article, destination string) string {
	u, err := url.Parse(destination)
	if err != nil || u.Scheme != "" || u.Host != "" || destination == "" {
		return destination
	}
	switch {
	case u.Path == "":
		return d.url("/articles/" + url.PathEscape(a.slug) + destination)
	case strings.HasPrefix(u.Path, "/"):
		return d.url(destination)
	}
	file := path.Join(path.Dir(a.file), u.Path)
	if !fs.ValidPath(file) {
		return destination
	}
	if strings.HasSuffix(file, ".md") {
		file = strings.TrimSuffix(path.Base(file), ".md")
	}
	suffix := ""
	if i := strings.IndexAny(destination, "?#"); i >= 0 {
		suffix = destination[i:]
	}
	return d.fileURL(file) + suffix
}

// countWords counts what is read as a word. Chinese and Japanese are counted
// by the character, two to a word.
func countWords(s string) int {
	words, signs := 0, 0
	for field := range strings.FieldsSeq(s) {
		word := false
		for _, r := range field {
			switch {
			case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
				signs++
			case unicode.IsLetter(r) || unicode.IsDigit(r):
				word = true
			}
		}
		if word {
			words++
		}
	}
	return words + (signs+1)/2
}

// headingIDs names headings by their words, in any language.
type headingIDs struct {
	prefix string
	taken  map[string]bool
}

// Generate implements parser.IDs.
func (h *headingIDs) Generate(value []byte, kind ast.NodeKind) []byte {
	name := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			return unicode.ToLower(r)
		case unicode.IsSpace(r) || r == '-' || r == '_':
			return '-'
		}
		return -1
	}, strings.TrimSpace(string(value)))
	if name == "" {
		name = "section"
	}
	id := h.prefix + name
	for n := 2; h.taken[id]; n++ {
		id = fmt.Sprintf("%s%s-%d", h.prefix, name, n)
	}
	h.taken[id] = true
	return []byte(id)
}

// Put implements parser.IDs.
func (h *headingIDs) Put(value []byte) { h.taken[string(value)] = true }
