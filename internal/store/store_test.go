package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"newswire/feeds"
	"newswire/internal/newsroom"
	"newswire/internal/store"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// due enrolls sources that are all due now.
func due(t testing.TB, s *store.Store, slugs ...string) {
	t.Helper()
	if err := s.Enroll(t.Context(), slugs, func(string) time.Time { return start }); err != nil {
		t.Fatal(err)
	}
}

func slugs(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("source-%03d", i))
	}
	return list
}

func alias(text string) newsroom.Alias {
	a := newsroom.Alias{Kind: newsroom.AliasGUID}
	copy(a.Hash[:], text+strings.Repeat("\xff", 16))
	return a
}

// arrival is a new entry number n of a source.
func arrival(slug string, n int) *newsroom.Arrival {
	name := fmt.Sprintf("%s/%d", slug, n)
	return &newsroom.Arrival{
		Entry: newsroom.Entry{
			Entry: feeds.Entry{GUID: "urn:t:" + name, Title: "Entry " + name, Link: "https://" + slug + ".test/" + fmt.Sprint(n),
				Content: "<p>Text of " + feeds.HTML(name) + "</p>", Published: start.Add(time.Duration(n) * time.Minute)},
			Source: slug, FirstSeen: start, Sort: start.Add(time.Duration(n) * time.Minute),
			Hash: "1", TextHash: "2", Verdict: newsroom.Verdict{Decision: newsroom.Publish, Rule: "default"},
		},
		Raw: int64(n + 1), LinkHash: int64(1000*len(slug) + n + 1), IDs: []string{"urn:t:" + name, "tag:" + name},
		Aliases: []newsroom.Alias{alias(name)}, Channels: []string{"all"},
	}
}

func commit(t testing.TB, s *store.Store, in *newsroom.Intake) {
	t.Helper()
	if err := s.Commit(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func TestClaim(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		due(t, s, "a", "b", "c")
		claims, err := s.Claim(ctx, []string{"a", "b", "zz"}, start, 10, time.Minute, "me")
		if err != nil || len(claims) != 2 || claims[0].Check.Source == "c" || claims[0].Fence == 0 || claims[0].Owner != "me" {
			t.Fatalf("%+v, %v", claims, err)
		}
		if again, err := s.Claim(ctx, []string{"a", "b"}, start, 10, time.Minute, "you"); err != nil || len(again) > 0 {
			t.Errorf("claimed twice: %+v, %v", again, err)
		}
		if _, err := s.ClaimSource(ctx, "a", start, time.Minute, "you"); !errors.Is(err, newsroom.ErrClaimed) {
			t.Errorf("a claimed source: %v", err)
		}
		if _, err := s.ClaimSource(ctx, "zz", start, time.Minute, "you"); !errors.Is(err, newsroom.ErrNotFound) {
			t.Errorf("an unknown source: %v", err)
		}
		// A lease that has passed is nobody's; who comes late is fenced off.
		later := start.Add(2 * time.Minute)
		next, err := s.ClaimSource(ctx, claims[0].Check.Source, later, time.Minute, "you")
		if err != nil || next.Fence <= claims[0].Fence {
			t.Fatalf("%+v, %v", next, err)
		}
		if err := s.Settle(ctx, claims[0], newsroom.Check{Next: later}); !errors.Is(err, newsroom.ErrFenced) {
			t.Errorf("a claim that has ended: %v", err)
		}
		check := next.Check
		check.Next, check.Class, check.Validators = later.Add(time.Hour), newsroom.ClassOK, newsroom.Validators{ETag: `"v1"`, LastModified: "x"}
		check.Window, check.Rhythm = []string{"aa"}, []time.Time{start}
		if err := s.Settle(ctx, next, check); err != nil {
			t.Fatal(err)
		}
		checks, err := s.Checks(ctx)
		if err != nil || len(checks) != 3 {
			t.Fatalf("%+v, %v", checks, err)
		}
		i := slices.IndexFunc(checks, func(c newsroom.Check) bool { return c.Source == check.Source })
		if d := cmp.Diff(check, checks[i]); d != "" {
			t.Errorf("a check came back as another: %s", d)
		}
		if first, err := s.NextDue(ctx, []string{check.Source}); err != nil || !first.Equal(check.Next) {
			t.Errorf("next due %v, %v", first, err)
		}
		if first, err := s.NextDue(ctx, nil); err != nil || !first.IsZero() {
			t.Errorf("next due of none: %v, %v", first, err)
		}
	})
}

// A source that is asked once a month is not asked again by another node that
// has not heard that it was.
func TestClaimOfSlowSchedules(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		due(t, s, "a")
		claim, err := s.ClaimSource(ctx, "a", start, time.Minute, "me")
		if err == nil {
			err = s.Settle(ctx, claim, newsroom.Check{Next: start.AddDate(0, 0, 30)})
		}
		if err != nil {
			t.Fatal(err)
		}
		if claims, err := s.Claim(ctx, []string{"a"}, start.Add(time.Second), 1, time.Minute, "you"); err != nil || len(claims) > 0 {
			t.Errorf("%+v, %v", claims, err)
		}
	})
}

// What panics in the middle of a change holds no lock that others wait for.
func TestPanicHoldsNothing(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s := openStore(t, e.dsn(t))
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = s.Commit(t.Context(), &newsroom.Intake{Source: "a", At: start, New: []*newsroom.Arrival{arrival("a", 1)},
				Place: func(newsroom.Neighbors) newsroom.Placing { panic("a fault of ours") }})
		}()
		commit(t, s, &newsroom.Intake{Source: "a", At: start, New: []*newsroom.Arrival{arrival("a", 1)}})
	})
}

// A clock that jumped ahead and back must not put sources to sleep for ever.
func TestClaimAfterClockJump(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		due(t, s, "a")
		future := start.AddDate(10, 0, 0)
		claim, err := s.ClaimSource(ctx, "a", future, time.Minute, "me")
		if err == nil {
			err = s.Settle(ctx, claim, newsroom.Check{Next: future.Add(time.Hour)})
		}
		if err != nil {
			t.Fatal(err)
		}
		if claims, err := s.Claim(ctx, []string{"a"}, start, 1, time.Minute, "me"); err != nil || len(claims) != 1 {
			t.Errorf("asleep until %v: %v", future, err)
		}
		if _, err := s.ClaimSource(ctx, "a", future, time.Minute, "me"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ClaimSource(ctx, "a", start, time.Minute, "me"); err != nil {
			t.Errorf("leased by a clock of the future: %v", err)
		}
	})
}

// Eight callers at once: each source goes to exactly one.
func TestClaimByMany(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		names := slugs(40)
		due(t, s, names...)
		now := start
		for range 10 {
			var mu sync.Mutex
			got := map[string]int{}
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					for {
						claims, err := s.Claim(ctx, names, now, 3, time.Minute, fmt.Sprint(i))
						if err != nil {
							t.Error(err)
						}
						mu.Lock()
						for _, c := range claims {
							got[c.Check.Source]++
						}
						all := len(got)
						mu.Unlock()
						if err != nil || len(claims) == 0 && all == len(names) {
							return
						}
					}
				})
			}
			wg.Wait()
			for name, n := range got {
				if n != 1 {
					t.Fatalf("%s was claimed %d times", name, n)
				}
			}
			now = now.Add(2 * time.Minute)
		}
	})
}

func TestEntryRoundTrip(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		a := arrival("a", 1)
		a.Entry.Entry = feeds.Entry{
			GUID: "g", Permalink: true, Title: "Title", Link: "https://a.test/1", External: "https://b.test/x", Summary: "<p>s</p>", Content: "<p>c</p>",
			Language: "de", Rights: "all", License: "https://cc.test/by", Authors: []feeds.Person{{Name: "A", URI: "https://a.test"}},
			Categories: []feeds.Category{{Term: "t", Scheme: "https://s.test", Label: "l"}},
			Enclosures: []feeds.Enclosure{{URL: "https://a.test/e.mp3", MediaType: "audio/mpeg", Title: "e", Length: 12, Duration: time.Minute}},
			Images:     []feeds.Image{{URL: "https://a.test/i.png", Title: "i", Width: 3, Height: 4}},
			Comments:   &feeds.Comments{Page: "https://a.test/c", Feed: "https://a.test/c.rss", Count: 3},
			Published:  start.Add(-time.Hour), Updated: start.Add(-time.Minute),
		}
		a.House, a.Slug, a.ReadingMinutes, a.Correction, a.WithdrawnNote, a.Words = true, "articles/x", 4, "corrected", "gone", 99
		a.Origin = &feeds.Feed{ID: "urn:o", Title: "Origin", Link: "https://origin.test/", Self: "https://origin.test/feed"}
		a.Hash, a.TextHash, a.Changed, a.Withdrawn = "ffeeddccbbaa9988", "1", start, start.Add(time.Second)
		a.Verdict = newsroom.Verdict{Decision: newsroom.Hold, Rule: "guard.burst"}
		commit(t, s, &newsroom.Intake{Source: "a", At: start, New: []*newsroom.Arrival{a}})
		got, err := s.Entries(ctx, []int64{404, a.Key})
		if err != nil || len(got) != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		want := a.Entry
		want.ID = "urn:t:a/1"
		if d := cmp.Diff(want, got[0]); d != "" {
			t.Errorf("an entry came back as another: %s", d)
		}
	})
}

// No byte that a source may send, and the door might let pass, keeps the
// others from being stored.
func TestHostileBytes(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s := openStore(t, e.dsn(t))
		var list []*newsroom.Arrival
		for i, text := range []string{"nul \x00 byte", "latin \xe9", strings.Repeat("x", 1<<20), "\ufeff\u202e", "'; DROP TABLE entries; --", "surrogate \xed\xa0\x80", "\u2028{{.}}"} {
			a := arrival("a", i)
			a.Title, a.Link, a.Authors = text, "https://a.test/"+text, []feeds.Person{{Name: text}}
			a.Content = feeds.HTML(strings.Repeat(text, 2))
			a.Verdict.Rule = text
			list = append(list, a)
		}
		commit(t, s, &newsroom.Intake{Source: "a", At: start, New: list})
		refs, err := s.Refs(t.Context(), "all", 100)
		if err != nil || len(refs) != len(list) {
			t.Fatalf("%d refs, %v", len(refs), err)
		}
		got, err := s.Entries(t.Context(), []int64{list[0].Key, list[1].Key})
		if err != nil || got[0].Title != "nul  byte" || got[1].Title != "latin \uFFFD" {
			t.Errorf("%q, %q, %v", got[0].Title, got[1].Title, err)
		}
	})
}

func TestCommitIsAtomicAndFenced(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		due(t, s, "a")
		claim, err := s.ClaimSource(ctx, "a", start, time.Minute, "me")
		if err != nil {
			t.Fatal(err)
		}
		late := claim
		if claim, err = s.ClaimSource(ctx, "a", start.Add(time.Hour), time.Minute, "you"); err != nil {
			t.Fatal(err)
		}
		check := newsroom.Check{Source: "a", Next: start.Add(2 * time.Hour), BodyHash: "h"}
		in := &newsroom.Intake{Source: "a", At: start, Claim: &late, Check: &check, New: []*newsroom.Arrival{arrival("a", 1)}}
		if err := s.Commit(ctx, in); !errors.Is(err, newsroom.ErrFenced) {
			t.Errorf("a claim that has ended: %v", err)
		}
		in.Check = nil
		if err := s.Commit(ctx, in); !errors.Is(err, newsroom.ErrFenced) {
			t.Errorf("a claim that has ended, without check: %v", err)
		}
		in.Claim, in.Check = &claim, &check
		in.New = append(in.New, arrival("a", 1)) // the second has an alias that the first has
		if err := s.Commit(ctx, in); !errors.Is(err, newsroom.ErrConflict) {
			t.Errorf("a conflict: %v", err)
		}
		if refs, _ := s.Refs(ctx, "all", 10); len(refs) > 0 {
			t.Errorf("half of it was stored: %+v", refs)
		}
		if checks, _ := s.Checks(ctx); checks[0].BodyHash != "" {
			t.Error("validators were stored without entries")
		}
		in.New, in.Dry = in.New[:1], true
		if err := s.Commit(ctx, in); err != nil || in.New[0].ID == "" {
			t.Errorf("dry: %v", err)
		}
		in.Dry = false
		commit(t, s, in)
		checks, err := s.Checks(ctx)
		if refs, _ := s.Refs(ctx, "all", 10); len(refs) != 1 || err != nil || checks[0].BodyHash != "h" {
			t.Errorf("%+v, %+v, %v", refs, checks, err)
		}
		if err := s.Commit(ctx, in); !errors.Is(err, newsroom.ErrFenced) {
			t.Errorf("the same intake again: %v", err)
		}
		in.Claim, in.Check = nil, nil
		if err := s.Commit(ctx, in); !errors.Is(err, newsroom.ErrConflict) {
			t.Errorf("the same entries again: %v", err)
		}
	})
}

func TestPublicIDsAreUnique(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s := openStore(t, e.dsn(t))
		a, b := arrival("a", 1), arrival("b", 1)
		b.IDs[0] = a.IDs[0]
		commit(t, s, &newsroom.Intake{Source: "a", At: start, New: []*newsroom.Arrival{a}})
		commit(t, s, &newsroom.Intake{Source: "b", At: start, New: []*newsroom.Arrival{b}})
		if a.ID != a.IDs[0] || b.ID != b.IDs[1] {
			t.Errorf("ids %q and %q", a.ID, b.ID)
		}
		c, d := arrival("c", 1), arrival("c", 2)
		d.IDs[0] = c.IDs[0] // within one document
		commit(t, s, &newsroom.Intake{Source: "c", At: start, New: []*newsroom.Arrival{c, d}})
		if c.ID == d.ID {
			t.Errorf("two entries have the id %q", c.ID)
		}
	})
}

func TestRefs(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		var list []*newsroom.Arrival
		for n := range 5 {
			a := arrival("a", n)
			a.Sort = start // all at once: the document's order counts
			list = append(list, a)
		}
		commit(t, s, &newsroom.Intake{Source: "a", At: start, New: list})
		refs, err := s.Refs(ctx, "all", 3)
		if err != nil || len(refs) != 3 || refs[0].Key != list[0].Key || refs[2].Key != list[2].Key || refs[0].Source != "a" || !refs[0].Sort.Equal(start) {
			t.Fatalf("%+v, %v", refs, err)
		}
		if refs, err := s.Refs(ctx, "no such channel", 3); err != nil || len(refs) > 0 {
			t.Errorf("%+v, %v", refs, err)
		}
	})
}

func TestWithdraw(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		a := arrival("a", 1)
		a.Channels, a.House = []string{"all", "house"}, true
		commit(t, s, &newsroom.Intake{Source: "a", At: start, New: []*newsroom.Arrival{a}})
		rev := &newsroom.Revision{Entry: a.Entry, Raw: a.Raw, Old: a.Raw, Content: true, Channels: a.Channels}
		rev.Withdrawn, rev.WithdrawnNote = start.Add(time.Hour), "it was wrong"
		commit(t, s, &newsroom.Intake{Source: "a", At: start.Add(time.Hour), Revised: []*newsroom.Revision{rev}})
		for _, channel := range []string{"all", "house"} {
			if refs, _ := s.Refs(ctx, channel, 10); len(refs) > 0 {
				t.Errorf("%s: it still stands", channel)
			}
			gone, err := s.Withdrawn(ctx, channel, start)
			if err != nil || len(gone) != 1 || gone[0].WithdrawnNote != "it was wrong" {
				t.Errorf("%s: %+v, %v", channel, gone, err)
			}
			if gone, _ := s.Withdrawn(ctx, channel, start.Add(2*time.Hour)); len(gone) > 0 {
				t.Errorf("%s: withdrawn later than it was", channel)
			}
		}
		if house, err := s.HouseEntries(ctx); err != nil || len(house) != 1 || house[0].Withdrawn.IsZero() {
			t.Errorf("%+v, %v", house, err)
		}
		rev.Withdrawn = time.Time{}
		commit(t, s, &newsroom.Intake{Source: "a", At: start.Add(2 * time.Hour), Revised: []*newsroom.Revision{rev}})
		refs, _ := s.Refs(ctx, "house", 10)
		gone, _ := s.Withdrawn(ctx, "house", start)
		if len(refs) != 1 || len(gone) > 0 {
			t.Errorf("it does not stand again: %+v, %+v", refs, gone)
		}
	})
}

func TestReviseConflicts(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		a := arrival("a", 1)
		commit(t, s, &newsroom.Intake{Source: "a", At: start, New: []*newsroom.Arrival{a}})
		rev := &newsroom.Revision{Entry: a.Entry, Raw: 7, Old: a.Raw, Content: true}
		commit(t, s, &newsroom.Intake{Source: "a", At: start, Revised: []*newsroom.Revision{rev}})
		if err := s.Commit(ctx, &newsroom.Intake{Source: "a", At: start, Revised: []*newsroom.Revision{rev}}); !errors.Is(err, newsroom.ErrConflict) {
			t.Errorf("a revision of what is no more: %v", err)
		}
	})
}

func TestVersions(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		a := arrival("a", 1)
		commit(t, s, &newsroom.Intake{Source: "a", At: start, New: []*newsroom.Arrival{a}})
		now := a.Entry
		for n := range 8 {
			former := now
			now.Title = fmt.Sprintf("Title %d", n)
			commit(t, s, &newsroom.Intake{Source: "a", At: start.Add(time.Duration(n) * time.Hour), Revised: []*newsroom.Revision{
				{Entry: now, Raw: int64(n + 100), Old: max(a.Raw, int64(n+99)*min(int64(n), 1)), Content: true, Former: &former},
			}})
		}
		d, err := s.Dossier(ctx, a.Key)
		if err != nil || len(d.Versions) != 5 || d.Versions[0].Title != "Title 6" || d.Versions[4].Title != "Title 2" || len(d.Aliases) != 1 {
			t.Errorf("%+v, %v", d, err)
		}
		if _, err := s.Dossier(ctx, 404); !errors.Is(err, newsroom.ErrNotFound) {
			t.Errorf("no such entry: %v", err)
		}
	})
}

func TestRecentAndLookup(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		var want []int64
		for hour := range 5 { // more than two batches, in whose order keys run backward
			in := &newsroom.Intake{Source: "a", At: start.Add(time.Duration(hour) * time.Hour)}
			for n := range 90 {
				a := arrival("a", 90*hour+n)
				a.FirstSeen = in.At
				in.New = append(in.New, a)
			}
			commit(t, s, in)
			for n := range in.New {
				if hour >= 1 {
					want = append(want, in.New[len(in.New)-1-n].Key)
				}
			}
		}
		var got []int64
		err := s.Recent(ctx, start.Add(time.Hour), func(e newsroom.Entry) error {
			got = append(got, e.Key)
			return nil
		})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%d entries, want %d: %v", len(got), len(want), err)
		}
		for _, name := range []newsroom.Name{{ID: "urn:t:a/7"}, {LinkHash: arrival("a", 7).LinkHash}, {GUID: alias("a/7")}} {
			if found, err := s.Lookup(ctx, name); err != nil || len(found) != 1 || found[0].Title != "Entry a/7" {
				t.Errorf("%+v: %+v, %v", name, found, err)
			}
		}
	})
}

func TestPurge(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		due(t, s, "a")
		var list []*newsroom.Arrival
		for n := range 300 {
			list = append(list, arrival("a", n))
		}
		list[7].House = true
		claim, err := s.ClaimSource(ctx, "a", start, time.Minute, "me")
		if err != nil {
			t.Fatal(err)
		}
		listed := alias("a/9").Hash
		check := newsroom.Check{Next: start, Window: []string{fmt.Sprintf("%x", listed[:6])}}
		commit(t, s, &newsroom.Intake{Source: "a", At: start, Claim: &claim, Check: &check, New: list})
		// 300 stand; the newest 200 of a channel, the house's and what is
		// still listed stay: 98 would go, a third of all.
		if _, err := s.Purge(ctx, store.Retention{Before: start.Add(time.Hour), Newest: 200, Excerpt: excerpt}); !errors.Is(err, store.ErrTooMany) {
			t.Errorf("a third of all at once: %v", err)
		}
		var more []*newsroom.Arrival
		for n := range 1300 {
			a := arrival("bb", n)
			a.FirstSeen = start.Add(48 * time.Hour)
			more = append(more, a)
		}
		commit(t, s, &newsroom.Intake{Source: "bb", At: start, New: more})
		kept := store.Retention{Before: start.Add(time.Hour), Keep: map[int64]bool{list[1].Key: true}}
		if old, full, err := s.Purgeable(ctx, kept); old != 297 || full != 1600 || err != nil {
			t.Errorf("%d of %d may go, %v; want all of the 300 but the house's, the listed and the one to keep", old, full, err)
		}
		purged, err := s.Purge(ctx, store.Retention{Before: start.Add(time.Hour), Newest: 200, Excerpt: excerpt})
		if err != nil || purged == 0 {
			t.Fatalf("%d, %v", purged, err)
		}
		found, err := s.Standing(ctx, []int64{list[0].Key, list[7].Key, list[9].Key})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range found {
			if want := k.Key == list[0].Key; k.Purged != want || (k.Content == "") != want || (k.Summary == "excerpt") != want || k.Title == "" {
				t.Errorf("%s: purged %v, summary %q, content %q", k.Title, k.Purged, k.Summary, k.Content)
			}
		}
		if refs, _ := s.Refs(ctx, "all", 10000); len(refs) != 1600 {
			t.Errorf("%d places are left of 1600", len(refs))
		}
		if again, err := s.Purge(ctx, store.Retention{Before: start.Add(time.Hour), Newest: 200, Excerpt: excerpt}); again != 0 || err != nil {
			t.Errorf("again: %d, %v", again, err)
		}
	})
}

func excerpt(*newsroom.Entry) feeds.HTML { return "excerpt" }

func TestPublications(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		want := map[string]newsroom.Publication{"/feeds/all.rss": {ETag: `W/"x"`, Modified: start}, "/b": {ETag: "y", Modified: start.Add(time.Second)}}
		for range 2 {
			for path, p := range want {
				if err := s.PutPublication(ctx, path, p); err != nil {
					t.Fatal(err)
				}
			}
		}
		got, err := s.Publications(ctx)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%v: %s", err, d)
		}
	})
}

// Everybody at once: nothing fails, nothing is lost.
func TestConcurrentUse(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		const writers, rounds = 6, 20
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				slug := fmt.Sprintf("s%d", w)
				due(t, s, slug)
				for n := range rounds {
					claim, err := s.ClaimSource(ctx, slug, start, time.Minute, slug)
					if err != nil {
						t.Error(err)
						return
					}
					a := arrival(slug, n)
					a.LinkHash = int64(n + 1) // all bring the same links
					check := newsroom.Check{Next: start}
					if err := s.Commit(ctx, &newsroom.Intake{Source: slug, At: start, Claim: &claim, Check: &check, New: []*newsroom.Arrival{a},
						Place: func(newsroom.Neighbors) newsroom.Placing { return newsroom.Placing{} }}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Go(func() {
			for range rounds {
				if _, err := s.Refs(ctx, "all", 50); err != nil {
					t.Error(err)
				}
				if _, err := s.Checks(ctx); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for n := range 3 {
				if err := s.Backup(ctx, filepath.Join(t.TempDir(), fmt.Sprint(n))); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Wait()
		if refs, err := s.Refs(ctx, "all", 10000); err != nil || len(refs) != writers*rounds {
			t.Errorf("%d of %d entries: %v", len(refs), writers*rounds, err)
		}
	})
}
