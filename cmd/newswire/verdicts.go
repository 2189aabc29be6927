package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"newswire/internal/ingest"
	"newswire/internal/newsroom"
	"newswire/internal/store"
)

const (
	decideAgain = 30 * 24 * time.Hour // how far back changed rules are applied
	holdAtMost  = 24 * time.Hour      // held entries are released after this
	ageTick     = 10 * time.Minute    // how often rules that use age are asked again
)

// known are the sources that verdicts can be given for: those configured, and
// the house's own folder.
func (s *settings) known() map[string]newsroom.Source {
	m := s.bySlug()
	m[newsroom.HouseSource] = s.house()
	return m
}

// configured returns the source with this slug.
func (s *settings) configured(slug string) (newsroom.Source, bool) {
	if slug == newsroom.HouseSource {
		return s.house(), true
	}
	i := slices.IndexFunc(s.sources, func(src newsroom.Source) bool { return src.Slug == slug })
	if i < 0 {
		return newsroom.Source{}, false
	}
	return s.sources[i], true
}

// keepVerdicts decides stored entries again when the rules have changed or
// their age matters, and ends what was held for a day. What could not be done
// is tried again. Neither polls nor readers wait for it.
func (w *wire) keepVerdicts(ctx context.Context) error {
	done := w.decideStored(ctx) // the configuration may have been edited while nobody ran it
	tick := time.NewTicker(ageTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.redecide:
			done = w.decideStored(ctx)
		case <-tick.C:
			w.endHolds(ctx)
			if !done || w.now.Load().rules.Aging() {
				done = w.decideStored(ctx)
			}
		}
	}
}

// redecide gives what is stored the verdicts and channels of the rules in
// force: the last 30 days, and what editors name, or named before, however old
// it is.
func redecide(ctx context.Context, door *ingest.Door, db *store.Store, s *settings, now time.Time) (changed int, err error) {
	names := slices.Concat(s.config.Overrides.Hide, s.config.Overrides.Pin)
	return door.Redecide(ctx, db, s.known(), names, now.Add(-decideAgain), now)
}

// decide applies the configuration in force to what is stored, and notes that
// it did.
func (w *wire) decide(ctx context.Context) (changed int, err error) {
	s := w.now.Load()
	if changed, err = redecide(ctx, w.door, w.store, s, time.Now()); err != nil {
		return changed, fmt.Errorf("stored entries could not all be decided again: %w", err)
	}
	return changed, remember(ctx, w.store, s)
}

// decideEdited does that if the configuration was edited since it was last
// applied, or if verdicts change with time.
func (w *wire) decideEdited(ctx context.Context) (changed int, err error) {
	s := w.now.Load()
	last, err := lastApplied(ctx, w.store, s)
	if err == nil && last != nil && !rulesDiffer(last, s) && !s.rules.Aging() {
		return 0, remember(ctx, w.store, s)
	}
	return w.decide(ctx) // also if nobody knows what was applied last
}

// decideStored reports whether all could be decided.
func (w *wire) decideStored(ctx context.Context) bool {
	changed, err := w.decide(ctx)
	if err != nil && ctx.Err() == nil {
		w.log.Error("it is tried again", "error", err, "again_in", ageTick)
	}
	if err == nil && changed > 0 {
		w.log.Info("stored entries decided again", "changed", changed)
	}
	return err == nil
}

func (w *wire) endHolds(ctx context.Context) {
	now := time.Now()
	n, err := w.door.Expire(ctx, w.store, w.now.Load().known(), now.Add(-holdAtMost), now)
	if err != nil && ctx.Err() == nil {
		w.log.Error("the holds that are a day old could not be ended", "error", err, "again_in", ageTick)
	}
	if n > 0 {
		w.log.Info("holds ended after a day", "entries", n)
	}
}
