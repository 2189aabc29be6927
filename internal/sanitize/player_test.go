package sanitize

import (
	"strings"
	"testing"

	"newswire/feeds"
)

// TestLinkPlayers says what stands in place of players, and that it is as
// clean as what it was made of. REL is the rel attribute of every link.
func TestLinkPlayers(t *testing.T) {
	for _, c := range []struct{ why, in, want string }{
		{"no player", `<p>audio & video</p>`, `<p>audio &amp; video</p>`},
		{"its own file", `<p>x<audio src="/talk.mp3"></audio>y</p>`, `<p>x<a href="https://site.example/talk.mp3" REL>▶ talk.mp3</a>y</p>`},
		{"the first of its files", `<video poster="/p.png"><source src="/a.webm"><source src="/b.mp4">old</video>`, `<a href="https://site.example/a.webm" REL>▶ a.webm</a>`},
		{"no file", `a<video></video>b`, `ab`},
		{"in a link", `<a href="/x">see <video src="/v.mp4"></video></a>`, `<a href="https://site.example/x" REL>see </a>`},
		{"behind a link", `<a href="/x">y</a><video src="/v.mp4"></video>`, `<a href="https://site.example/x" REL>y</a><a href="https://site.example/v.mp4" REL>▶ v.mp4</a>`},
		{"a name that is markup", `<audio src="/%3Cscript%3Ealert(1)%3C%2Fscript%3E?a=1&amp;b=2"></audio>`, `<a href="https://site.example/%3Cscript%3Ealert(1)%3C%2Fscript%3E?a=1&amp;b=2" REL>▶ script&gt;</a>`},
		{"no name", `<audio src="https://cdn.example/"></audio>`, `<a href="https://cdn.example/" REL>▶ cdn.example</a>`},
		{"two", `<audio src="/1.mp3"></audio> and <audio src="/2.mp3"></audio>`, `<a href="https://site.example/1.mp3" REL>▶ 1.mp3</a> and <a href="https://site.example/2.mp3" REL>▶ 2.mp3</a>`},
	} {
		got := LinkPlayers(HTML(HTML(feeds.HTML(c.in), testBase), nil))
		if short := strings.ReplaceAll(string(got), ` rel="noopener noreferrer nofollow ugc"`, " REL"); short != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.why, short, c.want)
		}
		if again := HTML(got, nil); again != got {
			t.Errorf("%s: it is not clean:\n%s\n%s", c.why, got, again)
		}
	}
}
