package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"newswire/internal/config"
	"newswire/internal/newsroom"
	"newswire/internal/web"
)

// reload puts a changed configuration in force. One that fails to load leaves
// the running one as it is.
func (w *wire) reload(ctx context.Context, file string) {
	old := w.now.Load()
	s, err := loadSettings(file)
	if err == nil {
		err = w.poller.SetSources(s.bySlug())
	}
	if err != nil {
		w.figures.reloads.WithLabelValues("refused").Inc()
		refused := web.Reload{At: time.Now(), Refused: findings(err)}
		if last := w.reloaded.Load(); last != nil {
			refused.InForce, refused.Changes = last.InForce, last.Changes
		}
		w.reloaded.Store(&refused)
		for _, f := range findings(err) {
			w.log.Error("configuration not reloaded; the last good one stays in force", "problem", f)
		}
		return
	}
	w.now.Store(s)
	changes := difference(old, s)
	w.figures.reloads.WithLabelValues("done").Inc()
	now := time.Now()
	w.reloaded.Store(&web.Reload{At: now, InForce: now, Changes: changes})
	w.log.Info("configuration reloaded", "changes", strings.Join(changes, "; "))
	for _, warning := range s.config.Warnings {
		w.log.Warn(warning.String())
	}
	if _, err := w.readHouse(ctx); err != nil {
		w.log.Error("the house's articles cannot be read; what was published stays", "error", err)
	}
	if rulesDiffer(old, s) {
		signalTo(w.redecide)()
	} else if err := remember(ctx, w.store, s); err != nil {
		w.log.Warn("the configuration that is in force could not be noted: plan without FILE compares with the one before", "error", err)
	}
	w.publisher.Nudge()
	w.poller.Nudge()
}

// findings are the lines that say what is wrong with a configuration.
func findings(err error) []string {
	list, ok := errors.AsType[config.Errors](err)
	if !ok {
		return []string{err.Error()}
	}
	lines := make([]string, len(list))
	for i, f := range list {
		lines[i] = f.String()
	}
	return lines
}

// difference says in words what a reload changes, and what it cannot change.
func difference(old, s *settings) []string {
	var changes []string
	before, after := old.bySlug(), s.bySlug()
	for _, src := range s.sources {
		was, known := before[src.Slug]
		switch {
		case !known:
			changes = append(changes, "source added: "+src.Name)
		case was.URL != src.URL:
			changes = append(changes, "source has another address: "+src.Name)
		case was.Keep != src.Keep || was.Drop != src.Drop:
			changes = append(changes, "rules changed: "+src.Name)
		case !sameSource(was, src):
			changes = append(changes, "source changed: "+src.Name)
		}
	}
	for _, src := range old.sources {
		if _, kept := after[src.Slug]; !kept {
			changes = append(changes, "source removed: "+src.Name)
		}
	}
	if old.config.Rules != s.config.Rules {
		changes = append(changes, "rules for all sources changed")
	}
	changes = append(changes, channelDifference(old.channels, s.channels)...)
	if !slices.Equal(old.config.Overrides.Hide, s.config.Overrides.Hide) || !slices.Equal(old.config.Overrides.Pin, s.config.Overrides.Pin) {
		changes = append(changes, "overrides changed")
	}
	if !reflect.DeepEqual(old.config.Summary, s.config.Summary) {
		changes = append(changes, "summary changed")
	}
	if old.config.Retention != s.config.Retention {
		changes = append(changes, "retention changed")
	}
	if old.config.Site != s.config.Site {
		changes = append(changes, "site changed")
	}
	if later := atNextStart(old, s); len(later) > 0 {
		changes = append(changes, "takes full effect at the next start: "+strings.Join(later, ", "))
	}
	if len(changes) == 0 {
		changes = append(changes, "nothing that matters")
	}
	return changes
}

// atNextStart names what changed and what parts hold on to that run already: a
// reload leaves them as they are.
func atNextStart(old, s *settings) (keys []string) {
	a, b := old.config, s.config
	for _, part := range []struct {
		key     string
		changed bool
	}{
		{"site.url", a.Site.URL != b.Site.URL},                // in ids of new entries
		{"site.timezone", a.Site.Timezone != b.Site.Timezone}, // of the sources' schedules
		{"server", a.Server != b.Server},
		{"database", a.Database != b.Database},
		{"articles", a.Articles != b.Articles},
		{"fetch", fmt.Sprint(a.Fetch) != fmt.Sprint(b.Fetch)},
		{"guard", a.Guard != b.Guard},
	} {
		if part.changed {
			keys = append(keys, part.key)
		}
	}
	return keys
}

func channelDifference(old, now []newsroom.Channel) []string {
	var changes []string
	for _, ch := range now {
		i := slices.IndexFunc(old, func(o newsroom.Channel) bool { return o.Name == ch.Name })
		if i < 0 {
			changes = append(changes, "channel added: "+ch.Name)
		} else if old[i] != ch {
			changes = append(changes, "channel changed: "+ch.Name)
		}
	}
	for _, o := range old {
		if !slices.ContainsFunc(now, func(ch newsroom.Channel) bool { return o.Name == ch.Name }) {
			changes = append(changes, "channel removed: "+o.Name)
		}
	}
	return changes
}

func sameSource(a, b newsroom.Source) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// rulesDiffer reports whether entries that are stored must be decided again.
func rulesDiffer(old, s *settings) bool {
	return old.config.Rules != s.config.Rules ||
		len(channelDifference(old.channels, s.channels)) > 0 ||
		!slices.Equal(old.config.Overrides.Hide, s.config.Overrides.Hide) ||
		!slices.Equal(old.config.Overrides.Pin, s.config.Overrides.Pin) ||
		!slices.EqualFunc(old.sources, s.sources, sameSource)
}
