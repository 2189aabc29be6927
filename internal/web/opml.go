package web

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"newswire/feeds"
	"newswire/internal/sanitize"
)

// feedsOPML lists our channels, each in its first format.
func feedsOPML(v *View, _ *http.Request) (*document, error) {
	list := feeds.OPML{Title: v.Site.Title}
	for i := range v.Channels {
		c := &v.Channels[i]
		address := cmp.Or(c.Self[feeds.RSS], c.Self[feeds.Atom], c.Self[feeds.JSONFeed])
		if address == "" {
			continue
		}
		list.Outlines = append(list.Outlines, feeds.Outline{
			Title:       channelTitle(c),
			FeedURL:     address,
			SiteURL:     v.Site.URL + "/feeds/" + c.Name,
			Description: c.Description,
			Type:        "rss",
			Language:    v.Site.Language,
		})
	}
	return opml(&list)
}

// sourcesOPML lists what we read, by name.
func sourcesOPML(v *View, _ *http.Request) (*document, error) {
	list := feeds.OPML{Title: "What " + v.Site.Title + " reads"}
	for _, s := range v.Sources {
		if s.FeedURL != "" {
			list.Outlines = append(list.Outlines, feeds.Outline{Title: s.Name, FeedURL: s.FeedURL, SiteURL: sanitize.Link(s.URL, nil), Type: "rss"})
		}
	}
	slices.SortFunc(list.Outlines, func(a, b feeds.Outline) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)), cmp.Compare(a.FeedURL, b.FeedURL))
	})
	return opml(&list)
}

func opml(list *feeds.OPML) (*document, error) {
	var b bytes.Buffer
	if err := feeds.WriteOPML(&b, list); err != nil {
		return nil, fmt.Errorf("OPML: %w", err)
	}
	return plain("text/x-opml; charset=utf-8", b.Bytes()), nil
}
