package web

import (
	"net/http"
	"time"

	"newswire/internal/newsroom"
)

// How much the front page shows.
const (
	frontArticles = 5  // of our own
	frontWire     = 30 // entries of the main channel
	frontSection  = 5  // entries of each other channel
)

// A front is the front page: our own articles with their pictures, the wire,
// and what else the channels carry.
type front struct {
	Lead     *card
	Articles [][]card // those with a picture, then those without
	More     bool     // there are further articles
	Wire     []day
	WireURL  string
	Zone     string
	Sections []section
	Empty    bool
}

// A day is what came in on one day.
type day struct {
	Title string
	ISO   string // 2026-11-24
	Cards []card
}

// A section is the head of a channel. What is shown as our own, or in another
// section, is not in it; the wire beside them is complete.
type section struct {
	Title, URL  string
	Description string
	Ranked      bool // one item per story, the greatest first
	Cards       []card
}

func (s *Site) frontPage(v *View, _ *http.Request) (*document, error) {
	p := newPage(v, "/", nil)
	p.Front = true
	p.Body = newFront(v)
	return s.html("front", http.StatusOK, p)
}

func newFront(v *View) front {
	f := front{Zone: newest(v).In(v.location()).Format("MST")}
	shown := map[string]bool{}
	var pictured, plain []card
	for i, e := range v.standing() {
		if i == frontArticles {
			f.More = true
			break
		}
		shown[e.ID] = true
		switch c := v.card(e); {
		case i == 0:
			c.Lead, c.Heads = true, true
			f.Lead = &c
		case c.Picture != nil:
			pictured = append(pictured, c)
		default:
			plain = append(plain, c)
		}
	}
	for _, cards := range [][]card{pictured, plain} {
		if len(cards) > 0 {
			f.Articles = append(f.Articles, cards)
		}
	}
	if len(v.Channels) > 0 {
		wire := v.Channels[0].wire()
		f.WireURL = "/feeds/" + v.Channels[0].Name
		f.Wire = days(v, wire[:min(len(wire), frontWire)])
	}
	f.Sections = newSections(v, shown)
	f.Empty = f.Lead == nil && len(f.Wire) == 0 && len(f.Sections) == 0
	return f
}

// newSections returns the heads of all channels but the main one, which is
// the wire. Those of stories go first.
func newSections(v *View, shown map[string]bool) []section {
	var out []section
	for _, stories := range []bool{true, false} {
		for i := range v.Channels {
			if i > 0 && v.Channels[i].Stories == stories {
				out = appendSection(out, v, &v.Channels[i], shown)
			}
		}
	}
	return out
}

func appendSection(sections []section, v *View, c *ChannelView, shown map[string]bool) []section {
	var entries []*newsroom.Entry
	for i := range c.Entries {
		entries = append(entries, &c.Entries[i])
	}
	s := section{Title: channelTitle(c), URL: "/feeds/" + c.Name, Description: c.Description, Ranked: c.Stories}
	for _, e := range unshown(entries, frontSection, shown) {
		s.Cards = append(s.Cards, v.card(e))
	}
	if len(s.Cards) < 2 { // a section of one headline is no section
		return sections
	}
	return append(sections, s)
}

// unshown returns the first n entries that are not shown yet, and marks them.
func unshown(entries []*newsroom.Entry, n int, shown map[string]bool) []*newsroom.Entry {
	var out []*newsroom.Entry
	for _, e := range entries {
		if len(out) < n && !shown[e.ID] {
			shown[e.ID] = true
			out = append(out, e)
		}
	}
	return out
}

// days groups entries, which come newest first, by the day they came in.
func days(v *View, entries []*newsroom.Entry) []day {
	var out []day
	for _, e := range entries {
		t := when(e).In(v.location())
		iso := t.Format(time.DateOnly)
		if len(out) == 0 || out[len(out)-1].ISO != iso {
			out = append(out, day{Title: t.Format("Monday, 2 January"), ISO: iso})
		}
		last := &out[len(out)-1]
		last.Cards = append(last.Cards, v.card(e))
	}
	return out
}
