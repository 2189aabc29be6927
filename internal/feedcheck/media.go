package feedcheck

import (
	"regexp"
	"slices"
	"strings"
)

// Media RSS 1.5.1.

var mediaInner = vocabulary{
	"media:adult":       one(mediaAdult),
	"media:category":    many(mediaLabels).with("label scheme"),
	"media:copyright":   one(mediaLabels).with("url"),
	"media:credit":      many(mediaLabels).with("role scheme"),
	"media:description": one(mediaText).with("type"),
	"media:title":       one(mediaText).with("type"),
	"media:text":        many(mediaText).with("type lang start end"),
	"media:keywords":    many(),
	"media:hash":        many().with("algo"),
	"media:player":      many(address("url"), sizes).with("url height width"),
	"media:rating":      many(mediaLabels).with("scheme"),
	"media:restriction": many().with("relationship type"),
	"media:thumbnail":   many(address("url"), sizes).with("url width height time"),
}

const mediaAttrs = "url fileSize type medium isDefault expression bitrate framerate samplingrate channels duration height width lang"

var mediaElements = join(mediaInner, vocabulary{
	"media:content": many(mediaContent).with(mediaAttrs).opened(),
	"media:group":   many(mediaGroup).opened(),
})

func mediaAdult(c *checker, n *node) {
	c.at(n, "DeprecatedMediaAdult", "media:rating says it")
	v := strings.ToLower(n.value())
	c.holds(n, v == "true" || v == "false", "InvalidTrueFalse", v)
}

func mediaText(c *checker, n *node) {
	kind, _ := n.attr("type")
	c.holds(n, kind == "" || kind == "plain" || kind == "html", "InvalidMediaTextType", kind)
	for _, name := range []string{"start", "end"} {
		if v, ok := n.attr(name); ok {
			c.holds(n, playTime.MatchString(v), "InvalidNPTTime", v)
		}
	}
	if v, ok := n.attr("lang"); ok {
		c.language(n, v)
	}
	if kind == "html" {
		htmlText(c, n)
		return
	}
	c.plain(n, n.value(), "ContainsUndeclaredHTML")
}

// mediaLabels judges attributes that are plain text or addresses.
func mediaLabels(c *checker, n *node) {
	if v, ok := n.attr("label"); ok {
		c.plain(n, v, "ContainsHTML")
	}
	for _, name := range []string{"scheme", "url"} {
		if v, ok := n.attr(name); ok {
			c.uri(n, v, uriFull, "InvalidFullLink")
		}
	}
}

var playTime = regexp.MustCompile(`^(now|\d+(\.\d+)?|\d+:\d\d:\d\d(\.\d+)?)$`)

// address judges an attribute that must hold an absolute URI.
func address(name string) func(*checker, *node) {
	return func(c *checker, n *node) {
		if v, ok := c.required(n, name); ok {
			c.uri(n, v, uriFull, "InvalidFullLink")
		}
	}
}

func sizes(c *checker, n *node) {
	for _, name := range []string{"width", "height", "fileSize"} {
		if v, ok := n.attr(name); ok {
			c.integer(n, v, 1, "InvalidPositiveInteger")
		}
	}
	if v, ok := n.attr("time"); ok {
		c.holds(n, playTime.MatchString(v), "InvalidNPTTime", v)
	}
}

var decimal = regexp.MustCompile(`^\d+\.?\d*`)

func mediaContent(c *checker, n *node) {
	sizes(c, n)
	if v, ok := n.attr("url"); ok {
		c.uri(n, v, uriFull, "InvalidFullLink")
	}
	for _, a := range []struct {
		name, rule string
		ok         func(string) bool
	}{
		{"type", "InvalidMIMEAttribute", mediaType.MatchString},
		{"medium", "InvalidMediaMedium", oneOf("image", "audio", "video", "document", "executable")},
		{"expression", "InvalidMediaExpression", oneOf("sample", "full", "nonstop")},
		{"isDefault", "InvalidTrueFalse", oneOf("true", "false")},
		{"bitrate", "InvalidFloat", decimal.MatchString},
		{"framerate", "InvalidFloat", decimal.MatchString},
		{"samplingrate", "InvalidFloat", decimal.MatchString},
		{"duration", "InvalidFloat", decimal.MatchString},
	} {
		if v, ok := n.attr(a.name); ok && v != "" {
			c.holds(n, a.ok(v), a.rule, v)
		}
	}
	if v, ok := n.attr("channels"); ok {
		c.integer(n, v, 0, "InvalidNonNegativeInteger")
	}
	if v, ok := n.attr("lang"); ok {
		c.language(n, v)
	}
	c.children(n, join(dublinCore, mediaInner))
}

func oneOf(list ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(list, s) }
}

// mediaGroup judges that a group holds renditions of one thing.
func mediaGroup(c *checker, n *node) {
	if n.count("media:content") < 2 {
		c.at(n, "MediaGroupWithoutAlternatives", "%d media:content", n.count("media:content"))
	}
	c.children(n, join(mediaInner, vocabulary{"media:content": many(mediaContent).with(mediaAttrs).opened()}))
}
