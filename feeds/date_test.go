package feeds

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestParseDate holds the dialects: rows D02 and D04 to D07 of the catalogue
// of hostile origins among them.
func TestParseDate(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		// The usual.
		{"Sat, 21 Nov 2026 09:00:00 GMT", "2026-11-21T09:00:00Z"},
		{"Sat, 21 Nov 2026 09:00:00 +0100", "2026-11-21T08:00:00Z"},
		{"2026-11-21T09:00:00Z", "2026-11-21T09:00:00Z"},
		{"2026-11-21T09:00:00.123456+05:30", "2026-11-21T03:30:00.123456Z"},
		{"  2026-11-21T09:00:00Z\n", "2026-11-21T09:00:00Z"},
		// D05: parts that are short, missing, spelled otherwise or wrong.
		{"Sat, 21 Nov 26 09:00:00 GMT", "2026-11-21T09:00:00Z"},
		{"Sat, 21 Nov 2026 09:00 GMT", "2026-11-21T09:00:00Z"},
		{"Sat,21 Nov 2026 09:00:00 GMT", "2026-11-21T09:00:00Z"},
		{"Sat 21 Nov 2026 09:00:00 GMT", "2026-11-21T09:00:00Z"},
		{"21 Nov 2026 9:00:00 GMT", "2026-11-21T09:00:00Z"},
		{"Sat, 21  November  2026 09:00:00 GMT", "2026-11-21T09:00:00Z"},
		{"Sat, 5 Sept 2026 09:00:00 GMT", "2026-09-05T09:00:00Z"},
		{"Mon, 21 Nov 2026 09:00:00 GMT", "2026-11-21T09:00:00Z"}, // not a Monday
		{"Nov 21, 2026 9:00 AM", "2026-11-21T09:00:00Z"},
		{"November 21, 2026, 9:00 p.m. EST", "2026-11-22T02:00:00Z"},
		{"Sat Nov 21 09:00:00 2026", "2026-11-21T09:00:00Z"},
		{"Sat Nov 21 09:00:00 +0200 2026", "2026-11-21T07:00:00Z"},
		{"Sat Nov 21 2026 09:00:00 GMT+0100 (Central European Standard Time)", "2026-11-21T08:00:00Z"},
		{"2026-11-21 09:00:00", "2026-11-21T09:00:00Z"},
		{"2026-11-21 09:00:00 -0500", "2026-11-21T14:00:00Z"},
		{"2026-11-21T09:00", "2026-11-21T09:00:00Z"},
		{"2026-11-21", "2026-11-21T00:00:00Z"},
		{"2026-11", "2026-11-01T00:00:00Z"},
		{"20261121T090000Z", "2026-11-21T09:00:00Z"},
		{"20261121", "2026-11-21T00:00:00Z"},
		{"2026/11/21 09:00:00", "2026-11-21T09:00:00Z"},
		{"21/11/2026 09:00", "2026-11-21T09:00:00Z"},
		{"11/21/2026 09:00", "2026-11-21T09:00:00Z"},
		{"11/5/2026 9:00 PM", "2026-11-05T21:00:00Z"},
		{"21.11.2026 09:00", "2026-11-21T09:00:00Z"},
		{"1795251600", "2026-11-21T09:00:00Z"},
		{"1795251600000", "2026-11-21T09:00:00Z"},
		// D06: zones.
		{"Sat, 21 Nov 2026 09:00:00 EST", "2026-11-21T14:00:00Z"},
		{"Sat, 21 Nov 2026 09:00:00 EDT", "2026-11-21T13:00:00Z"},
		{"Sat, 21 Nov 2026 09:00:00 PT", "2026-11-21T17:00:00Z"},
		{"Sat, 21 Nov 2026 09:00:00 MET", "2026-11-21T08:00:00Z"},
		{"Sat, 21 Nov 2026 09:00:00 MEST", "2026-11-21T07:00:00Z"},
		{"Sat, 21 Nov 2026 09:00:00 CEST", "2026-11-21T07:00:00Z"},
		{"Sat, 21 Nov 2026 09:00:00 Z", "2026-11-21T09:00:00Z"},
		{"Sat, 21 Nov 2026 09:00:00 UT", "2026-11-21T09:00:00Z"},
		{"Sat, 21 Nov 2026 09:00:00 A", "2026-11-21T09:00:00Z"},
		{"Sat, 21 Nov 2026 09:00:00 Etc/GMT", "2026-11-21T09:00:00Z"},
		{"Sat, 21 Nov 2026 09:00:00 Europe/Brussels", "2026-11-21T09:00:00Z"},
		{"Sat, 21 Nov 2026 09:00:00 -0000", "2026-11-21T09:00:00Z"},
		{"Sat, 21 Nov 2026 09:00:00 GMT-01:01", "2026-11-21T10:01:00Z"},
		{"Sat, 21 Nov 2026 09:00:00 +05:30", "2026-11-21T03:30:00Z"},
		{"Sat, 21 Nov 2026 09:00:00", "2026-11-21T09:00:00Z"},
		{"Sat, 21 Nov 2026 09:00:00 IST", "2026-11-21T09:00:00Z"}, // India, Israel or Ireland
		{"2026-11-21T09:00:00+15:00", "2026-11-21T09:00:00Z"},     // there is no such zone
		// D07: the edges of the clock and the calendar.
		{"2026-11-21T24:00:00Z", "2026-11-22T00:00:00Z"},
		{"2026-11-21T23:59:60Z", "2026-11-22T00:00:00Z"},
		{"Sat, 31 Feb 2026 09:00:00 GMT", ""},
		{"Sat, 99 Jun 2026 09:00:00 GMT", ""},
		{"2026-11-21T25:00:00Z", ""},
		{"2026-13-01", ""},
		// D04: not plausible.
		{"0001-01-01T00:00:00Z", ""},
		{"Thu, 01 Jan 0100 00:00:01 +0100", ""},
		{"Mon, 01 Jan 1900 00:00:00 GMT", ""},
		{"1970-01-01T00:00:00Z", ""},
		{"0", ""},
		{"9999-12-31T23:59:59-99:99", ""},
		{"99999999999999999999", ""},
		{"1989-12-31T23:59:59Z", ""},
		{"2041-01-01T00:00:00Z", "2041-01-01T00:00:00Z"}, // D03: the future is for others to judge
		// D02: no dates.
		{"yesterday", ""},
		{"\xca\xf5\xf1, 11 \xc9\xef\xfd\xeb 2004 12:00:00 EST", ""},
		{"2004-05-25 오후 11:23", ""},
		{"Sat, 11 00:00:01 GMT", ""},
		{"{{ date }}", ""},
		{"", ""},
		// Other languages.
		{"Sa, 21 Okt 2026 09:00:00 +0100", "2026-10-21T08:00:00Z"},
		{"Di, 5 März 2026 09:00:00 +0100", "2026-03-05T08:00:00Z"},
		{"ven., 03 juil. 2026 15:09:58 +0000", "2026-07-03T15:09:58Z"},
		{"mar., 03 févr. 2026 15:09:58 +0000", "2026-02-03T15:09:58Z"},
		{"lun, 05 ene 2026 10:00:00 +0100", "2026-01-05T09:00:00Z"},
		{"Пн, 05 янв 2026 10:00:00 +0300", "2026-01-05T07:00:00Z"},
		{"Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11T17:00:00Z"},
		{"2004년 05월 28일  01:31:15", "2004-05-27T16:31:15Z"},
		{"2026年11月21日 09:00", "2026-11-21T09:00:00Z"},
	} {
		got, ok := ParseDate(c.in)
		switch {
		case ok != (c.want != ""):
			t.Errorf("%q: %v %v, want %q", c.in, got, ok, c.want)
		case ok && got.Format(time.RFC3339Nano) != c.want:
			t.Errorf("%q: %s, want %s", c.in, got.Format(time.RFC3339Nano), c.want)
		case ok && got.Location() != time.UTC:
			t.Errorf("%q: not in UTC", c.in)
		}
	}
}

// corpusDateMisses are the dates of the corpus that we read otherwise, and why.
var corpusDateMisses = map[string]string{
	"Thu, 01 Jan 0100 00:00:01 +0100": "not plausible",
	"03335":                           "five digits are no date",
	"Tue, 12 Oct 2010 00:00:00 IST":   "ambiguous: UTC",
	"2010-08-20Thh:08:ssZ":            "an unfilled template",
	"Sat, 04 Oct 2013 02:34:59 +0300": "the table is a day off",
	"2013-02-05T09:02:21.880-08:00":   "the table gives the local time",
}

func TestCorpusDates(t *testing.T) {
	type date struct{ Input, Expected, Precision, By string }
	rows := corpusLines[date](t, filepath.Join(corpusDir(t), "tables", "dates.jsonl"))
	r := &rate{}
	for _, d := range rows {
		got, ok := ParseDate(d.Input)
		text := got.Truncate(time.Second).Format(time.RFC3339)
		good := false
		switch {
		case d.Expected == "INVALID":
			good = !ok
		case d.Expected == "PARSEABLE":
			good = ok
		case d.Precision == "day":
			good = ok && strings.HasPrefix(text, d.Expected)
		default:
			good = ok && text == d.Expected
		}
		reason, known := corpusDateMisses[d.Input]
		switch {
		case good:
			r.hit()
			if known {
				t.Logf("%q: read as wanted now", d.Input)
			}
		case known:
			r.miss(t, "%q: %v, want %s: %s", d.Input, text, d.Expected, reason)
		default:
			t.Errorf("%q: %v %v, want %s (%s)", d.Input, text, ok, d.Expected, d.By)
		}
	}
	t.Logf("dates: %s", r)
}

func FuzzDate(f *testing.F) {
	for _, s := range []string{"Sat, 21 Nov 2026 09:00:00 GMT", "2026-11-21T09:00:00.5+01:00", "Nov 21, 2026 9:00 p.m.", "1795251600", "2004년 05월 28일", "11/5/2026 9:00 PM PST"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := ParseDate(s)
		if !ok {
			return
		}
		if y := d.Year(); y < dateFirstYear || y > dateLastYear || d.Location() != time.UTC {
			t.Errorf("%q: %v", s, d)
		}
		if again, ok := ParseDate(d.Format(time.RFC3339Nano)); !ok || !again.Equal(d) {
			t.Errorf("%q: %v, then %v", s, d, again)
		}
	})
}
