package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"newswire/feeds"
	"newswire/internal/config"
)

const editedConfig = `site: {url: "http://news.example.com"} # ours
sources:
  - {name: One, url: "https://one.example/feed"}
channels:
  - {name: all}
`

func TestAddSources(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "real.yaml"), filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(editedConfig), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real.yaml", link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	got, err := addSources(link, []config.NewSource{{Name: "Two", URL: "https://two.example/"}, {Name: "Three", URL: "https://three.example/"}})
	if err != nil {
		t.Fatal(err)
	}
	want := editing{4, []string{"  - name: Two", "    url: https://two.example/", "  - name: Three", "    url: https://three.example/"}}
	if got.Line != want.Line || !slices.Equal(got.Lines, want.Lines) {
		t.Errorf("added %+v, want %+v", got, want)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is no link any more: %v, %v", info.Mode(), err)
	}
	if info, err = os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the mode has become %v, %v", info.Mode(), err)
	}
	onlyThese(t, dir, "config.yaml", "real.yaml")
}

// TestAddSourcesRefuses holds that a file is left as it was when it would not
// load any more.
func TestAddSourcesRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(editedConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, src := range []config.NewSource{
		{Name: "one", URL: "https://two.example/"}, {Name: "Two", URL: "http://one.example/feed/"},
		{Name: "Two", URL: "two"}, {Name: "Two", URL: "https://two.example/", Tags: []string{"AI"}},
	} {
		if _, err := addSources(file, []config.NewSource{src}); !isConfigError(err) {
			t.Errorf("%+v: %v is no finding", src, err)
		}
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != editedConfig {
		t.Errorf("the file has changed: %v\n%s", err, data)
	}
	onlyThese(t, dir, "config.yaml")
}

// TestReplaceFile holds that what an editor saved meanwhile is not lost.
func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte("saved meanwhile"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(file, []byte("as it was read"), []byte("edited")); !errors.Is(err, errChanging) {
		t.Errorf("got %v, want errChanging", err)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "saved meanwhile" {
		t.Errorf("the file holds %q, %v", data, err)
	}
	onlyThese(t, dir, "config.yaml")
}

func onlyThese(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Equal(names, want) {
		t.Errorf("the folder holds %q, want %q", names, want)
	}
}

func TestUniqueName(t *testing.T) {
	known := &subscriptions{nil, map[string]string{}, map[string]bool{"articles": true}}
	for _, test := range []struct{ wanted, address, want string }{
		{"News", "https://example.com/feed", "News"},
		{"news", "https://www.example.com/feed", "news (example.com)"},
		{"News", "https://example.com/other", "News (example.com 2)"},
		{"  <b>News</b>\n", "https://example.org/", "News (example.org)"},
		{"", "https://www.silent.example/feed", "silent.example"},
		{"Articles", "https://example.net/", "Articles (example.net)"},
		{strings.Repeat("é", 150), "https://long.example/", strings.Repeat("é", 80)},
		{strings.Repeat("é", 150), "https://long.example/2", strings.Repeat("é", 70) + " (long.example)"},
	} {
		got := known.unique(test.wanted, test.address)
		known.add(got, test.address)
		if got != test.want {
			t.Errorf("%q at %s: got %q, want %q", test.wanted, test.address, got, test.want)
		}
		if len(got) > 200 {
			t.Errorf("%q has %d bytes", got, len(got))
		}
	}
}

// TestPick answers the question which of several feeds is meant.
func TestPick(t *testing.T) {
	good := func(n int) *candidate { return &candidate{Number: n, feed: &feeds.Feed{}} }
	bad := &candidate{Number: 3, Problem: "it is gone"}
	list := []*candidate{good(1), good(2), bad}
	for _, test := range []struct {
		command addCommand
		list    []*candidate
		typed   string // "-": nobody can be asked
		want    int
		err     string
	}{
		{addCommand{}, list, "2\n", 2, ""},
		{addCommand{}, list, "\n", 1, ""},
		{addCommand{}, list, "x\n7\n3\n 1 \n", 1, ""},
		{addCommand{}, list, "", 0, "nothing was chosen"},
		{addCommand{}, list, "-", 0, "--choose N"},
		{addCommand{Yes: true}, list, "-", 1, ""},
		{addCommand{Choose: 2}, list, "-", 2, ""},
		{addCommand{Choose: 3}, list, "-", 0, "it is gone"},
		{addCommand{Choose: -1}, list, "-", 0, "there is no feed -1"},
		{addCommand{}, []*candidate{bad, good(2)}, "-", 2, ""},
		{addCommand{Yes: true}, []*candidate{bad}, "-", 0, "it is gone"},
		{addCommand{}, []*candidate{{Number: 1, feed: &feeds.Feed{}, ReadAs: "One"}}, "-", 0, `read already, as "One"`},
	} {
		var in *bufio.Reader
		if test.typed != "-" {
			in = bufio.NewReader(strings.NewReader(test.typed))
		}
		var said bytes.Buffer
		got, err := test.command.pick(test.list, in, newTerminal(&said, &said))
		switch {
		case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%+v %q: got %v, want an error with %q", test.command, test.typed, err, test.err)
		case test.err == "" && (err != nil || got.Number != test.want):
			t.Errorf("%+v %q: got %+v, %v; want %d", test.command, test.typed, got, err, test.want)
		}
	}
}
