package ingest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"newswire/feeds"
	"newswire/internal/curate"
	"newswire/internal/ingest"
	"newswire/internal/newsroom"
	"newswire/internal/publish"
	"newswire/internal/store"
)

// What readers get when several sources carry the same link: the origin is
// o.test; p and q are aggregators, f is the origin's feed at a feed service
// (its feed says that its site is o.test), cms is the house's.

// channelled puts every entry into "all", and into a channel of its source's.
type channelled struct{ curator }

func (channelled) Channels(src newsroom.Source, _ *newsroom.Entry, _ time.Time) []string {
	return []string{"all", "only-" + src.Slug}
}

func carrier(slug string) newsroom.Source {
	src := source(slug)
	switch slug {
	case "f":
		src.URL = "https://feedservice.test/o"
	case "cms":
		src.House = true
	}
	return src
}

func siteOf(slug string) string {
	if slug == "f" {
		return "https://o.test/"
	}
	return "https://" + slug + ".test/"
}

func newOriginDesk(t testing.TB) *desk {
	d := newDesk(t)
	d.door.Curator = func() ingest.Curator { return channelled{} }
	d.door.Sources = func(slug string) (newsroom.Source, bool) { return carrier(slug), true }
	return d
}

// carry polls a source that carries o.test's articles in its own words.
func (d *desk) carry(slug string, numbers ...int) {
	d.t.Helper()
	var list []feeds.Entry
	for _, n := range numbers {
		list = append(list, copyOf(slug, n))
	}
	d.pollFeed(carrier(slug), &feeds.Feed{Link: siteOf(slug), Entries: list})
}

func copyOf(slug string, n int) feeds.Entry {
	e := item(n)
	e.GUID, e.Title = fmt.Sprintf("%s-%d", slug, n), fmt.Sprintf("%d as %s says", n, slug)
	e.Content, e.Authors = feeds.HTML("<p>The words of "+slug+" on "+fmt.Sprint(n)+".</p>"), []feeds.Person{{Name: "Author at " + slug}}
	return e
}

// readers returns what stands in a channel as it is published.
func (d *desk) readers(channel string) []newsroom.Entry {
	d.t.Helper()
	p := &publish.Publisher{Store: d.store, LineUp: curate.LineUp, Config: func() publish.Config {
		c := publish.Config{Site: newsroom.Site{Title: "T", URL: "https://news.example.com", Language: "en", Timezone: time.UTC},
			Channels: []newsroom.Channel{{Name: channel, Title: channel, Entries: 100}}}
		for _, slug := range []string{"cms", "f", "o", "p", "q"} {
			c.Sources = append(c.Sources, carrier(slug))
		}
		return c
	}}
	if err := p.Render(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	list, _ := p.Shelf().LineUp(channel)
	return list
}

// told is what readers get but for what says when we learned of it: id,
// dates and place.
func told(list []newsroom.Entry) (all []string) {
	for _, e := range list {
		also := slices.Clone(e.AlsoIn)
		slices.Sort(also)
		all = append(all, fmt.Sprintf("%s | %s | %s | %s | %s | also %s", e.Link, e.Title, e.Summary, e.Source, e.Authors[0].Name, strings.Join(also, " ")))
	}
	slices.Sort(all)
	return all
}

// TestOriginWins holds that an origin that comes after an aggregator is heard
// at the aggregator's place, that the place and the id stay, and that it is
// published as one entry that names everybody.
func TestOriginWins(t *testing.T) {
	d := newOriginDesk(t)
	d.carry("p", 1)
	before := d.readers("all")[0]
	moved := d.moved
	d.carry("o", 1)
	if d.moved == moved {
		t.Error("nobody was told that a channel has changed")
	}
	d.carry("q", 1)
	list := d.readers("all")
	if len(list) != 1 {
		t.Fatalf("%d entries stand: %q", len(list), told(list))
	}
	e := list[0]
	if e.ID != before.ID || !e.Sort.Equal(before.Sort) || !e.FirstSeen.Equal(before.FirstSeen) || !e.Entry.Published.Equal(before.Entry.Published) {
		t.Errorf("it is not at the same place under the same id:\n%+v\n%+v", before, e)
	}
	if e.Source != "o" || e.Title != "1 as o says" || e.Authors[0].Name != "Author at o" || !strings.Contains(string(e.Summary), "words of o") {
		t.Errorf("the origin is not heard: %+v", e)
	}
	if !slices.Equal(e.AlsoIn, []string{"p", "q"}) {
		t.Errorf("it names %q", e.AlsoIn)
	}
	// In a channel of aggregators, it is the aggregator who is heard.
	if own := d.readers("only-p"); len(own) != 1 || own[0].Source != "p" {
		t.Errorf("only-p: %q", told(own))
	}
	if own := d.readers("only-o"); len(own) != 1 || own[0].Source != "o" {
		t.Errorf("only-o: %q", told(own))
	}
	// Caps count it as the origin's.
	refs, err := d.store.Refs(t.Context(), "all", 10)
	if err != nil || refs[0].Source != "o" || refs[0].Voice == 0 {
		t.Errorf("%+v, %v", refs, err)
	}
}

// TestOriginMoves holds what becomes of a voice when entries change.
func TestOriginMoves(t *testing.T) {
	d := newOriginDesk(t)
	d.carry("p", 1)
	d.carry("o", 1)
	heard := func(what, source, title string) {
		t.Helper()
		list := d.readers("all")
		if len(list) != 1 || list[0].Source != source || list[0].Title != title {
			t.Errorf("%s: %q, want one entry of %s, %q", what, told(list), source, title)
		}
		d.now = d.now.Add(2 * time.Hour)
	}
	edited := copyOf("p", 1)
	edited.Title = "1 as p says now"
	d.pollFeed(carrier("p"), &feeds.Feed{Entries: []feeds.Entry{edited}})
	heard("the aggregator edits", "o", "1 as o says")

	edited = copyOf("o", 1)
	edited.Title, edited.Link = "1 as o says now", "https://o.test/renamed/1"
	d.pollFeed(carrier("o"), &feeds.Feed{Entries: []feeds.Entry{edited}})
	heard("the origin edits, and moves its page", "o", "1 as o says now")

	if _, err := d.door.Redecide(t.Context(), d.store, map[string]newsroom.Source{"o": carrier("o"), "p": carrier("p")}, nil, start.Add(-time.Hour), d.now); err != nil {
		t.Fatal(err)
	}
	heard("decided again", "o", "1 as o says now")

	hidden := curator{drop: func(e *newsroom.Entry) bool { return e.Source == "o" }}
	d.door.Curator = func() ingest.Curator { return channelled{hidden} }
	if _, err := d.door.Redecide(t.Context(), d.store, map[string]newsroom.Source{"o": carrier("o"), "p": carrier("p")}, nil, start.Add(-time.Hour), d.now); err != nil {
		t.Fatal(err)
	}
	heard("the origin is dropped", "p", "1 as p says now")
}

// TestRanks holds who is heard of two, in either order: a feed that only
// claims to be of a site does not outrank the one that is read from there, but
// an aggregator; of two aggregators it is always the same; the house outranks
// all.
func TestRanks(t *testing.T) {
	for pair, want := range map[[2]string]string{
		{"o", "f"}: "o", {"f", "p"}: "f", {"p", "q"}: "p", {"cms", "o"}: "cms", {"cms", "p"}: "cms",
	} {
		for _, order := range [][2]string{pair, {pair[1], pair[0]}} {
			d := newOriginDesk(t)
			d.carry(order[0], 1)
			d.carry(order[1], 1)
			if list := d.readers("all"); len(list) != 1 || list[0].Source != want {
				t.Errorf("%v: %q, want %s", order, told(list), want)
			}
		}
	}
}

// TestVoiceIsKept holds that a purge leaves the words that stand at a place.
func TestVoiceIsKept(t *testing.T) {
	d := newOriginDesk(t)
	d.door.Curator = func() ingest.Curator { return curator{} } // it stands nowhere itself
	d.carry("p", 1)
	d.carry("o", 1)
	for _, slug := range []string{"p", "o"} {
		d.pollFeed(carrier(slug), &feeds.Feed{Entries: []feeds.Entry{item(50)}}) // listed no more
	}
	if n, err := d.store.Purge(t.Context(), store.Retention{Before: d.now.Add(time.Hour), Newest: 10}); err != nil || n != 0 {
		t.Errorf("%d purged, %v", n, err)
	}
}

// TestSourceOrder holds that it does not matter for what readers get in which
// order sources are asked, but for ids, dates and places: those say who came
// first.
func TestSourceOrder(t *testing.T) {
	sequential(t)
	rapid.Check(t, func(r *rapid.T) {
		docs := map[string][]int{}
		slugs := []string{"cms", "f", "o", "p", "q"}
		for _, slug := range slugs {
			docs[slug] = rapid.SliceOfNDistinct(rapid.IntRange(0, 5), 0, 4, rapid.ID[int]).Draw(r, slug)
		}
		want := toldInOrder(t, docs, slugs)
		order := rapid.Permutation(slugs).Draw(r, "order")
		again := rapid.Permutation(slugs).Draw(r, "again") // asking again changes nothing
		if got := toldInOrder(t, docs, append(order, again...)); !slices.Equal(got, want) {
			r.Fatalf("order %v:\n%s\nwant\n%s", order, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func toldInOrder(t *testing.T, docs map[string][]int, order []string) []string {
	d := newOriginDesk(t)
	defer d.store.Close()
	for _, slug := range order {
		d.carry(slug, docs[slug]...)
	}
	return told(d.readers("all"))
}
