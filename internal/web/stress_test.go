package web

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"newswire/internal/newsroom"
)

// TestStressScreens photographs a newsroom at its worst: no article of its
// own, no channel description, words without an end, and right-to-left text.
func TestStressScreens(t *testing.T) {
	dir := os.Getenv("NEWSWIRE_SCREENS")
	if dir == "" {
		t.Skip("set NEWSWIRE_SCREENS to a folder to have the pages photographed")
	}
	v := demoView(base)
	v.Articles, v.Version = nil, 9
	for i := range v.Channels {
		c := &v.Channels[i]
		c.Title = strings.TrimSpace(c.Title + strings.Repeat(" and more", i))
		var foreign []newsroom.Entry
		for _, e := range c.Entries {
			if !e.House {
				foreign = append(foreign, e)
			}
		}
		c.Entries = foreign
	}
	all := v.Channels[0].Entries
	all[0].Title = strings.Repeat("Donaudampfschifffahrtselektrizitätenhauptbetriebswerk", 3)
	all[1].Title, all[1].Language = "نموذج لغوي جديد يتعلم قول «لا أعرف»", "ar"
	all[2].Title = strings.Repeat("W", 300)
	all[3].Title = ""
	server := httptest.NewServer(newSite(v))
	defer server.Close()
	shots := map[string]string{}
	for name, path := range map[string]string{"front": "/", "channel": "/feeds/all", "feeds": "/feeds"} {
		shots["stress-"+name] = fmt.Sprint(server.URL, path)
	}
	photograph(t, dir, shots)
}
