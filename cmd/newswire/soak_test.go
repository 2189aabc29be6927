package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
	"newswire/internal/publish"
	"newswire/internal/store"
)

// TestSoak lets everything that touches the store go on at once, for as long as
// NEWSWIRE_SOAK says: polls, purges, backups, readers, the desk, reloads that
// decide stored entries again, and other commands on the same file. Nothing may
// fail, and nothing may be told of a locked database. (.ci/soak runs it.)
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("NEWSWIRE_SOAK"))
	if err != nil {
		t.Skip("SKIPPED: a long run; .ci/soak does it")
	}
	s := newSoak(t)
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	var group sync.WaitGroup
	for name, work := range map[string]func(context.Context) error{
		"refresh": s.command("refresh"), "purge": s.purge, "backup": s.backup, "reload": s.reload, "why": s.command("why", "https://soak.example/0/1"),
		"release": s.command("release"), "readers": s.read, "desk": s.lookAtDesk, "sources": s.command("sources", "--json"),
	} {
		group.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := work(ctx); err != nil && ctx.Err() == nil {
					t.Errorf("%s, for the %dth time: %v", name, n+1, err)
				}
				s.done(name)
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
	group.Wait()
	s.end()
}

const soakSources, soakWindow = 12, 20

// A soak is a daemon under load, with what it said.
type soak struct {
	t          *testing.T
	dir        string
	file       string // of the configuration
	site, desk string
	store      *store.Store // another handle on the daemon's database
	stop       context.CancelFunc
	stopped    chan error
	said       complaints
	offered    [soakSources]atomic.Int64

	mu    sync.Mutex
	times map[string]int
}

// complaints are the log's errors, and whatever it says of locks.
type complaints struct {
	mu   sync.Mutex
	list []string
}

func (c *complaints) Write(line []byte) (int, error) {
	text := string(line)
	if strings.Contains(text, "level=ERROR") || strings.Contains(text, "locked") || strings.Contains(text, "BUSY") {
		c.mu.Lock()
		c.list = append(c.list, text)
		c.mu.Unlock()
	}
	return len(line), nil
}

func newSoak(t *testing.T) *soak {
	s := &soak{t: t, dir: t.TempDir(), times: map[string]int{}, stopped: make(chan error, 1)}
	origin := httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(origin.Close)
	s.file = filepath.Join(s.dir, "config.yaml")
	s.configure(origin.URL, 0)
	settings, err := loadSettings(s.file)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s.stop = stop
	ready := make(chan struct{})
	go func() {
		s.stopped <- serve(ctx, settings, addresses{"127.0.0.1:0", "127.0.0.1:0"}, slog.New(slog.NewTextHandler(&s.said, nil)), func(site, desk string) {
			s.site, s.desk = "http://"+site, "http://"+desk
			close(ready)
		})
	}()
	select {
	case <-ready:
	case err := <-s.stopped:
		t.Fatal(err)
	}
	if s.store, err = store.Open(t.Context(), filepath.Join(s.dir, "newswire.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.store.Close() })
	return s
}

// answer offers one more entry with each request, and one whose text changes.
func (s *soak) answer(w http.ResponseWriter, r *http.Request) {
	var source int
	if _, err := fmt.Sscanf(r.URL.Path, "/%d.xml", &source); err != nil {
		http.NotFound(w, r)
		return
	}
	n := int(s.offered[source].Add(1))
	feed := &feeds.Feed{Title: fmt.Sprintf("Source %d", source), Link: fmt.Sprintf("https://soak%d.example/", source), ID: "urn:soak"}
	for i := n; i > max(n-soakWindow, 0); i-- {
		link := fmt.Sprintf("https://soak.example/%d/%d", source, i)
		if i%5 == 0 { // several sources carry these
			link = fmt.Sprintf("https://soak0.example/%d", i)
		}
		feed.Entries = append(feed.Entries, feeds.Entry{GUID: fmt.Sprintf("urn:soak:%d:%d", source, i), Title: fmt.Sprintf("Entry %d of %d", i, source), Link: link,
			Content: feeds.HTML(fmt.Sprintf("<p>Text of %d.</p>%s", i, strings.Repeat("<p>More of it.</p>", 50)))})
	}
	var b bytes.Buffer
	if err := feeds.Write(&b, feed, feeds.RSS); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(b.Bytes())
}

// configure writes the configuration in one of its forms: each another rule,
// so that what is stored is decided again.
func (s *soak) configure(origin string, n int) {
	var b strings.Builder
	fmt.Fprintf(&b, `site: {title: Soak, url: "http://news.example.com"}
server: {settle: 100ms}
articles: ""
fetch: {min_interval: 0s, host_interval: 0s, allow_networks: [127.0.0.0/8]}
guard: {first_import: 1000, burst: 1000}
retention: {contents: 30d}
rules: {drop: 'title == "Entry %d of 0"'}
channels: [{name: all, entries: 50}, {name: some, where: '"even" in tags', title: "Form %d"}]
sources:
`, n%7, n)
	for i := range soakSources {
		fmt.Fprintf(&b, "  - {name: Source %d, url: %q, schedule: '@every 1s', tags: [%s]}\n", i, fmt.Sprintf("%s/%d.xml", origin, i), []string{"even", "odd"}[i%2])
	}
	part := s.file + "~"
	if err := os.WriteFile(part, []byte(b.String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(part, s.file); err != nil {
		s.t.Fatal(err)
	}
}

func (s *soak) done(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times[name]++
	return s.times[name]
}

// command runs one of the program's commands on the same files.
func (s *soak) command(args ...string) func(context.Context) error {
	return func(context.Context) error {
		var out, errs bytes.Buffer
		code := run(append([]string{"--config", s.file}, args...), &out, &errs)
		if text := errs.String(); code != exitDone && !strings.Contains(text, "no source has ever brought") {
			return fmt.Errorf("exit %d: %s", code, text)
		}
		return nil
	}
}

// purge cuts whatever no source lists any more and no channel shows.
func (s *soak) purge(ctx context.Context) error {
	_, err := s.store.Purge(ctx, store.Retention{Before: time.Now().Add(time.Hour), Newest: 60, Many: true, Excerpt: publish.Excerpt})
	return err
}

func (s *soak) backup(ctx context.Context) error {
	file := filepath.Join(s.dir, "copy.db")
	defer os.Remove(file)
	return s.store.Backup(ctx, file)
}

func (s *soak) reload(context.Context) error {
	data, err := os.ReadFile(s.file)
	if err != nil {
		return err
	}
	s.configure(originIn(string(data)), s.done("forms"))
	time.Sleep(time.Second)
	return nil
}

// originIn finds the origin's address in the configuration.
func originIn(config string) string {
	_, rest, _ := strings.Cut(config, `name: Source 0, url: "`)
	address, _, _ := strings.Cut(rest, "/0.xml")
	return address
}

func (s *soak) read(ctx context.Context) error {
	for _, path := range []string{"/", "/feeds/all.rss", "/feeds/all.atom", "/feeds/some.json", "/feeds", "/feeds.opml", "/bot"} {
		if err := s.get(ctx, s.site+path); err != nil {
			return err
		}
	}
	return nil
}

func (s *soak) lookAtDesk(ctx context.Context) error {
	for _, path := range []string{"/", "/entries", "/entries?q=Entry", "/holds", "/reload", "/metrics", "/readyz"} {
		if err := s.get(ctx, s.desk+path); err != nil {
			return err
		}
	}
	return nil
}

func (s *soak) get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.200s", url, resp.Status, body)
	}
	return err
}

// end stops the daemon and looks at what it leaves.
func (s *soak) end() {
	checks, err := s.store.Checks(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	polls := int64(0)
	for _, c := range checks {
		polls += c.Polls
		if c.Failures > 0 || !c.Class.Good() && c.Class != newsroom.ClassNone {
			s.t.Errorf("source %s: %s, %s", c.Source, c.Class, c.Problem)
		}
	}
	s.stop()
	if err := <-s.stopped; err != nil {
		s.t.Error("serve:", err)
	}
	for i, text := range s.said.list {
		if i < 10 {
			s.t.Errorf("the log says: %s", text)
		}
	}
	lost, twice, stored := s.count()
	if lost+twice > 0 {
		s.t.Errorf("%d entries are lost, %d are stored twice", lost, twice)
	}
	s.t.Logf("%d polls, %d entries; times: %v; errors in the log: %d", polls, stored, s.times, len(s.said.list))
	if polls < soakSources || stored < soakSources {
		s.t.Error("hardly anything was polled: the test does not test")
	}
}

// count compares what is stored with what was offered. The last answer of each
// source may have found nobody: it was still on its way.
func (s *soak) count() (lost, twice, stored int) {
	s.store.Close()
	db, err := sql.Open("sqlite", filepath.Join(s.dir, "newswire.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	var report string
	if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&report); err != nil || report != "ok" {
		s.t.Errorf("%s, %v", report, err)
	}
	times := map[string]int{}
	rows, err := db.Query(`SELECT coalesce(guid, id) FROM entries`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var guid string
		if err := rows.Scan(&guid); err != nil {
			s.t.Fatal(err)
		}
		times[guid]++
		stored++
	}
	for source := range soakSources {
		for i := 1; i < int(s.offered[source].Load()); i++ {
			switch n := times[fmt.Sprintf("urn:soak:%d:%d", source, i)]; {
			case n == 0:
				lost++
			case n > 1:
				twice++
			}
		}
	}
	return lost, twice, stored
}
