package store_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSettle is what an unchanged source costs the store: its claim, one
// of a batch, and one small write.
func BenchmarkSettle(b *testing.B) {
	s := openStore(b, filepath.Join(b.TempDir(), "news.db"))
	names := slugs(1000)
	due(b, s, names...)
	check := newsroom.Check{Next: start, Class: newsroom.ClassOK, Validators: newsroom.Validators{ETag: `"abcdef"`, LastModified: "Mon, 01 Mar 2026 12:00:00 GMT"}, FinalURL: "https://source.test/feed.xml", Title: "A source"}
	for range 25 {
		check.Window = append(check.Window, "0123456789ab")
		check.Rhythm = append(check.Rhythm, start)
	}
	now := start
	for b.Loop() {
		b.StopTimer()
		claims, err := s.Claim(b.Context(), names, now, 32, time.Minute, "me")
		if err != nil || len(claims) == 0 {
			b.Fatal(len(claims), err)
		}
		now = now.Add(time.Second)
		b.StartTimer()
		before := cpu()
		var wg sync.WaitGroup
		for _, c := range claims { // as many workers settle at once
			wg.Go(func() {
				mine := check
				mine.Next = now
				if err := s.Settle(b.Context(), c, mine); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
		b.ReportMetric(float64(cpu()-before)/float64(len(claims))/1e6, "cpu-ms/settle")
	}
}

// BenchmarkLineUp is what a channel's rendering asks of the store, beside
// more and more stored entries. NEWSWIRE_BENCH_ENTRIES adds a larger store.
func BenchmarkLineUp(b *testing.B) {
	sizes := []int{1_000, 30_000}
	if n, err := strconv.Atoi(os.Getenv("NEWSWIRE_BENCH_ENTRIES")); err == nil {
		sizes = append(sizes, n)
	}
	for _, size := range sizes {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			s := openStore(b, filepath.Join(b.TempDir(), "news.db"))
			for n := 0; n < size; n += 500 {
				in := &newsroom.Intake{Source: "a", At: start}
				for i := range 500 {
					a := arrival("a", n+i)
					a.Content = feeds.HTML(strings.Repeat("text of two kilobytes ", 90))
					in.New = append(in.New, a)
				}
				commit(b, s, in)
			}
			before := cpu()
			for b.Loop() {
				refs, err := s.Refs(b.Context(), "all", 200)
				if err != nil || len(refs) != 200 {
					b.Fatal(len(refs), err)
				}
				var keys []int64
				for _, r := range refs[:50] {
					keys = append(keys, r.Key)
				}
				if entries, err := s.Entries(b.Context(), keys); err != nil || len(entries) != 50 {
					b.Fatal(len(entries), err)
				}
			}
			b.ReportMetric(float64(cpu()-before)/float64(b.N)/1e6, "cpu-ms/op")
		})
	}
}
