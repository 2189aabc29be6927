package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"newswire/internal/newsroom"
	"newswire/internal/web"
)

// deskHandler is what the editors' address answers.
func (w *wire) deskHandler() (http.Handler, error) {
	return web.NewDesk(web.DeskConfig{
		Data:     desk{w},
		Site:     func() newsroom.Site { return w.now.Load().site },
		Password: w.now.Load().config.Server.DeskPassword.Reveal(),
		Reload:   w.reloaded.Load,
		Notices:  w.notices,
		Metrics:  w.figures.handler(),
		Ready:    w.ready,
		Now:      time.Now,
		Log:      w.log,
	})
}

// ready reports why we have nothing to serve yet.
func (w *wire) ready() error {
	if w.publisher.Shelf() == nil {
		return errors.New("nothing has been rendered yet")
	}
	return nil
}

// notices are what editors must know of the whole wire.
func (w *wire) notices() []string {
	var list []string
	for _, said := range []*string{w.purgeRefused.Load(), w.summaryFailed.Load()} {
		if said != nil {
			list = append(list, *said)
		}
	}
	return list
}

// A desk is what the editors' pages show and do.
type desk struct{ wire *wire }

// Sources returns the configured sources and what became of asking them, and
// how many entries are held of these and of others.
func (d desk) Sources(ctx context.Context) ([]web.SourceHealth, int, error) {
	all, held, err := conditions(ctx, d.wire.store, d.wire.now.Load(), time.Now())
	if err != nil {
		return nil, 0, err
	}
	list := make([]web.SourceHealth, len(all))
	for i, o := range all {
		list[i] = web.SourceHealth{
			Slug: o.Slug, Name: o.Name, URL: showURL(o.Source), Schedule: o.Schedule, Tags: o.Tags,
			House: o.House, Paused: o.Paused, Check: o.check, PerWeek: o.perWeek, Silent: o.silent, Alarm: o.alarm, Held: o.held,
		}
	}
	return list, held, nil
}

// Entries returns the entries that arrived last, or those that a query names
// by address, id or a word of their title.
func (d desk) Entries(ctx context.Context, query string, limit int) ([]newsroom.Entry, error) {
	if query == "" {
		return d.wire.store.Latest(ctx, limit)
	}
	found, err := d.wire.door.Find(ctx, d.wire.store, query)
	if err != nil || len(found) > 0 {
		return found, err
	}
	return d.wire.store.Search(ctx, query, time.Now().Add(-decideAgain), limit)
}

// Held returns what a guard keeps back.
func (d desk) Held(ctx context.Context) ([]newsroom.Entry, error) { return d.wire.store.Held(ctx) }

// Release publishes what is held of a source.
func (d desk) Release(ctx context.Context, source string) (int, error) {
	now := time.Now()
	return d.wire.door.Release(ctx, d.wire.store, d.wire.now.Load().known(), source, now)
}
