package ingest_test

import (
	"slices"
	"testing"

	"newswire/feeds"
	"newswire/internal/ingest"
	"newswire/internal/newsroom"
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
