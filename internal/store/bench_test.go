package store_test

import (
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

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
