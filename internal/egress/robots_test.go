package egress

import (
	"strings"
	"testing"
	"time"
)

// TestReadRobots: of a robots.txt is kept what it says to us, and whether it
// says it to us by name.
func TestReadRobots(t *testing.T) {
	for _, c := range []struct {
		name, body     string
		named, refused bool // refused: /feed
	}{
		{"empty", "", false, false},
		{"for everyone", "User-agent: *\nDisallow: /\n", false, true},
		{"names us", "User-agent: *\nAllow: /\n\nUser-agent: Newswire\nDisallow: /feed\n", true, true},
		{"names another", "User-agent: other\nDisallow: /\n", false, false},
		{"a page in its place", "\ufeff\n <!DOCTYPE html><p>User-agent: newswire\nDisallow: /</p>", false, false},
		{"rules for nobody", "Disallow: /\n", false, false},
		{"long", strings.Repeat("User-agent: other\nDisallow: /x\n", 9000), false, false},
	} {
		file := readRobots([]byte(c.body), time.Now())
		refused := file.group != nil && !file.group.Test("/feed")
		if file.named != c.named || refused != c.refused {
			t.Errorf("%s: named %v, refused %v", c.name, file.named, refused)
		}
	}
}
