package publish

import (
	"maps"
	"slices"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// A Shelf is what is published at one moment. It does not change. A nil *Shelf
// is empty.
type Shelf struct {
	version  uint64
	changed  time.Time
	site     newsroom.Site
	sources  map[string]Origin
	order    []newsroom.Channel
	channels map[string]*channel
	pages    map[string]*Document // by path
	house    *house
	pending  map[string]bool   // paths that shall exist and have no document yet
	chains   map[string]*chain // archives, by channel
}

// A channel is a channel as it was last rendered.
type channel struct {
	config    newsroom.Channel
	mark      string // of all that its documents depend on
	entries   []newsroom.Entry
	documents []*Document
}

// formats are those every channel is published in, in the order of preference.
var formats = []feeds.Format{feeds.RSS, feeds.Atom, feeds.JSONFeed}

// FeedPath returns the path of a channel's feed.
func FeedPath(channel string, format feeds.Format) string {
	return "/feeds/" + channel + "." + string(format)
}

// Version counts the shelves of this process: it moves when anything on them changes.
func (s *Shelf) Version() uint64 {
	if s == nil {
		return 0
	}
	return s.version
}

// Changed returns when this shelf came to be.
func (s *Shelf) Changed() time.Time {
	if s == nil {
		return time.Time{}
	}
	return s.changed
}

// Site returns what the configuration says of us.
func (s *Shelf) Site() newsroom.Site {
	if s == nil {
		return newsroom.Site{}
	}
	return s.site
}

// Sources returns what the public may know of sources, by slug. The caller
// must not change it.
func (s *Shelf) Sources() map[string]Origin {
	if s == nil {
		return nil
	}
	return s.sources
}

// Document returns the document at a path; nil if there is none.
func (s *Shelf) Document(path string) *Document {
	if s == nil {
		return nil
	}
	return s.pages[path]
}

// Documents returns all documents in the order of their paths.
func (s *Shelf) Documents() []*Document {
	if s == nil {
		return nil
	}
	paths := make([]string, 0, len(s.pages))
	for path := range s.pages {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	documents := make([]*Document, len(paths))
	for i, path := range paths {
		documents[i] = s.pages[path]
	}
	return documents
}

// Channels returns the configured channels, in the order of the configuration.
func (s *Shelf) Channels() []newsroom.Channel {
	if s == nil {
		return nil
	}
	return slices.Clone(s.order)
}

// LineUp returns the entries of a channel as they are published: republication
// policies have been applied. The caller must not change them. It reports
// false when there is no such channel, or when it was never rendered.
func (s *Shelf) LineUp(name string) ([]newsroom.Entry, bool) {
	c := s.channel(name)
	if c == nil {
		return nil, false
	}
	return c.entries, true
}

// House returns our own entries, newest first, those withdrawn among them. The
// caller must not change them.
func (s *Shelf) House() []newsroom.Entry {
	if s == nil {
		return nil
	}
	return s.house.entries
}

// Article returns the house entry with a slug, as "articles/gpt-6".
func (s *Shelf) Article(slug string) (newsroom.Entry, bool) {
	if s == nil {
		return newsroom.Entry{}, false
	}
	i, ok := s.house.bySlug[slug]
	if !ok {
		return newsroom.Entry{}, false
	}
	return s.house.entries[i], true
}

// same reports whether two shelves hold the same, but for their versions.
func (s *Shelf) same(other *Shelf) bool {
	return s != nil && s.site == other.site && slices.Equal(s.order, other.order) &&
		maps.Equal(s.channels, other.channels) && maps.Equal(s.sources, other.sources) &&
		maps.Equal(s.pending, other.pending) && maps.Equal(s.chains, other.chains) && s.house.mark == other.house.mark
}

func (s *Shelf) channel(name string) *channel {
	if s == nil {
		return nil
	}
	return s.channels[name]
}

// newShelf makes a shelf without channels.
func newShelf(run *pass) *Shelf {
	return &Shelf{
		changed:  run.now.UTC().Truncate(time.Second),
		site:     run.config.Site,
		sources:  run.sources.bySlug,
		channels: make(map[string]*channel, len(run.plans)),
		pages:    map[string]*Document{},
		house:    run.house,
		pending:  map[string]bool{},
		chains:   make(map[string]*chain, len(run.plans)),
	}
}

// put adds a channel while the shelf is made; a nil rendering leaves its paths pending.
func (s *Shelf) put(config newsroom.Channel, c *channel) {
	s.order = append(s.order, config)
	if c == nil {
		for _, format := range formats {
			s.pending[FeedPath(config.Name, format)] = true
		}
		return
	}
	s.channels[config.Name] = c
	for _, d := range c.documents {
		s.pages[d.Path] = d
	}
}
