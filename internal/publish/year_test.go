package publish

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"newswire/feeds"
	"newswire/internal/curate"
	"newswire/internal/ingest"
	"newswire/internal/newsroom"
	"newswire/internal/store"
)

// A year is a simulated newsroom: three foreign sources and a folder of
// articles, whose entries come late, change, are withdrawn and return, under
// rules, channels and names that change too.
type year struct {
	*newsdesk
	random  *rand.Rand
	config  Config
	sources []newsroom.Source
	windows map[string][]feeds.Entry // what each source lists
	folder  []feeds.Entry
	notes   map[string]newsroom.Article
	banned  string // what the rules keep out of the channel "some"
	count   int

	archives map[string]*walked // that were ever linked, by path
	looked   map[string]int     // in which step it was seen that an id was not withdrawn
	steps    int
	made     int // archives that the readers saw
	held     int // entries and withdrawals in them
}

// Decide holds a few entries for a day.
func (y *year) Decide(_ newsroom.Source, e *newsroom.Entry, now time.Time) newsroom.Verdict {
	if strings.HasSuffix(e.Title, "7") && now.Sub(e.FirstSeen) < 24*time.Hour {
		return newsroom.Verdict{Decision: newsroom.Hold, Rule: "a day"}
	}
	return newsroom.Verdict{Decision: newsroom.Publish, Rule: "default"}
}

func (y *year) Channels(_ newsroom.Source, e *newsroom.Entry, _ time.Time) []string {
	channels := []string{"all", "late"}
	if y.banned == "" || !strings.Contains(e.Title, y.banned) {
		channels = append(channels, "some")
	}
	if e.House {
		channels = append(channels, "house")
	}
	return channels
}

func newYear(t *testing.T, seed uint64) *year {
	y := &year{
		random: rand.New(rand.NewPCG(seed, 2026)), config: config(),
		windows: map[string][]feeds.Entry{}, notes: map[string]newsroom.Article{},
		archives: map[string]*walked{}, looked: map[string]int{},
	}
	y.config.Channels = []newsroom.Channel{
		{Name: "all", Entries: 8},
		{Name: "some", Entries: 6, MaxPerSource: 3, MaxPerDay: 2},
		{Name: "house", Entries: 3},
	}
	for i := range 3 {
		src := newsroom.Source{Slug: fmt.Sprintf("source-%d", i), Name: fmt.Sprintf("Source %d", i), URL: fmt.Sprintf("https://s%d.example/feed", i)}
		src.Publish = []newsroom.Policy{newsroom.PublishLink, newsroom.PublishExcerpt, newsroom.PublishFull}[i]
		y.sources = append(y.sources, src)
	}
	y.config.Sources = y.sources
	y.open(t, filepath.Join(t.TempDir(), "news.db"))
	return y
}

func (y *year) open(t *testing.T, file string) {
	s, err := store.Open(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	y.newsdesk = &newsdesk{
		t: t, file: file, store: s,
		door:      &ingest.Door{Store: s, Curator: func() ingest.Curator { return y }, Guard: ingest.Guard{FirstImport: 1e6, Burst: 1e6}, Site: site},
		publisher: &Publisher{Store: s, Config: func() Config { return y.config }, LineUp: curate.LineUp},
	}
}

// step does one of the things that happen in a newsroom.
func (y *year) step() {
	switch n := y.random.IntN(100); {
	case n < 55:
		y.poll(y.random.IntN(3))
	case n < 75:
		y.article()
	case n < 80: // a rule changes
		y.banned = []string{"", "Source 1", "2", "Article"}[y.random.IntN(4)]
		y.redecide()
	case n < 86: // what was held is decided again
		y.redecide()
	case n < 90:
		y.config.Site.Title = fmt.Sprintf("The Curve %d", y.random.IntN(3))
		y.config.Sources[y.random.IntN(3)].Name = fmt.Sprintf("Renamed %d", y.random.IntN(3))
		y.config.Version = fmt.Sprint(y.random.IntN(3))
	case n < 92: // a channel gets another name, or its old one back
		y.config.Channels = slices.Clone(y.config.Channels)
		y.config.Channels[0].Name = map[string]string{"all": "late", "late": "all"}[y.config.Channels[0].Name]
	case n < 95:
		old := store.Retention{Before: time.Now().Add(-30 * 24 * time.Hour), Newest: 5, Many: true, Excerpt: Excerpt}
		if _, err := y.store.Purge(y.t.Context(), old); err != nil {
			y.t.Fatal(err)
		}
	case n < 98:
		y.restart()
	default: // a quiet month, after which nothing is told of withdrawals any more
		time.Sleep(31 * 24 * time.Hour)
	}
}

// poll brings what a source lists: a few new entries, some of them old, and
// some that changed.
func (y *year) poll(i int) {
	src := y.config.Sources[i]
	window := y.windows[src.Slug]
	now := time.Now().UTC()
	for range y.random.IntN(5) {
		y.count++
		e := feeds.Entry{
			GUID: fmt.Sprintf("https://s%d.example/%d", i, y.count), Link: fmt.Sprintf("https://s%d.example/%d", i, y.count),
			Title: fmt.Sprintf("Source %d says %d", i, y.count), Content: "<p>What it says.</p>",
		}
		switch y.random.IntN(5) {
		case 0:
			e.Published = now.AddDate(0, 0, -y.random.IntN(60)) // late
		case 1:
			e.Published = now.Truncate(24 * time.Hour) // only a day
		case 2: // no date at all
		default:
			e.Published = now.Add(-time.Duration(y.random.IntN(100)) * time.Minute)
		}
		window = append(window, e)
	}
	if len(window) > 0 && y.random.IntN(3) == 0 {
		e := &window[y.random.IntN(len(window))]
		e.Content += feeds.HTML(fmt.Sprintf("<p>More at %s.</p>", now.Format(time.DateTime)))
	}
	window = window[max(len(window)-10, 0):]
	y.windows[src.Slug] = window
	y.deliver(ingest.Delivery{Source: src, At: now, Feed: &feeds.Feed{Title: "A feed of " + src.Name, Entries: slices.Clone(window)}})
}

// article adds one of our own, or corrects, retracts, removes or restores one.
func (y *year) article() {
	at := y.random.IntN(len(y.folder) + 1)
	switch what := y.random.IntN(5); {
	case at == len(y.folder) || what == 0:
		y.count++
		slug := fmt.Sprintf("articles/a%d", y.count)
		y.folder = append(y.folder, feeds.Entry{
			GUID: slug, Title: fmt.Sprintf("Article %d", y.count), Link: site + "/" + slug, Content: "<p>We think so.</p>", Published: time.Now().UTC(),
		})
		y.notes[slug] = newsroom.Article{Slug: slug, ReadingMinutes: 3}
	case what < 3:
		note := y.notes[y.folder[at].GUID]
		note.Correction = "As of " + time.Now().UTC().Format(time.DateTime)
		y.notes[y.folder[at].GUID] = note
	default:
		note := y.notes[y.folder[at].GUID]
		note.Retracted = map[bool]string{true: "It was wrong.", false: ""}[note.Retracted == ""]
		y.notes[y.folder[at].GUID] = note
	}
	y.deliver(ingest.Delivery{
		Source: newsroom.Source{Slug: newsroom.HouseSource, Name: "Articles", House: true, Publish: newsroom.PublishFull},
		At:     time.Now().UTC(), Complete: true, Articles: y.notes, Feed: &feeds.Feed{Entries: slices.Clone(y.folder)},
	})
}

func (y *year) redecide() {
	sources := map[string]newsroom.Source{newsroom.HouseSource: {Slug: newsroom.HouseSource, House: true}}
	for _, src := range y.config.Sources {
		sources[src.Slug] = src
	}
	now := time.Now().UTC()
	if _, err := y.door.Redecide(y.t.Context(), y.store, sources, nil, now.Add(-30*24*time.Hour), now); err != nil {
		y.t.Fatal(err)
	}
}

func (y *year) restart() {
	if err := y.store.Close(); err != nil {
		y.t.Fatal(err)
	}
	y.open(y.t.(*testing.T), y.file)
}

// TestArchivesForAYear holds, after each thing that happens in a year: the
// channel's document and the archives that it leads to hold each member of the
// channel, as it stands, and nothing that was withdrawn; what was linked once
// has the same bytes ever after; the walk back ends.
func TestArchivesForAYear(t *testing.T) {
	sequential(t)
	seeds, pause := []uint64{3}, 200 // hours at most between two steps
	if n, err := strconv.Atoi(os.Getenv("NEWSWIRE_TEST_YEARS")); err == nil {
		seeds, pause = nil, 48
		for i := range n {
			seeds = append(seeds, uint64(i+1))
		}
	}
	for _, seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(27 * 365 * 24 * time.Hour)
			y := newYear(t, seed)
			defer func() { y.store.Close() }()
			end := time.Now().AddDate(1, 0, 0)
			for ; time.Now().Before(end) && !t.Failed(); y.steps++ {
				time.Sleep(time.Duration(1+y.random.IntN(pause*60)) * time.Minute)
				y.step()
				y.render()
				for n := 0; y.publisher.Behind(); n++ { // a channel with a past, under another name
					if n == 100 {
						t.Fatal("the archives never catch up")
					}
					y.render()
				}
				for _, ch := range y.config.Channels {
					y.judge(t, ch)
				}
				if t.Failed() {
					t.Logf("seed %d, step %d, %s", seed, y.steps, time.Now().UTC())
				}
			}
			y.unchanged(t)
			t.Logf("seed %d: %d steps, %d entries, %d archive documents of %.1f entries", seed, y.steps, y.count, y.made, float64(y.held)/float64(max(y.made, 1)))
		})
	}
}
