package feeds

import (
	"net/url"
	"strings"

	ext "github.com/mmcdole/gofeed/extensions"
)

// entryExtensions reads what the modules of RSS, which Atom feeds use as well,
// say of an entry.
func (p *parser) entryExtensions(e *Entry, x ext.Extensions, base *url.URL) {
	if len(x) == 0 {
		return
	}
	p.media(e, x["media"], base)
	for _, g := range x["media"]["group"] {
		p.media(e, g.Children, base)
	}
	for _, i := range x["itunes"]["image"] {
		p.image(e, Image{URL: p.link(base, firstOf(i.Attrs["href"], i.Attrs["url"]), "an image's URL")})
	}
	if d := extClock(extText(x, "itunes", "duration")); d > 0 && len(e.Enclosures) > 0 && e.Enclosures[0].Duration == 0 {
		e.Enclosures[0].Duration = d
	}
	p.discussed(e, x, base)
	for _, l := range []string{extText(x, "creativecommons", "license"), extText(x, "creativeCommons", "license"), extResource(x, "cc", "license")} {
		e.License = firstOf(e.License, p.link(base, l, "the license"))
	}
	e.Enclosures = limitList(p.limiter, e.Enclosures, maxEnclosures, "the list of enclosures")
	e.Images = limitList(p.limiter, e.Images, maxImages, "the list of images")
}

func extResource(x ext.Extensions, space, name string) string {
	for _, l := range x[space][name] {
		if r := l.Attrs["resource"]; r != "" {
			return r
		}
	}
	return ""
}

// discussed reads the counters and addresses of comments.
func (p *parser) discussed(e *Entry, x ext.Extensions, base *url.URL) {
	feed := p.link(base, firstOf(extText(x, "wfw", "commentRss"), extText(x, "wfw", "commentRSS")), "the comments' feed")
	count := max(extCount(extText(x, "slash", "comments")), extCount(extText(x, "thr", "total")))
	if feed == "" && count < 0 {
		return
	}
	c := e.discussion()
	c.Feed = firstOf(c.Feed, feed)
	c.Count = max(c.Count, count)
}

// media reads Media RSS: pictures become Images, everything else Enclosures.
func (p *parser) media(e *Entry, x map[string][]ext.Extension, base *url.URL) {
	for _, c := range x["content"] {
		p.mediaContent(e, &c, base)
	}
	for _, t := range x["thumbnail"] {
		p.image(e, p.mediaImage(&t, base))
	}
	if e.Summary == "" && e.Content == "" {
		for _, d := range x["description"] {
			s := strings.TrimSpace(d.Value)
			if d.Attrs["type"] != "html" {
				s = textHTML(s)
			}
			p.body(e, s, "")
		}
	}
}

func (p *parser) mediaContent(e *Entry, c *ext.Extension, base *url.URL) {
	kind, medium := strings.ToLower(c.Attrs["type"]), strings.ToLower(c.Attrs["medium"])
	href := p.link(base, c.Attrs["url"], "a media file's URL")
	switch {
	case href == "":
	case medium == "image" || strings.HasPrefix(kind, "image/") || medium == "" && kind == "" && mediaIsPicture(href):
		p.image(e, p.mediaImage(c, base))
	case len(e.Enclosures) <= maxEnclosures && !mediaHas(e, href):
		title := ""
		if t := c.Children["title"]; len(t) > 0 {
			title = p.text(textLine(t[0].Value), maxTitle, "an enclosure's title")
		}
		e.Enclosures = append(e.Enclosures, Enclosure{
			URL:       href,
			MediaType: p.text(textLine(c.Attrs["type"]), maxName, "an enclosure's type"),
			Title:     title,
			Length:    extInt(c.Attrs["fileSize"]),
			Duration:  extClock(c.Attrs["duration"]),
		})
	}
	for _, t := range c.Children["thumbnail"] {
		p.image(e, p.mediaImage(&t, base))
	}
}

func (p *parser) mediaImage(x *ext.Extension, base *url.URL) Image {
	return Image{
		URL:       p.link(base, x.Attrs["url"], "an image's URL"),
		MediaType: textLine(x.Attrs["type"]),
		Width:     extPixels(x.Attrs["width"]),
		Height:    extPixels(x.Attrs["height"]),
	}
}

func mediaHas(e *Entry, href string) bool {
	for _, have := range e.Enclosures {
		if have.URL == href {
			return true
		}
	}
	return false
}

// mediaIsPicture reports whether a URL's path ends as pictures' do.
func mediaIsPicture(href string) bool {
	href, _, _ = strings.Cut(strings.ToLower(href), "?")
	for _, end := range []string{".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif"} {
		if strings.HasSuffix(href, end) {
			return true
		}
	}
	return false
}

// image adds a picture that is not there yet.
func (p *parser) image(e *Entry, i Image) {
	if i.URL == "" || len(e.Images) > maxImages {
		return
	}
	i.MediaType = p.text(i.MediaType, maxName, "an image's type")
	for _, have := range e.Images {
		if have.URL == i.URL {
			return
		}
	}
	e.Images = append(e.Images, i)
}
