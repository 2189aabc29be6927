package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxLists is how many files sources_from may lead to.
const maxLists = 1000

// An Outline is a source of a list that another program wrote (OPML).
type Outline struct {
	Line, Column int // where it stands in the file
	Name, URL    string
	Tags         []string
	Problem      string // why it can be no source; empty: it can
}

// A list is a file of sources. They stand among all sources from first on.
type list struct {
	file         string
	data         []byte
	first, count int
}

// readLists reads the files that sources_from names, and adds their sources to
// those of the file itself.
func (d *decoder) readLists(c *Config, outlines func([]byte) ([]Outline, error)) {
	seen := map[string]bool{}
	for i, pattern := range c.SourcesFrom {
		path := fmt.Sprintf("sources_from[%d]", i)
		n, written := d.nodes[path]
		if !written || pattern == "" {
			continue // said already, or by the validator
		}
		files, problem := d.matches(pattern)
		if problem != "" {
			d.fail(n, path, problem, "")
		}
		for _, file := range files {
			if seen[file] {
				continue
			}
			if seen[file] = true; len(seen) > maxLists {
				d.fail(n, path, fmt.Sprintf("leads to more than %d files", maxLists), "")
				return
			}
			d.readList(c, file, outlines)
		}
	}
}

// matches returns the files that a pattern names, and what is wrong with it.
func (d *decoder) matches(pattern string) (files []string, problem string) {
	files, err := Matches(d.file, pattern)
	switch {
	case err != nil:
		return nil, clip(pattern) + " is no pattern of file names, as lists/*.yaml"
	case len(files) == 0 && isPattern(pattern):
		return nil, "no file is called " + clip(pattern)
	case len(files) == 0:
		return nil, "there is no file " + clip(pattern)
	case slices.Contains(files, filepath.Clean(d.file)):
		return nil, clip(pattern) + " leads to this file itself: keep lists in a folder of their own, as lists/*.yaml"
	}
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			return nil, clip(file) + " is a folder: name the files in it, as lists/*.yaml"
		} else if err == nil && !info.Mode().IsRegular() {
			return nil, clip(file) + " is no file that can be read"
		}
	}
	return files, ""
}

// Matches returns the files that an item of sources_from names as they are
// there now, in the order of their names. What editors leave beside a file
// while they write it is not among them. The error says that the pattern is none.
func Matches(config, pattern string) ([]string, error) {
	all, err := filepath.Glob(At(config, pattern))
	return slices.DeleteFunc(all, func(file string) bool {
		name := filepath.Base(file)
		return isPattern(pattern) && (strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~"))
	}), err
}

// At returns a path that a configuration names, relative to the configuration's
// own folder.
func At(config, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(config), path)
}

func isPattern(s string) bool { return strings.ContainsAny(s, `*?[\`) }

// SourcesFrom returns what a file says in sources_from, whatever else is wrong
// with it: what must be watched so that it can be mended.
func SourcesFrom(file string) (patterns []string) {
	data, err := read(file)
	if err != nil {
		return nil
	}
	root, finding := document(data)
	if finding != nil {
		return nil
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if value := root.Content[i+1]; root.Content[i].Value == "sources_from" && value.Kind == yaml.SequenceNode {
			for _, n := range value.Content {
				patterns = append(patterns, strings.TrimSpace(n.Value))
			}
		}
	}
	return slices.DeleteFunc(patterns, func(p string) bool { return p == "" })
}

// readList adds the sources of one file.
func (d *decoder) readList(c *Config, file string, outlines func([]byte) ([]Outline, error)) {
	data, err := read(file)
	if err != nil {
		all, _ := errors.AsType[Errors](err)
		d.findings = append(d.findings, all...)
		return
	}
	l := list{file: file, data: data, first: len(c.Sources)}
	var root *yaml.Node
	if first := bytes.TrimLeft(data, "\ufeff \t\r\n"); len(first) > 0 && first[0] == '<' {
		root = d.outlines(&l, outlines)
	} else {
		root = d.sequence(&l)
	}
	if root == nil {
		return
	}
	l.count = len(root.Content)
	d.lists = append(d.lists, l)
	sources := reflect.New(reflect.TypeFor[[]Source]()).Elem()
	d.items(root, sources, "sources", "", l.first)
	c.Sources = append(c.Sources, sources.Interface().([]Source)...)
}

// sequence reads a list of sources as it stands in config.yaml.
func (d *decoder) sequence(l *list) *yaml.Node {
	root, finding := parse(l.data)
	if finding == nil && root.Kind != yaml.SequenceNode {
		finding = &Finding{Line: root.Line, Column: root.Column, Message: "must be a list of sources (- name: …), not " + describe(root)}
	}
	if finding != nil {
		finding.File = l.file
		if finding.Message == emptyFile {
			finding.Message = "is empty: it needs sources, each as - name: … and url: …; [] if there is none"
		}
		d.findings = append(d.findings, *finding)
		return nil
	}
	return root
}

// outlines reads a list that another program wrote, as if it stood in YAML.
func (d *decoder) outlines(l *list, read func([]byte) ([]Outline, error)) *yaml.Node {
	if read == nil {
		return nil
	}
	all, err := read(l.data)
	if err != nil {
		d.findings = append(d.findings, Finding{File: l.file, Message: err.Error()})
		return nil
	}
	root := &yaml.Node{Kind: yaml.SequenceNode, Line: 1, Column: 1}
	for i, o := range all {
		if strings.Contains(o.URL, "${") { // another program does not know our environment
			o.Problem = "its address holds ${, which stands for a secret: write that source into a list in YAML"
		}
		if o.Problem != "" {
			d.findings = append(d.findings, Finding{File: l.file, Line: o.Line, Column: o.Column, Path: fmt.Sprintf("sources[%d]", i), Message: o.Problem})
			continue
		}
		root.Content = append(root.Content, o.node())
	}
	return root
}

// node is the outline as YAML, every part of it where the outline stands.
func (o *Outline) node() *yaml.Node {
	text := func(s string) *yaml.Node {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Line: o.Line, Column: o.Column}
	}
	tags := &yaml.Node{Kind: yaml.SequenceNode, Line: o.Line, Column: o.Column}
	for _, tag := range o.Tags {
		tags.Content = append(tags.Content, text(tag))
	}
	return &yaml.Node{
		Kind: yaml.MappingNode, Line: o.Line, Column: o.Column,
		Content: []*yaml.Node{text("name"), text(o.Name), text("url"), text(o.URL), text("tags"), tags},
	}
}

// home returns the list that a path leads into, and the path as it is there;
// nil: it is of the file itself.
func (d *decoder) home(path string) (*list, string) {
	rest, ok := strings.CutPrefix(path, "sources[")
	if !ok {
		return nil, path
	}
	var i int
	if _, err := fmt.Sscanf(rest, "%d]", &i); err != nil {
		return nil, path
	}
	for at := range d.lists {
		if l := &d.lists[at]; l.first <= i && i < l.first+l.count {
			_, tail, _ := strings.Cut(rest, "]")
			return l, fmt.Sprintf("sources[%d]%s", i-l.first, tail)
		}
	}
	return nil, path
}
