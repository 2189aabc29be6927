package publish

import (
	"net/http"
	"strings"
	"testing"

	"newswire/feeds"
)

// FuzzNegotiate holds what must be true of any header: a choice is one of the
// variants, none is made that the client refused by name, and only a list that
// names our tag (or all) matches.
func FuzzNegotiate(f *testing.F) {
	for _, seed := range []string{"", "gzip", "br;q=0.5, *;q=0", `W/"abc", "d`, `\"x\"`, "*", ";q=", ",,,", `W/W/"a"`, `"a""b"`} {
		f.Add(seed)
	}
	d := newCompressor().document("/x", feeds.RSS, []byte(strings.Repeat("<item/>", 1000)), now, nil)
	f.Fuzz(func(t *testing.T, header string) {
		lines := []string{header}
		if v := choose(d.variants, lines); v != nil {
			if weigh(lines, v.coding) <= 0 {
				t.Errorf("%q: %s, which it refuses", header, v.coding)
			}
			for _, other := range d.variants {
				if weigh(lines, other.coding) > weigh(lines, v.coding) {
					t.Errorf("%q: %s, but it likes %s better", header, v.coding, other.coding)
				}
			}
		}
		if d.matches(header) && !strings.Contains(header, d.tag) && trim(header) != "*" {
			t.Errorf("%q matches %s", header, d.ETag)
		}
		if !d.matches(header+`, `+d.ETag) && !strings.Contains(header, `"`) {
			t.Errorf("%q hides a tag that follows", header)
		}
		h := http.Header{"If-Modified-Since": lines}
		if d.unchanged(h) {
			if at, err := http.ParseTime(trim(header)); err != nil || !at.Equal(d.Modified) {
				t.Errorf("%q is taken for %s", header, d.lastModified)
			}
		}
	})
}
