package curate

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// FuzzCheck holds that an expression is either refused with a place in it, or
// runs without harm.
func FuzzCheck(f *testing.F) {
	for _, expression := range []string{
		`house`, `"research" in tags`, `sources >= 2 and last < 1`, `any(tags, # startsWith "x")`, `mentions("a", "b c")`,
		`title matches "(?i)a|b"`, `tags[7] == "x" ? house : words > 1`, `count(["a"], title contains #) == 1`,
		`int(title) ?? 3 > 2`, `title | lower() contains "x"`, `tags?.[0] == ""`, `{"a": 1}.a == 1`, `let x = 1; x == 1`, "é \xff",
		`if house { true } else { false }`, `not not not house`, `"a" in {"a": 1}`, `words in 1..3`, `tags[-1:][0] == "a"`,
	} {
		f.Add(expression, true)
		f.Add(expression, false)
	}
	f.Fuzz(func(t *testing.T, expression string, story bool) {
		kind := Entry
		s := subject{src: &openai, entry: sample(), now: now}
		if story {
			kind, s.story = Story, &StoryFacts{Sources: 2, Entries: 3, First: now, Last: now}
		}
		r, err := newRule("test", expression, kind)
		if err != nil {
			e, ok := errors.AsType[*ExprError](err)
			if !ok || e.Line < 1 || e.Column < 1 || e.Line > 1+strings.Count(expression, "\n") {
				t.Fatalf("%q: no place: %v", expression, err)
			}
			return
		}
		first := r.holds(&s)
		if r.holds(&s) != first {
			t.Fatalf("%q is true and false", expression)
		}
	})
}

func FuzzPlainText(f *testing.F) {
	for _, text := range []string{"<p>a</p>", "a<b", "<!--", "<a href='>", "&amp;&#x110000;&lt;script>", "</", "<?x?>", "日本<b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, fragment string) {
		for _, limit := range []int{0, 3, 1000} {
			if got := plainText(fragment, limit); len(got) > limit {
				t.Fatalf("%d bytes of %d", len(got), limit)
			}
		}
	})
}

// TestDecisionsArePure decides the same from many goroutines: every answer is
// the first one, and the entry is as it was.
func TestDecisionsArePure(t *testing.T) {
	source := openai
	source.Keep, source.Drop = `mentions("GPT") and "labs" in tags`, `content matches "[0-9]{9}" or tags[9] == "x"`
	r, err := New(Config{
		Sources:  []newsroom.Source{source},
		Channels: []newsroom.Channel{{Name: "all"}, {Name: "labs", Where: `"labs" in tags and mentions("model")`}},
		Pin:      []string{"https://example.com/pinned"},
	})
	if err != nil {
		t.Fatal(err)
	}
	entries := []*newsroom.Entry{sample(), sample(), sample()}
	entries[1].Title, entries[2].Link = "Other", "https://example.com/pinned"
	answer := func(e *newsroom.Entry) string {
		return fmt.Sprint(r.Decide(source, e, now), r.Channels(source, e, now))
	}
	want := []string{answer(entries[0]), answer(entries[1]), answer(entries[2])}
	if want[0] == want[1] || want[0] == want[2] {
		t.Fatalf("the entries are not told apart: %v", want)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 300 {
				if got := answer(entries[i%3]); got != want[i%3] {
					t.Errorf("got %s, first it was %s", got, want[i%3])
				}
			}
		})
	}
	all.Wait()
	if !reflect.DeepEqual(entries[0], sample()) {
		t.Error("the entry was changed")
	}
}

// TestCutsAreSeen holds that what is too long is cut, between characters.
func TestCutsAreSeen(t *testing.T) {
	e := sample()
	e.Content = feeds.HTML(strings.Repeat("日", 30_000) + " needle")
	if ask(t, `content contains "needle"`, e) || !ask(t, `content endsWith "日"`, e) {
		t.Error("content is not cut at 64 KiB")
	}
}
