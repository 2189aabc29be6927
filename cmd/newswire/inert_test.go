package main

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// active are the elements that run, load, submit or change a page, and those
// that swallow what follows them.
var active = []string{"script", "iframe", "object", "embed", "form", "base", "meta", "link", "style", "frame", "frameset", "applet",
	"portal", "template", "noscript", "math", "svg", "textarea", "input", "button", "select", "plaintext", "xmp", "listing", "title",
	"noembed", "noframes", "dialog"}

var urlAttributes = []string{"href", "src", "action", "formaction", "poster", "data", "cite", "background", "srcset", "ping", "longdesc",
	"lowsrc", "dynsrc", "usemap", "manifest", "xlink:href", "archive", "codebase", "classid", "profile"}

// inert reports what is active in HTML of a feed. It stands between two marks
// of ours, which must be read as they would be without it.
func inert(t *testing.T, where, fragment string) {
	t.Helper()
	in := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(`<div id="canary">`+fragment+`</div><p id="after">`), in)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	if len(nodes) != 2 || len(nodes[1].Attr) != 1 || nodes[1].Attr[0].Val != "after" {
		t.Errorf("%s: it is not closed: %.200s", where, fragment)
	}
	for _, root := range nodes {
		for n := range root.Descendants() {
			if n.Type == html.CommentNode || n.Type == html.DoctypeNode {
				t.Errorf("%s: a comment or declaration: %.200s", where, fragment)
			}
			if n.Type != html.ElementNode {
				continue
			}
			if slices.Contains(active, n.Data) {
				t.Errorf("%s: <%s> in %.200s", where, n.Data, fragment)
			}
			inertAttributes(t, where, n, false)
		}
	}
}

// inertPage reports what is active in a page of ours and does not belong there.
func inertPage(t *testing.T, where, page string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	mains := 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "main" {
			mains++
		}
		if slices.Contains(active, n.Data) && !ours(n) {
			t.Errorf("%s: <%s %v>", where, n.Data, n.Attr)
		}
		inertAttributes(t, where, n, true)
	}
	if mains != 1 {
		t.Errorf("%s: it has %d <main>", where, mains)
	}
}

// ours reports whether an element that could be active is one of our templates'.
func ours(n *html.Node) bool {
	inHead, inSVG := false, false
	for p := range n.Ancestors() {
		inHead = inHead || p.Data == "head"
		inSVG = inSVG || p.Data == "svg"
	}
	switch n.Data {
	case "title":
		return inHead || inSVG
	case "meta":
		return inHead && value(n, "http-equiv") == ""
	case "link":
		href := value(n, "href")
		return inHead && (strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "//") || strings.HasPrefix(href, "http://news.example.com/"))
	case "script":
		return inHead && strings.HasPrefix(value(n, "src"), "/static/") && n.FirstChild == nil
	case "svg":
		return value(n, "xmlns") == ""
	case "form":
		if value(n, "action") == "/" { // the search for a source on the desk: it changes nothing
			return value(n, "method") == "get" && value(n, "role") == "search"
		}
		return slices.Contains([]string{"/entries", "/holds/release", "/logout"}, value(n, "action"))
	case "input", "button":
		for p := range n.Ancestors() {
			if p.Data == "form" {
				return true
			}
		}
		return slices.Contains([]string{"copy", "text"}, value(n, "class")) || value(n, "hidden") == "" && value(n, "type") == "button"
	}
	return false
}

func value(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func inertAttributes(t *testing.T, where string, n *html.Node, page bool) {
	t.Helper()
	seen := map[string]bool{}
	for _, a := range n.Attr {
		name := strings.ToLower(a.Key)
		switch {
		case seen[name]:
			t.Errorf("%s: <%s> has %s twice", where, n.Data, name)
		case strings.HasPrefix(name, "on"), name == "srcdoc", name == "style", name == "http-equiv",
			!page && slices.Contains([]string{"id", "name", "class", "target", "contenteditable", "autofocus"}, name) && a.Val != "canary" && a.Val != "after":
			t.Errorf("%s: <%s %s=%.100q>", where, n.Data, name, a.Val)
		case name == "srcset":
			for candidate := range strings.SplitSeq(a.Val, ", ") {
				link, _, _ := strings.Cut(candidate, " ")
				inertLink(t, where, n.Data, link, page)
			}
		case slices.Contains(urlAttributes, name):
			inertLink(t, where, n.Data, a.Val, page)
		}
		seen[name] = true
	}
}

// inertLink reports a link that is neither of the web nor mail; on a page it
// may be one of our own paths, and lead to a reader by its feed.
func inertLink(t *testing.T, where, element, link string, page bool) {
	t.Helper()
	u, err := url.Parse(link)
	switch {
	case err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil:
	case err == nil && u.Scheme == "mailto" && element == "a":
	case err == nil && page && u.Scheme == "" && u.Host == "" && !strings.HasPrefix(link, "//") && !strings.HasPrefix(link, `/\`):
	case err == nil && page && u.Scheme == "feed" && strings.HasPrefix(u.Opaque+u.Host, "http"), page && strings.HasPrefix(link, "feed:http://news.example.com/"):
	default:
		t.Errorf("%s: <%s> leads to %.100q", where, element, link)
	}
}
