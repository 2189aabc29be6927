package hostile

import (
	"compress/gzip"
	"fmt"
	"io"
	"strings"
)

const mebi = 1 << 20

// sizes returns the rows of size and compression.
func sizes() []Row {
	doc := Document(5)
	return []Row{
		{ID: "Z01", About: "exactly 10 MiB", Kept: 1, Class: "ok", Next: "N", Serve: lazily(func() string { return padded(10 * mebi) })},
		{ID: "Z02", About: "10 MiB and a byte", Kept: 1, Class: "too_large", Next: "X", Serve: lazily(func() string { return padded(10*mebi + 1) }, `Etag: "v2"`)},
		{ID: "Z03", About: "2 MB of gzip that unpack to 2 GiB", Class: "bomb", Next: "X", Serve: func(x *Exchange, _ int) { bomb(x, "") }},
		{ID: "Z04", About: "a bomb that begins with g5", Kept: 1, Class: "bomb", Next: "X",
			Serve: func(x *Exchange, _ int) { bomb(x, doc[:strings.Index(doc, Item(4))]) }},
		{ID: "Z05", About: "200,000 items: more than we take, and than 10 MiB", Fresh: true, Kept: 1000, Class: "limits", Next: "N",
			Serve: lazily(func() string { return head + many(60_000) + tail })},
		{ID: "Z06/title", About: "a title of 2 MB", Kept: 1, Class: "ok_partial", Next: "N",
			Serve: lazily(func() string {
				return With(5, strings.Replace(Item(5), "Story 5", strings.Repeat("Größe ", 300_000), 1))
			})},
		{ID: "Z06/description", About: "a description of 5 MB", Kept: 1, Class: "ok_partial", Next: "N",
			Serve: lazily(func() string {
				return With(5, strings.Replace(Item(5), "Text of story 5.", strings.Repeat("Größe ", 700_000), 1))
			})},
		{ID: "Z07", About: "100,000 categories", Kept: 1, Class: "ok_partial", Or: "ok", Next: "N",
			Serve: lazily(func() string {
				return With(5, strings.Replace(Item(5), "</item>", strings.Repeat("<category>c</category>", 100_000)+"</item>", 1))
			})},
		{ID: "Z08", About: "a link of 100 KB", Kept: 1, Class: "ok_partial", Next: "N",
			Serve: lazily(func() string {
				return With(5, strings.Replace(Item(5), "https://o.test/5", "https://o.test/5?"+strings.Repeat("a", 100_000), 1))
			})},
		{ID: "Z09", About: "a guid of 1 MB", Kept: 1, Class: "ok", Next: "N",
			Serve: lazily(func() string {
				return With(5, strings.Replace(Item(5), "urn:t:g5", "urn:t:g5"+strings.Repeat("a", mebi), 1))
			})},
		{ID: "Z10", About: "valid items without end", Fresh: true, Kept: 1000, Class: "too_large", Next: "X", Serve: func(x *Exchange, _ int) {
			x.Head(200, "Content-Type: text/xml")
			x.Raw(head)
			for i := 1; ; i++ {
				if _, err := io.WriteString(x, Item(i)); err != nil {
					return
				}
			}
		}},
		{ID: "Z11", About: "Content-Length of 2^63-1, small body", Kept: 1, Class: "truncated", Next: "B",
			Serve: raw("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n" + CutIn())},
		{ID: "Z12/elements", About: "g5, then a million empty elements", Kept: 1, Class: "limits", Next: "P",
			Serve: lazily(func() string { return after5(strings.Repeat("<a/>", 2_100_000)) })},
		{ID: "Z12/depth", About: "g5, then a million nested elements", Kept: 1, Class: "limits", Next: "P",
			Serve: lazily(func() string { return after5(strings.Repeat("<a>", 1_000_000)) })},
		{ID: "Z12/attributes", About: "g5, then 200,000 attributes", Kept: 1, Class: "limits", Next: "P",
			Serve: lazily(func() string { return after5("<a" + attributes(200_000) + "/>") })},
	}
}

// lazily answers with a document that is too large to be made for every test.
func lazily(doc func() string, headers ...string) func(*Exchange, int) {
	return func(x *Exchange, _ int) { x.Feed(doc(), headers...) }
}

// padded returns the base document with a comment that makes it n bytes long,
// behind the items.
func padded(n int) string {
	doc := strings.TrimSuffix(Document(5), tail)
	const open, end = "<!--", "-->"
	return doc + open + strings.Repeat("x", n-len(doc)-len(open)-len(end)-len(tail)) + end + tail
}

// after5 returns the base document with something between g5 and g4.
func after5(s string) string { return strings.Replace(Document(5), Item(4), s+Item(4), 1) }

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` a%d=""`, i)
	}
	return b.String()
}

// many returns n short items.
func many(n int) string {
	var b strings.Builder
	for i := n; i >= 1; i-- {
		fmt.Fprintf(&b, "<item><guid>urn:t:g%d</guid><link>https://o.test/%d</link><title>Story %d</title></item>\n", i, i, i)
	}
	return b.String()
}

// bomb writes gzip that unpacks to 2 GiB of zeros after some start.
func bomb(x *Exchange, start string) {
	x.Head(200, "Content-Type: text/xml", "Content-Encoding: gzip")
	z := gzip.NewWriter(x)
	defer z.Close()
	if _, err := io.WriteString(z, start); err != nil {
		return
	}
	zeros := make([]byte, mebi)
	for range 2048 {
		if _, err := z.Write(zeros); err != nil {
			return
		}
	}
}
