package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"newswire/feeds"
	"newswire/internal/articles"
	"newswire/internal/egress"
	"newswire/internal/ingest"
	"newswire/internal/newsroom"
	"newswire/internal/poll"
	"newswire/internal/publish"
	"newswire/internal/store"
	"newswire/internal/web"
)

// A wire is the parts that work together under one configuration, which a
// reload replaces as a whole.
type wire struct {
	now       atomic.Pointer[settings]
	store     *store.Store
	client    *egress.Client
	door      *ingest.Door
	poller    *poll.Poller
	publisher *publish.Publisher
	figures   *figures
	log       *slog.Logger
	articles  string // folder of the house's articles, empty: none; another one takes effect at the next start

	houseMu  sync.Mutex // one reading of the house's folder at a time
	view     atomic.Pointer[pageView]
	sites    atomic.Pointer[map[string]string] // by slug
	reloaded atomic.Pointer[web.Reload]
	pinned   atomic.Pointer[pins]
	// purgeRefused says why the last purge was refused; nil: it was not.
	purgeRefused  atomic.Pointer[string]
	summaryFailed atomic.Pointer[string] // what editors should have been told and were not; nil: nothing
	summaryMade   string                 // the last day of which a summary was asked for; of keepSummary alone
	redecide      chan struct{}          // capacity one: stored entries are to be decided again
}

// lookAgain is how soon what another process stored is published.
const lookAgain = 5 * time.Second

// openWire opens the store and makes all parts, none of which runs yet.
func openWire(ctx context.Context, s *settings, log *slog.Logger) (*wire, error) {
	db, err := store.Open(ctx, s.database())
	if err != nil {
		return nil, err
	}
	w := &wire{store: db, log: log, figures: newFigures(), articles: s.path(s.config.Articles), redecide: make(chan struct{}, 1)}
	w.now.Store(s)
	w.sites.Store(&map[string]string{})
	w.client = egress.New(newEgress(s))
	w.door = newDoor(w, s)
	w.poller = &poll.Poller{
		Client:   w.client,
		Store:    db,
		Take:     w.take,
		Policy:   poll.Policy{MinInterval: s.config.Fetch.MinInterval, MaxInterval: s.config.Fetch.MaxInterval},
		Location: s.site.Timezone,
		Workers:  s.config.Fetch.Workers,
		Owner:    nodeName(),
		Robots:   egress.RobotsNamed,
		Log:      log,
		Observe:  w.figures.observe,
	}
	if err := w.poller.SetSources(s.bySlug()); err != nil {
		db.Close()
		return nil, err
	}
	w.publisher = &publish.Publisher{
		Store:     db,
		Config:    func() publish.Config { return w.publishConfig(ctx) },
		LineUp:    w.lineUp,
		Settle:    s.config.Server.Settle,
		Published: func([]string) { w.learnSites(ctx) },
		Wait:      new(web.Rations).Wait,
		Idle:      lookAgain,
		Log:       log,
	}
	return w, nil
}

// quietWire returns a wire over a store that is open already, for commands that
// look and decide: nothing of it polls or publishes. A daemon sees by itself
// what is new in the store.
func quietWire(s *settings, db *store.Store) *wire {
	w := &wire{store: db, log: slog.New(slog.DiscardHandler)}
	w.now.Store(s)
	w.door = newDoor(w, s)
	w.door.Changed = nil
	return w
}

func (w *wire) close() error {
	w.client.Close()
	return w.store.Close()
}

func newEgress(s *settings) egress.Config {
	return egress.Config{
		Version:       version,
		Contact:       s.contact(),
		AllowNetworks: s.config.Fetch.AllowNetworks,
		HostInterval:  s.config.Fetch.HostInterval,
	}
}

func newDoor(w *wire, s *settings) *ingest.Door {
	return &ingest.Door{
		Store:   w.store,
		Curator: func() ingest.Curator { return w.now.Load().rules },
		Sources: func(slug string) (newsroom.Source, bool) { return w.now.Load().configured(slug) },
		Guard:   ingest.Guard{FirstImport: s.config.Guard.FirstImport, Burst: s.config.Guard.Burst},
		Site:    s.site.URL,
		Changed: func() { w.publisher.Nudge() },
	}
}

// nodeName tells this process's claims from those of others.
func nodeName() string { return fmt.Sprintf("%s/%d", hostName(), os.Getpid()) }

func hostName() string {
	host, err := os.Hostname()
	if err != nil {
		return "node"
	}
	return host
}

// deadNode reports whether a claim was made by a process of this machine that
// is no more. A claim under our own name was made by one that had our number
// before us.
func deadNode(owner string) bool {
	host, number, _ := strings.Cut(owner, "/")
	pid, err := strconv.Atoi(number)
	if err != nil || host != hostName() {
		return false
	}
	return pid == os.Getpid() || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// take hands what was polled to the door.
func (w *wire) take(ctx context.Context, src newsroom.Source, claim newsroom.Claim, r poll.Reading, settle func(poll.Outcome) newsroom.Check) (poll.Outcome, error) {
	out, err := w.door.Take(ctx, ingest.Delivery{
		Source: src, Feed: r.Feed, At: r.At, Partial: r.Partial,
		Complete: r.Feed != nil && r.Feed.Complete && !r.Partial,
		Claim:    &claim,
		Settle:   func(o ingest.Outcome) newsroom.Check { return settle(pollOutcome(o)) },
	})
	return pollOutcome(out), err
}

func pollOutcome(o ingest.Outcome) poll.Outcome {
	return poll.Outcome{
		New: o.New, Updated: o.Updated, Held: o.Held, Dropped: o.Dropped,
		Realiased: o.Realiased, Cut: o.Cut, GapSuspected: o.GapSuspected,
		KeyPolicy: o.KeyPolicy, Notes: o.Notes, Rhythm: o.Rhythm, Window: o.Window,
	}
}

// readHouse takes in the house's own articles as they stand in their folder.
// It returns when the next embargo ends; zero if there is none.
func (w *wire) readHouse(ctx context.Context) (next time.Time, err error) {
	w.houseMu.Lock()
	defer w.houseMu.Unlock()
	s := w.now.Load()
	if w.articles == "" {
		return time.Time{}, nil
	}
	folder, err := os.OpenRoot(w.articles)
	if err != nil {
		return time.Time{}, fmt.Errorf("articles: %w", err)
	}
	defer folder.Close()
	now := time.Now()
	reading, err := readArticles(folder.FS(), s, now)
	if err != nil {
		return time.Time{}, err
	}
	for _, p := range reading.Problems {
		w.log.Warn("article", "problem", p.String())
	}
	published, err := w.store.HouseEntries(ctx)
	if err != nil {
		return reading.Next, err
	}
	if reading.Files == 0 && standing(published) > 0 {
		// More likely than not it is the wrong folder, or a drive that is not there.
		return reading.Next, fmt.Errorf("articles: %s holds no article, but %d are published; they stay (to withdraw the last one, give it the line \"retracted: …\")",
			w.articles, standing(published))
	}
	_, err = w.door.Take(ctx, ingest.Delivery{
		Source: s.house(), Feed: reading.Feed, At: now, Complete: true,
		Articles: reading.Articles, Keep: keep(reading.Broken, published),
	})
	return reading.Next, err
}

// standing counts the articles of the house's folder that were not withdrawn.
func standing(published []newsroom.Entry) (n int) {
	for _, e := range published {
		if e.Source == newsroom.HouseSource && e.Withdrawn.IsZero() {
			n++
		}
	}
	return n
}

// keep adds to the names of files that cannot be read the GUIDs under which
// they were published: a broken file may no longer say its id.
func keep(broken []string, published []newsroom.Entry) []string {
	kept := slices.Clone(broken)
	for _, e := range published {
		if slices.Contains(broken, e.Slug) {
			kept = append(kept, e.GUID)
		}
	}
	return kept
}

func readArticles(fsys fs.FS, s *settings, now time.Time) (articles.Reading, error) {
	dir := &articles.Dir{FS: fsys, BaseURL: s.site.URL, Timezone: s.site.Timezone}
	return dir.Read(now)
}

// publishConfig is asked before each rendering.
func (w *wire) publishConfig(ctx context.Context) publish.Config {
	s := w.now.Load()
	if found, err := w.findPins(ctx); err == nil {
		w.pinned.Store(&found)
	} else {
		w.log.Warn("pinned entries cannot be looked up now; those known stay", "error", err)
	}
	return publish.Config{
		Site:     s.site,
		Channels: s.channels,
		Sources:  append([]newsroom.Source{s.house()}, s.sources...),
		Version:  version,
	}
}

// A pageView is what the pages are made from, and what it was made of itself.
type pageView struct {
	view     *web.View
	shelf    uint64
	settings *settings
	sites    *map[string]string
}

// currentView returns what the pages are made from. It is made anew when
// something was published or configured; the store is not asked for it.
func (w *wire) currentView() *web.View {
	s, shelf, sites := w.now.Load(), w.publisher.Shelf(), w.sites.Load()
	old := w.view.Load()
	if old != nil && old.shelf == shelf.Version() && old.settings == s && old.sites == sites {
		return old.view
	}
	if shelf == nil {
		return nil
	}
	next := &pageView{newView(s, shelf, *sites), shelf.Version(), s, sites}
	next.view.Version = 1
	if old != nil {
		next.view.Version = old.view.Version + 1
	}
	if !w.view.CompareAndSwap(old, next) {
		return w.view.Load().view
	}
	return next.view
}

func newView(s *settings, shelf *publish.Shelf, sites map[string]string) *web.View {
	view := &web.View{
		Site: s.site, Articles: shelf.House(), Changed: shelf.Changed(),
		Sources: map[string]web.SourceInfo{newsroom.HouseSource: {Name: s.site.Title, URL: s.site.URL + "/"}},
	}
	for _, ch := range shelf.Channels() {
		entries, _ := shelf.LineUp(ch.Name)
		self := map[feeds.Format]string{}
		for _, f := range []feeds.Format{feeds.RSS, feeds.Atom, feeds.JSONFeed} {
			self[f] = s.site.URL + publish.FeedPath(ch.Name, f)
		}
		view.Channels = append(view.Channels, web.ChannelView{Channel: ch, Entries: entries, Self: self})
	}
	for _, src := range s.sources {
		view.Sources[src.Slug] = web.SourceInfo{Name: src.Name, URL: sites[src.Slug], FeedURL: publicURL(src)}
	}
	return view
}

// learnSites remembers the sources' own web sites as their feeds name them.
func (w *wire) learnSites(ctx context.Context) {
	checks, err := w.store.Checks(ctx)
	if err != nil {
		w.log.Warn("the sources' own sites are not known now", "error", err)
		return
	}
	sites := map[string]string{}
	for _, c := range checks {
		sites[c.Source] = c.SiteURL
	}
	if old := w.sites.Load(); old == nil || !maps.Equal(*old, sites) {
		w.sites.Store(&sites)
	}
}

// publicURL is a source's feed as everybody may know it: empty where the
// address may hold a secret.
func publicURL(src newsroom.Source) string {
	u, err := url.Parse(src.URL)
	if err != nil || src.Private || len(src.Headers) > 0 || publish.Secret(u) {
		return ""
	}
	return src.URL
}
