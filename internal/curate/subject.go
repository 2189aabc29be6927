package curate

import (
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"newswire/internal/newsroom"
)

// limits are the most bytes of each text that an expression sees; what is
// longer is cut. They bound the cost of expressions, and are above what
// entries are let in with, except for content: 64 KiB are some ten thousand
// words.
var limits = map[string]int{
	"title": 1 << 10, "summary": 16 << 10, "content": 64 << 10, "url": 2 << 10, "host": 256,
	"author": 1 << 10, "language": 64, "source": 256, "tags": 128,
}

const maxTags = 64

// entryEnv is what an expression about an entry can name.
type entryEnv struct {
	Title    string         `expr:"title"`
	Summary  string         `expr:"summary"`
	Content  string         `expr:"content"`
	URL      string         `expr:"url"`
	Host     string         `expr:"host"`
	Author   string         `expr:"author"`
	Tags     []string       `expr:"tags"`
	Language string         `expr:"language"`
	Source   string         `expr:"source"`
	House    bool           `expr:"house"`
	Words    int            `expr:"words"`
	Age      float64        `expr:"age"` // hours since it was published
	Mentions func(int) bool `expr:"mentions"`
}

// storyEnv is what an expression about a story can name.
type storyEnv struct {
	entryEnv
	Sources int     `expr:"sources"`
	Entries int     `expr:"entries"`
	First   float64 `expr:"first"` // hours since its first report
	Last    float64 `expr:"last"`  // hours since its newest report
}

// A subject is the entry that rules are asked about. What they do not look at
// is never made.
type subject struct {
	src   *newsroom.Source
	entry *newsroom.Entry
	now   time.Time
	story *StoryFacts // nil: not a story

	env    storyEnv
	made   uses
	begun  bool
	folded string // title, summary and content, for mentions
	rule   *rule  // that is being asked
}

// environment returns what the program of a rule of the subject's kind reads.
func (s *subject) environment() any {
	if s.story != nil {
		return &s.env
	}
	return &s.env.entryEnv
}

// prepare makes what the rule looks at.
func (s *subject) prepare(r *rule) {
	s.rule = r
	if !s.begun {
		s.begun = true
		s.begin()
	}
	need := r.uses
	if need&usesMentions != 0 {
		need |= usesSummary | usesContent
	}
	need &^= s.made
	s.made |= need
	e := s.entry
	if need&usesSummary != 0 {
		s.env.Summary = plainText(string(e.Summary), limits["summary"])
	}
	if need&usesContent != 0 {
		s.env.Content = plainText(string(e.Content), limits["content"])
	}
	if need&usesURL != 0 {
		s.env.URL = cut(e.Link, limits["url"])
		s.env.Host = cut(hostOf(e.Link), limits["host"])
	}
	if need&usesAuthor != 0 {
		s.env.Author = cut(authors(e), limits["author"])
	}
	if need&usesTags != 0 {
		s.env.Tags = tags(s.src, e)
	}
	if need&usesMentions != 0 {
		s.folded = foldTexts(s.env.Title, s.env.Summary, s.env.Content)
		s.env.Mentions = func(number int) bool { return s.rule.mentions[number].in(s.folded) }
	}
}

// begin makes what costs nothing.
func (s *subject) begin() {
	e := s.entry
	s.env.Title = cut(e.Title, limits["title"])
	s.env.Language = cut(e.Language, limits["language"])
	s.env.Source = cut(s.src.Name, limits["source"])
	s.env.House = e.House || s.src.House
	s.env.Words = e.Words
	published := e.Published
	if published.IsZero() {
		published = e.FirstSeen
	}
	s.env.Age = s.hoursSince(published)
	if s.story != nil {
		s.env.Sources, s.env.Entries = s.story.Sources, s.story.Entries
		s.env.First, s.env.Last = s.hoursSince(s.story.First), s.hoursSince(s.story.Last)
	}
}

// hoursSince is never negative, and 0 where the time is not known.
func (s *subject) hoursSince(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(0, s.now.Sub(t).Hours())
}

// tags are the source's and the entry's own, in lower case, each once.
func tags(src *newsroom.Source, e *newsroom.Entry) []string {
	all := make([]string, 0, len(src.Tags)+len(e.Categories))
	add := func(tag string) {
		tag = foldTag(cut(tag, limits["tags"]))
		if tag == "" || len(all) == maxTags {
			return
		}
		for _, have := range all {
			if have == tag {
				return
			}
		}
		all = append(all, tag)
	}
	for _, tag := range src.Tags {
		add(tag)
	}
	for _, category := range e.Categories {
		add(category.Term)
	}
	return all
}

func foldTag(tag string) string { return strings.ToLower(strings.TrimSpace(tag)) }

func authors(e *newsroom.Entry) string {
	var names []string
	for _, person := range e.Authors {
		if person.Name != "" {
			names = append(names, person.Name)
		}
	}
	return strings.Join(names, ", ")
}

// hostOf is the host of a link in lower case, without port and "www.".
func hostOf(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}

// cut shortens s to at most n bytes, between two characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
