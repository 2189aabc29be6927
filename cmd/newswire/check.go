package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"time"

	"newswire/internal/articles"
	"newswire/internal/config"
)

type checkCommand struct {
	JSON  bool `help:"Print one JSON document."`
	Probe bool `help:"Ask each source, too."`
}

// Run says everything that is wrong with configuration, rules and articles.
func (c *checkCommand) Run(ctx context.Context, t *terminal, cli *commands) error {
	s, err := loadSettings(cli.Config)
	var list []config.Finding
	count := 0 // articles
	if wrong, ok := errors.AsType[config.Errors](err); ok {
		list = wrong
	} else if err != nil {
		return err
	}
	if s != nil {
		list = append(list, s.config.Warnings...)
		more, n, err := articleFindings(s)
		if err != nil {
			return err
		}
		list, count = append(list, more...), n
		if c.Probe {
			list = append(list, probe(ctx, t, s)...)
		}
	}
	if c.JSON {
		if err := t.printJSON(map[string]any{"valid": !failed(list), "findings": jsonFindings(list)}); err != nil {
			return err
		}
	} else {
		for _, f := range list {
			fmt.Fprintln(t.err, f)
		}
	}
	if failed(list) {
		return errSaid
	}
	if !c.JSON {
		fmt.Fprintf(t.out, "%s: %s, %s, %s: all valid\n", cli.Config, counted(len(s.sources), "source", "sources"),
			counted(len(s.channels), "channel", "channels"), counted(count, "article", "articles"))
	}
	return nil
}

func failed(list []config.Finding) bool {
	for _, f := range list {
		if !f.Warning {
			return true
		}
	}
	return false
}

// jsonFinding is a finding as `check --json` prints it.
type jsonFinding struct {
	File       string `json:"file"`
	Line       int    `json:"line"`
	Column     int    `json:"column"`
	Path       string `json:"path,omitempty"`
	Message    string `json:"message"`
	Suggestion string `json:"suggestion,omitempty"`
	Warning    bool   `json:"warning"`
}

func jsonFindings(list []config.Finding) []jsonFinding {
	out := []jsonFinding{}
	for _, f := range list {
		out = append(out, jsonFinding(f))
	}
	return out
}

// articleFindings returns what is wrong with the house's articles, and how many
// can be read.
func articleFindings(s *settings) (list []config.Finding, count int, err error) {
	reading, err := s.readArticles()
	if err != nil || reading.Feed == nil {
		return nil, 0, err
	}
	for _, p := range reading.Problems {
		list = append(list, config.Finding{
			File: path.Join(s.config.Articles, p.File), Line: p.Line, Column: p.Column, Message: p.Message,
		})
	}
	return list, len(reading.Feed.Entries), nil
}

// takeHouse takes the house's articles in for a command, and says which of them
// cannot be read.
func (w *wire) takeHouse(ctx context.Context, t *terminal) error {
	list, _, err := articleFindings(w.now.Load())
	if err != nil {
		return err
	}
	for _, f := range list {
		fmt.Fprintln(t.err, f)
	}
	_, err = w.readHouse(ctx)
	return err
}

// readArticles reads the house's folder; without one there is nothing in it.
func (s *settings) readArticles() (articles.Reading, error) {
	if s.config.Articles == "" {
		return articles.Reading{}, nil
	}
	root, err := os.OpenRoot(s.path(s.config.Articles))
	if errors.Is(err, fs.ErrNotExist) {
		file, line, column := s.config.Where("articles")
		return articles.Reading{}, fmt.Errorf("%s:%d:%d: articles: there is no folder %s (leave the key empty if the house has no articles)",
			file, line, column, s.path(s.config.Articles))
	}
	if err != nil {
		return articles.Reading{}, fmt.Errorf("articles: %w", err)
	}
	defer root.Close()
	return readArticles(root.FS(), s, time.Now())
}

// probe asks every source that is not paused once, and says which did not
// answer as they should.
func probe(ctx context.Context, t *terminal, s *settings) []config.Finding {
	var list []config.Finding
	sources, _ := s.named(nil)
	progress := newProgress(t, len(sources))
	defer progress.end()
	for _, r := range probeAll(ctx, s, sources, func(name string) { progress.done(name) }) {
		f := config.Finding{Path: "sources[" + r.source.Name + "].url"}
		f.File, f.Line, f.Column = s.config.Where(f.Path)
		switch {
		case !r.result.Class.Good():
			f.Message = oneLine(r.result.Problem)
		case r.result.Check.MovedTo != "":
			f.Message, f.Warning = "it has moved for good; its new address is "+oneLine(showAddress(r.source, r.result.Check.MovedTo)), true
		default:
			continue
		}
		list = append(list, f)
	}
	return list
}
