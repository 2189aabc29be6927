package ingest_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"newswire/feeds"
	"newswire/internal/ingest"
	"newswire/internal/newsroom"
)

// The benchmarks take documents of 25 entries of 3.3 KB XML, 2.0 KB of it
// HTML, beside gofeed parsing the same bytes alone. CPU is of the whole
// process: what the collector and SQLite do counts.

const benchEntries = 25

var vocabulary = strings.Fields(`the model of a new research company says that language training results for users with data
	and large open source agents will be able to reason about code images video safety policy market funding compute chips
	benchmark evaluation release version improves quality speed cost latency context window tokens memory tool calling`)

// paragraph writes about n bytes.
func paragraph(rng *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(vocabulary[rng.IntN(len(vocabulary))])
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

func benchFeed(seed uint64) *feeds.Feed {
	rng := rand.New(rand.NewPCG(seed, 7))
	f := &feeds.Feed{Title: "Bench", Link: "https://bench.test/", Language: "en"}
	for n := range benchEntries {
		var html strings.Builder
		for html.Len() < 1900 {
			fmt.Fprintf(&html, `<p>%s <a href="https://bench.test/l/%d">%s</a> %s</p>`, paragraph(rng, 150), n, paragraph(rng, 12), paragraph(rng, 90))
		}
		url := fmt.Sprintf("https://bench.test/%d/%s-%d", seed, strings.ReplaceAll(paragraph(rng, 20), " ", "-"), n)
		f.Entries = append(f.Entries, feeds.Entry{
			GUID: url, Permalink: true, Link: url, Title: paragraph(rng, 60), Summary: feeds.HTML(paragraph(rng, 300)), Content: feeds.HTML(html.String()),
			Authors: []feeds.Person{{Name: "A. Writer"}}, Categories: []feeds.Category{{Term: "ai"}, {Term: "research"}},
			Published: start.Add(-time.Duration(n) * time.Hour),
		})
	}
	return f
}

func benchXML(b *testing.B, f *feeds.Feed) []byte {
	b.Helper()
	var buf bytes.Buffer
	if err := feeds.Write(&buf, f, feeds.RSS); err != nil {
		b.Fatal(err)
	}
	return buf.Bytes()
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure runs f b.N times and reports the CPU it took.
func measure(b *testing.B, f func(i int)) {
	b.Helper()
	b.ResetTimer()
	before := cpu()
	for i := range b.N {
		f(i)
	}
	b.ReportMetric(float64(cpu()-before)/float64(b.N)/1e6, "cpu-ms/op")
}

func BenchmarkGofeedAlone(b *testing.B) {
	text := benchXML(b, benchFeed(1))
	b.Logf("%d bytes", len(text))
	measure(b, func(int) {
		if _, err := gofeed.NewParser().Parse(bytes.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := benchXML(b, benchFeed(1))
	measure(b, func(int) {
		if _, err := feeds.Parse(bytes.NewReader(text), feeds.ParseOptions{}); err != nil {
			b.Fatal(err)
		}
	})
}

// A bencher takes without the schedule around it: claims are made beforehand.
type bencher struct {
	*desk
	claims []newsroom.Claim
}

func newBencher(b *testing.B, sources int) *bencher {
	d := &bencher{desk: newDesk(b)}
	var slugs []string
	for i := range sources {
		slugs = append(slugs, fmt.Sprintf("s%d", i))
	}
	if err := d.store.Enroll(b.Context(), slugs, func(string) time.Time { return d.now }); err != nil {
		b.Fatal(err)
	}
	var err error
	if d.claims, err = d.store.Claim(b.Context(), slugs, d.now, sources, time.Hour, "bench"); err != nil || len(d.claims) != sources {
		b.Fatal(len(d.claims), err)
	}
	return d
}

func (d *bencher) takeClaimed(claim *newsroom.Claim, f *feeds.Feed) ingest.Outcome {
	out, err := d.door.Take(d.t.Context(), ingest.Delivery{Source: source(claim.Check.Source), Feed: f, At: d.now, Claim: claim,
		Settle: func(o ingest.Outcome) newsroom.Check { return settle(claim.Check, o, d.now, len(f.Entries)) }})
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

func BenchmarkTakeCold(b *testing.B) {
	d := newBencher(b, b.N)
	docs := make([]*feeds.Feed, b.N)
	for i := range docs {
		docs[i] = benchFeed(uint64(i))
	}
	measure(b, func(i int) {
		if out := d.takeClaimed(&d.claims[i], docs[i]); out.New != benchEntries {
			b.Fatalf("%+v", out)
		}
	})
}

func BenchmarkTakeOneNew(b *testing.B) { benchAgain(b, 1) }

func BenchmarkTakeUnchanged(b *testing.B) { benchAgain(b, 0) }

// benchAgain takes documents again, with some new entries in each.
func benchAgain(b *testing.B, fresh int) {
	d := newBencher(b, b.N)
	docs := make([]*feeds.Feed, b.N)
	for i := range docs {
		docs[i] = benchFeed(uint64(i))
		d.takeClaimed(&d.claims[i], &feeds.Feed{Entries: docs[i].Entries[fresh:]})
	}
	d.reclaim()
	measure(b, func(i int) {
		if out := d.takeClaimed(&d.claims[i], docs[i]); out.New != fresh || out.Updated != 0 {
			b.Fatalf("%+v", out)
		}
	})
}

func (d *bencher) reclaim() {
	var slugs []string
	for _, c := range d.claims {
		slugs = append(slugs, c.Check.Source)
	}
	d.now = d.now.Add(2 * time.Hour)
	var err error
	if d.claims, err = d.store.Claim(d.t.Context(), slugs, d.now, len(slugs), time.Hour, "bench"); err != nil || len(d.claims) != len(slugs) {
		d.t.Fatal(len(d.claims), err)
	}
}

// TestDiskPerEntry holds what an entry costs on disk: the file may not be
// larger than it must for 3.8 KB an entry.
func TestDiskPerEntry(t *testing.T) {
	sequential(t)
	d := newDesk(t)
	const sources = 200
	for i := range sources {
		d.poll(source(fmt.Sprintf("s%d", i)), benchFeed(uint64(i)).Entries...)
	}
	if err := d.store.Close(); err != nil { // folds the log into the file
		t.Fatal(err)
	}
	info, err := os.Stat(d.file)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("SKIPPED: it is about SQLite's file")
	}
	if err != nil {
		t.Fatal(err)
	}
	logs, _ := filepath.Glob(d.file + "-*")
	perEntry := float64(info.Size()) / (sources * benchEntries)
	t.Logf("%.2f KB an entry (%d bytes, logs %v)", perEntry/1000, info.Size(), logs)
	if perEntry > 3800 {
		t.Errorf("%.0f bytes an entry, want at most 3800", perEntry)
	}
}
