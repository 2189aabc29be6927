package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"newswire/internal/config"
	"newswire/internal/newsroom"
)

type addCommand struct {
	URL    string   `arg:"" name:"URL" help:"A site, or a feed."`
	Name   string   `placeholder:"NAME" help:"Name of the source; the feed's title if left out. It is part of stored identities: choose it well."`
	Tag    []string `placeholder:"TAG" help:"A tag; may be given several times."`
	Choose int      `placeholder:"N" help:"Take the Nth of the feeds found."`
	Yes    bool     `short:"y" help:"Ask nothing; of several feeds take the first that works."`
	JSON   bool     `help:"Print one JSON document."`
}

// An addition is what `add --json` prints.
type addition struct {
	URL        string       `json:"url"`
	Candidates []*candidate `json:"candidates"`
	Chosen     int          `json:"chosen"` // counted from 1; 0: none
	Preview    *preview     `json:"preview,omitempty"`
	Added      *addedSource `json:"added"` // null: nothing was written
}

type addedSource struct {
	Name  string   `json:"name"`
	URL   string   `json:"url"`
	Tags  []string `json:"tags"`
	File  string   `json:"file"`
	Line  int      `json:"line"`
	Lines []string `json:"lines"`
}

// newestShown is how many entries of a new source are shown.
const newestShown = 5

// Run finds the feed of a site, shows what it would bring, and writes it into
// the configuration.
func (c *addCommand) Run(ctx context.Context, t *terminal, cli *commands) error {
	s, err := loadSettings(cli.Config)
	if err != nil {
		return err
	}
	address, err := webAddress(c.URL)
	if err != nil {
		return err
	}
	known := s.subscriptions()
	if name, again := known.has(address); again {
		return fmt.Errorf("%s reads this feed already, as %q", known.place(name), name)
	}
	in := asking(c.Yes || c.JSON, t)
	a := addition{URL: address}
	a.Candidates, err = find(ctx, s, t, address)
	if err != nil {
		return err
	}
	if !c.JSON {
		printCandidates(t, a.Candidates)
	}
	picked, err := c.pick(a.Candidates, in, t)
	if err == nil {
		a.Chosen = picked.Number
		err = c.add(ctx, s, t, known, in, picked, &a)
	}
	if c.JSON {
		err = errors.Join(t.printJSON(a), err)
	}
	return err
}

// webAddress reads what an editor typed as the address of a site or feed.
func webAddress(typed string) (string, error) {
	address := strings.TrimSpace(typed)
	if rest, ok := strings.CutPrefix(address, "feed:"); ok {
		address = strings.TrimPrefix(rest, "//")
	}
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("%q is no address of a site or feed, as example.com or https://example.com/feed.xml", typed)
	case u.User != nil:
		return "", errors.New("the address holds a password: write the source into the file by hand, with the password as ${NAME} from the environment")
	}
	u.Fragment = ""
	return u.String(), nil
}

// asking returns where an editor's answers come from; nil if nobody can be
// asked.
func asking(quietly bool, t *terminal) *bufio.Reader {
	if quietly || !t.live || !term.IsTerminal(int(os.Stdin.Fd())) {
		return nil
	}
	return bufio.NewReader(os.Stdin)
}

// pick returns the feed to add: the one named, the only one, or the one that
// the editor answers with.
func (c *addCommand) pick(list []*candidate, in *bufio.Reader, t *terminal) (*candidate, error) {
	var good []*candidate
	for _, f := range list {
		if f.usable() {
			good = append(good, f)
		}
	}
	switch {
	case c.Choose != 0:
		return nth(list, c.Choose)
	case len(good) == 0:
		return nil, fmt.Errorf("none of these can be added: %s", list[0].why())
	case len(good) == 1 || c.Yes:
		return good[0], nil
	case in == nil:
		return nil, fmt.Errorf("it has %d feeds: name one with --choose N", len(good))
	}
	for {
		fmt.Fprintf(t.err, "Which one? [%d] ", good[0].Number)
		answer, err := in.ReadString('\n')
		if err != nil {
			return nil, errors.New("nothing was chosen and nothing was added")
		}
		n, err := strconv.Atoi(cmp.Or(strings.TrimSpace(answer), strconv.Itoa(good[0].Number)))
		if picked, problem := nth(list, n); err == nil && problem == nil {
			return picked, nil
		} else if err == nil {
			fmt.Fprintln(t.err, problem)
		}
	}
}

func nth(list []*candidate, n int) (*candidate, error) {
	if n < 1 || n > len(list) {
		return nil, fmt.Errorf("there is no feed %d: it has 1 to %d", n, len(list))
	}
	if f := list[n-1]; !f.usable() {
		return nil, fmt.Errorf("feed %d cannot be added: %s", n, f.why())
	}
	return list[n-1], nil
}

// add shows what a feed would bring, and writes it into the configuration.
func (c *addCommand) add(ctx context.Context, s *settings, t *terminal, known *subscriptions, in *bufio.Reader, f *candidate, a *addition) error {
	src := config.NewSource{Name: strings.TrimSpace(c.Name), URL: f.URL, Tags: lowerTags(c.Tag)}
	if src.Name == "" {
		src.Name = known.unique(f.Title, f.URL)
	}
	p, err := judge(ctx, s, newsroom.Source{
		Slug: config.Slug(src.Name), Name: src.Name, URL: src.URL, Tags: src.Tags, Publish: newsroom.PublishExcerpt, Weight: 1,
	}, f.feed, f.result)
	if err != nil {
		return err
	}
	a.Preview = &p
	if !c.JSON {
		newest := newestFirst(p.Entries)
		p.printSome(t, newest[:min(newestShown, len(newest))])
	}
	if in != nil && !confirmed(in, t.err, fmt.Sprintf("Add it to %s as %q?", s.file, src.Name)) {
		return errors.New("nothing was added")
	}
	edited, err := addSources(s.file, []config.NewSource{src})
	if err != nil {
		return err
	}
	a.Added = &addedSource{Name: src.Name, URL: src.URL, Tags: append([]string{}, src.Tags...), File: s.file, Line: edited.Line, Lines: edited.Lines}
	if !c.JSON {
		edited.print(t.out, t, s.file)
	}
	return nil
}

func confirmed(in *bufio.Reader, out io.Writer, question string) bool {
	fmt.Fprintf(out, "%s [Y/n] ", question)
	answer, err := in.ReadString('\n')
	answer = strings.ToLower(strings.TrimSpace(answer))
	return err == nil && (answer == "" || answer == "y" || answer == "yes")
}

// lowerTags writes tags as the configuration wants them.
func lowerTags(tags []string) []string {
	var list []string
	for _, tag := range tags {
		list = append(list, strings.ToLower(strings.TrimSpace(tag)))
	}
	return list
}

func printCandidates(t *terminal, list []*candidate) {
	var rows [][]cell
	for _, f := range list {
		newest, remark, color := "-", oneLine(f.Title), plain
		if f.Newest != nil {
			newest = ago(*f.Newest, time.Now())
		}
		if !f.usable() {
			remark, color = oneLine(f.why()), red
		}
		rows = append(rows, []cell{
			{strconv.Itoa(f.Number), dim}, {cmp.Or(f.Format, "-"), plain}, {strconv.Itoa(f.Entries), plain}, {newest, plain}, {f.shown(), dim}, {remark, color},
		})
	}
	t.printTable([]string{"#", "FORMAT", "ENTRIES", "NEWEST", "ADDRESS", "TITLE"}, rows)
	fmt.Fprintln(t.out)
}
