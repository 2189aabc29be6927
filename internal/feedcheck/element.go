package feedcheck

import (
	"slices"
	"strings"
)

// An element says what may be said of an element with a name.
type element struct {
	once   string // the rule that a second one breaks; empty: there may be more
	attrs  string // names of its attributes
	open   bool   // it may hold anything; its own check looks inside
	checks []func(*checker, *node)
}

const once = "DuplicateElement"

// one and many are elements that hold only text.
func one(checks ...func(*checker, *node)) element  { return element{once: once, checks: checks} }
func many(checks ...func(*checker, *node)) element { return element{checks: checks} }

func (e element) with(attrs string) element { e.attrs = attrs; return e }
func (e element) opened() element           { e.open = true; return e }

// A vocabulary is what may stand in an element.
type vocabulary map[string]element

// join adds vocabularies; what comes later wins.
func join(list ...vocabulary) vocabulary {
	all := vocabulary{}
	for _, v := range list {
		for name, e := range v {
			all[name] = e
		}
	}
	return all
}

// judged are the extensions whose vocabulary is known here in full. Elements
// of others pass.
var judged = []string{"dc", "content", "slash", "wfw", "atom", "media", "thr", "fh", "sy"}

// children judges what stands in a container.
func (c *checker) children(n *node, v vocabulary) {
	if t := strings.TrimSpace(n.text); t != "" {
		c.at(n, "UnexpectedText", "%.40q", t)
	}
	seen := map[string]bool{}
	for _, k := range n.kids {
		e, ok := v[k.name]
		if !ok {
			c.undefined(n, k)
			continue
		}
		if e.once != "" && seen[k.name] {
			c.at(k, e.once, "twice in %s", n.name)
		}
		seen[k.name] = true
		c.attributes(k, e)
		if !e.open {
			c.leaf(k)
		}
		for _, check := range e.checks {
			check(c, k)
		}
	}
}

// undefined judges an element that its parent does not know.
func (c *checker) undefined(parent, n *node) {
	prefix, _, prefixed := strings.Cut(n.name, ":")
	switch {
	case n.space == "" && c.atom:
		c.at(n, "UndeterminableVocabulary", "no namespace")
	case strings.Contains(n.name, " "): // of a namespace that nobody knows
	case prefix == "xhtml":
		c.at(n, "MisplacedXHTMLContent", "in %s", parent.name)
	case !prefixed && n.name == "blink":
		c.at(n, "NoBlink", "in %s", parent.name)
	case !prefixed || slices.Contains(judged, prefix):
		c.at(n, "UndefinedElement", "in %s", parent.name)
	}
}

// leaf judges that an element holds text alone.
func (c *checker) leaf(n *node) {
	for _, k := range n.kids {
		c.at(k, "UndefinedElement", "in %s, which holds text", n.name)
	}
}

// attributes judges the attributes of an element.
func (c *checker) attributes(n *node, e element) {
	allowed := strings.Fields(e.attrs)
	for _, a := range n.attrs {
		name := attrName(a.Name)
		switch {
		case strings.HasPrefix(name, "xml:") || strings.HasPrefix(name, "rdf:") || slices.Contains(allowed, name):
		case strings.Contains(name, " "): // of a namespace that nobody knows
			if !c.atom && n.space == "" && c.docs != rssBoard {
				c.at(n, "UseOfExtensionAttr", "%s", a.Name.Local)
			}
		default:
			c.at(n, "UnexpectedAttribute", "%s", name)
		}
	}
}

// required judges that an element has an attribute, and gives it.
func (c *checker) required(n *node, name string) (string, bool) {
	v, ok := n.attr(name)
	if !ok {
		c.at(n, "MissingAttribute", "%s", name)
	}
	return v, ok
}
