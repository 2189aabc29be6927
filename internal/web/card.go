package web

import (
	"cmp"
	"net/url"
	"strings"
	"unicode/utf8"

	"newswire/feeds"
	"newswire/internal/newsroom"
	"newswire/internal/sanitize"
)

// What is shown in a list, at most.
const (
	excerptRunes  = 200 // of another's summary
	headlineRunes = 180
)

// A card is an entry in a list. All of it is plain text, and its addresses are
// http or https or paths of this site.
type card struct {
	Title, URL string
	Language   string // if it is not the site's
	House      bool
	Source     string
	SourceURL  string
	Summary    string
	When       moment
	Authors    string
	Minutes    int
	Kicker     string // first category
	Picture    *picture
	Corrected  bool
	AlsoIn     int // further sources that carried it

	// How it is shown: as the page's first, and as a heading of the page
	// itself rather than of a part.
	Lead, Heads bool
}

type picture struct {
	URL, Alt      string
	Width, Height int
}

// card returns an entry as lists show it.
func (v *View) card(e *newsroom.Entry) card {
	c := card{
		Title:     cut(headline(e), headlineRunes),
		House:     e.House,
		Summary:   cut(sanitize.Text(cmp.Or(uncorrected(e, e.Summary), uncorrected(e, e.Content))), excerptRunes),
		When:      v.moment(when(e)),
		Minutes:   e.ReadingMinutes,
		Corrected: e.Correction != "",
		AlsoIn:    len(e.AlsoIn),
	}
	if e.Language != v.Site.Language {
		c.Language = e.Language
	}
	if len(e.Categories) > 0 {
		c.Kicker = cmp.Or(e.Categories[0].Label, e.Categories[0].Term)
	}
	if e.House {
		c.URL = articleURL(v, e)
		c.Summary = sanitize.Text(uncorrected(e, e.Summary))
		c.Authors = names(e.Authors)
		c.Picture = v.picture(e)
		return c
	}
	c.URL = sanitize.Link(e.Link, nil)
	c.Source, c.SourceURL = v.source(e)
	return c
}

// articleURL is where a house article is read: here if it is of our folder,
// and at its own link if it comes from our own content system's feed.
func articleURL(v *View, e *newsroom.Entry) string {
	if name, ok := strings.CutPrefix(e.Slug, "articles/"); ok {
		return "/articles/" + url.PathEscape(name)
	}
	return sanitize.Link(e.Link, nil)
}

// source names where an entry comes from, and links there.
func (v *View) source(e *newsroom.Entry) (name, address string) {
	info := v.Sources[e.Source]
	name = cmp.Or(info.Name, e.Source)
	return name, sanitize.Link(info.URL, nil)
}

// picture returns the picture of a house article. Those of others are not
// shown: each would tell a stranger's server who reads here.
func (v *View) picture(e *newsroom.Entry) *picture {
	if len(e.Images) == 0 {
		return nil
	}
	i := e.Images[0]
	address := sanitize.Link(i.URL, nil)
	if address == "" {
		return nil
	}
	return &picture{URL: v.local(address), Alt: i.Title, Width: i.Width, Height: i.Height}
}

// headline is the title of an entry, or words that stand for one: entries of
// microblogs have none.
func headline(e *newsroom.Entry) string {
	return cmp.Or(strings.TrimSpace(e.Title), cut(sanitize.Text(cmp.Or(e.Summary, e.Content)), 90), "Untitled")
}

// uncorrected returns a text of an entry without the correction that is put
// before it for feeds: pages show that in a place of its own.
func uncorrected(e *newsroom.Entry, text feeds.HTML) feeds.HTML {
	first, rest, found := strings.Cut(string(text), "</p>")
	if e.Correction == "" || !found || sanitize.Text(feeds.HTML(first+"</p>")) != "Correction: "+e.Correction {
		return text
	}
	return feeds.HTML(strings.TrimSpace(rest))
}

func names(people []feeds.Person) string {
	var out []string
	for _, p := range people {
		if p.Name != "" {
			out = append(out, p.Name)
		}
	}
	switch n := len(out); n {
	case 0:
		return ""
	case 1:
		return out[0]
	default:
		return strings.Join(out[:n-1], ", ") + " and " + out[n-1]
	}
}

// cut shortens a text to at most n runes, at the end of a word if it has any.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)
	short := string(runes[:n-1])
	if at := strings.LastIndexByte(short, ' '); at > len(short)/2 {
		short = short[:at]
	}
	return strings.TrimRight(short, " .,;:–—-") + "…"
}
