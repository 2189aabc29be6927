package ingest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
	"newswire/internal/sanitize"
)

const pollSeries = "../../../shared/corpus/polls"

// TestPollSeries replays what real feeds gave over months, one poll a day,
// with all their accidents: documents that shrink to one entry and grow
// back, guids that are used again, windows that slide.
func TestPollSeries(t *testing.T) {
	sequential(t)
	dirs, _ := filepath.Glob(filepath.Join(pollSeries, "*"))
	if len(dirs) == 0 {
		t.Skipf("SKIPPED: the corpus is not there (%s)", pollSeries)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) { replay(t, dir) })
	}
}

func replay(t *testing.T, dir string) {
	files, _ := filepath.Glob(filepath.Join(dir, "*.xml"))
	slices.Sort(files)
	d := newDesk(t)
	src := source("o")
	offered := map[string]bool{} // links
	first := map[int64]newsroom.Entry{}
	fresh, renamed := 0, 0
	for _, file := range files {
		feed := parseFile(t, file)
		out, err := d.take(src, feed, false)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		fresh, renamed = fresh+out.New, renamed+out.Realiased
		for _, e := range feed.Entries {
			offered[sanitize.Canonical(e.Link)] = true
			if len(d.find(e.Link)) == 0 {
				t.Errorf("%s: lost: %s", filepath.Base(file), e.Link)
			}
		}
		if again, err := d.take(src, feed, false); err != nil || again.New+again.Updated+again.Realiased > 0 {
			t.Errorf("%s: taken twice: %+v, %v", file, again, err)
		}
		for _, e := range d.stored() {
			if was, known := first[e.Key]; known && (was.ID != e.ID || !was.FirstSeen.Equal(e.FirstSeen) || !was.Sort.Equal(e.Sort)) {
				t.Errorf("%s: entry %d is not what it was: %+v", filepath.Base(file), e.Key, e)
			}
			first[e.Key] = e
		}
		d.now = d.now.Add(24 * time.Hour)
	}
	// A link that an article had before it moved is one link more.
	if len(first) != fresh || fresh > len(offered) || fresh+renamed < len(offered) {
		t.Errorf("%d stored, %d were new; %d links were offered, %d entries moved", len(first), fresh, len(offered), renamed)
	}
}

func parseFile(t *testing.T, file string) *feeds.Feed {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	feed, err := feeds.Parse(bytes.NewReader(text), feeds.ParseOptions{})
	if feed == nil {
		t.Fatalf("%s: %v", file, err)
	}
	return feed
}
