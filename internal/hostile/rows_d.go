package hostile

import (
	"fmt"
	"strings"
	"time"
)

// dated returns the base document whose g5 has another date, given as markup.
func dated(markup string) string {
	item := Item(5)
	from := strings.Index(item, "<pubDate>")
	to := strings.Index(item, "<description>")
	return With(5, item[:from]+markup+item[to:])
}

// dates returns the rows of dates. That an entry is kept, and stays one, is
// asserted for all of them.
func dates() []Row {
	kept := func(id, about, doc string) Row {
		return Row{ID: id, About: about, Kept: 1, Class: "ok", Next: "N", Serve: feed(doc)}
	}
	pub := func(s string) string { return dated("<pubDate>" + s + "</pubDate>") }
	rows := []Row{
		kept("D01", "no date", dated("")),
		kept("D02/yesterday", "a word for a date", pub("yesterday")),
		kept("D02/korean", "a date in Korean", pub("2004-05-25 오후 11:23")),
		kept("D03", "a date in the future", pub("Fri, 01 Jan 2027 00:00:00 GMT")),
		kept("D10", "Atom with updated only", atomFeed(`<link href="https://o.test/5"/>`)),
		kept("D12", "dc:date and pubDate disagree", dated(`<pubDate>Tue, 01 Sep 2026 13:00:00 GMT</pubDate><dc:date xmlns:dc="http://purl.org/dc/elements/1.1/">2001-01-01</dc:date>`)),
		kept("D15", "a new item with a date of long ago", pub("Tue, 02 Jun 2026 08:00:00 GMT")),
		kept("D16", "the channel's own dates in the future", inject("<pubDate>Fri, 13 Mar 2099 10:00:00 GMT</pubDate><lastBuildDate>Fri, 13 Mar 2099 10:00:00 GMT</lastBuildDate>")),
		{ID: "D08", About: "every date is now, at every poll", Kept: 1, Class: "ok", Next: "N", Serve: func(x *Exchange, n int) {
			x.Feed(pub(epoch.Add(time.Duration(100+n) * time.Hour).Format(time.RFC1123Z)))
		}},
		{ID: "D09", About: "a date moves back a year", Kept: 1, Class: "ok", Next: "N", Serve: func(x *Exchange, n int) {
			x.Feed(pub(epoch.AddDate(-n, 0, 0).Format(time.RFC1123Z)))
		}},
	}
	for i, s := range []string{"0001-01-01T00:00:00Z", "0100-01-01", "Mon, 01 Jan 1900 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "9999-12-31T23:59:59-99:99"} {
		rows = append(rows, kept(fmt.Sprintf("D04/%d", i), "a date beyond reason: "+s, pub(s)))
	}
	for i, s := range []string{"Tue, 1 Sep 26 13:00 GMT", "1 Sept 2026 13:00:00 GMT", "Wed, 01 Sep 2026 13:00:00 GMT", "Tue,01 Sep 2026 13:00:00 EST", "01 Sep 2026 24:00:00 MET", "31 Feb 2026 10:00:00 -0000", "Tue, 01 Sep 2026 13:00:60 GMT-01:01"} {
		rows = append(rows, kept(fmt.Sprintf("D05/%d", i), "a date written in its own way: "+s, pub(s)))
	}
	return rows
}
