package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"newswire/internal/newsroom"
	"newswire/internal/sanitize"
)

// deskEntries is how many entries the desk lists.
const deskEntries = 200

// A deskSources is the desk's first page.
type deskSources struct {
	Shown, Rest                             sourceTable
	Calm                                    bool // nothing needs anybody
	Query                                   string
	Found                                   int  // by the query
	Many                                    bool // too many to look through
	Total, Broken, Silent, Low, Held, Fresh int
	Now                                     moment
	Notices                                 []string // of the whole wire
}

// A sourceTable is a part of the sources.
type sourceTable struct {
	Label  string // for those who do not see it
	Rows   []sourceRow
	Folded bool
}

// manyFrom is from how many sources on those that need nobody are folded away.
const manyFrom = 40

// A sourceRow is a source among the others.
type sourceRow struct {
	Slug             string
	Name, Site, Feed string // Feed is shown, Site is linked
	Tags             []string
	State            string // word for its state
	Tone             string // how bad that is: bad, warn, calm, good
	Problem, Alarm   string
	Notes            []string
	LastGood, Next   moment
	LastNew          moment
	Schedule         string
	PerWeek          string
	Failures, Held   int
	Spark            spark
}

func (d *Desk) sources(w http.ResponseWriter, r *http.Request) {
	all, held, err := d.Data.Sources(r.Context())
	if err != nil {
		d.failed(w, r, err)
		return
	}
	b := newDeskSources(all, strings.TrimSpace(r.FormValue("q")), d.Now(), d.location())
	b.Held = held
	if d.Notices != nil {
		b.Notices = d.Notices()
	}
	d.show(w, r, "desk-sources", http.StatusOK, deskPage{Title: "Sources", Body: b})
}

func (d *Desk) location() *time.Location { return cmp.Or(d.Site().Timezone, time.UTC) }

// newDeskSources puts what needs an editor first. Of what is counted, a query
// takes nothing away.
func newDeskSources(all []SourceHealth, query string, now time.Time, loc *time.Location) deskSources {
	b := deskSources{
		Query: query, Total: len(all), Many: len(all) >= manyFrom, Now: momentIn(now, loc),
		Calm: true, Shown: sourceTable{Label: "Sources"}, Rest: sourceTable{Label: "Sources that need nobody"},
	}
	b.Rest.Folded = b.Many && query == ""
	slices.SortStableFunc(all, func(a, b SourceHealth) int {
		return cmp.Or(cmp.Compare(urgency(&a), urgency(&b)), cmp.Compare(b.Check.Failures, a.Check.Failures),
			cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)))
	})
	for i := range all {
		s := &all[i]
		if s.matches(query) {
			b.Found++
			part := &b.Shown
			if b.Rest.Folded && urgency(s) >= waiting {
				part = &b.Rest
			}
			part.Rows = append(part.Rows, newSourceRow(s, now, loc))
		}
		b.Calm = b.Calm && urgency(s) >= waiting
		switch urgency(s) {
		case broken:
			b.Broken++
		case silent:
			b.Silent++
		case low:
			b.Low++
		}
		if now.Sub(s.Check.LastNew) < 24*time.Hour {
			b.Fresh++
		}
	}
	return b
}

// matches reports whether a query is a part of a source's name, shown address
// or tags, in any case.
func (s *SourceHealth) matches(query string) bool {
	query = strings.ToLower(query)
	return strings.Contains(strings.ToLower(s.Name), query) || strings.Contains(strings.ToLower(shownURL(s.URL)), query) ||
		slices.ContainsFunc(s.Tags, func(tag string) bool { return strings.Contains(tag, query) })
}

// How much a source needs an editor, most first.
const (
	broken  = iota // it fails, or is gone
	silent         // it answers and brings nothing
	low            // it brings far fewer than usual
	noted          // something is to be known of it
	waiting        // it was never asked
	well
	paused
)

func urgency(s *SourceHealth) int {
	c := &s.Check
	switch {
	case s.Paused:
		return paused
	case c.Class == newsroom.ClassNone:
		return waiting
	case !c.Class.Good() || c.Failures > 0 || c.Dormant:
		return broken
	case s.Silent:
		return silent
	case s.Alarm != "":
		return low
	case len(c.Notes) > 0 || c.Class == newsroom.ClassPartial || s.Held > 0:
		return noted
	}
	return well
}

func newSourceRow(s *SourceHealth, now time.Time, loc *time.Location) sourceRow {
	c := &s.Check
	row := sourceRow{
		Slug: s.Slug, Name: s.Name, Site: sanitize.Link(c.SiteURL, nil), Feed: shownURL(s.URL), Tags: s.Tags,
		Problem: c.Problem, Alarm: s.Alarm, Notes: c.Notes, Failures: c.Failures, Held: s.Held,
		LastGood: momentIn(c.LastOK, loc), Next: momentIn(c.Next, loc), LastNew: momentIn(c.LastNew, loc),
		Schedule: cmp.Or(s.Schedule, "adaptive"), Spark: newSpark(c.Rhythm, now),
	}
	if s.PerWeek > 0 {
		row.PerWeek = strconv.FormatFloat(s.PerWeek, 'f', -1, 64)
		if s.PerWeek != float64(int(s.PerWeek)) {
			row.PerWeek = fmt.Sprintf("%.1f", s.PerWeek)
		}
	}
	row.State, row.Tone = state(s)
	return row
}

// state names the state of a source, and says how bad it is.
func state(s *SourceHealth) (word, tone string) {
	class := strings.ReplaceAll(string(s.Check.Class), "_", " ")
	switch urgency(s) {
	case paused:
		return "paused", "calm"
	case waiting:
		return "not asked yet", "calm"
	case broken:
		if s.Check.Dormant {
			return "gone", "bad"
		}
		return class, "bad"
	case silent:
		return "silent", "warn"
	case low:
		return "few entries", "warn"
	case noted:
		return class, "warn"
	}
	return class, "good"
}

// shownURL is an address without what may be a secret in it.
func shownURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	shown := u.Host + strings.ReplaceAll(u.EscapedPath(), "%E2%80%A6", "…") // of what was redacted already
	if u.RawQuery != "" {
		shown += "?…"
	}
	return shown
}

// An entryRow is an entry with what was decided on it.
type entryRow struct {
	card
	ID       string
	From     string
	Decision string
	Tone     string
	Rule     string
	Seen     moment
}

func (d *Desk) entries(w http.ResponseWriter, r *http.Request) {
	query := strings.TrimSpace(r.URL.Query().Get("q"))
	if len(query) > 300 {
		query = strings.ToValidUTF8(query[:300], "")
	}
	found, err := d.Data.Entries(r.Context(), query, deskEntries)
	if err != nil {
		d.failed(w, r, err)
		return
	}
	names, err := d.names(r.Context())
	if err != nil {
		d.failed(w, r, err)
		return
	}
	body := struct {
		Query string
		Limit int
		Rows  []entryRow
	}{Query: query, Limit: deskEntries}
	for i := range found[:min(len(found), deskEntries)] {
		body.Rows = append(body.Rows, d.entryRow(&found[i], names))
	}
	d.show(w, r, "desk-entries", http.StatusOK, deskPage{Title: "Entries", Body: body})
}

// names returns the names of the sources by slug.
func (d *Desk) names(ctx context.Context) (map[string]string, error) {
	all, _, err := d.Data.Sources(ctx)
	names := map[string]string{}
	for _, s := range all {
		names[s.Slug] = s.Name
	}
	return names, err
}

func (d *Desk) entryRow(e *newsroom.Entry, names map[string]string) entryRow {
	v := View{Site: d.Site()}
	row := entryRow{
		card: v.card(e), ID: e.ID, From: cmp.Or(names[e.Source], e.Source), Decision: string(e.Verdict.Decision), Rule: e.Verdict.Rule,
		Seen: v.moment(e.FirstSeen),
	}
	// The desk's address is not the site's: a path would lead nowhere.
	row.URL, row.Picture = sanitize.Link(e.Link, nil), nil
	switch e.Verdict.Decision {
	case newsroom.Publish:
		row.Tone = "good"
	case newsroom.Hold:
		row.Tone = "warn"
	default:
		row.Tone = "calm"
	}
	if !e.Withdrawn.IsZero() {
		row.Decision, row.Tone = "withdrawn", "bad"
	}
	return row
}

// A hold is what is held of one source.
type hold struct {
	Source string // slug
	Name   string
	Rules  []string
	Rows   []entryRow // the first of them
	Count  int
}

// More returns how many are not shown.
func (h hold) More() int { return h.Count - len(h.Rows) }

// Of each source only some held entries are shown, enough to see what they are,
// and the fewer the more sources there are; on a page of its own nearly all.
const (
	holdLeast, holdMost = 3, 20
	holdsShown          = 100 // of all sources together, about
	holdAlone           = 1000
)

func (d *Desk) holds(w http.ResponseWriter, r *http.Request) {
	held, err := d.Data.Held(r.Context())
	if err != nil {
		d.failed(w, r, err)
		return
	}
	names, err := d.names(r.Context())
	if err != nil {
		d.failed(w, r, err)
		return
	}
	only := r.URL.Query().Get("source")
	if only != "" {
		held = slices.DeleteFunc(slices.Clone(held), func(e newsroom.Entry) bool { return e.Source != only })
	}
	body := struct {
		Only  bool
		Holds []hold
	}{only != "", d.bySource(held, names)}
	shown := holdAlone
	if !body.Only {
		shown = min(max(holdLeast, holdsShown/max(1, len(body.Holds))), holdMost)
	}
	for i := range body.Holds {
		h := &body.Holds[i]
		h.Rows = h.Rows[:min(len(h.Rows), shown)]
	}
	d.show(w, r, "desk-holds", http.StatusOK, deskPage{Title: "Holds", Body: body})
}

// bySource groups held entries, in the order in which their sources occur.
func (d *Desk) bySource(held []newsroom.Entry, names map[string]string) []hold {
	var holds []hold
	for i := range held {
		e := &held[i]
		at := slices.IndexFunc(holds, func(h hold) bool { return h.Source == e.Source })
		if at < 0 {
			at = len(holds)
			holds = append(holds, hold{Source: e.Source, Name: cmp.Or(names[e.Source], e.Source)})
		}
		h := &holds[at]
		if h.Count++; h.Count <= holdAlone {
			row := d.entryRow(e, names)
			row.From = "" // it is said above them
			h.Rows = append(h.Rows, row)
		}
		if !slices.Contains(h.Rules, e.Verdict.Rule) {
			h.Rules = append(h.Rules, e.Verdict.Rule)
		}
	}
	return holds
}

func (d *Desk) release(w http.ResponseWriter, r *http.Request) {
	source := r.PostFormValue("source")
	if source == "" {
		d.message(w, r, http.StatusBadRequest, "Whose entries?", "The request names no source.")
		return
	}
	n, err := d.Data.Release(r.Context(), source)
	if err != nil {
		d.failed(w, r, err)
		return
	}
	d.Log.Info("desk: released", "source", source, "entries", n)
	http.Redirect(w, r, "/holds", http.StatusSeeOther)
}

func (d *Desk) reload(w http.ResponseWriter, r *http.Request) {
	var last *Reload
	if d.Reload != nil {
		last = d.Reload()
	}
	body := struct {
		At, InForce      moment
		Changes, Refused []string
	}{}
	if last != nil {
		body.At, body.InForce = momentIn(last.At, d.location()), momentIn(last.InForce, d.location())
		body.Changes, body.Refused = last.Changes, last.Refused
	}
	d.show(w, r, "desk-reload", http.StatusOK, deskPage{Title: "The last reload", Body: body})
}
