package hostile

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// epoch is when g1 of the base document was published.
var epoch = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// Item returns the n-th item of the base document: guid urn:t:gN.
func Item(n int) string {
	return fmt.Sprintf(`<item><guid isPermaLink="false">urn:t:g%d</guid><link>https://o.test/%d</link><title>Story %d</title>`+
		`<pubDate>%s</pubDate><description>&lt;p&gt;Text of story %d.&lt;/p&gt;</description></item>`+"\n",
		n, n, n, epoch.Add(time.Duration(n)*time.Hour).Format(time.RFC1123Z), n)
}

const (
	head = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<rss version="2.0"><channel><title>Origin</title><link>https://o.test/</link><description>d</description>` + "\n"
	tail = "</channel></rss>\n"
)

// Document returns the base document with the items n … 1, newest first.
func Document(n int) string {
	items := make([]string, 0, n)
	for i := n; i >= 1; i-- {
		items = append(items, Item(i))
	}
	return Channel(items...)
}

// Channel returns an RSS document with the given items.
func Channel(items ...string) string { return head + strings.Join(items, "") + tail }

// inject returns the base document with some markup in front of the items.
func inject(markup string) string { return head + markup + strings.TrimPrefix(Document(5), head) }

// With returns g5 … g1, with the n-th written by another hand.
func With(n int, item string) string { return strings.Replace(Document(5), Item(n), item, 1) }

// CutIn returns the base document cut inside g3, after g5 and g4.
func CutIn() string {
	doc := Document(5)
	return doc[:strings.Index(doc, "Text of story 3")]
}

// Gzip compresses.
func Gzip(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(s)) // a Buffer does not fail
	_ = z.Close()
	return b.String()
}

// Respond writes a complete answer.
func (x *Exchange) Respond(status int, headers []string, body []byte) {
	x.Head(status, append(headers, fmt.Sprintf("Content-Length: %d", len(body)))...)
	x.Raw(string(body))
}

// Head writes a status line and headers.
func (x *Exchange) Head(status int, headers ...string) {
	x.Raw(fmt.Sprintf("HTTP/1.1 %d %s\r\n", status, http.StatusText(status)) + strings.Join(headers, "\r\n") + "\r\n\r\n")
}

// Feed answers 200 with a document.
func (x *Exchange) Feed(doc string, headers ...string) {
	x.Respond(200, append([]string{"Content-Type: application/rss+xml"}, headers...), []byte(doc))
}

// Good answers as a good origin does: with validators, and 304.
func (x *Exchange) Good(doc, etag string) {
	const modified = "Tue, 01 Sep 2026 12:00:00 GMT"
	if x.Header.Get("If-None-Match") == etag {
		x.Head(304, "Etag: "+etag, "Last-Modified: "+modified)
		return
	}
	x.Feed(doc, "Etag: "+etag, "Last-Modified: "+modified)
}

// Drip writes bytes one by one, with a pause before each.
func (x *Exchange) Drip(s string, pause time.Duration) {
	for i := range len(s) {
		time.Sleep(pause)
		if _, err := x.Write([]byte{s[i]}); err != nil {
			return
		}
	}
}

// Reset ends the connection with RST.
func (x *Exchange) Reset() { reset(x.Conn) }

func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // then it is a FIN, and the row fails
	}
	conn.Close()
}

// Stall keeps the connection open until the visitor leaves.
func (x *Exchange) Stall() { stall(x.Conn) }

func stall(conn net.Conn) {
	var b [512]byte
	for {
		if _, err := conn.Read(b[:]); err != nil {
			return
		}
	}
}

// serve makes a behavior of an answer that is always the same.
func feed(doc string, headers ...string) func(*Exchange, int) {
	return func(x *Exchange, _ int) { x.Feed(doc, headers...) }
}

func respond(status int, body string, headers ...string) func(*Exchange, int) {
	return func(x *Exchange, _ int) { x.Respond(status, headers, []byte(body)) }
}

func raw(s string) func(*Exchange, int) {
	return func(x *Exchange, _ int) { x.Raw(s) }
}
