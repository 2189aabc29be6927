package main

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"newswire/feeds"
	"newswire/internal/ingest"
	"newswire/internal/publish"
)

// untilNow is from where simulated time begins to the days this is about.
const untilNow = 27 * 365 * 24 * time.Hour

const withdrawalConfig = `site: {title: The Test, url: "http://news.example.com"}
server: {settle: 0s}
sources:
  - {name: Lab, url: "http://lab.example/feed", publish: full}
channels:
  - {name: all}
overrides: {hide: [%s]}
`

// A seen is what readers of the three formats and of the page find of an entry.
type seen struct {
	titles  [3]string // in RSS, Atom, JSON Feed; empty: it is not there
	texts   [3]string
	updated [3]string
	deleted string // when, as the tombstone in Atom says
}

// look reads the channel and returns what it shows of an id; each format may
// show it once.
func (n *newsdesk) look(t *testing.T, id string) (s seen) {
	t.Helper()
	count := [3]int{}
	note := func(format int, title, text, updated string) {
		count[format]++
		s.titles[format], s.texts[format], s.updated[format] = title, text, updated
	}
	var rss struct {
		Items []struct {
			Title   string `xml:"title"`
			GUID    string `xml:"guid"`
			Text    string `xml:"description"`
			Full    string `xml:"http://purl.org/rss/1.0/modules/content/ encoded"`
			Updated string `xml:"http://www.w3.org/2005/Atom updated"`
		} `xml:"channel>item"`
	}
	n.parse(t, feeds.RSS, &rss)
	for _, item := range rss.Items {
		if item.GUID == id {
			note(0, item.Title, item.Text+item.Full, item.Updated)
		}
	}
	var atom struct {
		Entries []struct {
			Title   string `xml:"title"`
			ID      string `xml:"id"`
			Updated string `xml:"updated"`
			Summary string `xml:"summary"`
			Content string `xml:"content"`
		} `xml:"entry"`
		Deleted []struct {
			Ref  string `xml:"ref,attr"`
			When string `xml:"when,attr"`
		} `xml:"http://purl.org/atompub/tombstones/1.0 deleted-entry"`
	}
	n.parse(t, feeds.Atom, &atom)
	for _, e := range atom.Entries {
		if e.ID == id {
			note(1, e.Title, e.Summary+e.Content, e.Updated)
		}
	}
	for _, d := range atom.Deleted {
		if d.Ref == id {
			s.deleted = d.When
		}
	}
	var doc struct {
		Items []struct {
			ID, Title string
			Summary   string
			Content   string `json:"content_html"`
			Modified  string `json:"date_modified"`
		}
	}
	n.parse(t, feeds.JSONFeed, &doc)
	for _, item := range doc.Items {
		if item.ID == id {
			note(2, item.Title, item.Summary+item.Content, item.Modified)
		}
	}
	for i, c := range count {
		if c > 1 {
			t.Errorf("format %d shows %s %d times", i, id, c)
		}
	}
	return s
}

func (n *newsdesk) parse(t *testing.T, format feeds.Format, into any) {
	t.Helper()
	d := n.publisher.Shelf().Document(publish.FeedPath("all", format))
	if d == nil {
		t.Fatalf("all.%s is not published", format)
	}
	read := xml.Unmarshal
	if format == feeds.JSONFeed {
		read = json.Unmarshal
	}
	if err := read(d.Body, into); err != nil {
		t.Fatal(err)
	}
}

// edit writes an article and publishes what the folder holds then.
func (n *newsdesk) edit(t *testing.T, front string) {
	t.Helper()
	n.editOf(t, "2026-12-01", front)
}

func (n *newsdesk) editOf(t *testing.T, date, front string) {
	t.Helper()
	folder := filepath.Join(n.dir, "articles")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	text := "---\ntitle: A claim\nsummary: It is said.\ndate: " + date + "\n" + front + "---\nThe claim in full.\n"
	if err := os.WriteFile(filepath.Join(folder, "claim.md"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	n.render(t)
}

func (n *newsdesk) render(t *testing.T) {
	t.Helper()
	if _, err := n.readHouse(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := n.publisher.Render(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func (n *newsdesk) page(t *testing.T, path string) (int, string) {
	t.Helper()
	site, err := n.siteHandler()
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// TestCorrectionRetraction follows a house article through its correction and
// its retraction, as subscribers and visitors see them, until it is forgotten.
func TestCorrectionRetraction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(untilNow)
		desk := openNewsdesk(t, t.TempDir(), fmt.Sprintf(withdrawalConfig, ""))
		defer func() { desk.close() }()
		const id = "tag:news.example.com,2026-12-01:articles/claim"
		desk.edit(t, "")
		first := desk.look(t, id)
		for i, title := range first.titles {
			if title != "A claim" || strings.Contains(first.texts[i], "Correction") {
				t.Errorf("format %d at first: %q %q", i, title, first.texts[i])
			}
		}

		time.Sleep(time.Hour)
		desk.edit(t, "correction: It was two < three.\n")
		now := time.Now().UTC().Format(time.RFC3339)
		second := desk.look(t, id)
		for i, text := range second.texts {
			if !strings.HasPrefix(text, "<p><strong>Correction:</strong> It was two &lt; three.") && !strings.HasPrefix(text, "Correction: It was two < three.") {
				t.Errorf("format %d does not begin with the correction: %q", i, text)
			}
			if second.updated[i] != now || second.updated[i] == first.updated[i] {
				t.Errorf("format %d: updated was %s and is %s at %s", i, first.updated[i], second.updated[i], now)
			}
		}
		code, page := desk.page(t, "/articles/claim")
		if at := strings.Index(page, "It was two &lt; three."); code != 200 || at < 0 || at > strings.Index(page, "The claim in full.") {
			t.Errorf("the page (%d) does not show the correction before the text", code)
		}

		time.Sleep(time.Hour)
		desk.edit(t, "correction: It was two < three.\nretracted: It was & is wrong.\n")
		desk.gone(t, id, "A claim", "It was &amp; is wrong.")
		if code, page := desk.page(t, "/articles/claim"); code != http.StatusGone || !strings.Contains(page, "It was &amp; is wrong.") || strings.Contains(page, "The claim in full.") {
			t.Errorf("the page answers %d", code)
		}
		if _, page := desk.page(t, "/"); strings.Contains(page, "A claim") {
			t.Error("the front page still shows it")
		}
		desk.forgotten(t, id)
		if code, _ := desk.page(t, "/articles/claim"); code != http.StatusGone {
			t.Errorf("the page answers %d after a month", code)
		}
	})
}

// gone holds that an entry is withdrawn as of now: a tombstone in Atom, and in
// the other formats an item that says so.
func (n *newsdesk) gone(t *testing.T, id, title, note string) {
	t.Helper()
	s := n.look(t, id)
	if s.titles != [3]string{"Withdrawn: " + title, "", "Withdrawn: " + title} {
		t.Errorf("titles: %q", s.titles)
	}
	if now := time.Now().UTC().Format(time.RFC3339); s.deleted != now || s.updated[0] != now || s.updated[2] != now {
		t.Errorf("it is %s; the tombstone says %q, the others %q", now, s.deleted, s.updated)
	}
	for _, i := range []int{0, 2} {
		if !strings.Contains(s.texts[i], "withdrawn") || !strings.Contains(s.texts[i], note) || strings.Contains(s.texts[i], "in full") {
			t.Errorf("format %d: %q", i, s.texts[i])
		}
	}
}

// forgotten holds that a withdrawal is told for thirty days and no longer, and
// that it outlives a restart.
func (n *newsdesk) forgotten(t *testing.T, id string) {
	t.Helper()
	before := n.look(t, id)
	time.Sleep(29 * 24 * time.Hour)
	n.render(t)
	if after := n.look(t, id); after != before {
		t.Errorf("after 29 days: %+v, not %+v", after, before)
	}
	n.restart(t)
	if after := n.look(t, id); after != before {
		t.Errorf("after a restart: %+v, not %+v", after, before)
	}
	time.Sleep(2 * 24 * time.Hour)
	n.render(t)
	if after := n.look(t, id); after != (seen{}) {
		t.Errorf("after a month: %+v", after)
	}
}

// restart opens the same newsroom anew.
func (n *newsdesk) restart(t *testing.T) {
	t.Helper()
	if err := n.close(); err != nil {
		t.Fatal(err)
	}
	s, err := loadSettings(filepath.Join(n.dir, "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if n.wire, err = openWire(context.Background(), s, n.log); err != nil {
		t.Fatal(err)
	}
	n.render(t)
}

// hide reloads the configuration with these overrides.
func (n *newsdesk) hide(t *testing.T, names ...string) {
	t.Helper()
	file := filepath.Join(n.dir, "config.yaml")
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	if err := os.WriteFile(file, fmt.Appendf(nil, withdrawalConfig, strings.Join(quoted, ", ")), 0o644); err != nil {
		t.Fatal(err)
	}
	n.reload(context.Background(), file)
	n.decideStored(context.Background())
	n.render(t)
}

// receive takes in what the one source says.
func (n *newsdesk) receive(t *testing.T, items string) {
	t.Helper()
	feed, err := feeds.Parse(strings.NewReader(`<rss version="2.0"><channel><title>Lab</title><link>http://lab.example/</link><description>d</description>`+
		items+`</channel></rss>`), feeds.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.door.Take(context.Background(), ingest.Delivery{Source: n.now.Load().sources[0], Feed: feed, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	n.render(t)
}

func labItem(n int, text string) string {
	return fmt.Sprintf(`<item><guid>http://lab.example/%d</guid><link>http://lab.example/%d</link><title>News %d</title><description>%s in full</description></item>`, n, n, n, text)
}

// TestHide withdraws a foreign entry that was published by naming it in
// overrides.hide: readers are told, however often its source repeats it. It
// returns when it is named no more.
func TestHide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(untilNow)
		desk := openNewsdesk(t, t.TempDir(), fmt.Sprintf(withdrawalConfig, ""))
		defer func() { desk.close() }()
		const id = "http://lab.example/1"
		desk.edit(t, "")
		desk.receive(t, labItem(1, "One")+labItem(2, "Two"))
		time.Sleep(40 * 24 * time.Hour) // it is older than what changed rules are applied to
		desk.hide(t, id)
		desk.gone(t, id, "News 1", "")
		told := desk.look(t, id)

		time.Sleep(2 * time.Hour)
		desk.receive(t, labItem(1, "One")+labItem(2, "Two"))
		if now := desk.look(t, id); now != told {
			t.Errorf("after its source repeated it: %+v, not %+v", now, told)
		}
		time.Sleep(2 * time.Hour)
		desk.receive(t, labItem(1, "One, changed,")+labItem(2, "Two"))
		if now := desk.look(t, id); now.deleted != told.deleted || now.titles != told.titles {
			t.Errorf("after its source changed it: %+v, not %+v", now, told)
		}
		desk.restart(t)
		if now := desk.look(t, id); now.deleted != told.deleted || now.titles != told.titles {
			t.Errorf("after a restart: %+v, not %+v", now, told)
		}

		if other := desk.look(t, "http://lab.example/2"); other.titles != [3]string{"News 2", "News 2", "News 2"} || other.deleted != "" {
			t.Errorf("the other entry: %+v", other)
		}
		time.Sleep(time.Hour)
		desk.hide(t, "http://lab.example/2")
		desk.gone(t, "http://lab.example/2", "News 2", "")
		desk.forgotten(t, "http://lab.example/2")
		desk.receive(t, labItem(1, "One, changed,")+labItem(2, "Two"))
		if now := desk.look(t, "http://lab.example/2"); now != (seen{}) {
			t.Errorf("long hidden, it came back: %+v", now)
		}
		desk.hide(t)
		if now := desk.look(t, "http://lab.example/2"); now.titles != [3]string{"News 2", "News 2", "News 2"} || now.deleted != "" {
			t.Errorf("hidden no more after two months: %+v", now)
		}
	})
}

// TestUnhide lets an entry stand again, under its id, when it is hidden no
// more; one that was hidden before it was ever published leaves no trace.
func TestUnhide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(untilNow)
		desk := openNewsdesk(t, t.TempDir(), fmt.Sprintf(withdrawalConfig, `"http://lab.example/2"`))
		defer func() { desk.close() }()
		desk.edit(t, "")
		desk.receive(t, labItem(1, "One")+labItem(2, "Two"))
		if now := desk.look(t, "http://lab.example/2"); now != (seen{}) {
			t.Errorf("never published, it is told of: %+v", now)
		}
		time.Sleep(time.Hour)
		desk.hide(t, "http://lab.example/1", "http://lab.example/2", "tag:news.example.com,2026-12-01:articles/claim")
		desk.gone(t, "http://lab.example/1", "News 1", "")
		desk.gone(t, "tag:news.example.com,2026-12-01:articles/claim", "A claim", "")
		if code, _ := desk.page(t, "/articles/claim"); code != http.StatusGone {
			t.Errorf("the hidden article's page answers %d", code)
		}
		gone := desk.look(t, "http://lab.example/1").deleted
		time.Sleep(time.Hour)
		desk.hide(t)
		for _, updated := range desk.look(t, "http://lab.example/1").updated {
			if updated <= gone { // then a tombstone that a reader keeps counts for more (RFC 6721 §3)
				t.Errorf("it stands again as of %s, and was withdrawn at %s", updated, gone)
			}
		}
		for _, id := range []string{"http://lab.example/1", "http://lab.example/2", "tag:news.example.com,2026-12-01:articles/claim"} {
			now := desk.look(t, id)
			if now.titles[0] == "" || now.titles[1] == "" || now.titles[2] == "" || strings.Contains(now.titles[0], "Withdrawn") || now.deleted != "" {
				t.Errorf("%s does not stand again: %+v", id, now)
			}
		}
		if code, _ := desk.page(t, "/articles/claim"); code != http.StatusOK {
			t.Errorf("the article's page answers %d when it stands again", code)
		}
	})
}
