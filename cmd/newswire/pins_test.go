package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A pinned entry leads its channel, though it is older than all that the
// line-up would hold, and though a rule would drop it.
func TestPinned(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var b strings.Builder
		b.WriteString(`<rss version="2.0"><channel><title>One</title><link>http://one.example/</link><description>d</description>`)
		for i := range 9 {
			fmt.Fprintf(&b, `<item><guid>http://one.example/%d</guid><title>Event %d</title><pubDate>Mon, 02 Nov 2026 1%d:00:00 GMT</pubDate></item>`, i, i, i)
		}
		io.WriteString(w, b.String()+`</channel></rss>`)
	}))
	defer origin.Close()
	desk := openNewsdesk(t, t.TempDir(), fmt.Sprintf(`
site: {url: "http://news.example.com"}
server: {settle: 0s}
articles: ""
fetch: {min_interval: 0s, host_interval: 0s, allow_networks: [127.0.0.0/8]}
rules: {drop: 'title contains "Event 0"'}
sources: [{name: One, url: %q}]
channels: [{name: all, entries: 3}]
overrides: {pin: ["http://one.example/0"]}
`, origin.URL))
	desk.pollAll(t)
	entries, _ := desk.publisher.Shelf().LineUp("all")
	var titles []string
	for _, e := range entries {
		titles = append(titles, e.Title)
	}
	if got := strings.Join(titles, ", "); got != "Event 0, Event 8, Event 7" {
		t.Errorf("the line-up is %s", got)
	}
}

// What `why` says of a line-up is what is published: it looks at as many of a
// channel's members as a rendering does.
func TestWhyLooksAsFar(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var b strings.Builder
		b.WriteString(`<rss version="2.0"><channel><title>One</title><link>http://one.example/</link><description>d</description>`)
		for i := range 220 {
			fmt.Fprintf(&b, `<item><guid>http://one.example/%d</guid><title>Event %d</title><pubDate>Mon, 02 Nov 2026 %02d:%02d:00 GMT</pubDate></item>`, i, i, i/60, i%60)
		}
		io.WriteString(w, b.String()+`</channel></rss>`)
	}))
	defer origin.Close()
	dir := t.TempDir()
	writeArticle(t, dir) // a day older than all of these
	desk := openNewsdesk(t, dir, fmt.Sprintf(`
site: {url: "http://news.example.com"}
server: {settle: 0s}
fetch: {min_interval: 0s, host_interval: 0s, allow_networks: [127.0.0.0/8]}
guard: {first_import: 1000}
sources: [{name: One, url: %q}]
channels: [{name: all, entries: 3, house_first: true}]
`, origin.URL))
	desk.pollAll(t)
	shown := map[string]bool{}
	entries, _ := desk.publisher.Shelf().LineUp("all")
	for _, e := range entries {
		shown[e.ID] = true
	}
	own, err := desk.door.Find(t.Context(), desk.store, "http://news.example.com/articles/own")
	if err != nil || len(own) != 1 {
		t.Fatal(own, err)
	}
	answer, err := desk.why(t.Context(), own[0])
	if err != nil {
		t.Fatal(err)
	}
	if said := answer.LeftOut["all"] == ""; said != shown[own[0].ID] {
		t.Errorf("it stands in the line-up: %v; why says: %v %v", shown[own[0].ID], said, answer.LeftOut)
	}
}
