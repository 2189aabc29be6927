package articles

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

var now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func folder(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func read(t *testing.T, files map[string]string) Reading {
	t.Helper()
	d := Dir{FS: folder(files), BaseURL: "https://news.example/"}
	r, err := d.Read(now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func guids(r Reading) []string {
	var ids []string
	for _, e := range r.Feed.Entries {
		ids = append(ids, e.GUID)
	}
	return ids
}

// TestProblems reads the fixtures of testdata/problems: each says in lines
// that begin with EXPECT what must be found wrong with it.
func TestProblems(t *testing.T) {
	files, err := filepath.Glob("testdata/problems/*.md")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want, got []string
			for l := range strings.Lines(string(text)) {
				if expected, ok := strings.CutPrefix(strings.TrimSpace(l), "EXPECT "); ok {
					want = append(want, name+":"+expected)
				}
			}
			r := read(t, map[string]string{name: string(text), "fine.md": "---\ntitle: Fine\n---\n"})
			for _, p := range r.Problems {
				got = append(got, p.String())
			}
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
				t.Errorf("problems (-want +got)\n%s", diff)
			}
			slug := "articles/" + strings.TrimSuffix(name, ".md")
			if !slices.Equal(guids(r), []string{"articles/fine"}) || !slices.Contains(r.Broken, slug) {
				t.Errorf("it costs more than itself: entries %q, broken %q", guids(r), r.Broken)
			}
		})
	}
}

// TestArticle reads an article that uses every key.
func TestArticle(t *testing.T) {
	r := read(t, map[string]string{
		"images/rack.svg": "<svg/>",
		"one.md": `---
title: "Models: what they cost"
summary: >
  A long summary
  of <two> lines
date: 2026-11-20T10:00:00+01:00
updated: 2026-11-21 08:15
authors: [Ada Example, Ben Example]
tags: [ai, costs, ai]
image: images/rack.svg
image_alt: A rack
reading_minutes: 7
id: "urn:uuid:1"
correction: The first version had the wrong year.
---
# Über *uns*

See [the other](two.md#x), [the top](#top), [a page](/about) and [the web](https://x.example/).

![a chart](images/rack.svg)

<script>alert(1)</script> [bad](javascript:alert(1))

| a | b |
|---|---|
| 1 | 2 |

A claim.[^1]

[^1]: A note.
`})
	if len(r.Problems) > 0 || len(r.Broken) > 0 || r.Files != 1 {
		t.Fatalf("problems %v, broken %v, %d files", r.Problems, r.Broken, r.Files)
	}
	if !r.Feed.Complete || len(r.Feed.Entries) != 1 {
		t.Fatalf("feed %+v", r.Feed)
	}
	got := r.Feed.Entries[0]
	content := string(got.Content)
	got.Content = ""
	want := feeds.Entry{
		GUID: "urn:uuid:1", Title: "Models: what they cost", Link: "https://news.example/articles/one",
		Summary:    "A long summary of &lt;two&gt; lines",
		Published:  time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC),
		Updated:    time.Date(2026, 11, 21, 8, 15, 0, 0, time.UTC),
		Authors:    []feeds.Person{{Name: "Ada Example"}, {Name: "Ben Example"}},
		Categories: []feeds.Category{{Term: "ai"}, {Term: "costs"}},
		Images:     []feeds.Image{{URL: "https://news.example/articles/images/rack.svg", Title: "A rack", MediaType: "image/svg+xml"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entry (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[string]newsroom.Article{"urn:uuid:1": {Slug: "articles/one", ReadingMinutes: 7, Correction: "The first version had the wrong year."}}, r.Articles); diff != "" {
		t.Errorf("article (-want +got)\n%s", diff)
	}
	for _, part := range []string{
		`<h1 id="one-über-uns">Über <em>uns</em></h1>`,
		`href="https://news.example/articles/two#x"`, `href="https://news.example/articles/one#top"`,
		`href="https://news.example/about"`, `href="https://x.example/"`,
		`src="https://news.example/articles/images/rack.svg"`, `<td>2</td>`, `id="one-fn:1"`, `<p>A note.`,
	} {
		if !strings.Contains(content, part) {
			t.Errorf("no %s in\n%s", part, content)
		}
	}
	for _, part := range []string{"<script", "javascript:"} {
		if strings.Contains(content, part) {
			t.Errorf("%s in\n%s", part, content)
		}
	}
}

// TestWhatIsSeen holds which files are in a reading.
func TestWhatIsSeen(t *testing.T) {
	r := read(t, map[string]string{
		"new.md":         "---\ntitle: New\ndate: 2026-11-24\n---\n",
		"old.md":         "---\ntitle: Old\ndate: 2026-10-01\n---\n",
		"undated.md":     "---\ntitle: Undated\n---\n",
		"also-old.md":    "---\ntitle: Of the same day\ndate: 2026-10-01\n---\n",
		"2026/deep.md":   "---\ntitle: In a folder\ndate: 2026-09-01\n---\n",
		"draft.md":       "---\ntitle: Draft\ndraft: true\ndate: 2026-11-01\n---\n",
		"soon.md":        "---\ntitle: Secret\ndate: 2026-11-24 09:30\n---\nsecret",
		"later.md":       "---\ntitle: Secret\ndate: 2026-12-24\n---\nsecret",
		"gone.md":        "---\ntitle: Gone\ndate: 2026-08-01\nsummary: wrong\nretracted: It was wrong.\n---\nwrong",
		"README.md":      "no article",
		"_notes.md":      "no article",
		".hidden.md":     "no article",
		"_drafts/x.md":   "no article",
		"images/x.svg":   "<svg/>",
		"plan.txt":       "no article",
		"2026/readme.md": "no article",
	})
	want := []string{"articles/undated", "articles/new", "articles/also-old", "articles/old", "articles/deep", "articles/gone"}
	if !slices.Equal(guids(r), want) || len(r.Problems) > 0 || len(r.Broken) > 0 || r.Files != 9 {
		t.Errorf("entries %q, want %q; problems %v, broken %v, %d files", guids(r), want, r.Problems, r.Broken, r.Files)
	}
	if soon := time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC); !r.Next.Equal(soon) {
		t.Errorf("the next embargo ends %v, want %v", r.Next, soon)
	}
	gone := r.Feed.Entries[5]
	if gone.Content != "" || gone.Summary != "" || r.Articles[gone.GUID].Retracted != "It was wrong." {
		t.Errorf("the retracted article says %+v, %+v", gone, r.Articles[gone.GUID])
	}
	d := Dir{FS: folder(map[string]string{"soon.md": "---\ntitle: T\ndate: 2026-11-24 09:30\n---\n"})}
	for _, c := range []struct {
		at   time.Time
		seen int
	}{{now.Add(30*time.Minute - 1), 0}, {now.Add(30 * time.Minute), 1}} {
		if r, err := d.Read(c.at); err != nil || len(r.Feed.Entries) != c.seen || r.Next.IsZero() != (c.seen == 1) {
			t.Errorf("at %v: %q, next %v, %v", c.at, guids(r), r.Next, err)
		}
	}
}

// TestUpdateInTheFuture holds that an update is declared when it is due.
func TestUpdateInTheFuture(t *testing.T) {
	r := read(t, map[string]string{"x.md": "---\ntitle: T\ndate: 2026-11-01\nupdated: 2026-11-25\n---\n"})
	if e := r.Feed.Entries[0]; !e.Updated.IsZero() || !r.Next.Equal(time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("updated %v, next %v", e.Updated, r.Next)
	}
}

func TestTimezone(t *testing.T) {
	zone := time.FixedZone("here", 3600)
	d := Dir{FS: folder(map[string]string{"x.md": "---\ntitle: T\ndate: 2026-11-01 09:30\nupdated: 2026-11-02\n---\n"}), Timezone: zone}
	r, err := d.Read(now)
	if err != nil {
		t.Fatal(err)
	}
	e := r.Feed.Entries[0]
	if !e.Published.Equal(time.Date(2026, 11, 1, 8, 30, 0, 0, time.UTC)) || !e.Updated.Equal(time.Date(2026, 11, 1, 23, 0, 0, 0, time.UTC)) {
		t.Errorf("published %v, updated %v", e.Published, e.Updated)
	}
}

// TestDoubles holds that neither of two articles with one name takes the
// other's place, and that both stay published as they were.
func TestDoubles(t *testing.T) {
	r := read(t, map[string]string{
		"a/x.md":  "---\ntitle: A\n---\n",
		"b/X.md":  "---\ntitle: B\n---\n",
		"one.md":  "---\ntitle: One\nid: urn:1\n---\n",
		"two.md":  "---\ntitle: Two\nid: urn:1\n---\n",
		"fine.md": "---\ntitle: Fine\n---\n",
	})
	var got []string
	for _, p := range r.Problems {
		got = append(got, p.String())
	}
	want := []string{
		"a/x.md: has the slug of b/X.md: rename one of them", "b/X.md: has the slug of a/x.md: rename one of them",
		"one.md: has the id of two.md: rename one of them", "two.md: has the id of one.md: rename one of them",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got)\n%s", diff)
	}
	if broken := []string{"articles/X", "articles/one", "articles/two", "articles/x", "urn:1"}; !slices.Equal(r.Broken, broken) || !slices.Equal(guids(r), []string{"articles/fine"}) {
		t.Errorf("broken %q, want %q; entries %q", r.Broken, broken, guids(r))
	}
}

// TestBrokenKeepsItsID holds that an article that was given an id is known by
// it even if its front matter cannot be read.
func TestBrokenKeepsItsID(t *testing.T) {
	for _, text := range []string{
		"---\ntitle: a: b\nid: urn:1\n---\n", "---\nid: \"urn:1\"\ntitel: x\n---\n", "---\nid: urn:1 # ours\ntitle: x\n", "---\nid: urn:1\ntitle: [x]\n---\n",
	} {
		if r := read(t, map[string]string{"x.md": text}); !slices.Equal(r.Broken, []string{"articles/x", "urn:1"}) {
			t.Errorf("%q: broken %q", text, r.Broken)
		}
	}
}

// TestImageProblems holds that a picture that is not right costs only itself.
func TestImageProblems(t *testing.T) {
	for image, want := range map[string]string{
		"images/none.svg":        `x.md:3:8: image: there is no file "images/none.svg"`,
		"../outside.svg":         `x.md:3:8: image: "../outside.svg" is not in the folder of articles: give its path from this file`,
		"/etc/x.svg":             `x.md:3:8: image: "/etc/x.svg" is not in the folder of articles: give its path from this file`,
		"images/page.html":       `x.md:3:8: image: "images/page.html" is no picture: use .svg, .png, .jpg, .gif, .webp or .avif`,
		"javascript:alert(1)":    `x.md:3:8: image: "javascript:alert(1)" is neither a file of the folder nor a web address`,
		"beside.png":             `x.md:3:8: image: "beside.png" would not be served: only pictures in the folder images are, so move it there`,
		"images/deep/x.png":      `x.md:3:8: image: "images/deep/x.png" would not be served: only pictures in the folder images are, so move it there`,
		"images/ok.png":          `x.md:3:8: image: has no image_alt: say what it shows, for those who cannot see it`,
		"https://x.example/a.py": ``,
	} {
		r := read(t, map[string]string{"images/ok.png": "x", "beside.png": "x", "images/deep/x.png": "x", "x.md": "---\ntitle: T\nimage: " + image + "\n---\n"})
		got := ""
		if len(r.Problems) > 0 {
			got = r.Problems[0].String()
		}
		if got != want || len(r.Feed.Entries) != 1 || len(r.Broken) > 0 {
			t.Errorf("%s: %q, want %q; %d entries", image, got, want, len(r.Feed.Entries))
		}
		if seen := len(r.Feed.Entries[0].Images) == 1; seen != (image == "images/ok.png" || image == "https://x.example/a.py") {
			t.Errorf("%s: shown %v", image, seen)
		}
	}
}

func TestReadingMinutes(t *testing.T) {
	for _, c := range []struct {
		body string
		want int
	}{
		{"", 1}, {"word", 1}, {strings.Repeat("word ", 230), 1}, {strings.Repeat("word ", 344), 1}, {strings.Repeat("word ", 346), 2},
		{strings.Repeat("word - ", 460), 2}, {strings.Repeat("*word* [word](https://x.example/a/b)\n", 230), 2},
		{strings.Repeat("日本", 460), 2}, {"    " + strings.Repeat("code ", 690), 3},
	} {
		r := read(t, map[string]string{"x.md": "---\ntitle: T\n---\n" + c.body})
		if got := r.Articles["articles/x"].ReadingMinutes; got != c.want {
			t.Errorf("%.30q… takes %d minutes, want %d", c.body, got, c.want)
		}
	}
}

// TestFolder holds what becomes of files and folders that cannot be read.
func TestFolder(t *testing.T) {
	r := read(t, map[string]string{
		"large.md":      "---\ntitle: T\n---\n" + strings.Repeat("x", MaxSize),
		"a b.md":        "---\ntitle: T\n---\n",
		"größe.md":      "---\ntitle: T\n---\n",
		"not-utf-8.md":  "---\ntitle: T\n---\na\xffb",
		"nul.md":        "---\ntitle: T\n---\na\x00b",
		"dir.md/x.html": "x",
	})
	want := []string{`a b.md: "a b" cannot stand in an address: name the file with letters, digits and hyphens`, `large.md: is larger than 1024 KiB: no article is`}
	var got []string
	for _, p := range r.Problems {
		got = append(got, p.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got)\n%s", diff)
	}
	if !slices.Equal(guids(r), []string{"articles/größe", "articles/not-utf-8", "articles/nul"}) {
		t.Errorf("entries %q", guids(r))
	}
	d := Dir{FS: os.DirFS(filepath.Join(t.TempDir(), "none"))}
	if _, err := d.Read(now); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// TestSymlinks holds that links within the folder are followed and none leads
// out of it.
func TestSymlinks(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret.md")
	for file, text := range map[string]string{outside: "---\ntitle: Secret\n---\n", filepath.Join(dir, "real.md"): "---\ntitle: Real\n---\n"} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"inside.md": "real.md", "outside.md": outside, "nowhere.md": "none", "folder.md": "."} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	d := Dir{FS: root.FS()}
	r, err := d.Read(now)
	if err != nil || !slices.Equal(guids(r), []string{"articles/inside", "articles/real"}) {
		t.Errorf("entries %q, %v", guids(r), err)
	}
	if !slices.Equal(r.Broken, []string{"articles/folder", "articles/nowhere", "articles/outside"}) || len(r.Problems) != 3 {
		t.Errorf("broken %q, problems %v", r.Broken, r.Problems)
	}
}

// TestSameReading holds that one folder gives one reading.
func TestSameReading(t *testing.T) {
	files := map[string]string{}
	for _, name := range strings.Fields("a b c d e f g h") {
		files[name+".md"] = "---\ntitle: T\ndate: 2026-11-01\ntitel: x\n---\n# H\n## H\n"
		files[name+name+".md"] = "---\ntitle: T\ndate: 2026-11-01\n---\n# H\n## H\n"
	}
	first := read(t, files)
	for range 5 {
		if diff := cmp.Diff(first, read(t, files)); diff != "" {
			t.Fatal(diff)
		}
	}
	if c := string(first.Feed.Entries[0].Content); !strings.Contains(c, `id="aa-h"`) || !strings.Contains(c, `id="aa-h-2"`) {
		t.Errorf("ids of headings: %s", c)
	}
}

func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/problems/*.md")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("---\ntitle: T\ndate: 2026-11-24\ntags: [a]\n...\n# H\n\ntext[^1]\n\n[^1]: note\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 4<<10 {
			return
		}
		r, err := (&Dir{FS: fstest.MapFS{"x.md": {Data: text}}, BaseURL: "https://news.example"}).Read(now)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Problems {
			if p.File != "x.md" || p.Message == "" || p.Line < 0 || p.Line > strings.Count(string(text), "\n")+2 {
				t.Errorf("problem %+v", p)
			}
		}
		if (len(r.Broken) > 0) == (len(r.Problems) == 0) {
			t.Errorf("broken %q with problems %v", r.Broken, r.Problems)
		}
		for _, e := range r.Feed.Entries {
			if e.Title == "" || e.GUID == "" || e.Published.After(now) || e.Updated.After(now) {
				t.Errorf("entry %+v", e)
			}
			if _, ok := r.Articles[e.GUID]; !ok {
				t.Errorf("nothing is known of %q", e.GUID)
			}
		}
	})
}
