package feeds

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

func discoverURL(t testing.TB, s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// discovered runs Discover on a page at https://site.example/dir/page, and
// returns what it found as "type address title".
func discovered(t testing.TB, page string, headers ...string) []string {
	var list []string
	for _, l := range Discover(strings.NewReader(page), discoverURL(t, "https://site.example/dir/page"), headers) {
		list = append(list, strings.TrimSpace(l.MediaType+" "+l.Href+" "+l.Title))
	}
	return list
}

func TestDiscover(t *testing.T) {
	const rss = `type="application/rss+xml"`
	tests := []struct{ shows, page, want string }{
		{"the plain form", `<head><link rel="alternate" ` + rss + ` href="/feed" title="All &amp; more"></head>`, "application/rss+xml https://site.example/feed All & more"},
		{"no head tag", `<!doctype html><title>x</title><link rel=alternate type=application/atom+xml href=a>`, "application/atom+xml https://site.example/dir/a"},
		{"any case", `<HEAD><LINK REL=ALTERNATE TYPE="Application/RSS+XML" HREF="/Feed">`, "application/rss+xml https://site.example/Feed"},
		{"white space and parameters", "<link rel=\"\n home\talternate \" type=\" application/rss+xml ; charset=utf-8\" href=\" /f\n\">", "application/rss+xml https://site.example/f"},
		{"JSON Feed", `<link rel=alternate type=application/feed+json href=/feed.json><link rel=alternate type=application/json href=/old.json>`,
			"application/feed+json https://site.example/feed.json|application/json https://site.example/old.json"},
		{"rel=feed needs no type", `<link rel=feed href=/f><link rel="feed" type=text/html href=/g>`, "https://site.example/f|text/html https://site.example/g"},
		{"feed: addresses", `<link rel=feed href="feed://other.example/f"><link rel=feed href="feed:https://other.example/g">`, "http://other.example/f|https://other.example/g"},
		{"the first base counts", `<base href="/x/"><base href="/y/"><link rel=feed href=f>`, "https://site.example/x/f"},
		{"a base without href, or no web address", `<base target=_top><base href="javascript:alert(1)"><link rel=feed href=f>`, "https://site.example/dir/f"},
		{"each once", `<link rel=feed href=/f><link rel=feed href="https://site.example/f#top"><link rel=feed href="https://u:p@site.example/f">`, "https://site.example/f"},
		{"after the head", `<head></head><link rel=feed href=/f>`, "https://site.example/f"},
		{"beside scripts and styles", `<head><title><link rel=feed href=/no></title><script>"<link rel=feed href=/no>"</script><style>x</style><noscript>x</noscript><link rel=feed href=/f>`, "https://site.example/f"},
		{"windows-1251", "<head><meta charset=windows-1251><link rel=feed href=/f title=\"\xcd\xee\xe2\xee\xf1\xf2\xe8\">", "https://site.example/f Новости"},

		{"bogus relations", `<link rel=alternates ` + rss + ` href=/a><link rel=disabled-alternate ` + rss + ` href=/b><link rel=x-alternate ` + rss + ` href=/c>` +
			`<link rel="alternate-1" ` + rss + ` href=/d><link rel="alternate,feed" ` + rss + ` href=/e><link rel=feeds ` + rss + ` href=/f><link ` + rss + ` href=/g><link rev=alternate ` + rss + ` href=/h>` +
			`<link rel="x` + "\u00a0" + `alternate" ` + rss + ` href=/i>`, ""},
		{"other alternates", `<link rel=alternate hreflang=de href=/de><link rel=alternate type=text/html href=/p><link rel="alternate stylesheet" ` + rss + ` href=/s>` +
			`<link rel=alternate type=application/json+oembed href=/o><link rel=alternate type="application/json" href="/wp-json/wp/v2/pages/7">` +
			`<link rel=alternate type="application/rss" href=/r><link rel=alternate type="application/rss+xmlx" href=/r>` +
			`<link rel=alternate type=text/xml href=/x title="RSS and Atom"><link rel=alternate type=application/rdf+xml href=/x title=RSS><link rel=alternate type=application/xml href=/x title=RSS>`, ""},
		{"no address", `<link rel=feed><link rel=feed href=""><link rel=feed href="  "><link rel=feed href="javascript:x"><link rel=feed href="data:,x"><link rel=feed href="http://[::1"><link rel=feed href="mailto:a@b.example">`, ""},
		{"inside a comment, a script, a template", `<!-- <link rel=feed href=/a> --><script><link rel=feed href=/b></script><template><template></template><link rel=feed href=/c></template><noscript><link rel=feed href=/d></noscript>`, ""},
		{"in the body, where comments of others stand", `<head></head><body><link rel=feed href=/a></body>`, ""},
		{"text begins the body", `<head><title>x</title>text<link rel=feed href=/a>`, ""},
		{"an element of the body begins it", `<head><div></div><link rel=feed href=/a>`, ""},
		{"an anchor is no link", `<a rel=alternate ` + rss + ` href=/a>feed</a>`, ""},
	}
	for _, test := range tests {
		if got := strings.Join(discovered(t, test.page), "|"); got != test.want {
			t.Errorf("%s: got %q, want %q", test.shows, got, test.want)
		}
	}
}

func TestDiscoverHeader(t *testing.T) {
	tests := []struct {
		shows   string
		headers []string
		want    string
	}{
		{"a link", []string{`</feed>; rel="alternate"; type="application/rss+xml"; title="All, \"every\" one; all"`}, `application/rss+xml https://site.example/feed All, "every" one; all`},
		{"several in one value", []string{`<https://hub.example/>; rel=hub, <f>; rel=feed , <g>;REL=Feed;rel=hub`}, "https://site.example/dir/f|https://site.example/dir/g"},
		{"several values", []string{`<f>; rel=feed`, `<g>; rel=feed`}, "https://site.example/dir/f|https://site.example/dir/g"},
		{"before the page's, each once", []string{`</b>; rel=feed`}, "https://site.example/b|https://site.example/a"},
		{"WordPress's interface", []string{`<https://site.example/wp-json/>; rel="https://api.w.org/"`, `<https://site.example/wp-json/wp/v2/pages/2>; rel="alternate"; title="JSON"; type="application/json"`}, ""},
		{"broken values", []string{"", "x", "<", "<x", "<x>", "<x>;", "<x>; rel", `<x>; rel="`, `<x>; rel=`, ">;<;,", `; rel=feed`}, ""},
	}
	for _, test := range tests {
		page := ""
		if strings.HasPrefix(test.shows, "before") {
			page = `<link rel=feed href=/a><link rel=feed href=/b>`
		}
		if got := strings.Join(discovered(t, page, test.headers...), "|"); got != test.want {
			t.Errorf("%s: got %q, want %q", test.shows, got, test.want)
		}
	}
}

// TestDiscoverCorpus finds the feeds that pages of other projects' tests name.
// docs/notes/discovery.md has the figures.
func TestDiscoverCorpus(t *testing.T) {
	dir := corpusDir(t)
	pages, right := 0, 0
	for _, x := range corpusLines[corpusExpectation](t, filepath.Join(dir, "EXPECT.jsonl")) {
		want := map[string]any{}
		for name, value := range x.Checks {
			if rest, ok := strings.CutPrefix(name, "autodiscovery."); ok {
				want[rest] = value
			}
		}
		if len(want) == 0 {
			continue
		}
		page, err := os.Open(filepath.Join(dir, x.Path))
		if err != nil {
			t.Fatal(err)
		}
		base, _ := x.Extra["_page_url"].(string)
		found := Discover(page, discoverURL(t, base), nil)
		page.Close()
		pages++
		if problem := discoverCompare(want, found); problem != "" {
			t.Errorf("%s: %s", x.Path, problem)
			continue
		}
		right++
	}
	t.Logf("%d of %d pages as expected", right, pages)
	if pages < 20 {
		t.Errorf("the corpus has only %d pages with expectations", pages)
	}
}

// discoverCompare returns what is not as expected.
func discoverCompare(want map[string]any, found []Link) string {
	for name, value := range want {
		var got any
		switch {
		case name == "count":
			got = float64(len(found))
		case name == "feeds_basename":
			got, value = []string{}, fmt.Sprint(value)
			for _, l := range found {
				got = append(got.([]string), path.Base(l.Href))
			}
			got = fmt.Sprint(got)
		case len(found) == 0:
			return "nothing found"
		case name == "feeds[0].url":
			got = found[0].Href
		case name == "feeds[0].title":
			got = firstOf(found[0].Title, found[0].Href)
		case name == "feeds[0].type":
			_, got, _ = strings.Cut(found[0].MediaType, "/")
			got = map[any]any{"rss+xml": "rss", "atom+xml": "atom", "feed+json": "json"}[got]
		default:
			return "unknown expectation " + name
		}
		if got != value {
			return fmt.Sprintf("%s: got %v, want %v", name, got, value)
		}
	}
	return ""
}

// TestDiscoverOthers reads the HTML files that no project expects feeds of:
// error pages, articles, login forms. It prints what they name, for looking.
func TestDiscoverOthers(t *testing.T) {
	dir := corpusDir(t)
	manifest, err := os.ReadFile(filepath.Join(dir, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{} // what each names
	for line := range strings.Lines(string(manifest)) {
		column := strings.Split(line, "\t")
		if len(column) < 6 || !strings.EqualFold(column[5], "html") || strings.Contains(column[0], "autodiscovery") {
			continue
		}
		page, err := os.Open(filepath.Join(dir, column[0]))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, l := range Discover(page, discoverURL(t, "https://site.example/"), nil) {
			t.Logf("%s: %s %s", column[0], l.MediaType, l.Href)
			names = append(names, path.Base(l.Href))
		}
		page.Close()
		pages[column[0]] = strings.Join(names, " ")
	}
	if len(pages) < 20 {
		t.Errorf("only %d HTML files without expectations: the manifest is read wrongly", len(pages))
	}
	// Firefox's own page of good and bogus forms; only 1 to 13 are good.
	const good = "1.atom 2.rss 3.xml 4.atom 5.atom 6.atom 7.atom 8.atom 9.atom 10.atom 11.atom 12.atom 13.atom"
	if got, there := pages["feeds/simplepie/fftests.html"]; there && got != good {
		t.Errorf("the browser's own page: found %s", got)
	}
}

func FuzzDiscover(f *testing.F) {
	f.Add(`<base href="/x/"><link rel=feed href=f>`, `<f>; rel=feed; title="x`)
	f.Add("<head><template><link rel=alternate type=text/xml title=rss href=//a>\xff", `<a>;,<b>;rel="\`)
	f.Fuzz(func(t *testing.T, page, header string) {
		base := discoverURL(t, "https://site.example/")
		seen := map[string]bool{}
		for _, l := range Discover(strings.NewReader(page), base, []string{header}) {
			u, err := url.Parse(l.Href)
			if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
				t.Errorf("%q is no address of the web", l.Href)
			}
			if seen[l.Href] {
				t.Errorf("%q twice", l.Href)
			}
			if l.Title != textLine(l.Title) {
				t.Errorf("%q is not one plain line", l.Title)
			}
			seen[l.Href] = true
		}
	})
}
