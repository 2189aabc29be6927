package config

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// firsts tells by a key where something stood first.
type firsts map[string]string

// again reports that what has this key stood before, as "PROBLEM as FIRST in
// line N", or where FIRST stands if that is in another file. It returns false if
// it did not.
func (v *validator) again(seen firsts, key, path, problem string) bool {
	first, again := seen[key]
	if !again {
		seen[key] = path
		return false
	}
	n := v.node(first)
	here, _ := v.home(path)
	there, owner := v.home(strings.TrimSuffix(strings.TrimSuffix(first, ".name"), ".url"))
	place := fmt.Sprintf("in line %d", n.Line)
	if here != there {
		file := v.file
		if there != nil {
			file = there.file
		}
		place = fmt.Sprintf("at %s:%d:%d", file, n.Line, n.Column)
	}
	v.say(path, fmt.Sprintf("%s as %s %s", problem, owner, place), "")
	return true
}

func (v *validator) sources(all []Source) {
	names, slugs, urls := firsts{}, firsts{}, firsts{}
	for i := range all {
		s := &all[i]
		path := fmt.Sprintf("sources[%d]", i)
		if v.node(path).Kind != yaml.MappingNode {
			continue
		}
		v.required(path, reflect.TypeFor[Source]())
		if s.Name != "" {
			s.Slug = Slug(s.Name)
			at := path + ".name"
			switch {
			case s.Slug == "articles":
				v.say(at, clip(s.Name)+" is taken: its slug, articles, is that of the house articles", "")
			case v.again(names, strings.ToLower(s.Name), at, clip(s.Name)+" has the same name"):
			default:
				v.again(slugs, s.Slug, at, fmt.Sprintf("%s has the same slug, %s,", clip(s.Name), s.Slug))
			}
			v.line(at, s.Name)
		}
		if s.URL != "" {
			v.feedURL(path+".url", s.URL, urls)
			u, err := url.Parse(s.URL)
			s.Private = variable.MatchString(v.node(path+".url").Value) || err != nil || u.User != nil
		}
		v.schedule(path+".schedule", s.Schedule)
		v.tags(path+".tags", s.Tags)
		v.expression(path+".keep", s.Keep, false)
		v.expression(path+".drop", s.Drop, false)
		v.headers(path+".headers", s)
	}
}

// feedURL checks the address of a feed, which may hold a password. What is
// said of it is in the words of the file: secrets are not filled in there.
func (v *validator) feedURL(path, address string, seen firsts) {
	written := v.node(path).Value
	if u, err := url.Parse(address); err == nil && u.User != nil {
		u.User = nil
		address = u.String()
	}
	u, problem, suggestion := webURL(address)
	switch {
	case problem == "":
		v.again(seen, canonical(u), path, clip(written)+" is the same feed")
	case variable.MatchString(written):
		v.say(path, clip(written)+" is no http or https URL with the secret filled in", "")
	default:
		v.say(path, problem, suggestion)
	}
}

// line refuses what would break the line it is shown in.
func (v *validator) line(path, s string) {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		v.say(path, "must be one line without control characters", "")
	} else if len(s) > 200 {
		v.say(path, "is longer than 200 bytes", "")
	}
}

// canonical is what two addresses of one feed have in common.
func canonical(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port != "" && port != "80" && port != "443" {
		host += ":" + port
	}
	key := host + strings.TrimRight(u.EscapedPath(), "/")
	if u.RawQuery != "" {
		key += "?" + u.RawQuery
	}
	return key
}

func (v *validator) tags(path string, tags []string) {
	for i, tag := range tags {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case !v.nodeIsText(at):
		case tag == "":
			v.say(at, "is empty", "")
		case strings.ToLower(tag) != tag:
			v.say(at, clip(tag)+": tags are written in lower case", strconv.Quote(strings.ToLower(tag)))
		case slices.Index(tags, tag) < i:
			v.say(at, clip(tag)+" stands here twice", "")
		default:
			v.line(at, tag)
		}
	}
}

// nodeIsText is false where the decoder has spoken already.
func (v *validator) nodeIsText(path string) bool {
	n, ok := v.nodes[path]
	return ok && n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str"
}

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// ownHeaders are set by whoever makes the request.
var ownHeaders = []string{
	"accept-encoding", "connection", "content-length", "host", "if-modified-since", "if-none-match",
	"range", "te", "trailer", "transfer-encoding", "upgrade",
}

func (v *validator) headers(path string, s *Source) {
	names := firsts{}
	for _, name := range sortedKeys(s.Headers) {
		at, value := join(path, name), s.Headers[name].Reveal()
		switch {
		case !headerName.MatchString(name):
			v.say(at, clip(name)+" is not the name of a header", "")
		case slices.Contains(ownHeaders, strings.ToLower(name)):
			v.say(at, "is set by the program itself: it cannot be given", "")
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			v.say(at, "has a line break or control character in its value", "")
		case v.again(names, strings.ToLower(name), at, "is the same header"):
		case strings.EqualFold(name, "authorization") && strings.HasPrefix(s.URL, "http:"):
			v.warn(at, "is sent readable for all: the source's url is http, not https")
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	all := make([]string, 0, len(m))
	for key := range m {
		all = append(all, key)
	}
	slices.Sort(all)
	return all
}
