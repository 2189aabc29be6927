package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"newswire/internal/publish"
	"newswire/internal/store"
)

const (
	purgeFirst = 10 * time.Minute // after the start, when polls have caught up
	purgeEvery = 24 * time.Hour
)

type purgeCommand struct {
	DryRun bool `help:"Say how many texts it would be; change nothing."`
	Many   bool `help:"Also if it is more than a fifth of all texts at once."`
	JSON   bool `help:"Print one JSON document."`
}

// Run applies retention.contents now, as the daemon does once a day.
func (c *purgeCommand) Run(ctx context.Context, t *terminal, cli *commands) error {
	s, err := loadSettings(cli.Config)
	if err != nil {
		return err
	}
	if s.config.Retention.Contents == 0 {
		return fmt.Errorf("%s keeps all texts: retention.contents is 0s", s.file)
	}
	db, err := openExisting(ctx, s)
	if err != nil {
		return err
	}
	defer db.Close()
	r, err := quietWire(s, db).retention(ctx, time.Now())
	if err != nil {
		return err
	}
	r.Many = c.Many
	count, full, err := db.Purgeable(ctx, r)
	if err == nil && !c.DryRun {
		count, err = db.Purge(ctx, r)
	}
	if errors.Is(err, store.ErrTooMany) {
		return fmt.Errorf("%w; is the clock right, and retention.contents? --dry-run looks, --many allows it this once", err)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(map[string]any{"purged": count, "texts": full, "before": utc(r.Before), "dry_run": c.DryRun})
	}
	would := ""
	if c.DryRun {
		would = "would be "
	}
	fmt.Fprintf(t.out, "%d of %d texts %scut to their excerpts: those older than %s that nobody lists or shows\n", count, full, would, r.Before.Format(time.DateOnly))
	return nil
}

// retention is what the configuration keeps no longer. Ages are counted from
// the last entry that arrived, if that is earlier than now: a clock that jumps
// ahead makes nothing old, and neither does a wire that was stopped.
func (w *wire) retention(ctx context.Context, now time.Time) (store.Retention, error) {
	s := w.now.Load()
	latest, err := w.store.Latest(ctx, 1)
	if err != nil {
		return store.Retention{}, err
	}
	if len(latest) > 0 && latest[0].FirstSeen.Before(now) {
		now = latest[0].FirstSeen
	}
	shown, err := w.shown(ctx)
	return store.Retention{Before: now.Add(-s.config.Retention.Contents), Keep: shown, Newest: keptNewest, Excerpt: publish.Excerpt}, err
}

// shown are the entries that stand in a channel's line-up, and those that its
// archives do not hold yet as they are.
func (w *wire) shown(ctx context.Context) (map[int64]bool, error) {
	s := w.now.Load()
	pinned, err := w.findPins(ctx)
	if err != nil {
		return nil, err
	}
	keys := map[int64]bool{}
	for _, ch := range s.channels {
		in, _, err := w.chosen(ctx, ch, pinned)
		if err != nil {
			return nil, err
		}
		for _, ref := range in {
			keys[ref.Key], keys[ref.Voice] = true, true
		}
		owed, err := w.store.Owed(ctx, ch.Name, allOwed)
		if err != nil {
			return nil, err
		}
		for _, o := range owed {
			keys[o.Key], keys[o.Voice] = true, true
		}
	}
	return keys, nil
}

// keptNewest members of each channel keep their texts though no line-up shows
// them now: an entry that is withdrawn makes room for the next.
const keptNewest = 200

// allOwed is more than archives ever owe: they are written as entries come.
const allOwed = 1 << 24

// keepRetention purges once a day, in the background.
func (w *wire) keepRetention(ctx context.Context) error {
	for wait := purgeFirst; ; wait = purgeEvery {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		w.purge(ctx, time.Now())
	}
}

// purge applies retention.contents. What was refused is said in the log, by a
// metric and on the desk, until a purge goes well.
func (w *wire) purge(ctx context.Context, now time.Time) {
	if w.now.Load().config.Retention.Contents == 0 {
		w.purgeRefused.Store(nil)
		w.figures.purgeRefused.Set(0)
		return
	}
	r, err := w.retention(ctx, now)
	n := 0
	if err == nil {
		n, err = w.store.Purge(ctx, r)
	}
	w.figures.purged.Add(float64(n))
	switch {
	case errors.Is(err, store.ErrTooMany):
		said := "Old texts were not purged: " + err.Error() + ". Is the clock right, and retention.contents? `newswire purge --dry-run` looks, `newswire purge --many` allows it once."
		w.purgeRefused.Store(&said)
		w.figures.purgeRefused.Set(1)
		w.log.Error("old texts were not purged", "error", err, "remedy", "newswire purge --many allows it once; newswire purge --dry-run looks")
	case err != nil:
		if ctx.Err() == nil {
			w.log.Error("old texts could not all be purged; it is tried again tomorrow", "purged", n, "error", err)
		}
	default:
		w.purgeRefused.Store(nil)
		w.figures.purgeRefused.Set(0)
		w.log.Info("old texts purged", "entries", n, "before", r.Before.Format(time.DateOnly))
	}
}
