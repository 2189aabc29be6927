package ingest_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// TestCorpus takes feeds that nobody here wrote, each twice: every entry is
// stored or said to be cut, the second time changes nothing, and what is
// stored is bounded. NEWSWIRE_TEST_CORPUS=all takes them all.
func TestCorpus(t *testing.T) {
	sequential(t)
	const root = "../../../shared/corpus/feeds"
	if _, err := os.Stat(root); err != nil {
		t.Skipf("SKIPPED: the corpus is not there (%s)", root)
	}
	every := 6
	if os.Getenv("NEWSWIRE_TEST_CORPUS") == "all" {
		every = 1
	}
	d := newDesk(t)
	count, taken := 0, 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if count++; count%every != 0 {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		feed, _ := feeds.Parse(bytes.NewReader(text), feeds.ParseOptions{})
		if feed == nil || len(feed.Entries) == 0 {
			return nil
		}
		taken++
		name := strings.TrimPrefix(path, root+"/")
		src := newsroom.Source{Slug: "c" + strings.Map(slugRune, name), URL: "https://corpus.test/" + name}
		takeTwice(t, d, src, feed, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d files have entries; %d entries are stored", taken, count/every, len(d.stored()))
	checkBounds(t, d.stored())
}

func slugRune(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
		return r
	}
	return '-'
}

func takeTwice(t *testing.T, d *desk, src newsroom.Source, feed *feeds.Feed, name string) {
	t.Helper()
	out, err := d.take(src, feed, false)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if out.New == 0 && out.Own == 0 {
		t.Errorf("%s: of %d entries none was stored: %+v", name, len(feed.Entries), out)
	}
	d.now = d.now.Add(2 * time.Hour)
	again, err := d.take(src, feed, false)
	if err != nil || again.New+again.Updated+again.Realiased != 0 || again.Unchanged != out.New {
		t.Errorf("%s: taken again: %+v, %v", name, again, err)
	}
}

func checkBounds(t *testing.T, entries []newsroom.Entry) {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range entries {
		if seen[e.ID] || e.ID == "" || strings.ContainsAny(e.ID, " <>\"\n") {
			t.Errorf("%s: id %q", e.Source, e.ID)
		}
		seen[e.ID] = true
		if len(e.Title) > 1<<10 || len(e.Link) > 2<<10 || len(e.Summary) > 64<<10 || len(e.Categories) > 32 || len(e.Authors) > 16 {
			t.Errorf("%s: out of bounds: %q", e.Source, e.Title)
		}
		if !utf8.ValidString(e.Title+string(e.Content)) || strings.ContainsRune(e.Title, 0) {
			t.Errorf("%s: bad bytes in %q", e.Source, e.Title)
		}
		if e.Link != "" && !strings.HasPrefix(e.Link, "http://") && !strings.HasPrefix(e.Link, "https://") {
			t.Errorf("%s: link %q", e.Source, e.Link)
		}
		if e.Sort.After(e.FirstSeen) || e.FirstSeen.IsZero() {
			t.Errorf("%s: sort %v, first seen %v", e.Source, e.Sort, e.FirstSeen)
		}
	}
}
