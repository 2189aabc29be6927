package feeds

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"
)

// benchFeed is a channel of 100 entries of 3.3 KB, 330 KB in all.
func benchFeed() *Feed {
	f := maximalFeed(RSS)
	f.Entries = nil
	body := HTML(strings.Repeat(`<p>Hello &amp; wörld, more text <a href="https://lab.example/x?a=1&amp;b=2">and a link</a>.</p>`, 33))
	for i := range 100 {
		page := fmt.Sprintf("https://src.example/2026/11/story-%d", i)
		e := Entry{
			GUID: page, Title: fmt.Sprintf("Story %d of the day", i), Link: page,
			Summary: "<p>What it says, in a sentence or two.</p>", Content: body,
			Authors:    []Person{{Name: "Ada Lovelace"}},
			Categories: []Category{{Term: "models"}, {Term: "research"}},
			Images:     []Image{{URL: page + ".jpg", Width: 1200, Height: 675}},
			Published:  outDay(20, 9).Add(time.Duration(i) * time.Minute),
			Source:     &Feed{ID: "tag:src.example,2020:feed", Title: "Source", Link: "https://src.example/", Self: "https://src.example/feed.xml"},
		}
		f.Entries = append(f.Entries, e)
	}
	return f
}

// BenchmarkWrite writes 100 entries in each format. The reference is the least
// that any writer must do: escaping the same text once.
func BenchmarkWrite(b *testing.B) {
	f := benchFeed()
	for _, o := range outFormats {
		b.Run(string(o.format), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(outBytes(b, f, o.format))))
			var buf bytes.Buffer
			for b.Loop() {
				buf.Reset()
				if err := Write(&buf, f, o.format); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("reference: xml.EscapeText of the content", func(b *testing.B) {
		var buf bytes.Buffer
		total := 0
		for b.Loop() {
			buf.Reset()
			total = 0
			for i := range f.Entries {
				total += len(f.Entries[i].Content)
				if err := xml.EscapeText(&buf, []byte(f.Entries[i].Content)); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.SetBytes(int64(total))
	})
}
