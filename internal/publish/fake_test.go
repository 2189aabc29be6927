package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// memory is a store that holds little and forgets nothing. The store of the
// program is tried in store_test.go.
type memory struct {
	mu           sync.Mutex
	entries      map[int64]newsroom.Entry
	channels     map[string][]int64
	checks       []newsroom.Check
	publications map[string]newsroom.Publication
	archives     map[string][]newsroom.Archived
	held         map[string]map[int64]string // by channel: what an archive holds of an entry
	waits        map[string]bool             // channel and key
	closed       bool
	calls        int
}

var errClosed = errors.New("the store is closed")

func newMemory() *memory {
	return &memory{
		entries:      map[int64]newsroom.Entry{},
		channels:     map[string][]int64{},
		publications: map[string]newsroom.Publication{},
		archives:     map[string][]newsroom.Archived{},
		held:         map[string]map[int64]string{},
		waits:        map[string]bool{},
	}
}

// add stores an entry in channels; an entry with its key is replaced.
func (m *memory) add(e newsroom.Entry, channels ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries[e.Key] = e
	for _, ch := range channels {
		if !slices.Contains(m.channels[ch], e.Key) {
			m.channels[ch] = append(m.channels[ch], e.Key)
		}
	}
}

func (m *memory) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
}

// asked counts a call. The lock is held until the returned function is called.
func (m *memory) asked() (unlock func(), err error) {
	m.mu.Lock()
	m.calls++
	if m.closed {
		return m.mu.Unlock, errClosed
	}
	return m.mu.Unlock, nil
}

func (m *memory) members(channel string, keep func(e *newsroom.Entry) bool) []newsroom.Entry {
	var members []newsroom.Entry
	for _, key := range m.channels[channel] {
		if e := m.entries[key]; keep(&e) {
			members = append(members, e)
		}
	}
	slices.SortFunc(members, newestFirst)
	return members
}

func newestFirst(a, b newsroom.Entry) int {
	return cmp.Or(b.Sort.Compare(a.Sort), cmp.Compare(b.Key, a.Key))
}

func (m *memory) Refs(_ context.Context, channel string, limit int) ([]newsroom.Ref, error) {
	unlock, err := m.asked()
	defer unlock()
	if err != nil {
		return nil, err
	}
	var refs []newsroom.Ref
	for _, e := range m.members(channel, func(e *newsroom.Entry) bool { return e.Withdrawn.IsZero() }) {
		refs = append(refs, newsroom.Ref{Key: e.Key, Source: e.Source, House: e.House, Sort: e.Sort})
	}
	return refs[:min(len(refs), limit)], nil
}

func (m *memory) Entries(_ context.Context, keys []int64) ([]newsroom.Entry, error) {
	unlock, err := m.asked()
	defer unlock()
	if err != nil {
		return nil, err
	}
	var entries []newsroom.Entry
	for _, key := range keys {
		if e, ok := m.entries[key]; ok {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

func (m *memory) HouseEntries(context.Context) ([]newsroom.Entry, error) {
	unlock, err := m.asked()
	defer unlock()
	if err != nil {
		return nil, err
	}
	var entries []newsroom.Entry
	for _, e := range m.entries {
		if e.House {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, newestFirst)
	return entries, nil
}

func (m *memory) Withdrawn(_ context.Context, channel string, since time.Time) ([]newsroom.Entry, error) {
	unlock, err := m.asked()
	defer unlock()
	if err != nil {
		return nil, err
	}
	return m.members(channel, func(e *newsroom.Entry) bool { return e.Withdrawn.After(since) }), nil
}

func (m *memory) Checks(context.Context) ([]newsroom.Check, error) {
	unlock, err := m.asked()
	defer unlock()
	return slices.Clone(m.checks), err
}

func (m *memory) Publications(context.Context) (map[string]newsroom.Publication, error) {
	unlock, err := m.asked()
	defer unlock()
	return maps.Clone(m.publications), err
}

func (m *memory) PutPublication(_ context.Context, path string, p newsroom.Publication) error {
	unlock, err := m.asked()
	defer unlock()
	if err == nil {
		m.publications[path] = p
	}
	return err
}

func (m *memory) Seats(_ context.Context, keys []int64) (map[int64][]string, error) {
	unlock, err := m.asked()
	defer unlock()
	seats := map[int64][]string{}
	for _, ch := range slices.Sorted(maps.Keys(m.channels)) {
		for _, key := range m.channels[ch] {
			if slices.Contains(keys, key) {
				seats[key] = append(seats[key], ch)
			}
		}
	}
	return seats, err
}

// state is what an archive holds of an entry, if it holds it as it stands.
func state(e *newsroom.Entry) string { return fmt.Sprint(e.Hash, e.Withdrawn.UnixMilli()) }

func (m *memory) Owed(_ context.Context, channel string, limit int) ([]newsroom.Owed, error) {
	unlock, err := m.asked()
	defer unlock()
	var entries, withdrawn []newsroom.Owed
	for _, key := range slices.Backward(slices.Sorted(slices.Values(m.channels[channel]))) {
		e := m.entries[key]
		was, held := m.held[channel][key]
		switch o := (newsroom.Owed{
			Key: key, At: e.Sort, FirstSeen: e.FirstSeen, House: e.House, Never: !held, Waits: m.waits[fmt.Sprint(channel, key)],
		}); {
		case was == state(&e):
		case e.Withdrawn.IsZero():
			entries = append(entries, o)
		default:
			o.At, o.Withdrawn = e.Withdrawn, true
			withdrawn = append(withdrawn, o)
		}
	}
	return append(entries[:min(len(entries), limit)], withdrawn[:min(len(withdrawn), limit)]...), err
}

func (m *memory) Await(_ context.Context, channel string, owed []newsroom.Owed) error {
	unlock, err := m.asked()
	defer unlock()
	for _, o := range owed {
		m.waits[fmt.Sprint(channel, o.Key)] = true
	}
	return err
}

func (m *memory) OwedOf(ctx context.Context, channel string, keys []int64) ([]newsroom.Owed, error) {
	owed, err := m.Owed(ctx, channel, 1e9)
	return slices.DeleteFunc(owed, func(o newsroom.Owed) bool { return o.Withdrawn || !slices.Contains(keys, o.Key) }), err
}

func (m *memory) Archives(_ context.Context, channel string, after int64, each func(newsroom.Archived) error) error {
	unlock, err := m.asked()
	defer unlock()
	for _, a := range m.archives[channel] {
		if err == nil && a.Number > after {
			err = each(a)
		}
	}
	return err
}

func (m *memory) PutArchive(_ context.Context, channel string, documents []newsroom.Archived, kept []newsroom.Kept) error {
	unlock, err := m.asked()
	defer unlock()
	if err != nil {
		return err
	}
	if n := len(m.archives[channel]); n > 0 && m.archives[channel][n-1].Number >= documents[0].Number {
		return newsroom.ErrConflict
	}
	m.archives[channel] = append(m.archives[channel], documents...)
	if m.held[channel] == nil {
		m.held[channel] = map[int64]string{}
	}
	for _, k := range kept {
		e := m.entries[k.Key]
		m.held[channel][k.Key] = state(&e)
	}
	return nil
}

// now is when the entries of the tests are of.
var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

const site = "https://news.example"

// wire is a foreign entry as the newsroom keeps it, n minutes old.
func wire(n int) newsroom.Entry {
	at := now.Add(-time.Duration(n) * time.Minute)
	return newsroom.Entry{
		Entry: feeds.Entry{
			GUID:      fmt.Sprintf("guid-%d", n),
			Title:     fmt.Sprintf("Lab ships model %d", n),
			Link:      fmt.Sprintf("https://lab.example/%d", n),
			Summary:   feeds.HTML(fmt.Sprintf("<p>What model %d can do.</p>", n)),
			Content:   feeds.HTML(fmt.Sprintf("<p>What model %d can do, at length.</p>", n)),
			Published: at,
		},
		Key: int64(1000 - n), ID: fmt.Sprintf("tag:news.example,2026:src:lab:%d", n),
		Source: "lab", FirstSeen: at, Sort: at, Hash: fmt.Sprintf("hash-%d", n),
	}
}

// article is a house entry, n minutes old.
func article(n int, slug string) newsroom.Entry {
	e := wire(n)
	e.Key, e.House, e.Source, e.Slug = int64(9000-n), true, newsroom.HouseSource, "articles/"+slug
	e.ID = "tag:news.example,2026-11-21:articles/" + slug
	e.GUID, e.Title, e.Link = e.Slug, "Our view: "+slug, site+"/articles/"+slug
	e.Hash, e.ReadingMinutes = "hash-"+slug, 4
	return e
}

func lab() newsroom.Source {
	return newsroom.Source{Slug: "lab", Name: "The Lab", URL: "https://lab.example/feed.xml", Publish: newsroom.PublishExcerpt}
}

func config() Config {
	return Config{
		Site: newsroom.Site{
			Title: "Stay Ahead of the Curve", Description: "Latest AI news", URL: site, Language: "en", Timezone: time.UTC,
		},
		Channels: []newsroom.Channel{
			{Name: "all", Title: "All AI news", Entries: 50},
			{Name: "house", Title: "Our own", Entries: 20},
		},
		Sources: []newsroom.Source{lab()},
		Hubs:    []string{site + "/hub"},
		Version: "1.0",
	}
}

// firstOnes is a line-up without caps.
func firstOnes(ch newsroom.Channel, refs []newsroom.Ref, _ *time.Location) []newsroom.Ref {
	return refs[:min(len(refs), ch.Entries)]
}

// newPublisher returns a publisher over a store, with the configuration above.
func newPublisher(m *memory) *Publisher {
	c := config()
	return &Publisher{Store: m, Config: func() Config { return c }, LineUp: firstOnes}
}

// filled returns a store with a few entries, and a publisher that rendered it.
func filled(t *testing.T) (*memory, *Publisher) {
	t.Helper()
	m := newMemory()
	for n := range 5 {
		m.add(wire(n), "all")
	}
	m.add(article(2, "gpt-6"), "all", "house")
	m.checks = []newsroom.Check{{Source: "lab", Title: "Lab News", SiteURL: "https://lab.example/"}}
	p := newPublisher(m)
	render(t, p)
	return m, p
}

func render(t *testing.T, p *Publisher) {
	t.Helper()
	if err := p.Render(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func document(t *testing.T, p *Publisher, path string) *Document {
	t.Helper()
	d := p.Shelf().Document(path)
	if d == nil {
		t.Fatalf("%s is not on the shelf", path)
	}
	return d
}

// ask sends a request with raw header lines, so that a field may stand twice.
func ask(h http.Handler, method, target string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ":")
		r.Header.Add(name, strings.TrimPrefix(value, " "))
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
