package hostile

import (
	"fmt"
	"strings"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// http1 returns the rows of HTTP framing.
func http1() []Row {
	doc, cut := Document(5), CutIn()
	return []Row{
		{ID: "H01", About: "200, gzip, ETag: the control row", Kept: 1, Class: "ok", Next: "N",
			Serve: feed(Gzip(doc), "Content-Encoding: gzip", `Etag: "v2"`)},
		{ID: "H02", About: "HTTP/1.0, close-delimited, complete", Kept: 1, Class: "ok", Next: "N",
			Serve: raw("HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\nEtag: \"v2\"\r\n\r\n" + doc)},
		{ID: "H03", About: "close-delimited, cut inside g3", Kept: 1, Class: "truncated", Next: "B",
			Serve: raw("HTTP/1.1 200 OK\r\nConnection: close\r\nEtag: \"v2\"\r\n\r\n" + cut)},
		{ID: "H03/new", About: "the same, source is new", Fresh: true, Kept: 2, Class: "truncated", Next: "B",
			Serve: raw("HTTP/1.1 200 OK\r\nConnection: close\r\nEtag: \"v2\"\r\n\r\n" + cut)},
		{ID: "H04", About: "Content-Length too long, cut inside g3", Kept: 1, Class: "truncated", Next: "B",
			Serve: raw(fmt.Sprintf("HTTP/1.1 200 OK\r\nEtag: \"v2\"\r\nContent-Length: %d\r\n\r\n%s", 2*len(doc), cut))},
		{ID: "H05", About: "chunked, no last chunk", Kept: 1, Class: "truncated", Next: "B",
			Serve: raw("HTTP/1.1 200 OK\r\nEtag: \"v2\"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(cut))},
		{ID: "H06", About: "invalid chunk size", Class: "proto", Next: "B",
			Serve: raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + doc)},
		{ID: "H07", About: "two different Content-Length", Class: "proto", Next: "B",
			Serve: raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n" + doc)},
		{ID: "H08", About: "Transfer-Encoding and Content-Length", Kept: 1, Class: "ok", Next: "N",
			Serve: raw("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(doc) + "0\r\n\r\n")},
		{ID: "H09", About: "empty body", Class: "empty", Next: "B", Serve: feed("")},
		{ID: "H10", About: "white space and a BOM", Class: "empty", Next: "B", Serve: feed("\ufeff \n\t\n")},
		{ID: "H11", About: "a login page", Class: "not_feed", Next: "P",
			Serve: feed(`<!DOCTYPE html><html><head><title>Log in</title><link rel="alternate" type="application/rss+xml" href="/case/H11/good"></head><body><form></form></body></html>`)},
		{ID: "H13", About: "an error as JSON", Class: "not_feed", Next: "P", Serve: feed(`{"error":"x"}`)},
		{ID: "H29", About: "103 without end", Class: "proto", Next: "B", Serve: func(x *Exchange, _ int) {
			flood(x, "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")
		}},
		{ID: "H30", About: "one header line without end", Class: "proto", Next: "B", Serve: func(x *Exchange, _ int) {
			x.Raw("HTTP/1.1 200 OK\r\nX-Long: ")
			flood(x, strings.Repeat("a", 4096))
		}},
		{ID: "H31", About: "the header drips, a byte a second", Slow: true, Class: "timeout_header", Next: "B", Serve: func(x *Exchange, _ int) {
			x.Drip("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nX-Pad: "+strings.Repeat("a", 100), time.Second)
		}},
		{ID: "H32", About: "100,000 short headers", Class: "proto", Next: "B", Serve: func(x *Exchange, _ int) {
			x.Raw("HTTP/1.1 200 OK\r\n")
			flood(x, strings.Repeat("A: b\r\n", 1000))
		}},
		{ID: "H33/status", About: "a status text that looks like a log line", Kept: 1, Class: "ok", Next: "N",
			Serve: raw("HTTP/1.1 200 OK \x1b[31m{\"level\":\"error\"}\r\nConnection: close\r\n\r\n" + doc)},
		{ID: "H33/nul", About: "a header with NUL", Class: "proto", Next: "B",
			Serve: raw("HTTP/1.1 200 OK\r\nX-A: a\x00b\nlevel=error msg=owned\r\n\r\n" + doc)},
		{ID: "H33/fold", About: "a folded header", Kept: 1, Class: "ok", Next: "N",
			Serve: raw("HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nConnection: close\r\n\r\n" + doc)},
		{ID: "H34/icy", About: "ICY 200 OK", Class: "proto", Next: "B", Serve: raw("ICY 200 OK\r\n\r\n" + doc)},
		{ID: "H34/ssh", About: "an SSH banner", Class: "proto", Next: "B", Serve: raw("SSH-2.0-OpenSSH_9.2\r\n")},
		{ID: "H34/smtp", About: "an SMTP banner", Class: "proto", Next: "B", Serve: raw("220 mail.test ESMTP\r\n")},
		{ID: "H35", About: "very many cookies", Kept: 1, Class: "ok", Next: "N", Serve: feed(doc, repeat("Set-Cookie: a=;", 3000)...)},
		{ID: "H39", About: "bytes after the answer on a kept connection", Kept: 1, Class: "ok", Next: "N",
			Serve: raw(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%sHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", len(doc), doc))},
		{ID: "H48", About: "a trailer with ETag and Location", Kept: 1, Class: "ok", Next: "N",
			Serve: raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Etag, Location\r\n\r\n" + chunk(doc) + "0\r\nEtag: \"t\"\r\nLocation: /evil\r\n\r\n")},
	}
}

func chunk(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

// flood writes until the visitor leaves, 64 MB at most.
func flood(x *Exchange, s string) {
	for range 64 << 20 / len(s) {
		if _, err := x.Write([]byte(s)); err != nil {
			return
		}
	}
}

func repeat(s string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = s
	}
	return list
}

// statuses returns the rows of status codes.
func statuses() []Row {
	doc := Document(5)
	rows := []Row{
		{ID: "H14/203", About: "203 with a feed", Kept: 1, Class: "ok", Next: "N", Serve: respond(203, doc)},
		{ID: "H15", About: "206 without Range", Class: "http_status", Next: "B", Serve: respond(206, CutIn(), `Etag: "v2"`)},
		{ID: "H19", About: "403", Class: "auth", Next: "P", Serve: respond(403, doc)},
		{ID: "H19/challenge", About: "403 with a challenge", Class: "auth", Next: "P", Text: "blocked by challenge", Serve: respond(403, doc, "cf-mitigated: challenge")},
		{ID: "H20", About: "404 once, then 200", Class: "http_4xx", Next: "P", Kept2: 1, Class2: "ok", Serve: func(x *Exchange, n int) {
			if n == 1 {
				x.Respond(404, nil, nil)
				return
			}
			x.Feed(doc)
		}},
		{ID: "H21", About: "410", Class: "gone", Next: "P", Serve: respond(410, "")},
		{ID: "H22", About: "429, Retry-After: 7200", Class: "rate_limited", Next: "RA", Wait: 2 * time.Hour, Serve: respond(429, "", "Retry-After: 7200")},
		{ID: "H23", About: "429 without a word", Class: "rate_limited", Next: "P", Serve: respond(429, "")},
		{ID: "H26", About: "503 with a valid feed", Class: "http_5xx", Next: "B", Serve: respond(503, doc)},
		{ID: "H27/999", About: "status 999", Class: "http_status", Next: "B", Serve: raw("HTTP/1.1 999 Denied\r\nContent-Length: 0\r\n\r\n")},
		{ID: "H27/099", About: "status 099", Class: "http_status", Next: "B", Serve: raw("HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n")},
		{ID: "H27/1000", About: "status 1000", Class: "proto", Next: "B", Serve: raw("HTTP/1.1 1000 X\r\nContent-Length: 0\r\n\r\n")},
		{ID: "H27/20O", About: "status 20O", Class: "proto", Next: "B", Serve: raw("HTTP/1.1 20O OK\r\nContent-Length: 0\r\n\r\n")},
		{ID: "H24/503-1h", About: "503, Retry-After: 3600", Class: "http_5xx", Next: "RA", Wait: time.Hour, Serve: respond(503, "", "Retry-After: 3600")},
	}
	for _, code := range []int{201, 202} {
		rows = append(rows, status("H14", code, "http_status", "B", doc))
	}
	for _, code := range []int{204, 205, 207} {
		rows = append(rows, status("H16", code, "http_status", "B", ""))
	}
	for _, code := range []int{400, 402, 405, 406, 418, 421, 425, 451} {
		rows = append(rows, status("H17", code, "http_4xx", "P", doc))
	}
	for _, code := range []int{401, 407} {
		rows = append(rows, status("H18", code, "auth", "P", doc))
	}
	for _, code := range []int{500, 502, 504, 520, 530} {
		rows = append(rows, status("H25", code, "http_5xx", "B", doc))
	}
	for _, code := range []int{300, 305, 306} {
		rows = append(rows, status("H28", code, "http_status", "P", doc))
	}
	for name, value := range map[string]string{"huge": "999999999", "2099": "Fri, 13 Mar 2099 10:00:00 GMT"} {
		rows = append(rows, Row{ID: "H24/429-" + name, About: "429, Retry-After: " + value, Class: "rate_limited", Next: "RA", Wait: 24 * time.Hour,
			Serve: respond(429, "", "Retry-After: "+value)})
	}
	for name, value := range map[string]string{"negative": "-5", "soon": "soon", "past": "Fri, 13 Mar 2020 10:00:00 GMT"} {
		rows = append(rows, Row{ID: "H24/429-" + name, About: "429, Retry-After: " + value, Class: "rate_limited", Next: "P",
			Serve: respond(429, "", "Retry-After: "+value)})
	}
	return rows
}

func status(id string, code int, class, next, body string) Row {
	return Row{ID: fmt.Sprintf("%s/%d", id, code), About: fmt.Sprintf("status %d", code), Class: class, Next: next,
		Text: fmt.Sprint(code), Serve: respond(code, body)}
}

// bodies returns the rows of content codings, content types and slow bodies.
func bodies() []Row {
	doc := Document(5)
	zipped := Gzip(doc)
	damaged := []byte(zipped)
	damaged[len(damaged)-6] ^= 0xff // in the checksum
	rows := []Row{
		{ID: "H36", About: "the body drips, a byte a second", Slow: true, Class: "timeout_body", Next: "B", Serve: func(x *Exchange, _ int) {
			x.Head(200, `Etag: "v2"`, fmt.Sprintf("Content-Length: %d", len(doc)))
			x.Drip(doc, time.Second)
		}},
		{ID: "H37", About: "the body stalls after g5", Slow: true, Kept: 1, Class: "timeout_body", Next: "B", Serve: func(x *Exchange, _ int) {
			x.Head(200, `Etag: "v2"`, fmt.Sprintf("Content-Length: %d", len(doc)))
			x.Raw(doc[:strings.Index(doc, Item(4))])
			x.Stall()
		}},
		{ID: "H38", About: "answers after 14 s", Slow: true, Kept: 1, Class: "ok", Next: "N", Serve: func(x *Exchange, _ int) {
			time.Sleep(14 * time.Second)
			x.Feed(doc)
		}},
		{ID: "H40/deflate", About: "deflate, not offered", Class: "content_encoding", Next: "P", Serve: feed(zipped[2:], "Content-Encoding: deflate")},
		{ID: "H40/compress", About: "compress, not offered", Class: "content_encoding", Next: "P", Serve: feed("\x1f\x9d\x90", "Content-Encoding: compress")},
		{ID: "H40/br", About: "br, which is offered", Kept: 1, Class: "ok", Next: "N", Serve: feed(brotlied(doc), "Content-Encoding: br")},
		{ID: "H40/zstd", About: "zstd, which is offered", Kept: 1, Class: "ok", Next: "N", Serve: feed(zstandard(doc), "Content-Encoding: zstd")},
		{ID: "H41", About: "gzip, gzip", Class: "content_encoding", Next: "P", Serve: feed(Gzip(zipped), "Content-Encoding: gzip, gzip")},
		{ID: "H42", About: "says gzip, is plain", Kept: 1, Class: "ok", Next: "N", Serve: feed(doc, "Content-Encoding: gzip")},
		{ID: "H43", About: "says nothing, is gzip", Kept: 1, Class: "ok", Next: "N", Serve: feed(zipped)},
		{ID: "H44", About: "gzip followed by garbage", Kept: 1, Class: "ok", Next: "N", Serve: feed(zipped+"garbage after the end", "Content-Encoding: gzip")},
		{ID: "H44/members", About: "two members of gzip", Kept: 1, Class: "ok", Next: "N", Serve: feed(Gzip(doc[:300])+Gzip(doc[300:]), "Content-Encoding: gzip")},
		{ID: "H45", About: "gzip cut in the middle", Class: "truncated", Next: "B", Serve: feed(zipped[:len(zipped)/2], "Content-Encoding: gzip", `Etag: "v2"`)},
		{ID: "H46", About: "gzip with a wrong checksum", Kept: 1, Class: "truncated", Next: "B", Serve: feed(string(damaged), "Content-Encoding: gzip", `Etag: "v2"`)},
		{ID: "H47", About: "multipart/x-mixed-replace without end", Class: "not_feed", Next: "P", Serve: func(x *Exchange, _ int) {
			x.Head(200, "Content-Type: multipart/x-mixed-replace; boundary=b")
			flood(x, "--b\r\nContent-Type: image/jpeg\r\n\r\n"+strings.Repeat("not a feed ", 400)+"\r\n")
		}},
	}
	for name, value := range map[string]string{
		"html": "text/html", "plain": "text/plain", "octets": "application/octet-stream", "none": "", "charset": "application/rss+xml; charset=",
	} {
		row := Row{ID: "H12/" + name, About: "a feed as Content-Type " + value, Kept: 1, Class: "ok", Next: "N"}
		if row.Serve = respond(200, doc, "Content-Type: "+value); value == "" {
			row.Serve = respond(200, doc)
		}
		rows = append(rows, row)
	}
	return rows
}

func brotlied(s string) string {
	var b strings.Builder
	w := brotli.NewWriter(&b)
	_, _ = w.Write([]byte(s)) // a Builder does not fail
	_ = w.Close()
	return b.String()
}

func zstandard(s string) string {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err) // no options, no error
	}
	return string(w.EncodeAll([]byte(s), nil))
}
