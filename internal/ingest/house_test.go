package ingest_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"newswire/feeds"
	"newswire/internal/ingest"
	"newswire/internal/newsroom"
)

var houseSource = newsroom.Source{Slug: newsroom.HouseSource, Name: "Articles", House: true}

// An article as a file of the house's folder has it.
type article struct {
	slug, title, text string
	date              time.Time
	said              newsroom.Article
}

// readHouse takes the folder as it stands.
func (d *desk) readHouse(keep []string, list ...article) ingest.Outcome {
	d.t.Helper()
	del := ingest.Delivery{Source: houseSource, Feed: &feeds.Feed{}, At: d.now, Complete: true, Keep: keep, Articles: map[string]newsroom.Article{}}
	for _, a := range list {
		guid := "articles/" + a.slug
		a.said.Slug = guid
		del.Feed.Entries = append(del.Feed.Entries, feeds.Entry{GUID: guid, Title: a.title, Link: "https://news.example.com/articles/" + a.slug,
			Content: feeds.HTML("<p>" + a.text + "</p>"), Published: a.date})
		del.Articles[guid] = a.said
	}
	out, err := d.door.Take(d.t.Context(), del)
	if err != nil {
		d.t.Fatal(err)
	}
	d.now = d.now.Add(time.Minute)
	return out
}

func ours(n int) article {
	return article{slug: fmt.Sprintf("story-%d", n), title: fmt.Sprintf("Our story %d", n), text: "We found out.",
		date: start.Add(time.Duration(n-50) * time.Hour), said: newsroom.Article{ReadingMinutes: 3}}
}

func TestHouseArticles(t *testing.T) {
	d := newDesk(t)
	var all []article
	for n := range 15 { // more than a first import would publish of a foreign source
		all = append(all, ours(n))
	}
	if out := d.readHouse(nil, all...); out.New != 15 || out.Dropped+out.Held > 0 {
		t.Fatalf("%+v", out)
	}
	e := d.channel("house")[0]
	if e.ID != "tag:news.example.com,2026-02-28:articles/story-14" || e.Slug != "articles/story-14" || e.ReadingMinutes != 3 || !e.House {
		t.Errorf("%+v", e)
	}
	if out := d.readHouse(nil, all...); out.New+out.Updated+out.Withdrawn != 0 {
		t.Errorf("read again: %+v", out)
	}
	// Two edits within minutes: writers do not wait for an hour.
	for _, text := range []string{"We found out more.", "We found out all."} {
		all[14].text = text
		if out := d.readHouse(nil, all...); out.Updated != 1 || out.Deferred != 0 {
			t.Errorf("edited: %+v", out)
		}
	}
	all[14].said.Correction = "An earlier version was wrong."
	d.readHouse(nil, all...)
	edited := d.channel("house")[0]
	if edited.Correction == "" || !edited.Updated.After(e.Published) || !edited.Sort.Equal(e.Sort) || edited.ID != e.ID {
		t.Errorf("%+v", edited)
	}
}

func TestHouseWithdrawals(t *testing.T) {
	d := newDesk(t)
	all := []article{ours(1), ours(2), ours(3), ours(4)}
	d.readHouse(nil, all...)
	// A file is gone; another is broken, and that is not gone.
	if out := d.readHouse([]string{"articles/story-3"}, all[0], all[3]); out.Withdrawn != 1 {
		t.Errorf("%+v", out)
	}
	if got := titles(d.channel("house")); !slices.Equal(got, []string{"Our story 4", "Our story 3", "Our story 1"}) {
		t.Errorf("standing: %q", got)
	}
	gone, err := d.store.Withdrawn(t.Context(), "house", start)
	if err != nil || len(gone) != 1 || gone[0].Title != "Our story 2" {
		t.Errorf("withdrawn: %q, %v", titles(gone), err)
	}
	if out := d.readHouse(nil, all...); out.New != 0 || len(d.channel("house")) != 4 {
		t.Errorf("the file is back: %+v, %q", out, titles(d.channel("house")))
	}
	all[0].said.Retracted = "We were wrong."
	if out := d.readHouse(nil, all...); out.Withdrawn != 1 {
		t.Errorf("retracted: %+v", out)
	}
	if out := d.readHouse(nil, all...); out.Withdrawn+out.Updated != 0 {
		t.Errorf("retracted, read again: %+v", out)
	}
	gone, err = d.store.Withdrawn(t.Context(), "house", start)
	if err != nil || len(gone) != 1 || gone[0].WithdrawnNote != "We were wrong." {
		t.Errorf("%+v, %v", gone, err)
	}
	all[0].said.Retracted = ""
	d.readHouse(nil, all...)
	if len(d.channel("house")) != 4 {
		t.Errorf("not retracted any more: %q", titles(d.channel("house")))
	}
}

// An unmounted folder is not the end of all articles.
func TestHouseFolderEmpty(t *testing.T) {
	d := newDesk(t)
	var all []article
	for n := range 8 {
		all = append(all, ours(n))
	}
	d.readHouse(nil, all...)
	if out := d.readHouse(nil); out.Withdrawn != 0 || len(out.Notes) == 0 || len(d.channel("house")) != 8 {
		t.Errorf("%+v", out)
	}
}

// A document that says that it is complete, and was cut, says nothing of what
// it lacks.
func TestCutDocumentWithdrawsNothing(t *testing.T) {
	for _, partial := range []bool{true, false} {
		d := newDesk(t)
		d.poll(source("o"), items(4, 1)...)
		out, err := d.door.Take(t.Context(), ingest.Delivery{Source: source("o"), Feed: &feeds.Feed{Entries: items(4, 2)}, At: d.now, Complete: true, Partial: partial})
		if want := map[bool]int{true: 0, false: 1}[partial]; err != nil || out.Withdrawn != want || len(d.channel("all")) != 4-want {
			t.Errorf("partial %v: %d withdrawn, %d stand, %v", partial, out.Withdrawn, len(d.channel("all")), err)
		}
	}
}

// What both have, the house has first; one that came from elsewhere gives
// its place up, and is kept.
func TestHouseTakesOver(t *testing.T) {
	d := newDesk(t)
	cms := source("cms")
	cms.House = true
	copied := item(1)
	copied.GUID, copied.Title = "copy", "As seen elsewhere"
	d.poll(source("planet"), copied)
	d.poll(cms, item(1))
	list := d.channel("all")
	if len(list) != 1 || list[0].Source != "cms" || !slices.Equal(list[0].AlsoIn, []string{"planet"}) {
		t.Fatalf("%+v", list)
	}
	before := d.find("copy")
	if len(before) != 1 || before[0].Verdict.Rule != newsroom.RuleDuplicate || before[0].ID == list[0].ID {
		t.Errorf("%+v", before)
	}
	// The other way round, nothing moves.
	d = newDesk(t)
	d.poll(cms, item(1))
	moved := d.moved
	d.poll(source("planet"), copied)
	if list := d.channel("all"); len(list) != 1 || list[0].Source != "cms" || d.moved != moved+1 {
		t.Errorf("%+v", list)
	}
}

// A link that a source gives to all its entries is not what makes two the
// same.
func TestFrontPageLinksAreNoDuplicates(t *testing.T) {
	d := newDesk(t)
	front := func(_ int, e *feeds.Entry) { e.Link = "https://o.test/" }
	d.poll(source("a"), each(items(3, 1), front)...)
	d.poll(source("b"), each(items(6, 4), front)...)
	if n := len(d.channel("all")); n != 6 {
		t.Errorf("%d entries stand, want 6", n)
	}
}

func TestCompleteForeignFeed(t *testing.T) {
	d := newDesk(t)
	src := source("o")
	take := func(list ...feeds.Entry) ingest.Outcome {
		t.Helper()
		out, err := d.door.Take(t.Context(), ingest.Delivery{Source: src, Feed: &feeds.Feed{Complete: true, Entries: list}, At: d.now, Complete: true})
		if err != nil {
			t.Fatal(err)
		}
		d.now = d.now.Add(time.Hour)
		return out
	}
	take(items(10, 1)...)
	if out := take(items(10, 2)...); out.Withdrawn != 1 || len(d.channel("all")) != 9 {
		t.Errorf("%+v", out)
	}
	if out := take(items(10, 9)...); out.Withdrawn != 0 || len(out.Notes) == 0 {
		t.Errorf("most are missing at once: %+v", out)
	}
	if out := take(items(10, 1)...); out.New != 0 || len(d.channel("all")) != 10 {
		t.Errorf("it has returned: %+v", out)
	}
}

func TestPreview(t *testing.T) {
	d := newDesk(t)
	src := source("o")
	d.poll(src, items(3, 1)...)
	before := d.stored()
	preview := func(src newsroom.Source, list ...feeds.Entry) []newsroom.Entry {
		t.Helper()
		entries, err := d.door.Preview(t.Context(), ingest.Delivery{Source: src, Feed: &feeds.Feed{Entries: list}, At: d.now})
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}
	document := append(items(2, 1), item(7), item(5))
	entries := preview(src, document...)
	if got, want := titles(entries), offeredTitles(document); !slices.Equal(got, want) {
		t.Errorf("%q, want the document's order %q", got, want)
	}
	for i, e := range entries {
		if e.ID != document[i].GUID || e.Verdict.Decision != newsroom.Publish {
			t.Errorf("%+v", e)
		}
	}
	dropped := 0
	for _, e := range preview(source("unknown"), items(30, 1)...) {
		if e.Verdict.Rule == "guard.first_import" {
			dropped++
		}
	}
	if dropped != 20 {
		t.Errorf("%d of a new source's 30 entries are kept back, want 20", dropped)
	}
	if after := d.stored(); len(after) != len(before) {
		t.Errorf("a preview stored something: %q", titles(after))
	}
}

func TestRedecide(t *testing.T) {
	d := newDesk(t)
	a, b := source("a"), source("b")
	sources := map[string]newsroom.Source{"a": a, "b": b}
	d.poll(a, items(30, 1)...)
	copied := item(30)
	copied.GUID = "copy"
	d.poll(b, copied)
	redecide := func() int {
		t.Helper()
		n, err := d.door.Redecide(t.Context(), d.store, sources, nil, start.AddDate(0, 0, -30), d.now)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := redecide(); n != 0 || len(d.channel("all")) != 10 {
		t.Fatalf("the same rules changed %d entries; %d stand", n, len(d.channel("all")))
	}
	d.door.Curator = func() ingest.Curator {
		return curator{drop: func(e *newsroom.Entry) bool { return e.Source == "a" && e.Title == item(30).Title }}
	}
	if n := redecide(); n != 2 {
		t.Errorf("%d entries changed, want the one and its duplicate", n)
	}
	list := d.channel("all")
	if len(list) != 10 || list[0].Source != "b" {
		t.Errorf("%q of %s", titles(list), list[0].Source)
	}
	d.door.Curator = func() ingest.Curator { return curator{} }
	redecide()
	if list := d.channel("all"); len(list) != 10 || list[0].Source != "b" {
		t.Errorf("readers know the one that stands now: %q of %s", titles(list), list[0].Source)
	}
}

// Timer, push and an editor at once, with and without claims: each document
// counts once.
func TestConcurrentTakes(t *testing.T) {
	d := newDesk(t)
	src := source("o")
	for round := range 5 {
		list := items(10*round+10, 10*round+1)
		var wg sync.WaitGroup
		fresh := make([]int, 8)
		for i := range fresh {
			wg.Go(func() {
				out, err := d.door.Take(t.Context(), ingest.Delivery{Source: src, Feed: &feeds.Feed{Entries: list}, At: d.now})
				if err != nil {
					t.Error(err)
				}
				fresh[i] = out.New
			})
		}
		wg.Wait()
		sum := 0
		for _, n := range fresh {
			sum += n
		}
		if sum != 10 {
			t.Errorf("round %d: %v are new, want 10 once", round, fresh)
		}
	}
	d.holds(50)
}

// Whatever is too long is cut, and costs nothing but itself.
func TestLimits(t *testing.T) {
	d := newDesk(t)
	big := item(1)
	big.Title = string(make([]rune, 0)) + fmt.Sprintf("%0*d", 5000, 1)
	big.GUID = fmt.Sprintf("%0*d", 1<<20, 1)
	big.Link = "https://o.test/" + fmt.Sprintf("%0*d", 100<<10, 1)
	big.Content = feeds.HTML("<p>" + fmt.Sprintf("%0*d", 1<<20, 1))
	for i := range 1000 {
		big.Categories = append(big.Categories, feeds.Category{Term: fmt.Sprint(i)})
		big.Authors = append(big.Authors, feeds.Person{Name: fmt.Sprint(i), Email: "a@b.test"})
		big.Enclosures = append(big.Enclosures, feeds.Enclosure{URL: fmt.Sprintf("https://o.test/%d.mp3", i)})
	}
	out := d.poll(source("o"), big, item(2))
	if out.New != 2 || out.Cut != 1 {
		t.Fatalf("%+v", out)
	}
	expect(t, d.poll(source("o"), big, item(2)), 0, 0)
	e := d.stored()[1]
	if len(e.Title) > 1<<10 || len(e.GUID) > 2<<10 || e.Link != "" || len(e.Content) > 600<<10 || len(e.Categories) != 32 || len(e.Authors) != 16 || len(e.Enclosures) != 16 {
		t.Errorf("title %d, guid %d, link %d, content %d, %d categories, %d authors, %d enclosures",
			len(e.Title), len(e.GUID), len(e.Link), len(e.Content), len(e.Categories), len(e.Authors), len(e.Enclosures))
	}
	if e.Authors[0].Email != "" {
		t.Error("an address was stored")
	}
	many := items(1500, 1)
	if out := d.poll(source("many"), many...); out.New != 1000 || out.Cut != 500 {
		t.Errorf("%+v", out)
	}
}

// TestMoreArticlesThanADocument holds that the bound on one foreign document is
// none on the house's folder: no article of many is withdrawn, or never shown,
// because there are others.
func TestMoreArticlesThanADocument(t *testing.T) {
	d := newDesk(t)
	var all []article
	for n := range 1003 {
		all = append(all, ours(n))
	}
	d.readHouse(nil, all[3:]...)
	if out := d.readHouse(nil, all...); out.New != 3 || out.Withdrawn != 0 || out.Cut != 0 {
		t.Errorf("three more articles: %d new, %d withdrawn, %d cut", out.New, out.Withdrawn, out.Cut)
	}
	if got := len(d.channel("house")); got != 1003 {
		t.Errorf("%d of 1003 stand", got)
	}
}

// TestHouseArchive: articles of long ago that move in stand where their dates
// say, and not above today's.
func TestHouseArchive(t *testing.T) {
	d := newDesk(t)
	d.readHouse(nil, ours(1))
	old := ours(2)
	old.date = start.AddDate(-15, 0, 0)
	d.readHouse(nil, ours(1), old)
	if got := titles(d.channel("house")); !slices.Equal(got, []string{"Our story 1", "Our story 2"}) {
		t.Errorf("%q", got)
	}
}
