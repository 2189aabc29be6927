package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"newswire/internal/feedcheck"
	"newswire/internal/publish"
)

// A vector is one hostile fragment of the sanitizer's collection.
type vector struct{ ID, HTML string }

func readVectors(t *testing.T) (all []vector) {
	t.Helper()
	file, err := os.Open("../../internal/sanitize/testdata/vectors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if len(all) < 300 {
		t.Fatalf("only %d vectors", len(all))
	}
	return all
}

// TestHostile sends every vector in every field of every format through the
// whole program, and in the house's own articles, and looks at all that comes
// out: feeds, pages, lists, the desk, the command line and the log. Nothing in
// any of it runs, and every feed is valid.
func TestHostile(t *testing.T) {
	t.Parallel()
	vectors := readVectors(t)
	if underRace {
		vectors = vectors[:len(vectors)/10]
	}
	origin := httptest.NewServer(hostileOrigin(vectors))
	defer origin.Close()
	dir := t.TempDir()
	hostileArticles(t, dir, vectors)
	desk := openNewsdesk(t, dir, hostileConfig(origin.URL, len(vectors)))
	var log bytes.Buffer
	desk.log = slog.New(slog.NewTextHandler(&log, nil))
	desk.poller.Log = desk.log
	desk.publisher.Log = desk.log
	desk.pollAll(t)

	entries := 0
	for _, d := range desk.publisher.Shelf().Documents() {
		hostileFeed(t, d)
	}
	for _, ch := range desk.publisher.Shelf().Channels() {
		list, _ := desk.publisher.Shelf().LineUp(ch.Name)
		entries += len(list)
	}
	if entries < 4*len(vectors) {
		t.Errorf("%d vectors came to only %d entries", len(vectors), entries)
	}
	pages := hostilePages(t, desk, vectors)
	t.Logf("%d entries of %d vectors, %d pages", entries, len(vectors), pages)
	hostileLists(t, desk)
	hostileLog(t, log.String())
}

// perFeed is how many vectors stand together in an Atom or a JSON feed.
const perFeed = 24

// groups is in how many channels the sources are.
const groups = 16

func hostileConfig(base string, n int) string {
	var b strings.Builder
	b.WriteString(`site: {title: The Test, url: "http://news.example.com"}
server: {settle: 0s}
fetch: {min_interval: 0s, host_interval: 0s, workers: 4, allow_networks: [127.0.0.0/8]}
guard: {first_import: 100}
sources:
`)
	add := func(i int, path, policy string) {
		fmt.Fprintf(&b, "  - {name: %q, url: %q, tags: [group%d], publish: %s}\n", path, base+"/"+path, i%groups, policy)
	}
	for i := range n {
		add(i, fmt.Sprintf("rss/%d", i), []string{"full", "full", "excerpt", "link"}[i%4])
	}
	for i := 0; i < n; i += perFeed {
		add(i/perFeed, fmt.Sprintf("atom/%d", i), "full")
		add(i/perFeed, fmt.Sprintf("json/%d", i), "full")
	}
	b.WriteString("channels:\n  - {name: house, where: house, entries: 1000}\n")
	for g := range groups {
		fmt.Fprintf(&b, "  - {name: group%d, where: '\"group%d\" in tags', entries: 1000}\n", g, g)
	}
	return b.String()
}

func hostileOrigin(vectors []vector) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{format}/{n}", func(w http.ResponseWriter, r *http.Request) {
		var from int
		if _, err := fmt.Sscan(r.PathValue("n"), &from); err != nil {
			http.NotFound(w, r)
			return
		}
		some := vectors[from:min(from+perFeed, len(vectors))]
		switch r.PathValue("format") {
		case "rss":
			w.Header().Set("Content-Type", "application/rss+xml")
			io.WriteString(w, hostileRSS(vectors[from]))
		case "atom":
			w.Header().Set("Content-Type", "application/atom+xml")
			io.WriteString(w, hostileAtom(some))
		default:
			w.Header().Set("Content-Type", "application/feed+json")
			w.Write(hostileJSON(some))
		}
	})
	return mux
}

// raw escapes what would end an element or an attribute, and nothing else: the
// document is well-formed only where the vector's characters are legal.
var raw = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;")

func hostileRSS(v vector) string {
	x := raw.Replace(v.HTML)
	return strings.ReplaceAll(`<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
<title>V</title><link>V</link><description>V</description><language>V</language><copyright>V</copyright><generator>V</generator><category>V</category>
<image><url>V</url><title>V</title><link>V</link></image><atom:link rel="self" href="V"/><atom:link rel="hub" href="V"/>
<item><title>V</title><link>V</link><guid>V</guid><description>V</description><content:encoded>V</content:encoded><author>V</author><dc:creator>V</dc:creator>
<category domain="V">V</category><enclosure url="V" type="V" length="V"/><comments>V</comments><wfw:commentRss>V</wfw:commentRss><source url="V">V</source>
<media:content url="V" type="V" medium="V"><media:title>V</media:title></media:content><media:thumbnail url="V" width="V" height="V"/><pubDate>V</pubDate></item>
<item><title>Title of ID: V</title><link>https://h.example/ID?q=V</link><guid isPermaLink="true">https://h.example/guid/ID?V</guid><description>before V after</description>
<author>a@h.example (V)</author><enclosure url="https://h.example/ID.mp3?V" type="audio/mpeg" length="1"/><source url="https://o.example/feed?V">V</source></item>
</channel></rss>`, "V", x)
}

func hostileAtom(some []vector) string {
	var b strings.Builder
	feed := raw.Replace(some[0].HTML)
	b.WriteString(strings.ReplaceAll(`<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="V"><title type="html">V</title><subtitle>V</subtitle><id>V</id><link href="V"/>
<link rel="self" href="V"/><rights>V</rights><generator uri="V" version="V">V</generator><icon>V</icon><logo>V</logo><author><name>V</name><email>V</email><uri>V</uri></author>`, "V", feed))
	for _, v := range some {
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(`<entry><title type="html">V</title><id>tag:h.example,2026:V-N</id><link href="V"/><link rel="related" href="V" title="V"/>
<link rel="enclosure" href="V" type="V" title="V"/><link rel="license" href="V"/><link rel="replies" href="V" type="V"/><summary type="html">V</summary>
<content type="html" xml:base="V">V</content><author><name>V</name><email>V</email><uri>V</uri></author><contributor><name>V</name></contributor>
<category term="V" scheme="V" label="V"/><rights type="html">V</rights><updated>V</updated>
<source><id>V</id><title type="html">V</title><link rel="self" href="https://o.example/?V"/><link href="V"/><rights>V</rights></source></entry>
<entry><title>V</title><id>V</id><link href="https://h.example/a/N?V"/><summary>V</summary><updated>2026-11-01T00:00:00Z</updated></entry>`,
			"N", v.ID), "V", raw.Replace(v.HTML)))
	}
	b.WriteString("</feed>")
	return b.String()
}

func hostileJSON(some []vector) []byte {
	type object = map[string]any
	first := some[0].HTML
	var items []object
	for _, v := range some {
		x := v.HTML
		items = append(items, object{
			"id": v.ID + x, "url": x, "external_url": x, "title": x, "content_html": x, "content_text": x, "summary": x, "image": x, "banner_image": x,
			"date_published": x, "authors": []object{{"name": x, "url": x, "avatar": x}}, "tags": []string{x}, "language": x,
			"attachments": []object{{"url": x, "mime_type": x, "title": x}, {"url": "https://h.example/a?" + x, "mime_type": "audio/mpeg", "title": x}},
		})
	}
	doc, err := json.Marshal(object{
		"version": "https://jsonfeed.org/version/1.1", "title": first, "description": first, "home_page_url": first, "feed_url": first, "icon": first,
		"favicon": first, "language": first, "authors": []object{{"name": first, "url": first}}, "hubs": []object{{"type": first, "url": first}}, "items": items,
	})
	if err != nil {
		panic(err) // of strings alone: it cannot be
	}
	return doc
}

// hostileArticles writes an article for each vector, with the vector in every
// field; some are corrected, some withdrawn.
func hostileArticles(t *testing.T, dir string, vectors []vector) {
	t.Helper()
	folder := filepath.Join(dir, "articles")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, v := range vectors {
		quoted, err := json.Marshal(v.HTML) // which YAML reads too
		if err != nil {
			t.Fatal(err)
		}
		x := string(quoted)
		front := fmt.Sprintf("title: %s\nsummary: %s\ndate: 2026-10-01T00:%02d:%02dZ\nauthors: [%s]\ntags: [%s]\nimage: %s\nimage_alt: %s\ncorrection: %s\n",
			x, x, i/60, i%60, x, x, x, x, x)
		if i%8 == 0 {
			front += "retracted: " + x + "\n"
		}
		if i%8 == 1 {
			front += "id: " + x + "\n"
		}
		text := "---\n" + front + "---\nBefore.\n\n" + v.HTML + "\n\nAfter.\n"
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("hostile-%s.md", strings.ToLower(v.ID))), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// hostileFeed holds a document against the rules, and its HTML and links
// against what may run.
func hostileFeed(t *testing.T, d *publish.Document) {
	t.Helper()
	lines := strings.Split(string(d.Body), "\n")
	c := feedcheck.Checker{MediaType: d.MediaType, SelfURL: "http://news.example.com" + d.Path, Now: time.Now()}
	for _, f := range c.Check(d.Body) {
		tombstone := f.Rule == "UnknownNamespace" && d.Path == "/feeds/house.atom"
		_, ok := accepted[f.Rule]
		if f.Level == feedcheck.Error || f.Level == feedcheck.Warning && !ok && !tombstone {
			t.Errorf("%s: %s\n\t%.200s", d.Path, f, lines[f.Line-1])
		}
	}
	if strings.HasPrefix(d.MediaType, "application/feed+json") {
		hostileItems(t, d)
		return
	}
	hostileXML(t, d)
}

// linkNames are those of members and elements whose text is a link, and attributes
// that are one.
var linkNames = []string{"link", "comments", "url", "uri", "icon", "logo", "docs", "commentRss", "href", "domain", "scheme",
	"home_page_url", "feed_url", "external_url", "image", "banner_image", "favicon", "avatar", "next_url"}

func hostileXML(t *testing.T, d *publish.Document) {
	t.Helper()
	var path []xml.StartElement
	var text strings.Builder
	decoder := xml.NewDecoder(bytes.NewReader(d.Body))
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", d.Path, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, token.Copy())
			text.Reset()
			for _, a := range token.Attr {
				if slices.Contains(linkNames, a.Name.Local) && a.Name.Space != "xmlns" {
					harmless(t, d.Path, token.Name.Local+"/"+a.Name.Local, a.Value)
				}
			}
		case xml.CharData:
			text.Write(token)
		case xml.EndElement:
			hostileElement(t, d.Path, path[len(path)-1], text.String())
			path = path[:len(path)-1]
			text.Reset()
		}
	}
}

func hostileElement(t *testing.T, where string, e xml.StartElement, text string) {
	t.Helper()
	kind := ""
	for _, a := range e.Attr {
		if a.Name.Local == "type" {
			kind = a.Value
		}
	}
	switch name := e.Name.Local; {
	case name == "description" && e.Name.Space == "", name == "encoded", kind == "html":
		inert(t, where+" "+name, text)
	case slices.Contains(linkNames, name) && strings.TrimSpace(text) != "":
		harmless(t, where, name, text)
	default:
		plainLine(t, where+" "+name, text)
	}
}

func hostileItems(t *testing.T, d *publish.Document) {
	t.Helper()
	var doc any
	if err := json.Unmarshal(d.Body, &doc); err != nil {
		t.Fatalf("%s: %v", d.Path, err)
	}
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, member := range v {
				walk(k, member)
			}
		case []any:
			for _, member := range v {
				walk(name, member)
			}
		case string:
			switch {
			case name == "content_html":
				inert(t, d.Path+" "+name, v)
			case slices.Contains(linkNames, name):
				harmless(t, d.Path, name, v)
			case name != "content_text" && name != "summary":
				plainLine(t, d.Path+" "+name, v)
			}
		}
	}
	walk("", doc)
}

// harmless reports links that are no web linkNames.
func harmless(t *testing.T, where, name, link string) {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		t.Errorf("%s: %s is %.100q", where, name, link)
	}
}

// plainLine reports characters that make a line of text more than that.
func plainLine(t *testing.T, where, text string) {
	t.Helper()
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' || r == '\u202e' || r == '\u2028' || r == '\u2029' || r == '\u2066' {
			t.Errorf("%s: %q in %.100q", where, r, text)
			return
		}
	}
}

// hostilePages asks for every page of the site and the desk.
func hostilePages(t *testing.T, desk *newsdesk, vectors []vector) (n int) {
	t.Helper()
	site, err := desk.siteHandler()
	if err != nil {
		t.Fatal(err)
	}
	private, err := desk.deskHandler()
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{"/", "/feeds", "/articles", "/bot"}
	for _, ch := range desk.publisher.Shelf().Channels() {
		paths = append(paths, "/feeds/"+ch.Name)
	}
	for _, v := range vectors {
		paths = append(paths, "/articles/hostile-"+strings.ToLower(v.ID))
	}
	for _, v := range vectors {
		paths = append(paths, "/nothing/"+url.PathEscape(v.HTML), "/articles/"+url.PathEscape(v.HTML), "/?q="+url.QueryEscape(v.HTML))
	}
	for _, path := range paths {
		n += hostilePage(t, site, path, nil)
	}
	n += hostilePage(t, private, "/", nil)
	n += hostilePage(t, private, "/entries", nil)
	n += hostilePage(t, private, "/holds", nil)
	for _, v := range vectors {
		n += hostilePage(t, private, "/entries?q="+url.QueryEscape(v.HTML), nil)
	}
	return n
}

func hostilePage(t *testing.T, h http.Handler, path string, header http.Header) int {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://localhost/", nil)
	u, err := url.Parse(path)
	if err != nil || len(path) > 8<<10 {
		return 0
	}
	r.URL, r.RequestURI, r.RemoteAddr = u, path, "127.0.0.1:1"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code >= 500 {
		t.Errorf("%.100s: %d", path, w.Code)
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("%.100s: its policy is %q", path, csp)
	}
	if to := w.Header().Get("Location"); to != "" {
		if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`) {
			t.Errorf("%.100s: it leads to %.100s", path, to)
		}
		return 1
	}
	if kind := w.Header().Get("Content-Type"); strings.HasPrefix(kind, "text/html") {
		inertPage(t, fmt.Sprintf("%.100s", path), w.Body.String())
	} else if w.Body.Len() > 0 && w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%.100s: %s without nosniff", path, kind)
	}
	return 1
}

// hostileLists looks at the lists that are no pages.
func hostileLists(t *testing.T, desk *newsdesk) {
	t.Helper()
	site, err := desk.siteHandler()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/feeds.opml", "/sources.opml", "/sitemap.xml"} {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		d := xml.NewDecoder(w.Body)
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if e, ok := token.(xml.StartElement); ok {
				for _, a := range e.Attr {
					if strings.HasSuffix(a.Name.Local, "Url") {
						harmless(t, path, a.Name.Local, a.Value)
					}
					plainLine(t, path, a.Value)
				}
			}
		}
	}
	var out bytes.Buffer
	list, err := healthOf(context.Background(), desk.store, desk.now.Load(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := newTerminal(&out, io.Discard).printJSON(list); err != nil {
		t.Fatal(err)
	}
	plainLine(t, "sources --json", out.String())
	if err := json.Unmarshal(out.Bytes(), &[]any{}); err != nil {
		t.Errorf("sources --json: %v", err)
	}
	out.Reset()
	printHealth(newTerminal(&out, io.Discard), list, time.Now())
	plainLine(t, "sources", out.String())
}

// hostileLog holds that each record is one line that begins as records do.
func hostileLog(t *testing.T, log string) {
	t.Helper()
	for line := range strings.Lines(log) {
		if !strings.HasPrefix(line, "time=") {
			t.Errorf("the log has a line of somebody else: %.200q", line)
		}
		plainLine(t, "log", line)
	}
}
