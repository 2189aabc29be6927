package web

import (
	"cmp"
	"net/http"
	"strings"

	"newswire/feeds"
	"newswire/internal/newsroom"
	"newswire/internal/sanitize"
)

// An articleBody is the page of a house article.
type articleBody struct {
	Title      string
	Language   string
	Summary    string
	Authors    []link
	Published  moment
	Updated    moment // empty if it never changed
	Minutes    int
	Picture    *picture
	Correction string
	Content    feeds.HTML
	Tags       []string
	More       []card
}

func (s *Site) articlePage(v *View, r *http.Request) (*document, error) {
	name := strings.TrimPrefix(r.URL.Path, "/articles/")
	e := v.article(name)
	if e == nil {
		return nil, nil
	}
	if !e.Withdrawn.IsZero() {
		return s.withdrawnPage(v, e)
	}
	b := newArticleBody(v, e)
	p := newPage(v, articleURL(v, e), nil)
	p.Title, p.Article = b.Title, true
	p.Description = cmp.Or(b.Summary, p.Description)
	if len(e.Images) > 0 {
		p.Picture = sanitize.Link(e.Images[0].URL, nil)
	}
	p.Body = b
	return s.html("article", http.StatusOK, p)
}

func newArticleBody(v *View, e *newsroom.Entry) articleBody {
	b := articleBody{
		Title:      headline(e),
		Summary:    sanitize.Text(uncorrected(e, e.Summary)),
		Published:  v.moment(when(e)),
		Minutes:    e.ReadingMinutes,
		Picture:    v.picture(e),
		Correction: e.Correction,
		Content:    uncorrected(e, e.Content),
	}
	if e.Language != v.Site.Language {
		b.Language = e.Language
	}
	if e.Updated.After(when(e)) {
		b.Updated = v.moment(e.Updated)
	}
	for _, a := range e.Authors {
		if a.Name != "" {
			b.Authors = append(b.Authors, link{Title: a.Name, URL: sanitize.Link(a.URI, nil)})
		}
	}
	for _, c := range e.Categories {
		b.Tags = append(b.Tags, cmp.Or(c.Label, c.Term))
	}
	for _, other := range v.standing() {
		if other.ID != e.ID && len(b.More) < 3 {
			b.More = append(b.More, v.card(other))
		}
	}
	return b
}

// A withdrawnBody says that an article is no longer here. Its title is not
// repeated: it may be what was wrong.
type withdrawnBody struct {
	When moment
	Note string
}

func (s *Site) withdrawnPage(v *View, e *newsroom.Entry) (*document, error) {
	p := newPage(v, "", nil)
	p.Title = "Withdrawn"
	p.Description = "This article was withdrawn."
	p.Body = withdrawnBody{v.moment(e.Withdrawn), e.WithdrawnNote}
	return s.html("withdrawn", http.StatusGone, p)
}

func (s *Site) articlesPage(v *View, _ *http.Request) (*document, error) {
	p := newPage(v, "/articles", nil)
	p.Title = "Our own articles"
	p.Description = "Everything that " + v.Site.Title + " wrote itself."
	var all []card
	for _, e := range v.standing() {
		c := v.card(e)
		c.Heads = true
		all = append(all, c)
	}
	p.Body = all
	return s.html("articles", http.StatusOK, p)
}
