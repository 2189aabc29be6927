package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"newswire/internal/newsroom"
)

const demoPassword = "correct horse battery staple"

// deskFake is a desk's data in memory.
type deskFake struct {
	sources  []SourceHealth
	entries  []newsroom.Entry
	held     []newsroom.Entry
	heldRead int // how often held entries were read
	released []string
	broken   bool
}

var errFake = errors.New(`dial "<script>": no`)

func (f *deskFake) Sources(context.Context) ([]SourceHealth, int, error) {
	if f.broken {
		return nil, 0, errFake
	}
	all := append([]SourceHealth(nil), f.sources...)
	for i := range all {
		for _, e := range f.held {
			if e.Source == all[i].Slug {
				all[i].Held++
			}
		}
	}
	return all, len(f.held), nil
}

func (f *deskFake) Entries(_ context.Context, query string, limit int) ([]newsroom.Entry, error) {
	if f.broken {
		return nil, errFake
	}
	var out []newsroom.Entry
	for _, e := range f.entries {
		if len(out) < limit && strings.Contains(strings.ToLower(e.Title), strings.ToLower(query)) {
			out = append(out, e)
		}
	}
	return out, nil
}

func (f *deskFake) Held(context.Context) ([]newsroom.Entry, error) {
	f.heldRead++
	if f.broken {
		return nil, errFake
	}
	return f.held, nil
}

func (f *deskFake) Release(_ context.Context, source string) (int, error) {
	if f.broken {
		return 0, errFake
	}
	f.released = append(f.released, source)
	return len(f.held), nil
}

func demoDeskData() *deskFake {
	every := func(n int, gap time.Duration) []time.Time {
		var out []time.Time
		for i := range n {
			out = append(out, demoNow.Add(-time.Duration(i)*gap-time.Duration(i*i%7)*5*time.Hour))
		}
		return out
	}
	ago := func(d time.Duration) time.Time { return demoNow.Add(-d) }
	check := func(class newsroom.Class, rhythm []time.Time) newsroom.Check {
		c := newsroom.Check{Class: class, Rhythm: rhythm, LastOK: ago(6 * time.Minute), LastAsked: ago(6 * time.Minute), Next: demoNow.Add(24 * time.Minute), SiteURL: "https://site.example/"}
		if len(rhythm) > 0 {
			c.LastNew = rhythm[0]
		}
		return c
	}
	f := &deskFake{sources: []SourceHealth{
		{Slug: "meridian-labs", Name: "Meridian Labs", URL: "https://meridian.example/feed.xml?token=SECRET", Tags: []string{"labs"}, Check: check(newsroom.ClassOK, every(20, 28*time.Hour)), PerWeek: 5},
		{Slug: "the-gradient-post", Name: "The Gradient Post", URL: "https://user:SECRET@gradient.example/rss", Schedule: "*/20 * * * *", Check: check(newsroom.ClassNotModified, every(50, 9*time.Hour)), PerWeek: 18.4},
		{Slug: "open-weights", Name: "Open Weights Weekly", URL: "https://openweights.example/atom.xml", Check: check(newsroom.ClassOK, every(4, 7*24*time.Hour)), PerWeek: 1},
		{Slug: "arxiv-cl", Name: "arXiv Computation and Language", URL: "https://papers.example/cl.rss", Tags: []string{"research", "papers"}, Check: check(newsroom.ClassPartial, every(50, 4*time.Hour)), PerWeek: 92},
		{Slug: "nordlys", Name: "Nordlys AI-institutt", URL: "https://nordlys.example/rss", Check: check(newsroom.ClassNotModified, []time.Time{ago(19 * 24 * time.Hour), ago(21 * 24 * time.Hour), ago(22 * 24 * time.Hour)}), PerWeek: 3, Silent: true},
		{Slug: "old-blog", Name: "A Blog of Old", URL: "https://old.example/feed", Paused: true},
		{Slug: "fresh", Name: "Fresh From the Config", URL: "https://fresh.example/feed"},
	}}
	f.sources = append(f.sources, SourceHealth{Slug: "daily-model", Name: "Daily Model", URL: "https://daily.example/rss", Check: check(newsroom.ClassOK, every(50, 7*time.Hour)), PerWeek: 24,
		Alarm: "4 new entries in 2 days; it usually brings 34 to 46"})
	f.sources[4].Alarm = "nothing new for 19 days; it never paused longer than 2 days"
	bad := check(newsroom.ClassTLSCert, every(9, 60*time.Hour))
	bad.Failures, bad.Problem, bad.LastOK = 7, "certificate of policy.example expired on 22 November 2026", ago(41*time.Hour)
	f.sources = append(f.sources, SourceHealth{Slug: "policy-desk", Name: "Policy Desk Europe", URL: "https://policy.example/feed", Tags: []string{"policy"}, Check: bad, PerWeek: 2.8})
	moved := check(newsroom.ClassOK, every(30, 16*time.Hour))
	moved.Notes = []string{"moved for 9 days to https://chipwatch.example/feed.xml: change its url in config.yaml"}
	f.sources = append(f.sources, SourceHealth{Slug: "chipwatch", Name: "Chipwatch", URL: "https://chipwatch.example/index.xml", Check: moved, PerWeek: 10})
	verdicts := []newsroom.Verdict{{Decision: newsroom.Publish, Rule: "default"}, {Decision: newsroom.Publish, Rule: "sources[Meridian Labs].keep"}, {Decision: newsroom.Drop, Rule: "sources[The Gradient Post].drop"}, {Decision: newsroom.Publish, Rule: "default"}, {Decision: newsroom.Hold, Rule: "guard.burst"}}
	for i := range demoWire {
		e := demoEntry(i, "")
		e.Verdict = verdicts[i%len(verdicts)]
		f.entries = append(f.entries, e)
		if e.Verdict.Decision == newsroom.Hold {
			f.held = append(f.held, e)
		}
	}
	return f
}

func demoDesk(t *testing.T, password string) *Desk {
	t.Helper()
	return newDesk(t, demoDeskData(), password)
}

func newDesk(t *testing.T, data *deskFake, password string) *Desk {
	t.Helper()
	d, err := NewDesk(DeskConfig{
		Data: data, Password: password,
		Site: func() newsroom.Site { return demoView("https://news.example.com").Site },
		Reload: func() *Reload {
			return &Reload{At: demoNow, InForce: demoNow.Add(-3 * time.Hour), Changes: []string{"source added: Fresh From the Config", "channel changed: research"}, Refused: []string{`config.yaml:12:5: sources[3].schedule: "every day" is no cron expression; try "0 6 * * *"`}}
		},
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("newswire_up 1\n")) }),
		Now:     func() time.Time { return demoNow },
		Log:     slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}
