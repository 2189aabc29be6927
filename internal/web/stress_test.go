package web

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"newswire/internal/newsroom"
)

// TestStressScreens photographs a newsroom at its worst: no article of its
// own, no channel description, words without an end, and right-to-left text.
func TestStressScreens(t *testing.T) {
	dir := os.Getenv("NEWSWIRE_SCREENS")
	if dir == "" {
		t.Skip("set NEWSWIRE_SCREENS to a folder to have the pages photographed")
	}
	v := demoView(base)
	v.Articles, v.Version = nil, 9
	for i := range v.Channels {
		c := &v.Channels[i]
		c.Title = strings.TrimSpace(c.Title + strings.Repeat(" and more", i))
		var foreign []newsroom.Entry
		for _, e := range c.Entries {
			if !e.House {
				foreign = append(foreign, e)
			}
		}
		c.Entries = foreign
	}
	all := v.Channels[0].Entries
	all[0].Title = strings.Repeat("Donaudampfschifffahrtselektrizitätenhauptbetriebswerk", 3)
	all[1].Title, all[1].Language = "نموذج لغوي جديد يتعلم قول «لا أعرف»", "ar"
	all[2].Title = strings.Repeat("W", 300)
	all[3].Title = ""
	server := httptest.NewServer(newSite(v))
	defer server.Close()
	shots := map[string]string{}
	for name, path := range map[string]string{"front": "/", "channel": "/feeds/all", "feeds": "/feeds"} {
		shots["stress-"+name] = fmt.Sprint(server.URL, path)
	}
	photograph(t, dir, shots)
}

// manySources are a desk's sources by the hundred, in every state.
func manySources(n int) *deskFake {
	f := demoDeskData()
	some := f.sources
	f.sources = nil
	for i := range n {
		s := some[i%len(some)]
		if i >= len(some) {
			s.Slug, s.Name = fmt.Sprintf("source-%d", i), fmt.Sprintf("%s %d", s.Name, i/len(some)+1)
			if urgency(&s) < noted && i%7 != 0 { // most are well
				s.Alarm, s.Silent, s.Check.Failures, s.Check.Problem, s.Check.Class = "", false, 0, "", newsroom.ClassNotModified
			}
		}
		f.sources = append(f.sources, s)
		if i >= len(some) && i%9 == 0 { // and some of them flood
			f.held = append(f.held, flood(f.entries, s.Slug, i)...)
		}
	}
	return f
}

// flood are n held entries of one source.
func flood(entries []newsroom.Entry, slug string, n int) []newsroom.Entry {
	var held []newsroom.Entry
	for i := range n {
		e := entries[i%len(entries)]
		e.Source, e.Verdict = slug, newsroom.Verdict{Decision: newsroom.Hold, Rule: []string{"guard.burst", "guard.first_import"}[i/40%2]}
		held = append(held, e)
	}
	return held
}

// TestDeskScreens photographs the desk with five and with five hundred
// sources, and with things that need somebody.
func TestDeskScreens(t *testing.T) {
	dir := os.Getenv("NEWSWIRE_SCREENS")
	if dir == "" {
		t.Skip("set NEWSWIRE_SCREENS to a folder to have the pages photographed")
	}
	shots := map[string]string{}
	for _, n := range []int{5, 500} {
		d := newDesk(t, manySources(n), "")
		if n > 5 {
			d.Notices = func() []string {
				return []string{
					"Old texts were not purged: 900 of 1000: more than a fifth of all entries would be purged at once; check the clock and the retention.",
					"The summary of 2026-11-24 was not told: the webhook at hooks.example.com: http_5xx, status 500. Tried 3 times, again at 07:07.",
				}
			}
		}
		d.Now, d.Log = func() time.Time { return demoNow }, slog.New(slog.DiscardHandler)
		server := httptest.NewServer(d)
		defer server.Close()
		for name, path := range map[string]string{"sources": "/", "entries": "/entries", "holds": "/holds", "reload": "/reload"} {
			shots[fmt.Sprintf("desk%d-%s", n, name)] = server.URL + path
		}
	}
	photograph(t, dir, shots)
}
