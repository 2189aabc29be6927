package store_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
	"newswire/internal/store"
)

func archiveOf(number int64) []newsroom.Archived {
	var documents []newsroom.Archived
	for _, format := range []feeds.Format{feeds.Atom, feeds.JSONFeed, feeds.RSS} {
		documents = append(documents, newsroom.Archived{
			Number: number, Format: format, ETag: `W/"1"`, Size: 9, Modified: start, Gzip: []byte{0, 0xff, byte(number)},
		})
	}
	return documents
}

func owedTo(t testing.TB, s *store.Store, channel string) []newsroom.Owed {
	t.Helper()
	owed, err := s.Owed(t.Context(), channel, 10000)
	if err != nil {
		t.Fatal(err)
	}
	return owed
}

// keptOf is what is kept of what is owed, as it stands.
func keptOf(t testing.TB, s *store.Store, owed []newsroom.Owed) (kept []newsroom.Kept) {
	t.Helper()
	for _, o := range owed {
		e, err := s.Entries(t.Context(), []int64{o.Key})
		if err != nil || len(e) != 1 {
			t.Fatalf("entry %d: %v, %v", o.Key, e, err)
		}
		kept = append(kept, newsroom.Kept{Owed: o, Hash: e[0].Hash})
	}
	return kept
}

// archiveOwed stores an archive of all that is owed.
func archiveOwed(t testing.TB, s *store.Store, channel string, number int64) {
	t.Helper()
	if err := s.PutArchive(t.Context(), channel, archiveOf(number), keptOf(t, s, owedTo(t, s, channel))); err != nil {
		t.Fatal(err)
	}
}

// TestOwed follows two entries: they are owed until an archive holds them, and
// again when their text has changed, or when they are withdrawn or return.
func TestOwed(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s := openStore(t, e.dsn(t))
		due(t, s, "a")
		one, two := arrival("a", 1), arrival("a", 2)
		commit(t, s, &newsroom.Intake{Source: "a", At: start, New: []*newsroom.Arrival{two, one}})
		want := func(when string, want ...newsroom.Owed) {
			t.Helper()
			for i := range want {
				want[i].At = want[i].At.UTC()
			}
			if got := owedTo(t, s, "all"); !slices.EqualFunc(got, want, func(a, b newsroom.Owed) bool {
				return a.Key == b.Key && a.Never == b.Never && a.Waits == b.Waits && a.Withdrawn == b.Withdrawn && a.At.Equal(b.At)
			}) {
				t.Errorf("%s: owed %+v, want %+v", when, got, want)
			}
		}
		never := func(a *newsroom.Arrival) newsroom.Owed {
			return newsroom.Owed{Key: a.Key, At: a.Sort, Never: true}
		}
		want("new", never(two), never(one))
		if some, err := s.OwedOf(t.Context(), "all", []int64{two.Key, 4711}); err != nil || len(some) != 1 || some[0].Key != two.Key {
			t.Errorf("of one: %+v, %v", some, err)
		}
		if err := s.Await(t.Context(), "all", owedTo(t, s, "all")[:1]); err != nil {
			t.Fatal(err)
		}
		waits := never(two)
		waits.Waits = true
		want("one waits", waits, never(one))
		archiveOwed(t, s, "all", 1)
		want("archived")

		raw := one.Raw
		revise := func(when time.Time, change func(r *newsroom.Revision)) {
			t.Helper()
			standing, err := s.Entries(t.Context(), []int64{one.Key})
			if err != nil {
				t.Fatal(err)
			}
			former := standing[0]
			r := &newsroom.Revision{Entry: former, Raw: raw + 1, Old: raw, Content: true, Channels: []string{"all"}}
			raw++
			change(r)
			commit(t, s, &newsroom.Intake{Source: "a", At: when, Revised: []*newsroom.Revision{r}})
		}
		revise(start.Add(time.Hour), func(r *newsroom.Revision) {})
		want("nothing that readers see has changed")
		revise(start.Add(2*time.Hour), func(r *newsroom.Revision) { r.Former = &one.Entry })
		want("another text", newsroom.Owed{Key: one.Key, At: one.Sort})
		archiveOwed(t, s, "all", 2)
		gone := start.Add(3 * time.Hour)
		revise(gone, func(r *newsroom.Revision) { r.Withdrawn = gone })
		want("withdrawn", newsroom.Owed{Key: one.Key, At: gone, Withdrawn: true})
		archiveOwed(t, s, "all", 3)
		want("the withdrawal is archived")
		revise(start.Add(4*time.Hour), func(r *newsroom.Revision) { r.Withdrawn = time.Time{} })
		want("it stands again", never(one))
		archiveOwed(t, s, "all", 4)
		revise(start.Add(5*time.Hour), func(r *newsroom.Revision) { r.Channels = nil })
		want("a rule took its place")
		gone = start.Add(6 * time.Hour)
		revise(gone, func(r *newsroom.Revision) { r.Withdrawn, r.Channels = gone, nil })
		want("withdrawn after it had lost its place", newsroom.Owed{Key: one.Key, At: gone, Withdrawn: true})
	})
}

// TestPutArchive: an archive is stored with exactly what it was decided from,
// or not at all.
func TestPutArchive(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		due(t, s, "a")
		commit(t, s, &newsroom.Intake{Source: "a", At: start, New: []*newsroom.Arrival{arrival("a", 1), arrival("a", 2)}})
		kept := keptOf(t, s, owedTo(t, s, "all"))
		conflict := func(what string, number int64, kept []newsroom.Kept) {
			t.Helper()
			if err := s.PutArchive(ctx, "all", archiveOf(number), kept); !errors.Is(err, newsroom.ErrConflict) {
				t.Errorf("%s: %v, want a conflict", what, err)
			}
		}
		for what, change := range map[string]func(k *newsroom.Kept){
			"an entry has changed since":            func(k *newsroom.Kept) { k.Hash = "abc" },
			"an entry that was not withdrawn":       func(k *newsroom.Kept) { k.Withdrawn = true },
			"it is heard in its own words by now":   func(k *newsroom.Kept) { k.Voice = kept[0].Key },
			"who it is heard by has changed since":  func(k *newsroom.Kept) { k.VoiceHash = "abc" },
			"an entry that stands elsewhere by now": func(k *newsroom.Kept) { k.At = k.At.Add(time.Second) },
		} {
			changed := slices.Clone(kept)
			change(&changed[1])
			conflict(what, 1, changed)
		}
		if owed := owedTo(t, s, "all"); len(owed) != 2 {
			t.Errorf("a conflict left %d owed", len(owed))
		}
		if err := s.PutArchive(ctx, "all", archiveOf(1), kept); err != nil {
			t.Fatal(err)
		}
		conflict("a number that is taken", 1, nil)
		conflict("what is owed no more", 2, kept)
		var got []newsroom.Archived
		if err := s.Archives(ctx, "all", 0, func(a newsroom.Archived) error { got = append(got, a); return nil }); err != nil {
			t.Fatal(err)
		}
		for i, want := range archiveOf(1) {
			if len(got) != 3 || got[i].Format != want.Format || !bytes.Equal(got[i].Gzip, want.Gzip) || !got[i].Modified.Equal(start) || got[i].Size != 9 || got[i].ETag != want.ETag {
				t.Fatalf("stored %+v", got)
			}
		}
		if err := s.Archives(ctx, "all", 1, func(newsroom.Archived) error { return errors.New("there is none after the first") }); err != nil {
			t.Error(err)
		}
	})
}
