package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A NewSource is what is written of a source that is added to a file. Empty
// fields are not written.
type NewSource struct {
	Name, URL string
	Schedule  string
	Tags      []string
	Publish   string
}

// AppendSource returns data with one more source at the end of sources. No
// other byte changes: comments, order, quoting and line ends stay. The result
// has been read again and compared; an error says why that cannot be done
// here, and that the source must be added by hand.
func AppendSource(data []byte, src NewSource) ([]byte, error) {
	return AppendSources(data, []NewSource{src})
}

// AppendSources does the same for several sources at once.
func AppendSources(data []byte, list []NewSource) ([]byte, error) {
	if len(list) == 0 {
		return data, nil
	}
	e := edit{data: data, newline: lineEnd(data)}
	root, err := rootOf(data)
	if err != nil {
		return nil, fmt.Errorf("the file must be right before a source can be added: %w", err)
	}
	edited, err := e.appendTo(root, list)
	if err != nil {
		return nil, fmt.Errorf("%w: add the source by hand", err)
	}
	if err := sameButFor(data, edited, list); err != nil {
		return nil, fmt.Errorf("the file is written in a way that cannot be edited safely (%w): add the source by hand", err)
	}
	return edited, nil
}

// rootOf returns the mapping at the root; nil if the file holds nothing.
func rootOf(data []byte) (*yaml.Node, error) {
	root, finding := document(data)
	switch {
	case finding == nil:
		return root, nil
	case finding.Message == emptyFile:
		return nil, nil
	}
	return nil, errors.New(strings.TrimPrefix(finding.String(), ": "))
}

// lineEnd is the first line's, which new lines then have too.
func lineEnd(data []byte) string {
	if i := bytes.IndexByte(data, '\n'); i > 0 && data[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// An edit is one change of a file.
type edit struct {
	data    []byte
	newline string
}

func (e *edit) appendTo(root *yaml.Node, srcs []NewSource) ([]byte, error) {
	if root == nil {
		return e.newKey(srcs), nil
	}
	if root.Style&yaml.FlowStyle != 0 {
		return nil, errors.New("the whole file is one {…}")
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "sources" {
			return e.appendToList(root.Content[i], root.Content[i+1], srcs)
		}
	}
	return e.newKey(srcs), nil
}

// newKey adds sources: at the end of the file.
func (e *edit) newKey(srcs []NewSource) []byte {
	return e.insertLines(len(e.data), append([]string{"sources:"}, e.lines("  ", srcs, false)...))
}

func (e *edit) appendToList(key, list *yaml.Node, srcs []NewSource) ([]byte, error) {
	switch {
	case list.Kind == yaml.ScalarNode && list.ShortTag() == "!!null" && list.Value == "":
		return e.insertLines(e.lineAfter(key.Line), e.lines("  ", srcs, false)), nil
	case list.Kind == yaml.ScalarNode && list.ShortTag() == "!!null":
		at := offset(e.data, list.Line, list.Column)
		return e.replaceEmpty(at, at+len(list.Value), srcs), nil
	case list.Kind != yaml.SequenceNode:
		return nil, errors.New("sources: is not a list")
	case list.Style&yaml.FlowStyle != 0:
		return e.appendToFlow(list, srcs)
	}
	last := list.Content[len(list.Content)-1]
	at, indent, err := e.afterItem(last)
	if err != nil {
		return nil, err
	}
	return e.insertLines(at, e.lines(indent, srcs, len(list.Content) > 1 && e.blankBefore(last))), nil
}

// replaceEmpty takes out what stands for an empty list, and puts a list with
// one source under its line.
func (e *edit) replaceEmpty(from, to int, srcs []NewSource) []byte {
	for from > 0 && e.data[from-1] == ' ' {
		from--
	}
	line, _ := lineColumn(e.data, from)
	cut := edit{data: append(bytes.Clone(e.data[:from]), e.data[to:]...), newline: e.newline}
	return cut.insertLines(cut.lineAfter(line), e.lines("  ", srcs, false))
}

// appendToFlow adds to [ … ] in its own style.
func (e *edit) appendToFlow(list *yaml.Node, srcs []NewSource) ([]byte, error) {
	from := offset(e.data, list.Line, list.Column)
	end, empty, comma := flowEnd(e.data[from:])
	if end < 0 {
		return nil, errors.New("sources: has no ] that could be found")
	}
	end += from
	if empty {
		if bytes.ContainsRune(e.data[from:end], '\n') {
			return nil, errors.New("sources: is an empty list over several lines")
		}
		return e.replaceEmpty(from, end+1, srcs), nil
	}
	at := end
	for at > from && strings.ContainsRune(" \t\r\n", rune(e.data[at-1])) {
		at--
	}
	if bytes.IndexByte(e.data[bytes.LastIndexByte(e.data[:at], '\n')+1:at], '#') >= 0 && at < end {
		at = end // a comment may end there: stay behind its line
	}
	items := make([]string, len(srcs))
	for i, src := range srcs {
		items[i] = "{" + strings.Join(e.fields(src), ", ") + "}"
	}
	lead := ", "
	if comma {
		lead = " "
	}
	return bytes.Join([][]byte{e.data[:at], []byte(lead + strings.Join(items, ", ")), e.data[at:]}, nil), nil
}

// flowEnd finds the ] that closes the [ that s begins with, whether nothing
// stands between, and whether a comma stands before it.
func flowEnd(s []byte) (end int, empty, comma bool) {
	depth, last := 0, byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\'':
			if strings.ContainsRune("[{,: \n", rune(s[max(0, i-1)])) {
				i += quotedLength(s[i:]) - 1
			}
		case '#':
			if i > 0 && strings.ContainsRune(" \t\n", rune(s[i-1])) {
				i += max(0, bytes.IndexByte(s[i:], '\n'))
				continue
			}
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i, last == '[' && bytes.Count(s[:i], []byte("[")) == 1, last == ','
			}
		}
		if !strings.ContainsRune(" \t\r\n", rune(s[i])) {
			last = s[i]
		}
	}
	return -1, false, false
}

// quotedLength is the length of the quoted scalar that s begins with.
func quotedLength(s []byte) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[0] == '"' && s[i] == '\\':
			i++
		case s[i] == s[0]:
			return i + 1
		}
	}
	return len(s)
}

// afterItem returns the byte behind the last line of an item of a block
// list, and the indentation of its dash. What is indented deeper than the
// dash belongs to the item, comments too.
func (e *edit) afterItem(item *yaml.Node) (at int, indent string, err error) {
	start := offset(e.data, item.Line, item.Column)
	dash := bytes.LastIndexByte(e.data[:start], '-')
	lineStart := bytes.LastIndexByte(e.data[:max(dash, 0)], '\n') + 1
	if dash < 0 || strings.TrimLeft(strings.TrimPrefix(string(e.data[lineStart:dash]), "\ufeff"), " ") != "" {
		return 0, "", errors.New("the last source has a dash that could not be found")
	}
	depth := dash - lineStart
	at = e.lineAfter(item.Line)
	for next := at; next < len(e.data); {
		end := e.endOfLine(next)
		text := strings.TrimRight(string(e.data[next:end]), "\r\n")
		content := strings.TrimLeft(text, " ")
		if content != "" && len(text)-len(content) <= depth {
			break
		}
		if next = end; content != "" {
			at = end
		}
	}
	return at, strings.Repeat(" ", depth), nil
}

// blankBefore reports whether a blank line stands before an item.
func (e *edit) blankBefore(item *yaml.Node) bool {
	start := offset(e.data, item.Line, 1)
	if start == 0 {
		return false
	}
	before := bytes.LastIndexByte(e.data[:start-1], '\n') + 1
	return strings.TrimSpace(string(e.data[before:start])) == ""
}

func (e *edit) endOfLine(at int) int {
	if i := bytes.IndexByte(e.data[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(e.data)
}

// lineAfter is the first byte of the line after this one.
func (e *edit) lineAfter(line int) int { return e.endOfLine(offset(e.data, line, 1)) }

// insertLines puts lines before the line that begins at a byte.
func (e *edit) insertLines(at int, lines []string) []byte {
	text := strings.Join(lines, e.newline) + e.newline
	if at > 0 && e.data[at-1] != '\n' {
		text = e.newline + text // the file's last line has no end
	}
	return bytes.Join([][]byte{e.data[:at], []byte(text), e.data[at:]}, nil)
}

// lines writes sources as items of a block list, each behind a blank line if
// the list is written so.
func (e *edit) lines(indent string, srcs []NewSource, blank bool) []string {
	var lines []string
	for _, src := range srcs {
		if blank {
			lines = append(lines, "")
		}
		lead := "- "
		for _, field := range e.fields(src) {
			lines = append(lines, indent+lead+field)
			lead = "  "
		}
	}
	return lines
}

// fields writes what is given of a source, as key: value.
func (e *edit) fields(src NewSource) []string {
	fields := []string{"name: " + scalar(src.Name), "url: " + scalar(src.URL)}
	if src.Schedule != "" {
		fields = append(fields, "schedule: "+quotedScalar(src.Schedule))
	}
	if len(src.Tags) > 0 {
		tags := make([]string, len(src.Tags))
		for i, tag := range src.Tags {
			tags[i] = scalar(tag)
		}
		fields = append(fields, "tags: ["+strings.Join(tags, ", ")+"]")
	}
	if src.Publish != "" {
		fields = append(fields, "publish: "+scalar(src.Publish))
	}
	return fields
}

var plain = regexp.MustCompile(`^[\p{L}][\p{L}\p{N} ./_()&+-]*$|^https?://[A-Za-z0-9./_~%+=&?-]+$`)

// truths are words that older YAML readers take for true or false.
var truths = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null)$`)

// scalar writes a text without quotes where nobody can misread that.
func scalar(s string) string {
	var read any
	if plain.MatchString(s) && !truths.MatchString(s) && strings.TrimSpace(s) == s && yaml.Load([]byte(s), &read) == nil && read == any(s) {
		return s
	}
	return quotedScalar(s)
}

// quotedScalar writes a text in double quotes. JSON's are YAML's too.
func quotedScalar(s string) string {
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	if err := w.Encode(s); err != nil {
		panic(err) // a string always has a JSON form
	}
	return strings.TrimSuffix(strings.ReplaceAll(b.String(), "\x7f", `\u007f`), "\n")
}

// sameButFor reads both files and reports a difference other than the new
// sources at the end.
func sameButFor(before, after []byte, srcs []NewSource) error {
	was, is := map[string]any{}, map[string]any{}
	if root, err := rootOf(before); err != nil {
		return err
	} else if root != nil {
		if err := yaml.Load(before, &was); err != nil {
			return err
		}
	}
	if err := yaml.Load(after, &is); err != nil {
		return err
	}
	old, _ := was["sources"].([]any)
	now, _ := is["sources"].([]any)
	if len(now) != len(old)+len(srcs) {
		return fmt.Errorf("it has %d sources then, not %d", len(now), len(old)+len(srcs))
	}
	for i, src := range srcs {
		if !reflect.DeepEqual(now[len(old)+i], any(generic(src))) {
			return fmt.Errorf("the new source %q is read as something else", src.Name)
		}
	}
	was["sources"], is["sources"] = nil, nil
	if len(old) > 0 && !reflect.DeepEqual(old, now[:len(old)]) || !reflect.DeepEqual(was, is) {
		return errors.New("something else changes too")
	}
	return nil
}

// generic is a source as YAML is read without types.
func generic(src NewSource) map[string]any {
	m := map[string]any{"name": src.Name, "url": src.URL}
	if src.Schedule != "" {
		m["schedule"] = src.Schedule
	}
	if len(src.Tags) > 0 {
		tags := make([]any, len(src.Tags))
		for i, tag := range src.Tags {
			tags[i] = tag
		}
		m["tags"] = tags
	}
	if src.Publish != "" {
		m["publish"] = src.Publish
	}
	return m
}
