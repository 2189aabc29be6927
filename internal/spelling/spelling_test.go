package spelling

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"title", "tags", "url", "OpenAI News", "weight", "größe"}
	for word, want := range map[string]string{
		"titel": "title", "tag": "tags", "URL": "url", "openai new": "OpenAI News", "wieght": "weight", "gröse": "größe", "t": "", "": "", "nothing": "", "xyz": "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	if got := Nearest("ab", []string{"ac", "ad"}); got != "ac" {
		t.Errorf("of equals the first: %q", got)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"abc", "xabc", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3}, {"ß", "ss", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
