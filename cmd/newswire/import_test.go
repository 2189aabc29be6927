package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const emptyConfig = "# Ours.\nsite: {url: \"http://news.example.com\"}\narticles: \"\"\n"

// opmlFiles returns paths of all lists of the corpus, and how many feeds each
// is expected to have where that is known.
func opmlFiles(t *testing.T) (paths []string, want map[string]int) {
	t.Helper()
	manifest, err := os.ReadFile(filepath.Join(corpus, "MANIFEST.tsv"))
	if err != nil {
		t.Skipf("the corpus is not here: %v", err)
	}
	for line := range strings.Lines(string(manifest)) {
		if f := strings.Split(line, "\t"); len(f) > 5 && strings.Contains(f[5], "opml") {
			paths = append(paths, f[0])
		}
	}
	expect, err := os.ReadFile(filepath.Join(corpus, "EXPECT.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	want = map[string]int{}
	for line := range strings.Lines(string(expect)) {
		var x struct {
			Path   string         `json:"path"`
			Checks map[string]any `json:"checks"`
		}
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		if n, ok := x.Checks["opml.feeds_count"].(float64); ok {
			want[x.Path] = int(n)
		}
	}
	return paths, want
}

// runJSON runs a command of the program and decodes what it prints.
func runJSON(t *testing.T, v any, args ...string) {
	t.Helper()
	var out, said bytes.Buffer
	if code := run(args, &out, &said); code != exitDone {
		t.Fatalf("newswire %q ended with %d: %s", args, code, &said)
	}
	if err := json.Unmarshal(out.Bytes(), v); err != nil {
		t.Fatal(err)
	}
}

// TestImportCorpus imports every list of the corpus into a configuration of
// its own, exports that, and imports the export again: the same sources.
func TestImportCorpus(t *testing.T) {
	t.Parallel()
	paths, want := opmlFiles(t)
	added, skipped, counted := 0, map[string]int{}, 0
	for _, path := range paths {
		dir := t.TempDir()
		first, second := filepath.Join(dir, "first.yaml"), filepath.Join(dir, "second.yaml")
		for _, file := range []string{first, second} {
			if err := os.WriteFile(file, []byte(emptyConfig), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		list := filepath.Join(corpus, path)
		var got, again imported
		runJSON(t, &got, "--config", first, "import", "--json", list)
		if n, ok := want[path]; ok {
			counted++
			if doc, err := os.ReadFile(list); err == nil { // the corpus counts xmlUrl in exactly this case; we read all
				n += bytes.Count(bytes.ToLower(doc), []byte("xmlurl=")) - bytes.Count(doc, []byte("xmlUrl="))
			}
			if got.Feeds != n {
				t.Errorf("%s: %d feeds, want %d", path, got.Feeds, n)
			}
		}
		for _, s := range got.Skipped {
			reason, _, _ := strings.Cut(s.Reason, ",")
			skipped[reason]++
		}
		if len(got.Added)+len(got.Skipped) != got.Feeds {
			t.Errorf("%s: %d added and %d skipped of %d", path, len(got.Added), len(got.Skipped), got.Feeds)
		}
		added += len(got.Added)
		checkImported(t, path, first, got)

		exported := filepath.Join(dir, "out.opml")
		if code := run([]string{"--config", first, "export", exported}, &bytes.Buffer{}, &bytes.Buffer{}); code != exitDone {
			t.Fatalf("%s: export ended with %d", path, code)
		}
		runJSON(t, &again, "--config", second, "import", "--json", exported)
		if len(again.Skipped) != 0 {
			t.Errorf("%s: its export is not imported whole: %+v", path, again.Skipped)
		}
		byURL := func(list []addedFeed) map[string]addedFeed { // folders may have been brought together
			m := map[string]addedFeed{}
			for _, a := range list {
				m[a.URL] = a
			}
			return m
		}
		if diff := cmp.Diff(byURL(got.Added), byURL(again.Added)); diff != "" {
			t.Errorf("%s: an export of an import is something else:\n%s", path, diff)
		}
	}
	t.Logf("%d lists, %d of them with expected counts; %d feeds added; skipped: %v", len(paths), counted, added, skipped)
	delete(skipped, "it stands in the list before")
	if len(skipped) > 0 {
		t.Errorf("feeds were skipped that nobody has: %v", skipped)
	}
	if len(paths) < 20 || counted < 20 {
		t.Error("the corpus has fewer lists than it had")
	}
}

// checkImported holds that the file loads with just these sources, and that
// what stood there still stands there.
func checkImported(t *testing.T, path, file string, got imported) {
	t.Helper()
	s, err := loadSettings(file)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var sources []addedFeed
	for _, src := range s.sources {
		sources = append(sources, addedFeed{src.Name, src.URL, append([]string{}, src.Tags...)})
	}
	if diff := cmp.Diff(got.Added, append([]addedFeed{}, sources...)); diff != "" {
		t.Errorf("%s: the file does not hold what was said:\n%s", path, diff)
	}
	data, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(data), emptyConfig) {
		t.Errorf("%s: what stood in the file has changed (%v)", path, err)
	}
}
