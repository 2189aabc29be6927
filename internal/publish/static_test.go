package publish

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func read(t *testing.T, elements ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestStaticFilesAreWhatIsServed compares every file with the answer it stands for.
func TestStaticFilesAreWhatIsServed(t *testing.T) {
	_, p := filled(t)
	dir := filepath.Join(t.TempDir(), "out")
	if err := ReplaceDir(dir, p.Shelf().WriteTo); err != nil {
		t.Fatal(err)
	}
	for _, d := range p.Shelf().Documents() {
		for _, v := range d.variants {
			r := ask(p, "GET", d.Path, "Accept-Encoding: "+v.coding+", identity;q=0.1")
			if got := read(t, dir, d.Path+extensions[v.coding]); got != body(t, r) {
				t.Errorf("%s in %s: the file is not what is served", d.Path, v.coding)
			}
		}
	}
	headers := read(t, dir, HeadersFile)
	for _, want := range []string{"/feeds/all.atom\n", "  Content-Type: application/feed+json; charset=utf-8\n",
		"  Etag: " + document(t, p, rss).ETag + "\n"} {
		if !strings.Contains(headers, want) {
			t.Errorf("%s lacks %q:\n%s", HeadersFile, want, headers)
		}
	}
}

// put makes a folder with one file by way of ReplaceDir.
func put(t *testing.T, dir, name string) {
	t.Helper()
	err := ReplaceDir(dir, func(dir string) error { return writeFile(filepath.Join(dir, name), []byte(name)) })
	if err != nil {
		t.Fatal(err)
	}
}

// names lists a folder without our mark.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		if e.Name() != buildMark {
			all = append(all, e.Name())
		}
	}
	return all
}

func TestReplaceDir(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "deep", "out")
	put(t, dir, "a")
	put(t, dir, "b")
	if got := names(t, dir); !slices.Equal(got, []string{"b"}) {
		t.Errorf("it holds %v, want b alone", got)
	}
	failed := errors.New("no room")
	err := ReplaceDir(dir, func(dir string) error {
		if err := writeFile(filepath.Join(dir, "half"), nil); err != nil {
			t.Fatal(err)
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Errorf("error %v, want %v", err, failed)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"b"}) {
		t.Errorf("after a failure it holds %v, want b alone", got)
	}
	if got := names(t, filepath.Dir(dir)); !slices.Equal(got, []string{"out"}) {
		t.Errorf("left behind: %v", got)
	}
}

// TestReplaceDirAfterACrash: the process died between the two renames.
func TestReplaceDirAfterACrash(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	put(t, dir, "a")
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	err := ReplaceDir(dir, func(string) error {
		if got := names(t, dir); !slices.Equal(got, []string{"a"}) {
			t.Errorf("while the new set is made, it holds %v, want a", got)
		}
		return errors.New("no")
	})
	if err == nil {
		t.Error("no error")
	}
	if got := names(t, dir); !slices.Equal(got, []string{"a"}) {
		t.Errorf("it holds %v, want a", got)
	}
	put(t, dir, "b")
	if _, err := os.Stat(dir + ".old"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old set stays: %v", err)
	}
}

// TestReplaceDirSparesOthers: a folder with anybody else's files is not touched.
func TestReplaceDirSparesOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "home")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(filepath.Join(dir, "thesis.txt"), []byte("years")); err != nil {
		t.Fatal(err)
	}
	err := ReplaceDir(dir, func(string) error { t.Error("it went on"); return nil })
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %v does not name the folder", err)
	}
	if read(t, dir, "thesis.txt") != "years" {
		t.Error("a file was changed")
	}
	// Nor is a folder that only happens to be named like our old set.
	out := filepath.Join(filepath.Dir(dir), "out")
	if err := os.Rename(dir, out+".old"); err != nil {
		t.Fatal(err)
	}
	err = ReplaceDir(out, func(string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if read(t, out+".old", "thesis.txt") != "years" {
		t.Error("a file was changed")
	}
}
