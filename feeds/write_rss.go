package feeds

import (
	"cmp"
	"encoding/xml"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	gorilla "github.com/gorilla/feeds"
)

// RSS 2.0. The structs of gorilla/feeds are embedded, and fields that are too
// narrow for us are shadowed: encoding/xml lets the shallower field win.

type rssOutDoc struct {
	XMLName xml.Name `xml:"rss"`
	Version string   `xml:"version,attr"`
	Atom    string   `xml:"xmlns:atom,attr"`
	Content string   `xml:"xmlns:content,attr"`
	DC      string   `xml:"xmlns:dc,attr"`
	History string   `xml:"xmlns:fh,attr"`
	Media   string   `xml:"xmlns:media,attr"`
	Slash   string   `xml:"xmlns:slash,attr"`
	Thread  string   `xml:"xmlns:thr,attr"`
	WFW     string   `xml:"xmlns:wfw,attr"`
	Channel *rssOutChannel
}

// FeedXml makes the document known to gorilla/feeds.
func (d *rssOutDoc) FeedXml() any { return d }

type rssOutChannel struct {
	Title           *outPlain        `xml:"title"`
	Link            string           `xml:"link,omitempty"`
	Description     *outPlain        `xml:"description"`
	gorilla.RssFeed                  // channel, language, lastBuildDate, docs, ttl
	Copyright       *outPlain        `xml:"copyright"`
	Generator       *outPlain        `xml:"generator"`
	Creators        []*outPlain      `xml:"dc:creator"`
	Categories      []rssOutCategory `xml:"category"`
	Image           *rssOutImage     `xml:"image"`
	SkipHours       *rssOutHours     `xml:"skipHours"`
	SkipDays        *rssOutDays      `xml:"skipDays"`
	Links           []outLink        `xml:"atom:link"`
	Archive         *struct{}        `xml:"fh:archive"`
	Complete        *struct{}        `xml:"fh:complete"`
	Items           []rssOutItem     `xml:"item"` // after everything else of the channel
}

type rssOutImage struct {
	gorilla.RssImage
	Title *outPlain `xml:"title"`
}

type rssOutCategory struct {
	Domain string `xml:"domain,attr,omitempty"`
	outPlain
}

type rssOutHours struct {
	Hours []int `xml:"hour"`
}

type rssOutDays struct {
	Days []string `xml:"day"`
}

type rssOutSource struct {
	URL string `xml:"url,attr"`
	outPlain
}

type rssOutItem struct {
	Title           *outPlain        `xml:"title"`
	Link            string           `xml:"link,omitempty"`
	Description     *outMarkup       `xml:"description"` // before content:encoded
	gorilla.RssItem                  // item, content:encoded, comments, enclosure, guid, pubDate
	Updated         string           `xml:"atom:updated,omitempty"`
	Creators        []*outPlain      `xml:"dc:creator"`
	Categories      []rssOutCategory `xml:"category"`
	Source          *rssOutSource    `xml:"source"`
	Language        string           `xml:"dc:language,omitempty"`
	Rights          *outPlain        `xml:"dc:rights"`
	Links           []outLink        `xml:"atom:link"`
	CommentFeed     string           `xml:"wfw:commentRss,omitempty"`
	CommentCount    string           `xml:"slash:comments,omitempty"`
	Thumbnail       *outThumbnail    `xml:"media:thumbnail"`
	Media           []outMedia       `xml:"media:content"`
}

func rssOut(f *Feed) *rssOutDoc {
	return &rssOutDoc{
		Version: "2.0", Atom: outAtomNS, Content: outContentNS, DC: outDCNS, History: outHistoryNS,
		Media: outMediaNS, Slash: outSlashNS, Thread: outThreadNS, WFW: outCommentNS,
		Channel: newRSSOutChannel(f),
	}
}

func newRSSOutChannel(f *Feed) *rssOutChannel {
	title := outFeedTitle(f)
	link := cmp.Or(outURI(f.Link), outURI(f.Self))
	c := &rssOutChannel{
		Title:       newOutPlain(title),
		Link:        link,
		Description: newOutPlain(cmp.Or(outLine(f.Subtitle), title)),
		RssFeed: gorilla.RssFeed{
			Language:      outLanguage(f.Language),
			LastBuildDate: outDate(outUpdated(f), outRFC822),
			Docs:          "https://www.rssboard.org/rss-specification",
			Ttl:           rssOutTTL(f.TTL),
		},
		Copyright:  newOutPlain(f.Rights),
		Generator:  newOutPlain(rssOutGenerator(f.Generator)),
		Creators:   rssOutCreators(outPeople(f.Authors)),
		Categories: rssOutCategories(f.Categories),
		Image:      newRSSOutImage(f.Image, title, link),
		SkipHours:  newRSSOutHours(f.SkipHours),
		SkipDays:   newRSSOutDays(f.SkipDays),
		Links:      outFeedLinks(f, RSS),
		Items:      make([]rssOutItem, len(f.Entries)),
	}
	if f.Archive {
		c.Archive = &struct{}{}
	}
	if f.Complete {
		c.Complete = &struct{}{}
	}
	for i := range f.Entries {
		c.Items[i] = newRSSOutItem(&f.Entries[i], f)
	}
	return c
}

// rssOutTTL gives whole minutes; the specification knows no zero.
func rssOutTTL(d time.Duration) int {
	if d <= 0 {
		return 0
	}
	return int(max(d/time.Minute, 1))
}

// rssOutGenerator names a program as HTTP does: Name/1.0 (https://…).
func rssOutGenerator(g Generator) string {
	name := outLine(g.Name)
	if v := outLine(g.Version); v != "" && name != "" {
		name += "/" + v
	}
	if u := outURI(g.URI); u != "" && name != "" {
		name += " (" + u + ")"
	}
	return name
}

func rssOutCreators(people []Person) []*outPlain {
	var out []*outPlain
	for _, p := range people {
		out = append(out, newOutPlain(p.Name))
	}
	return out
}

func rssOutCategories(categories []Category) []rssOutCategory {
	var out []rssOutCategory
	for _, c := range outCategories(categories) {
		out = append(out, rssOutCategory{c.Scheme, *newOutPlain(c.Term)})
	}
	return out
}

// newRSSOutImage gives the channel's image if RSS allows it: at most 144×400
// pixels, GIF, JPEG or PNG. Its title and link are the channel's.
func newRSSOutImage(im *Image, title, link string) *rssOutImage {
	if im == nil || link == "" || im.Width > 144 || im.Height > 400 {
		return nil
	}
	u := outURI(im.URL)
	if u == "" || !rssOutImageFormat(u, im.MediaType) {
		return nil
	}
	return &rssOutImage{
		RssImage: gorilla.RssImage{Url: u, Link: link, Width: max(im.Width, 0), Height: max(im.Height, 0)},
		Title:    newOutPlain(title),
	}
}

func rssOutImageFormat(u, mediaType string) bool {
	u, _, _ = strings.Cut(u, "?")
	switch strings.ToLower(path.Ext(u)) {
	case ".png", ".gif", ".jpg", ".jpeg", ".jpe":
		return true
	case ".webp", ".svg", ".avif", ".ico", ".bmp":
		return false
	}
	switch strings.ToLower(outMediaType(mediaType)) {
	case "image/png", "image/gif", "image/jpeg":
		return true
	}
	return false
}

func newRSSOutHours(hours []int) *rssOutHours {
	out := &rssOutHours{}
	for _, h := range hours {
		if h >= 0 && h < 24 && !slices.Contains(out.Hours, h) {
			out.Hours = append(out.Hours, h)
		}
	}
	if out.Hours == nil {
		return nil
	}
	slices.Sort(out.Hours)
	return out
}

func newRSSOutDays(days []time.Weekday) *rssOutDays {
	out := &rssOutDays{}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if slices.Contains(days, d) {
			out.Days = append(out.Days, d.String())
		}
	}
	if out.Days == nil {
		return nil
	}
	return out
}

func newRSSOutItem(e *Entry, f *Feed) rssOutItem {
	it := rssOutItem{
		RssItem: gorilla.RssItem{
			Guid:    &gorilla.RssGuid{Id: outID(e), IsPermaLink: "false"},
			PubDate: outDate(e.Published, outRFC822),
		},
		Title:      newOutPlain(outTitle(e)),
		Link:       cmp.Or(outEntryLink(e), outURI(e.External)),
		Creators:   rssOutCreators(outAuthors(e)),
		Categories: rssOutCategories(e.Categories),
		Source:     newRSSOutSource(e.Source),
		Rights:     newOutPlain(e.Rights),
		Links:      append(outEntryLinks(e), outReplies(e.Comments, false)...),
	}
	it.setTexts(e)
	it.setUpdated(e)
	it.setComments(e.Comments)
	if lang := outLanguage(e.Language); lang != outLanguage(f.Language) {
		it.Language = lang
	}
	enclosures := outEnclosures(e)
	if i := slices.IndexFunc(enclosures, func(c Enclosure) bool { return outDomain(outURIHost(c.URL)) }); i >= 0 {
		c := enclosures[i]
		it.Enclosure = &gorilla.RssEnclosure{Url: c.URL, Length: strconv.FormatInt(c.Length, 10), Type: c.MediaType}
	}
	it.Thumbnail, it.Media = outPictures(e.Images)
	return it
}

// setTexts sets description and content:encoded. The full text alone is the
// description.
func (it *rssOutItem) setTexts(e *Entry) {
	summary, content := outTexts(e)
	if summary == "" {
		summary, content = content, ""
	}
	it.Description = newOutMarkup("", summary)
	if content != "" {
		it.Content = &gorilla.RssContent{Content: outClean(string(content))}
	}
}

// setUpdated sets atom:updated, which RSS itself does not have. An entry that
// declares only when it was updated is published then.
func (it *rssOutItem) setUpdated(e *Entry) {
	switch {
	case it.PubDate == "":
		it.PubDate = outDate(e.Updated, outRFC822)
	case !e.Updated.Equal(e.Published):
		it.Updated = outDate(e.Updated, outRFC3339)
	}
}

func (it *rssOutItem) setComments(c *Comments) {
	if c == nil {
		return
	}
	it.Comments = outURI(c.Page)
	it.CommentFeed = outURI(c.Feed)
	if c.Count >= 0 {
		it.CommentCount = strconv.Itoa(c.Count)
	}
}

// newRSSOutSource names the feed that an item was copied from, by its address
// and title.
func newRSSOutSource(s *Feed) *rssOutSource {
	if s == nil {
		return nil
	}
	u := cmp.Or(outURI(s.Self), outURI(s.ID), outURI(s.Link))
	if u == "" {
		return nil
	}
	return &rssOutSource{u, *newOutPlain(outFeedTitle(s))}
}
