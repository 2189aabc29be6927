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
