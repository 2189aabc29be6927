package hostile

import (
	"fmt"
	"strings"
	"time"
)

// caching returns the rows of lies about what has changed.
func caching() []Row {
	doc := Document(5)
	notModified := func(headers ...string) func(*Exchange, int) {
		return func(x *Exchange, _ int) {
			if x.Header.Get("If-None-Match") == "" && x.Header.Get("If-Modified-Since") == "" {
				x.Feed(doc, `Etag: "v2"`)
				return
			}
			x.Head(304, headers...)
		}
	}
	rows := []Row{
		{ID: "C01", About: "a correct 304", Class: "not_modified", Next: "N", Serve: notModified(`Etag: "v1"`)},
		{ID: "C02", About: "304 to an unconditional request", Fresh: true, Class: "http_status", Next: "B", Serve: func(x *Exchange, _ int) { x.Head(304) }},
		{ID: "C04", About: "constant ETag, new body", Kept: 1, Class: "ok", Next: "N", Serve: feed(doc, `Etag: "v1"`)},
		{ID: "C05", About: "new ETag each time, same body", Class: "ok", Next: "N",
			Serve: func(x *Exchange, n int) { x.Feed(Document(4), fmt.Sprintf(`Etag: "n%d"`, n)) }},
		{ID: "C07", About: "an ETag of 8 KB", Kept: 1, Class: "ok", Next: "N", Serve: feed(doc, `Etag: "`+strings.Repeat("e", 8<<10)+`"`)},
		{ID: "C08", About: "an ETag with control bytes", Class: "proto", Next: "B", Serve: feed(doc, "Etag: \"a\x01b\x00\"")},
		{ID: "C08/escape", About: "an ETag with bytes beyond ASCII", Kept: 1, Class: "ok", Next: "N", Serve: feed(doc, "Etag: \"a\xff\xfe\"")},
		{ID: "C10", About: "Last-Modified the same, ETag new", Kept: 1, Class: "ok", Next: "N",
			Serve: feed(doc, `Etag: "v2"`, "Last-Modified: Tue, 01 Sep 2026 12:00:00 GMT")},
		{ID: "C11", About: "304 with another ETag", Class: "not_modified", Next: "N", Serve: notModified(`Etag: "v1-bis"`)},
		{ID: "C13", About: "max-age of a year", Kept: 1, Class: "ok", Next: "RA", Wait: 24 * time.Hour, Serve: feed(doc, "Cache-Control: max-age=31536000")},
		{ID: "C14", About: "max-age 0, ttl 1, a thousand times an hour", Kept: 1, Class: "ok", Next: "N",
			Serve: feed(inject("<ttl>1</ttl>"), "Cache-Control: max-age=0")},
		{ID: "C16", About: "skipHours all day, skipDays all week", Kept: 1, Class: "ok", Next: "N", Serve: feed(inject(skipAll()))},
		{ID: "C17", About: "Date in another year, Age of 30 years", Kept: 1, Class: "ok", Next: "N",
			Serve: feed(doc, "Date: Tue, 01 Sep 2020 12:00:00 GMT", "Age: 1000000000", "Expires: Tue, 01 Sep 2099 12:00:00 GMT")},
		{ID: "C18", About: "an older document with a new ETag", Class: "ok", Next: "N", Serve: feed(Document(3), `Etag: "v0"`)},
		{ID: "C19", About: "two nodes alternate old and new", Kept: 1, Class: "ok", Next: "N", Serve: func(x *Exchange, n int) {
			x.Feed(Document(4+n%2), fmt.Sprintf(`Etag: "node%d"`, n%2))
		}},
		{ID: "C21", About: "304 with a body", Class: "not_modified", Next: "N", Serve: func(x *Exchange, _ int) {
			x.Raw("HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil")
		}},
		{ID: "C22", About: "Vary: *, private", Kept: 1, Class: "ok", Next: "N", Serve: feed(doc, "Vary: *", "Cache-Control: private", `Etag: "v2"`)},
	}
	for name, tag := range map[string]string{"weak": `W/"x"`, "suffix": `"x-gzip"`, "bare": `x`, "empty": `""`, "commas": `"a,b, c"`} {
		rows = append(rows, Row{ID: "C06/" + name, About: "ETag " + tag, Kept: 1, Class: "ok", Next: "N", Serve: feed(doc, "Etag: "+tag)})
	}
	for name, date := range map[string]string{"1970": "Thu, 01 Jan 1970 00:00:00 GMT", "2099": "Fri, 13 Mar 2099 10:00:00 GMT", "yesterday": "yesterday", "odd": "Sat, 21 Nov 2026 10:00:00 +0000"} {
		rows = append(rows, Row{ID: "C09/" + name, About: "Last-Modified " + date, Kept: 1, Class: "ok", Next: "N", Serve: feed(doc, "Last-Modified: "+date)})
	}
	for name, header := range map[string]string{"no-store": "Cache-Control: no-store", "zero": "Expires: 0", "minus": "Expires: -1"} {
		rows = append(rows, Row{ID: "C12/" + name, About: header, Kept: 1, Class: "ok", Next: "N", Serve: feed(doc, header, `Etag: "v2"`)})
	}
	for name, ttl := range map[string]string{"negative": "-5", "text": "abc", "huge": "1" + strings.Repeat("0", 30)} {
		rows = append(rows, Row{ID: "C15/" + name, About: "ttl " + ttl, Kept: 1, Class: "ok", Next: "N≤24h", Serve: feed(inject("<ttl>" + ttl + "</ttl>"))})
	}
	return rows
}

func skipAll() string {
	var b strings.Builder
	b.WriteString("<skipHours>")
	for h := range 24 {
		fmt.Fprintf(&b, "<hour>%d</hour>", h)
	}
	b.WriteString("</skipHours><skipDays>")
	for d := time.Sunday; d <= time.Saturday; d++ {
		fmt.Fprintf(&b, "<day>%s</day>", d)
	}
	b.WriteString("</skipDays>")
	return b.String()
}
