package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// document returns the root mapping of a file, or what keeps it from being
// read at all.
func document(data []byte) (*yaml.Node, *Finding) {
	root, finding := parse(data)
	if finding == nil && root.Kind != yaml.MappingNode {
		return nil, &Finding{Line: root.Line, Column: root.Column, Message: "must have keys (site:, sources:, channels: …), not " + describe(root)}
	}
	return root, finding
}

// parse returns the root of a file, or what keeps it from being read at all.
func parse(data []byte) (*yaml.Node, *Finding) {
	switch {
	case len(data) > maxBytes:
		return nil, &Finding{Message: fmt.Sprintf("is larger than %d MiB", maxBytes>>20)}
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return nil, &Finding{Line: 1, Column: 1, Message: "is UTF-16: save it as UTF-8"}
	case !utf8.Valid(data):
		line, column := badByte(data)
		return nil, &Finding{Line: line, Column: column, Message: "is not valid UTF-8 here: save it as UTF-8"}
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		line, column := lineColumn(data, i)
		return nil, &Finding{Line: line, Column: column, Message: "has a NUL byte here: this is no text file"}
	}
	var doc yaml.Node
	if err := yaml.Load(data, &doc); err != nil {
		return nil, syntaxFinding(data, err)
	}
	if len(doc.Content) == 0 {
		return nil, &Finding{Message: emptyFile}
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return nil, &Finding{Message: emptyFile}
	}
	if alias := bomb(root, map[*yaml.Node]int{}); alias != nil {
		return nil, &Finding{Line: alias.Line, Column: alias.Column, Message: "the alias *" + alias.Value +
			fmt.Sprintf(" leads to itself, or to more than %d values: write them out", maxAliased)}
	}
	return root, nil
}

// maxAliased is how many values one alias may stand for: plenty for people,
// and the end of a bomb.
const maxAliased = 1000

// bomb returns an alias that stands for too much, if there is one. Sizes
// holds how many values a node stands for; 0 while that is being counted.
func bomb(n *yaml.Node, sizes map[*yaml.Node]int) *yaml.Node {
	if _, known := sizes[n]; known {
		return nil
	}
	sizes[n] = 0
	total := 1
	for _, child := range n.Content {
		if alias := bomb(child, sizes); alias != nil {
			return alias
		}
		total += sizes[child]
	}
	if n.Kind == yaml.AliasNode {
		if alias := bomb(n.Alias, sizes); alias != nil {
			return alias
		}
		size := sizes[n.Alias]
		if size == 0 || size > maxAliased {
			return n
		}
		total += size
	}
	sizes[n] = total
	return nil
}

const emptyFile = "is empty: it needs sources: at least, each with name: and url:"

// syntaxFinding says in our words what the YAML library says.
func syntaxFinding(data []byte, err error) *Finding {
	f := &Finding{Message: err.Error()}
	if all, ok := errors.AsType[*yaml.LoadErrors](err); ok && len(all.Errors) > 0 {
		err = all.Errors[0]
	}
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		f.Line, f.Column, f.Message = e.Mark.Line, e.Mark.Column, e.Message
	}
	switch {
	case strings.Contains(f.Message, "no documents"):
		return &Finding{Message: emptyFile}
	case strings.Contains(f.Message, "found multiple"):
		return &Finding{Line: secondDocument(data), Column: 1, Message: "a second document (---) begins here: one file is one configuration"}
	}
	if line, column, ok := tab(data, f.Line); ok {
		return &Finding{Line: line, Column: column, Message: "is indented with a tab: YAML wants spaces"}
	}
	switch {
	case strings.Contains(f.Message, "mapping values are not allowed"):
		f.Message = `has a second ": " in one line: put the whole value in quotes`
	case strings.Contains(f.Message, "cannot start any token"):
		f.Message = "no value can begin with this character: put the whole value in quotes"
	case strings.Contains(f.Message, "unexpected end of stream"):
		f.Message = "the file ends within quotes that are never closed"
	case strings.Contains(f.Message, "did not find expected"):
		f.Message = "is not YAML: " + f.Message + " (is it indented rightly?)"
	default:
		f.Message = "is not YAML: " + f.Message
	}
	return f
}

// tab finds a tab in the indentation of a line or the one before it.
func tab(data []byte, line int) (int, int, bool) {
	lines := strings.Split(string(data), "\n")
	for _, n := range []int{line, line - 1} {
		if n < 1 || n > len(lines) {
			continue
		}
		text := lines[n-1]
		indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
		if i := strings.IndexByte(indent, '\t'); i >= 0 {
			return n, i + 1, true
		}
	}
	return 0, 0, false
}

// secondDocument returns the line of the mark that begins another document.
func secondDocument(data []byte) int {
	content := false
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimRight(line, "\r")
		isMark := strings.HasPrefix(line, "---") || line == "..."
		if isMark && content {
			return i + 1
		}
		if text := strings.TrimSpace(line); !isMark && text != "" && text[0] != '#' && text[0] != '%' {
			content = true
		}
	}
	return 1
}

// badByte is the place of the first byte that is not UTF-8.
func badByte(data []byte) (line, column int) {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return lineColumn(data, i)
		}
		i += size
	}
	return 1, 1
}

// lineColumn is the place of the byte at an offset, columns in characters.
func lineColumn(data []byte, offset int) (line, column int) {
	before := data[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	column = utf8.RuneCount(before[start:]) + 1
	if start == 0 && bytes.HasPrefix(data, []byte("\ufeff")) {
		column--
	}
	return bytes.Count(before, []byte("\n")) + 1, column
}

// offset is the byte at a place.
func offset(data []byte, line, column int) int {
	at := 0
	for range line - 1 {
		i := bytes.IndexByte(data[at:], '\n')
		if i < 0 {
			return len(data)
		}
		at += i + 1
	}
	if line == 1 && bytes.HasPrefix(data, []byte("\ufeff")) {
		at += len("\ufeff")
	}
	for range column - 1 {
		_, size := utf8.DecodeRune(data[at:])
		at += size
	}
	return min(at, len(data))
}

// locate returns the place in the file of a place in the value of a scalar.
// It undoes what YAML did: quotes, escapes, folded lines, indentation.
func locate(data []byte, n *yaml.Node, line, column int) (int, int) {
	skip := 0 // characters of the value before the place
	for i, text := range strings.SplitAfter(n.Value, "\n") {
		if i+1 == line {
			skip += column - 1
			break
		}
		skip += utf8.RuneCountInString(text)
	}
	at := offset(data, n.Line, n.Column)
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return locateBlock(data, n, at, line, column, skip)
	}
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		at++
	}
	for range skip {
		at += step(data[at:], n.Style)
	}
	return lineColumn(data, min(at, len(data)))
}

// step is how many bytes of the file make the next character of the value.
func step(rest []byte, style yaml.Style) int {
	if len(rest) == 0 {
		return 0
	}
	if c := rest[0]; c == ' ' || c == '\t' || c == '\r' || c == '\n' {
		blank := len(rest) - len(bytes.TrimLeft(rest, " \t\r\n"))
		if bytes.IndexByte(rest[:blank], '\n') >= 0 {
			return blank // lines are folded into one space
		}
		return 1
	}
	switch {
	case style&yaml.SingleQuotedStyle != 0 && rest[0] == '\'':
		return min(2, len(rest))
	case style&yaml.DoubleQuotedStyle != 0 && rest[0] == '\\' && len(rest) > 1:
		return min(len(rest), cmp.Or(map[byte]int{'x': 4, 'u': 6, 'U': 10}[rest[1]], 2))
	}
	_, size := utf8.DecodeRune(rest)
	return size
}

// locateBlock is locate for | and >.
func locateBlock(data []byte, n *yaml.Node, at, line, column, skip int) (int, int) {
	next := bytes.IndexByte(data[at:], '\n')
	if next < 0 {
		return n.Line, n.Column
	}
	at += next + 1
	blank := len(data[at:]) - len(bytes.TrimLeft(data[at:], " \r\n"))
	if n.Style&yaml.FoldedStyle != 0 {
		for at += blank; skip > 0; skip-- {
			at += step(data[at:], n.Style)
		}
		return lineColumn(data, min(at, len(data)))
	}
	_, first := lineColumn(data, at+blank)
	return n.Line + line, first + column - 1
}
