package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"newswire/feeds"
)

type exportCommand struct {
	File string `arg:"" optional:"" name:"FILE" help:"The list to write; standard output if left out."`
}

// Run writes the sources of the configuration as a list that other readers
// take (OPML). Sources that are asked with a secret are left
// out, and said.
func (c *exportCommand) Run(ctx context.Context, t *terminal, cli *commands) error {
	s, err := loadSettings(cli.Config)
	if err != nil {
		return err
	}
	list, private := s.list(s.sites(ctx, t.err))
	for _, name := range private {
		fmt.Fprintf(t.err, "left out: %s (its address or its headers hold a secret)\n", oneLine(name))
	}
	var b bytes.Buffer
	if err := feeds.WriteOPML(&b, list); err != nil {
		return err
	}
	if c.File == "" || c.File == "-" {
		_, err = t.out.Write(b.Bytes())
		return err
	}
	if err := writeWhole(c.File, b.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s: %s\n", c.File, counted(len(list.Outlines), "feed", "feeds"))
	return nil
}

// list returns the sources as a list of feeds, each in the folder of its first
// tag, and the names of those that were left out.
func (s *settings) list(sites map[string]string) (list *feeds.OPML, private []string) {
	list = &feeds.OPML{Title: s.site.Title}
	for _, src := range s.sources {
		address := publicURL(src)
		if address == "" {
			private = append(private, src.Name)
			continue
		}
		o := feeds.Outline{Title: src.Name, FeedURL: address, SiteURL: sites[src.Slug], Type: "rss", Categories: src.Tags}
		if len(src.Tags) > 0 {
			o.Path = src.Tags[:1]
		}
		list.Outlines = append(list.Outlines, o)
	}
	return list, private
}

// sites returns the sources' own sites as far as they were polled.
func (s *settings) sites(ctx context.Context, said io.Writer) map[string]string {
	db, err := openExisting(ctx, s)
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			fmt.Fprintln(said, "the sources' own sites are left out:", err)
		}
		return nil
	}
	defer db.Close()
	checks, err := db.Checks(ctx)
	if err != nil {
		fmt.Fprintln(said, "the sources' own sites are left out:", err)
	}
	sites := map[string]string{}
	for _, check := range checks {
		sites[check.Source] = check.SiteURL
	}
	return sites
}

// writeWhole writes a file so that it is there whole or not at all.
func writeWhole(file string, data []byte) error {
	part, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name()) // fails once it has its new name
	_, err = part.Write(data)
	if err := errors.Join(err, part.Chmod(0o644), part.Sync(), part.Close()); err != nil {
		return err
	}
	return os.Rename(part.Name(), file)
}
