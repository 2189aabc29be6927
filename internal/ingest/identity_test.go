package ingest_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"newswire/feeds"
	"newswire/internal/ingest"
	"newswire/internal/newsroom"
	"newswire/internal/publish"
	"newswire/internal/store"
)

// Rows I01–I28 of the catalogue of hostile origins: how sources break the
// identity of their entries. Each begins, unless it says otherwise, with g1–g4
// stored by a good poll; the origin then offers g1–g5.

// A row is one of them.
type row struct {
	id, what string
	run      func(t *testing.T, d *desk)
}

func TestIdentity(t *testing.T) {
	for _, r := range identityRows {
		t.Run(r.id, func(t *testing.T) {
			t.Log(r.what)
			r.run(t, newDesk(t))
		})
	}
}

// each returns the entries as f changes them.
func each(list []feeds.Entry, f func(i int, e *feeds.Entry)) []feeds.Entry {
	list = slices.Clone(list)
	for i := range list {
		f(i, &list[i])
	}
	return list
}

// expect checks what became of a poll.
func expect(t *testing.T, out ingest.Outcome, fresh, updated int) {
	t.Helper()
	if out.New != fresh || out.Updated != updated {
		t.Errorf("new %d, updated %d; want %d and %d: %+v", out.New, out.Updated, fresh, updated, out)
	}
}

// holds checks how many entries are stored, and that each stands once.
func (d *desk) holds(want int) {
	d.t.Helper()
	list := d.stored()
	if len(list) != want {
		d.t.Errorf("%d entries are stored, want %d: %q", len(list), want, titles(list))
	}
	seen := map[string]bool{}
	for _, e := range list {
		if seen[e.ID] {
			d.t.Errorf("two entries have the id %s", e.ID)
		}
		seen[e.ID] = true
	}
}

// seed polls g1–g4, as f has them.
func (d *desk) seed(f func(i int, e *feeds.Entry)) {
	d.t.Helper()
	list := items(4, 1)
	if f != nil {
		list = each(list, f)
	}
	if out := d.poll(source("o"), list...); out.New != 4 {
		d.t.Fatalf("seed: %+v", out)
	}
}

func noGUID(_ int, e *feeds.Entry) { e.GUID = "" }

var identityRows = []row{
	{"I01", "no guid, link present", func(t *testing.T, d *desk) {
		d.seed(noGUID)
		expect(t, d.poll(source("o"), each(items(5, 1), noGUID)...), 1, 0)
		expect(t, d.poll(source("o"), each(items(5, 1), noGUID)...), 0, 0)
	}},
	{"I02", "neither guid nor link: known by title and text; an edit of the text is a new version while the title stays", func(t *testing.T, d *desk) {
		bare := func(_ int, e *feeds.Entry) { e.GUID, e.Link = "", "" }
		d.seed(bare)
		expect(t, d.poll(source("o"), each(items(5, 1), bare)...), 1, 0)
		edited := each(items(5, 1), bare)
		edited[2].Content = "<p>Corrected: something else happened.</p>"
		expect(t, d.poll(source("o"), edited...), 0, 1)
		d.holds(5)
	}},
	{"I03", "all items have the same guid and different links; reordering brings nothing", func(t *testing.T, d *desk) {
		same := func(_ int, e *feeds.Entry) { e.GUID = "the-guid" }
		list := each(items(5, 1), same)
		out := d.poll(source("o"), list...)
		expect(t, out, 5, 0)
		if len(out.Notes) == 0 {
			t.Error("no remark for editors")
		}
		slices.Reverse(list)
		expect(t, d.poll(source("o"), list...), 0, 0)
		// Alone in the document, the guid must not make it one of the others.
		expect(t, d.poll(source("o"), each(items(6, 6), same)...), 1, 0)
		expect(t, d.poll(source("o"), each(items(7, 7), same)...), 1, 0)
		d.holds(7)
	}},
	{"I04", "guids that broken templates write are none", func(t *testing.T, d *desk) {
		for i, guid := range []string{"", "0", "null", "{{ id }}", " undefined "} {
			broken := func(_ int, e *feeds.Entry) { e.GUID = guid }
			src := source(fmt.Sprintf("o%d", i))
			d.poll(src, each(items(4, 1), broken)...)
			expect(t, d.poll(src, each(items(5, 1), broken)...), 1, 0)
			expect(t, d.poll(src, each(items(5, 1), broken)...), 0, 0)
		}
	}},
	{"I05", "the guid's scheme flips at each poll", func(t *testing.T, d *desk) {
		scheme := func(s string) func(int, *feeds.Entry) {
			return func(_ int, e *feeds.Entry) { e.GUID = s + "://o.test/?p=" + e.GUID }
		}
		d.seed(scheme("http"))
		for n := range 20 {
			want := 0
			if n == 0 {
				want = 1
			}
			expect(t, d.poll(source("o"), each(items(5, 1), scheme([]string{"https", "http"}[n%2]))...), want, 0)
		}
		d.holds(5)
	}},
	{"I05b", "the site moves to another host: the guid's path stays, links are new, one title is edited within the host", func(t *testing.T, d *desk) {
		at := func(host, slug string) func(int, *feeds.Entry) {
			return func(i int, e *feeds.Entry) {
				e.Link = fmt.Sprintf("https://%s/%s%d", host, slug, i)
				e.GUID = fmt.Sprintf("https://%s/?p=%d", host, i)
			}
		}
		d.poll(source("o"), each(items(3, 1), at("old.test", "a"))...)
		list := each(items(3, 1), at("new.test", "b"))
		if out := d.poll(source("o"), list...); out.New != 0 || out.Realiased != 3 {
			t.Errorf("%+v", out)
		}
		list = each(items(3, 1), at("www.new.test", "c"))
		list[0].Title = "An edited title"
		expect(t, d.poll(source("o"), list...), 0, 3)
		d.holds(3)
	}},
	{"I03b", "a change log: one link for all, a window of one", func(t *testing.T, d *desk) {
		for n := range 8 {
			e := item(n)
			e.Link = "https://o.test/changelog"
			expect(t, d.poll(source("o"), e), 1, 0)
		}
		d.holds(8)
		if n := len(d.channel("all")); n != 8 {
			t.Errorf("%d stand", n)
		}
	}},
	{"I06", "www, trailing slash, upper case host and port come and go", func(t *testing.T, d *desk) {
		d.poll(source("o"), each(items(5, 1), func(i int, e *feeds.Entry) { e.GUID = fmt.Sprintf("https://o.test/p/%d", i); e.Link = e.GUID })...)
		for _, form := range []string{"https://www.o.test/p/%d", "https://o.test/p/%d/", "https://O.TEST/p/%d", "https://o.test:443/p/%d", "http://o.test/p/%d"} {
			expect(t, d.poll(source("o"), each(items(5, 1), func(i int, e *feeds.Entry) { e.GUID = fmt.Sprintf(form, i); e.Link = e.GUID })...), 0, 0)
		}
		d.holds(5)
	}},
	{"I07", "all guids new, links the same", func(t *testing.T, d *desk) {
		d.seed(nil)
		out := d.poll(source("o"), each(items(5, 1), func(_ int, e *feeds.Entry) { e.GUID = "new-" + e.GUID })...)
		expect(t, out, 1, 0)
		if out.Realiased != 4 || len(out.Notes) == 0 {
			t.Errorf("realiased %d, want 4, with a remark: %q", out.Realiased, out.Notes)
		}
		expect(t, d.poll(source("o"), items(5, 1)...), 0, 0)
		d.holds(5)
	}},
	{"I08", "all guids and links new, titles and days the same: the publisher has moved", func(t *testing.T, d *desk) {
		list := items(50, 1)
		d.poll(source("o"), list...)
		out := d.poll(source("o"), each(list, func(i int, e *feeds.Entry) {
			e.GUID, e.Link = fmt.Sprintf("cms-%d", i), fmt.Sprintf("https://new.test/story-%d", i)
		})...)
		if out.New != 0 || out.Realiased != 50 {
			t.Errorf("%+v", out)
		}
		d.holds(50)
	}},
	{"I09", "random guids at each request: the source is soon known by its links", func(t *testing.T, d *desk) {
		random := func(_ int, e *feeds.Entry) { e.GUID = fmt.Sprintf("r%d", rand.Int64()) }
		d.seed(random)
		for n := range 50 {
			out := d.poll(source("o"), each(items(5, 1), random)...)
			if want := map[bool]int{true: 1, false: 0}[n == 0]; out.New != want {
				t.Fatalf("poll %d: %+v", n, out)
			}
			if n > 5 && out.Realiased > 0 {
				t.Fatalf("poll %d: still realiased: %+v", n, out)
			}
		}
		d.holds(5)
		if checks, _ := d.store.Checks(t.Context()); checks[0].KeyPolicy != "link" {
			t.Errorf("key policy %q, want link", checks[0].KeyPolicy)
		}
	}},
	{"I10", "a guid is used again for another article", func(t *testing.T, d *desk) {
		d.seed(nil)
		list := items(5, 1)
		list[4].Title, list[4].Link, list[4].Content = "Quite another story", "https://o.test/another", "<p>It is new.</p>"
		list[4].Published = start.Add(30 * 24 * time.Hour)
		expect(t, d.poll(source("o"), list...), 2, 0)
		expect(t, d.poll(source("o"), list...), 0, 0)
		d.holds(6)
		old := d.find("https://o.test/1")
		if len(old) != 1 || old[0].Title != "Title of entry number 1" || old[0].ID != "urn:t:g1" {
			t.Errorf("the old entry: %+v", old)
		}
		expect(t, d.poll(source("o"), items(5, 1)...), 0, 0) // it flaps back
		d.holds(6)
	}},
	{"I11", "the same guid in two sources", func(t *testing.T, d *desk) {
		d.poll(source("o"), item(1))
		other := item(1)
		other.Link, other.Title = "https://p.test/x", "Something else"
		expect(t, d.poll(source("p"), other), 1, 0)
		d.holds(2)
		for _, e := range d.stored() {
			if tag := strings.HasPrefix(e.ID, "tag:news.example.com,2026:p:"); tag != (e.Source == "p") {
				t.Errorf("%s: id %s", e.Source, e.ID)
			}
		}
	}},
	{"I12", "the same article in two sources: one stands, naming the other", func(t *testing.T, d *desk) {
		d.poll(source("o"), items(2, 1)...)
		copied := item(2)
		copied.GUID, copied.Link, copied.Title = "copy", "http://www.o.test/2/?utm_source=p", "As seen elsewhere"
		expect(t, d.poll(source("p"), copied), 1, 0)
		list := d.channel("all")
		if len(list) != 2 || list[0].Source != "o" || !slices.Equal(list[0].AlsoIn, []string{"p"}) {
			t.Errorf("channel: %+v", list)
		}
		d.holds(2 + 1)
		copies := d.stored()[2]
		if copies.Verdict != (newsroom.Verdict{Decision: newsroom.Publish, Rule: newsroom.RuleDuplicate}) || !slices.Equal(copies.AlsoIn, []string{"o"}) {
			t.Errorf("the copy: %+v", copies)
		}
	}},
	{"I13", "white space around a guid is nothing, another case is another guid", func(t *testing.T, d *desk) {
		d.seed(nil)
		expect(t, d.poll(source("o"), each(items(5, 1), func(_ int, e *feeds.Entry) { e.GUID = "\n  " + e.GUID + " \t" })...), 1, 0)
		upper := item(6)
		upper.GUID, upper.Title = "URN:T:G5", "Another entry"
		expect(t, d.poll(source("o"), append(items(5, 1), upper)...), 1, 0)
		d.holds(6)
	}},
	{"I14", "tracking parameters and sessions in links", func(t *testing.T, d *desk) {
		d.seed(noGUID)
		for i, tail := range []string{"?utm_source=rss&utm_medium=feed", "?fbclid=abc", ";jsessionid=1A2B", "?gclid=9", "?jsessionid=77"} {
			want := map[bool]int{true: 1, false: 0}[i == 0]
			out := d.poll(source("o"), each(items(5, 1), func(_ int, e *feeds.Entry) { e.GUID = ""; e.Link += tail })...)
			if out.New != want {
				t.Errorf("%s: %+v", tail, out)
			}
		}
		d.holds(5)
	}},
	{"I15", "oldest first, and in random order", func(t *testing.T, d *desk) {
		d.seed(nil)
		list := items(5, 1)
		slices.Reverse(list)
		expect(t, d.poll(source("o"), list...), 1, 0)
		before := titles(d.channel("all"))
		for range 10 {
			rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			expect(t, d.poll(source("o"), list...), 0, 0)
		}
		if after := titles(d.channel("all")); !slices.Equal(before, after) {
			t.Errorf("order changed: %q to %q", before, after)
		}
	}},
	{"I16", "the same item twice in one document", func(t *testing.T, d *desk) {
		d.seed(nil)
		expect(t, d.poll(source("o"), append(items(5, 1), item(5), item(3))...), 1, 0)
		expect(t, d.poll(source("o"), append(items(3, 1), item(5), item(4), item(3))...), 0, 0)
		d.holds(5)
	}},
	{"I17", "an item disappears and returns a month later", func(t *testing.T, d *desk) {
		d.seed(nil)
		expect(t, d.poll(source("o"), items(5, 3)...), 1, 0)
		d.now = d.now.Add(30 * 24 * time.Hour)
		moved := d.moved
		expect(t, d.poll(source("o"), items(5, 1)...), 0, 0)
		if d.moved != moved {
			t.Error("readers were told of a change")
		}
	}},
	{"I18", "the feed is empty for a day", func(t *testing.T, d *desk) {
		d.seed(nil)
		expect(t, d.poll(source("o")), 0, 0)
		if n := len(d.channel("all")); n != 4 {
			t.Errorf("%d entries stand, want 4", n)
		}
		expect(t, d.poll(source("o"), items(5, 1)...), 1, 0)
	}},
	{"I19", "a hundred new items passed between two polls; the window shows twenty", func(t *testing.T, d *desk) {
		d.poll(source("o"), items(20, 1)...)
		out := d.poll(source("o"), items(140, 121)...)
		expect(t, out, 20, 0)
		if !out.GapSuspected {
			t.Error("no gap suspected")
		}
		if out := d.poll(source("o"), items(141, 122)...); out.GapSuspected {
			t.Error("a gap suspected where there is none")
		}
	}},
	{"I20", "retention purged what the origin still lists", func(t *testing.T, d *desk) {
		d.poll(source("o"), items(4, 1)...)
		d.now = d.now.Add(400 * 24 * time.Hour)
		d.poll(source("o"), items(5, 5)...)
		if _, err := d.store.Purge(t.Context(), store.Retention{Before: d.now.Add(-time.Hour)}); err != nil {
			t.Fatal(err)
		}
		expect(t, d.poll(source("o"), items(5, 1)...), 0, 0)
		d.holds(5)
	}},
	{"I20b", "retention has purged all that it may; one of them is listed again, the same", func(t *testing.T, d *desk) {
		d.poll(source("o"), items(6, 1)...)
		d.now = d.now.Add(400 * 24 * time.Hour)
		d.poll(source("o"), items(7, 4)...) // 1 to 3 are listed no more
		if n, err := d.store.Purge(t.Context(), store.Retention{Before: d.now.Add(-time.Hour), Excerpt: publish.Excerpt}); n != 3 || err != nil {
			t.Fatalf("%d purged, want 3: %v", n, err)
		}
		before := d.find("https://o.test/3")[0]
		if before.Content != "" || !strings.Contains(string(before.Summary), "The text of entry 3") {
			t.Errorf("purged: %q, %q", before.Summary, before.Content)
		}
		d.poll(source("o"), items(7, 3)...)
		d.holds(7)
		after := d.find("https://o.test/3")[0]
		if !strings.Contains(string(after.Content), "The text of entry 3") {
			t.Errorf("its text has not come back: %q", after.Content)
		}
		if after.ID != before.ID || !after.FirstSeen.Equal(before.FirstSeen) || !after.Sort.Equal(before.Sort) || !after.Updated.Equal(before.Updated) {
			t.Errorf("it came back as another:\n%+v\n%+v", before, after)
		}
		expect(t, d.poll(source("o"), items(7, 3)...), 0, 0)
	}},
	{"I21", "title and text are edited", func(t *testing.T, d *desk) {
		d.seed(nil)
		d.poll(source("o"), items(5, 1)...)
		list := items(5, 1)
		list[0].Title, list[0].Content = "A corrected title", "<p>The text was corrected.</p>"
		expect(t, d.poll(source("o"), list...), 0, 1)
		e := d.channel("all")[0]
		if e.Title != "A corrected title" || e.Changed.IsZero() || !e.Updated.Equal(e.Changed) || !e.Published.Equal(item(5).Published) {
			t.Errorf("%+v", e)
		}
		dossier, err := d.store.Dossier(t.Context(), e.Key)
		if err != nil || len(dossier.Versions) != 1 || dossier.Versions[0].Title != "Title of entry number 5" {
			t.Errorf("versions: %+v, %v", dossier.Versions, err)
		}
	}},
	{"I22", "the text changes whenever it is asked for", func(t *testing.T, d *desk) {
		d.seed(nil)
		var hashes []string
		for n := range 48 { // every quarter of an hour for half a day
			list := items(5, 1)
			list[0].Content = feeds.HTML(fmt.Sprintf("<p>Advertisement of the moment: offer %c%c</p>", 'a'+n/26, 'a'+n%26))
			out, err := d.take(source("o"), &feeds.Feed{Entries: list}, false)
			if err != nil || n > 0 && out.New > 0 {
				t.Fatalf("%+v, %v", out, err)
			}
			if check, _ := d.store.Checks(t.Context()); out.Deferred > 0 && check[0].BodyHash != "" {
				t.Fatal("a change that was put off may be missed: the body hash was stored")
			}
			if h := d.channel("all")[0].Hash; len(hashes) == 0 || hashes[len(hashes)-1] != h {
				hashes = append(hashes, h)
			}
			d.now = d.now.Add(15 * time.Minute)
		}
		if len(hashes) < 5 || len(hashes) > 14 {
			t.Errorf("readers saw %d states in 12 hours, want about one an hour", len(hashes))
		}
		dossier, err := d.store.Dossier(t.Context(), d.channel("all")[0].Key)
		if err != nil || len(dossier.Versions) > 5 {
			t.Errorf("%d versions, %v", len(dossier.Versions), err)
		}
		for i := 1; i < len(dossier.Versions); i++ {
			if gap := dossier.Versions[i-1].At.Sub(dossier.Versions[i].At); gap < time.Hour {
				t.Errorf("versions %v apart", gap)
			}
		}
	}},
	{"I22b", "counters are no change of the text", func(t *testing.T, d *desk) {
		count := func(n int) feeds.Entry {
			e := item(5)
			e.Content = feeds.HTML(fmt.Sprintf("<p>A story. (Visited %d times, %d visits today) 1%d comments</p>", n, n, n))
			return e
		}
		d.poll(source("o"), count(899))
		d.poll(source("o"), count(900))
		d.now = d.now.Add(2 * time.Hour)
		d.poll(source("o"), count(977))
		e := d.stored()[0]
		if !e.Changed.IsZero() || !e.Updated.IsZero() {
			t.Errorf("changed %v, updated %v", e.Changed, e.Updated)
		}
	}},
	{"I23", "a permalink guid without link; a guid said to be one that is no URL", func(t *testing.T, d *desk) {
		a, b := item(1), item(2)
		a.GUID, a.Link, a.Permalink = "https://o.test/only-guid", "", true
		b.GUID, b.Link, b.Permalink = "not a url", "", true
		expect(t, d.poll(source("o"), a, b), 2, 0)
		expect(t, d.poll(source("o"), b, a), 0, 0)
		list := d.stored()
		if list[1].Link != "https://o.test/only-guid" || list[1].ID != a.GUID {
			t.Errorf("link %q, id %q", list[1].Link, list[1].ID)
		}
		if list[0].Link != "" || !strings.HasPrefix(list[0].ID, "tag:news.example.com,2026:o:") {
			t.Errorf("link %q, id %q", list[0].Link, list[0].ID)
		}
	}},
	{"I24", "guids that are vectors: our id is derived from them", func(t *testing.T, d *desk) {
		for i, guid := range []string{"javascript:alert(1)", "https://o.test/<script>", `urn:x:"quoted"`, "urn:x:a\nb", "../../etc/passwd", "data:text/html,x", "https://user:secret@o.test/1"} {
			e := item(i + 1)
			e.GUID = guid
			expect(t, d.poll(source("o"), e), 1, 0)
		}
		for _, e := range d.stored() {
			if !strings.HasPrefix(e.ID, "tag:news.example.com,2026:o:") || strings.ContainsAny(e.ID, "<>\"\n/ ") {
				t.Errorf("guid %q: id %q", e.GUID, e.ID)
			}
		}
	}},
	{"I25", "300 new items after a silent year: 20 are shown, the others held for a day", func(t *testing.T, d *desk) {
		d.poll(source("o"), items(4, 1)...)
		d.now = d.now.Add(365 * 24 * time.Hour)
		out := d.poll(source("o"), append(items(304, 5), items(4, 4)...)...)
		expect(t, out, 300, 0)
		if out.Held != 280 || len(d.channel("all")) != 24 {
			t.Errorf("held %d, standing %d", out.Held, len(d.channel("all")))
		}
		if top := d.channel("all")[0].Title; top != item(304).Title {
			t.Errorf("not the newest are shown: %q", top)
		}
		d.release(d.now.Add(-24 * time.Hour))
		if len(d.channel("all")) != 24 {
			t.Error("released before a day has passed")
		}
		d.now = d.now.Add(24 * time.Hour)
		d.release(d.now.Add(-24 * time.Hour))
		if len(d.channel("all")) != 304 {
			t.Errorf("%d stand after a day", len(d.channel("all")))
		}
		d.holds(304)
	}},
	{"I26", "the source carries our own entries", func(t *testing.T, d *desk) {
		ours, page := item(1), item(2)
		ours.GUID = "tag:news.example.com,2026-03-01:articles/our-story"
		page.Link = "https://news.example.com/articles/our-story"
		for range 10 {
			out := d.poll(source("planet"), ours, page, item(3))
			if out.Own != 2 || len(out.Notes) == 0 {
				t.Fatalf("%+v", out)
			}
		}
		d.holds(1)
	}},
	{"I27", "what the feed says of itself leads elsewhere: it is not followed, and its entries are its own", func(t *testing.T, d *desk) {
		out := d.pollFeed(source("o"), &feeds.Feed{Self: "http://127.0.0.1/secret", Hubs: []string{"http://10.0.0.1/hub"}, Link: "https://p.test/", Entries: items(5, 1)})
		expect(t, out, 5, 0)
		for _, e := range d.stored() {
			if e.Source != "o" {
				t.Errorf("source %q", e.Source)
			}
		}
	}},
	{"I28", "no entry in common with the last document, and as many", func(t *testing.T, d *desk) {
		d.seed(nil)
		out := d.poll(source("o"), items(8, 5)...)
		expect(t, out, 4, 0)
		if !out.GapSuspected {
			t.Error("no gap suspected")
		}
	}},
}

// find asks as an editor does.
func (d *desk) find(what string) []newsroom.Entry {
	d.t.Helper()
	list, err := d.door.Find(d.t.Context(), d.store, what)
	if err != nil {
		d.t.Fatal(err)
	}
	return list
}

// release lets out what was held until then.
func (d *desk) release(until time.Time) {
	d.t.Helper()
	_, err := d.door.Expire(d.t.Context(), d.store, map[string]newsroom.Source{"o": source("o")}, until, d.now)
	if err != nil {
		d.t.Fatal(err)
	}
}
