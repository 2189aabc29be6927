package main

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"newswire/internal/publish"
)

// aSmallOrigin serves feeds of a few entries with much in them; the feed
// /changing gets one more with each step.
func aSmallOrigin(steps *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := 4
		if r.URL.Path == "/changing" {
			n += int(steps.Load())
		}
		var b strings.Builder
		fmt.Fprintf(&b, `<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Feed %[1]s</title><link>http://o.example%[1]s</link><description>d</description>`, r.URL.Path)
		for i := range n {
			fmt.Fprintf(&b, `<item><guid>http://o.example%[1]s/%[2]d</guid><link>http://o.example%[1]s/%[2]d</link><title>Title %[2]d of %[1]s</title>
<description>&lt;p>Text %[2]d &amp;amp; more&lt;/p></description><dc:creator>Ann</dc:creator><dc:creator>Bob</dc:creator>
<category>one</category><category>two</category><category>three</category><pubDate>Mon, 02 Nov 2026 %02[2]d:00:00 +0100</pubDate></item>`, r.URL.Path, i)
		}
		b.WriteString(`</channel></rss>`)
		io.WriteString(w, b.String())
	})
}

func smallConfig(base string) string {
	var b strings.Builder
	b.WriteString(`site: {title: The Test, url: "http://news.example.com", timezone: Asia/Kathmandu}
server: {settle: 0s}
fetch: {min_interval: 0s, host_interval: 0s, workers: 4, allow_networks: [127.0.0.0/8]}
sources:
  - {name: Changing, url: "` + base + `/changing", tags: [changing]}
`)
	for i := range 6 {
		fmt.Fprintf(&b, "  - {name: Steady %d, url: %q, tags: [steady], publish: %s}\n", i, fmt.Sprintf("%s/steady%d", base, i), []string{"link", "excerpt", "full"}[i%3])
	}
	b.WriteString(`channels:
  - {name: all, max_per_day: 3}
  - {name: steady, where: '"steady" in tags'}
  - {name: changing, where: '"changing" in tags'}
  - {name: house, where: house}
`)
	return b.String()
}

// digest tells sets of documents apart, their dates and tags too.
func digest(documents map[string]string) string {
	h := fnv.New64a()
	fmt.Fprint(h, documents) // fmt writes maps in the order of their keys
	return fmt.Sprintf("%x", h.Sum(nil))
}

// TestDeterminism renders a hundred times from nothing: here with other numbers
// of processors, and in four processes more with other local zones. Bytes, tags
// and dates are always the same, of archives too. A new entry in one channel leaves the others
// alone, and a restart changes nothing.
func TestDeterminism(t *testing.T) {
	if dir := os.Getenv("NEWSWIRE_TEST_DIGEST"); dir != "" {
		printDigest(t, dir)
		return
	}
	var steps atomic.Int64
	origin := httptest.NewServer(aSmallOrigin(&steps))
	defer origin.Close()
	dir := t.TempDir()
	writeArticle(t, dir)
	desk := openNewsdesk(t, dir, smallConfig(origin.URL))
	desk.pollAll(t)
	want := desk.documents()
	times, processes := 60, [][]string{{"TZ=America/St_Johns", "GOMAXPROCS=1"}, {"TZ=Pacific/Apia", "GOMAXPROCS=3", "LANG=de_DE.UTF-8"},
		{"TZ=Asia/Kathmandu"}, {"TZ=UTC", "GOMAXPROCS=2"}}
	if underRace {
		times, processes = 8, processes[:1]
	}
	renderAgain(t, desk, times, want)

	for _, env := range processes {
		copied := t.TempDir()
		writeArticle(t, copied)
		if err := os.WriteFile(filepath.Join(copied, "config.yaml"), []byte(smallConfig(origin.URL)), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := desk.store.Backup(context.Background(), filepath.Join(copied, "newswire.db")); err != nil {
			t.Fatal(err)
		}
		if got := digestElsewhere(t, copied, env); got != digest(want) {
			t.Errorf("with %v another process publishes %s, not %s", env, got, digest(want))
		}
	}

	time.Sleep(1100 * time.Millisecond) // HTTP dates have seconds
	steps.Add(1)
	desk.pollAll(t)
	alone(t, "after a change elsewhere", want, desk.documents())
	changed := desk.documents()
	desk.restart(t)
	if diff := cmp.Diff(changed, desk.documents()); diff != "" {
		t.Errorf("a restart changed what is published:\n%.2000s", diff)
	}
}

// renderAgain makes new publishers over the same store, each with another
// number of processors, and renders with each from nothing.
func renderAgain(t *testing.T, desk *newsdesk, times int, want map[string]string) {
	t.Helper()
	processors := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(processors)
	for i := range times {
		runtime.GOMAXPROCS(1 + i%4)
		fresh := &newsdesk{wire: &wire{publisher: &publish.Publisher{
			Store: desk.publisher.Store, Config: desk.publisher.Config, LineUp: desk.publisher.LineUp,
		}}}
		if err := fresh.publisher.Render(context.Background()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, fresh.documents()); diff != "" {
			t.Fatalf("rendering %d differs:\n%.2000s", i, diff)
		}
	}
}

// alone holds that only what the changed source is in has changed.
func alone(t *testing.T, when string, before, after map[string]string) {
	t.Helper()
	for path, document := range before {
		moved := document != after[path]
		belongs := strings.HasPrefix(path, "/feeds/changing.") || strings.HasPrefix(path, "/feeds/all.")
		if moved != belongs {
			t.Errorf("%s, %s: it changed is %v", when, path, moved)
		}
	}
}

// digestElsewhere renders a folder's newsroom in a process of its own.
func digestElsewhere(t *testing.T, dir string, env []string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestDeterminism$", "-test.v")
	cmd.Env = append(append(os.Environ(), env...), "NEWSWIRE_TEST_DIGEST="+dir)
	out, err := cmd.CombinedOutput()
	_, after, ok := bytes.Cut(out, []byte("digest="))
	if err != nil || !ok {
		t.Fatalf("%v\n%s", err, out)
	}
	got, _, _ := bytes.Cut(after, []byte("\n"))
	return string(got)
}

func printDigest(t *testing.T, dir string) {
	config, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	desk := openNewsdesk(t, dir, string(config))
	desk.render(t)
	renderAgain(t, desk, 10, desk.documents())
	fmt.Printf("digest=%s\n", digest(desk.documents()))
}
