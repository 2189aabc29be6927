package feeds

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "",
		"plain text, tab\t, \r\n":  "plain text, tab\t, \r\n",
		"a\x00b\x0bc\x1f":          "abc",
		"x\ufffey\uffffz":          "xyz",
		"bad \xff byte":            "bad \ufffd byte",
		"surrogate \xed\xa0\x80.":  "surrogate \ufffd\ufffd\ufffd.",
		"kept: \u0085 \U0010ffff":  "kept: \u0085 \U0010ffff",
		"real \ufffd stays":        "real \ufffd stays",
		"seven..\x7feight...\x01.": "seven..\x7feight....",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
	if got := outClean("a\u0085b\u009bc\x7fd"); got != "abcd" {
		t.Errorf("outClean leaves C1 controls: %q", got)
	}
}

// TestCleanEveryRune compares Clean with the definition in XML 1.0 §2.2, at
// every offset of the eight bytes that it looks at together.
func TestCleanEveryRune(t *testing.T) {
	legal := func(r rune) bool {
		return r == 9 || r == 10 || r == 13 || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
	}
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if r == 0x3000 {
			r = 0xD000 // nothing changes between
		} else if r == 0x10100 {
			r = 0x10FF00
		}
		if !utf8.ValidRune(r) {
			continue
		}
		pad := strings.Repeat("a", int(r)%9)
		want := pad + "12345678"
		if legal(r) {
			want = pad + string(r) + "12345678"
		}
		if got := Clean(pad + string(r) + "12345678"); got != want {
			t.Fatalf("Clean with %U: %q, want %q", r, got, want)
		}
	}
}

func TestOutURI(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/b?c=d&e#f":         "https://a.example/b?c=d&e#f",
		" http://A.Example:8080 ":             "http://A.Example:8080",
		"HTTPS://a.example/%C3%BC":            "HTTPS://a.example/%C3%BC",
		"https://bücher.example/ü?q=ä ö#ß":    "https://xn--bcher-kva.example/%C3%BC?q=%C3%A4%20%C3%B6#%C3%9F",
		"https://bücher.example:81":           "https://xn--bcher-kva.example:81",
		"https://a.example/a[1]|{x}^`\\\"<>":  "https://a.example/a%5B1%5D%7C%7Bx%7D%5E%60%5C%22%3C%3E",
		"https://a.example/100%/%zz/%2":       "https://a.example/100%25/%25zz/%252",
		"https://a.example/#a#b":              "https://a.example/#a%23b",
		"https://user:pw@a.example/x@y":       "https://a.example/x@y",
		`https://a.example\@evil.example/`:    "https://a.example/@evil.example/",
		"http://[2001:db8::1]:80/x":           "http://[2001:db8::1]:80/x",
		"https://a.example/new\nline":         "https://a.example/new%0Aline",
		"magnet:?xt=urn:btih:abc":             "magnet:?xt=urn:btih:abc",
		"https://a.example/ctrl\x1b\u0085bad": "https://a.example/ctrl%1B%C2%85bad",
		"":                                    "",
		"/relative":                           "",
		"//a.example/x":                       "",
		"https:/a.example":                    "",
		"https://":                            "",
		"https://:80/":                        "",
		"https://a b.example/":                "",
		"https://a.example:port/":             "",
		"https://[::1":                        "",
		"https://[0]":                         "",
		"https://[::1%25eth0]/":               "",
		"https://[127.0.0.1]/":                "",
		"https://%61.example/":                "",
		"javascript:alert(1)":                 "",
		"JavaScript://a.example/%0aalert(1)":  "",
		"data:text/html,x":                    "",
		"mailto:a@b.example":                  "",
		"file:///etc/passwd":                  "",
	} {
		if got := outURI(in); got != want {
			t.Errorf("outURI(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOutText(t *testing.T) {
	for in, want := range map[HTML]string{
		"":                                    "",
		"plain  text\n":                       "plain text",
		"a &amp; b &lt;c&gt; &#8217;&nbsp;":   "a & b <c> ’",
		"<p>One <b>bold</b>ly.</p><p>Two</p>": "One boldly.\nTwo",
		"a<br>b<br/>c":                        "a\nb\nc",
		"<ul><li>x</li> <li>y</li></ul>":      "x\ny",
		"<td>1</td><td>2</td>":                "1 2",
		"x<script>alert('<p>')</script>y<style>p{}</style>": "xy",
		"<template>no</template>yes":                        "yes",
		"</template>stray end":                              "stray end",
		"<!-- no -->yes":                                    "yes",
		"cut <a href=\"x":                                   "cut",
		"&#0;&#x85;&#11;a":                                  "\ufffd… a", // as HTML reads them
		"a <i> b</i>":                                       "a b",
	} {
		if got := outText(in, 0); got != want {
			t.Errorf("outText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOutTitle(t *testing.T) {
	long := strings.Repeat("word ", 30)
	for _, c := range []struct {
		e    Entry
		want string
	}{
		{Entry{Title: " A\n title "}, "A title"},
		{Entry{Summary: "<p>From the summary.</p>", Content: "not this"}, "From the summary."},
		{Entry{Summary: "<img src=x>", Content: "<p>From the content.</p>"}, "From the content."},
		{Entry{Content: HTML(long)}, strings.TrimSpace(long[:75]) + "…"},
		{Entry{Content: HTML(strings.Repeat("ü", 200))}, strings.Repeat("ü", 79) + "…"},
		{Entry{Link: "https://a.example/x"}, "https://a.example/x"},
		{Entry{}, "Untitled"},
	} {
		if got := outTitle(&c.e); got != c.want || utf8.RuneCountInString(got) > outTitleRunes {
			t.Errorf("outTitle(%+v) = %q, want %q", c.e, got, c.want)
		}
	}
}

func TestOutName(t *testing.T) {
	for in, want := range map[string]string{
		"Ann Lee":                       "Ann Lee",
		"ann@a.example":                 "",
		"ann@a.example (Ann Lee)":       "Ann Lee",
		"Ann Lee <ann@a.example>":       "Ann Lee",
		"Ann, <mailto:ann@a.example>":   "Ann",
		"(ann@a.example)":               "",
		"Sam @ OpenAI":                  "Sam @ OpenAI",
		"@sam":                          "@sam",
		"Ann (ann@a.example), Bob":      "Ann Bob",
		"\"Ann\" \x00 ann@localhost":    "Ann",
		"Ann Lee\u00a0ann@sub.a.museum": "Ann Lee",
	} {
		if got := outName(Person{Name: in}); got != want {
			t.Errorf("outName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOutLanguage(t *testing.T) {
	for in, want := range map[string]string{
		"en": "en", "en-GB": "en-GB", "en_US": "en-US", "zh-Hant-TW": "zh-Hant-TW", " de ": "de", "es-419": "es-419",
		"": "", "english": "", "e n": "", "en-": "", "-": "", "12": "", "en\"": "", "x": "", "xx": "", "deu": "deu",
	} {
		if got := outLanguage(in); got != want {
			t.Errorf("outLanguage(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOutDate(t *testing.T) {
	west := time.FixedZone("", -5*3600)
	for _, c := range []struct {
		t         time.Time
		rss, atom string
	}{
		{time.Date(2026, 11, 21, 23, 0, 0, 999, west), "Sun, 22 Nov 2026 04:00:00 GMT", "2026-11-22T04:00:00Z"},
		{time.Time{}, "", ""},
		{time.Date(9999, 12, 31, 23, 0, 0, 0, west), "", ""},
		{time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), "", ""},
	} {
		if rss, atom := outDate(c.t, outRFC822), outDate(c.t, outRFC3339); rss != c.rss || atom != c.atom {
			t.Errorf("%v: %q and %q, want %q and %q", c.t, rss, atom, c.rss, c.atom)
		}
	}
}

// TestOutID holds where an id comes from, and that it does not move.
func TestOutID(t *testing.T) {
	for _, c := range []struct {
		e    Entry
		want string
	}{
		{Entry{GUID: "HTTPS://A.example/%7e", Link: "https://a.example/"}, "HTTPS://A.example/%7e"},
		{Entry{GUID: " 17\n", Link: "https://a.example/"}, "17"},
		{Entry{Link: "https://a.example/x"}, "https://a.example/x"},
		{Entry{Title: "T", Content: "c"}, "urn:uuid:2bba130f-f89d-849c-bdb1-f8e8017906d0"},
	} {
		if got := outID(&c.e); got != c.want {
			t.Errorf("outID(%+v) = %q, want %q", c.e, got, c.want)
		}
	}
	if outID(&Entry{Title: "ab", Summary: "c"}) == outID(&Entry{Title: "a", Summary: "bc"}) {
		t.Error("two texts give one id")
	}
}

// TestImageLimits holds what RSS allows of its channel image; the validator
// calls a wider one an error.
func TestImageLimits(t *testing.T) {
	for _, c := range []struct {
		im   Image
		kept bool
	}{
		{Image{URL: "https://a.example/i.png"}, true},
		{Image{URL: "https://a.example/i.PNG?v=1", Width: 144, Height: 400}, true},
		{Image{URL: "https://a.example/i", MediaType: "image/jpeg"}, true},
		{Image{URL: "https://a.example/i"}, false},
		{Image{URL: "https://a.example/i.png", Width: 145}, false},
		{Image{URL: "https://a.example/i.png", Height: 401}, false},
		{Image{URL: "https://a.example/i.webp"}, false},
		{Image{URL: "i.png"}, false},
	} {
		if got := newRSSOutImage(&c.im, "t", "https://a.example/") != nil; got != c.kept {
			t.Errorf("%+v: written %v, want %v", c.im, got, c.kept)
		}
	}
}
