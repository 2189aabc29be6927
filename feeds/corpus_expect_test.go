package feeds

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A corpusExpectation is what another project's tests expect of a file.
type corpusExpectation struct {
	Path    string            `json:"path"`
	Suite   string            `json:"suite"`
	Checks  map[string]any    `json:"checks"`
	Extra   map[string]any    `json:"extra"`
	Headers map[string]string `json:"http_headers"`
	MayFail any               `json:"may_fail"`
}

func (x *corpusExpectation) options() ParseOptions {
	o := ParseOptions{}
	for name, value := range x.Headers {
		switch strings.ToLower(name) {
		case "content-type":
			o.ContentType = value
		case "content-location":
			o.Base, _ = url.Parse(value)
		}
	}
	if s, ok := x.Extra["_feed_url"].(string); ok && o.Base == nil && s != "" {
		o.Base, _ = url.Parse(s)
	}
	return o
}

var corpusIndex = regexp.MustCompile(`^entries\[(\d+)\]\.(.*)$`)

// corpusValue returns what we read for a name of EXPECT.jsonl as text, and
// whether the name means anything to us.
func corpusValue(f *Feed, err error, name string) (string, bool) {
	if m := corpusIndex.FindStringSubmatch(name); m != nil {
		i, _ := strconv.Atoi(m[1])
		if i >= len(f.Entries) {
			return "<no such entry>", true
		}
		return corpusEntry(&f.Entries[i], m[2])
	}
	switch name {
	case "entries_count":
		return strconv.Itoa(len(f.Entries)), true
	case "feed.title":
		return f.Title, true
	case "feed.description":
		return f.Subtitle, true
	case "feed.link":
		return f.Link, true
	case "feed.self":
		return f.Self, true
	case "feed.id":
		return f.ID, true
	case "feed.language":
		return f.Language, true
	case "feed.rights":
		return f.Rights, true
	case "feed.generator":
		return f.Generator.Name, true
	case "feed.icon":
		return f.Icon, true
	case "feed.logo":
		return f.Logo, true
	case "feed.updated", "feed.published":
		return corpusDate(f.Updated), true
	case "feed.author", "feed.author_name":
		return corpusPerson(f.Authors).Name, true
	case "feed.author_email":
		return corpusPerson(f.Authors).Email, true
	case "feed.author_uri":
		return corpusPerson(f.Authors).URI, true
	case "format_version":
		return f.Version, true
	case "format_family":
		return map[Format]string{RSS: "rss", Atom: "atom", JSONFeed: "json"}[f.Format], true
	case "bozo":
		return strconv.FormatBool(err != nil), true
	}
	return corpusFeedRest(f, name)
}

func corpusFeedRest(f *Feed, name string) (string, bool) {
	var i int
	if n, _ := fmt.Sscanf(name, "feed.categories[%d]", &i); n == 1 {
		if i >= len(f.Categories) {
			return "", true
		}
		return f.Categories[i].Term, true
	}
	if n, _ := fmt.Sscanf(name, "feed.hubs[%d]", &i); n == 1 {
		if i >= len(f.Hubs) {
			return "", true
		}
		return f.Hubs[i], true
	}
	if rest, ok := strings.CutPrefix(name, "feed.image."); ok {
		image := Image{}
		if f.Image != nil {
			image = *f.Image
		}
		switch rest {
		case "url":
			if image.URL == "" {
				image.URL = f.Logo
			}
			return image.URL, true
		case "title":
			return image.Title, true
		case "link":
			return image.Link, true
		}
	}
	return "", false
}

func corpusDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Truncate(time.Second).Format(time.RFC3339)
}

func corpusPerson(list []Person) Person {
	if len(list) == 0 {
		return Person{}
	}
	return list[0]
}

func corpusEntry(e *Entry, name string) (string, bool) {
	switch name {
	case "title":
		return e.Title, true
	case "link":
		return e.Link, true
	case "id":
		return e.GUID, true
	case "summary":
		return string(e.Summary), true
	case "content":
		return string(e.Content), true
	case "content_or_summary":
		return firstOf(string(e.Content), string(e.Summary)), true
	case "summary_or_content":
		return firstOf(string(e.Summary), string(e.Content)), true
	case "author", "author_name":
		return corpusPerson(e.Authors).Name, true
	case "author_email":
		return corpusPerson(e.Authors).Email, true
	case "author_uri":
		return corpusPerson(e.Authors).URI, true
	case "published":
		return corpusDate(e.Published), true
	case "updated":
		return corpusDate(e.Updated), true
	case "date", "date_published_else_other":
		if !e.Published.IsZero() {
			return corpusDate(e.Published), true
		}
		return corpusDate(e.Updated), true
	case "date_updated_else_other":
		return corpusDate(e.When()), true
	case "rights":
		return e.Rights, true
	case "language":
		return e.Language, true
	case "enclosures_count":
		return strconv.Itoa(len(e.Enclosures)), true
	}
	return corpusEntryRest(e, name)
}

func corpusEntryRest(e *Entry, name string) (string, bool) {
	var i int
	var rest string
	if n, _ := fmt.Sscanf(name, "categories[%d]", &i); n == 1 {
		if i >= len(e.Categories) {
			return "", true
		}
		return e.Categories[i].Term, true
	}
	if n, _ := fmt.Sscanf(name, "enclosures[%d].%s", &i, &rest); n == 2 {
		if i >= len(e.Enclosures) {
			return "", true
		}
		switch rest {
		case "url":
			return e.Enclosures[i].URL, true
		case "type":
			return e.Enclosures[i].MediaType, true
		case "length":
			return strconv.FormatInt(e.Enclosures[i].Length, 10), true
		}
	}
	switch name {
	case "comments":
		if e.Comments == nil {
			return "", true
		}
		return e.Comments.Page, true
	case "image.url":
		if len(e.Images) == 0 {
			return "", true
		}
		return e.Images[0].URL, true
	case "source.title":
		if e.Source == nil {
			return "", true
		}
		return e.Source.Title, true
	}
	return "", false
}

// corpusSame compares as loosely as the suites differ among themselves: tags
// and white space do not count, nor case in languages, nor a slash at the end
// of a URL, nor the fraction of a second.
func corpusSame(name, got, want string) bool {
	if got == want || corpusFold(got) == corpusFold(want) {
		return true
	}
	if strings.HasSuffix(name, "length") && (want == "" || want == "0") {
		return got == "0"
	}
	switch {
	case strings.Contains(name, "link") || strings.Contains(name, "url") || strings.Contains(name, "uri") || strings.HasSuffix(name, ".id"):
		return strings.TrimSuffix(got, "/") == strings.TrimSuffix(want, "/")
	case strings.Contains(name, "language"):
		return strings.EqualFold(got, want)
	case strings.Contains(name, "published") || strings.Contains(name, "updated") || strings.Contains(name, "date"):
		t, err := time.Parse(time.RFC3339, want)
		return err == nil && corpusDate(t) == got
	}
	return false
}

// corpusThresholds are the rates that each suite reached, in per cent: a lower
// one is a regression. docs/notes/parsing.md says what the rest is.
var corpusThresholds = map[string]float64{
	"codehollow-feedreader": 97.8,
	"feed-rs":               93.5,
	"feedjira":              97.3,
	"feedparser":            97.6,
	"gofeed":                96.2,
	"miniflux-inline":       81.4,
	"netnewswire-rsparser":  78.9,
	"picofeed":              81.2,
	"rss-parser":            96.6,
	"simplepie-inline":      87.4,
}

// TestCorpusExpectations holds our reading against the expectations of other
// projects' tests.
func TestCorpusExpectations(t *testing.T) {
	sequential(t)
	dir := corpusDir(t)
	suites := map[string]*rate{}
	for _, x := range corpusLines[corpusExpectation](t, filepath.Join(dir, "EXPECT.jsonl")) {
		if x.MayFail != nil || strings.HasPrefix(x.Suite, "feedvalidator") || strings.Contains(x.Suite, "opml") || strings.HasSuffix(x.Suite, "discovery") {
			continue
		}
		doc, err := os.ReadFile(filepath.Join(dir, x.Path))
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(bytes.NewReader(doc), x.options())
		r := suites[x.Suite]
		if r == nil {
			r = &rate{}
			suites[x.Suite] = r
		}
		for _, name := range slices.Sorted(maps.Keys(x.Checks)) {
			corpusCheck(t, r, &x, f, err, name)
		}
	}
	for suite := range corpusThresholds {
		if suites[suite] == nil {
			t.Errorf("nothing of %s was checked", suite)
		}
	}
	for _, suite := range slices.Sorted(maps.Keys(suites)) {
		r := suites[suite]
		if r.all == 0 {
			continue // nothing that means anything to us
		}
		t.Logf("%-24s %s", suite, r)
		if r.percent() < corpusThresholds[suite] {
			t.Errorf("%s: %.2f %%, was %.2f %%", suite, r.percent(), corpusThresholds[suite])
		}
	}
}

func corpusCheck(t *testing.T, r *rate, x *corpusExpectation, f *Feed, err error, name string) {
	t.Helper()
	want := ""
	switch v := x.Checks[name].(type) {
	case nil:
	case string:
		want = v
	case bool:
		want = strconv.FormatBool(v)
	case float64:
		want = strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return
	}
	if name == "bozo" && want == "true" {
		return // to refuse is no virtue
	}
	if name == "parse_error" {
		if (f == nil) == (want == "true") {
			r.hit()
		} else {
			r.miss(t, "%s parse_error %s: %v", x.Path, want, err)
		}
		return
	}
	if f == nil {
		if _, known := corpusValue(&Feed{}, nil, name); known {
			r.miss(t, "%s %s: %v", x.Path, name, err)
		}
		return
	}
	got, known := corpusValue(f, err, name)
	if got == "" && x.Suite == "feedparser" && strings.HasSuffix(name, "].summary") {
		// Its summary is the content if there is no summary.
		got, known = corpusValue(f, err, strings.TrimSuffix(name, "summary")+"content")
	}
	switch {
	case !known:
	case corpusSame(name, got, want):
		r.hit()
	default:
		r.miss(t, "%s %s: %.100q, want %.100q", x.Path, name, got, want)
	}
}
