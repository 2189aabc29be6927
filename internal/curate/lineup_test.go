package curate

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"newswire/internal/newsroom"
)

// line makes refs of "a1 b2! h3*": source, hours before now, ! pinned, * house.
// Keys count from the end, so that an earlier one is the newer at equal times.
func line(text string) []newsroom.Ref {
	var refs []newsroom.Ref
	words := strings.Fields(text)
	for i, word := range words {
		var hours int
		fmt.Sscanf(word[1:], "%d", &hours)
		refs = append(refs, newsroom.Ref{
			Key: int64(len(words) - i), Source: word[:1], Sort: now.Add(-time.Duration(hours) * time.Hour),
			Pinned: strings.Contains(word, "!"), House: strings.Contains(word, "*"),
		})
	}
	return refs
}

func show(refs []newsroom.Ref) string {
	var words []string
	for _, ref := range refs {
		words = append(words, fmt.Sprintf("%s%d", ref.Source, int(now.Sub(ref.Sort).Hours())))
	}
	return strings.Join(words, " ")
}

func TestLineUp(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones here")
	}
	tests := []struct {
		name     string
		channel  newsroom.Channel
		loc      *time.Location
		in, want string
		out      string
	}{
		{"newest first", newsroom.Channel{}, time.UTC, "a3 b1 c2", "b1 c2 a3", ""},
		{"the greater key first at equal times", newsroom.Channel{}, time.UTC, "a1 b1 c1", "a1 b1 c1", ""},
		{"pinned lead", newsroom.Channel{}, time.UTC, "a1 b2 c3!", "c3 a1 b2", ""},
		{"house first", newsroom.Channel{HouseFirst: true}, time.UTC, "a1 h2* b3! h4*", "b3 h2 h4 a1", ""},
		{"house not first", newsroom.Channel{}, time.UTC, "a1 h2*", "a1 h2", ""},
		{"entries", newsroom.Channel{Entries: 2}, time.UTC, "a1 b2 c3", "a1 b2", "c3 channels[x].entries"},
		{"max_per_source", newsroom.Channel{MaxPerSource: 1, Entries: 2}, time.UTC, "a1 a2 b3 c4", "a1 b3",
			"a2 channels[x].max_per_source, c4 channels[x].entries"},
		{"max_per_day", newsroom.Channel{MaxPerDay: 1}, time.UTC, "a1 a2 a13 b1", "a1 b1 a13", "a2 channels[x].max_per_day"},
		// 23:00 and 22:00 in UTC are midnight and 23:00 in Berlin.
		{"a day is the place's: one", newsroom.Channel{MaxPerDay: 1}, time.UTC, "a13 a14", "a13", "a14 channels[x].max_per_day"},
		{"a day is the place's: two", newsroom.Channel{MaxPerDay: 1}, berlin, "a13 a14", "a13 a14", ""},
		{"pinned count but are not left out", newsroom.Channel{MaxPerSource: 1}, time.UTC, "a1! a2! a3", "a1 a2", "a3 channels[x].max_per_source"},
		{"min_gap", newsroom.Channel{MinGap: 1}, time.UTC, "a1 a2 a3 b4 c5", "a1 b4 a2 c5 a3", ""},
		{"min_gap of two", newsroom.Channel{MinGap: 2}, time.UTC, "a1 a2 b3 c4 d5", "a1 b3 c4 a2 d5", ""},
		{"min_gap is given up when none is left", newsroom.Channel{MinGap: 1}, time.UTC, "a1 a2 a3", "a1 a2 a3", ""},
		{"min_gap does not part the house from its place", newsroom.Channel{MinGap: 1, HouseFirst: true}, time.UTC, "h1* h2* a3", "h1 h2 a3", ""},
		{"min_gap stops at entries", newsroom.Channel{MinGap: 1, Entries: 2}, time.UTC, "a1 a2 b3", "a1 b3", "a2 channels[x].entries"},
	}
	for _, test := range tests {
		test.channel.Name = "x"
		r, err := New(Config{Channels: []newsroom.Channel{test.channel}})
		if err != nil {
			t.Fatal(err)
		}
		in, out := r.LineUp("x", line(test.in), test.loc)
		var left []string
		for _, e := range out {
			left = append(left, show([]newsroom.Ref{e.Ref})+" "+e.Rule)
		}
		if show(in) != test.want || strings.Join(left, ", ") != test.out {
			t.Errorf("%s: %s is [%s] without [%s], want [%s] without [%s]", test.name, test.in, show(in), strings.Join(left, ", "), test.want, test.out)
		}
		if plain := LineUp(test.channel, line(test.in), test.loc); show(plain) != test.want {
			t.Errorf("%s: LineUp gives %s", test.name, show(plain))
		}
	}
}

func TestLineUpSourcesOwnCap(t *testing.T) {
	r, err := New(Config{
		Sources:  []newsroom.Source{{Slug: "a", Name: "Source A", MaxPerDay: 2}},
		Channels: []newsroom.Channel{{Name: "x"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	in, out := r.LineUp("x", line("a1 a2 a3 b1 b2 b3 a14"), time.UTC)
	if show(in) != "a1 b1 a2 b2 b3 a14" || len(out) != 1 || out[0].Rule != "sources[Source A].max_per_day" {
		t.Errorf("in %s, out %v", show(in), out)
	}
	if in, out := r.LineUp("no such", line("a1"), time.UTC); in != nil || out != nil {
		t.Errorf("an unknown channel has %v, %v", in, out)
	}
}

// TestLineUpProperties holds what a line-up promises, for any refs.
func TestLineUpProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		channel := newsroom.Channel{
			Name: "x", Entries: rapid.IntRange(0, 12).Draw(t, "entries"), MaxPerSource: rapid.IntRange(0, 4).Draw(t, "max_per_source"),
			MaxPerDay: rapid.IntRange(0, 3).Draw(t, "max_per_day"), MinGap: rapid.IntRange(0, 3).Draw(t, "min_gap"),
			HouseFirst: rapid.Bool().Draw(t, "house_first"),
		}
		own := rapid.IntRange(0, 2).Draw(t, "own max_per_day")
		r, err := New(Config{Channels: []newsroom.Channel{channel}, Sources: []newsroom.Source{{Slug: "a", Name: "A", MaxPerDay: own}}})
		if err != nil {
			t.Fatal(err)
		}
		var refs []newsroom.Ref
		for i := range rapid.IntRange(0, 30).Draw(t, "refs") {
			source := rapid.SampledFrom([]string{"a", "b", "c", "h"}).Draw(t, "source")
			refs = append(refs, newsroom.Ref{
				Key: int64(i), Source: source, House: source == "h", Pinned: rapid.IntRange(0, 9).Draw(t, "pinned") == 0,
				Sort: now.Add(-time.Duration(rapid.IntRange(0, 60).Draw(t, "hours")) * time.Hour),
			})
		}
		before := slices.Clone(refs)
		in, out := r.LineUp("x", refs, time.UTC)
		if !slices.Equal(refs, before) {
			t.Fatal("it changed what it was given")
		}
		shuffled := rapid.Permutation(refs).Draw(t, "shuffled")
		if again, _ := r.LineUp("x", shuffled, time.UTC); !slices.Equal(again, in) {
			t.Fatalf("another order of refs gives %v, not %v", show(again), show(in))
		}
		checkNothingLost(t, refs, in, out)
		checkCaps(t, channel, own, in)
		checkOrder(t, channel, in)
		checkReasons(t, channel, in, out)
	})
}

func checkNothingLost(t *rapid.T, refs, in []newsroom.Ref, out []Excluded) {
	keys := map[int64]bool{}
	for _, ref := range in {
		keys[ref.Key] = true
	}
	for _, e := range out {
		keys[e.Key] = true
	}
	if len(in)+len(out) != len(refs) || len(keys) != len(refs) {
		t.Fatalf("%d in and %d out of %d", len(in), len(out), len(refs))
	}
}

func checkCaps(t *rapid.T, channel newsroom.Channel, own int, in []newsroom.Ref) {
	if channel.Entries > 0 && len(in) > channel.Entries {
		t.Fatalf("%d entries", len(in))
	}
	perSource, perDay, pins := map[string]int{}, map[string]int{}, map[string]int{}
	for _, ref := range in {
		day := ref.Source + ref.Sort.Format(" 2006-01-02")
		perSource[ref.Source]++
		perDay[day]++
		if ref.Pinned {
			pins[ref.Source]++
			pins[day]++
		}
	}
	within := func(counts map[string]int, limit int, of string) {
		for key, n := range counts {
			if limit > 0 && strings.HasPrefix(key, of) && n > max(limit, pins[key]) {
				t.Fatalf("%d of %s, limit %d", n, key, limit)
			}
		}
	}
	within(perSource, channel.MaxPerSource, "")
	within(perDay, channel.MaxPerDay, "")
	within(perDay, own, "a")
}

// checkOrder: the parts in order, the newest first in each, and of each
// source the newest first.
func checkOrder(t *rapid.T, channel newsroom.Channel, in []newsroom.Ref) {
	for i := range in {
		for _, later := range in[i+1:] {
			a, b := rank(channel, in[i]), rank(channel, later)
			sorted := channel.MinGap == 0 || a != others || in[i].Source == later.Source
			if a > b || a == b && sorted && in[i].Sort.Before(later.Sort) {
				t.Fatalf("order: %s", show(in))
			}
		}
	}
}

// checkReasons: nothing is left out for room while there is room, and where
// two of a source stand too near, no other source could have stood between.
func checkReasons(t *rapid.T, channel newsroom.Channel, in []newsroom.Ref, out []Excluded) {
	for _, e := range out {
		if e.Rule == "channels[x].entries" && len(in) < channel.Entries {
			t.Fatalf("%v is left out for room with %d entries", e, len(in))
		}
	}
	near := func(i int, source string) bool {
		for _, ref := range in[max(0, i-channel.MinGap):i] {
			if ref.Source == source {
				return true
			}
		}
		return false
	}
	for i, ref := range in {
		if rank(channel, ref) != others || !near(i, ref.Source) {
			continue
		}
		for _, later := range in[i+1:] {
			if !near(i, later.Source) {
				t.Fatalf("%s: %d follows its own source, and %v could have stood there", show(in), i, later)
			}
		}
	}
}

// TestFloodCostsInProportion: a source that fills a channel with a gap, and has
// its share of the line-up, costs as much as its entries are many, not the
// square of that. It counts the processor's time: others may be at work.
func TestFloodCostsInProportion(t *testing.T) {
	channel := newsroom.Channel{Name: "x", Entries: 50, MaxPerSource: 10, MinGap: 1}
	cost := func(n int) time.Duration {
		var refs []newsroom.Ref
		for i := range n {
			refs = append(refs, newsroom.Ref{Key: int64(-i), Source: "flood", Sort: now.Add(-time.Duration(i) * time.Minute)})
		}
		start := processor(t)
		for range 16_000 / n {
			if in := LineUp(channel, refs, time.UTC); len(in) != 10 {
				t.Fatalf("%d in the line-up, want 10", len(in))
			}
		}
		return processor(t) - start
	}
	// As many entries in all, a hundred at a time or all at once.
	few, many := cost(100), cost(16_000)
	if many > 12*few {
		t.Errorf("16,000 entries take %v in line-ups of 100, %v in one: more than 12 times as long", few, many)
	}
}

// processor is the time that this process has had the processor.
func processor(t *testing.T) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func BenchmarkLineUp(b *testing.B) {
	var refs []newsroom.Ref
	for i := range 500 {
		refs = append(refs, newsroom.Ref{Key: int64(i), Source: fmt.Sprint("s", i*i%37), Sort: now.Add(-time.Duration(i) * time.Hour)})
	}
	channel := newsroom.Channel{Name: "x", Entries: 50, MaxPerSource: 3, MaxPerDay: 2, MinGap: 2}
	b.ReportAllocs()
	for b.Loop() {
		LineUp(channel, refs, time.UTC)
	}
}
