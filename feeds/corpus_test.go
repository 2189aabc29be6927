package feeds

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
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
	sequential(t)
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

// corpusSingle undoes a second encoding in UTF-8. Some files of the corpus were
// stored so; we keep what a document says (row E18), feedparser guesses.
func corpusSingle(s string) string {
	b, err := charmap.Windows1252.NewEncoder().String(s)
	if err != nil || !utf8.ValidString(b) {
		return s
	}
	return corpusFold(b)
}

// corpusNested are files with items within items: by Simple Sharing Extensions
// they are other versions of the same item, and no items of the feed.
var corpusNested = map[string]bool{"feeds/rome-modules/xml/v/v4.xml": true, "feeds/rome-modules/xml/v/v6.xml": true}

// TestCorpusOracle compares what we read of real feeds with what feedparser
// does: how many entries, and of the first three the title, link, id and dates.
func TestCorpusOracle(t *testing.T) {
	sequential(t)
	dir := corpusDir(t)
	rates := map[string]*rate{"entries": {}, "titles": {}, "links": {}, "ids": {}, "dates": {}}
	twice := 0
	for _, o := range corpusLines[map[string]any](t, filepath.Join(dir, "ORACLE.jsonl")) {
		path, _ := o["path"].(string)
		doc, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(bytes.NewReader(doc), ParseOptions{})
		want, _ := o["entries_count"].(float64)
		if n := lenEntries(f); n != int(want) {
			if corpusNested[path] && n == int(want)-1 {
				continue
			}
			rates["entries"].miss(t, "%s: %d entries, want %v (%v)", path, n, want, err)
			continue
		}
		rates["entries"].hit()
		for i := range min(3, len(f.Entries)) {
			twice += corpusOracleEntry(t, rates, o, path, i, &f.Entries[i])
		}
	}
	for name, least := range map[string]float64{"entries": 99.9, "titles": 98.8, "links": 98.2, "ids": 99.6, "dates": 99.4} {
		t.Logf("%s: %s", name, rates[name])
		if rates[name].percent() < least {
			t.Errorf("%s: %s, was %.1f %%", name, rates[name], least)
		}
	}
	t.Logf("titles that are encoded twice in the file: %d", twice)
}

// corpusOracleEntry compares an entry, and returns 1 if its title is encoded
// twice in the file.
func corpusOracleEntry(t *testing.T, rates map[string]*rate, o map[string]any, path string, i int, e *Entry) int {
	t.Helper()
	at := fmt.Sprintf("entries[%d].", i)
	twice := 0
	if want, ok := o[at+"title"].(string); ok {
		got := corpusFold(e.Title)
		if want = corpusFold(want); got != want && corpusSingle(got) == want {
			got, twice = want, 1
		}
		rates["titles"].compare(t, path+" "+at+"title", got, want)
	}
	if want, ok := o[at+"link"].(string); ok {
		rates["links"].compare(t, path+" "+at+"link", e.Link, want)
	}
	if want, ok := o[at+"id"].(string); ok {
		rates["ids"].compare(t, path+" "+at+"id", e.GUID, want)
	}
	for name, got := range map[string]time.Time{"published": e.Published, "updated": e.Updated} {
		if want, ok := o[at+name].(string); ok {
			if got.IsZero() {
				got = e.When()
			}
			rates["dates"].compare(t, path+" "+at+name, corpusDate(got), want)
		}
	}
	return twice
}
