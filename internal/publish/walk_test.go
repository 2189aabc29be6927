package publish

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"newswire/feeds"
	"newswire/internal/feedcheck"
	"newswire/internal/newsroom"
)

// A told is what a reader last learned of an id.
type told struct {
	updated time.Time
	gone    bool
}

// A walked is a document of a channel or of an archive as a reader takes it.
type walked struct {
	etag  string
	links map[string]string // by relation; JSON Feed's next_url is prev-archive
	told  map[string]told
}

// readDocument reads a document by the standard library alone.
func readDocument(t *testing.T, d *Document) *walked {
	t.Helper()
	w := &walked{etag: d.ETag, links: map[string]string{}, told: map[string]told{}}
	switch d.Format {
	case feeds.JSONFeed:
		w.readJSON(t, d)
	case feeds.Atom:
		w.readAtom(t, d)
	default:
		w.readRSS(t, d)
	}
	return w
}

// take notes an item. RSS and JSON Feed tell of a withdrawal by its title.
func (w *walked) take(t *testing.T, id, title string, updated string) {
	t.Helper()
	at, err := time.Parse(time.RFC3339, updated)
	if _, twice := w.told[id]; twice || err != nil && updated != "" {
		t.Errorf("%s stands twice, or its date is %q", id, updated)
	}
	w.told[id] = told{at, strings.HasPrefix(title, "Withdrawn: ")}
}

func (w *walked) readJSON(t *testing.T, d *Document) {
	var doc struct {
		Next  string `json:"next_url"`
		Items []struct {
			ID, Title string
			Modified  string `json:"date_modified"`
		}
	}
	if err := json.Unmarshal(d.Body, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Next != "" {
		w.links["prev-archive"] = doc.Next
	}
	for _, item := range doc.Items {
		w.take(t, item.ID, item.Title, item.Modified)
	}
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

func (w *walked) link(links []atomLink) {
	for _, l := range links {
		w.links[l.Rel] = l.Href
	}
}

func (w *walked) readRSS(t *testing.T, d *Document) {
	var doc struct {
		Channel struct {
			Links   []atomLink `xml:"http://www.w3.org/2005/Atom link"`
			Archive *struct{}  `xml:"http://purl.org/syndication/history/1.0 archive"`
			Items   []struct {
				Title   string `xml:"title"`
				GUID    string `xml:"guid"`
				Updated string `xml:"http://www.w3.org/2005/Atom updated"`
			} `xml:"item"`
		} `xml:"channel"`
	}
	if err := xml.Unmarshal(d.Body, &doc); err != nil {
		t.Fatal(err)
	}
	w.link(doc.Channel.Links)
	if doc.Channel.Archive != nil {
		w.links["archive"] = "yes"
	}
	for _, item := range doc.Channel.Items {
		w.take(t, item.GUID, item.Title, item.Updated)
	}
}

func (w *walked) readAtom(t *testing.T, d *Document) {
	var doc struct {
		Links   []atomLink `xml:"link"`
		Archive *struct{}  `xml:"http://purl.org/syndication/history/1.0 archive"`
		Entries []struct {
			ID      string `xml:"id"`
			Updated string `xml:"updated"`
		} `xml:"entry"`
		Deleted []struct {
			Ref  string    `xml:"ref,attr"`
			When time.Time `xml:"when,attr"`
		} `xml:"http://purl.org/atompub/tombstones/1.0 deleted-entry"`
	}
	if err := xml.Unmarshal(d.Body, &doc); err != nil {
		t.Fatal(err)
	}
	w.link(doc.Links)
	if doc.Archive != nil {
		w.links["archive"] = "yes"
	}
	for _, e := range doc.Entries {
		w.take(t, e.ID, "", e.Updated)
	}
	for _, d := range doc.Deleted {
		w.told[d.Ref] = told{d.When, true}
	}
}

// walk reads a channel's document and all archives behind it, the newest first.
func (y *year) walk(t *testing.T, channel string, format feeds.Format) []*walked {
	t.Helper()
	shelf := y.publisher.Shelf()
	d := shelf.Document(FeedPath(channel, format))
	if d == nil {
		t.Fatalf("%s.%s is not published", channel, format)
	}
	all := []*walked{readDocument(t, d)}
	if all[0].links["archive"] != "" {
		t.Errorf("%s says that it is an archive", d.Path)
	}
	next := site + ArchivePath(channel, shelf.chains[channel].last()+1, format)
	for seen := map[string]bool{}; ; {
		w := all[len(all)-1]
		for _, paging := range []string{"next", "previous", "first", "last"} {
			if w.links[paging] != "" {
				t.Errorf("rel=%s among archives", paging)
			}
		}
		url := w.links["prev-archive"]
		if url == "" {
			return all
		}
		if seen[url] {
			t.Fatalf("the walk comes back to %s", url)
		}
		seen[url] = true
		archive := y.archived(t, strings.TrimPrefix(url, site))
		if format != feeds.JSONFeed && (archive.links["archive"] == "" || archive.links["current"] != site+d.Path || archive.links["self"] != url || archive.links["next-archive"] != next) {
			t.Errorf("%s: links %v, next %s", url, archive.links, next)
		}
		next = url
		all = append(all, archive)
	}
}

// archived returns an archive, which is read once: its bytes must not change.
func (y *year) archived(t *testing.T, path string) *walked {
	t.Helper()
	if w, known := y.archives[path]; known {
		return w
	}
	d := y.archiveDocument(t, path)
	w := readDocument(t, d)
	y.archives[path] = w
	y.made++
	y.held += len(w.told)
	for _, f := range feedcheck.Check(d.Body, d.MediaType, site+path) {
		tombstones := d.Format == feeds.Atom && f.Rule == "UnknownNamespace"
		if f.Level > feedcheck.Info && !tombstones && f.Rule != "DuplicateUpdated" {
			t.Errorf("%s: %s", path, f)
		}
	}
	return w
}

func (y *year) archiveDocument(t *testing.T, path string) *Document {
	t.Helper()
	d, err := y.publisher.Shelf().Archive(path)
	if err != nil || d == nil {
		t.Fatalf("%s is linked and cannot be read: %v", path, err)
	}
	if ETag(d.Body) != d.ETag {
		t.Errorf("%s has not the tag of its bytes", path)
	}
	return d
}

// unchanged holds that everything that was ever linked is still served, with
// the same bytes, by this process and by a new one.
func (y *year) unchanged(t *testing.T) {
	t.Helper()
	y.restart()
	y.render()
	for path, w := range y.archives {
		channel, _, _, _ := parseArchivePath(path)
		if !slices.ContainsFunc(y.config.Channels, func(ch newsroom.Channel) bool { return ch.Name == channel }) {
			continue // it has another name now
		}
		if d := y.archiveDocument(t, path); d.ETag != w.etag {
			t.Errorf("%s has changed", path)
		}
	}
}

// judge holds a channel against what the store says are its members.
func (y *year) judge(t *testing.T, ch newsroom.Channel) {
	t.Helper()
	refs, err := y.store.Refs(t.Context(), ch.Name, 1e6)
	if err != nil {
		t.Fatal(err)
	}
	keys := make([]int64, len(refs))
	for i, ref := range refs {
		keys[i] = ref.Key
	}
	members := map[string]newsroom.Entry{}
	for some := range slices.Chunk(keys, 500) {
		entries, err := y.store.Entries(t.Context(), some)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			members[e.ID] = e
		}
	}
	waiting := y.waiting(t, ch.Name)
	for _, format := range formats {
		docs := y.walk(t, ch.Name, format)
		known := map[string]told{}
		for _, w := range slices.Backward(docs) {
			for id, now := range w.told {
				known[id] = newer(known[id], now)
			}
		}
		y.compare(t, fmt.Sprintf("%s.%s, %d documents", ch.Name, format, len(docs)), members, known, waiting)
	}
}

// newer is what a reader makes of two things it is told, one after the other:
// the later counts, and of two of the same time, that of the newer document.
func newer(before, now told) told {
	if before.updated.After(now.updated) {
		return before
	}
	return now
}

func (y *year) compare(t *testing.T, what string, members map[string]newsroom.Entry, known map[string]told, waiting map[int64]bool) {
	t.Helper()
	for _, id := range slices.Sorted(maps.Keys(members)) {
		e := members[id]
		k, ok := known[id]
		switch {
		case !ok && waiting[e.Key]:
		case !ok || k.gone:
			t.Errorf("%s: %s (%s) cannot be found: %+v", what, id, e.Title, k)
		case e.House && e.Changed.Truncate(time.Second).After(k.updated):
			t.Errorf("%s: %s was corrected at %s, readers know it as of %s", what, id, e.Changed, k.updated)
		}
	}
	for id, k := range known {
		_, stands := members[id]
		if !stands && !k.gone && !y.lostSeat(t, id) {
			t.Errorf("%s: %s is none of the channel's", what, id)
		}
	}
}

// lostSeat reports whether an entry was taken out of a channel without being
// withdrawn: archives keep what was published by other rules.
func (y *year) lostSeat(t *testing.T, id string) bool {
	t.Helper()
	if at, ok := y.looked[id]; ok && at == y.steps {
		return true
	}
	found, err := y.store.Lookup(t.Context(), newsroom.Name{ID: id})
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v, %v", id, found, err)
	}
	if found[0].Withdrawn.IsZero() {
		y.looked[id] = y.steps
		return true
	}
	return false
}

// waiting are the entries that caps keep from the channel's document and that
// wait for an archive: fewer than fill one, for a day at most.
func (y *year) waiting(t *testing.T, channel string) map[int64]bool {
	t.Helper()
	waiting := map[int64]bool{}
	owed, err := y.store.Owed(t.Context(), channel, 1e6)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range owed {
		if o.Waits {
			waiting[o.Key] = true
			if time.Since(o.FirstSeen) >= patience && !y.publisher.keepers[channel].shown[o.Key] {
				t.Errorf("entry %d has waited since %s", o.Key, o.FirstSeen)
			}
		}
	}
	if len(waiting) >= archiveFull || len(waiting) > 0 && channel != "some" {
		t.Errorf("%d entries of %s wait", len(waiting), channel)
	}
	return waiting
}
