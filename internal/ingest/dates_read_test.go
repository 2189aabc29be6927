package ingest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"newswire/feeds"
)

// writtenDates are rows D02, D05–D07, D12 and D14 of the catalogue: how
// publishers write dates, and which instant it is. Empty: it says nothing that
// can be believed, and the entry counts from when it was first seen.
var writtenDates = []struct{ row, markup, want string }{
	{"D02", "<pubDate>yesterday</pubDate>", ""},
	{"D02", "<pubDate>2004-05-25 오후 11:23</pubDate>", ""},
	{"D02", "<pubDate>Τρί, 25 Μαΐ</pubDate>", ""},
	{"D05", "<pubDate>Sat, 21 Nov 26 09:00:00 GMT</pubDate>", "2026-11-21T09:00:00Z"},
	{"D05", "<pubDate>Sat, 21 Nov 2026 09:00 GMT</pubDate>", "2026-11-21T09:00:00Z"},
	{"D05", "<pubDate>Sat,21 Nov 2026 09:00:00 GMT</pubDate>", "2026-11-21T09:00:00Z"},
	{"D05", "<pubDate>Sat 21 Nov 2026 09:00:00 GMT</pubDate>", "2026-11-21T09:00:00Z"},
	{"D05", "<pubDate>21 Nov 2026 9:00:00 GMT</pubDate>", "2026-11-21T09:00:00Z"},
	{"D05", "<pubDate>Sat, 21  November  2026 09:00:00 GMT</pubDate>", "2026-11-21T09:00:00Z"},
	{"D05", "<pubDate>Sat, 5 Sept 2026 09:00:00 GMT</pubDate>", "2026-09-05T09:00:00Z"},
	{"D05", "<pubDate>Mon, 21 Nov 2026 09:00:00 GMT</pubDate>", "2026-11-21T09:00:00Z"}, // it was a Saturday
	{"D05", "<pubDate>\n  Sat, 21 Nov 2026 09:00:00 GMT\n</pubDate>", "2026-11-21T09:00:00Z"},
	{"D05", "<pubDate>2026-11-21 09:00:00</pubDate>", "2026-11-21T09:00:00Z"},
	{"D05", "<pubDate>2026-11-21T09:00:00.123456+05:30</pubDate>", "2026-11-21T03:30:00.123Z"},
	{"D05", "<pubDate>Nov 21, 2026 9:00 AM</pubDate>", "2026-11-21T09:00:00Z"},
	{"D06", "<pubDate>Sat, 21 Nov 2026 09:00:00 EST</pubDate>", "2026-11-21T14:00:00Z"},
	{"D06", "<pubDate>Sat, 21 Nov 2026 09:00:00 EDT</pubDate>", "2026-11-21T13:00:00Z"},
	{"D06", "<pubDate>Sat, 21 Nov 2026 09:00:00 PT</pubDate>", "2026-11-21T17:00:00Z"},
	{"D06", "<pubDate>Sat, 21 Nov 2026 09:00:00 MET</pubDate>", "2026-11-21T08:00:00Z"},
	{"D06", "<pubDate>Sat, 21 Nov 2026 09:00:00 MEST</pubDate>", "2026-11-21T07:00:00Z"},
	{"D06", "<pubDate>Sat, 21 Nov 2026 09:00:00 Z</pubDate>", "2026-11-21T09:00:00Z"},
	{"D06", "<pubDate>Sat, 21 Nov 2026 09:00:00 Etc/GMT</pubDate>", "2026-11-21T09:00:00Z"},
	{"D06", "<pubDate>Sat, 21 Nov 2026 09:00:00 -0000</pubDate>", "2026-11-21T09:00:00Z"},
	{"D06", "<pubDate>Sat, 21 Nov 2026 09:00:00 GMT-01:01</pubDate>", "2026-11-21T10:01:00Z"},
	{"D06", "<pubDate>Sat, 21 Nov 2026 09:00:00</pubDate>", "2026-11-21T09:00:00Z"}, // none is UTC
	{"D07", "<pubDate>2026-11-21T24:00:00Z</pubDate>", "2026-11-22T00:00:00Z"},
	{"D07", "<pubDate>2026-11-21T23:59:60Z</pubDate>", "2026-11-22T00:00:00Z"},
	{"D07", "<pubDate>Sat, 31 Feb 2026 09:00:00 GMT</pubDate>", ""},
	{"D07", "<pubDate>Sat, 99 Jun 2026 09:00:00 GMT</pubDate>", ""},
	{"D12", "<dc:date>2020-01-01</dc:date><pubDate>Sat, 21 Nov 2026 05:00:00 GMT</pubDate>", "2026-11-21T05:00:00Z"}, // pubDate wins
	{"D12", "<pubDate>Sat, 21 Nov 2026 05:00:00 GMT</pubDate><dc:date>2020-01-01</dc:date>", "2026-11-21T05:00:00Z"},
	{"D12", "<dc:date>2020-01-01</dc:date><pubDate>soon</pubDate>", "2020-01-01T00:00:00Z"},
	{"D14", "<pubDate>Sun, 29 Mar 2026 02:30:00 CET</pubDate>", "2026-03-29T01:30:00Z"}, // an hour that the clocks skipped
	{"D14", "<pubDate>Sun, 25 Oct 2026 02:30:00 CEST</pubDate>", "2026-10-25T00:30:00Z"},
	{"D14", "<pubDate>Sun, 25 Oct 2026 02:30:00 CET</pubDate>", "2026-10-25T01:30:00Z"}, // the same hour once more
	{"D14", "<pubDate>2026-03-29T02:30:00</pubDate>", "2026-03-29T02:30:00Z"},
}

// TestWrittenDates takes them from bytes to the store, and again: each entry is
// kept, has the instant that is meant, and keeps it.
func TestWrittenDates(t *testing.T) {
	var b strings.Builder
	b.WriteString(`<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>O</title><link>https://o.test/</link><description>d</description>`)
	for i, d := range writtenDates {
		fmt.Fprintf(&b, "<item><guid isPermaLink=\"false\">urn:date:%d</guid><link>https://o.test/%d</link><title>Entry %d</title>%s<description>Text.</description></item>", i, i, i, d.markup)
	}
	b.WriteString("</channel></rss>")
	d := newDesk(t)
	d.now = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	seen := d.now
	for range 2 {
		feed, err := feeds.Parse(strings.NewReader(b.String()), feeds.ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		d.pollFeed(source("o"), feed)
	}
	d.holds(len(writtenDates))
	for i, c := range writtenDates {
		found := d.find(fmt.Sprintf("https://o.test/%d", i))
		if len(found) != 1 {
			t.Errorf("%s %s: %d entries", c.row, c.markup, len(found))
			continue
		}
		want := seen
		if c.want != "" {
			var err error
			if want, err = time.Parse(time.RFC3339Nano, c.want); err != nil {
				t.Fatal(err)
			}
		}
		if e := found[0]; !e.Published.Equal(want) || !e.Sort.Equal(want) || !e.FirstSeen.Equal(seen) {
			t.Errorf("%s %s: published %v, at %v, first seen %v; want %v", c.row, c.markup, e.Published, e.Sort, e.FirstSeen, want)
		}
	}
}
