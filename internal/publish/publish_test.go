package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// breakChannel makes documents of one channel come out malformed.
func breakChannel(p *Publisher, name string) {
	p.write = func(f *feeds.Feed, format feeds.Format) ([]byte, error) {
		var out bytes.Buffer
		err := feeds.Write(&out, f, format)
		if strings.HasSuffix(f.Link, "/feeds/"+name) {
			return out.Bytes()[:out.Len()-3], err
		}
		return out.Bytes(), err
	}
}

func bodies(t *testing.T, p *Publisher) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, d := range p.Shelf().Documents() {
		all[d.Path] = d.ETag + "\n" + string(d.Body)
	}
	if len(all) == 0 {
		t.Fatal("nothing is published")
	}
	return all
}

// TestEqualBytes renders the same newsroom a hundred times: entries stored in
// any order, times in any zone, a new process each time (A1-13, B-10, E-20).
func TestEqualBytes(t *testing.T) {
	zones := []*time.Location{time.UTC, time.FixedZone("east", 5*3600+1800), time.FixedZone("west", -8*3600)}
	var want map[string]string
	coder := newCompressor() // one for all: making it takes longer than its work
	for range 100 {
		entries := []newsroom.Entry{article(3, "gpt-6"), article(200, "old")}
		for n := range 10 {
			e := wire(n)
			e.AlsoIn = []string{"lab", "elsewhere"}
			e.Sort = now.Add(-time.Duration(n/2) * time.Minute) // ties
			entries = append(entries, e)
		}
		gone := wire(50)
		gone.Withdrawn, gone.WithdrawnNote = time.Now().Add(-time.Hour).Truncate(time.Hour), "wrong"
		entries = append(entries, gone)
		rand.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
		m := newMemory()
		for _, e := range entries {
			zone := zones[rand.N(len(zones))]
			e.Published, e.FirstSeen, e.Sort = e.Published.In(zone), e.FirstSeen.In(zone), e.Sort.In(zone)
			if !e.Withdrawn.IsZero() {
				e.Withdrawn = e.Withdrawn.In(zone)
			}
			channels := []string{"all"}
			if e.House {
				channels = append(channels, "house")
			}
			m.add(e, channels...)
		}
		p := newPublisher(m)
		p.compressor = coder
		c := config()
		c.Sources = append(c.Sources, newsroom.Source{Slug: "elsewhere", Name: "Elsewhere", URL: "https://else.example/rss"})
		p.Config = func() Config { return c }
		render(t, p)
		got := bodies(t, p)
		if want == nil {
			want = got
		}
		for path := range want {
			if got[path] != want[path] {
				t.Fatalf("%s differs between two renderings:\n%s\n%s", path, want[path], got[path])
			}
		}
	}
}

func TestUnrelatedChangeLeavesOthersAlone(t *testing.T) {
	m, p := filled(t)
	house, all := document(t, p, "/feeds/house.atom"), document(t, p, rss)
	m.add(wire(30), "all")
	render(t, p)
	if document(t, p, "/feeds/house.atom") != house {
		t.Error("the house channel was made again")
	}
	after := document(t, p, rss)
	if after == all || after.ETag == all.ETag || !after.Modified.After(all.Modified) {
		t.Errorf("the channel with a new entry: %s %s, before %s %s", after.ETag, after.Modified, all.ETag, all.Modified)
	}
}

func TestNothingChangedNothingMoves(t *testing.T) {
	_, p := filled(t)
	shelf := p.Shelf()
	var told []string
	p.Published = func(paths []string) { told = append(told, paths...) }
	for range 3 {
		render(t, p)
	}
	if p.Shelf() != shelf {
		t.Error("the shelf was replaced")
	}
	if told != nil {
		t.Errorf("told of %v", told)
	}
}

func TestPublishedNamesWhatChanged(t *testing.T) {
	m, p := filled(t)
	var told []string
	p.Published = func(paths []string) {
		for _, path := range paths {
			if !bytes.Contains(document(t, p, path).Body, []byte("model 30")) {
				t.Errorf("told of %s before it is on the shelf", path)
			}
		}
		told = append(told, paths...)
	}
	m.add(wire(30), "all")
	render(t, p)
	if want := []string{"/feeds/all.rss", "/feeds/all.atom", "/feeds/all.json"}; !slices.Equal(told, want) {
		t.Errorf("told of %v, want %v", told, want)
	}
}

// TestRestart: a new process over the same store gives the same documents with
// the same dates, and tells nobody of news.
func TestRestart(t *testing.T) {
	m, before := filled(t)
	for path, p := range m.publications { // an hour passes
		p.Modified = p.Modified.Add(-time.Hour)
		m.publications[path] = p
	}
	after := newPublisher(m)
	after.Published = func(paths []string) { t.Errorf("told of %v", paths) }
	render(t, after)
	for _, old := range before.Shelf().Documents() {
		d := document(t, after, old.Path)
		if d.ETag != old.ETag || !bytes.Equal(d.Body, old.Body) {
			t.Errorf("%s: other bytes after a restart", d.Path)
		}
		if !d.Modified.Equal(old.Modified.Add(-time.Hour)) {
			t.Errorf("%s: modified %s, want %s", d.Path, d.Modified, old.Modified.Add(-time.Hour))
		}
	}
}

// TestVersionsNeverShareASecond: many versions in an instant, and versions
// whose bytes come back (B-12).
func TestVersionsNeverShareASecond(t *testing.T) {
	m, p := filled(t)
	seen := map[time.Time]bool{document(t, p, rss).Modified: true}
	last := document(t, p, rss).Modified
	for i := range 6 {
		e := wire(1)
		e.Title, e.Hash = fmt.Sprintf("Title %d", i%2), fmt.Sprint(i%2)
		m.add(e, "all")
		render(t, p)
		d := document(t, p, rss)
		if seen[d.Modified] || !d.Modified.After(last) || d.Modified.Nanosecond() != 0 {
			t.Fatalf("version %d is of %s, the one before of %s", i, d.Modified, last)
		}
		last = d.Modified
		seen[last] = true
	}
}

func TestModifiedMovesOnRemoval(t *testing.T) { // B-12, the date of the newest entry would not
	m, p := filled(t)
	before := document(t, p, rss)
	m.channels["all"] = slices.DeleteFunc(m.channels["all"], func(key int64) bool { return key == wire(1).Key })
	render(t, p)
	if after := document(t, p, rss); !after.Modified.After(before.Modified) || bytes.Contains(after.Body, []byte("model 1<")) {
		t.Errorf("modified %s, before %s", after.Modified, before.Modified)
	}
}

// TestTwoNodes: two processes over one store agree on bytes and tags, and the
// second takes over the first one's dates.
func TestTwoNodes(t *testing.T) {
	m, a := filled(t)
	b := newPublisher(m)
	render(t, b)
	m.add(wire(30), "all")
	render(t, a)
	render(t, b)
	for _, d := range a.Shelf().Documents() {
		other := document(t, b, d.Path)
		if other.ETag != d.ETag || !other.Modified.Equal(d.Modified) {
			t.Errorf("%s: %s of %s and %s of %s", d.Path, d.ETag, d.Modified, other.ETag, other.Modified)
		}
	}
}

func TestClosedStoreStillAnswers(t *testing.T) {
	m, p := filled(t)
	before := bodies(t, p)
	m.close()
	if err := p.Render(t.Context()); !errors.Is(err, errClosed) {
		t.Fatalf("error %v, want that of the store", err)
	}
	calls := m.calls
	for path := range before {
		r := ask(p, "GET", path)
		if r.StatusCode != 200 || !strings.HasSuffix(before[path], body(t, r)) {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
	if m.calls != calls {
		t.Errorf("readers caused %d calls to the store", m.calls-calls)
	}
	if s := p.Stats(); s.Failures != 1 || s.Renderings != 2 || s.LastGood.IsZero() {
		t.Errorf("stats %+v", s)
	}
}

// TestFailureKeepsTheLastGood: whatever fails, readers keep what they had.
func TestFailureKeepsTheLastGood(t *testing.T) {
	failures := map[string]func(p *Publisher){
		"malformed": func(p *Publisher) { breakChannel(p, "all") },
		"writer fails": func(p *Publisher) {
			p.write = func(*feeds.Feed, feeds.Format) ([]byte, error) { return nil, errors.New("no") }
		},
		"panic":        func(p *Publisher) { p.write = func(*feeds.Feed, feeds.Format) ([]byte, error) { panic("no") } },
		"empty":        func(p *Publisher) { p.write = func(*feeds.Feed, feeds.Format) ([]byte, error) { return nil, nil } },
		"entries lost": func(p *Publisher) { p.write = withoutEntries },
		"ledger fails": func(p *Publisher) { p.Store = brokenLedger{p.Store.(*memory)} },
	}
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			m, p := filled(t)
			before := bodies(t, p)
			m.add(wire(30), "all")
			good := p.write
			fail(p)
			if err := p.Render(t.Context()); err == nil {
				t.Error("no error")
			}
			for path, want := range before {
				if got := bodies(t, p)[path]; got != want {
					t.Errorf("%s changed", path)
				}
			}
			p.write, p.Store = good, m
			render(t, p)
			if !bytes.Contains(document(t, p, rss).Body, []byte("model 30")) {
				t.Error("it does not recover")
			}
		})
	}
}

func withoutEntries(f *feeds.Feed, format feeds.Format) ([]byte, error) {
	var out bytes.Buffer
	empty := *f
	empty.Entries = nil
	err := feeds.Write(&out, &empty, format)
	return out.Bytes(), err
}

type brokenLedger struct{ *memory }

func (brokenLedger) PutPublication(context.Context, string, newsroom.Publication) error {
	return errors.New("disk full")
}

// TestPanicKeepsTheLastGood: a fault before any channel is written does not end
// the process either.
func TestPanicKeepsTheLastGood(t *testing.T) {
	m, p := filled(t)
	lineUp := p.LineUp
	p.LineUp = func(newsroom.Channel, []newsroom.Ref, *time.Location) []newsroom.Ref { panic("no line-up") }
	m.add(wire(0), "all")
	if err := p.Render(t.Context()); err == nil || !strings.Contains(err.Error(), "no line-up") {
		t.Fatalf("error %v", err)
	}
	if r := ask(p, "GET", rss); r.StatusCode != 200 {
		t.Errorf("status %d", r.StatusCode)
	}
	p.LineUp = lineUp
	render(t, p)
	if !bytes.Contains(document(t, p, rss).Body, []byte("model 0")) {
		t.Error("the next rendering does not have what came in between")
	}
}

// TestPoisonousEntry: an entry that breaks a document is left out of all of
// them, whatever the others do.
func TestPoisonousEntry(t *testing.T) {
	poisons := map[string]func(e *newsroom.Entry){
		"an id that XML cannot hold": func(e *newsroom.Entry) { e.ID = "tag:lab.example,2026:\x01" },
		"an id that is taken":        func(e *newsroom.Entry) { e.ID = wire(0).ID },
		"no id and nothing else":     func(e *newsroom.Entry) { e.ID, e.Title, e.Link = "", "", "" },
		"an id that is not UTF-8":    func(e *newsroom.Entry) { e.ID = "tag:\xff" },
	}
	for name, spoil := range poisons {
		t.Run(name, func(t *testing.T) {
			m, p := filled(t)
			bad := wire(3)
			spoil(&bad)
			bad.Hash = "another"
			m.add(bad, "all")
			render(t, p)
			entries, ok := p.Shelf().LineUp("all")
			if !ok || len(entries) != 5 || p.Stats().LeftOut != 1 {
				t.Fatalf("%d entries, %d left out", len(entries), p.Stats().LeftOut)
			}
			for _, path := range []string{"/feeds/all.rss", "/feeds/all.atom", "/feeds/all.json"} {
				b := document(t, p, path).Body
				if !bytes.Contains(b, []byte("model 4")) || bytes.Contains(b, []byte("model 3")) {
					t.Errorf("%s does not hold all but the bad entry", path)
				}
			}
		})
	}
}

func TestReload(t *testing.T) {
	m, p := filled(t)
	c := config()
	c.Channels = append(c.Channels[:1:1], newsroom.Channel{Name: "labs", Entries: 5})
	p.Config = func() Config { return c }
	m.add(wire(1), "labs")
	all := document(t, p, rss)
	render(t, p)
	if document(t, p, rss) != all {
		t.Error("a channel that did not change was made again")
	}
	for target, want := range map[string]int{"/feeds/house.rss": 404, "/feeds/labs.json": 200} {
		if r := ask(p, "GET", target); r.StatusCode != want {
			t.Errorf("%s: %d, want %d", target, r.StatusCode, want)
		}
	}
	c.Channels[0].Title = "Everything"
	render(t, p)
	if !bytes.Contains(document(t, p, rss).Body, []byte("Everything")) {
		t.Error("a new title is not published")
	}
}

func TestShelfForPages(t *testing.T) {
	_, p := filled(t)
	s := p.Shelf()
	if got := s.Channels(); len(got) != 2 || got[0].Name != "all" {
		t.Errorf("channels %v", got)
	}
	e, ok := s.Article("articles/gpt-6")
	if !ok || e.ReadingMinutes != 4 || len(s.House()) != 1 {
		t.Errorf("article %v %t", e.Title, ok)
	}
	entries, _ := s.LineUp("all")
	for _, e := range entries {
		if !e.House && e.Content != "" {
			t.Errorf("%s: the policy of its source does not allow %q on pages", e.ID, e.Content)
		}
	}
	if _, ok := s.LineUp("none"); ok {
		t.Error("a channel that is not there has a line-up")
	}
	var none *Shelf
	if none.Document("/") != nil || none.House() != nil || none.Channels() != nil || none.Version() != 0 {
		t.Error("no shelf is not empty")
	}
}

// TestReadersSeeWholeVersions: while channels are rendered, every answer is
// one version: its tag is that of its bytes.
func TestReadersSeeWholeVersions(t *testing.T) {
	m, p := filled(t)
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				r := ask(p, "GET", rss, "Accept-Encoding: gzip;q=0")
				b := body(t, r)
				if r.StatusCode != http.StatusOK || ETag([]byte(b)) != r.Header.Get("Etag") {
					t.Errorf("%d: %d bytes under the tag %s", r.StatusCode, len(b), r.Header.Get("Etag"))
					return
				}
				for _, d := range p.Shelf().Documents() {
					if d.Path == "" {
						t.Error("a document without a path")
					}
				}
			}
		})
	}
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for n := range 15 {
				m.add(wire(100*w+n+10), "all")
				p.Nudge()
				if err := p.Render(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	stop()
	readers.Wait()
}

// TestReads: what a rendering asks of the store depends on the line-ups, not
// on what else is stored.
func TestReads(t *testing.T) {
	m := newMemory()
	for n := range 3000 {
		m.add(wire(n), "all")
	}
	counted := &counting{memory: m}
	p := newPublisher(m)
	p.Store = counted
	render(t, p)
	if counted.entries > 50+cutsAtOnce*archiveMost {
		t.Errorf("%d entries were read of 3000 that no archive holds", counted.entries)
	}
	for p.Behind() {
		render(t, p)
	}
	if n := len(m.archives["all"]) / 3; n != 3000/archiveMost {
		t.Errorf("%d archives", n)
	}
	counted.entries, counted.refs = 0, 0
	render(t, p)
	if counted.entries != 50 || counted.refs > 400 {
		t.Errorf("%d entries and %d refs were read of 3000", counted.entries, counted.refs)
	}
	// Caps that leave a line-up short make it look further, but not at all.
	p.LineUp = func(ch newsroom.Channel, refs []newsroom.Ref, _ *time.Location) []newsroom.Ref {
		var sparse []newsroom.Ref
		for i := 0; i < len(refs) && len(sparse) < ch.Entries; i += 40 {
			sparse = append(sparse, refs[i])
		}
		return sparse
	}
	counted.entries, counted.refs = 0, 0
	render(t, p)
	if entries, _ := p.Shelf().LineUp("all"); len(entries) != 50 {
		t.Errorf("%d entries, want 50 found further back", len(entries))
	}
}

type counting struct {
	*memory
	refs, entries int
}

func (c *counting) Refs(ctx context.Context, channel string, limit int) ([]newsroom.Ref, error) {
	refs, err := c.memory.Refs(ctx, channel, limit)
	c.refs += len(refs)
	return refs, err
}

func (c *counting) Entries(ctx context.Context, keys []int64) ([]newsroom.Entry, error) {
	entries, err := c.memory.Entries(ctx, keys)
	c.entries += len(entries)
	return entries, err
}

// A busy store commits a source's first document while a rendering reads.
type busy struct {
	*memory
	commit func()
}

func (b busy) Refs(ctx context.Context, channel string, limit int) ([]newsroom.Ref, error) {
	b.commit()
	return b.memory.Refs(ctx, channel, limit)
}

// TestNameComesWithEntries holds that no entry is published under the name
// that editors gave its source when the source has said its own: the two are
// committed as one, and are read so, whenever the commit comes.
func TestNameComesWithEntries(t *testing.T) {
	m := newMemory()
	first := wire(1)
	p := newPublisher(m)
	p.Store = busy{m, func() {
		m.add(first, "all")
		m.mu.Lock()
		defer m.mu.Unlock()
		m.checks = []newsroom.Check{{Source: first.Source, Title: "What it calls itself"}}
	}}
	render(t, p)
	if body := bodies(t, p)["/feeds/all.rss"]; !strings.Contains(body, ">What it calls itself</source>") {
		t.Errorf("the entry does not name its source as the source does:\n%s", body)
	}
}
