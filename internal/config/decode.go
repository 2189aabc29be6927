package config

import (
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// A decoder puts the nodes of a document into typed values, and goes on where
// something is wrong.
type decoder struct {
	file     string
	data     []byte
	lists    []list // that sources_from led to
	env      func(string) (string, bool)
	nodes    map[string]*yaml.Node // of all that is written, by path
	findings []Finding
}

func newDecoder(file string, data []byte, env func(string) (string, bool)) *decoder {
	return &decoder{file: file, data: data, env: env, nodes: map[string]*yaml.Node{}}
}

func (d *decoder) document(root *yaml.Node, c *Config) {
	d.value(root, reflect.ValueOf(c).Elem(), "", "")
}

func (d *decoder) fail(n *yaml.Node, path, message, suggestion string) {
	d.add(Finding{Line: n.Line, Column: n.Column, Path: path, Message: message, Suggestion: suggestion})
}

// add adds a finding, in the file to which its path leads.
func (d *decoder) add(f Finding) {
	if l, path := d.home(f.Path); l != nil {
		f.File, f.Path = l.file, path
	}
	d.findings = append(d.findings, f)
}

// value decodes n into v.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string, tag reflect.StructTag) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if path != "" {
		d.nodes[path] = n
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return // a key with nothing after it: the default
	}
	switch p := v.Addr().Interface().(type) {
	case *Secret:
		d.secret(n, p, path)
	case *time.Duration:
		d.duration(n, p, path)
	case *netip.Prefix:
		d.prefix(n, p, path)
	case *string:
		d.text(n, p, path, tag)
	case *bool:
		d.boolean(n, p, path)
	case *int:
		d.integer(n, p, path, tag)
	case *float64:
		d.number(n, p, path, tag)
	case **Newsletter:
		*p = new(defaultNewsletter())
		d.mapping(n, reflect.ValueOf(*p).Elem(), path)
	case *map[string]Secret:
		d.secrets(n, p, path)
	default:
		if v.Kind() == reflect.Slice {
			d.list(n, v, path, tag)
		} else {
			d.mapping(n, v, path)
		}
	}
}

// entries calls f for each key of a mapping, and reports keys that cannot be
// or stand twice.
func (d *decoder) entries(n *yaml.Node, path string, f func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "must have keys of its own (key: value), not "+describe(n), "")
		return
	}
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		first, again := seen[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			d.fail(key, path, "a key must be a word, not "+describe(key), "")
		case key.Value == "<<":
			d.fail(key, path, "merge keys (<<) are not read: write the values out", "")
		case again:
			d.fail(key, at, fmt.Sprintf("the key stands here twice, first in line %d", first.Line), "")
		default:
			seen[key.Value] = key
			f(key, value)
		}
	}
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	fields := keys(v.Type())
	d.entries(n, path, func(key, value *yaml.Node) {
		field, known := fields[key.Value]
		if !known {
			d.unknown(key, join(path, key.Value), v.Type())
			return
		}
		d.value(value, v.FieldByIndex(field.Index), join(path, key.Value), field.Tag)
	})
}

func (d *decoder) unknown(key *yaml.Node, path string, t reflect.Type) {
	names := keyNames(t)
	message, suggestion := "unknown key", nearest(key.Value, names)
	if suggestion == "" {
		message += "; known here: " + strings.Join(names, ", ")
	}
	d.fail(key, path, message, suggestion)
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path string, tag reflect.StructTag) {
	if n.Kind != yaml.SequenceNode {
		suggestion := ""
		if n.Kind == yaml.ScalarNode {
			suggestion = "[" + clip(n.Value) + "]"
		}
		d.fail(n, path, "must be a list, not "+describe(n), suggestion)
		return
	}
	d.items(n, v, path, tag, 0)
}

// items decodes the items of a list, which are counted from first on.
func (d *decoder) items(n *yaml.Node, v reflect.Value, path string, tag reflect.StructTag, first int) {
	all := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		element := all.Index(i)
		switch p := element.Addr().Interface().(type) {
		case *Source:
			*p = defaultSource()
		case *Channel:
			*p = defaultChannel("")
		}
		at := fmt.Sprintf("%s[%d]", path, first+i)
		if item.Kind == yaml.ScalarNode && item.ShortTag() == "!!null" {
			d.fail(item, at, "is empty", "")
		}
		d.value(item, element, at, tag)
	}
	v.Set(all)
}

// scalar reports whether n is a single value that is not a list or mapping.
func (d *decoder) scalar(n *yaml.Node, path, want string) bool {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, path, "must be "+want+", not "+describe(n), "")
		return false
	}
	return true
}

func (d *decoder) text(n *yaml.Node, p *string, path string, tag reflect.StructTag) {
	if !d.scalar(n, path, "text") {
		return
	}
	if n.ShortTag() != "!!str" && tag.Get("is") != "address" {
		suggestion := ""
		if tag.Get("enum") == "" && tag.Get("is") == "" {
			suggestion = strconv.Quote(n.Value)
		}
		if tag.Get("is") != "expression" || n.ShortTag() != "!!bool" {
			d.fail(n, path, "must be text, not "+describe(n), suggestion)
			return
		}
	}
	value := n.Value
	if tag.Get("is") != "expression" {
		value = strings.TrimSpace(value)
		if variable.MatchString(value) {
			if tag.Get("secrets") == "" {
				d.fail(n, path, "${…} is read in database, desk_password, sources' url and headers, webhook and smtp only", "")
				return
			}
			var problem string
			if value, problem = expand(value, d.env); problem != "" {
				d.fail(n, path, problem, "")
				return
			}
		}
	}
	if enum := tag.Get("enum"); enum != "" {
		options := strings.Split(enum, ",")
		for _, option := range options {
			if value == option {
				*p = value
				return
			}
		}
		d.fail(n, path, fmt.Sprintf("%s is none of %s", clip(value), strings.Join(options, ", ")), nearest(value, options))
		return
	}
	*p = value
}

func (d *decoder) secret(n *yaml.Node, p *Secret, path string) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, path, "must be text, not "+describe(n), "")
		return
	}
	value, problem := expand(n.Value, d.env)
	if problem != "" {
		d.fail(n, path, problem, "")
		return
	}
	*p = NewSecret(value)
}

func (d *decoder) secrets(n *yaml.Node, p *map[string]Secret, path string) {
	*p = map[string]Secret{}
	d.entries(n, path, func(key, value *yaml.Node) {
		var s Secret
		at := join(path, key.Value)
		d.nodes[at] = value
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		d.secret(value, &s, at)
		(*p)[key.Value] = s
	})
}

func (d *decoder) boolean(n *yaml.Node, p *bool, path string) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!bool" {
		*p = strings.EqualFold(n.Value, "true")
		return
	}
	suggestion := ""
	switch strings.ToLower(n.Value) {
	case "yes", "on", "y", "1":
		suggestion = "true"
	case "no", "off", "n", "0":
		suggestion = "false"
	default:
		suggestion = strings.Trim(nearest(n.Value, []string{"true", "false"}), `"`)
	}
	d.fail(n, path, "must be true or false, not "+describe(n), suggestion)
}

func (d *decoder) integer(n *yaml.Node, p *int, path string, tag reflect.StructTag) {
	value, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || n.ShortTag() != "!!int" {
		d.fail(n, path, "must be a whole number, not "+describe(n), unquotedNumber(n))
		return
	}
	if d.within(n, float64(value), path, tag) {
		*p = value
	}
}

func (d *decoder) number(n *yaml.Node, p *float64, path string, tag reflect.StructTag) {
	value, err := strconv.ParseFloat(n.Value, 64)
	numeric := n.ShortTag() == "!!int" || n.ShortTag() == "!!float"
	if n.Kind != yaml.ScalarNode || err != nil || !numeric || math.IsInf(value, 0) || math.IsNaN(value) {
		d.fail(n, path, "must be a number, not "+describe(n), unquotedNumber(n))
		return
	}
	if d.within(n, value, path, tag) {
		*p = value
	}
}

// unquotedNumber suggests 5 for "5".
func unquotedNumber(n *yaml.Node) string {
	if _, err := strconv.Atoi(n.Value); err == nil && n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		return n.Value
	}
	return ""
}

// within checks a number against the field's min and max.
func (d *decoder) within(n *yaml.Node, value float64, path string, tag reflect.StructTag) bool {
	if low, err := strconv.ParseFloat(tag.Get("min"), 64); err == nil && value < low {
		d.fail(n, path, fmt.Sprintf("%s is too small: %s is the least", n.Value, tag.Get("min")), "")
		return false
	}
	if high, err := strconv.ParseFloat(tag.Get("max"), 64); err == nil && value > high {
		d.fail(n, path, fmt.Sprintf("%s is too much: %s is the most", n.Value, tag.Get("max")), "")
		return false
	}
	return true
}

func (d *decoder) duration(n *yaml.Node, p *time.Duration, path string) {
	if !d.scalar(n, path, "a duration, as 30s, 15m, 24h or 1d") {
		return
	}
	value, err := parseDuration(n.Value)
	switch {
	case err != nil:
		suggestion := ""
		if _, err := strconv.Atoi(n.Value); err == nil {
			suggestion = n.Value + "s or " + n.Value + "m"
		}
		d.fail(n, path, fmt.Sprintf("%s is not a duration, as 30s, 15m, 24h or 1d", clip(n.Value)), suggestion)
	case value < 0:
		d.fail(n, path, fmt.Sprintf("%s is negative", n.Value), "")
	default:
		*p = value
	}
}

// parseDuration reads Go's durations, and days before them: 1d12h.
func parseDuration(s string) (time.Duration, error) {
	days, rest, ok := strings.Cut(s, "d")
	if !ok {
		return time.ParseDuration(s)
	}
	count, err := strconv.ParseFloat(days, 64)
	if err != nil || math.Abs(count) > 36500 || math.IsNaN(count) {
		return 0, fmt.Errorf("bad number of days %q", days)
	}
	total := time.Duration(count * 24 * float64(time.Hour))
	if rest == "" {
		return total, nil
	}
	more, err := time.ParseDuration(rest)
	return total + more, err
}

func (d *decoder) prefix(n *yaml.Node, p *netip.Prefix, path string) {
	if !d.scalar(n, path, "a network, as 10.1.0.0/16") {
		return
	}
	value, err := netip.ParsePrefix(n.Value)
	if err == nil && value.Masked() == value {
		*p = value
		return
	}
	suggestion := ""
	if err == nil {
		suggestion = value.Masked().String()
	} else if address, err := netip.ParseAddr(n.Value); err == nil {
		suggestion = netip.PrefixFrom(address, address.BitLen()).String()
	}
	d.fail(n, path, fmt.Sprintf("%s is not a network, as 10.1.0.0/16", clip(n.Value)), suggestion)
}

// describe says what a node is, for "must be a list, not …".
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "the number " + n.Value
	case "!!timestamp":
		return "a date"
	case "!!null":
		return "nothing"
	}
	return clip(n.Value)
}

var plainKey = regexp.MustCompile(`^[\w-]+$`)

func join(path, key string) string {
	if !plainKey.MatchString(key) {
		key = clip(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// keys are the fields of a type that stand in the file, by key.
func keys(t reflect.Type) map[string]reflect.StructField {
	all := map[string]reflect.StructField{}
	for f := range t.Fields() {
		if key := f.Tag.Get("yaml"); key != "" && key != "-" {
			all[key] = f
		}
	}
	return all
}

// keyNames are the keys of a type, in its order.
func keyNames(t reflect.Type) []string {
	var all []string
	for f := range t.Fields() {
		if key := f.Tag.Get("yaml"); key != "" && key != "-" {
			all = append(all, key)
		}
	}
	return all
}
