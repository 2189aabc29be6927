package feeds

import (
	"net/url"
	"strings"

	ext "github.com/mmcdole/gofeed/extensions"
)

// fillFeed sets what a feed's own vocabulary leaves empty from Dublin Core,
// Atom elements in RSS, and iTunes.
func (p *parser) fillFeed(f *Feed, x ext.Extensions, base *url.URL) {
	if len(x) == 0 {
		return
	}
	if f.ID == "" {
		f.ID = limitGUID(strings.TrimSpace(extText(x, "atom", "id")))
	}
	fill := func(to *string, limit int, what string, names ...[2]string) {
		for _, n := range names {
			if *to == "" {
				*to = p.text(textGuess(extText(x, n[0], n[1])), limit, what)
			}
		}
	}
	fill(&f.Title, maxTitle, "the feed's title", [2]string{"atom", "title"}, [2]string{"dc", "title"})
	fill(&f.Subtitle, maxSummary, "the feed's description", [2]string{"atom", "subtitle"}, [2]string{"atom", "tagline"},
		[2]string{"dc", "description"}, [2]string{"itunes", "summary"}, [2]string{"itunes", "subtitle"})
	fill(&f.Rights, maxTitle, "the rights", [2]string{"atom", "rights"}, [2]string{"atom", "copyright"}, [2]string{"dc", "rights"})
	fill(&f.Language, maxName, "the language", [2]string{"dc", "language"})
	f.Icon = firstOf(f.Icon, p.link(base, firstOf(extText(x, "atom", "icon"), extText(x, "webfeeds", "icon")), "the icon's URL"))
	f.Logo = firstOf(f.Logo, p.link(base, firstOf(extText(x, "atom", "logo"), extText(x, "webfeeds", "logo")), "the logo's URL"))
	if f.Updated.IsZero() {
		f.Updated = firstDate(extText(x, "dc", "date"), extText(x, "atom", "updated"), extText(x, "atom", "modified"), extText(x, "dcterms", "modified"))
	}
	if len(f.Authors) == 0 {
		f.Authors = p.persons(extCreators(nil, x))
	}
	if len(f.Authors) == 0 {
		f.Authors = p.persons(extOwners(x))
	}
	f.Categories = feedCategories(extCategories(f.Categories, x))
	p.feedExtensions(f, x)
}

// fillEntry is fillFeed for an entry.
func (p *parser) fillEntry(e *Entry, x ext.Extensions, base *url.URL) {
	if len(x) == 0 {
		return
	}
	for _, n := range [][2]string{{"atom", "title"}, {"dc", "title"}, {"media", "title"}, {"itunes", "title"}} {
		if e.Title == "" {
			e.Title = p.text(textGuess(extText(x, n[0], n[1])), maxTitle, "a title")
		}
	}
	if e.GUID == "" {
		e.GUID = limitGUID(strings.TrimSpace(firstOf(extText(x, "atom", "id"), extText(x, "dc", "identifier"))))
	}
	e.Rights = firstOf(e.Rights, p.text(textGuess(firstOf(extText(x, "dc", "rights"), extText(x, "atom", "rights"))), maxTitle, "the rights"))
	e.Language = firstOf(e.Language, p.text(textLine(extText(x, "dc", "language")), maxName, "a language"))
	p.fillDates(e, x)
	p.fillTexts(e, x)
	if len(e.Authors) < maxAuthors {
		e.Authors = p.persons(extCreators(e.Authors, x))
	}
	e.Categories = p.categories(extCategories(e.Categories, x))
	p.entryExtensions(e, x, base)
}

func (p *parser) fillDates(e *Entry, x ext.Extensions) {
	if e.Published.IsZero() {
		e.Published = firstDate(extText(x, "dc", "date"), extText(x, "dcterms", "issued"), extText(x, "dcterms", "created"),
			extText(x, "atom", "published"), extText(x, "atom", "issued"), extText(x, "atom", "created"))
	}
	if e.Updated.IsZero() {
		e.Updated = firstDate(extText(x, "atom", "updated"), extText(x, "atom", "modified"), extText(x, "dcterms", "modified"))
	}
}

func (p *parser) fillTexts(e *Entry, x ext.Extensions) {
	if e.Content == "" {
		p.body(e, string(e.Summary), strings.TrimSpace(extText(x, "atom", "content")))
	}
	for _, n := range [][2]string{{"dc", "description"}, {"atom", "summary"}, {"itunes", "summary"}, {"itunes", "subtitle"}} {
		if e.Summary == "" {
			p.body(e, strings.TrimSpace(extText(x, n[0], n[1])), string(e.Content))
		}
	}
}

// extCreators appends the authors that extensions name.
func extCreators(list []Person, x ext.Extensions) []Person {
	for _, name := range []string{"creator", "author"} {
		for _, c := range x["dc"][name] {
			list = extAuthor(list, c.Value)
		}
	}
	for _, a := range x["atom"]["author"] {
		list = extAddPerson(list, Person{
			Name:  textGuess(extChild(a, "name")),
			Email: textLine(extMail(extChild(a, "email"))),
			URI:   strings.TrimSpace(extChild(a, "uri")),
		})
	}
	for _, a := range x["itunes"]["author"] {
		list = extAuthor(list, a.Value)
	}
	return list
}

func extAuthor(list []Person, s string) []Person {
	if len(list) > maxAuthors {
		return list
	}
	return extAddPerson(list, extPerson(s))
}

// extOwners returns a podcast's owners.
func extOwners(x ext.Extensions) []Person {
	var list []Person
	for _, o := range x["itunes"]["owner"] {
		list = extAddPerson(list, Person{Name: textGuess(extChild(o, "name")), Email: textLine(extChild(o, "email"))})
	}
	return list
}

// extChild returns the text of an extension's first child of that name.
func extChild(x ext.Extension, name string) string {
	if c := x.Children[name]; len(c) > 0 {
		return c[0].Value
	}
	return ""
}

// extCategories appends the categories that extensions name.
func extCategories(list []Category, x ext.Extensions) []Category {
	for _, c := range x["dc"]["subject"] {
		list = extAddCategory(list, Category{Term: c.Value})
	}
	for _, c := range x["atom"]["category"] {
		list = extAddCategory(list, Category{Term: c.Attrs["term"], Scheme: c.Attrs["scheme"], Label: c.Attrs["label"]})
	}
	for _, c := range x["media"]["category"] {
		list = extAddCategory(list, Category{Term: c.Value, Scheme: c.Attrs["scheme"], Label: c.Attrs["label"]})
	}
	for _, c := range x["itunes"]["category"] {
		list = extAddCategory(list, Category{Term: c.Attrs["text"]})
		for _, sub := range c.Children["category"] {
			list = extAddCategory(list, Category{Term: sub.Attrs["text"]})
		}
	}
	if len(list) > 0 {
		return list
	}
	for word := range strings.SplitSeq(extText(x, "itunes", "keywords"), ",") {
		list = extAddCategory(list, Category{Term: word})
	}
	return list
}
