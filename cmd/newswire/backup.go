package main

import (
	"context"
	"fmt"
	"os"

	"newswire/internal/store"
)

type backupCommand struct {
	File string `arg:"" name:"FILE" help:"Where the copy goes; it must not be there yet."`
	JSON bool   `help:"Print one JSON document."`
}

// Run writes a consistent copy of the database while everything goes on.
func (c *backupCommand) Run(ctx context.Context, t *terminal, cli *commands) error {
	_, db, err := openStored(ctx, cli.Config)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Backup(ctx, c.File); err != nil {
		return err
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(map[string]any{"file": c.File, "bytes": info.Size(), "verified": true})
	}
	fmt.Fprintf(t.out, "%s: %d bytes, verified\n", c.File, info.Size())
	return nil
}

type restoreCommand struct {
	File string `arg:"" name:"FILE" help:"A copy that backup made."`
	JSON bool   `help:"Print one JSON document."`
}

// Run puts a backup in the place of the database, after it has checked it. The
// daemon must not run.
func (c *restoreCommand) Run(ctx context.Context, t *terminal, cli *commands) error {
	s, err := loadSettings(cli.Config)
	if err != nil {
		return err
	}
	kept, err := store.Restore(ctx, s.database(), c.File)
	if err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(map[string]string{"restored": c.File, "kept": kept})
	}
	fmt.Fprintf(t.out, "%s is in place\n", c.File)
	if kept != "" {
		fmt.Fprintf(t.out, "what was there before is kept as %s\n", kept)
	}
	return nil
}
