package publish

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"newswire/feeds"
	"newswire/internal/ingest"
	"newswire/internal/newsroom"
	"newswire/internal/store"
)

// TestDepth measures, side by side in one run, what it costs to take in a
// document with one new entry and to publish it, by how many entries are
// stored. NEWSWIRE_DEPTH names the numbers, as 10000,100000,1000000; without it
// nothing is measured, for filling the largest takes minutes. (.ci/bench-depth
// runs it.)
func TestDepth(t *testing.T) {
	asked := os.Getenv("NEWSWIRE_DEPTH")
	if asked == "" {
		t.Skip("SKIPPED: a long measurement; .ci/bench-depth does it")
	}
	var depths []*depth
	for number := range strings.SplitSeq(asked, ",") {
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal("NEWSWIRE_DEPTH:", err)
		}
		depths = append(depths, newDepth(t, n))
	}
	const rounds = 40
	var parse []time.Duration
	for round := range rounds {
		for i := range depths { // each is first in turn
			depths[(round+i)%len(depths)].round(round)
		}
		parse = append(parse, spent(func() {
			if _, err := gofeed.NewParser().Parse(bytes.NewReader(depthDocument(round))); err != nil {
				t.Fatal(err)
			}
		}))
	}
	reference := middle(parse)
	t.Logf("gofeed alone, the same document: %.2f ms of processor time", ms(reference))
	for _, d := range depths {
		t.Logf("%8d entries, filled in %4.0f s, %5d MB: take %6.2f ms (%.2f × gofeed), publish %6.2f ms", d.entries, d.filled.Seconds(), d.megabytes(),
			ms(middle(d.took)), ms(middle(d.took))/ms(reference), ms(middle(d.published)))
	}
	first, last := depths[0], depths[len(depths)-1]
	growth := ms(middle(last.published)) / ms(middle(first.published))
	t.Logf("publishing after one new entry: %.2f × from %d to %d entries (at most 1.3)", growth, first.entries, last.entries)
	if growth > 1.3 {
		t.Error("publishing costs more the more entries are stored")
	}
	if most := ms(middle(last.took)) / ms(reference); most > 1.5 {
		t.Errorf("taking in one new entry costs %.2f × gofeed's processor time with %d entries stored; at most 1.5", most, last.entries)
	}
}

// A depth is a store with so many entries.
type depth struct {
	*newsdesk
	entries         int
	filled          time.Duration
	took, published []time.Duration
}

func newDepth(t *testing.T, entries int) *depth {
	file := filepath.Join(t.TempDir(), "news.db")
	began := time.Now()
	stock(t, file, entries)
	d := &depth{newsdesk: openDesk(t, file), entries: entries, filled: time.Since(began)}
	d.take(depthStart, depthFeed(t, -1).Entries...)
	d.render()
	return d
}

var depthStart = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// round takes a document with one new entry and publishes it.
func (d *depth) round(n int) {
	body := depthDocument(n)
	d.took = append(d.took, spent(func() {
		feed, err := feeds.Parse(bytes.NewReader(body), feeds.ParseOptions{})
		if err != nil {
			d.t.Fatal(err)
		}
		d.deliver(ingest.Delivery{Source: lab(), At: depthStart.Add(time.Duration(n+1) * time.Hour), Feed: feed})
	}))
	d.published = append(d.published, spent(d.render))
}

func (d *depth) megabytes() int64 {
	info, err := os.Stat(d.file)
	if err != nil {
		d.t.Fatal(err)
	}
	return info.Size() >> 20
}

// depthFeed is a feed of 25 entries, 80 KB in all, of which one was not in
// the document before.
func depthFeed(t testing.TB, n int) *feeds.Feed {
	feed := &feeds.Feed{Title: "Lab News", Link: "https://lab.example/", ID: "urn:lab"}
	for i := n + 25; i > n; i-- {
		feed.Entries = append(feed.Entries, feeds.Entry{GUID: fmt.Sprintf("urn:depth:%d", i), Title: fmt.Sprintf("What the lab found in its study numbered %d", i),
			Link: fmt.Sprintf("https://lab.example/studies/%d", i), Published: depthStart.Add(time.Duration(i-30) * time.Hour),
			Content: feeds.HTML(strings.Repeat(fmt.Sprintf("<p>In study %d, <a href=\"https://lab.example/a\">the lab</a> found that models of a <em>kind</em> behave.</p>\n", i), 28))})
	}
	return feed
}

func depthDocument(n int) []byte {
	var b bytes.Buffer
	if err := feeds.Write(&b, depthFeed(nil, n), feeds.RSS); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// stock makes a database of entries by bulk insert: of 1,000 sources, all in the
// channel "all", as a year would have left it.
func stock(t *testing.T, file string, entries int) {
	s, err := store.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), &newsroom.Intake{Source: "filled", New: []*newsroom.Arrival{{IDs: []string{"urn:first"}, Channels: []string{"all"},
		Entry: newsroom.Entry{Source: "filled", FirstSeen: depthStart.AddDate(-1, 0, 0), Sort: depthStart.AddDate(-1, 0, 0)}}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	base := depthStart.AddDate(-1, 0, 0).UnixMilli()
	step := 360 * 24 * time.Hour.Milliseconds() / int64(entries)
	numbers := fmt.Sprintf(`WITH RECURSIVE c(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM c WHERE n <= %d) `, entries)
	for _, query := range []string{
		`PRAGMA synchronous = OFF`, `PRAGMA cache_size = -400000`,
		`WITH RECURSIVE c(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM c WHERE n <= 1000) INSERT INTO sources (key, slug, next) SELECT n, 'filled-' || n, 0 FROM c`,
		numbers + fmt.Sprintf(`INSERT INTO entries (key, source, house, verdict, raw, hash, text_hash, link_hash, first_seen, sort, published, updated, changed, touched,
			withdrawn, purged, words, rule, id, guid, link, title, also, meta, summary, content)
			SELECT n, 1 + n %% 1000, 0, 0, n, n, n, n * 7919, %[1]d + n * %[2]d, %[1]d + n * %[2]d, %[1]d + n * %[2]d, 0, 0, 0, 0, 0, 300, 'default', 'urn:filled:' || n, NULL,
			'https://filled.example/' || n, 'The title of the entry numbered ' || n, '', '{}', '<p>What it says in short.</p>', replace(hex(zeroblob(700)), '0', 'x') FROM c`, base, step),
		numbers + fmt.Sprintf(`INSERT INTO members (channel, sort, entry, source, house) SELECT 1, %d + n * %d, n, 1 + n %% 1000, 0 FROM c`, base, step),
		numbers + `INSERT OR IGNORE INTO ids (hash, entry) SELECT random(), n FROM c`,
		numbers + `INSERT OR IGNORE INTO links (hash, entry) SELECT n * 7919, n FROM c`,
		numbers + fmt.Sprintf(`INSERT INTO aliases (source, hash, kind, entry, first_seen) SELECT 1 + n %% 1000, randomblob(16), 1, n, %d FROM c`, base),
		numbers + fmt.Sprintf(`INSERT INTO aliases (source, hash, kind, entry, first_seen) SELECT 1 + n %% 1000, randomblob(16), 3, n, %d FROM c`, base),
		`UPDATE sequence SET last = (SELECT max(key) FROM entries) WHERE name = 'entries'`,
		`PRAGMA wal_checkpoint(TRUNCATE)`,
	} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatalf("%.80s: %v", query, err)
		}
	}
}

// spent returns the processor time that f takes.
func spent(f func()) time.Duration {
	before := processor()
	f()
	return processor() - before
}

func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func middle(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }
