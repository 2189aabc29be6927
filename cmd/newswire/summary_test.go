package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"newswire/internal/newsroom"
	"newswire/internal/web"
)

// What needs an editor is told by kind, and what does not is not.
func TestSummarize(t *testing.T) {
	now := time.Date(2026, 11, 24, 7, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	low := append([]int{0, 1, 1}, slices.Repeat([]int{20}, 60)...)
	var quiet []time.Time
	for i := range 10 {
		quiet = append(quiet, ago(time.Duration(9+i)*24*time.Hour))
	}
	for _, c := range []struct {
		name   string
		check  newsroom.Check
		held   int
		paused bool
		want   string // kinds
	}{
		{"well", newsroom.Check{Class: newsroom.ClassNotModified, LastOK: now}, 0, false, ""},
		{"never asked", newsroom.Check{}, 0, false, ""},
		{"failed once", newsroom.Check{Class: newsroom.ClassHTTP5xx, Failures: 1, LastOK: ago(time.Hour)}, 0, false, ""},
		{"fails", newsroom.Check{Class: newsroom.ClassHTTP5xx, Failures: 3, LastOK: ago(time.Hour)}, 0, false, "broken"},
		{"asked once a day, and fails", newsroom.Check{Class: newsroom.ClassDNS, Failures: 1, LastOK: ago(25 * time.Hour)}, 0, false, "broken"},
		{"paused", newsroom.Check{Class: newsroom.ClassHTTP5xx, Failures: 9}, 2, true, ""},
		{"throttled", newsroom.Check{Class: newsroom.ClassRateLimited, Failures: 1}, 0, false, "throttled"},
		{"a page", newsroom.Check{Class: newsroom.ClassNotFeed, Failures: 1}, 0, false, "page_instead_of_feed"},
		{"gone", newsroom.Check{Class: newsroom.ClassGone, Failures: 5, Dormant: true}, 0, false, "gone"},
		{"moved and held", newsroom.Check{Class: newsroom.ClassOK, Notes: []string{"moved: it has moved for good; set url: x", "gap: y"}}, 3, false, "moved held"},
		{"silent", newsroom.Check{Class: newsroom.ClassOK, Rhythm: quiet}, 0, false, "silent"},
		{"silent, but fails", newsroom.Check{Class: newsroom.ClassDNS, Failures: 4, Rhythm: quiet}, 0, false, "broken"},
		{"low", newsroom.Check{Class: newsroom.ClassOK, Daily: low, DailyTo: now.Truncate(24 * time.Hour)}, 0, false, "volume_drop"},
	} {
		src := newsroom.Source{Name: c.name, URL: "https://u:SECRET@a.example/feed?token=SECRET", Paused: c.paused}
		s := summarize("Site", []condition{newCondition(src, c.check, c.held, now)}, nil, "", now)
		var kinds []string
		for _, n := range s.Needs {
			kinds = append(kinds, n.Kind)
			if n.Source != c.name || n.Text == "" && c.check.Problem != "" {
				t.Errorf("%s: %+v", c.name, n)
			}
		}
		if got := strings.Join(kinds, " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if text, _ := json.Marshal(s); strings.Contains(string(text), "SECRET") {
			t.Errorf("%s: a secret in %s", c.name, text)
		}
	}
	refused := &web.Reload{At: now, Refused: []string{"config.yaml:3:1: x"}}
	s := summarize("Site", nil, refused, "Old texts were not purged.", now)
	if want := "the configuration was refused, the one before stays in force: config.yaml:3:1: x\nOld texts were not purged."; s.Text != want {
		t.Errorf("%q, want %q", s.Text, want)
	}
}

// A hook is a webhook that keeps what it is sent.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	got    []string
	keys   []string
}

func newHook(t *testing.T) *hook {
	h := &hook{status: http.StatusNoContent}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s with %v", r.Method, r.Header)
		}
		h.got, h.keys = append(h.got, string(body)), append(h.keys, r.Header.Get("Idempotency-Key"))
		w.WriteHeader(h.status)
		io.WriteString(w, "seen by hook-secret-1f")
	}))
	t.Cleanup(h.Close)
	return h
}

const summaryConfig = `
site: {title: The Test, url: "http://news.example.com", timezone: Asia/Tokyo}
server: {settle: 0s}
articles: ""
fetch: {min_interval: 0s, host_interval: 0s, allow_networks: [127.0.0.0/8]}
sources: [{name: Rebuilt, url: %q}]
summary: {at: "07:00", %s}
`

// openSummaries opens a newsroom with one source that gives a page.
func openSummaries(t *testing.T, log *bytes.Buffer, summary string) *newsdesk {
	t.Helper()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "<!DOCTYPE html><html><body>rebuilt</body></html>")
	}))
	t.Cleanup(page.Close)
	desk := openNewsdesk(t, t.TempDir(), fmt.Sprintf(summaryConfig, page.URL, summary))
	desk.log = slog.New(slog.NewTextHandler(log, nil))
	desk.pollAll(t)
	return desk
}

func (n *newsdesk) shows(t *testing.T) string {
	t.Helper()
	private, err := n.deskHandler()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "http://localhost/", nil)
	r.RemoteAddr = "127.0.0.1:1"
	rec := httptest.NewRecorder()
	private.ServeHTTP(rec, r)
	return rec.Body.String()
}

// One summary a day is told, at its time in site.timezone or, if nobody ran
// then, later that day; restarts tell none again. A webhook that fails is tried
// again, and the desk says so until it works. Nowhere does its address stand.
func TestSummaryOnceADay(t *testing.T) {
	h := newHook(t)
	var log bytes.Buffer
	desk := openSummaries(t, &log, fmt.Sprintf(`webhook: "%s/hook-secret-1f?x=hook-secret-1f", allow_networks: [127.0.0.0/8]`, h.URL))
	defer func() { desk.close() }()
	seven := time.Date(2026, 11, 24, 22, 0, 0, 0, time.UTC) // in Tokyo, of the 25th
	tell := func(at time.Duration, want int) {
		t.Helper()
		desk.tellSummary(context.Background(), seven.Add(at))
		if len(h.got) != want {
			t.Fatalf("after %v: told %d times, want %d", at, len(h.got), want)
		}
	}
	tell(-time.Minute, 0)
	h.status = http.StatusInternalServerError
	tell(0, 1)
	if shown := desk.shows(t); !strings.Contains(shown, "The summary of 2026-11-25 was not told: the webhook at 127.0.0.1: http_5xx, status 500. Tried 1 time, again at 07:01.") {
		t.Errorf("the desk does not say that it failed:\n%s", shown)
	}
	tell(30*time.Second, 1)
	tell(time.Minute, 2)
	tell(2*time.Minute, 2) // the second wait is twice as long
	desk.restart(t)
	desk.log = slog.New(slog.NewTextHandler(&log, nil))
	tell(3*time.Minute, 3)
	h.status = http.StatusOK
	tell(8*time.Minute, 4)
	if shown := desk.shows(t); strings.Contains(shown, "was not told") {
		t.Error("it was told, and the desk says that it was not")
	}
	for i := range 3 {
		tell(time.Duration(i+1)*time.Hour, 4)
		desk.restart(t)
	}
	tell(24*time.Hour-time.Second, 4)
	tell(30*time.Hour, 5) // nobody ran at seven
	tell(47*time.Hour, 5)
	var told summary
	if err := json.Unmarshal([]byte(h.got[4]), &told); err != nil || told.ID != "summary 2026-11-26" || told.Site != "The Test" || len(told.Needs) != 1 ||
		told.Needs[0].Kind != "page_instead_of_feed" || !strings.HasPrefix(told.Text, "Rebuilt: not_feed") || h.keys[4] != "2026-11-26 webhook" {
		t.Errorf("%s under %q: %v", h.got[4], h.keys[4], err)
	}
	for _, out := range []string{log.String(), desk.shows(t), h.got[0]} {
		if strings.Contains(out, "hook-secret") {
			t.Errorf("the webhook's secret stands in %s", out)
		}
	}
}

// A private network is closed to the webhook unless its own key opens it.
func TestSummaryGuarded(t *testing.T) {
	h := newHook(t)
	var log bytes.Buffer
	desk := openSummaries(t, &log, fmt.Sprintf(`webhook: "%s/x"`, h.URL))
	desk.tellSummary(context.Background(), time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC))
	if shown := desk.shows(t); len(h.got) > 0 || !strings.Contains(shown, "ssrf_blocked (summary.allow_networks opens private networks to it)") {
		t.Errorf("told %d times:\n%s", len(h.got), shown)
	}
}

// On a day when nothing needs anybody nothing is told, also not when something
// breaks later that day.
func TestSummaryOfNothing(t *testing.T) {
	h := newHook(t)
	var log bytes.Buffer
	desk := openSummaries(t, &log, fmt.Sprintf(`webhook: "%s/x", allow_networks: [127.0.0.0/8]`, h.URL))
	running := desk.now.Load()
	well := *running
	well.sources = nil
	desk.now.Store(&well)
	noon := time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
	desk.tellSummary(context.Background(), noon)
	desk.now.Store(running)
	desk.summaryMade = "" // as after a restart
	desk.tellSummary(context.Background(), noon.Add(time.Hour))
	if len(h.got) != 0 {
		t.Errorf("told: %q", h.got)
	}
	desk.tellSummary(context.Background(), noon.Add(24*time.Hour))
	if len(h.got) != 1 {
		t.Errorf("told %d times on the next day", len(h.got))
	}
}

// A command gets the summary on its standard input, none of our secrets, and
// not more than its time.
func TestSummaryByCommand(t *testing.T) {
	t.Setenv("CANARY_TOKEN", "sparrow")
	var log bytes.Buffer
	desk := openSummaries(t, &log, `command: [./notify, "one; two", $HOME]`)
	script := "#!/bin/sh\necho \"$1|$2|$CANARY_TOKEN|\" >said; cat >>said; echo told >>times\n"
	if err := os.WriteFile(filepath.Join(desk.dir, "notify"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		desk.tellSummary(context.Background(), time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC))
	}
	said, err := os.ReadFile(filepath.Join(desk.dir, "said"))
	if err != nil || !strings.HasPrefix(string(said), "one; two|$HOME||\n{") || !strings.Contains(string(said), `"kind":"page_instead_of_feed"`) {
		t.Errorf("%s, %v", said, err)
	}
	if times, _ := os.ReadFile(filepath.Join(desk.dir, "times")); string(times) != "told\n" {
		t.Errorf("told %q", times)
	}
	s, m := desk.now.Load(), newsroom.Message{Payload: "{}"}
	for script, want := range map[string]string{
		"#!/bin/sh\necho secret; exit 3\n":   "the command notify: exit status 3",
		"#!/bin/sh\nsleep 100 & sleep 100\n": "the command notify: it took longer than 30s",
	} {
		if err := os.WriteFile(filepath.Join(desk.dir, "notify"), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
		began := time.Now()
		err := runSummary(ctx, s, m)
		if cancel(); err == nil || err.Error() != want || time.Since(began) > 10*time.Second {
			t.Errorf("%v after %v, want %s", err, time.Since(began), want)
		}
	}
}
