package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
)

type buildCommand struct {
	Dir  string `arg:"" name:"DIR" help:"Folder to write; it is replaced as a whole."`
	JSON bool   `help:"Print one JSON document."`
}

// Run writes every channel, and the site, as static files: the same bytes that
// serve gives.
func (c *buildCommand) Run(ctx context.Context, t *terminal, cli *commands) error {
	s, err := loadSettings(cli.Config)
	if err != nil {
		return err
	}
	w, err := openWire(ctx, s, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.takeHouse(ctx, t); err != nil {
		return err
	}
	if _, err := w.decide(ctx); err != nil {
		return err
	}
	for again := true; again; again = w.publisher.Behind() {
		if err := w.publisher.Render(ctx); err != nil {
			return fmt.Errorf("build: %w", err)
		}
	}
	files, err := w.writeStatic(c.Dir)
	if err != nil {
		return fmt.Errorf("build %s: %w", c.Dir, err)
	}
	if c.JSON {
		return t.printJSON(map[string]any{"dir": c.Dir, "files": files})
	}
	fmt.Fprintf(t.out, "%s: %s\n", c.Dir, counted(files, "file", "files"))
	return nil
}
