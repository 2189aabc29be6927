package sanitize

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"newswire/feeds"
)

// holds checks all that HTML promises of its result, with the parser of
// x/net/html for a second opinion.
func holds(t *testing.T, in string, base *url.URL) {
	t.Helper()
	out := HTML(feeds.HTML(in), base)
	if again := HTML(out, base); again != out {
		t.Errorf("sanitizing twice changes something\n   in %q\n once %q\ntwice %q", head(in), head(string(out)), head(string(again)))
	}
	if trusted := Trusted(out); string(trusted) != string(out) {
		t.Errorf("Trusted changes what HTML gave\n   in %q\n  out %q\n  now %q", head(in), head(string(out)), head(string(trusted)))
	}
	wellFormed(t, in, string(out))
	if len(out) > maxBytes {
		t.Errorf("%d bytes of output", len(out))
	}
}

// wellFormed checks that a parser finds nothing in out but what is allowed,
// repairs nothing, and keeps it in the element that it is put into.
func wellFormed(t *testing.T, in, out string) {
	t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(out), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		t.Errorf("parsing the output: %v\n  in %q\n out %q", err, head(in), head(out))
		return
	}
	for _, n := range nodes {
		onlyAllowed(t, in, out, n)
	}
	if s := render(t, nodes); s != out {
		t.Errorf("a parser reads it otherwise\n  in %q\n out %q\nread %q", head(in), head(out), head(s))
	}
	page := `<!DOCTYPE html><html><head></head><body><div id="canary">` + out + `</div><p id="after">after</p></body></html>`
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	if s := render(t, []*html.Node{doc}); s != page {
		t.Errorf("it does not stay in its place\n  in %q\npage %q\nread %q", head(in), head(page), head(s))
	}
}

func render(t *testing.T, nodes []*html.Node) string {
	t.Helper()
	var b strings.Builder
	for _, n := range nodes {
		if err := html.Render(&b, n); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// harmless are the elements and attributes that the output may hold. The list
// stands here a second time on purpose: a slip in the policy must not pass.
var harmless = struct{ elements, attributes []string }{
	strings.Fields(`a abbr article aside audio b bdi blockquote br caption cite code dd del details dfn div dl dt em
		figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp section small source
		span strong sub summary sup table tbody td tfoot th thead time tr u ul var video wbr`),
	strings.Fields(`alt cite colspan controls datetime dir height href lang loading poster preload referrerpolicy rel
		rowspan scope src srcset start title type value width`),
}

func onlyAllowed(t *testing.T, in, out string, n *html.Node) {
	t.Helper()
	switch n.Type {
	case html.TextNode:
	case html.ElementNode:
		if n.Namespace != "" || !slices.Contains(harmless.elements, n.Data) {
			t.Errorf("element <%s %s>\n  in %q\n out %q", n.Namespace, n.Data, head(in), head(out))
		}
		for _, a := range n.Attr {
			if !slices.Contains(harmless.attributes, a.Key) || a.Namespace != "" {
				t.Errorf("attribute %s of <%s>\n  in %q\n out %q", a.Key, n.Data, head(in), head(out))
			}
			onlySafe(t, in, n, a)
		}
	default:
		t.Errorf("node of type %v\n  in %q\n out %q", n.Type, head(in), head(out))
	}
	for c := range n.ChildNodes() {
		onlyAllowed(t, in, out, c)
	}
}

func onlySafe(t *testing.T, in string, n *html.Node, a html.Attribute) {
	t.Helper()
	switch a.Key {
	case "href":
		if strings.HasPrefix(a.Val, "mailto:") {
			return
		}
		fallthrough
	case "src", "poster", "cite":
		onlyHTTP(t, in, a.Val)
	case "srcset":
		for c := range strings.SplitSeq(a.Val, ", ") {
			u, _, _ := strings.Cut(c, " ")
			onlyHTTP(t, in, u)
		}
	}
	if n.Data == "a" && !slices.ContainsFunc(n.Attr, func(a html.Attribute) bool {
		return a.Key == "rel" && a.Val == "noopener noreferrer nofollow ugc"
	}) {
		t.Errorf("a link without rel, of %q", head(in))
	}
}

func onlyHTTP(t *testing.T, in, raw string) {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Errorf("URL %q of %q: %v", raw, head(in), err)
		return
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(raw, "\\ \t\n<>\"") {
		t.Errorf("URL %q of %q", raw, head(in))
	}
}

func head(s string) string {
	if len(s) > 600 {
		return s[:600] + " …"
	}
	return s
}
