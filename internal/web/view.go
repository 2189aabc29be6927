package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// A View is all that the public pages are made from: what the shelf of
// published channels held at one moment. It is immutable, so that a reader's
// request never has to ask the store.
type View struct {
	Site     newsroom.Site
	Channels []ChannelView         // as the editors ordered them; the first is the main one
	Articles []newsroom.Entry      // house articles that stand or were withdrawn, newest first
	Sources  map[string]SourceInfo // by slug
	Changed  time.Time             // when this view came to be: Last-Modified of its pages; zero: none is sent
	Version  uint64                // another version is another view
}

// A ChannelView is a channel and its line-up.
type ChannelView struct {
	newsroom.Channel
	Entries []newsroom.Entry        // in the order of the line-up, cut to what may be republished
	Self    map[feeds.Format]string // absolute addresses
}

// SourceInfo is what the public may know of a source.
type SourceInfo struct {
	Name    string
	URL     string // its web site; may be empty
	FeedURL string // for /sources.opml; empty keeps it out, as for an address with a secret in it
}

// channel returns the channel of that name, nil if there is none.
func (v *View) channel(name string) *ChannelView {
	for i := range v.Channels {
		if v.Channels[i].Name == name {
			return &v.Channels[i]
		}
	}
	return nil
}

// article returns the house article whose slug is articles/name, nil if there
// is none.
func (v *View) article(name string) *newsroom.Entry {
	for i := range v.Articles {
		if v.Articles[i].Slug == "articles/"+name {
			return &v.Articles[i]
		}
	}
	return nil
}

// standing returns the house articles that were not withdrawn, newest first.
func (v *View) standing() []*newsroom.Entry {
	var out []*newsroom.Entry
	for i := range v.Articles {
		if v.Articles[i].Withdrawn.IsZero() {
			out = append(out, &v.Articles[i])
		}
	}
	return out
}

// location is the time zone in which people read dates here.
func (v *View) location() *time.Location {
	return cmp.Or(v.Site.Timezone, time.UTC)
}

// local makes an address of this very site relative to its root, so that pages
// work on whatever address they are opened at; others it returns unchanged.
func (v *View) local(address string) string {
	rest, ours := strings.CutPrefix(address, v.Site.URL+"/")
	if !ours || v.Site.URL == "" || strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, `\`) {
		return address
	}
	return "/" + rest
}

// when is the time that a reader is shown for an entry.
func when(e *newsroom.Entry) time.Time {
	for _, t := range []time.Time{e.Published, e.Sort, e.FirstSeen} {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// wire returns the entries of a channel that are not our own, newest first:
// the order in which they came in, whatever the line-up made of them.
func (c *ChannelView) wire() []*newsroom.Entry {
	var out []*newsroom.Entry
	for i := range c.Entries {
		if !c.Entries[i].House {
			out = append(out, &c.Entries[i])
		}
	}
	slices.SortStableFunc(out, func(a, b *newsroom.Entry) int { return when(b).Compare(when(a)) })
	return out
}
