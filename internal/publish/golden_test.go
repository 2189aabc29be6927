package publish

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"newswire/feeds"
	"newswire/internal/feedcheck"
	"newswire/internal/newsroom"
)

var update = flag.Bool("update", false, "write the golden files anew")

// newsday is a channel with one of everything: entries under each policy, one
// that two sources carried and one copied from a third, titles and texts with
// what XML must escape, house articles, a correction, withdrawals.
func newsday() *Publisher {
	m := newMemory()
	link, excerpt, full := rich(), rich(), rich()
	for i, e := range []*newsroom.Entry{&link, &excerpt, &full} {
		w := wire(10 + i)
		e.Key, e.ID, e.Link, e.Published, e.FirstSeen, e.Sort, e.Hash = w.Key, w.ID, w.Link, w.Published, w.FirstSeen, w.Sort, w.Hash
		e.Source = []string{"link", "lab", "full"}[i]
		e.Title = `GPT < 10 & "friends" > Sora`
		e.Summary = "<p>A summary &amp; its end.</p>"
		e.Content = `<p>It says <code>if a &lt; b &amp;&amp; c</code>, ]]> and <a href="https://lab.example/?a=1&amp;b=2">more</a>.</p>`
		e.Enclosures[0].Duration = 90 * time.Second
		e.Images[0].Width, e.Images[0].Height, e.Images[0].MediaType = 640, 360, "image/png"
		m.add(*e, "all")
	}
	other := wire(20)
	other.AlsoIn = []string{"full"}
	other.Origin = &feeds.Feed{Title: "The First & Only", Self: "https://first.example/feed?a=1&b=2", Link: "https://first.example/"}
	other.Language, other.License = "de", "https://creativecommons.org/licenses/by/4.0/"
	m.add(other, "all")
	bare := wire(21)
	bare.Summary, bare.Content, bare.Published = "", "", time.Time{}
	m.add(bare, "all")
	corrected := article(5, "corrected")
	corrected.Correction, corrected.Changed, corrected.Updated = "Not 2 < 1.", now, now
	corrected.Authors = []feeds.Person{{Name: "Grace Hopper", URI: site + "/authors/grace"}}
	corrected.Comments = &feeds.Comments{Page: corrected.Link + "#comments", Feed: corrected.Link + "/comments.atom", Count: 3, Updated: now}
	m.add(corrected, "all")
	for i, e := range []newsroom.Entry{article(30, "wrong"), wire(31)} {
		e.Withdrawn, e.WithdrawnNote = now.Add(time.Duration(i+1)*time.Minute), "It was wrong & is withdrawn."
		m.add(e, "all")
	}
	m.checks = []newsroom.Check{
		{Source: "lab", Title: "Lab News", SiteURL: "https://lab.example/", Rights: "© The Lab & friends"},
		{Source: "full", Title: "Free Press", SiteURL: "https://free.example/"},
	}
	p := newPublisher(m)
	c := config()
	c.Sources = append(c.Sources,
		newsroom.Source{Slug: "link", Name: "Links Only", URL: "https://links.example/rss", Publish: newsroom.PublishLink},
		newsroom.Source{Slug: "full", Name: "Free", URL: "https://free.example/rss?format=xml&n=20", Publish: newsroom.PublishFull},
	)
	p.Config = func() Config { return c }
	return p
}

// TestGolden compares what is published with the files in testdata, and has
// each document judged by the rules of the W3C validator. Run it with -update
// after a wanted change, and read the difference.
func TestGolden(t *testing.T) {
	p := newsday()
	synctest.Test(t, func(t *testing.T) { render(t, p) }) // where withdrawals do not grow old
	for _, format := range formats {
		d := document(t, p, FeedPath("all", format))
		file := filepath.Join("testdata", "all."+string(format))
		if *update {
			if err := os.WriteFile(file, d.Body, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != string(d.Body) {
			t.Errorf("%s differs from %s:\n%s", d.Path, file, d.Body)
		}
		for _, f := range feedcheck.Check(d.Body, d.MediaType, site+d.Path) {
			if format == feeds.Atom && strings.Contains(f.Message+f.Rule, "UnknownNamespace") {
				continue // tombstones cost this one warning
			}
			if f.Level > 0 {
				t.Errorf("%s: %s", d.Path, f)
			}
		}
	}
}
