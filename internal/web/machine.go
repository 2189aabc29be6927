package web

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/mail"
	"strings"
	"time"

	"newswire/internal/sanitize"
)

// plain is a document for programs.
func plain(mediaType string, body []byte) *document {
	return &document{status: http.StatusOK, mediaType: mediaType, maxAge: time.Hour, body: body}
}

func robots(v *View, _ *http.Request) (*document, error) {
	return plain("text/plain; charset=utf-8", fmt.Appendf(nil, "User-agent: *\nAllow: /\n\nSitemap: %s/sitemap.xml\n", v.Site.URL)), nil
}

// sitemapURL is one address of a sitemap (sitemaps.org 0.9).
type sitemapURL struct {
	Location string `xml:"loc"`
	Modified string `xml:"lastmod,omitempty"`
}

func sitemap(v *View, _ *http.Request) (*document, error) {
	set := struct {
		XMLName xml.Name     `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		URLs    []sitemapURL `xml:"url"`
	}{URLs: []sitemapURL{{Location: v.Site.URL + "/"}, {Location: v.Site.URL + "/feeds"}, {Location: v.Site.URL + "/articles"}}}
	for _, c := range v.Channels {
		set.URLs = append(set.URLs, sitemapURL{Location: v.Site.URL + "/feeds/" + c.Name})
	}
	for _, e := range v.standing() {
		if e.Slug == "" {
			continue // it is read elsewhere
		}
		at := e.Updated
		if at.IsZero() {
			at = when(e)
		}
		set.URLs = append(set.URLs, sitemapURL{v.Site.URL + articleURL(v, e), at.UTC().Format(time.RFC3339)})
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(set); err != nil {
		return nil, fmt.Errorf("sitemap: %w", err)
	}
	return plain("application/xml; charset=utf-8", b.Bytes()), nil
}

// A botBody tells those whose feeds we fetch who we are.
type botBody struct {
	Bot
	Site    string
	Contact link
	Every   string // as "15 minutes"
	AtMost  string
	Apart   string
}

func (s *Site) botPage(v *View, _ *http.Request) (*document, error) {
	p := newPage(v, "/bot", nil)
	p.Title = "About our fetcher"
	p.Description = "Who fetches your feed, how often, and how to ask us to stop."
	b := botBody{
		Bot:    s.Bot,
		Site:   v.Site.Title,
		Every:  spoken(s.Bot.MinInterval),
		AtMost: spoken(s.Bot.MaxInterval),
		Apart:  spoken(s.Bot.HostInterval),
	}
	b.Contact = contact(s.Bot.Contact, v.Site.URL+"/bot")
	p.Body = b
	return s.html("bot", http.StatusOK, p)
}

// spoken says a duration as people do; empty for none.
func spoken(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d < unit.of || d%unit.of != 0 && d < 10*unit.of {
			continue
		}
		n := int(d / unit.of)
		if n == 1 {
			return "1 " + unit.name
		}
		return fmt.Sprintf("%d %ss", n, unit.name)
	}
	if d <= 0 {
		return ""
	}
	return d.String()
}

// contact returns how to write to us. The page that says so is no way to.
func contact(raw, self string) link {
	if raw == self {
		return link{}
	}
	if u := sanitize.Link(raw, nil); u != "" {
		return link{Title: u, URL: u}
	}
	address := strings.TrimPrefix(raw, "mailto:")
	if a, err := mail.ParseAddress(address); err == nil && a.Name == "" {
		return link{Title: a.Address, URL: "mailto:" + a.Address}
	}
	return link{}
}
