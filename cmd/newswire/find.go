package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"newswire/feeds"
	"newswire/internal/egress"
	"newswire/internal/newsroom"
	"newswire/internal/poll"
)

// A candidate is a feed that was found at a site.
type candidate struct {
	Number  int            `json:"number"` // counted from 1
	URL     string         `json:"url"`    // to be written: where permanent redirects led
	Title   string         `json:"title"`
	Format  string         `json:"format"` // empty: it could not be read
	Entries int            `json:"entries"`
	Newest  *time.Time     `json:"newest"`
	Class   newsroom.Class `json:"class"`
	Problem string         `json:"problem,omitempty"`
	ReadAs  string         `json:"read_as,omitempty"` // name of the source that it is already

	feed   *feeds.Feed
	result poll.Result
}

func (f *candidate) usable() bool { return f.feed != nil && f.ReadAs == "" }

// why says what keeps it from being added.
func (f *candidate) why() string {
	if f.ReadAs != "" {
		return fmt.Sprintf("it is read already, as %q", f.ReadAs)
	}
	return f.Problem
}

func (f *candidate) shown() string { return egress.Redact(f.URL) }

const (
	maxCandidates = 10 // that are asked, of those a page names
	maxGuesses    = 5
)

// guesses are where feeds often are. They are asked only of sites whose page
// names none.
var guesses = [maxGuesses]string{"/feed", "/rss.xml", "/atom.xml", "/index.xml", "/feed.json"}

// A search looks for the feeds of one site.
type search struct {
	client *egress.Client
	known  *subscriptions
	t      *terminal
	found  []*candidate
}

// find returns the feeds of a site, at least one: its address if that is a
// feed itself, else those that the page names, else what is found where
// feeds often are.
func find(ctx context.Context, s *settings, t *terminal, address string) ([]*candidate, error) {
	client := egress.New(newEgress(s))
	defer client.Close()
	f := search{client: client, known: s.subscriptions(), t: t}
	resp, err := client.Get(ctx, egress.Request{URL: address}) // a person asked for it: robots.txt does not speak to that
	if feed, result := poll.Read(resp, err); feed != nil {
		f.take(address, resp, feed, result)
		return f.found, nil
	} else if result.Err != nil {
		return nil, result.Err
	} else if resp == nil || result.Class != newsroom.ClassNotFeed {
		return nil, f.unreachable(address, result)
	}
	page, err := url.Parse(resp.FinalURL)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", egress.Redact(address), err)
	}
	links := feeds.Discover(bytes.NewReader(resp.Body), page, resp.Header.Values("Link"))
	if len(links) > 0 {
		return f.named(ctx, links)
	}
	return f.guessed(ctx, page)
}

// unreachable says what a person can do about a site that gave nothing.
func (f *search) unreachable(address string, result poll.Result) error {
	text := egress.Redact(address) + ": " + oneLine(result.Problem)
	if result.Class == newsroom.ClassSSRFBlocked {
		text += "; a feed inside your own network is asked only if fetch.allow_networks in " + f.known.settings.file + " names that network, as [10.1.0.0/16]"
	}
	return errors.New(text)
}

// named asks the feeds that a page names.
func (f *search) named(ctx context.Context, links []feeds.Link) ([]*candidate, error) {
	if over := len(links) - maxCandidates; over > 0 {
		fmt.Fprintf(f.t.err, "the page names %d feeds; only the first %d are looked at\n", len(links), maxCandidates)
		links = links[:maxCandidates]
	}
	progress := newProgress(f.t, len(links))
	defer progress.end()
	for _, link := range links {
		if err := f.ask(ctx, link.Href, link.Title, egress.RobotsNamed); err != nil {
			return nil, err
		}
		progress.done(egress.Redact(link.Href))
	}
	return f.found, nil
}

// guessed asks where feeds often are, until there is one.
func (f *search) guessed(ctx context.Context, page *url.URL) ([]*candidate, error) {
	progress := newProgress(f.t, len(guesses))
	defer progress.end()
	for _, path := range guesses {
		at := page.ResolveReference(&url.URL{Path: path}).String()
		if err := f.ask(ctx, at, "", egress.RobotsAll); err != nil {
			return nil, err
		}
		progress.done(egress.Redact(at))
		if last := f.found[len(f.found)-1]; last.feed != nil {
			last.Number, f.found = 1, []*candidate{last}
			return f.found, nil
		}
		f.found = f.found[:0]
	}
	return nil, fmt.Errorf("%s is a page that names no feed, and there is none at %s either; if you know the feed's address, add that",
		egress.Redact(page.String()), strings.Join(guesses[:], ", "))
}

// ask asks for a feed and takes in what came of it. The error is the
// context's.
func (f *search) ask(ctx context.Context, address, title string, robots egress.Robots) error {
	resp, err := f.client.Get(ctx, egress.Request{URL: address, Robots: robots})
	feed, result := poll.Read(resp, err)
	if result.Err != nil {
		return result.Err
	}
	f.take(address, resp, feed, result)
	if last := f.found[len(f.found)-1]; last.Title == "" {
		last.Title = title
	}
	return nil
}

func (f *search) take(address string, resp *egress.Response, feed *feeds.Feed, result poll.Result) {
	c := &candidate{
		Number: len(f.found) + 1, URL: address, Class: result.Class, Problem: result.Problem, feed: feed, result: result,
	}
	if resp != nil && resp.Permanent != "" {
		c.URL = resp.Permanent
	}
	c.ReadAs, _ = f.known.has(c.URL)
	if feed != nil {
		c.Title, c.Format, c.Entries = nameLine(feed.Title), string(feed.Format), len(feed.Entries)
		for _, e := range feed.Entries {
			if at := later(e.Published, e.Updated); c.Newest == nil || at.After(*c.Newest) {
				c.Newest = utc(at)
			}
		}
	}
	f.found = append(f.found, c)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// newestFirst sorts entries as readers will see them; those without a date
// stay in the order of the document, at the end.
func newestFirst(entries []previewEntry) []previewEntry {
	entries = slices.Clone(entries)
	date := func(e previewEntry) time.Time {
		if e.Published == nil {
			return time.Time{}
		}
		return *e.Published
	}
	slices.SortStableFunc(entries, func(a, b previewEntry) int { return date(b).Compare(date(a)) })
	return entries
}
