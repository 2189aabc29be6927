// Package articles reads the newsroom's own articles: Markdown files with
// front matter, one article a file, its slug the file's name without .md.
//
// What it reads is a feed that is complete: an article whose file is gone, is
// a draft again or is dated in the future is not in it. A file that cannot be
// read is not gone: Reading.Broken says so, that it may stay published as it
// was.
package articles

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// MaxSize is the most that an article's file may hold, in bytes.
const MaxSize = 1 << 20

// A Dir is a folder of articles and their images.
//
// An article is at BaseURL/articles/SLUG. An image that it names by a path
// relative to its file is at BaseURL/articles/PATH, where PATH is the path of
// the image in the folder: images/x.svg is BaseURL/articles/images/x.svg. Only
// what lies in images itself is served.
type Dir struct {
	// FS is the folder. Give it the FS of an os.Root, so that no symbolic link
	// leads out of it.
	FS fs.FS
	// BaseURL is the site's public address. A slash at its end does not matter.
	BaseURL string
	// Timezone is where dates without an offset are meant; nil: UTC.
	Timezone *time.Location
}

// A Reading is what a folder of articles says at one moment.
type Reading struct {
	// Feed holds the articles that may be seen, the newest first and those
	// without a date before them. It is complete. An article that is retracted
	// is in it with its title alone.
	Feed *feeds.Feed
	// Articles holds what no feed says of them, by the GUID of the entry.
	Articles map[string]newsroom.Article
	// Broken holds the GUIDs and slugs (articles/SLUG) of files that are there
	// and cannot be read: they must not count as absent.
	Broken []string
	// Problems holds what is wrong, by file and line. Not all of it breaks a
	// file: a picture that is missing costs only the picture.
	Problems []Problem
	// Next is when the next embargo ends or the next declared update is due;
	// zero: there is none.
	Next time.Time
	// Files counts the article files that are there, drafts and broken ones
	// too. None at all may mean that the folder is not mounted.
	Files int
}

// A Problem is something wrong with an article.
type Problem struct {
	File         string // path in the folder
	Line, Column int    // from 1; 0: the file as a whole
	Message      string
}

func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// An article is one file as it was read.
type article struct {
	file   string
	slug   string
	matter matter
	body   []byte
	broken bool
}

func (a *article) guid() string { return cmp.Or(a.matter.id, "articles/"+a.slug) }

// Read reads the folder. An article dated later than now is under embargo:
// nothing of it is in the reading but the time when it ends. A file that is
// broken costs only itself. The error is not nil if the folder, or a folder
// in it, cannot be listed; then nothing is known of what is gone.
//
// Files and folders whose names begin with a dot or an underscore are not
// articles, nor is README.md.
func (d *Dir) Read(now time.Time) (Reading, error) {
	files, err := d.files()
	if err != nil {
		return Reading{}, fmt.Errorf("the folder of articles: %w", err)
	}
	r := Reading{
		Feed:     &feeds.Feed{Title: "Articles", Link: d.url("/"), Complete: true},
		Articles: map[string]newsroom.Article{},
		Files:    len(files),
	}
	var read []*article
	for _, file := range files {
		a, problems := d.read(file)
		r.Problems = append(r.Problems, problems...)
		read = append(read, a)
	}
	r.Problems = append(r.Problems, markDoubles(read)...)
	for _, a := range read {
		d.add(&r, a, now)
	}
	slices.SortStableFunc(r.Feed.Entries, func(a, b feeds.Entry) int {
		return cmp.Or(newer(a.Published, b.Published), cmp.Compare(a.Link, b.Link))
	})
	slices.Sort(r.Broken)
	r.Broken = slices.Compact(r.Broken)
	return r, nil
}

// newer orders times from new to old, the zero time first.
func newer(a, b time.Time) int {
	if a.IsZero() != b.IsZero() {
		if a.IsZero() {
			return -1
		}
		return 1
	}
	return b.Compare(a)
}

// add puts an article into the reading, if it may be seen.
func (d *Dir) add(r *Reading, a *article, now time.Time) {
	m := &a.matter
	switch {
	case a.broken:
		r.Broken = append(r.Broken, a.guid(), "articles/"+a.slug)
		return
	case m.draft:
		return
	case m.date.After(now):
		r.Next = earlier(r.Next, m.date)
		return
	}
	if m.updated.After(now) {
		r.Next = earlier(r.Next, m.updated)
		m.updated = time.Time{}
	}
	e, minutes, problems := d.entry(a)
	r.Problems = append(r.Problems, problems...)
	r.Feed.Entries = append(r.Feed.Entries, e)
	r.Articles[e.GUID] = newsroom.Article{
		Slug:           "articles/" + a.slug,
		ReadingMinutes: minutes,
		Correction:     m.correction,
		Retracted:      m.retracted,
	}
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// files lists the article files, in the order of their paths.
func (d *Dir) files() ([]string, error) {
	var files []string
	err := fs.WalkDir(d.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		aside := name != "." && (base[0] == '.' || base[0] == '_')
		if entry.IsDir() {
			if aside {
				return fs.SkipDir
			}
			return nil
		}
		if !aside && strings.HasSuffix(base, ".md") && !strings.EqualFold(base, "README.md") {
			files = append(files, name)
		}
		return nil
	})
	return files, err
}

// slugs are the names that stand in a URL as they are.
var slugs = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$`)

// read reads one file. If there is a problem the article is broken; what
// could be read of its identity is in it all the same.
func (d *Dir) read(file string) (*article, []Problem) {
	a := &article{file: file, slug: strings.TrimSuffix(path.Base(file), ".md")}
	fail := func(problems ...Problem) (*article, []Problem) {
		for i := range problems {
			problems[i].File = file
		}
		a.broken = len(problems) > 0
		return a, problems
	}
	if !slugs.MatchString(a.slug) {
		return fail(Problem{Message: fmt.Sprintf("%q cannot stand in an address: name the file with letters, digits and hyphens", a.slug)})
	}
	text, err := d.text(file)
	if err != nil {
		return fail(Problem{Message: err.Error()})
	}
	front, body, problem := split(text)
	if problem != nil {
		a.matter.id = looseID(text)
		return fail(*problem)
	}
	m, problems := d.decode(front)
	if m.id == "" && len(problems) > 0 {
		m.id = looseID(front)
	}
	a.matter, a.body = m, body
	return fail(problems...)
}

// text returns what stands in a file.
func (d *Dir) text(file string) ([]byte, error) {
	f, err := d.FS.Open(file)
	if err != nil {
		return nil, fmt.Errorf("cannot be opened: %w", bare(err))
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, fmt.Errorf("cannot be opened: %w", bare(err))
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("is not a file")
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", bare(err))
	}
	if len(text) > MaxSize {
		return nil, fmt.Errorf("is larger than %d KiB: no article is", MaxSize>>10)
	}
	return text, nil
}

// bare returns the error without the path, which its problem names.
func bare(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// markDoubles breaks the articles that have a slug or a GUID in common: which
// of them is meant cannot be known, and neither may take the other's place.
func markDoubles(all []*article) []Problem {
	var problems []Problem
	for what, key := range map[string]func(a *article) string{
		"slug": func(a *article) string { return strings.ToLower(a.slug) },
		"id":   func(a *article) string { return a.guid() },
	} {
		holders := map[string][]*article{}
		for _, a := range all {
			holders[key(a)] = append(holders[key(a)], a)
		}
		for _, a := range all {
			same := holders[key(a)]
			if len(same) < 2 || what == "id" && a.matter.id == "" && strings.EqualFold(same[0].slug, same[1].slug) {
				continue // a common slug is said once
			}
			other := same[0]
			if other == a {
				other = same[1]
			}
			a.broken = true
			problems = append(problems, Problem{File: a.file, Message: fmt.Sprintf("has the %s of %s: rename one of them", what, other.file)})
		}
	}
	slices.SortFunc(problems, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Message, b.Message)) })
	return problems
}

// url returns the public address of a path, which begins with a slash.
func (d *Dir) url(path string) string {
	return strings.TrimRight(d.BaseURL, "/") + path
}
