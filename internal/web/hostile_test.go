package web

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// vectors try to leave the place they are put in.
var vectors = []string{
	`<script>alert(1)</script>`,
	`"><script>alert(1)</script>`,
	`' onmouseover='alert(1)`,
	`" onfocus="alert(1)" autofocus="`,
	`<img src=x onerror=alert(1)>`,
	`<svg/onload=alert(1)>`,
	`</title><script>alert(1)</script>`,
	`</p></div></main></body><form action=https://evil.example><input name=password>`,
	`javascript:alert(1)`,
	`JaVaScRiPt:alert(1)//https://ok.example`,
	"java\tscript:alert(1)",
	"\x01javascript:alert(1)",
	`data:text/html,<script>alert(1)</script>`,
	`vbscript:msgbox(1)`,
	`//evil.example/x`,
	`\\evil.example\x`,
	`https://ok.example/"onclick="alert(1)`,
	`https://ok.example/'><iframe src=javascript:alert(1)>`,
	`<!--<img src="--><img src=x onerror=alert(1)//">`,
	`<style>*{display:none}</style><link rel=stylesheet href=//evil.example>`,
	`<base href=//evil.example/><meta http-equiv=refresh content=0;url=//evil.example>`,
	`<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
	`<iframe srcdoc="<script>alert(1)</script>"></iframe><object data=x></object><embed src=x>`,
	`<textarea><title><plaintext>`,
	"\u202egnp.exe \u2066x",
	`{{.}} ${alert(1)} <%= 1 %>`,
	`feed:javascript:alert(1)`,
}

// fill sets every string below v, whatever its type, to s.
func fill(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem(), s)
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i), s)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), s)
			}
		}
	}
}

// hostileEntry has the vector in every field, as a row of an old store may.
func hostileEntry(vector string, house bool) newsroom.Entry {
	e := newsroom.Entry{House: house, AlsoIn: []string{""}, Sort: demoNow, FirstSeen: demoNow, ReadingMinutes: 3}
	e.Authors, e.Categories, e.Images = make([]feeds.Person, 2), make([]feeds.Category, 2), make([]feeds.Image, 1)
	e.Enclosures, e.Comments, e.Published = make([]feeds.Enclosure, 1), &feeds.Comments{}, demoNow
	fill(reflect.ValueOf(&e).Elem(), vector)
	e.Slug, e.Source = "", "foreign"
	if house {
		e.Slug = "articles/hostile"
	}
	return e
}

func hostileView(vector string) *View {
	v := &View{
		Site:    newsroom.Site{Title: vector, Description: vector, Language: vector, URL: base},
		Sources: map[string]SourceInfo{"foreign": {vector, vector, vector}, vector: {vector, vector, vector}},
	}
	gone := hostileEntry(vector, true)
	gone.Slug, gone.Withdrawn = "articles/gone", demoNow
	v.Articles = []newsroom.Entry{hostileEntry(vector, true), gone}
	v.Articles[0].ID = "a"
	second := hostileEntry(vector, true)
	second.ID, second.Slug = "b", "articles/second"
	v.Articles = append(v.Articles, second)
	for i, name := range []string{"all", "top", "hostile"} {
		foreign, other := hostileEntry(vector, false), hostileEntry(vector, false)
		foreign.ID, other.ID = fmt.Sprint("f", i), fmt.Sprint("g", i)
		other.Title = "" // stands in for it: the summary
		v.Channels = append(v.Channels, ChannelView{
			Channel: newsroom.Channel{Name: name, Title: vector, Description: vector, Stories: i == 1},
			Entries: []newsroom.Entry{foreign, other, v.Articles[0]},
			Self:    map[feeds.Format]string{feeds.RSS: vector, feeds.Atom: base + "/feeds/" + name + ".atom"},
		})
	}
	return v
}

func TestHostileSite(t *testing.T) {
	pages := 0
	for _, vector := range vectors {
		site := newSite(hostileView(vector))
		site.Bot = Bot{UserAgent: vector, Contact: vector}
		for _, path := range []string{"/", "/feeds", "/feeds/hostile", "/articles", "/articles/hostile", "/articles/gone", "/bot", "/nothing/" + url.PathEscape(vector)} {
			w := ask(site, "GET", path)
			if w.Code >= 500 {
				t.Errorf("%q: %s: %d", vector, path, w.Code)
			}
			if kind := w.Header().Get("Content-Type"); strings.HasPrefix(kind, "text/html") && w.Code != http.StatusPermanentRedirect {
				pages++
				checkInert(t, fmt.Sprintf("%q: %s", vector, path), w.Body.String(), nil)
			}
		}
	}
	if pages < len(vectors)*7 {
		t.Errorf("only %d pages were looked at", pages)
	}
}

func TestHostileDesk(t *testing.T) {
	for _, vector := range vectors {
		data := &deskFake{}
		s := SourceHealth{Tags: make([]string, 1)}
		s.Check.Notes = make([]string, 1)
		fill(reflect.ValueOf(&s).Elem(), vector)
		e := hostileEntry(vector, false)
		e.Verdict = newsroom.Verdict{Decision: newsroom.Decision(vector), Rule: vector}
		data.sources, data.entries, data.held = []SourceHealth{s}, []newsroom.Entry{e}, []newsroom.Entry{e}
		d := newDesk(t, data, "")
		d.Site = func() newsroom.Site { return newsroom.Site{Title: vector} }
		d.Reload = func() *Reload { return &Reload{At: demoNow, Changes: []string{vector}, Refused: []string{vector}} }
		for _, path := range []string{"/", "/entries?q=" + url.QueryEscape(vector), "/holds", "/reload", "/" + url.PathEscape(vector)} {
			w := ask(d, "GET", path)
			if w.Code >= 500 {
				t.Errorf("%q: %s: %d", vector, path, w.Code)
			}
			checkInert(t, fmt.Sprintf("%q: desk %s", vector, path), w.Body.String(), []string{"/entries", "/holds/release", "/logout"})
		}
	}
}

var (
	activeElements = []string{"iframe", "object", "embed", "base", "style", "frame", "frameset", "applet", "portal", "template", "noscript", "math", "textarea", "plaintext"}
	urlAttributes  = []string{"href", "src", "action", "formaction", "poster", "data", "cite", "background", "srcset", "ping", "longdesc"}
)

// checkInert parses a page with a parser that is not the template's, and finds
// nothing in it that runs, loads or leads elsewhere than it should, and the
// page's own parts where they belong.
func checkInert(t *testing.T, what, page string, forms []string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	mains := 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		inHead := false
		for p := n.Parent; p != nil; p = p.Parent {
			inHead = inHead || p.Data == "head"
		}
		switch {
		case slices.Contains(activeElements, n.Data),
			n.Data == "script" && (!inHead || !strings.HasPrefix(attribute(n, "src"), "/static/copy.") || n.FirstChild != nil),
			(n.Data == "meta" || n.Data == "link") && !inHead,
			n.Data == "form" && !slices.Contains(forms, attribute(n, "action")):
			t.Errorf("%s: <%s> in it", what, n.Data)
		case n.Data == "main" || n.Data == "footer" && attribute(n, "class") == "foot":
			mains++
			if n.Parent.Data != "body" {
				t.Errorf("%s: <%s> is inside <%s>", what, n.Data, n.Parent.Data)
			}
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "srcdoc", a.Key == "style", a.Key == "http-equiv":
				t.Errorf("%s: <%s %s>", what, n.Data, a.Key)
			case slices.Contains(urlAttributes, a.Key) && !(n.Data == "path" && a.Key == "d"):
				if !harmlessURL(a.Val) {
					t.Errorf("%s: <%s %s=%q>", what, n.Data, a.Key, a.Val)
				}
			}
		}
	}
	if mains == 0 {
		t.Errorf("%s: the page's own parts are gone", what)
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func harmlessURL(raw string) bool {
	if strings.HasPrefix(raw, "#") || raw == "" {
		return true
	}
	rest, feed := strings.CutPrefix(raw, "feed:")
	if strings.HasPrefix(rest, "/") {
		return !feed && !strings.HasPrefix(rest, "//") && !strings.HasPrefix(rest, `/\`)
	}
	u, err := url.Parse(rest)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http" || u.Scheme == "mailto" && !feed)
}

// mapWith is a folder of files that all hold a script.
func mapWith(names ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for _, n := range names {
		m[n] = &fstest.MapFile{Data: []byte("<script>alert(1)</script>")}
	}
	return m
}

// TestGoldenArticle keeps the markup of one small article in sight.
func TestGoldenArticle(t *testing.T) {
	v := &View{Site: newsroom.Site{Title: "Curve", URL: base, Language: "en"}, Changed: demoNow}
	e := demoArticle(1, base)
	e.Content = "<p>One paragraph.</p>"
	v.Articles = []newsroom.Entry{e}
	w := ask(newSite(v), "GET", "/articles/small-models")
	_, after, _ := strings.Cut(w.Body.String(), "<main")
	main, _, _ := strings.Cut(after, "</main>")
	got := "<main" + main + "</main>\n"
	file := filepath.Join("testdata", "article.html")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the article's markup changed; if it should, run with UPDATE_GOLDEN=1\ngot:\n%s\nwant:\n%s", got, want)
	}
}
