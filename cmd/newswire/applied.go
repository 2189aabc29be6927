package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"newswire/internal/config"
	"newswire/internal/store"
)

// noteApplied is the name under which the store keeps what was last applied to
// it.
const noteApplied = "applied"

// An applied is what is kept of the configuration that stored entries were last
// decided and published by, so that an edit can be told from it later. It holds
// no secret: sources that have one are kept without address and headers.
type applied struct {
	Site      config.Site
	Rules     config.Rules
	Sources   []config.Source
	Channels  []config.Channel
	Overrides config.Overrides
}

// remember notes that a configuration was applied.
func remember(ctx context.Context, db *store.Store, s *settings) error {
	a := applied{s.config.Site, s.config.Rules, slices.Clone(s.config.Sources), s.config.Channels, s.config.Overrides}
	for i := range a.Sources {
		src := &a.Sources[i]
		src.URL, src.Headers = publicURL(s.sources[i]), nil
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	before, err := db.Noted(ctx, noteApplied)
	if err != nil || before == string(text) {
		return err
	}
	return db.Note(ctx, noteApplied, string(text))
}

// lastApplied returns the configuration that was last applied, nil if that is
// not known. What is not kept of it is as in the one given.
func lastApplied(ctx context.Context, db *store.Store, s *settings) (*settings, error) {
	text, err := db.Noted(ctx, noteApplied)
	if err != nil || text == "" {
		return nil, err
	}
	var a applied
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return nil, fmt.Errorf("what was last applied cannot be read (newswire refresh applies %s anew): %w", s.file, err)
	}
	whole := *s.config
	whole.Site, whole.Rules, whole.Sources, whole.Channels, whole.Overrides = a.Site, a.Rules, a.Sources, a.Channels, a.Overrides
	last, err := newSettings(s.file, &whole)
	if err != nil {
		return nil, fmt.Errorf("what was last applied is no longer valid (newswire refresh applies %s anew): %w", s.file, err)
	}
	now := s.bySlug()
	for i, src := range last.sources {
		if same, ok := now[src.Slug]; ok && src.URL == "" && publicURL(same) == "" {
			last.sources[i].URL, last.sources[i].Headers = same.URL, same.Headers
		}
	}
	return last, nil
}
