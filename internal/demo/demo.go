// Package demo is an invented AI newsroom's outside world: a dozen sources on
// loopback that publish, correct, repeat, break and recover while one watches.
// What a source says is a function of the time since the start, so that every
// demonstration runs alike.
package demo

import (
	"fmt"
	"html"
	"strings"
	"time"

	"newswire/feeds"
)

// When things happen, counted from the start.
const (
	storyBreaks  = 12 * time.Second // one event, told by three outlets
	editAt       = 20 * time.Second // a published report is rewritten
	floodAt      = 35 * time.Second // one source publishes sixty entries at once
	outageStarts = 25 * time.Second // one source answers 503 …
	outageEnds   = 55 * time.Second // … and recovers
	cutAt        = 15 * time.Second // the malformed feed is cut off in the middle from here …
	cutEnds      = 45 * time.Second // … to here

	every   = 3 * time.Second // one new entry somewhere
	backlog = 6               // entries of each source that were there before the start
	window  = 20              // entries in a document
	flood   = 60
)

// A Source is what config.yaml would say of one of the invented sources.
type Source struct{ Name, URL, Tag string }

// Sources lists the invented sources as they are served under base.
func Sources(base string) []Source {
	list := make([]Source, len(desks))
	for i, d := range desks {
		list[i] = Source{Name: d.name, URL: base + "/" + d.path + "/feed", Tag: d.tag}
	}
	return list
}

// feedAt returns what a source's document holds at a moment after the start,
// newest first.
func (d desk) feedAt(i int, base string, start time.Time, since time.Duration) *feeds.Feed {
	f := &feeds.Feed{
		ID:       base + "/" + d.path,
		Title:    d.name,
		Subtitle: "Invented news for a demonstration: " + d.tag,
		Link:     base + "/" + d.path,
		Self:     base + "/" + d.path + "/feed",
		Language: "en",
	}
	for _, r := range d.reports(i, start, since) {
		f.Entries = append(f.Entries, r.entry(base+"/"+d.path, d.author))
	}
	if len(f.Entries) > 0 {
		f.Updated = f.Entries[0].When()
	}
	return f
}

// A report is one invented piece of news.
type report struct {
	slug, title, about string
	at, updated        time.Time
	tags               []string
	n                  int
}

func (d desk) reports(i int, start time.Time, since time.Duration) []report {
	var list []report
	for n := range d.arrived(i, since) {
		list = append(list, d.report(i, n, start))
	}
	list = append(list, d.special(start, since)...)
	slicesByTime(list)
	return list[:min(len(list), max(window, d.burst(since)))]
}

// arrived counts the ordinary reports of desk i so far: the desks take turns.
func (d desk) arrived(i int, since time.Duration) int {
	turns := int(since / every)
	n := backlog + turns/len(desks)
	if turns%len(desks) > i {
		n++
	}
	return n
}

// report makes the n-th ordinary report of desk i. Strides that share no
// factor with the lists' lengths keep the headlines apart for a long while.
func (d desk) report(i, n int, start time.Time) report {
	actor := d.actors[(n*2+i)%len(d.actors)]
	verb := d.verbs[(n*3+i)%len(d.verbs)]
	object := d.objects[(n*3+2*i)%len(d.objects)]
	at := start.Add(-time.Duration((backlog-n)*37+i*5) * time.Minute)
	if n >= backlog {
		at = start.Add(time.Duration((n-backlog)*len(desks)+i) * every)
	}
	title := strings.Join(strings.Fields(actor+" "+verb+" "+object), " ")
	if round := n / (len(d.objects) * len(d.verbs)); round > 0 {
		title += fmt.Sprintf(", part %d", round+1)
	}
	return report{slug: fmt.Sprint(n + 1), title: title, about: actor, at: at.Truncate(time.Second), tags: []string{d.tag}, n: n + i}
}

// special returns what only some desks publish: the story that three outlets
// tell, the rewritten report and the flood.
func (d desk) special(start time.Time, since time.Duration) []report {
	var list []report
	told := map[string]struct {
		after time.Duration
		title string
	}{
		"northlake":  {0, "Northlake merges with robot maker Anvil & Sons"},
		"cortexpost": {4 * time.Second, "Northlake and Anvil & Sons announce a merger, betting on factory robots"},
		"ledger":     {9 * time.Second, "Robot maker Anvil & Sons to merge with AI lab Northlake"},
	}
	if s, ok := told[d.path]; ok && since >= storyBreaks+s.after {
		list = append(list, report{slug: "merger", title: s.title, about: "Northlake", at: start.Add(storyBreaks + s.after), tags: []string{d.tag, "mergers"}})
	}
	if d.path == "gradient" {
		r := report{slug: "error-bars", title: "Replication report: error bars nobody drew", about: "The Gradient Review", at: start.Add(-8 * time.Minute), tags: []string{d.tag}, n: 1}
		if since >= editAt {
			r.title = "Replication report: the error bars are larger than the gains (corrected)"
			r.updated, r.n = start.Add(editAt), 2
		}
		list = append(list, r)
	}
	for n := range d.burst(since) {
		list = append(list, report{
			slug: fmt.Sprintf("run-%d", n+1), about: "The benchmark runner",
			title: fmt.Sprintf("Run %d: %s on %s, seed %d", n+1, d.actors[n%len(d.actors)], d.objects[n%len(d.objects)], 1000+n),
			at:    start.Add(floodAt), tags: []string{d.tag}, n: n,
		})
	}
	return list
}

// burst says how many entries the flooding source has thrown out at once.
func (d desk) burst(since time.Duration) int {
	if d.path == "firehose" && since >= floodAt {
		return flood
	}
	return 0
}

func (r report) entry(base, author string) feeds.Entry {
	e := feeds.Entry{
		GUID:      base + "/" + r.slug,
		Title:     r.title,
		Link:      base + "/" + r.slug,
		Summary:   feeds.HTML("<p>" + html.EscapeString(r.paragraphs()[0]) + "</p>"),
		Content:   feeds.HTML("<p>" + strings.Join(escaped(r.paragraphs()), "</p>\n<p>") + "</p>"),
		Published: r.at.UTC(),
		Updated:   r.updated.UTC(),
	}
	if r.updated.IsZero() {
		e.Updated = e.Published
	}
	if author != "" {
		e.Authors = []feeds.Person{{Name: author}}
	}
	for _, t := range r.tags {
		e.Categories = append(e.Categories, feeds.Category{Term: t})
	}
	return e
}

func (r report) paragraphs() []string {
	day := r.at.UTC().Weekday().String()
	return []string{
		fmt.Sprintf(openers[r.n%len(openers)], r.about, day) + " " + middles[r.n%len(middles)],
		middles[(r.n+2)%len(middles)] + " " + middles[(r.n+4)%len(middles)],
		closers[r.n%len(closers)],
	}
}

func escaped(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = html.EscapeString(t)
	}
	return out
}
