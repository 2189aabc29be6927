package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"newswire/feeds"
	"newswire/internal/config"
)

type importCommand struct {
	File   string `arg:"" name:"FILE.opml" help:"A list of feeds, as readers export it (OPML)."`
	DryRun bool   `help:"Only say what would be added."`
	JSON   bool   `help:"Print one JSON document."`
}

// An imported list is what `import --json` prints.
type imported struct {
	Title   string        `json:"title"`
	Feeds   int           `json:"feeds"` // in the list
	Added   []addedFeed   `json:"added"`
	Skipped []skippedFeed `json:"skipped"`
	DryRun  bool          `json:"dry_run"`
	File    string        `json:"file"` // that was, or would be, written
	Line    int           `json:"line,omitempty"`
}

type addedFeed struct {
	Name string   `json:"name"`
	URL  string   `json:"url"`
	Tags []string `json:"tags"`
}

type skippedFeed struct {
	Title  string `json:"title"`
	URL    string `json:"url"`
	Reason string `json:"reason"`
}

// Run adds the feeds of a list to the configuration, all at once.
func (c *importCommand) Run(t *terminal, cli *commands) error {
	s, err := loadSettings(cli.Config)
	if err != nil {
		return err
	}
	list, err := readOPML(c.File)
	if err != nil {
		return err
	}
	sources, result := choose(list, s.subscriptions())
	result.DryRun, result.File = c.DryRun, s.file
	var edited editing
	if !c.DryRun && len(sources) > 0 {
		if edited, err = addSources(s.file, sources); err != nil {
			return err
		}
		result.Line = edited.Line
	}
	if c.JSON {
		return t.printJSON(result)
	}
	result.print(t)
	return nil
}

func readOPML(file string) (*feeds.OPML, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := feeds.ParseOPML(f)
	if errors.Is(err, feeds.ErrNotOPML) {
		err = errors.New("it is no list of feeds (OPML); to add one feed, use: newswire add URL")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	return list, nil
}

// choose returns the sources that a list brings, and what is said of each feed
// in it. What is chosen becomes known.
func choose(list *feeds.OPML, known *subscriptions) ([]config.NewSource, imported) {
	result := imported{Title: oneLine(list.Title), Feeds: len(list.Outlines), Added: []addedFeed{}, Skipped: []skippedFeed{}}
	var sources []config.NewSource
	inList := map[string]bool{}
	for _, o := range list.Outlines {
		src, reason := newSourceOf(o)
		if reason == "" {
			if name, again := known.has(src.URL); again && inList[name] {
				reason = fmt.Sprintf("it stands in the list before, as %q", name)
			} else if again {
				reason = fmt.Sprintf("%s reads it already, as %q", known.place(name), name)
			}
		}
		if reason == "" {
			title := o.Title
			if title == o.FeedURL { // it has none
				title = ""
			}
			src.Name = known.unique(title, src.URL)
			reason = refusal(src)
		}
		if reason != "" {
			result.Skipped = append(result.Skipped, skippedFeed{oneLine(o.Title), shownURL(o.FeedURL), reason})
			continue
		}
		known.add(src.Name, src.URL)
		inList[src.Name] = true
		sources = append(sources, src)
		result.Added = append(result.Added, addedFeed{src.Name, src.URL, append([]string{}, src.Tags...)})
	}
	return sources, result
}

// newSourceOf makes a source of a feed in a list, still without a name, or
// says why it cannot.
func newSourceOf(o feeds.Outline) (config.NewSource, string) {
	address := strings.TrimSpace(o.FeedURL)
	if !strings.Contains(address, ":") {
		return config.NewSource{}, "its address is none of the web (http:// or https://)"
	}
	address, err := webAddress(address)
	switch {
	case err != nil:
		return config.NewSource{}, err.Error()
	case strings.Contains(address, "${"):
		return config.NewSource{}, "its address holds ${, which stands for a secret of ours"
	}
	return config.NewSource{URL: address, Tags: tagsOf(o)}, ""
}

// outlinesOf returns the feeds of a list in OPML as sources.
func outlinesOf(data []byte) ([]config.Outline, error) {
	list, err := feeds.ParseOPML(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("is no list of sources: %w", err)
	}
	var all []config.Outline
	for _, o := range list.Outlines {
		src, problem := newSourceOf(o)
		if o.Title == o.FeedURL && problem == "" {
			problem = "has no title: give it one (text=), which is part of what its entries are known by"
		}
		all = append(all, config.Outline{Line: o.Line, Column: o.Column, Name: nameLine(o.Title), URL: src.URL, Tags: src.Tags, Problem: problem})
	}
	return all, nil
}

// refusal returns why the configuration would not take a source.
func refusal(src config.NewSource) string {
	data, err := config.AppendSources(nil, []config.NewSource{src})
	if err == nil {
		_, err = config.Parse("", data, func(string) (string, bool) { return "", false }, config.Checks{})
	}
	if findings, ok := errors.AsType[config.Errors](err); ok {
		return findings[0].Message
	} else if err != nil {
		return err.Error()
	}
	return ""
}

// maxTags is how many tags a source takes from a list.
const maxTags = 10

// tagsOf returns the folders that a feed is in, outermost first, and its
// categories, as tags.
func tagsOf(o feeds.Outline) []string {
	words := slices.Clone(o.Path)
	for _, category := range o.Categories {
		words = append(words, strings.Split(category, "/")...)
	}
	var tags []string
	for _, w := range words {
		if tag := tagOf(w); tag != "" && !slices.Contains(tags, tag) && len(tags) < maxTags {
			tags = append(tags, tag)
		}
	}
	return tags
}

var hashed = regexp.MustCompile(`^source-[0-9a-f]{8}$`)

// tagOf makes a tag of a folder's title. Scripts that have no ASCII form keep
// their letters.
func tagOf(folder string) string {
	folder = nameLine(folder)
	if folder == "" {
		return ""
	}
	if tag := config.Slug(folder); !hashed.MatchString(tag) {
		return tag
	}
	return strings.ReplaceAll(strings.ToLower(folder), " ", "-")
}

// shownURL is a foreign address as it may be shown, without a password.
func shownURL(address string) string {
	if u, err := url.Parse(strings.TrimSpace(address)); err == nil && u.User != nil {
		u.User = nil
		address = u.String()
	}
	return cutBytes(oneLine(address), 300)
}

func (r imported) print(t *terminal) {
	did := "added to"
	if r.DryRun {
		did = "would be added to"
	}
	fmt.Fprintf(t.out, "%d of %s %s %s, %d skipped\n", len(r.Added), counted(r.Feeds, "feed", "feeds"), did, r.File, len(r.Skipped))
	var rows [][]cell
	for _, a := range r.Added {
		rows = append(rows, []cell{{"+", green}, {a.Name, plain}, {strings.Join(a.Tags, " "), dim}, {a.URL, plain}})
	}
	for _, s := range r.Skipped {
		rows = append(rows, []cell{{"-", yellow}, {s.Title, plain}, {"", plain}, {s.URL + ": " + s.Reason, dim}})
	}
	if len(rows) > 0 {
		t.printTable([]string{"", "NAME", "TAGS", "ADDRESS"}, rows)
	}
}
