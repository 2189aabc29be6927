package ingest_test

import (
	"context"
	"os"
	"slices"
	"testing"

	"newswire/feeds"
	"newswire/internal/ingest"
	"newswire/internal/newsroom"
	"newswire/internal/store"
)

// An elder is a newsroom whose entries are older than what rules reach, and
// whose source b is configured no more.
type elder struct {
	*desk
	sources map[string]newsroom.Source
}

func newElder(t *testing.T) *elder {
	t.Helper()
	d := newDesk(t)
	a, b := source("a"), source("b")
	d.poll(a, items(3, 1)...)
	gone := item(9)
	gone.GUID, gone.Link = "urn:t:gone", "https://b.test/9"
	d.poll(b, gone)
	d.now = d.now.AddDate(0, 0, 40)
	return &elder{d, map[string]newsroom.Source{"a": a}}
}

// decide puts rules in force, and decides again as the daemon does.
func (d *elder) decide(c curator) int {
	d.t.Helper()
	d.door.Curator = func() ingest.Curator { return c }
	n, err := d.door.Redecide(d.t.Context(), d.store, d.sources, slices.Concat(c.hide, c.pin), d.now.AddDate(0, 0, -30), d.now)
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

func (d *elder) rule(guid string) string {
	d.t.Helper()
	for _, e := range d.stored() {
		if e.GUID == guid {
			return e.Verdict.Rule
		}
	}
	d.t.Fatalf("%s is not stored", guid)
	return ""
}

// What editors hide, pin, or no longer hide or pin, is decided again however
// old it is; all else that is as old keeps what it has.
func TestOverridesReachOldEntries(t *testing.T) {
	d := newElder(t)
	none := func(*newsroom.Entry) bool { return true }
	for _, step := range []struct {
		what     string
		rules    curator
		changed  int
		standing int    // in the channel
		rule     string // of entry 2
	}{
		{"a rule that drops all", curator{drop: none}, 0, 4, "default"},
		{"hidden", curator{hide: []string{"urn:t:g2"}}, 1, 3, "overrides.hide"},
		{"hidden still", curator{hide: []string{"urn:t:g2"}}, 0, 3, "overrides.hide"},
		{"hidden no more", curator{}, 1, 4, "default"},
		{"pinned", curator{pin: []string{"urn:t:g2"}}, 1, 4, "overrides.pin"},
		{"pinned no more, when a rule drops it", curator{drop: none}, 1, 3, "drop"},
		{"pinned, though a rule drops it", curator{drop: none, pin: []string{"urn:t:g2"}}, 1, 4, "overrides.pin"},
		{"hidden instead", curator{hide: []string{"urn:t:g2"}}, 1, 3, "overrides.hide"},
	} {
		n := d.decide(step.rules)
		if got := len(d.channel("all")); n != step.changed || got != step.standing || d.rule("urn:t:g2") != step.rule {
			t.Errorf("%s: %d changed, want %d; %d stand, want %d; by %s", step.what, n, step.changed, got, step.standing, d.rule("urn:t:g2"))
		}
	}
}

// An editor may hide what a source brought that is configured no more, and let
// it stand again; rules do not reach it.
func TestOverridesReachDepartedSources(t *testing.T) {
	d := newElder(t)
	if n := d.decide(curator{hide: []string{"urn:t:gone"}}); n != 1 || len(d.channel("all")) != 3 || d.rule("urn:t:gone") != "overrides.hide" {
		t.Errorf("hidden: %d changed, %d stand", n, len(d.channel("all")))
	}
	if n := d.decide(curator{}); n != 1 || len(d.channel("all")) != 4 || d.rule("urn:t:gone") != "default" {
		t.Errorf("hidden no more: %d changed, %d stand", n, len(d.channel("all")))
	}
	d.now = d.now.AddDate(0, 0, -35)
	if n := d.decide(curator{drop: func(e *newsroom.Entry) bool { return e.GUID == "urn:t:gone" }}); n != 0 {
		t.Errorf("a rule reached it: %d changed", n)
	}
}

// Verdict foretells what Redecide does, for entries of every kind.
func TestVerdictIsWhatRedecideGives(t *testing.T) {
	d := newElder(t)
	a := d.sources["a"]
	d.now = d.now.AddDate(0, 0, -20)
	d.poll(a, items(60, 20)...) // a flood: some are held
	copied := []feeds.Entry{item(59), item(58)}
	copied[0].GUID, copied[1].GUID = "urn:t:c59", "urn:t:c58"
	d.sources["c"] = source("c")
	d.poll(d.sources["c"], copied...)
	d.now = d.now.AddDate(0, 0, 20)
	rules := map[string]bool{}
	for _, c := range []curator{
		{},
		{drop: func(e *newsroom.Entry) bool { return "urn:t:g" < e.GUID && e.GUID < "urn:t:g40" }},
		{hide: []string{"urn:t:g1", "urn:t:g50"}, pin: []string{"urn:t:g2", "urn:t:g21", "urn:t:c59"}},
		{},
	} {
		d.door.Curator = func() ingest.Curator { return c }
		since := d.now.AddDate(0, 0, -30)
		want := map[string]newsroom.Verdict{}
		for _, e := range d.stored() {
			if src, ok := d.sources[e.Source]; ok {
				want[e.GUID] = d.door.Verdict(src, &e, since, d.now)
			}
		}
		d.decide(c)
		for _, e := range d.stored() {
			rules[e.Verdict.Rule] = true
			if w, ok := want[e.GUID]; ok && w != e.Verdict {
				t.Errorf("%s: foretold %v, given %v", e.GUID, w, e.Verdict)
			}
		}
	}
	for _, rule := range []string{"default", "drop", "overrides.hide", "overrides.pin", "guard.burst", newsroom.RuleDuplicate} {
		if !rules[rule] {
			t.Errorf("no entry was decided by %s: the test shows little", rule)
		}
	}
}

// A recorder counts the entries that deciding again writes, and lets somebody
// else act between reading and writing.
type recorder struct {
	*store.Store
	written   int
	meanwhile func()
}

func (r *recorder) Seats(ctx context.Context, keys []int64) (map[int64][]string, error) {
	if act := r.meanwhile; act != nil {
		r.meanwhile = nil
		act()
	}
	return r.Store.Seats(ctx, keys)
}

func (r *recorder) Commit(ctx context.Context, in *newsroom.Intake) error {
	err := r.Store.Commit(ctx, in)
	r.written += len(in.Revised)
	return err
}

// logSize is how much was ever written to a SQLite database of ours; 0 on
// PostgreSQL.
func (d *desk) logSize() int64 {
	info, err := os.Stat(d.file + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

// Deciding again writes what changes, and nothing else: not duplicates, not
// those who stand in some of their channels because another source's entry
// holds the rest, and not those in whose words others stand.
func TestRedecideWritesOnlyWhatChanges(t *testing.T) {
	d := newOriginDesk(t)
	d.carry("p", 1, 2, 3)
	d.carry("q", 1, 2)
	d.carry("o", 1)
	sources := map[string]newsroom.Source{"o": carrier("o"), "p": carrier("p"), "q": carrier("q")}
	for _, c := range []ingest.Curator{channelled{}, curator{}, channelled{curator{drop: func(e *newsroom.Entry) bool { return e.Source == "p" }}}} {
		d.door.Curator = func() ingest.Curator { return c }
		decide := func() int {
			rec := &recorder{Store: d.store}
			if _, err := d.door.Redecide(t.Context(), rec, sources, nil, start.AddDate(0, 0, -30), d.now); err != nil {
				t.Fatal(err)
			}
			return rec.written
		}
		decide()
		before := d.readers("all") // this writes, too
		size := d.logSize()
		if n := decide(); n != 0 || d.logSize() != size {
			t.Errorf("%T: the same rules again: %d entries and %d bytes were written", c, n, d.logSize()-size)
		}
		if after := d.readers("all"); !slices.Equal(told(after), told(before)) {
			t.Errorf("%T:\n%q\nwas\n%q", c, told(after), told(before))
		}
	}
}

// What is withdrawn while stored entries are decided again stays withdrawn,
// and what an editor releases stays released.
func TestRedecideBesideOthers(t *testing.T) {
	d := newDesk(t)
	o, flood := source("o"), source("flood")
	sources := map[string]newsroom.Source{"o": o, "flood": flood}
	d.pollFeed(o, &feeds.Feed{Entries: items(3, 1)})
	var many []feeds.Entry
	for _, e := range items(140, 100) {
		e.GUID, e.Link = e.GUID+"-flood", e.Link+"/flood"
		many = append(many, e)
	}
	d.poll(flood, many[40:]...)
	d.poll(flood, many...)
	held, err := d.store.Held(t.Context())
	if err != nil || len(held) == 0 {
		t.Fatalf("%d held, %v", len(held), err)
	}
	d.door.Curator = func() ingest.Curator { return channelled{} }
	rec := &recorder{Store: d.store, meanwhile: func() {
		del := ingest.Delivery{Source: o, Feed: &feeds.Feed{Complete: true, Entries: items(3, 2)}, At: d.now, Complete: true}
		if out, err := d.door.Take(t.Context(), del); err != nil || out.Withdrawn != 1 {
			t.Errorf("%+v, %v", out, err)
		}
		if n, err := d.door.Release(t.Context(), d.store, sources, "flood", d.now); err != nil || n != len(held) {
			t.Errorf("%d released, %v", n, err)
		}
	}}
	if _, err := d.door.Redecide(t.Context(), rec, sources, nil, start.AddDate(0, 0, -30), d.now); err != nil {
		t.Fatal(err)
	}
	if got := titles(d.channel("only-o")); len(got) != 2 {
		t.Errorf("of o stand %q", got)
	}
	if again, err := d.store.Held(t.Context()); err != nil || len(again) > 0 {
		t.Errorf("%d are held again, %v", len(again), err)
	}
}

// What is held of a source that is taken out is not published when its day is
// over, nor when the source comes back; an editor may still release it.
func TestHoldsOfDepartedSources(t *testing.T) {
	for _, released := range []bool{false, true} {
		d := newDesk(t)
		a := source("a")
		d.poll(a, item(1))
		d.poll(a, items(40, 1)...) // a flood
		stood := len(d.channel("all"))
		var err error
		n, rule, want := 0, "guard.burst", stood
		if released {
			rule, want = "default", 40
			n, err = d.door.Release(t.Context(), d.store, nil, "a", d.now)
		}
		if err == nil {
			d.now = d.now.AddDate(0, 0, 2)
			var m int
			m, err = d.door.Expire(t.Context(), d.store, nil, d.now.AddDate(0, 0, -1), d.now)
			n += m
		}
		if err != nil || n != 40-stood {
			t.Errorf("%d of %d holds ended: %v", n, 40-stood, err)
		}
		if _, err := d.door.Redecide(t.Context(), d.store, map[string]newsroom.Source{"a": a}, nil, start.AddDate(0, 0, -30), d.now); err != nil {
			t.Fatal(err)
		}
		held, err := d.store.Held(t.Context())
		oldest := d.find("urn:t:g2")[0].Verdict
		if got := len(d.channel("all")); got != want || len(held) > 0 || err != nil || oldest.Rule != rule {
			t.Errorf("%d stand, want %d; %d are held; %v, %v", got, want, len(held), oldest, err)
		}
	}
}
