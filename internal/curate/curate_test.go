package curate

import (
	"errors"
	"strings"
	"testing"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

var (
	now    = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	openai = newsroom.Source{Slug: "openai-news", Name: "OpenAI News", Tags: []string{"labs"}}
)

func sample() *newsroom.Entry {
	return &newsroom.Entry{
		Entry: feeds.Entry{
			GUID:       "guid-1",
			Title:      "OpenAI's GPT-5 learns Café manners",
			Link:       "https://www.Example.com/news/gpt-5/?utm_source=rss",
			Summary:    "A <b>new</b> model &amp; its <i>price</i>",
			Content:    "<p>The model plans.</p><p>Deep Learning&nbsp;works</p>",
			Language:   "en",
			Authors:    []feeds.Person{{Name: "Ada"}, {Name: "Grace"}},
			Categories: []feeds.Category{{Term: "Research"}, {Term: "labs"}},
			Published:  now.Add(-36 * time.Hour),
		},
		ID:     "tag:example.com,2026:1",
		Source: "openai-news",
		Words:  420,
	}
}

// ask compiles one expression and asks it of an entry.
func ask(t *testing.T, expression string, e *newsroom.Entry) bool {
	t.Helper()
	r, err := newRule("test", expression, Entry)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	got := r.holds(&subject{src: &openai, entry: e, now: now})
	if n := r.failed.Load(); n > 0 {
		t.Errorf("%s: failed while it ran", expression)
	}
	return got
}

func TestExpressions(t *testing.T) {
	tests := []struct {
		expression string
		want       bool
	}{
		{`house`, false},
		{`not house`, true},
		{`"research" in tags`, true}, // the entry's own category, in lower case
		{`"labs" in tags`, true},     // the source's
		{`"policy" in tags`, false},
		{`"labs" not in tags`, false},
		{`len(tags) == 2`, true}, // each once
		{`any(tags, # startsWith "res")`, true},
		{`all(["GPT", "Café"], title contains #)`, true},
		{`count(tags, # == "labs") == 1`, true},
		{`title contains "GPT-5"`, true},
		{`title contains "gpt-5"`, false},
		{`lower(title) contains "gpt-5"`, true},
		{`title matches "GPT-[0-9]+"`, true},
		{`title matches "(?i)^openai"`, true},
		{`summary == "A new model & its price"`, true},
		{`content contains "plans. Deep"`, false}, // paragraphs are parted
		{`content startsWith "The model plans."`, true},
		{`content contains "<p>"`, false},
		{`host == "example.com"`, true},
		{`url contains "utm_source"`, true},
		{`author == "Ada, Grace"`, true},
		{`language == "en" and source == "OpenAI News"`, true},
		{`source in ["OpenAI News", "Other"]`, true},
		{`words > 400 && words < 500`, true},
		{`age > 24 and age < 48`, true},
		{`age == 36`, true},
		{`mentions("openai")`, true},
		{`mentions("gpt")`, true},
		{`mentions("GPT-5")`, true},
		{`mentions("GPT-50")`, false},
		{`mentions("open")`, false},
		{`mentions("deep learning")`, true}, // over a no-break space
		{`mentions("PRICE")`, true},
		{`mentions("café")`, true},
		{`mentions("cafe")`, false},
		{`mentions("price The model")`, false}, // not from summary into content
		{`mentions("nothing", "manners")`, true},
		{`house or mentions("x") or (words > 1 and not (title contains "Sponsored"))`, true},
		{`words > 100 ? house : not house`, false},
		{`title[0:6] == "OpenAI"`, true},
		{`tags[0] == "labs"`, true},
		{`not mentions("zzz") and mentions("gpt") and not mentions("yyy")`, true},
		{`["a", "b"][mentions("gpt") ? 1 : 0] == "b" and not mentions("zzz")`, true},
		{`[mentions("zzz"), mentions("gpt")][mentions("yyy") ? 0 : 1]`, true},
	}
	for _, test := range tests {
		if got := ask(t, test.expression, sample()); got != test.want {
			t.Errorf("%s is %v", test.expression, got)
		}
	}
}

func TestExpressionErrors(t *testing.T) {
	tests := []struct {
		expression   string
		kind         Kind
		line, column int
		message      string
	}{
		{`titel contains "x"`, Entry, 1, 1, `unknown name "titel"; did you mean "title"?`},
		{`house and titel contains "x"`, Entry, 1, 11, `unknown name "titel"; did you mean "title"?`},
		{"house\nand\n  sumary == \"\"", Entry, 3, 3, `unknown name "sumary"; did you mean "summary"?`},
		{`"日本" == title and wrods > 1`, Entry, 1, 19, `unknown name "wrods"; did you mean "words"?`},
		{`sources >= 2`, Entry, 1, 1, `unknown name "sources": only a channel with stories: true has it; did you mean "source"?`},
		{`sources >= `, Story, 1, 11, `unexpected token EOF`},
		{`title`, Entry, 1, 1, `the expression gives a string; a rule must be true or false`},
		{`words`, Entry, 1, 1, `the expression gives a int; a rule must be true or false`},
		{`title > 3`, Entry, 1, 7, `invalid operation: > (mismatched types string and int)`},
		{`title = "x"`, Entry, 1, 7, `write == to compare; = has no meaning here`},
		{`mention("x")`, Entry, 1, 1, `unknown function "mention"; did you mean "mentions"?`},
		{`mentions()`, Entry, 1, 1, `mentions needs words, as in mentions("GPT", "Sora")`},
		{`mentions`, Entry, 1, 1, `mentions needs words, as in mentions("GPT", "Sora")`},
		{`mentions(title)`, Entry, 1, 10, `mentions needs its words in quotes, as in mentions("GPT", "Sora")`},
		{`mentions("a", " ")`, Entry, 1, 15, `mentions has nothing to look for here`},
		{`now() > now()`, Entry, 1, 1, `rules have no function "now"`},
		{`len(split(title, "")) > 2`, Entry, 1, 5, `rules have no function "split"`},
		{`len(1..1000000) > 2`, Entry, 1, 6, `rules have no ranges (..)`},
		{`let x = title; x == ""`, Entry, 1, 5, `rules have no variables (let)`},
		{`any(tags, any(tags, # == "x"))`, Entry, 1, 11, `any stands within another any, all, none, one or count`},
		{`any(title, # == "x")`, Entry, 1, 5, `any goes over tags, or over a list as in ["a", "b"]`},
		{`title matches host`, Entry, 1, 15, `matches needs its pattern in quotes, as in title matches "GPT-[0-9]"`},
		{`title matches "["`, Entry, 1, 15, "bad pattern: missing closing ]: `[`"},
		{`title matches "` + strings.Repeat("x", 1025) + `"`, Entry, 1, 15, `the pattern is longer than 1024 bytes: use mentions() for lists of words`},
		{`"Research" in tags`, Entry, 1, 1, `tags are in lower case; did you mean "research"?`},
		{``, Entry, 1, 1, `the expression is empty`},
		{strings.Repeat("x", 9000), Entry, 1, 1, `the expression is longer than 8192 bytes`},
		{strings.Repeat("house or ", 300) + "house", Entry, 1, 0, `more than 250 names, words and operators: split the rule`},
	}
	for _, test := range tests {
		err := Check(test.expression, test.kind)
		e, ok := errors.AsType[*ExprError](err)
		if !ok {
			t.Errorf("%.60s: %v", test.expression, err)
			continue
		}
		if e.Error() != test.message || e.Line != test.line || test.column > 0 && e.Column != test.column {
			t.Errorf("%.60s\n got %d:%d %s\nwant %d:%d %s", test.expression, e.Line, e.Column, e, test.line, test.column, test.message)
		}
	}
}

func TestExpressionsThatFail(t *testing.T) {
	r, err := New(Config{
		Sources:  []newsroom.Source{{Slug: "openai-news", Name: "OpenAI News", Drop: `tags[7] == "x"`}},
		Channels: []newsroom.Channel{{Name: "odd", Where: `int(title) > 3`}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if v := r.Decide(openai, sample(), now); v.Decision != newsroom.Publish {
		t.Errorf("a drop that fails dropped: %v", v)
	}
	if names := r.Channels(openai, sample(), now); names != nil {
		t.Errorf("a where that fails let in: %v", names)
	}
	failures := r.Failures()
	if len(failures) != 2 || failures["sources[OpenAI News].drop"] != 1 || failures["channels[odd].where"] != 1 {
		t.Errorf("failures: %v", failures)
	}
}

func TestDecide(t *testing.T) {
	source := openai
	source.Keep, source.Drop = `mentions("GPT")`, `title contains "Sponsored"`
	tests := []struct {
		name   string
		config Config
		edit   func(*newsroom.Entry)
		want   newsroom.Verdict
	}{
		{"nothing speaks", Config{}, nil, newsroom.Verdict{Decision: newsroom.Publish, Rule: "default"}},
		{"kept", Config{Sources: []newsroom.Source{source}}, nil, newsroom.Verdict{Decision: newsroom.Publish, Rule: "default"}},
		{"not kept", Config{Sources: []newsroom.Source{source}}, func(e *newsroom.Entry) { e.Title = "Other" },
			newsroom.Verdict{Decision: newsroom.Drop, Rule: "sources[OpenAI News].keep"}},
		{"dropped and not kept", Config{Sources: []newsroom.Source{source}}, func(e *newsroom.Entry) { e.Title = "Sponsored" },
			newsroom.Verdict{Decision: newsroom.Drop, Rule: "sources[OpenAI News].drop"}},
		{"global drop before the source's", Config{Drop: `words > 0`, Sources: []newsroom.Source{source}},
			func(e *newsroom.Entry) { e.Title = "Sponsored" }, newsroom.Verdict{Decision: newsroom.Drop, Rule: "rules.drop"}},
		{"drop before keep", Config{Keep: `house`, Sources: []newsroom.Source{source}},
			func(e *newsroom.Entry) { e.Title = "Sponsored" }, newsroom.Verdict{Decision: newsroom.Drop, Rule: "sources[OpenAI News].drop"}},
		{"global keep", Config{Keep: `house`}, nil, newsroom.Verdict{Decision: newsroom.Drop, Rule: "rules.keep"}},
		{"pin beats drop", Config{Drop: `true`, Pin: []string{"guid-1"}}, nil, newsroom.Verdict{Decision: newsroom.Publish, Rule: "overrides.pin"}},
		{"hide beats pin", Config{Pin: []string{"guid-1"}, Hide: []string{"tag:example.com,2026:1"}}, nil,
			newsroom.Verdict{Decision: newsroom.Drop, Rule: "overrides.hide"}},
		{"hidden by another spelling of its URL", Config{Hide: []string{"http://example.com/news/gpt-5"}}, nil,
			newsroom.Verdict{Decision: newsroom.Drop, Rule: "overrides.hide"}},
		{"hidden by the address of its page for telephones", Config{Hide: []string{"https://m.example.com/news/gpt%2D5/?utm_source=x#top"}}, nil,
			newsroom.Verdict{Decision: newsroom.Drop, Rule: "overrides.hide"}},
		{"another page of the host is not", Config{Hide: []string{"http://example.com/news/gpt-4"}}, nil,
			newsroom.Verdict{Decision: newsroom.Publish, Rule: "default"}},
		{"another source's rules do not count", Config{Sources: []newsroom.Source{{Slug: "x", Name: "X", Drop: "true"}}}, nil,
			newsroom.Verdict{Decision: newsroom.Publish, Rule: "default"}},
	}
	for _, test := range tests {
		r, err := New(test.config)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		e := sample()
		if test.edit != nil {
			test.edit(e)
		}
		if got := r.Decide(openai, e, now); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestChannels(t *testing.T) {
	r, err := New(Config{Channels: []newsroom.Channel{
		{Name: "all"},
		{Name: "house", Where: "house"},
		{Name: "research", Where: `"research" in tags`},
		{Name: "fresh", Where: `age < 24`},
		{Name: "top", Where: `sources >= 2 and first < 48`, Stories: true},
		{Name: "long", Where: `words > 400`, Stories: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(r.Channels(openai, sample(), now), " "); got != "all research" {
		t.Errorf("an entry is in %s", got)
	}
	if got := strings.Join(r.Channels(openai, sample(), now.Add(-20*time.Hour)), " "); got != "all research fresh" {
		t.Errorf("a fresh entry is in %s", got)
	}
	facts := StoryFacts{Sources: 2, Entries: 5, First: now.Add(-40 * time.Hour), Last: now}
	if got := strings.Join(r.StoryChannels(openai, sample(), facts, now), " "); got != "top long" {
		t.Errorf("a story is in %s", got)
	}
	facts.Sources = 1
	if got := strings.Join(r.StoryChannels(openai, sample(), facts, now), " "); got != "long" {
		t.Errorf("a story of one source is in %s", got)
	}
}

func TestNewNamesTheRule(t *testing.T) {
	for want, config := range map[string]Config{
		`rules.keep: unknown name "houses"; did you mean "house"?`:            {Keep: "houses"},
		`sources[A].drop: unknown name "titel"; did you mean "title"?`:        {Sources: []newsroom.Source{{Name: "A", Drop: "titel"}}},
		`channels[top].where: unknown name "surces"; did you mean "sources"?`: {Channels: []newsroom.Channel{{Name: "top", Where: "surces > 1", Stories: true}}},
	} {
		if _, err := New(config); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"":                                      "",
		"plain":                                 "plain",
		"a < b & c":                             "a < b & c",
		"<p>one</p><p>two</p>":                  "one  two",
		"un<b>believ</b>able":                   "unbelievable",
		`<a href="x>y" title='>'>in</a> out`:    "in out",
		"<!-- <b>no</b> -->yes":                 "yes",
		"&lt;b&gt; is &quot;bold&quot;":         `<b> is "bold"`,
		"cut <b":                                "cut",
		"<br/>x<hr>y":                           "x y",
		"3 <4 and 5> 2":                         "3 <4 and 5> 2",
		"<!doctype html><?php x ?>t":            "t",
		"<img alt=\"a's\">b":                    "b",
		"<p title=it's>apostrophe</p> <b>x</b>": "apostrophe  x",
	} {
		if got := plainText(in, 1000); got != want {
			t.Errorf("plainText(%q) is %q, want %q", in, got, want)
		}
	}
	if got := plainText("<p>"+strings.Repeat("日", 100)+"</p>", 10); got != "日日日" {
		t.Errorf("cut to %q", got)
	}
}

func TestAging(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
		want bool
	}{
		{"no rules", Config{}, false},
		{"a rule without age", Config{Drop: `title contains "x"`}, false},
		{"for all sources", Config{Drop: "age > 48"}, true},
		{"of a source", Config{Sources: []newsroom.Source{{Slug: "a", Name: "A", Keep: "age < 2"}}}, true},
		{"of a channel", Config{Channels: []newsroom.Channel{{Name: "a", Where: "age < 2"}}}, true},
		{"of a story", Config{Channels: []newsroom.Channel{{Name: "a", Where: "first < 48", Stories: true}}}, true},
		{"of a story, without time", Config{Channels: []newsroom.Channel{{Name: "a", Where: "sources > 1", Stories: true}}}, false},
	} {
		r, err := New(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Aging(); got != c.want {
			t.Errorf("%s: Aging() = %v", c.name, got)
		}
	}
}
