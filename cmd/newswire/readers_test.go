package main

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A reader is a feed reader of somebody else that is told to look at feeds.
type reader struct {
	name string
	poll func(t *testing.T, dir string, urls []string)
	// entries returns what it lists of a feed: an id and a title each, in no order.
	entries func(t *testing.T, dir, url string) []listed
	// asks reports whether the reader sends the validators it was given.
	asks bool
	// keeps reports whether it lists an entry anew when its title changes.
	keeps bool
}

type listed struct{ id, title string }

var readers = []reader{
	{name: "newsboat", poll: pollNewsboat, entries: newsboatEntries},
	{name: "sfeed", poll: pollSfeed, entries: sfeedEntries, asks: true, keeps: true},
	{name: "r2e", poll: pollRSS2Email, entries: rss2emailEntries, asks: true},
}

// An asked is one request of a reader and its answer.
type asked struct {
	path      string
	validated bool // it sent the ETag in force
	status    int
}

// A counter writes down what is asked of a handler.
type counter struct {
	handler http.Handler
	mu      sync.Mutex
	list    []asked
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	recorder := httptest.NewRecorder()
	c.handler.ServeHTTP(recorder, r)
	sent := r.Header.Get("If-None-Match")
	c.mu.Lock()
	c.list = append(c.list, asked{r.URL.Path, sent != "" && sent == recorder.Header().Get("ETag"), recorder.Code})
	c.mu.Unlock()
	for name, values := range recorder.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(recorder.Code)
	io.Copy(w, recorder.Body)
}

// take returns what was asked since it was last called.
func (c *counter) take() []asked {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.list
	c.list = nil
	return list
}

// TestReaders has real feed readers follow a channel over a correction, a
// retraction and fifty new entries: each entry comes once and nothing twice,
// and who asks whether something has changed is told "no" in 304. Readers that
// are not installed are left out; .ci/readers demands them all.
func TestReaders(t *testing.T) {
	t.Parallel()
	if underRace {
		t.Skip("tried without the race detector: it would watch the readers' patience")
	}
	for _, r := range readers {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel() // most of it is waiting for the next second
			if _, err := exec.LookPath(r.name); err != nil {
				if os.Getenv("NEWSWIRE_READERS") != "" {
					t.Fatal(err)
				}
				t.Skipf("%v: .ci/readers installs it", err)
			}
			follow(t, r)
		})
	}
}

func follow(t *testing.T, r reader) {
	fresh := 0
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, readersFeed(12+fresh))
	}))
	defer origin.Close()
	site := httptest.NewUnstartedServer(nil)
	defer site.Close()
	desk := openNewsdesk(t, t.TempDir(), fmt.Sprintf(`site: {title: The Test, url: "http://%s"}
server: {settle: 0s}
fetch: {min_interval: 0s, host_interval: 0s, allow_networks: [127.0.0.0/8]}
guard: {first_import: 20, burst: 100}
sources:
  - {name: Lab, url: %q, publish: full}
channels:
  - {name: all, entries: 200}
`, site.Listener.Addr(), origin.URL))
	pages, err := desk.siteHandler()
	if err != nil {
		t.Fatal(err)
	}
	count := &counter{handler: pages}
	site.Config.Handler = count
	site.Start()
	urls := []string{site.URL + "/feeds/all.rss", site.URL + "/feeds/all.atom"}
	dir := t.TempDir()

	news := func() { desk.editOf(t, "2026-11-01", ""); desk.pollAll(t) }
	for _, stage := range []struct {
		what    string
		happens func()
		entries int
	}{
		{"first", news, 13},
		{"correction", func() { desk.editOf(t, "2026-11-01", "correction: Not so.\n") }, 13},
		{"retraction", func() { desk.editOf(t, "2026-11-01", "retracted: Wrong.\n") }, 13},
		{"fifty new entries", func() { fresh = 50; desk.pollAll(t) }, 63},
	} {
		time.Sleep(1100 * time.Millisecond) // HTTP dates have seconds
		stage.happens()
		for _, again := range []bool{false, true} {
			r.poll(t, dir, urls)
			requests := count.take()
			if len(requests) == 0 {
				t.Fatalf("%s: it asked nothing", stage.what)
			}
			for _, q := range requests {
				if q.validated != (q.status == http.StatusNotModified) || q.status != http.StatusOK && q.status != http.StatusNotModified {
					t.Errorf("%s: %s answered with %d, asked with the current ETag: %v", stage.what, q.path, q.status, q.validated)
				}
				if again && r.asks && q.status != http.StatusNotModified {
					t.Errorf("%s: %s, asked again, answered with %d", stage.what, q.path, q.status)
				}
			}
			for _, url := range urls {
				onceEach(t, stage.what+" "+url[len(url)-4:], r, r.entries(t, dir, url), stage.entries, stage.what != "first" && stage.what != "correction")
			}
		}
	}
}

// onceEach holds that a reader lists so many entries, none of them twice. A
// reader that goes by titles lists the notice of a withdrawal as well.
func onceEach(t *testing.T, what string, r reader, entries []listed, want int, withdrawn bool) {
	t.Helper()
	byID := map[string][]string{}
	for _, e := range entries {
		byID[e.id] = append(byID[e.id], e.title)
	}
	if len(byID) != want {
		t.Errorf("%s: %d different entries, not %d", what, len(byID), want)
	}
	for id, titles := range byID {
		slices.Sort(titles)
		if r.keeps && withdrawn && slices.Equal(titles, []string{"A claim", "Withdrawn: A claim"}) {
			continue
		}
		if len(titles) != 1 {
			t.Errorf("%s: %s is listed as %q", what, id, titles)
		}
	}
}

func readersFeed(n int) string {
	var b strings.Builder
	b.WriteString(`<rss version="2.0"><channel><title>Lab</title><link>http://lab.example/</link><description>d</description>`)
	for i := n; i > 0; i-- {
		fmt.Fprintf(&b, `<item><guid>http://lab.example/%[1]d</guid><link>http://lab.example/%[1]d</link><title>News %[1]d</title><description>Text of %[1]d</description><pubDate>%s</pubDate></item>`,
			i, time.Date(2026, 10, 1, i, 0, 0, 0, time.UTC).Format(time.RFC1123Z))
	}
	b.WriteString(`</channel></rss>`)
	return b.String()
}

// runReader runs a program of the reader in a home of its own.
func runReader(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir+"/config", "XDG_DATA_HOME="+dir+"/data", "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

func writeOnce(t *testing.T, file, text string) {
	t.Helper()
	if _, err := os.Stat(file); err == nil {
		return
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func pollNewsboat(t *testing.T, dir string, urls []string) {
	for _, url := range urls { // it lists an entry under one feed only, so each has a newsboat of its own
		name := shortName(url)
		writeOnce(t, filepath.Join(dir, name), url+"\n")
		runReader(t, dir, "newsboat", "-u", name, "-c", name+".db", "-C", "/dev/null", "-x", "reload")
	}
}

func newsboatEntries(t *testing.T, dir, url string) (list []listed) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, shortName(url)+".db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT guid, title FROM rss_item WHERE feedurl = ?", url)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var e listed
		if err := rows.Scan(&e.id, &e.title); err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// pollSfeed has sfeed keep ETags, in the way that its manual shows.
func pollSfeed(t *testing.T, dir string, urls []string) {
	var b strings.Builder
	fmt.Fprintf(&b, "sfeedpath=%q\nfetch() {\n\ttag=%q/\"$(echo \"$2\" | tr -c a-z0-9 _)\"\n", dir+"/sfeed", dir)
	b.WriteString("\tcurl -sfL --etag-save \"$tag\" --etag-compare \"$tag\" \"$2\"\n}\nfeeds() {\n")
	for _, url := range urls {
		fmt.Fprintf(&b, "\tfeed %q %q\n", shortName(url), url)
	}
	b.WriteString("}\n")
	writeOnce(t, filepath.Join(dir, "sfeedrc"), b.String())
	runReader(t, dir, "sfeed_update", filepath.Join(dir, "sfeedrc"))
}

func shortName(url string) string { return "all" + filepath.Ext(url) }

func sfeedEntries(t *testing.T, dir, url string) (list []listed) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "sfeed", shortName(url)))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Split(line, "\t")
		list = append(list, listed{f[5], f[1]})
	}
	return list
}

// pollRSS2Email delivers to folders on disk: nothing is sent.
func pollRSS2Email(t *testing.T, dir string, urls []string) {
	var b strings.Builder
	fmt.Fprintf(&b, "[DEFAULT]\nfrom = news@local.example\nto = reader@local.example\nemail-protocol = maildir\nmaildir-path = %s\nmaildir-mailbox = box\n", dir+"/mail")
	for _, url := range urls {
		fmt.Fprintf(&b, "[feed.%s]\nurl = %s\nmaildir-mailbox = %s\n", strings.ReplaceAll(shortName(url), ".", "-"), url, strings.ReplaceAll(shortName(url), ".", "-"))
	}
	writeOnce(t, filepath.Join(dir, "r2e.cfg"), b.String())
	for _, sub := range []string{"cur", "new", "tmp"} {
		for _, url := range urls {
			if err := os.MkdirAll(filepath.Join(dir, "mail", strings.ReplaceAll(shortName(url), ".", "-"), sub), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	runReader(t, dir, "r2e", "-c", "r2e.cfg", "-d", "r2e.json", "run")
}

func rss2emailEntries(t *testing.T, dir, url string) (list []listed) {
	t.Helper()
	mails, err := filepath.Glob(filepath.Join(dir, "mail", strings.ReplaceAll(shortName(url), ".", "-"), "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range mails {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var e listed
		for line := range strings.Lines(string(text)) {
			if id, ok := strings.CutPrefix(line, "X-RSS-ID: "); ok {
				e.id = strings.TrimSpace(id)
			}
			if title, ok := strings.CutPrefix(line, "Subject: "); ok {
				e.title = strings.TrimSpace(title)
			}
		}
		list = append(list, e)
	}
	return list
}
