package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"newswire/internal/newsroom"
)

const reloadConfig = `site: {title: The Test, url: "http://news.example.com"}
server: {settle: 0s}
sources: []
channels:
  - {name: all}
`

// reload puts a changed configuration in force and returns what was said.
func (n *newsdesk) reloadWith(t *testing.T, config string) []string {
	t.Helper()
	file := filepath.Join(n.dir, "config.yaml")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	n.reload(context.Background(), file)
	report := n.reloaded.Load()
	if len(report.Refused) > 0 {
		t.Fatal(report.Refused)
	}
	return report.Changes
}

// TestReloadOtherArticles names another folder in a running configuration.
// That takes effect at the next start, as the reload says: until then the
// articles of the first folder stand, and nothing of them is withdrawn.
func TestReloadOtherArticles(t *testing.T) {
	dir := t.TempDir()
	writeArticle(t, dir)
	other := filepath.Join(dir, "other")
	if err := os.Mkdir(other, 0o755); err != nil {
		t.Fatal(err)
	}
	article := "---\ntitle: From elsewhere\ndate: 2026-11-03\n---\n\nText.\n"
	if err := os.WriteFile(filepath.Join(other, "elsewhere.md"), []byte(article), 0o644); err != nil {
		t.Fatal(err)
	}
	desk := openNewsdesk(t, dir, reloadConfig)
	desk.pollAll(t)
	changes := desk.reloadWith(t, reloadConfig+"articles: other\n")
	if said := strings.Join(changes, "; "); !strings.Contains(said, "articles") || !strings.Contains(said, "at the next start") {
		t.Errorf("it says %q", said)
	}
	entries, err := desk.store.HouseEntries(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(entries, func(e newsroom.Entry) bool { return !e.Withdrawn.IsZero() }); i >= 0 {
		t.Errorf("%q was withdrawn", entries[i].Title)
	}
	if len(entries) != 1 {
		t.Errorf("%d articles are known, want the one of the first folder", len(entries))
	}
}

// TestReloadSaysSite changes what is said of us.
func TestReloadSaysSite(t *testing.T) {
	dir := t.TempDir()
	writeArticle(t, dir)
	desk := openNewsdesk(t, dir, reloadConfig)
	for _, row := range []struct{ from, to, want string }{
		{"title: The Test", "title: Another", "site changed"},
		{"news.example.com", "other.example.com", "site changed; takes full effect at the next start: site.url, fetch"},
		{"{title", "{timezone: Europe/Vienna, title", "site changed; takes full effect at the next start: site.timezone"},
		{"sources: []", "retention: {contents: 90d}", "retention changed"},
		{"sources: []", "sources: [] #", "nothing that matters"},
	} {
		desk.reloadWith(t, reloadConfig)
		if got := strings.Join(desk.reloadWith(t, strings.Replace(reloadConfig, row.from, row.to, 1)), "; "); got != row.want {
			t.Errorf("%s: it says %q, want %q", row.to, got, row.want)
		}
	}
}
