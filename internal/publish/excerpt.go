package publish

import (
	"cmp"

	"newswire/feeds"
	"newswire/internal/newsroom"
	"newswire/internal/sanitize"
)

// Excerpt returns what is published of an entry under the policy excerpt. An
// excerpt of it is itself: where only that is kept of a text, channels of
// excerpts have the same bytes as before.
func Excerpt(e *newsroom.Entry) feeds.HTML {
	return sanitize.Excerpt(cmp.Or(e.Summary, e.Content), excerptRunes)
}
