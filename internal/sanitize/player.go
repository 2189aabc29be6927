package sanitize

import (
	"html"
	"net/url"
	"path"
	"regexp"
	"strings"

	"newswire/feeds"
)

var (
	playerTag  = regexp.MustCompile(`(?s)<(?:audio|video)[ >].*?</(?:audio|video)>`)
	playerFile = regexp.MustCompile(` src="([^"]*)"`)
)

// LinkPlayers returns sanitized HTML with a link to what it plays in place of
// each player. Feeds go to readers of every age: many drop players without a
// trace, validators know no controls, and a player without controls cannot be
// seen or started. A link works everywhere.
func LinkPlayers(fragment feeds.HTML) feeds.HTML {
	s := string(fragment)
	if !strings.Contains(s, "<audio") && !strings.Contains(s, "<video") {
		return fragment
	}
	var b strings.Builder
	from, linked := 0, false
	for _, at := range playerTag.FindAllStringIndex(s, -1) {
		between := s[from:at[0]]
		b.WriteString(between)
		from = at[1]
		if opens, closes := strings.LastIndex(between, "<a "), strings.LastIndex(between, "</a>"); opens != closes {
			linked = opens > closes
		}
		if linked {
			continue // links do not nest
		}
		player := s[at[0]:at[1]]
		if !strings.Contains(player, " src=") {
			continue
		}
		if file := playerFile.FindStringSubmatch(player); file != nil {
			b.WriteString(`<a href="` + file[1] + `" rel="noopener noreferrer nofollow ugc">▶ ` + html.EscapeString(fileName(file[1])) + `</a>`)
		}
	}
	b.WriteString(s[from:])
	return feeds.HTML(b.String())
}

// fileName returns what an escaped URL calls its file, or its host.
func fileName(src string) string {
	u, err := url.Parse(html.UnescapeString(src))
	if err != nil {
		return "…"
	}
	if name := flat(path.Base(u.Path), maxLine); name != "" && name != "." && name != "/" {
		return name
	}
	return u.Host
}
