package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"newswire/feeds"
	"newswire/internal/ingest"
	"newswire/internal/newsroom"
)

// planEdits is how many random edits are planned and then applied, unless the
// environment's PLAN_EDITS says otherwise.
const planEdits = 40

// TestPlanIsExact fills a store with forty days of real feeds, and then edits
// the configuration again and again at random. Each time, what plan announces
// is held against what a reload then does to the published line-ups.
func TestPlanIsExact(t *testing.T) {
	t.Parallel()
	polls := pollSeries(t)
	dir := t.TempDir()
	writeArticle(t, dir)
	random := rand.New(rand.NewPCG(5, 2026))
	maker := &configMaker{random: random, sources: len(polls) + 4}
	running := filepath.Join(dir, "config.yaml")
	desk := openNewsdesk(t, dir, maker.config())
	desk.fill(t, polls)
	desk.decideStored(t.Context())
	maker.entries = desk.some(t)

	moved, edits := 0, planEdits
	if underRace {
		edits = 2
	}
	if n, err := strconv.Atoi(os.Getenv("PLAN_EDITS")); err == nil {
		edits = n
	}
	for n := range edits {
		edited := filepath.Join(dir, "edited.yaml")
		if err := os.WriteFile(edited, []byte(maker.config()), 0o644); err != nil {
			t.Fatal(err)
		}
		announced := runPlan(t, running, edited)
		before := desk.lineUps(t)
		if err := os.Rename(edited, running); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(announced, runPlan(t, running)); diff != "" {
			t.Fatalf("edit %d: without FILE, plan does not announce (+) what it did with FILE (-):\n%s", n, diff)
		}
		desk.apply(t, running)
		done := movesBetween(before, desk.lineUps(t))
		if diff := cmp.Diff(done, announcedMoves(announced)); diff != "" {
			config, _ := os.ReadFile(running)
			t.Fatalf("edit %d: what was done (-) is not what was announced (+):\n%s\nconfiguration:\n%s", n, diff, config)
		}
		moved += moves(done)
	}
	t.Logf("%d edits; %d entries entered or left", edits, moved)
	if moved < 20*edits {
		t.Errorf("only %d entries moved: the edits change too little to show anything", moved)
	}
}

// A reading is one document of a source at one time.
type reading struct {
	source int
	at     time.Time
	feed   *feeds.Feed
}

// pollSeries returns, for each of the corpus's polled feeds, its documents
// spread over the last forty days.
func pollSeries(t *testing.T) [][]reading {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(corpus, "polls", "*"))
	if err != nil || len(folders) == 0 {
		t.Skip("the corpus is not here: no series of polls")
	}
	var all [][]reading
	for i, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.xml"))
		if err != nil {
			t.Fatal(err)
		}
		const most = 8
		files = files[max(len(files)-most, 0):]
		var series []reading
		for n, file := range files {
			doc, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			feed, err := feeds.Parse(bytes.NewReader(doc), feeds.ParseOptions{})
			if feed == nil {
				t.Fatalf("%s: %v", file, err)
			}
			at := time.Now().Add(-40*24*time.Hour + time.Duration(n+1)*38*24*time.Hour/time.Duration(len(files)))
			series = append(series, reading{i, at, feed})
		}
		all = append(all, series)
	}
	return all
}

// fill takes the documents in at the door, in the order of time. The last four
// sources bring what others brought: duplicates.
func (n *newsdesk) fill(t *testing.T, polls [][]reading) {
	t.Helper()
	all := slices.Concat(polls...)
	for i := range 4 {
		for _, r := range polls[i] {
			all = append(all, reading{len(polls) + i, r.at.Add(time.Hour), r.feed})
		}
	}
	slices.SortStableFunc(all, func(a, b reading) int { return a.at.Compare(b.at) })
	for _, r := range all {
		src, ok := n.now.Load().source(fmt.Sprintf("Source %d", r.source))
		if !ok {
			continue // this configuration lacks it
		}
		if _, err := n.door.Take(context.Background(), ingest.Delivery{Source: src, Feed: r.feed, At: r.at}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := n.readHouse(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// some returns names of a few stored entries, as editors write them.
func (n *newsdesk) some(t *testing.T) (names []string) {
	t.Helper()
	entries := 0
	err := n.store.Recent(context.Background(), time.Time{}, func(e newsroom.Entry) error {
		if entries++; entries%7 == 0 {
			names = append(names, []string{e.ID, e.Link}[entries%2])
		}
		return nil
	})
	if err != nil || len(names) < 20 {
		t.Fatalf("%d of %d entries: %v", len(names), entries, err)
	}
	t.Logf("%d entries are stored", entries)
	return names
}

// apply does what the daemon does when its file has changed.
func (n *newsdesk) apply(t *testing.T, file string) {
	t.Helper()
	n.reload(context.Background(), file)
	if report := n.reloaded.Load(); len(report.Refused) > 0 {
		t.Fatal(report.Refused)
	}
	select {
	case <-n.redecide:
		n.decideStored(context.Background())
	default:
	}
}

// lineUps returns what is published, by channel.
func (n *newsdesk) lineUps(t *testing.T) map[string][]string {
	t.Helper()
	if err := n.publisher.Render(context.Background()); err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, ch := range n.publisher.Shelf().Channels() {
		entries, _ := n.publisher.Shelf().LineUp(ch.Name)
		ids := []string{}
		for _, e := range entries {
			ids = append(ids, e.ID)
		}
		all[ch.Name] = ids
	}
	return all
}

func runPlan(t *testing.T, running string, edited ...string) (p plan) {
	t.Helper()
	var out, said bytes.Buffer
	if code := run(append([]string{"--config", running, "plan", "--json"}, edited...), &out, &said); code != exitDone {
		t.Fatalf("plan ended with %d: %s", code, &said)
	}
	if err := json.Unmarshal(out.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// Moves are the ids that enter (+) and leave (-) each channel, in order.
type movesByChannel map[string][]string

func announcedMoves(p plan) movesByChannel {
	all := movesByChannel{}
	for _, ch := range p.Channels {
		var list []string
		for _, e := range ch.Enter {
			list = append(list, "+"+e.ID)
		}
		for _, e := range ch.Leave {
			list = append(list, "-"+e.ID)
		}
		if list != nil {
			all[ch.Name] = list
		}
	}
	return all
}

// movesBetween works out the moves from what was published before and after.
func movesBetween(before, after map[string][]string) movesByChannel {
	all := movesByChannel{}
	for name, ids := range after {
		for _, id := range ids {
			if !slices.Contains(before[name], id) {
				all[name] = append(all[name], "+"+id)
			}
		}
	}
	for name, ids := range before {
		for _, id := range ids {
			if !slices.Contains(after[name], id) {
				all[name] = append(all[name], "-"+id)
			}
		}
	}
	return all
}

func moves(m movesByChannel) (n int) {
	for _, list := range m {
		n += len(list)
	}
	return n
}

// A configMaker writes random configurations over the same sources.
type configMaker struct {
	random  *rand.Rand
	sources int
	entries []string // that overrides name
}

func (m *configMaker) one(of ...string) string { return of[m.random.IntN(len(of))] }
func (m *configMaker) in(percent int) bool     { return m.random.IntN(100) < percent }

func (m *configMaker) rule() string {
	return m.one(`title contains "AI"`, `mentions("model", "agent", "safety")`, `words > 60`, `not mentions("research")`, `"labs" in tags`,
		`source == "Source 2" or source == "Source 5"`, `age < 300`, `host contains "anthropic"`, `house`, `title matches "[0-9]"`, `len(title) < 45`)
}

func (m *configMaker) config() string {
	var b strings.Builder
	fmt.Fprintf(&b, "site: {title: The Test, url: \"http://news.example.com\", timezone: %s}\nserver: {settle: 0s}\n", m.one("UTC", "Asia/Tokyo"))
	if m.in(25) {
		fmt.Fprintf(&b, "rules: {%s: '%s'}\n", m.one("keep", "drop"), m.rule())
	}
	b.WriteString("sources:\n")
	for i := range m.sources {
		if m.entries != nil && m.in(8) {
			continue
		}
		fmt.Fprintf(&b, "  - {name: Source %d, url: \"https://source-%d.example/feed\", tags: [%s]", i, i, m.one("labs", "outlets", "labs, research"))
		for _, key := range []string{"keep", "drop"} {
			if m.in(12) {
				fmt.Fprintf(&b, ", %s: '%s'", key, m.rule())
			}
		}
		fmt.Fprintf(&b, ", publish: %s, max_per_day: %d, paused: %v}\n", m.one("link", "excerpt", "full"), m.random.IntN(4), m.in(10))
	}
	b.WriteString("channels:\n")
	for i, name := range []string{"all", "labs", "house", "deep"} {
		if i > 0 && m.in(20) {
			continue
		}
		fmt.Fprintf(&b, "  - {name: %s, entries: %d, max_per_source: %d, max_per_day: %d, min_gap: %d, house_first: %v",
			name, 5+m.random.IntN(60), m.random.IntN(15), m.random.IntN(6), m.random.IntN(3), m.in(50))
		if i > 0 && m.in(80) {
			fmt.Fprintf(&b, ", where: '%s'", m.rule())
		}
		b.WriteString("}\n")
	}
	if len(m.entries) > 0 {
		names := m.names()
		cut := m.random.IntN(len(names) + 1)
		fmt.Fprintf(&b, "overrides:\n  hide: [%s]\n  pin: [%s]\n", strings.Join(names[:cut], ", "), strings.Join(names[cut:], ", "))
	}
	return b.String()
}

// names draws a few entries, each once.
func (m *configMaker) names() (list []string) {
	for range m.random.IntN(10) {
		if name := fmt.Sprintf("%q", m.entries[m.random.IntN(len(m.entries))]); !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}
