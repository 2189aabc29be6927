package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestWatchBehindLink watches a folder, and a file, that is a link, as
// deployments make them: what changes behind it is seen soon, and so is that
// it leads elsewhere.
func TestWatchBehindLink(t *testing.T) {
	for what, leadsTo := range map[string]string{"a folder": "", "a file": "a.md"} {
		dir := t.TempDir()
		for _, name := range []string{"one", "two", "here"} {
			if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		write := func(name, text string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dir, name, "a.md"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		write("one", "first")
		write("two", "the other")
		link := filepath.Join(dir, "here", "link")
		point := func(name string) {
			t.Helper()
			os.Remove(link)
			if err := os.Symlink(filepath.Join(dir, name, leadsTo), link); err != nil {
				t.Fatal(err)
			}
		}
		point("one")
		changed := make(chan struct{}, 1)
		go watch(t.Context(), func() []string { return []string{link} }, fingerprint([]string{link}), slog.New(slog.DiscardHandler), signalTo(changed))
		seen, text := 0, "first"
		for end := time.Now().Add(15 * time.Second); seen < 2 && time.Now().Before(end); { // the first may be from before it watched
			text += " and more"
			write("one", text)
			select {
			case <-changed:
				seen++
			case <-time.After(time.Second):
			}
		}
		if seen < 2 {
			t.Errorf("%s: what was written behind the link is not seen", what)
		}
		last := fingerprint([]string{link})
		if point("two"); fingerprint([]string{link}) == last {
			t.Errorf("%s: it is not seen that the link leads elsewhere", what)
		}
	}
}
