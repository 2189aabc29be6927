package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
	"newswire/internal/store"
)

// purgeWire is a wire whose store holds a number of entries that arrived 400
// days before one that arrived at now.
func purgeWire(t *testing.T, old int, now time.Time, log *slog.Logger, channels ...string) *wire {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	config := `site: {url: "http://news.example.com"}
articles: ""
retention: {contents: 365d}
channels: [{name: few, entries: 5}]
`
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := loadSettings(file)
	if err != nil {
		t.Fatal(err)
	}
	w, err := openWire(t.Context(), s, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.close() })
	in := &newsroom.Intake{Source: "a", At: now}
	for n := range old + 1 {
		at := now.Add(-400 * 24 * time.Hour)
		if n == old {
			at = now
		}
		id := fmt.Sprintf("urn:a:%d", n)
		in.New = append(in.New, &newsroom.Arrival{IDs: []string{id}, Channels: channels, Entry: newsroom.Entry{
			Entry:  feeds.Entry{GUID: id, Title: id, Content: feeds.HTML("<p>" + strings.Repeat("word ", 500) + "</p>")},
			Source: "a", FirstSeen: at, Sort: at, Verdict: newsroom.Verdict{Decision: newsroom.Publish, Rule: "default"},
		}})
	}
	if err := w.store.Commit(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	return w
}

// gauge reads a metric as a scraper would.
func gauge(t *testing.T, w *wire, name string) float64 {
	t.Helper()
	families, err := w.figures.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

// TestPurgeRefused holds that a purge of more than a fifth is refused, that the
// log, a metric and the desk say so with the remedy, and that the remedy works.
func TestPurgeRefused(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var log bytes.Buffer
	w := purgeWire(t, 60, now, slog.New(slog.NewTextHandler(&log, nil)))
	w.purge(t.Context(), now)
	said := w.notices()
	if len(said) != 1 || !strings.Contains(said[0], "60 of 61") || !strings.Contains(said[0], "newswire purge --many") {
		t.Errorf("the desk says %q", said)
	}
	if gauge(t, w, "newswire_purge_refused") != 1 || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("metric %v, log\n%s", gauge(t, w, "newswire_purge_refused"), &log)
	}
	r, err := w.retention(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Purge(t.Context(), r); !errors.Is(err, store.ErrTooMany) {
		t.Fatalf("%v", err)
	}
	r.Newest, r.Many = 0, true
	if n, err := w.store.Purge(t.Context(), r); n != 60 || err != nil {
		t.Fatalf("allowed once: %d, %v", n, err)
	}
	entries, err := w.store.Latest(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if old := e.FirstSeen.Before(now); old != (e.Content == "") || old != strings.HasSuffix(string(e.Summary), "…</p>") {
			t.Errorf("%s: summary %.60q, content %.60q", e.ID, e.Summary, e.Content)
		}
	}
	w.purge(t.Context(), now)
	if len(w.notices()) > 0 || gauge(t, w, "newswire_purge_refused") != 0 {
		t.Errorf("after a good purge: %q", w.notices())
	}
}

// TestPurgeWaitsForArchives holds that what the archives of a channel do not
// hold yet keeps its text, though no line-up shows it.
func TestPurgeWaitsForArchives(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	w := purgeWire(t, 40, now, slog.New(slog.DiscardHandler), "few")
	r, err := w.retention(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	r.Newest = 0
	if n, _, err := w.store.Purgeable(t.Context(), r); n != 0 || err != nil {
		t.Errorf("%d texts would go, %v", n, err)
	}
	r.Keep = nil
	if n, _, err := w.store.Purgeable(t.Context(), r); n != 40 || err != nil {
		t.Errorf("%d of 40 texts are old, %v", n, err)
	}
}

// TestPurgeClock holds that a clock that jumped years ahead makes nothing old.
func TestPurgeClock(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	w := purgeWire(t, 40, now, slog.New(slog.DiscardHandler))
	for _, at := range []time.Time{now.AddDate(10, 0, 0), time.Unix(0, 0)} {
		r, err := w.retention(t.Context(), at)
		if err != nil || r.Before.After(now.Add(-365*24*time.Hour)) {
			t.Errorf("at %v, what is older than %v would go: %v", at, r.Before, err)
		}
	}
}
