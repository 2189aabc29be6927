package articles

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"

	"newswire/internal/spelling"
)

// A matter is the front matter of an article.
type matter struct {
	title, summary    string
	date, updated     time.Time
	authors, tags     []string
	image, imageAlt   string
	imageAt           *yaml.Node // for problems with it
	draft             bool
	readingMinutes    int
	id                string
	correction        string
	retracted         string
	oneAuthor, author bool // which of the two keys was given
}

// keys are the keys of the front matter, and how each is read. The error says
// what is wrong with the value.
var keys = map[string]func(d *Dir, m *matter, n *yaml.Node) error{
	"title":           func(_ *Dir, m *matter, n *yaml.Node) error { return line(&m.title, n) },
	"summary":         func(_ *Dir, m *matter, n *yaml.Node) error { return line(&m.summary, n) },
	"date":            func(d *Dir, m *matter, n *yaml.Node) error { return d.moment(&m.date, n) },
	"updated":         func(d *Dir, m *matter, n *yaml.Node) error { return d.moment(&m.updated, n) },
	"author":          oneAuthor,
	"authors":         severalAuthors,
	"tags":            func(_ *Dir, m *matter, n *yaml.Node) error { return list(&m.tags, n) },
	"image":           func(_ *Dir, m *matter, n *yaml.Node) error { m.imageAt = n; return line(&m.image, n) },
	"image_alt":       func(_ *Dir, m *matter, n *yaml.Node) error { return line(&m.imageAlt, n) },
	"draft":           func(_ *Dir, m *matter, n *yaml.Node) error { return truth(&m.draft, n) },
	"reading_minutes": func(_ *Dir, m *matter, n *yaml.Node) error { return minutes(&m.readingMinutes, n) },
	"id":              func(_ *Dir, m *matter, n *yaml.Node) error { return identity(&m.id, n) },
	"correction":      func(_ *Dir, m *matter, n *yaml.Node) error { return line(&m.correction, n) },
	"retracted":       func(_ *Dir, m *matter, n *yaml.Node) error { return line(&m.retracted, n) },
}

const howTo = "begin the file with a line ---, then title: and the other keys, then a line ---"

// split divides a file into its front matter and its body. The front matter
// keeps an empty line in place of the first, so that its lines have the
// file's numbers.
func split(text []byte) (front, body []byte, problem *Problem) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	if string(bytes.TrimRight(first, " \t\r")) != "---" {
		return nil, nil, &Problem{Line: 1, Column: 1, Message: "no front matter: " + howTo}
	}
	for at := 0; at < len(rest); {
		end := len(rest)
		if i := bytes.IndexByte(rest[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if l := string(bytes.TrimRight(rest[at:end], " \t\r\n")); l == "---" || l == "..." {
			return append([]byte("\n"), rest[:at]...), rest[end:], nil
		}
		at = end
	}
	return nil, nil, &Problem{Line: 1, Column: 1, Message: "the front matter that begins here has no end: close it with a line ---"}
}

var idLine = regexp.MustCompile(`(?m)^id:[ \t]*["']?([^"'\s#]+)`)

// looseID finds the id of a front matter that cannot be read.
func looseID(text []byte) string {
	if m := idLine.FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}

// decode reads the front matter. All that is wrong with it is returned.
func (d *Dir) decode(front []byte) (matter, []Problem) {
	var m matter
	root, problems := mapping(front)
	if root == nil {
		return m, problems
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if read := keys[key.Value]; read == nil {
			problems = append(problems, at(key, unknown(key.Value)))
		} else if seen[key.Value] {
			problems = append(problems, at(key, fmt.Sprintf("%s stands here a second time", key.Value)))
		} else if err := read(d, &m, value); err != nil {
			problems = append(problems, at(value, fmt.Sprintf("%s: %v", key.Value, err)))
		} else if key.Value == "updated" && m.updated.Before(m.date) {
			problems = append(problems, at(value, "updated: lies before date"))
		} else if key.Value == "date" && seen["updated"] && m.updated.Before(m.date) {
			problems = append(problems, at(value, "date: lies behind updated"))
		}
		seen[key.Value] = true
	}
	if !seen["title"] {
		problems = append(problems, Problem{Line: 1, Column: 1, Message: "title is missing: every article has one"})
	}
	return m, problems
}

func at(n *yaml.Node, message string) Problem {
	return Problem{Line: n.Line, Column: n.Column, Message: message}
}

// mapping parses the front matter, which must be a YAML mapping.
func mapping(front []byte) (*yaml.Node, []Problem) {
	if len(bytes.TrimSpace(front)) == 0 {
		return nil, []Problem{{Line: 1, Column: 1, Message: "the front matter is empty: give the article a title"}}
	}
	var doc yaml.Node
	err := yaml.Load(front, &doc)
	if err != nil {
		return nil, syntax(err)
	}
	root := &doc
	if doc.Kind == yaml.DocumentNode && len(doc.Content) > 0 {
		root = doc.Content[0]
	}
	if root.Kind != yaml.MappingNode {
		return nil, []Problem{{Line: max(root.Line, 1), Column: max(root.Column, 1), Message: "the front matter must be keys and values, as title: …"}}
	}
	return root, nil
}

// syntax turns the parser's error into problems.
func syntax(err error) []Problem {
	var all []*yaml.LoadError
	if several, ok := errors.AsType[*yaml.LoadErrors](err); ok {
		all = several.Errors
	} else if one, ok := errors.AsType[*yaml.LoadError](err); ok {
		all = []*yaml.LoadError{one}
	}
	var problems []Problem
	for _, e := range all {
		message := strings.TrimPrefix(e.Message, "yaml: ")
		if strings.HasPrefix(message, "mapping values are not allowed") {
			message += ": put a value that holds a colon in quotes"
		}
		problems = append(problems, Problem{Line: max(e.Mark.Line, 1), Column: max(e.Mark.Column, 1), Message: "not YAML: " + message})
	}
	if len(problems) == 0 {
		problems = append(problems, Problem{Line: 1, Column: 1, Message: "not YAML: " + err.Error()})
	}
	return problems
}

// unknown says that there is no such key, and which is nearest.
func unknown(key string) string {
	names := slices.Sorted(maps.Keys(keys))
	if best := spelling.Nearest(strings.ReplaceAll(key, "-", "_"), names); best != "" {
		return fmt.Sprintf("there is no key %q: did you mean %s?", key, best)
	}
	return fmt.Sprintf("there is no key %q: the keys are %s", key, strings.Join(names, ", "))
}

// scalar returns the text of a value. Numbers are text too, as they stand.
func scalar(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode {
		return "", fmt.Errorf("must be text, not %s", kind(n))
	}
	switch n.ShortTag() {
	case "!!null":
		return "", errors.New("is empty: give it a value or leave the key out")
	case "!!bool":
		return "", fmt.Errorf("must be text, not %s: put it in quotes if it is meant", n.Value)
	}
	return n.Value, nil
}

func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "keys and values"
	case yaml.AliasNode:
		return "an alias"
	}
	return n.Value
}

// line reads text on one line: folded, as YAML's > has it.
func line(to *string, n *yaml.Node) error {
	s, err := scalar(n)
	if err != nil {
		return err
	}
	if s = strings.Join(strings.Fields(s), " "); s == "" {
		return errors.New("is empty: give it a value or leave the key out")
	}
	*to = s
	return nil
}

// list reads a list of texts.
func list(to *[]string, n *yaml.Node) error {
	if n.Kind != yaml.SequenceNode {
		return fmt.Errorf("must be a list, as [%s, …]", strings.TrimSpace(n.Value))
	}
	for i, item := range n.Content {
		var s string
		if err := line(&s, item); err != nil {
			return fmt.Errorf("number %d %w", i+1, err)
		}
		if !slices.Contains(*to, s) {
			*to = append(*to, s)
		}
	}
	return nil
}

func oneAuthor(_ *Dir, m *matter, n *yaml.Node) error {
	var s string
	if m.author {
		return errors.New("give author or authors, not both")
	}
	if n.Kind == yaml.SequenceNode {
		return errors.New("must be one name: several stand under authors")
	}
	m.oneAuthor = true
	err := line(&s, n)
	m.authors = []string{s}
	return err
}

func severalAuthors(_ *Dir, m *matter, n *yaml.Node) error {
	if m.oneAuthor {
		return errors.New("give author or authors, not both")
	}
	m.author = true
	return list(&m.authors, n)
}

func truth(to *bool, n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		return fmt.Errorf("must be true or false, not %s", kind(n))
	}
	*to = strings.EqualFold(n.Value, "true")
	return nil
}

func minutes(to *int, n *yaml.Node) error {
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil || v < 1 || v > 600 {
		return fmt.Errorf("must be a number of minutes from 1 to 600, not %s", kind(n))
	}
	*to = v
	return nil
}

func identity(to *string, n *yaml.Node) error {
	s, err := scalar(n)
	if err != nil {
		return err
	}
	if s == "" || len(s) > 2<<10 || strings.ContainsAny(s, " \t\r\n") {
		return errors.New("must be a name without spaces, best an absolute IRI")
	}
	*to = s
	return nil
}

// layouts are how a date may be written; those without an offset are meant in
// the folder's timezone.
var layouts = []string{time.RFC3339, "2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"}

func (d *Dir) moment(to *time.Time, n *yaml.Node) error {
	s, err := scalar(n)
	if err != nil {
		return err
	}
	zone := d.Timezone
	if zone == nil {
		zone = time.UTC
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil && t.Year() >= 1990 && t.Year() < 2200 {
			*to = t
			return nil
		}
	}
	return fmt.Errorf("%q is no date: write 2026-11-24, 2026-11-24 09:30 or 2026-11-24T09:30:00+01:00", s)
}
