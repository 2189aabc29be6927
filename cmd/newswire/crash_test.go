package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"newswire/internal/newsroom"
	"newswire/internal/store"
)

// crashes is how often the daemon is killed; NEWSWIRE_CRASHES says another
// number, for a long run.
func crashes(t *testing.T) int {
	if s := os.Getenv("NEWSWIRE_CRASHES"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal("NEWSWIRE_CRASHES:", err)
		}
		return n
	}
	return 30
}

// A growing origin offers one more entry with each request, newest first, and
// the last twenty of them: what it ever offered is known.
type growing struct{ offered atomic.Int64 }

func (g *growing) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	n := int(g.offered.Add(1))
	var b strings.Builder
	b.WriteString(`<rss version="2.0"><channel><title>Growing</title><link>https://growing.example/</link><description>d</description>`)
	for i := n; i > max(n-20, 0); i-- {
		fmt.Fprintf(&b, `<item><guid isPermaLink="false">urn:growing:%d</guid><title>Entry number %d arrived</title><link>https://growing.example/%d</link><description>Text %d.</description></item>`, i, i, i, i)
	}
	b.WriteString(`</channel></rss>`)
	w.Header().Set("ETag", fmt.Sprintf(`"%d"`, n))
	fmt.Fprint(w, b.String())
}

// A running daemon is this test's own binary under the program's name.
func startDaemon(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "newswire")
	if _, err := os.Stat(link); err != nil {
		if err := os.Symlink(exe, link); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(link, "--config", filepath.Join(dir, "config.yaml"), "serve")
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func crashConfig(t *testing.T, dir, feed string) (site string) {
	t.Helper()
	site, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	desk, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`site: {title: T, url: "http://news.example.com"}
server: {listen: %q, desk: %q, settle: 0s}
articles: ""
fetch: {min_interval: 0s, host_interval: 0s, allow_networks: [127.0.0.0/8]}
guard: {first_import: 1000, burst: 1000}
sources: [{name: Growing, url: %q, schedule: "@every 1s"}]
channels: [{name: all, entries: 1000}]
`, site, desk, feed)
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	return site
}

// published returns the ids in a channel and how often each stands there.
func published(site string) (map[string]int, error) {
	resp, err := http.Get("http://" + site + "/feeds/all.json")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var doc struct{ Items []struct{ ID string } }
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %s", resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
		return nil, err
	}
	ids := map[string]int{}
	for _, item := range doc.Items {
		ids[item.ID]++
	}
	return ids, nil
}

// TestKill kills the daemon with SIGKILL at random moments. What readers saw
// before stays, nothing is shown twice, and a poll that was cut off is made
// good: at the end everything the origin ever offered is stored exactly once.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	origin := &growing{}
	server := httptest.NewServer(origin)
	defer server.Close()
	site := crashConfig(t, dir, server.URL)
	acknowledged := map[string]bool{}
	look := func() {
		ids, err := published(site)
		if err != nil {
			return // not up yet
		}
		for id, n := range ids {
			if n > 1 {
				t.Errorf("%s stands %d times in the channel", id, n)
			}
			acknowledged[id] = true
		}
	}
	for n := range crashes(t) {
		cmd := startDaemon(t, dir)
		if seen := len(acknowledged); n%2 == 0 {
			// The origin offers an entry twenty times: however slow the
			// machine, every second life lasts until something new is out.
			waitFor(t, 30*time.Second, func() bool { look(); return len(acknowledged) > seen })
		}
		for end := time.Now().Add(rand.N(600 * time.Millisecond)); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			look()
		}
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed: it cannot end well
	}

	last := startDaemon(t, dir)
	want := origin.offered.Load() + 2 // two more good polls: no lease of the dead is in their way
	waitFor(t, 30*time.Second, func() bool { return origin.offered.Load() >= want })
	time.Sleep(time.Second)
	look()
	terminate(t, last)

	stored := storedTitles(t, filepath.Join(dir, "newswire.db"))
	// The last answers may be on their way still; those before were all
	// offered twenty times.
	for i := int64(1); i <= want-2; i++ {
		title := fmt.Sprintf("Entry number %d arrived", i)
		if stored[title] != 1 {
			t.Errorf("%q is stored %d times", title, stored[title])
		}
	}
	ids, err := storedIDs(filepath.Join(dir, "newswire.db"))
	if err != nil {
		t.Fatal(err)
	}
	for id := range acknowledged {
		if !ids[id] {
			t.Errorf("%s was published once and is gone", id)
		}
	}
	if len(acknowledged) == 0 {
		t.Error("nothing was ever published: the test shows nothing")
	}
	t.Logf("%d kills, %d entries offered, %d seen by readers", crashes(t), want, len(acknowledged))
}

// TestTerminate holds that SIGTERM drains and ends with 0.
func TestTerminate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := httptest.NewServer(&growing{})
	defer server.Close()
	site := crashConfig(t, dir, server.URL)
	cmd := startDaemon(t, dir)
	waitFor(t, 20*time.Second, func() bool { ids, err := published(site); return err == nil && len(ids) > 0 })
	terminate(t, cmd)
}

func terminate(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("after SIGTERM: %v", err)
		}
	case <-time.After(25 * time.Second):
		t.Error("it has not ended 25 s after SIGTERM")
		_ = cmd.Process.Kill()
	}
}

func waitFor(t *testing.T, atMost time.Duration, done func() bool) {
	t.Helper()
	for end := time.Now().Add(atMost); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v in vain", atMost)
		}
	}
}

func storedEntries(file string, each func(newsroom.Entry)) error {
	db, err := store.Open(context.Background(), file)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Recent(context.Background(), time.Unix(0, 0), func(e newsroom.Entry) error { each(e); return nil })
}

func storedTitles(t *testing.T, file string) map[string]int {
	t.Helper()
	titles := map[string]int{}
	if err := storedEntries(file, func(e newsroom.Entry) { titles[e.Title]++ }); err != nil {
		t.Fatal(err)
	}
	return titles
}

func storedIDs(file string) (map[string]bool, error) {
	ids := map[string]bool{}
	return ids, storedEntries(file, func(e newsroom.Entry) { ids[e.ID] = true })
}
