package feeds

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// corpusDir returns the folder of feeds from elsewhere, or skips the test.
func corpusDir(t testing.TB) string {
	dir := filepath.Join("..", "..", "shared", "corpus")
	if _, err := os.Stat(filepath.Join(dir, "EXPECT.jsonl")); err != nil {
		t.Skip("no corpus of feeds beside the checkout (../shared/corpus): skipped")
	}
	return dir
}

// corpusLines decodes each line of a JSON Lines file.
func corpusLines[T any](t testing.TB, file string) []T {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []T
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 4<<20)
	for sc.Scan() {
		var v T
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, v)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestCorpusAll reads every file of the corpus: none may panic, take long or
// give what may not be published.
func TestCorpusAll(t *testing.T) {
	dir := corpusDir(t)
	files, bytesRead := 0, 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		doc, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		start := time.Now()
		f, err := Parse(bytes.NewReader(doc), ParseOptions{})
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s: took %v", path, took)
		}
		if errors.Is(err, ErrInternal) {
			t.Errorf("%s: %v", path, err)
		}
		var mal *MalformedError
		if f == nil && err == nil || f != nil && err != nil && !errors.As(err, &mal) {
			t.Errorf("%s: feed %v, error %v", path, f != nil, err)
		}
		if f != nil {
			checkFeed(t, f)
		}
		files++
		bytesRead += len(doc)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d MB", files, bytesRead>>20)
	if files < 1000 {
		t.Errorf("only %d files: the walk is broken", files)
	}
}

// corpusFold is how texts are compared: tags removed, references decoded,
// white space folded, case kept.
func corpusFold(s string) string {
	return strings.Join(strings.Fields(textOf(textOf(s))), " ")
}

func TestCorpusOracle(t *testing.T) {
	dir := corpusDir(t)
	type oracle map[string]any
	counts, titles, links, ids, dates := &rate{}, &rate{}, &rate{}, &rate{}, &rate{}
	for _, o := range corpusLines[oracle](t, filepath.Join(dir, "ORACLE.jsonl")) {
		path, _ := o["path"].(string)
		doc, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(bytes.NewReader(doc), ParseOptions{})
		if f == nil {
			counts.miss(t, "%s: %v", path, err)
			continue
		}
		want, _ := o["entries_count"].(float64)
		if len(f.Entries) != int(want) {
			counts.miss(t, "%s: %d entries, want %v (%v)", path, len(f.Entries), want, err)
			continue
		}
		counts.hit()
		for i := range 3 {
			if i >= len(f.Entries) {
				break
			}
			e := &f.Entries[i]
			at := "entries[" + string(rune('0'+i)) + "]."
			if w, ok := o[at+"title"].(string); ok {
				titles.compare(t, path+" "+at+"title", corpusFold(e.Title), corpusFold(w))
			}
			if w, ok := o[at+"link"].(string); ok {
				links.compare(t, path+" "+at+"link", e.Link, w)
			}
			if w, ok := o[at+"id"].(string); ok {
				ids.compare(t, path+" "+at+"id", e.GUID, w)
			}
			for _, name := range []string{"published", "updated"} {
				if w, ok := o[at+name].(string); ok {
					got := e.Published
					if name == "updated" {
						got = e.Updated
					}
					if got.IsZero() {
						got = e.When()
					}
					dates.compare(t, path+" "+at+name, got.Format(time.RFC3339), w)
				}
			}
		}
	}
	for name, r := range map[string]*rate{"entry counts": counts, "titles": titles, "links": links, "ids": ids, "dates": dates} {
		t.Logf("%s: %s", name, r)
	}
}
