package publish

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mmcdole/gofeed"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// shown is what a reader that is not ours makes of the first entry of a
// channel in each format.
func shown(t *testing.T, p *Publisher) map[feeds.Format]*gofeed.Item {
	t.Helper()
	items := map[feeds.Format]*gofeed.Item{}
	for _, format := range formats {
		feed, err := gofeed.NewParser().Parse(bytes.NewReader(document(t, p, FeedPath("all", format)).Body))
		if err != nil || len(feed.Items) == 0 {
			t.Fatalf("%s: %v", format, err)
		}
		items[format] = feed.Items[0]
	}
	return items
}

// publishOne renders a channel that holds one entry, under a source's policy.
func publishOne(t *testing.T, policy newsroom.Policy, e newsroom.Entry) *Publisher {
	t.Helper()
	m := newMemory()
	m.add(e, "all")
	m.checks = []newsroom.Check{{
		Source: "lab", Title: "Lab News", SiteURL: "https://lab.example/", Rights: "© The Lab",
		Self: "https://elsewhere.example/not-asked",
	}}
	p := newPublisher(m)
	c := config()
	c.Sources[0].Publish = policy
	p.Config = func() Config { return c }
	render(t, p)
	return p
}

// rich is a foreign entry that has everything.
func rich() newsroom.Entry {
	e := wire(1)
	e.Summary = feeds.HTML("<p>SUMMARY " + strings.Repeat("word ", 200) + "ENDOFSUMMARY</p>")
	e.Content = "<p>CONTENT at length.</p>"
	e.Authors = []feeds.Person{{Name: "Ada", Email: "ada@lab.example"}, {Email: "nobody@lab.example"}}
	e.Categories = []feeds.Category{{Term: "CATEGORY"}}
	e.Enclosures = []feeds.Enclosure{{URL: "https://lab.example/ENCLOSURE.mp3", MediaType: "audio/mpeg", Length: 7}}
	e.Images = []feeds.Image{{URL: "https://lab.example/IMAGE1.png"}, {URL: "https://lab.example/IMAGE2.png"}}
	e.Comments = &feeds.Comments{Page: "https://lab.example/COMMENTS", Count: 12345}
	return e
}

// TestPolicies: what a policy does not allow is in no format at all.
func TestPolicies(t *testing.T) {
	tests := []struct {
		policy    newsroom.Policy
		has, lack []string
	}{
		{newsroom.PublishLink, []string{"Lab ships model 1", "https://lab.example/1", "Ada", "Lab News"},
			[]string{"SUMMARY", "CONTENT", "CATEGORY", "ENCLOSURE", "IMAGE1", "COMMENTS"}},
		{newsroom.PublishExcerpt, []string{"SUMMARY", "CATEGORY", "ENCLOSURE", "IMAGE1", "Lab News"},
			[]string{"CONTENT", "ENDOFSUMMARY", "IMAGE2"}},
		{"", []string{"SUMMARY"}, []string{"CONTENT", "ENDOFSUMMARY"}},
		{newsroom.PublishFull, []string{"CONTENT", "ENDOFSUMMARY", "CATEGORY", "IMAGE1"}, nil},
	}
	for _, test := range tests {
		p := publishOne(t, test.policy, rich())
		for _, format := range formats {
			got := string(document(t, p, FeedPath("all", format)).Body)
			for _, want := range test.has {
				if !strings.Contains(got, want) {
					t.Errorf("%q in %s lacks %s", test.policy, format, want)
				}
			}
			for _, not := range append(test.lack, "ada@lab.example", "nobody@lab.example", "12345") {
				if strings.Contains(got, not) {
					t.Errorf("%q in %s holds %s", test.policy, format, not)
				}
			}
		}
	}
}

func TestIDsAgree(t *testing.T) { // A1-4, A1-6
	e := wire(1)
	e.ID = "HTTPS://Src.example/%7Ex"
	p := publishOne(t, "", e)
	for format, want := range map[feeds.Format]string{
		feeds.RSS:      `<guid isPermaLink="false">` + e.ID + `</guid>`,
		feeds.Atom:     `<id>` + e.ID + `</id>`,
		feeds.JSONFeed: `"` + e.ID + `"`,
	} {
		if got := string(document(t, p, FeedPath("all", format)).Body); strings.Count(got, want) != 1 {
			t.Errorf("%s does not hold %s once", format, want)
		}
	}
}

func TestAttribution(t *testing.T) { // A2-18, A3-7, A3-8
	e := wire(1)
	p := publishOne(t, "", e)
	if got := string(document(t, p, rss).Body); !strings.Contains(got, `<source url="https://lab.example/feed.xml">Lab News</source>`) {
		t.Errorf("RSS does not name the source:\n%s", got)
	}
	for format, item := range shown(t, p) {
		if len(item.Authors) != 1 || item.Authors[0].Name != "Lab News" {
			t.Errorf("%s: authors %v, want the source", format, item.Authors)
		}
	}
	want := map[string]any{"source": map[string]any{
		"title": "Lab News", "url": "https://lab.example/", "feed_url": "https://lab.example/feed.xml",
	}}
	if diff := cmp.Diff(want, jsonItem(t, p)["_newswire"]); diff != "" {
		t.Error(diff)
	}
	atom := string(document(t, p, "/feeds/all.atom").Body)
	source := atom[strings.Index(atom, "<source>"):]
	for _, want := range []string{"<id>https://lab.example/feed.xml</id>", "Lab News", "© The Lab", "<updated>2026-11-21T08:59:00Z</updated>"} {
		if !strings.Contains(source, want) {
			t.Errorf("atom:source lacks %s:\n%s", want, source)
		}
	}
}

func jsonItem(t *testing.T, p *Publisher) map[string]any {
	t.Helper()
	var doc struct{ Items []map[string]any }
	if err := json.Unmarshal(document(t, p, "/feeds/all.json").Body, &doc); err != nil || len(doc.Items) == 0 {
		t.Fatal(err)
	}
	return doc.Items[0]
}

// TestOrigins: whom an entry is said to come from.
func TestOrigins(t *testing.T) {
	check := newsroom.Check{Source: "lab", Title: "Lab News", SiteURL: "https://lab.example/", FinalURL: "https://lab.example/final"}
	tests := []struct {
		name   string
		source newsroom.Source
		check  newsroom.Check
		origin *feeds.Feed
		want   Origin // Policy is not compared
	}{
		{"the source", lab(), check, nil,
			Origin{Title: "Lab News", Site: "https://lab.example/", Feed: "https://lab.example/feed.xml"}},
		{"never asked", lab(), newsroom.Check{}, nil,
			Origin{Title: "The Lab", Site: "https://lab.example/", Feed: "https://lab.example/feed.xml"}},
		{"copied from elsewhere", lab(), check, &feeds.Feed{Title: "First", Self: "https://first.example/rss", Link: "https://first.example/"},
			Origin{Title: "First", Site: "https://first.example/", Feed: "https://first.example/rss"}},
		{"copied, but it does not say from which feed", lab(), check, &feeds.Feed{Title: "First", Link: "https://first.example/"},
			Origin{Title: "Lab News", Site: "https://lab.example/", Feed: "https://lab.example/feed.xml"}},
		{"a key in the address", newsroom.Source{Slug: "lab", Name: "The Lab", URL: "https://lab.example/rss?api_key=s3cret"}, check, nil,
			Origin{Title: "Lab News", Site: "https://lab.example/"}},
		{"a password in the address", newsroom.Source{Slug: "lab", Name: "The Lab", URL: "https://me:s3cret@lab.example/rss"}, check, nil,
			Origin{Title: "Lab News", Site: "https://lab.example/", Feed: "https://lab.example/rss"}},
		{"left the configuration", newsroom.Source{Slug: "other"}, check, nil,
			Origin{Title: "Lab News", Site: "https://lab.example/"}}, // nothing says whether its address was a secret
		{"a secret in the address, and a link to it", newsroom.Source{Slug: "lab", Name: "The Lab", URL: "https://lab.example/s3cret/rss", Private: true},
			newsroom.Check{Source: "lab", Title: "Lab News", SiteURL: "https://lab.example/s3cret/"}, nil,
			Origin{Title: "Lab News", Site: "https://lab.example/"}},
		{"a key in the address, and a link to it", newsroom.Source{Slug: "lab", Name: "The Lab", URL: "https://lab.example/rss?api_key=s3cret"},
			newsroom.Check{Source: "lab", Title: "Lab News", SiteURL: "https://lab.example/rss?api_key=s3cret#top"}, nil,
			Origin{Title: "Lab News", Site: "https://lab.example/"}},
		{"a secret in the address, and entries that name it", newsroom.Source{Slug: "lab", Name: "The Lab", URL: "https://me:pass@lab.example/s3cret/rss", Private: true}, check,
			&feeds.Feed{Title: "Lab News", Self: "https://lab.example/s3cret/rss", Link: "https://lab.example/s3cret/"},
			Origin{Title: "Lab News", Site: "https://lab.example/"}},
		{"left the configuration with its secret", newsroom.Source{Slug: "other"},
			newsroom.Check{Source: "lab", Title: "Lab News", SiteURL: "https://lab.example/s3cret/", FinalURL: "https://lab.example/s3cret/rss"}, nil,
			Origin{Title: "Lab News", Site: "https://lab.example/"}},
		{"unknown altogether", newsroom.Source{Slug: "other"}, newsroom.Check{}, nil, Origin{Title: "lab"}},
		{"markup in a title", lab(), newsroom.Check{Source: "lab", Title: "<b>Lab</b>\nNews"}, nil,
			Origin{Title: "Lab News", Site: "https://lab.example/", Feed: "https://lab.example/feed.xml"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var checks []newsroom.Check
			if test.check.Source != "" {
				checks = append(checks, test.check)
			}
			c := config()
			c.Sources = []newsroom.Source{test.source}
			e := wire(1)
			e.Origin = test.origin
			got := newSources(c, checks).of(&e)
			got.Policy = ""
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestHouseArticle(t *testing.T) {
	e := article(1, "gpt-6")
	e.Link = ""
	p := publishOne(t, "", e)
	for format, item := range shown(t, p) {
		if item.Link != site+"/articles/gpt-6" {
			t.Errorf("%s: link %q", format, item.Link)
		}
		if len(item.Authors) != 1 || item.Authors[0].Name != "Stay Ahead of the Curve" {
			t.Errorf("%s: authors %v", format, item.Authors)
		}
	}
	want := map[string]any{"house": true, "reading_minutes": 4.0}
	if diff := cmp.Diff(want, jsonItem(t, p)["_newswire"]); diff != "" {
		t.Error(diff)
	}
	if b := document(t, p, rss).Body; bytes.Contains(b, []byte("<source")) {
		t.Error("our own article is said to come from elsewhere")
	}
}

func TestCorrection(t *testing.T) {
	e := article(1, "gpt-6")
	e.Correction = "The model has 2 <b>heads</b> & no tail."
	e.Updated = e.Published.Add(time.Hour)
	e.Changed = e.Updated
	p := publishOne(t, "", e)
	const note = "Correction:"
	for format, item := range shown(t, p) {
		for part, text := range map[string]string{"summary": item.Description, "content": item.Content} {
			at := strings.Index(text, note)
			if at < 0 || at > 20 || !strings.Contains(text, "no tail") {
				t.Errorf("%s: the %s does not begin with the correction: %q", format, part, text)
			}
		}
		if strings.Contains(item.Content, "<b>heads") {
			t.Errorf("%s: the note is taken for markup: %q", format, item.Content)
		}
		if item.UpdatedParsed == nil || !item.UpdatedParsed.Equal(e.Updated) {
			t.Errorf("%s: updated %v, want %s", format, item.UpdatedParsed, e.Updated)
		}
	}
}

// TestWithdrawn: Atom has a tombstone and no entry; the others an entry under
// the same id that says so, with nothing of what it was.
func TestWithdrawn(t *testing.T) {
	e := article(5, "wrong")
	e.Withdrawn = time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	e.WithdrawnNote = "The figures were <wrong>."
	e.Content, e.Summary = "<p>FALSEHOOD</p>", "<p>FALSEHOOD</p>"
	p := publishOne(t, "", e)
	atom := string(document(t, p, "/feeds/all.atom").Body)
	when := e.Withdrawn.Format(time.RFC3339)
	if !strings.Contains(atom, `ref="`+e.ID+`"`) || !strings.Contains(atom, `when="`+when+`"`) || strings.Contains(atom, "<entry>") {
		t.Errorf("no tombstone of %s:\n%s", when, atom)
	}
	if !strings.Contains(atom, "<updated>"+when) {
		t.Errorf("the feed's date is not that of the withdrawal:\n%s", atom)
	}
	for _, path := range []string{rss, "/feeds/all.json"} {
		feed, err := gofeed.NewParser().Parse(bytes.NewReader(document(t, p, path).Body))
		if err != nil || len(feed.Items) != 1 {
			t.Fatalf("%s: %v", path, err)
		}
		item := feed.Items[0]
		text := item.Title + item.Description + item.Content
		if item.GUID != e.ID || !strings.HasPrefix(item.Title, "Withdrawn: ") ||
			!strings.Contains(text, "The figures were") || strings.Contains(text, "<wrong>") {
			t.Errorf("%s: %+v", path, item)
		}
	}
	for _, d := range p.Shelf().Documents() {
		if bytes.Contains(d.Body, []byte("FALSEHOOD")) {
			t.Errorf("%s still holds the text", d.Path)
		}
	}
	if got, ok := p.Shelf().Article("articles/wrong"); !ok || got.Withdrawn.IsZero() || got.Content != "" {
		t.Errorf("on the shelf: %+v", got)
	}
}

func TestDates(t *testing.T) {
	seen := now
	hour := time.Hour
	tests := []struct {
		name                          string
		published, updated, changed   time.Time
		wantPublished, wantLastChange time.Time
	}{
		{name: "as declared", published: seen.Add(-hour), wantPublished: seen.Add(-hour), wantLastChange: seen.Add(-hour)},
		{name: "E-5 none", wantPublished: seen, wantLastChange: seen},
		{name: "E-6 in the future", published: seen.Add(24 * hour), wantPublished: seen, wantLastChange: seen},
		{name: "a clock a little ahead", published: seen.Add(time.Minute), wantPublished: seen.Add(time.Minute), wantLastChange: seen.Add(time.Minute)},
		{name: "E-17 before there were feeds", published: time.Unix(0, 0), wantPublished: seen, wantLastChange: seen},
		{name: "updated", published: seen.Add(-hour), updated: seen, wantPublished: seen.Add(-hour), wantLastChange: seen},
		{name: "updated before it was published", published: seen.Add(-hour), updated: seen.Add(-2 * hour), wantPublished: seen.Add(-hour), wantLastChange: seen.Add(-hour)},
		{name: "updated in the future", published: seen.Add(-hour), updated: seen.Add(40 * hour), wantPublished: seen.Add(-hour), wantLastChange: seen},
		{name: "updated when we saw it change", published: seen.Add(-hour), updated: seen.Add(2 * hour), changed: seen.Add(2 * hour), wantPublished: seen.Add(-hour), wantLastChange: seen.Add(2 * hour)},
		{name: "E-8 a change that was not material", published: seen.Add(-hour), changed: time.Time{}, wantPublished: seen.Add(-hour), wantLastChange: seen.Add(-hour)},
		{name: "parts of seconds go", published: seen.Add(-hour + 5e8), wantPublished: seen.Add(-hour), wantLastChange: seen.Add(-hour)},
	}
	for _, test := range tests {
		e := wire(1)
		e.FirstSeen, e.Published, e.Updated, e.Changed = seen, test.published, test.updated, test.changed
		if got := firstPublished(&e); !got.Equal(test.wantPublished) {
			t.Errorf("%s: published %s, want %s", test.name, got, test.wantPublished)
		}
		if got := lastUpdated(&e); !got.Equal(test.wantLastChange) {
			t.Errorf("%s: updated %s, want %s", test.name, got, test.wantLastChange)
		}
	}
}

// TestStampSeesWhatIsPublished changes one thing of an entry at a time: what
// comes out must not be what was kept of the entry before.
func TestStampSeesWhatIsPublished(t *testing.T) {
	changes := map[string]func(e *newsroom.Entry){
		"hash":       func(e *newsroom.Entry) { e.Hash = "x" },
		"changed":    func(e *newsroom.Entry) { e.Changed = now },
		"correction": func(e *newsroom.Entry) { e.Correction = "x" },
		"withdrawn":  func(e *newsroom.Entry) { e.Withdrawn = now },
		"note":       func(e *newsroom.Entry) { e.WithdrawnNote = "x" },
		"minutes":    func(e *newsroom.Entry) { e.ReadingMinutes = 9 },
		"also in":    func(e *newsroom.Entry) { e.AlsoIn = []string{"lab"} },
		"comments":   func(e *newsroom.Entry) { e.Comments = &feeds.Comments{Count: 3} },
		"origin": func(e *newsroom.Entry) {
			e.House = false
			e.Origin = &feeds.Feed{Title: "First", Self: "https://first.example/rss"}
		},
	}
	s := newSources(config(), nil)
	e := article(1, "a")
	for name, change := range changes {
		other := article(1, "a")
		change(&other)
		if s.stamp(&e) == s.stamp(&other) {
			t.Errorf("%s is not seen", name)
		}
	}
	renamed := config()
	renamed.Sources[0].Name = "Another"
	foreign := wire(1)
	if s.stamp(&foreign) == newSources(renamed, nil).stamp(&foreign) {
		t.Error("a source's new name is not seen")
	}
}

// TestChannelFacts: what stands in the head of each format.
func TestChannelFacts(t *testing.T) {
	_, p := filled(t)
	for _, format := range formats {
		got := string(document(t, p, FeedPath("all", format)).Body)
		for _, want := range []string{
			"All AI news", "Latest AI news", site + "/feeds/all", site + FeedPath("all", format), site + "/hub",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %s", format, want)
			}
		}
	}
	rssBody := string(document(t, p, rss).Body)
	for _, want := range []string{"<ttl>5</ttl>", "<language>en</language>", site + "/static/feed-icon.png",
		"<lastBuildDate>Sat, 21 Nov 2026 09:00:00 GMT</lastBuildDate>", "Newswire"} {
		if !strings.Contains(rssBody, want) {
			t.Errorf("RSS lacks %s", want)
		}
	}
	if atom := string(document(t, p, "/feeds/all.atom").Body); !strings.Contains(atom, "<id>tag:news.example,2026:channels/all</id>") {
		t.Errorf("Atom lacks the channel's id:\n%.800s", atom)
	}
}

func TestEmptyChannelHasADate(t *testing.T) {
	p := newPublisher(newMemory())
	render(t, p)
	if b := document(t, p, "/feeds/all.atom").Body; !bytes.Contains(b, []byte("<updated>2026-01-01T00:00:00Z</updated>")) {
		t.Errorf("%s", b)
	}
}
