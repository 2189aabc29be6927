package feedcheck

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// rssBoard is the specification that a channel may name in docs.
const rssBoard = "http://www.rssboard.org/rss-specification"

// rss judges an RSS document.
func (c *checker) rss(root *node) {
	if root.space != "" {
		c.at(root, "InvalidNamespace", "rss is in %q", root.space)
	}
	version, ok := root.attr("version")
	switch {
	case !ok:
		c.at(root, "MissingAttribute", "version")
	case slices.Contains([]string{"0.90", "0.91", "0.92", "0.93", "0.94"}, version):
		c.at(root, "ObsoleteVersion", "%s", version)
	case !strings.HasPrefix(version, "2."):
		c.at(root, "InvalidRSSVersion", "%q", version)
	}
	c.version = version
	if docs := root.find("channel"); docs != nil && docs.find("docs") != nil {
		c.docs = strings.Replace(docs.find("docs").value(), "https:", "http:", 1)
	}
	c.attributes(root, element{attrs: "version"})
	c.children(root, vocabulary{"channel": one((*checker).channel).opened(), "access:restriction": one().opened()})
	if root.find("channel") == nil {
		c.at(root, "MissingElement", "channel")
	}
}

var dublinCore = vocabulary{
	"dc:title": one(), "dc:description": one(), "dc:publisher": many(), "dc:contributor": many(), "dc:type": one(), "dc:format": one(),
	"dc:identifier": many(), "dc:source": one(), "dc:language": one(languageCode), "dc:relation": many(), "dc:coverage": many(),
	"dc:rights": one(plainText), "dc:creator": many(), "dc:subject": many(), "dc:date": many(w3cDate),
}

var channelElements = join(dublinCore, mediaElements, vocabulary{
	"title":              one(plainText, nonblank),
	"link":               one(fullURI),
	"description":        one(plainText),
	"language":           one(languageCode),
	"copyright":          one(plainText),
	"managingEditor":     one(contact),
	"webMaster":          one(contact),
	"pubDate":            one(rfc822Date),
	"lastBuildDate":      one(rfc822Date),
	"category":           many(plainText).with("domain"),
	"generator":          one(),
	"docs":               one(fullURI),
	"cloud":              one((*checker).cloud).with("domain port path registerProcedure protocol"),
	"ttl":                one(integer(1, "InvalidPositiveInteger"), nonblank),
	"image":              one((*checker).image).opened(),
	"rating":             one(),
	"textInput":          one((*checker).textInput).opened(),
	"skipHours":          one((*checker).skipHours).opened(),
	"skipDays":           one((*checker).skipDays).opened(),
	"item":               many((*checker).item).opened(),
	"atom:link":          many(atomLink).with(linkAttrs),
	"atom:author":        many().opened(),
	"atom:contributor":   many().opened(),
	"atom:category":      many().with("term scheme label"),
	"atom:generator":     one(nonblank).with("uri version"),
	"atom:id":            one(fullURI),
	"atom:icon":          one(nonblank, anyURI),
	"atom:logo":          one(nonblank, anyURI),
	"atom:title":         one(atomText).with("type"),
	"atom:subtitle":      one(atomText).with("type"),
	"atom:rights":        one(atomText).with("type"),
	"atom:updated":       one(rfc3339Date),
	"fh:archive":         one(),
	"fh:complete":        one(),
	"sy:updatePeriod":    one(updatePeriod),
	"sy:updateFrequency": one(nonblank, integer(1, "InvalidPositiveInteger")),
	"sy:updateBase":      one(w3cDate),
	"dc:date":            one(w3cDate),
})

var itemElements = join(dublinCore, mediaElements, vocabulary{
	"title":           one(plainText, nonblank),
	"link":            one(fullURI),
	"description":     one(itemDescription),
	"author":          one(contact),
	"category":        many(plainText, nonblank).with("domain"),
	"comments":        one(fullURI),
	"enclosure":       element{once: "DuplicateEnclosure", attrs: "url length type", checks: []func(*checker, *node){(*checker).enclosure}},
	"guid":            one((*checker).guid).with("isPermaLink"),
	"pubDate":         one(rfc822Date),
	"source":          one(plainText, (*checker).rssSource).with("url"),
	"content:encoded": one(htmlText),
	"content:items":   one().opened(),
	"xhtml:body":      many((*checker).xhtmlTree).opened(),
	"slash:comments":  one(integer(0, "InvalidNonNegativeInteger")),
	"slash:section":   many(), "slash:department": many(), "slash:hit_parade": one(),
	"wfw:comment":     one(fullURI),
	"wfw:commentRss":  one(fullURI),
	"wfw:commentRSS":  one(commentRSS, fullURI),
	"thr:total":       one(integer(0, "InvalidNonNegativeInteger")),
	"thr:in-reply-to": many(inReplyTo).with("ref href type source"),
	"atom:link":       many(atomLink).with(linkAttrs),
	"atom:id":         one(fullURI),
	"atom:title":      one().with("type").opened(),
	"atom:summary":    one(atomText).with("type").opened(),
	"atom:content":    many().with("type src").opened(),
	"atom:author":     one().opened(), "atom:contributor": many().opened(),
	"atom:published":  one(rfc3339Date),
	"atom:updated":    one(rfc3339Date),
	"sy:updatePeriod": one(updatePeriod),
})

// channel judges an RSS channel.
func (c *checker) channel(n *node) {
	c.attributes(n, element{attrs: "indexing:index"})
	for _, need := range []struct{ name, rule string }{{"title", "MissingTitle"}, {"link", "MissingLink"}, {"description", "MissingDescription"}} {
		if n.find(need.name) == nil {
			c.at(n, need.rule, "no %s", need.name)
		}
	}
	if n.find("language") == nil && n.find("dc:language") == nil && n.lang == "" {
		c.at(n, "MissingDCLanguage", "no language")
	}
	c.misplaced(n)
	c.pairs(n, channelPairs, "DuplicateSemantics")
	c.children(n, channelElements)
	c.uniqueGUIDs(n)
	links := feedLinks(n, "atom:link")
	if c.version == "2.0" && !slices.ContainsFunc(links, func(l feedLink) bool { return l.rel == "self" }) {
		c.at(n, "MissingAtomSelfLink", "no atom:link rel=self")
	}
	c.history(n, links)
}

// misplaced judges that what describes the channel stands before its items.
func (c *checker) misplaced(n *node) {
	item := -1
	for _, k := range n.kids {
		switch {
		case k.name == "item" && item < 0:
			item = k.line
		case item >= 0 && (!strings.Contains(k.name, ":") && !strings.Contains(k.name, " ") || k.name == "atom:link") && k.name != "item":
			c.add("MisplacedItem", item, "an item before %s", k.name)
			return
		}
	}
}

// channelPairs and itemPairs say the same twice.
var (
	channelPairs = [][2]string{{"managingEditor", "dc:creator"}, {"webMaster", "dc:publisher"}, {"category", "dc:subject"},
		{"pubDate", "dc:date"}, {"language", "dc:language"}, {"copyright", "dc:rights"}, {"lastBuildDate", "dcterms:modified"},
		{"generator", "admin:generatorAgent"}, {"cc:license", "creativeCommons:license"}}
	itemPairs = [][2]string{{"author", "dc:creator"}, {"category", "dc:subject"}, {"pubDate", "dc:date"}, {"pubDate", "atom:published"},
		{"guid", "atom:id"}, {"source", "dc:source"}, {"cc:license", "creativeCommons:license"}}
)

func (c *checker) pairs(n *node, pairs [][2]string, rule string) {
	for _, p := range pairs {
		if k := n.find(p[1]); k != nil && n.find(p[0]) != nil {
			c.at(k, rule, "%s and %s", p[0], p[1])
		}
	}
}

func (c *checker) uniqueGUIDs(n *node) {
	seen := map[string]bool{}
	for _, item := range n.kids {
		for _, name := range []string{"guid", "atom:id"} {
			g := item.find(name)
			if item.name != "item" || g == nil {
				continue
			}
			v := g.value()
			nonblank(c, g)
			if v != "" && seen[name+v] {
				c.at(g, "DuplicateValue", "%q", v)
			}
			seen[name+v] = true
		}
	}
}

// item judges an RSS item.
func (c *checker) item(n *node) {
	c.attributes(n, element{})
	if n.find("title") == nil && n.find("description") == nil {
		c.at(n, "ItemMustContainTitleOrDescription", "neither")
	}
	if n.find("guid") == nil && strings.HasPrefix(c.version, "2.") {
		c.at(n, "MissingGuid", "no guid")
	}
	if s := n.find("slash:comments"); s != nil && n.parent.find("lastBuildDate") == nil {
		c.at(s, "SlashDate", "without lastBuildDate")
	}
	c.pairs(n, itemPairs, "DuplicateItemSemantics")
	described := false
	for _, k := range n.kids {
		switch k.name {
		case "description":
			described = true
		case "content:encoded":
			if !described {
				c.at(k, "NeedDescriptionBeforeContent", "description comes first")
			}
		case "xhtml:body", "atom:content":
			if _, elsewhere := k.attr("src"); elsewhere {
				break
			}
			c.at(k, "DuplicateDescriptionSemantics", "%s", k.name)
		}
	}
	c.children(n, itemElements)
}

func itemDescription(c *checker, n *node) {
	if c.version == "0.91" {
		plainText(c, n)
		return
	}
	htmlText(c, n)
}

func (c *checker) guid(n *node) {
	permalink := true
	if v, ok := n.attr("isPermaLink"); ok {
		c.holds(n, v == "true" || v == "false", "InvalidBooleanAttribute", v)
		permalink = v == "true"
	}
	value := n.value()
	lower := strings.ToLower(value)
	digits := value != "" && strings.Trim(value, "0123456789") == ""
	switch {
	case permalink && (strings.HasPrefix(lower, "tag:") || strings.HasPrefix(lower, "urn:uuid:")):
		c.at(n, "InvalidPermalink", "%q is no address", value)
	case permalink:
		c.uri(n, value, uriFull, "InvalidHttpGUID")
	case len(value) < 9 && digits:
		c.at(n, "NotSufficientlyUnique", "%q", value)
	}
}

func (c *checker) rssSource(n *node) {
	if u, ok := c.required(n, "url"); ok {
		c.uri(n, u, uriFull, "InvalidFullLink")
	}
}

func (c *checker) enclosure(n *node) {
	if v, ok := c.required(n, "length"); ok {
		switch i, err := strconv.Atoi(strings.TrimSpace(v)); {
		case err != nil:
			c.at(n, "InvalidIntegerAttribute", "length %q", v)
		case i == -1:
			c.at(n, "UseZeroForUnknown", "length %q", v)
		case i < 0:
			c.at(n, "InvalidNonNegativeInteger", "length %q", v)
		}
	}
	if v, ok := c.required(n, "type"); ok {
		c.holds(n, mediaType.MatchString(v), "InvalidMIMEAttribute", v)
	}
	if v, ok := c.required(n, "url"); ok {
		c.holds(n, httpURL.MatchString(v) && uriFull.MatchString(v), "InvalidURLAttribute", v)
	}
}

func (c *checker) cloud(n *node) {
	for _, name := range []string{"domain", "path", "registerProcedure", "protocol"} {
		c.required(n, name)
	}
	if v, ok := c.required(n, "port"); ok {
		c.integer(n, v, 1, "InvalidIntegerAttribute")
	}
}

var imageEnding = regexp.MustCompile(`^\w+$`)

// image judges the channel's image.
func (c *checker) image(n *node) {
	for _, need := range []struct{ name, rule string }{{"title", "MissingTitle"}, {"link", "MissingLink"}, {"url", "MissingElement"}} {
		if n.find(need.name) == nil {
			c.at(n, need.rule, "no %s", need.name)
		}
	}
	c.children(n, join(dublinCore, vocabulary{
		"title": one(plainText, nonblank, matches("title", "ImageTitleDoesntMatch")),
		"link":  one(fullURI, matches("link", "ImageLinkDoesntMatch")),
		"url":   one(fullURI, imageFormat),
		"width": one(size(144, "InvalidWidth")), "height": one(size(400, "InvalidHeight")),
		"description": one(plainText),
	}))
}

// matches judges that the image says the same as its channel.
func matches(name, rule string) func(*checker, *node) {
	return func(c *checker, n *node) {
		if of := n.parent.parent.find(name); of != nil && of.value() != "" && of.value() != n.value() {
			c.at(n, rule, "%q; the channel's is %q", n.value(), of.value())
		}
	}
}

func imageFormat(c *checker, n *node) {
	u := n.value()
	ending := strings.ToLower(u[strings.LastIndexByte(u, '.')+1:])
	if imageEnding.MatchString(ending) && !slices.Contains([]string{"jpg", "jpeg", "gif", "png"}, ending) {
		c.at(n, "ImageUrlFormat", "%q", u)
	}
}

func size(limit int, rule string) func(*checker, *node) {
	return func(c *checker, n *node) {
		if i, err := strconv.Atoi(n.value()); err != nil || i <= 0 || i > limit {
			c.at(n, rule, "%q; at most %d", n.value(), limit)
		}
	}
}

var formName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9:._]*`)

func (c *checker) textInput(n *node) {
	c.at(n, "AvoidTextInput", "few readers know it")
	for _, name := range []string{"title", "description", "name", "link"} {
		if n.find(name) == nil {
			rule := map[string]string{"title": "MissingTitle", "description": "MissingDescription", "link": "MissingLink"}[name]
			if rule == "" {
				rule = "MissingElement"
			}
			c.at(n, rule, "no %s", name)
		}
	}
	c.children(n, join(dublinCore, vocabulary{
		"title": one(plainText, nonblank), "description": one(plainText, nonblank), "link": one(fullURI),
		"name": one(func(c *checker, n *node) {
			c.holds(n, formName.MatchString(n.value()), "InvalidFormComponentName", n.value())
		}),
	}))
}

func (c *checker) skipHours(n *node) {
	if n.count("hour") > 24 {
		c.at(n, "NotEnoughHoursInTheDay", "%d hours", n.count("hour"))
	}
	if n.find("hour") == nil {
		c.at(n, "MissingElement", "no hour")
	}
	c.distinct(n, "hour")
	c.children(n, vocabulary{"hour": many(func(c *checker, n *node) {
		switch h, err := strconv.Atoi(n.value()); {
		case err != nil || h < 0 || h > 24:
			c.at(n, "InvalidHour", "%q", n.value())
		case h == 24:
			c.at(n, "UseZeroForMidnight", "24")
		}
	})})
}

func (c *checker) skipDays(n *node) {
	if n.count("day") > 7 {
		c.at(n, "EightDaysAWeek", "%d days", n.count("day"))
	}
	if n.find("day") == nil {
		c.at(n, "MissingElement", "no day")
	}
	days := []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	c.distinct(n, "day")
	c.children(n, vocabulary{"day": many(func(c *checker, n *node) {
		c.holds(n, slices.Contains(days, n.value()), "InvalidDay", n.value())
	})})
}

// distinct judges that no two children of a name say the same; hour 24 is 0.
func (c *checker) distinct(n *node, name string) {
	seen := map[string]bool{}
	for _, k := range n.kids {
		v := strings.TrimLeft(k.value(), "0")
		if k.name != name {
			continue
		}
		if name == "hour" && v == "24" {
			v = ""
		}
		if seen[v] {
			c.at(k, "DuplicateValue", "%q", k.value())
		}
		seen[v] = true
	}
}

func updatePeriod(c *checker, n *node) {
	periods := []string{"hourly", "daily", "weekly", "monthly", "yearly"}
	c.holds(n, slices.Contains(periods, n.value()), "InvalidUpdatePeriod", n.value())
}

func commentRSS(c *checker, n *node) { c.at(n, "CommentRSS", "it is spelt wfw:commentRss") }
