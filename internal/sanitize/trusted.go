package sanitize

import (
	"html/template"

	"newswire/feeds"
)

// markup is the only mention of the type that html/template writes unescaped.
type markup = template.HTML

// Trusted returns the fragment for a page. It is the one place where markup is
// declared safe, and it takes nobody's word for it: the fragment is sanitized
// here, which leaves what HTML returned as it is.
func Trusted(fragment feeds.HTML) markup {
	return markup(HTML(fragment, nil))
}
