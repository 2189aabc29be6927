package feeds

import (
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A rate counts agreement with somebody else's expectations.
type rate struct{ hits, all int }

func (r *rate) hit() { r.hits++; r.all++ }

func (r *rate) miss(t testing.TB, format string, args ...any) {
	t.Helper()
	r.all++
	if testing.Verbose() {
		t.Logf("miss: "+format, args...)
	}
}

func (r *rate) compare(t testing.TB, what, got, want string) {
	t.Helper()
	if got == want {
		r.hit()
		return
	}
	r.miss(t, "%s: %.120q, want %.120q", what, got, want)
}

func (r *rate) percent() float64 { return 100 * float64(r.hits) / float64(max(r.all, 1)) }

func (r *rate) String() string { return fmt.Sprintf("%d of %d (%.2f %%)", r.hits, r.all, r.percent()) }

// checkFeed holds what Parse promises of every feed.
func checkFeed(t testing.TB, f *Feed) {
	t.Helper()
	line := func(s, what string, limit int) {
		t.Helper()
		if len(s) > limit {
			t.Errorf("%s of %d bytes", what, len(s))
		}
		if !utf8.ValidString(s) {
			t.Errorf("%s is not UTF-8: %q", what, s)
		}
		if i := strings.IndexFunc(s, func(r rune) bool { return !textLegalRune(r) }); i >= 0 {
			t.Errorf("%s holds %U: %.80q", what, []rune(s[i:])[0], s)
		}
	}
	persons := func(list []Person) {
		t.Helper()
		if len(list) > maxAuthors {
			t.Errorf("%d authors", len(list))
		}
		for _, p := range list {
			line(p.Name, "name", maxName)
			line(p.Email, "address", maxName)
			line(p.URI, "URL", maxURL)
		}
	}
	line(f.Title, "feed title", maxTitle)
	line(f.Subtitle, "subtitle", maxSummary)
	line(f.ID, "feed id", maxGUID)
	line(f.Link, "feed link", maxURL)
	line(f.Self, "self", maxURL)
	line(f.Icon+f.Logo, "icon", 2*maxURL)
	line(f.Rights+f.Language+f.Generator.Name+f.Generator.URI, "rights …", maxTitle+2*maxName+maxURL)
	persons(f.Authors)
	for _, l := range f.Links {
		line(l.Href, "link", maxURL)
		line(l.Rel+l.MediaType+l.Title, "link's texts", 2*maxTitle)
	}
	if len(f.Entries) > maxEntries {
		t.Errorf("%d entries", len(f.Entries))
	}
	for i := range f.Entries {
		e := &f.Entries[i]
		line(e.Title, "title", maxTitle)
		line(e.GUID, "guid", maxGUID)
		line(e.Link, "link", maxURL)
		line(e.External, "external link", maxURL)
		line(string(e.Summary), "summary", maxSummary)
		line(string(e.Content), "content", maxContent)
		line(e.Language+e.Rights, "language and rights", maxTitle+maxName)
		line(e.License, "license", maxURL)
		persons(e.Authors)
		if len(e.Categories) > maxCategories || len(e.Enclosures) > maxEnclosures || len(e.Images) > maxImages {
			t.Errorf("%d categories, %d enclosures, %d images", len(e.Categories), len(e.Enclosures), len(e.Images))
		}
		for _, c := range e.Categories {
			line(c.Term, "category", maxName)
			line(c.Label, "category", maxName)
			line(c.Scheme, "scheme", maxURL)
		}
		for _, x := range e.Enclosures {
			line(x.URL, "enclosure", maxURL)
			line(x.MediaType, "type", maxName)
			line(x.Title, "title", maxTitle)
		}
		for _, x := range e.Images {
			line(x.URL, "image", maxURL)
			line(x.MediaType, "type", maxName)
		}
		if e.Comments != nil {
			line(e.Comments.Page, "comments", maxURL)
			line(e.Comments.Feed, "comments", maxURL)
		}
		if e.Source != nil {
			line(e.Source.Title+e.Source.Self+e.Source.ID, "source", maxTitle+maxURL+maxGUID)
		}
	}
}

// allocated returns how many bytes f allocates in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

// rowTime is when the base document's item n was published.
func rowTime(n int) time.Time { return time.Date(2026, 11, 21, n, 0, 0, 0, time.UTC) }

// peakMemory returns by how much the heap grows while f runs, sampled.
func peakMemory(f func()) uint64 {
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	done := make(chan uint64)
	stop := make(chan struct{})
	go func() {
		var most uint64
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
			select {
			case <-stop:
				done <- most
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	most := <-done
	return most - min(most, before.HeapAlloc)
}
