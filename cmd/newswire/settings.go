package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"newswire/internal/config"
	"newswire/internal/curate"
	"newswire/internal/newsroom"
	"newswire/internal/poll"
)

// Settings are what a configuration comes to: the words of the house, and the
// rules compiled. They do not change; a reload makes new ones.
type settings struct {
	config   *config.Config
	file     string
	site     newsroom.Site
	sources  []newsroom.Source // as the editors ordered them
	channels []newsroom.Channel
	rules    *curate.Ruleset
	read     treePrint // of its files when it was read, if somebody watches them
}

// checks are what the configuration package cannot judge by itself.
var checks = config.Checks{
	Expression: func(src string, story bool) error {
		if story {
			return curate.Check(src, curate.Story)
		}
		return curate.Check(src, curate.Entry)
	},
	Schedule: func(spec string) error {
		_, err := poll.ParseSchedule(spec, time.UTC)
		return err
	},
	Outlines: outlinesOf,
}

// loadSettings reads a configuration. Errors that concern the file are
// config.Errors, all findings at once.
func loadSettings(file string) (*settings, error) {
	cfg, err := config.Load(file, checks)
	if err != nil {
		return nil, err
	}
	return newSettings(file, cfg)
}

func newSettings(file string, cfg *config.Config) (*settings, error) {
	zone, err := time.LoadLocation(cfg.Site.Timezone)
	if err != nil {
		return nil, fmt.Errorf("site.timezone: %w", err)
	}
	s := &settings{
		config: cfg,
		file:   file,
		site: newsroom.Site{
			Title:       cfg.Site.Title,
			Description: cfg.Site.Description,
			URL:         strings.TrimRight(cfg.Site.URL, "/"),
			Language:    cfg.Site.Language,
			Timezone:    zone,
		},
	}
	for _, src := range cfg.Sources {
		s.sources = append(s.sources, newSource(src))
	}
	for _, ch := range cfg.Channels {
		s.channels = append(s.channels, newChannel(ch))
	}
	s.rules, err = curate.New(curate.Config{
		Sources: append([]newsroom.Source{s.house()}, s.sources...), Channels: s.channels,
		Keep: cfg.Rules.Keep, Drop: cfg.Rules.Drop,
		Hide: cfg.Overrides.Hide, Pin: cfg.Overrides.Pin,
	})
	return s, err
}

func newSource(c config.Source) newsroom.Source {
	src := newsroom.Source{
		Slug: c.Slug, Name: c.Name, URL: c.URL, Schedule: c.Schedule, Tags: c.Tags,
		Keep: c.Keep, Drop: c.Drop, Publish: newsroom.Policy(c.Publish),
		MaxPerDay: c.MaxPerDay, Weight: c.Weight, House: c.House, Paused: c.Paused, Private: c.Private,
		Headers: http.Header{},
	}
	for name, value := range c.Headers {
		src.Headers.Set(name, value.Reveal())
	}
	return src
}

func newChannel(c config.Channel) newsroom.Channel {
	ch := newsroom.Channel{
		Name: c.Name, Title: c.Title, Description: c.Description, Where: c.Where,
		Entries: c.Entries, MaxPerSource: c.MaxPerSource, MaxPerDay: c.MaxPerDay, MinGap: c.MinGap,
		HouseFirst: c.HouseFirst, Stories: c.Stories,
	}
	if ch.Title == "" {
		ch.Title = c.Name
	}
	return ch
}

// house is our own folder of articles as a source.
func (s *settings) house() newsroom.Source {
	return newsroom.Source{
		Slug: newsroom.HouseSource, Name: s.config.Site.Title, URL: s.site.URL + "/",
		Publish: newsroom.PublishFull, Weight: 1, House: true,
	}
}

// source finds a source by name, slug or URL.
func (s *settings) source(name string) (newsroom.Source, bool) {
	for _, src := range s.sources {
		if src.Name == name || src.Slug == name || src.URL == name {
			return src, true
		}
	}
	for _, src := range s.sources {
		if strings.EqualFold(src.Name, name) {
			return src, true
		}
	}
	return newsroom.Source{}, false
}

// bySlug returns the sources that poll asks.
func (s *settings) bySlug() map[string]newsroom.Source {
	m := make(map[string]newsroom.Source, len(s.sources))
	for _, src := range s.sources {
		m[src.Slug] = src
	}
	return m
}

// path makes a path of the configuration relative to the file's own folder,
// so that a command means the same wherever it is called.
func (s *settings) path(p string) string {
	return config.At(s.file, p)
}

// database is the data source name, a file relative to the configuration.
func (s *settings) database() string {
	dsn := s.config.Database.Reveal()
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return dsn
	}
	return s.path(strings.TrimPrefix(dsn, "sqlite:"))
}

// contact is what our User-Agent names.
func (s *settings) contact() string {
	if s.config.Fetch.Contact != "" {
		return s.config.Fetch.Contact
	}
	return s.site.URL + "/bot"
}
