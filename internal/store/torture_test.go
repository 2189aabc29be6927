package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"newswire/internal/egress"
	"newswire/internal/ingest"
	"newswire/internal/newsroom"
	"newswire/internal/poll"
	"newswire/internal/store"
)

// Torture: one refresh that brings new, changed and withdrawn entries, holds a
// flood and asks for something to be done outside, in which one call fails;
// once for each call that there is.

// A scene is the world of one refresh: an origin, and us.
type scene struct {
	t        *testing.T
	saboteur *saboteur
	origin   *httptest.Server
	second   bool          // the origin offers its second document
	clock    time.Duration // how far our clock is ahead
	jump     time.Duration // for the clock reading that fails
	file     string
	store    *store.Store
}

const (
	firstDocument  = 8  // entries 8 … 1
	secondDocument = 13 // 13 … 2: 1 is gone, 2 and 3 are changed, 9 … 13 are new
	tortureBurst   = 3
)

func newScene(t *testing.T) *scene {
	s := &scene{t: t, saboteur: &saboteur{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.origin = httptest.NewUnstartedServer(http.HandlerFunc(s.answer))
	_ = s.origin.Listener.Close()
	s.origin.Listener = &faultyListener{l, s.saboteur}
	s.origin.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.origin.Start()
	t.Cleanup(s.origin.Close)
	return s
}

// answer gives the document in several pieces, so that it can be cut between
// them. It says that it lists all there is.
func (s *scene) answer(w http.ResponseWriter, r *http.Request) {
	from, to, tag := firstDocument, 1, `"first"`
	if s.second {
		from, to, tag = secondDocument, 2, `"second"`
	}
	w.Header().Set("ETag", tag)
	w.Header().Set("Content-Type", "application/rss+xml")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	fmt.Fprint(w, `<rss version="2.0" xmlns:fh="http://purl.org/syndication/history/1.0"><channel><fh:complete/><title>Origin</title><link>https://o.test/</link><description>d</description>`)
	for n := from; n >= to; n-- {
		edit := ""
		if s.second && n <= 3 {
			edit = ", corrected"
		}
		fmt.Fprintf(w, `<item><guid isPermaLink="false">urn:t:%d</guid><link>https://o.test/%d</link><title>What happened in case %d%s</title><description>The text of %d.</description></item>`, n, n, n, edit, n)
		if n%3 == 0 {
			w.(http.Flusher).Flush()
		}
	}
	fmt.Fprint(w, `</channel></rss>`)
}

// open opens our store through the saboteur.
func (s *scene) open() {
	s.t.Helper()
	var err error
	if s.store, err = store.OpenThrough(s.t.Context(), s.file, s.saboteur.driver); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) close() {
	s.t.Helper()
	if err := s.store.Close(); err != nil {
		s.t.Fatal(err)
	}
}

// now is a reading of our clock; the one that fails is years off.
func (s *scene) now(real time.Time) time.Time {
	if s.saboteur.call("clock") {
		return real.Add(s.clock + s.jump)
	}
	return real.Add(s.clock)
}

// sceneStore reads our clock where the poller does, and asks for something to
// be done outside with each intake that brings something new.
type sceneStore struct {
	*store.Store
	scene *scene
}

func (s sceneStore) ClaimSource(ctx context.Context, slug string, now time.Time, lease time.Duration, owner string) (newsroom.Claim, error) {
	return s.Store.ClaimSource(ctx, slug, s.scene.now(now), lease, owner)
}

func (s sceneStore) Commit(ctx context.Context, in *newsroom.Intake) error {
	if len(in.New) > 0 {
		in.Outbox = []newsroom.Message{{Kind: "push", Name: "newest " + in.New[0].GUID, Due: in.At}}
	}
	return s.Store.Commit(ctx, in)
}

type publishAll struct{}

func (publishAll) Decide(newsroom.Source, *newsroom.Entry, time.Time) newsroom.Verdict {
	return newsroom.Verdict{Decision: newsroom.Publish, Rule: "default"}
}

func (publishAll) Channels(newsroom.Source, *newsroom.Entry, time.Time) []string {
	return []string{"all"}
}

// refresh asks the origin once, three hours after the last time.
func (s *scene) refresh() (poll.Result, error) {
	s.clock += 3 * time.Hour
	client := egress.New(egress.Config{Version: "test", Contact: "https://news.example.com/bot",
		AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	defer client.Close()
	db := sceneStore{s.store, s}
	door := &ingest.Door{Store: db, Curator: func() ingest.Curator { return publishAll{} },
		Guard: ingest.Guard{FirstImport: 100, Burst: tortureBurst}, Site: "https://news.example.com"}
	p := &poll.Poller{Client: client, Store: db, Owner: "torture", Log: slog.New(slog.DiscardHandler),
		Take: func(ctx context.Context, src newsroom.Source, claim newsroom.Claim, r poll.Reading, settle func(poll.Outcome) newsroom.Check) (poll.Outcome, error) {
			out, err := door.Take(ctx, ingest.Delivery{Source: src, Feed: r.Feed, At: s.now(r.At), Partial: r.Partial, Complete: r.Feed.Complete && !r.Partial,
				Claim: &claim, Settle: func(o ingest.Outcome) newsroom.Check { return settle(poll.Outcome{New: o.New, Window: o.Window}) }})
			return poll.Outcome{New: out.New, Held: out.Held}, err
		}}
	src := newsroom.Source{Slug: "o", Name: "O", URL: s.origin.URL + "/feed.xml", Weight: 1}
	if err := p.SetSources(map[string]newsroom.Source{"o": src}); err != nil {
		s.t.Fatal(err)
	}
	return p.Ask(s.t.Context(), "o")
}

// inMemory is a folder that is not on a disk, where there is one: what fails
// here is not the disk.
func inMemory(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "newswire-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// begin makes the database as it is before the refresh, in one file.
func (s *scene) begin(dir string) (base string) {
	s.file = filepath.Join(dir, "base.db")
	s.open()
	if res, err := s.refresh(); err != nil || res.Outcome.New != firstDocument {
		s.t.Fatalf("the first refresh: %+v, %v", res.Outcome, err)
	}
	base = filepath.Join(dir, "copy.db")
	if err := s.store.Backup(s.t.Context(), base); err != nil {
		s.t.Fatal(err)
	}
	s.close()
	s.second = true
	return base
}

// torture lets one call of a refresh fail, or the process die in it, looks at
// what is left, and asks again. It returns the calls of the refresh that failed.
func (s *scene) torture(base string, at int, after, dies bool, want string) []string {
	s.t.Helper()
	s.file = filepath.Join(filepath.Dir(base), "run.db")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(s.file + suffix)
	}
	data, err := os.ReadFile(base)
	if err == nil {
		err = os.WriteFile(s.file, data, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.open()
	s.saboteur.arm(at, after, dies)
	res, err := s.refresh()
	calls := s.saboteur.disarm()
	if dies {
		_ = s.store.Close()
	}
	what := "nothing"
	if at > 0 && at <= len(calls) {
		what = calls[at-1]
	}
	said := err == nil && res.Class.Good()
	for _, problem := range s.problems(said) {
		s.t.Errorf("call %d fails (%.90s): %s", at, what, problem)
	}
	if dies {
		s.open()
	}
	if res, err := s.refresh(); err != nil || !res.Class.Good() {
		s.t.Errorf("call %d failed (%.90s); the next refresh: %s %s, %v", at, what, res.Class, res.Problem, err)
	}
	s.close()
	for _, problem := range s.problems(true) {
		s.t.Errorf("call %d failed (%.90s), and the next refresh did not: %s", at, what, problem)
	}
	if got := s.dump(!storeCall(what) && what != "nothing"); want != "" && got != want && storeCall(what) {
		s.t.Errorf("call %d failed (%.90s), and the next refresh did not:\n%s\nwant\n%s", at, what, got, want)
	}
	return calls
}

// sound are questions to which the answer of a database that is whole is 0.
var sound = map[string]string{
	"entries without a public id":   `SELECT count(*) FROM entries e WHERE NOT EXISTS (SELECT 1 FROM ids i WHERE i.entry = e.key)`,
	"entries with the same id":      `SELECT count(*) FROM entries a JOIN entries b ON a.id = b.id AND a.key < b.key`,
	"entries with the same link":    `SELECT count(*) FROM entries a JOIN entries b ON coalesce(a.link, a.id) = coalesce(b.link, b.id) AND a.key < b.key`,
	"entries nobody would know":     `SELECT count(*) FROM entries e WHERE NOT EXISTS (SELECT 1 FROM aliases a WHERE a.entry = e.key AND a.source = e.source)`,
	"aliases of nothing":            `SELECT count(*) FROM aliases WHERE entry <> 0 AND entry NOT IN (SELECT key FROM entries)`,
	"places of nothing":             `SELECT count(*) FROM members WHERE entry NOT IN (SELECT key FROM entries)`,
	"places of what is held":        `SELECT count(*) FROM members m JOIN entries e ON e.key = m.entry WHERE e.verdict <> 0 OR e.withdrawn <> 0`,
	"published without a place":     `SELECT count(*) FROM entries e WHERE e.verdict = 0 AND e.withdrawn = 0 AND NOT EXISTS (SELECT 1 FROM members m WHERE m.entry = e.key)`,
	"places at another time":        `SELECT count(*) FROM members m JOIN entries e ON e.key = m.entry WHERE e.sort <> m.sort`,
	"links of nothing":              `SELECT count(*) FROM links WHERE entry NOT IN (SELECT key FROM entries)`,
	"versions of nothing":           `SELECT count(*) FROM versions WHERE entry NOT IN (SELECT key FROM entries)`,
	"keys beyond the sequence":      `SELECT count(*) FROM entries WHERE key > (SELECT last FROM sequence WHERE name = 'entries')`,
	"broken references":             `SELECT count(*) FROM pragma_foreign_key_check`,
	"damages":                       `SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'`,
	"second validators, no entries": `SELECT count(*) FROM sources WHERE json_extract(state, '$.validators.etag') = '"second"' AND (SELECT count(*) FROM entries) < 13`,
	"entries, and no push is asked": `SELECT count(*) FROM (SELECT 1) WHERE (SELECT count(*) FROM entries) > 8 AND (SELECT count(*) FROM outbox) < 2`,
}

// problems says what is not whole. If a refresh said that all was well, all of
// the document must be there.
func (s *scene) problems(said bool) (all []string) {
	db, err := sql.Open("sqlite", s.file)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	count := func(query string) (n int) {
		if err := db.QueryRow(query).Scan(&n); err != nil {
			s.t.Fatalf("%s: %v", query, err)
		}
		return n
	}
	for what, query := range sound {
		if n := count(query); n != 0 {
			all = append(all, fmt.Sprintf("%d %s", n, what))
		}
	}
	if n := count(`SELECT count(*) FROM entries`); said && n != secondDocument {
		all = append(all, fmt.Sprintf("%d entries are stored, %d were acknowledged", n, secondDocument))
	}
	if n := count(`SELECT count(*) FROM entries WHERE title LIKE '%corrected'`); said && n != 2 {
		all = append(all, fmt.Sprintf("%d of 2 corrections are stored", n))
	}
	slices.Sort(all)
	return all
}

// dump is all that a refresh is about, but for times. What a document that was
// cut brought, a later one does not bring at once: then other entries are held.
func (s *scene) dump(cut bool) string {
	db, err := sql.Open("sqlite", s.file)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	var b strings.Builder
	for _, query := range []string{
		`SELECT coalesce(guid, id) || ' ' || id || ' ' || title || CASE withdrawn WHEN 0 THEN '' ELSE ' withdrawn' END FROM entries ORDER BY 1`,
		`SELECT coalesce(e.guid, e.id) || ' was ' || v.title FROM versions v JOIN entries e ON e.key = v.entry ORDER BY 1`,
		`SELECT kind || ' ' || name FROM outbox ORDER BY 1`,
		`SELECT count(*) || ' aliases' FROM aliases`,
		`SELECT verdict || ': ' || count(*) FROM entries WHERE NOT $1 GROUP BY verdict ORDER BY 1`,
		`SELECT 'withdrawn in ' || count(*) FROM withdrawals`,
	} {
		var args []any
		if strings.Contains(query, "$1") {
			args = append(args, cut)
		}
		rows, err := db.Query(query, args...)
		if err != nil {
			s.t.Fatal(err)
		}
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				s.t.Fatal(err)
			}
			fmt.Fprintln(&b, line)
		}
		if err := rows.Err(); err != nil {
			s.t.Fatal(err)
		}
	}
	return b.String()
}

// TestTorture lets every call of a refresh fail in turn, until a run passes
// untouched, or the process die in it: of the store (connecting, preparing, each statement, each row,
// beginning, committing; a commit also so that it is done and nobody hears of
// it), of the network, and of the clock. After each, the store is whole,
// nothing acknowledged is lost, and the next refresh makes everything good.
// It dies in a third of the calls, in all of them where NEWSWIRE_TORTURE is set.
func TestTorture(t *testing.T) {
	s := newScene(t)
	base := s.begin(inMemory(t))
	s.torture(base, 0, false, false, "")
	want := s.dump(false)
	if !strings.Contains(want, "2: 2\n") || !strings.Contains(want, "urn:t:1 What happened in case 1 withdrawn") || strings.Count(want, " was ") != 2 {
		t.Fatalf("the scene is not what it should be:\n%s", want)
	}
	var calls []string
	commits, network, clock := 0, 0, 0
	for at := 1; ; at++ {
		s.jump = 10 * 365 * 24 * time.Hour
		calls = s.torture(base, at, false, false, want)
		if at > len(calls) {
			break
		}
		switch what := calls[at-1]; {
		case what == "exec COMMIT":
			commits++
			s.torture(base, at, true, false, want)
			s.torture(base, at, true, true, want)
		case what == "clock":
			clock++
			s.jump = -56 * 365 * 24 * time.Hour
			s.torture(base, at, false, false, want)
		case !storeCall(what):
			network++
		case at%3 == 0 || os.Getenv("NEWSWIRE_TORTURE") != "":
			s.torture(base, at, false, true, want)
		}
	}
	t.Logf("%d calls failed in turn: %d of the network, %d readings of the clock, %d commits", len(calls), network, clock, commits)
	if commits == 0 || network < 3 || clock < 2 || len(calls) < 50 {
		t.Errorf("that is not a refresh: %q", calls)
	}
}
