package curate

import (
	"net/url"
	"slices"
	"strings"

	"newswire/internal/newsroom"
)

// An entrySet is a set of entries, named by id, GUID or URL.
type entrySet map[string]bool

func newEntrySet(names []string) entrySet {
	set := entrySet{}
	for _, name := range names {
		name = strings.TrimSpace(name)
		set[name] = true
		if key := linkKey(name); key != "" {
			set[key] = true
		}
	}
	delete(set, "")
	return set
}

func (s entrySet) has(e *newsroom.Entry) bool {
	if len(s) == 0 {
		return false
	}
	for _, name := range []string{e.ID, e.GUID, e.Link, linkKey(e.Link)} {
		if name != "" && s[name] {
			return true
		}
	}
	return e.Permalink && s[linkKey(e.GUID)] && linkKey(e.GUID) != ""
}

// tracking are query parameters that say how a reader came, not what is read.
var tracking = []string{
	"fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "mc_cid", "mc_eid", "yclid", "twclid",
	"srsltid", "_hsenc", "_hsmi", "mkt_tok", "igshid",
}

// linkKey returns what two spellings of one web address have in common, or ""
// for what is none. It is for comparison only.
func linkKey(link string) string {
	u, err := url.Parse(strings.TrimSpace(link))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	if port := u.Port(); port != "" && port != "80" && port != "443" {
		host += ":" + port
	}
	var query []string
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, _ := strings.Cut(part, "=")
		if part == "" || strings.HasPrefix(name, "utm_") || strings.HasPrefix(name, "mtm_") || slices.Contains(tracking, name) {
			continue
		}
		query = append(query, part)
	}
	slices.Sort(query)
	key := "//" + host + strings.TrimSuffix(u.EscapedPath(), "/")
	if len(query) > 0 {
		key += "?" + strings.Join(query, "&")
	}
	return key
}
