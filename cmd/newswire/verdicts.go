package main

import (
	"context"
	"errors"
	"slices"
	"strings"
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

// verdict is what these rules come to for an entry that has a verdict already,
// so that a rule can be tried on entries that are stored: what a guard keeps
// back, or another source brought first, stays so, and what is older than rules
// reach keeps what it has.
func (s *settings) verdict(src newsroom.Source, e *newsroom.Entry, now time.Time) newsroom.Verdict {
	if now.Sub(e.FirstSeen) > decideAgain {
		return e.Verdict
	}
	v := s.rules.Decide(src, e, now)
	stays := strings.HasPrefix(e.Verdict.Rule, "guard.") || e.Verdict.Rule == newsroom.RuleDuplicate
	if stays && v.Decision == newsroom.Publish && !strings.HasPrefix(v.Rule, "overrides.") {
		return e.Verdict
	}
	return v
}

// keepVerdicts decides stored entries again when the rules have changed or
// their age matters, and releases what was held for a day. Neither polls nor
// readers wait for it.
func (w *wire) keepVerdicts(ctx context.Context) error {
	w.decideStored(ctx) // the configuration may have been edited while nobody ran it
	tick := time.NewTicker(ageTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.redecide:
			w.decideStored(ctx)
		case <-tick.C:
			w.releaseOld(ctx)
			if w.now.Load().rules.Aging() {
				w.decideStored(ctx)
			}
		}
	}
}

// redecide gives what is stored the verdicts and channels of the rules in
// force: the last 30 days, and what editors name however old it is.
func redecide(ctx context.Context, door *ingest.Door, db *store.Store, s *settings, now time.Time) (changed int, err error) {
	names := slices.Concat(s.config.Overrides.Hide, s.config.Overrides.Pin)
	named, namedErr := door.RedecideNamed(ctx, db, s.known(), names, now)
	changed, err = door.Redecide(ctx, db, s.known(), now.Add(-decideAgain), now)
	return changed + named, errors.Join(namedErr, err)
}

func (w *wire) decideStored(ctx context.Context) {
	changed, err := redecide(ctx, w.door, w.store, w.now.Load(), time.Now())
	if err != nil && ctx.Err() == nil {
		w.log.Error("stored entries could not all be decided again; it is tried at the next reload", "error", err)
		return
	}
	if changed > 0 {
		w.log.Info("stored entries decided again", "changed", changed)
	}
}

func (w *wire) releaseOld(ctx context.Context) {
	now := time.Now()
	n, err := w.door.Release(ctx, w.store, w.now.Load().known(), "", now.Add(-holdAtMost), now)
	if err != nil && ctx.Err() == nil {
		w.log.Error("held entries could not be released", "error", err)
	}
	if n > 0 {
		w.log.Info("entries released after a day", "entries", n)
	}
}
