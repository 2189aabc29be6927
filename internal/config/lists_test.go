package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// testOutlines reads NAME URL lines behind a first line <opml>.
func testOutlines(data []byte) (all []Outline, err error) {
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if lines[0] != "<opml>" {
		return nil, errors.New("is no list")
	}
	for i, line := range lines[1:] {
		name, address, _ := strings.Cut(line, " ")
		o := Outline{Line: i + 2, Column: 1, Name: name, URL: address, Tags: []string{"read"}}
		if address == "" {
			o.Problem = "has no address"
		}
		all = append(all, o)
	}
	return all, nil
}

// loadFolder writes files as txtar has them into a new folder, and loads its
// config.yaml by the name that findings then have.
func loadFolder(t *testing.T, archive string) (*Config, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, f := range txtar.Parse([]byte(archive)).Files {
		if err := os.MkdirAll(filepath.Dir(f.Name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.Name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := testChecks
	c.Outlines = testOutlines
	return Load("config.yaml", c)
}

const splitList = `
-- config.yaml --
site: {url: https://news.example.com}
sources_from: [lists/*.yaml, follow.opml, lists/b.yaml]
sources:
  - name: Own
    url: https://own.example/feed
-- lists/b.yaml --
# One desk's list.
- name: B1
  url: https://b1.example/feed
  tags: [labs]
- name: B2
  url: https://b2.example/feed
  weight: 2
  publish: full
-- lists/a.yaml --
- {name: A1, url: "https://a1.example/feed"}
-- lists/.b.yaml.swp.yaml --
what an editor leaves there
-- lists/a.yaml~ --
and this
-- follow.opml --
<opml>
F1 https://f1.example/feed
`

// TestSourcesFrom reads a list that is split over files: the file's own sources
// first, then those of each file, once.
func TestSourcesFrom(t *testing.T) {
	cfg, err := loadFolder(t, splitList)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range cfg.Sources {
		file, line, column := cfg.Where("sources[" + s.Name + "].url")
		got = append(got, fmt.Sprintf("%s %s %s %v at %s:%d:%d", s.Slug, s.URL, s.Publish, s.Tags, file, line, column))
	}
	want := []string{
		"own https://own.example/feed excerpt [] at config.yaml:5:10",
		"a1 https://a1.example/feed excerpt [] at lists/a.yaml:1:19",
		"b1 https://b1.example/feed excerpt [labs] at lists/b.yaml:3:8",
		"b2 https://b2.example/feed full [] at lists/b.yaml:6:8",
		"f1 https://f1.example/feed excerpt [read] at follow.opml:2:1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := SourcesFrom("config.yaml"); !slices.Equal(got, []string{"lists/*.yaml", "follow.opml", "lists/b.yaml"}) {
		t.Errorf("to be watched: %q", got)
	}
	if files, err := Matches(filepath.Join("x", "config.yaml"), "/nothing/*"); err != nil || len(files) > 0 {
		t.Errorf("%q, %v", files, err)
	}
}

// TestSourcesFromFindings breaks lists in every way: each finding names the
// file in which it is.
func TestSourcesFromFindings(t *testing.T) {
	const head = "-- config.yaml --\nsite: {url: https://news.example.com}\nsources_from: "
	for name, test := range map[string]struct{ files, want string }{
		"no file": {head + "[lists/none.yaml, \"lists/*\", \"[\", \"\"]\n", `config.yaml:2:16: sources_from[0]: there is no file "lists/none.yaml"
config.yaml:2:33: sources_from[1]: no file is called "lists/*"
config.yaml:2:44: sources_from[2]: "[" is no pattern of file names, as lists/*.yaml
config.yaml:2:49: sources_from[3]: is empty: it needs the name of a file, as lists/*.yaml`},
		"a folder":     {head + "[lists]\n-- lists/a.yaml --\n[]\n", `config.yaml:2:16: sources_from[0]: "lists" is a folder: name the files in it, as lists/*.yaml`},
		"itself":       {head + "[\"*.yaml\"]\n", `config.yaml:2:16: sources_from[0]: "*.yaml" leads to this file itself: keep lists in a folder of their own, as lists/*.yaml`},
		"not a list":   {head + "a.yaml\n", `config.yaml:2:15: sources_from: must be a list, not "a.yaml"; did you mean ["a.yaml"]?`},
		"keys":         {head + "[a.yaml]\n-- a.yaml --\nsources: []\n", `a.yaml:1:1: must be a list of sources (- name: …), not keys and values`},
		"empty":        {head + "[a.yaml]\n-- a.yaml --\n# nothing\n", `a.yaml: is empty: it needs sources, each as - name: … and url: …; [] if there is none`},
		"a tab":        {head + "[a.yaml]\n-- a.yaml --\n- name: A\n\turl: x\n", `a.yaml:2:1: is indented with a tab: YAML wants spaces`},
		"no such list": {head + "[a.opml]\n-- a.opml --\n<html>\n", `a.opml: is no list`},
		"unknown key": {head + "[a.yaml]\n-- a.yaml --\n- {name: A, url: \"https://a.example/\"}\n- name: B\n  url: https://b.example/\n  tag: [x]\n",
			`a.yaml:4:3: sources[1].tag: unknown key; did you mean "tags"?`},
		"nothing between": {head + "[a.yaml]\n-- a.yaml --\n-\n- name: B\n", "a.yaml:1:2: sources[0]: is empty\na.yaml:2:3: sources[1].url: is missing"},
		"values": {head + "[a.yaml]\nsources:\n  - {name: Own, url: \"https://own.example/\", schedule: x}\n-- a.yaml --\n" +
			"- name: A\n  url: https://a.example/\n  keep: |\n    all\n    is odd\n  weight: -1\n  tags: [Labs]\n",
			`config.yaml:4:56: sources[0].schedule: a schedule has five fields
a.yaml:5:8: sources[0].keep: the word odd is odd
a.yaml:6:11: sources[0].weight: -1 is too small: 0 is the least
a.yaml:7:10: sources[0].tags[0]: "Labs": tags are written in lower case; did you mean "labs"?`},
		"twice": {head + "[a.yaml, b.yaml]\nsources:\n  - {name: Own, url: \"https://own.example/\"}\n" +
			"-- a.yaml --\n- {name: own, url: \"https://a.example/\"}\n- {name: A, url: \"http://own.example\"}\n" +
			"-- b.yaml --\n- {name: B, url: \"https://a.example/\"}\n- {name: B!, url: \"https://b.example/\"}\n",
			`a.yaml:1:10: sources[0].name: "own" has the same name as sources[0] at config.yaml:4:12
a.yaml:2:18: sources[1].url: "http://own.example" is the same feed as sources[0] at config.yaml:4:22
b.yaml:1:18: sources[0].url: "https://a.example/" is the same feed as sources[0] at a.yaml:1:20
b.yaml:2:10: sources[1].name: "B!" has the same slug, b, as sources[0] in line 1`},
		"outlines": {head + "[a.opml, b.yaml]\n-- a.opml --\n<opml>\nNone\nSecret https://a.example/${PW}\nFtp ftp://a.example/\n-- b.yaml --\n- {name: Ftp, url: \"https://b.example/\"}\n",
			`a.opml:2:1: sources[0]: has no address
a.opml:3:1: sources[1]: its address holds ${, which stands for a secret: write that source into a list in YAML
a.opml:4:1: sources[0].url: "ftp://a.example/" is not http or https
b.yaml:1:10: sources[0].name: "Ftp" has the same name as sources[0] at a.opml:4:1`},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := loadFolder(t, test.files)
			if cfg != nil || err == nil || err.Error() != test.want {
				t.Errorf("got\n%v\nwant\n%s", err, test.want)
			}
		})
	}
}
