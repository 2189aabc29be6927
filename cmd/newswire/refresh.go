package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"newswire/internal/newsroom"
	"newswire/internal/poll"
)

type refreshCommand struct {
	Sources []string `arg:"" optional:"" name:"source" help:"Names of sources; all of them if none is named."`
	JSON    bool     `help:"Print one JSON document."`
}

// Run polls sources now. Each host's manners still hold.
func (c *refreshCommand) Run(ctx context.Context, t *terminal, cli *commands) error {
	s, err := loadSettings(cli.Config)
	if err != nil {
		return err
	}
	sources, err := s.named(c.Sources)
	if err != nil {
		return err
	}
	w, err := openWire(ctx, s, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.takeHouse(ctx, t); err != nil {
		fmt.Fprintln(t.err, "newswire:", err)
	}
	if changed, err := w.decideEdited(ctx); err != nil {
		return err
	} else if changed > 0 {
		fmt.Fprintf(t.err, "%s was edited: %s decided again\n", s.file, counted(changed, "stored entry", "stored entries"))
	}
	list, err := w.refresh(ctx, t, sources)
	if err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(list)
	}
	printHealth(t, list, time.Now())
	return nil
}

// named returns the sources with these names, all that are not paused if
// there are none.
func (s *settings) named(names []string) ([]newsroom.Source, error) {
	if len(names) == 0 {
		return slices.DeleteFunc(slices.Clone(s.sources), func(src newsroom.Source) bool { return src.Paused }), nil
	}
	var list []newsroom.Source
	for _, name := range names {
		src, ok := s.source(name)
		if !ok {
			return nil, fmt.Errorf("%s has no source %q%s", s.file, name, didYouMean(name, s.names()))
		}
		if src.Paused {
			return nil, fmt.Errorf("source %q is paused in %s", src.Name, s.file)
		}
		list = append(list, src)
	}
	return list, nil
}

func (s *settings) names() []string {
	names := make([]string, len(s.sources))
	for i, src := range s.sources {
		names[i] = src.Name
	}
	return names
}

// refresh asks sources side by side, and returns their health in the order of
// the configuration.
func (w *wire) refresh(ctx context.Context, t *terminal, sources []newsroom.Source) ([]health, error) {
	progress := newProgress(t, len(sources))
	defer progress.end()
	checks := make([]newsroom.Check, len(sources))
	group, asking := errgroup.WithContext(ctx)
	group.SetLimit(max(w.now.Load().config.Fetch.Workers, 1))
	for i, src := range sources {
		group.Go(func() error {
			result, err := w.poller.Ask(asking, src.Slug)
			if errors.Is(err, newsroom.ErrClaimed) {
				result = poll.Result{Check: newsroom.Check{Problem: "another process is asking it at this moment"}}
				err = nil
			}
			if err != nil {
				return fmt.Errorf("%s: %w", src.Name, err)
			}
			checks[i] = result.Check
			progress.done(src.Name)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	held, err := w.store.HeldBySource(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]health, len(sources))
	for i, src := range sources {
		list[i] = newHealth(newCondition(src, checks[i], held[src.Slug], time.Now()))
	}
	return list, nil
}

// A progress is one line that is drawn over, on a terminal only.
type progress struct {
	t     *terminal
	mu    sync.Mutex
	n     int
	total int
}

func newProgress(t *terminal, total int) *progress { return &progress{t: t, total: total} }

func (p *progress) done(what string) {
	if !p.t.live {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	const width = 30
	full := p.n * width / max(p.total, 1)
	fmt.Fprintf(p.t.err, "\r\x1b[K[%s%s] %d/%d %s", strings.Repeat("#", full), strings.Repeat(" ", width-full), p.n, p.total, cut(oneLine(what), 40))
}

func (p *progress) end() {
	if p.t.live {
		fmt.Fprint(p.t.err, "\r\x1b[K")
	}
}
