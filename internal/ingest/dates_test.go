package ingest_test

import (
	"slices"
	"testing"
	"time"

	"newswire/feeds"
)

// Rows D01–D16 of the catalogue: what sources do to dates. How a date is read
// from its text (D02, D05–D07, D12, D14) stands in TestWrittenDates; here stands
// what becomes of the result.

func TestDates(t *testing.T) {
	for _, r := range dateRows {
		t.Run(r.id, func(t *testing.T) {
			t.Log(r.what)
			r.run(t, newDesk(t))
		})
	}
}

func undated(_ int, e *feeds.Entry) { e.Published = time.Time{} }

var dateRows = []row{
	{"D01", "no date at all: first seen, for ever", func(t *testing.T, d *desk) {
		d.seed(undated)
		seen := d.now
		expect(t, d.poll(source("o"), each(items(5, 1), undated)...), 1, 0)
		for range 10 {
			expect(t, d.poll(source("o"), each(items(5, 1), undated)...), 0, 0)
		}
		if e := d.channel("all")[0]; !e.Published.Equal(seen) || !e.Sort.Equal(seen) || e.Title != item(5).Title {
			t.Errorf("published %v, sort %v: %s", e.Published, e.Sort, e.Title)
		}
		if got, want := titles(d.channel("all"))[1:], offeredTitles(items(4, 1)); !slices.Equal(got, want) {
			t.Errorf("order %q, want the document's: %q", got, want)
		}
	}},
	{"D03", "a date in the future does not stay on top", func(t *testing.T, d *desk) {
		late := item(1)
		late.Published = d.now.Add(72 * time.Hour)
		seen := d.now
		expect(t, d.poll(source("o"), late), 1, 0)
		next := item(2)
		next.Published = time.Time{}
		d.poll(source("o"), next, late)
		list := d.channel("all")
		if list[0].Title != next.Title || !list[1].Sort.Equal(seen) || list[1].Published.After(seen) {
			t.Errorf("%q, sort %v, published %v", titles(list), list[1].Sort, list[1].Published)
		}
	}},
	{"D04", "years that broken software writes for none", func(t *testing.T, d *desk) {
		seen := d.now
		var list []feeds.Entry
		for i, at := range []time.Time{
			time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(100, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC),
			time.Unix(0, 0), time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -99*3600-99*60)), time.Date(292277024, 1, 1, 0, 0, 0, 0, time.UTC),
		} {
			e := item(i)
			e.Published, e.Updated = at, at
			list = append(list, e)
		}
		expect(t, d.poll(source("o"), list...), len(list), 0)
		expect(t, d.poll(source("o"), list...), 0, 0)
		for _, e := range d.stored() {
			if !e.Published.Equal(seen) || !e.Sort.Equal(seen) || !e.Updated.IsZero() {
				t.Errorf("%s: published %v, sort %v, updated %v", e.Title, e.Published, e.Sort, e.Updated)
			}
		}
	}},
	{"D08", "the date is now at every poll", func(t *testing.T, d *desk) {
		d.seed(nil)
		now := func(_ int, e *feeds.Entry) { e.Published = d.now }
		d.poll(source("o"), each(items(5, 1), now)...)
		order, moved := titles(d.channel("all")), d.moved
		for range 10 {
			expect(t, d.poll(source("o"), each(items(5, 1), now)...), 0, 0)
		}
		if after := titles(d.channel("all")); !slices.Equal(order, after) || d.moved != moved {
			t.Errorf("order %q to %q; told %d times", order, after, d.moved-moved)
		}
	}},
	{"D09", "the date of a known entry moves back a year", func(t *testing.T, d *desk) {
		d.seed(nil)
		list := items(4, 1)
		list[0].Published = list[0].Published.AddDate(-1, 0, 0)
		expect(t, d.poll(source("o"), list...), 0, 0)
		if e := d.channel("all")[0]; e.Title != item(4).Title || !e.Published.Equal(item(4).Published) {
			t.Errorf("%s, published %v", e.Title, e.Published)
		}
	}},
	{"D10", "only updated; updated before published", func(t *testing.T, d *desk) {
		a, b := item(1), item(2)
		a.Published, a.Updated = time.Time{}, start.Add(-50*time.Hour)
		b.Updated = b.Published.Add(-time.Hour)
		expect(t, d.poll(source("o"), b, a), 2, 0)
		list := d.stored()
		if !list[0].Published.Equal(a.Updated) || !list[0].Sort.Equal(a.Updated) {
			t.Errorf("only updated: published %v", list[0].Published)
		}
		if !list[1].Published.Equal(b.Published) || !list[1].Updated.IsZero() {
			t.Errorf("updated before published: %v, %v", list[1].Published, list[1].Updated)
		}
	}},
	{"D11", "updated moves daily, the text stays", func(t *testing.T, d *desk) {
		d.seed(nil)
		moved := d.moved
		for range 5 {
			d.now = d.now.Add(24 * time.Hour)
			expect(t, d.poll(source("o"), each(items(4, 1), func(_ int, e *feeds.Entry) { e.Updated = d.now })...), 0, 0)
		}
		if d.moved != moved {
			t.Error("readers were told of a change")
		}
		edited := each(items(4, 1), func(_ int, e *feeds.Entry) { e.Updated = d.now.Add(-time.Minute) })
		edited[0].Content = "<p>Now it says something else.</p>"
		expect(t, d.poll(source("o"), edited...), 0, 1)
		if e := d.channel("all")[0]; !e.Updated.Equal(edited[0].Updated) || !e.Sort.Equal(item(4).Published) {
			t.Errorf("updated %v, sort %v", e.Updated, e.Sort)
		}
	}},
	{"D13", "all items share one date: the order is the document's, and stays", func(t *testing.T, d *desk) {
		one := func(_ int, e *feeds.Entry) { e.Published = start.Add(-time.Hour) }
		list := each(items(5, 1), one)
		d.poll(source("o"), list...)
		for range 3 {
			if got := titles(d.channel("all")); !slices.Equal(got, offeredTitles(list)) {
				t.Errorf("order %q", got)
			}
			slices.Reverse(list)
			expect(t, d.poll(source("o"), list...), 0, 0)
			slices.Reverse(list)
		}
	}},
	{"D15", "an item three months old appears today: it is kept and announced", func(t *testing.T, d *desk) {
		d.seed(nil)
		moved := d.moved
		late := item(5)
		late.Published = start.AddDate(0, -3, 0)
		expect(t, d.poll(source("o"), append(items(4, 1), late)...), 1, 0)
		if list := d.channel("all"); len(list) != 5 || list[4].Title != late.Title || d.moved != moved+1 {
			t.Errorf("%q", titles(list))
		}
	}},
	{"D16", "the feed's own date is frozen or in the future", func(t *testing.T, d *desk) {
		d.seed(nil)
		for _, at := range []time.Time{start.AddDate(-5, 0, 0), start.AddDate(50, 0, 0)} {
			d.pollFeed(source("o"), &feeds.Feed{Updated: at, Entries: items(5, 1)})
		}
		d.holds(5)
		if e := d.channel("all")[0]; !e.Published.Equal(item(5).Published) {
			t.Errorf("published %v", e.Published)
		}
	}},
	{"D17", "a date more than ten years back does not bury what arrives now", func(t *testing.T, d *desk) {
		d.seed(nil)
		seen := d.now
		old := item(5)
		old.Published = start.AddDate(-15, 0, 0)
		d.poll(source("o"), append(items(4, 1), old)...)
		if e := d.channel("all")[0]; e.Title != old.Title || !e.Sort.Equal(seen) || !e.Published.Equal(old.Published) {
			t.Errorf("%s: sort %v, published %v", e.Title, e.Sort, e.Published)
		}
	}},
}

func offeredTitles(entries []feeds.Entry) (list []string) {
	for _, e := range entries {
		list = append(list, e.Title)
	}
	return list
}
