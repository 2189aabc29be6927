package main

import (
	"context"
	"fmt"
	"time"
)

type releaseCommand struct {
	Source string `arg:"" optional:"" name:"source" help:"Name of a source; everything that is held if it is left out."`
	JSON   bool   `help:"Print one JSON document."`
}

// Run publishes entries that a guard holds, if the rules allow them.
func (c *releaseCommand) Run(ctx context.Context, t *terminal, cli *commands) error {
	s, err := loadSettings(cli.Config)
	if err != nil {
		return err
	}
	slug := ""
	if c.Source != "" {
		src, ok := s.source(c.Source)
		if !ok {
			return fmt.Errorf("%s has no source %q%s", s.file, c.Source, didYouMean(c.Source, s.names()))
		}
		slug = src.Slug
	}
	db, err := openExisting(ctx, s)
	if err != nil {
		return err
	}
	defer db.Close()
	now := time.Now()
	n, err := quietWire(s, db).door.Release(ctx, db, s.known(), slug, now)
	if err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(map[string]int{"released": n})
	}
	fmt.Fprintf(t.out, "%s released\n", counted(n, "entry", "entries"))
	return nil
}
