package poll

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"newswire/feeds"
	"newswire/internal/egress"
	"newswire/internal/newsroom"
)

const pollSeries = "../../../shared/corpus/polls"

// A past is what one feed gave over months.
type past struct {
	name  string
	polls []pastPoll
	first map[string]time.Time // when each GUID first came
	dates map[string]time.Time // when each says it was published
}

type pastPoll struct {
	at    time.Time
	items []string // GUIDs
}

func readPast(t *testing.T, dir string) *past {
	t.Helper()
	index, err := os.ReadFile(filepath.Join(dir, "index.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	p := &past{name: filepath.Base(dir), first: map[string]time.Time{}, dates: map[string]time.Time{}}
	for line := range bytes.Lines(index) {
		var row struct{ File, Time string }
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse("20060102T150405Z", row.Time)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, row.File))
		if err != nil {
			t.Fatal(err)
		}
		feed, err := feeds.Parse(bytes.NewReader(text), feeds.ParseOptions{})
		if feed == nil {
			t.Fatalf("%s: %v", row.File, err)
		}
		poll := pastPoll{at: at}
		for _, e := range feed.Entries {
			poll.items = append(poll.items, e.GUID)
			if _, known := p.first[e.GUID]; !known {
				p.first[e.GUID], p.dates[e.GUID] = at, e.Published
			}
		}
		p.polls = append(p.polls, poll)
	}
	return p
}

// An episode is a run of days on which an alarm stood.
type episode struct {
	from, to time.Time
	missed   int // entries that were published meanwhile, or before, and came only later
}

func (e episode) String() string {
	return fmt.Sprintf("%s to %s (%d missed)", e.from.Format(time.DateOnly), e.to.Format(time.DateOnly), e.missed)
}

// replay asks the feed every six hours of its past, and returns the episodes
// of an alarm, and how long it was watched.
func (p *past) replay(alarm func(newsroom.Check, time.Time) bool) (found []episode, watched time.Duration) {
	var c newsroom.Check
	seen := map[string]bool{}
	begin, end := p.polls[0].at, p.polls[len(p.polls)-1].at
	next, on := 0, false
	for now := begin; !now.After(end); now = now.Add(6 * time.Hour) {
		var fresh []time.Time
		for ; next < len(p.polls) && !p.polls[next].at.After(now); next++ {
			for _, guid := range p.polls[next].items {
				if !seen[guid] {
					seen[guid] = true
					fresh = append(fresh, sortDate(p.dates[guid], p.polls[next].at))
				}
			}
		}
		v := visited(c, now)
		if len(fresh) > 0 {
			c = v.parsed(&egress.Response{Status: 200}, &feeds.Feed{Entries: make([]feeds.Entry, 30)}, Outcome{New: len(fresh), Rhythm: fresh}, nil)
		} else {
			c = v.notModified(&egress.Response{Status: 304})
		}
		switch is := alarm(c, now); {
		case is && !on:
			found = append(found, episode{from: now, to: now})
		case is:
			found[len(found)-1].to = now
		}
		on = alarm(c, now)
	}
	for i := range found {
		found[i].missed = p.late(found[i])
	}
	return found, end.Sub(begin)
}

// sortDate is a date as the door takes it.
func sortDate(published, arrived time.Time) time.Time {
	if published.IsZero() || published.After(arrived) {
		return arrived
	}
	return published
}

// late counts the entries that the publisher dates before the end of an
// episode, and after the last that had come, and that came only after the alarm.
func (p *past) late(e episode) (n int) {
	var last time.Time
	for guid, came := range p.first {
		if d := p.dates[guid]; !came.After(e.from) && d.After(last) && !d.After(came) {
			last = d
		}
	}
	for guid, came := range p.first {
		if d := p.dates[guid]; came.After(e.from) && d.After(last) && d.Before(e.to) && came.Sub(d) > 2*day {
			n++
		}
	}
	return n
}

// outages are the times, by the feeds' own later documents, in which ten feeds
// lacked for months what their publishers had published. A sixth is told by the
// class of its documents, which were empty: docs/notes/silence.md.
var outages = map[string]int{"anthropic_news": 2, "cursor": 1, "ollama": 1, "xainews": 1}

// TestAlarmsOnPollSeries replays what real feeds gave over months: the outages
// are found, and at most one alarm in a source's year is false.
func TestAlarmsOnPollSeries(t *testing.T) {
	dirs, _ := filepath.Glob(filepath.Join(pollSeries, "*"))
	if len(dirs) == 0 {
		t.Skipf("SKIPPED: the corpus is not there (%s)", pollSeries)
	}
	for name, alarm := range map[string]func(newsroom.Check, time.Time) bool{
		"silence": Silent, "drop": func(c newsroom.Check, now time.Time) bool { return Dropped(c, now) != "" },
	} {
		wrong, total := 0, time.Duration(0)
		for _, dir := range dirs {
			p := readPast(t, dir)
			found, watched := p.replay(alarm)
			total += watched
			right := 0
			for _, e := range found {
				t.Logf("%s %s: %v", name, p.name, e)
				if e.missed > 0 {
					right++
				} else {
					wrong++
				}
			}
			if name == "silence" && right != outages[p.name] {
				t.Errorf("%s: %d outages were found, want %d", p.name, right, outages[p.name])
			}
		}
		years := total.Hours() / 24 / 365
		t.Logf("%s: %d false alarms in %.1f source-years", name, wrong, years)
		if float64(wrong) > years {
			t.Errorf("%s: %d false alarms in %.1f source-years", name, wrong, years)
		}
	}
}

// A made source publishes by chance, so many entries on a working day and a
// part of that on others, and half as much in the last week of a year.
type madeSource struct {
	random  *rand.Rand
	rate    float64
	weekend float64
}

func (m *madeSource) entries(on time.Time) int {
	rate := m.rate
	if on.Weekday() == time.Saturday || on.Weekday() == time.Sunday {
		rate *= m.weekend
	}
	if on.YearDay() > 358 {
		rate /= 2
	}
	// Knuth's way to a Poisson distributed number.
	n, p := 0, m.random.Float64()
	for limit := math.Exp(-rate); p > limit; p *= m.random.Float64() {
		n++
	}
	return n
}

// TestSilenceByChance runs the alarm of silence over ten years of each of some
// made sources, asked every six hours, and then lets them bring nothing.
func TestSilenceByChance(t *testing.T) {
	const years = 10
	for _, c := range []struct {
		rate, weekend float64 // entries a day
		within        int     // days
	}{{0.05, 1, 160}, {0.2, 0, 45}, {0.5, 1, 20}, {1, 1, 15}, {1, 0, 12}, {3, 1, 5}, {3, 0, 12}, {10, 0, 12}, {20, 0.2, 5}, {50, 0, 12}, {200, 0.05, 5}} {
		made := &madeSource{rand.New(rand.NewPCG(7, uint64(c.rate*100))), c.rate, c.weekend}
		var check newsroom.Check
		on, episodes := false, 0
		now := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
		ask := func(fresh []time.Time) bool {
			check.Rhythm = newest(append(fresh, check.Rhythm...))
			count(&check, now, len(fresh))
			now = now.Add(6 * time.Hour)
			return Silent(check, now)
		}
		for range years * 365 {
			n := made.entries(now)
			for visit := range 4 {
				var fresh []time.Time
				for ; visit == 2 && n > 0; n-- {
					fresh = append(fresh, now.Add(-time.Duration(made.random.IntN(6*60))*time.Minute))
				}
				is := ask(fresh)
				if is && !on {
					episodes++
				}
				on = is
			}
		}
		for !ask(nil) && now.Sub(check.Rhythm[0]) < 400*day {
		}
		told := now.Sub(check.Rhythm[0]).Hours() / 24
		t.Logf("%v a day, %v of that on weekends: %d false alarms in %d years; that it ended is told after %.0f days", c.rate, c.weekend, episodes, years, told)
		if episodes > years/2 || told > float64(c.within) {
			t.Errorf("%v a day, %v of that on weekends: %d false alarms in %d years, told after %.0f days", c.rate, c.weekend, episodes, years, told)
		}
	}
}

// TestDropByChance runs the alarm of dropped volume over ten years of each of
// some made sources, and then lets them bring a tenth.
func TestDropByChance(t *testing.T) {
	const years = 10
	for _, c := range []struct {
		rate, weekend float64
		within        int // days
	}{{3, 1, 8}, {3, 0, 12}, {10, 1, 4}, {10, 0.3, 8}, {20, 1, 4}, {20, 0.5, 5}, {50, 0.2, 6}, {200, 0.5, 5}} {
		made := &madeSource{rand.New(rand.NewPCG(7, uint64(c.rate))), c.rate, c.weekend}
		var check newsroom.Check
		on, episodes, days := false, 0, 0
		now := time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC)
		for ; days < years*365-60; days++ {
			count(&check, now, made.entries(now))
			is := Dropped(check, now) != ""
			if is && !on {
				episodes++
			}
			on, now = is, now.Add(day)
		}
		if episodes > years {
			t.Errorf("%v a day: %d false alarms in %d years", c, episodes, years)
		}
		made.rate /= 10
		found, stood := 0, 0
		for i := 1; i <= 30; i++ {
			count(&check, now, made.entries(now))
			if now = now.Add(day); Dropped(check, now) != "" {
				found, stood = cmp.Or(found, i), stood+1
			}
		}
		t.Logf("%v a day, %v of that on weekends: %d false alarms in %d years; a drop to a tenth is told after %d days, for %d", c.rate, c.weekend, episodes, years, found, stood)
		if found == 0 || found > c.within || stood < 7 {
			t.Errorf("%v a day: a drop to a tenth is told after %d days, for %d", c, found, stood)
		}
	}
}

// TestDropped holds what the alarm says, and when it is silent.
func TestDropped(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	today := now.Truncate(day)
	steady := slices.Repeat([]int{20}, 60)
	with := func(last ...int) []int { return append(last, steady[len(last):]...) }
	for _, c := range []struct {
		name string
		days []int
		to   time.Time
		want string
	}{
		{"nothing known", nil, time.Time{}, ""},
		{"steady", with(), today, ""},
		{"today is not over", with(0), today, ""},
		{"two days of little", with(0, 2, 2), today, "4 new entries in 2 days; it usually brings 40 to 40"},
		{"asked last yesterday", with(2, 2), today.Add(-day), "4 new entries in 2 days; it usually brings 40 to 40"},
		{"asked last two days ago", with(2, 2), today.Add(-2 * day), ""},
		{"one day of little", with(0, 0, 20), today, ""},
		{"half", with(0, 10, 10), today, ""},
		{"a week of little, two days ago much", with(0, 0, 30, 0, 0, 0, 0, 0), today, "30 new entries in 7 days; it usually brings 140 to 140"},
		{"little, but no answer between", with(0, 2, noAnswer, 2, noAnswer, 2, 2, 2), today, ""},
		{"known for four weeks", with(0, 2, 2)[:28], today, ""},
		{"few at all", append([]int{0, 0, 0}, slices.Repeat([]int{1}, 57)...), today, ""},
	} {
		if got := Dropped(newsroom.Check{Daily: c.days, DailyTo: c.to}, now); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestDaily counts new entries by days; those of the first document, and days
// without an answer, are no rhythm.
func TestDaily(t *testing.T) {
	feed := &feeds.Feed{Entries: make([]feeds.Entry, 30)}
	ok := &egress.Response{Status: 200}
	c := visited(newsroom.Check{}, noon).parsed(ok, feed, Outcome{New: 30}, nil)
	c = visited(c, noon.Add(time.Hour)).parsed(ok, feed, Outcome{New: 3}, nil)
	c = visited(c, noon.Add(day)).parsed(ok, feed, Outcome{New: 4}, nil)
	c = visited(c, noon.Add(2*day)).failed(&egress.Failure{Class: "http_5xx", Status: 500})
	c = visited(c, noon.Add(3*day)).notModified(ok)
	if want := []int{0, noAnswer, 4, 3}; !slices.Equal(c.Daily, want) || !c.DailyTo.Equal(noon.Add(3*day).Truncate(day)) {
		t.Errorf("%v to %v, want %v", c.Daily, c.DailyTo, want)
	}
	for i := range 100 {
		c = visited(c, noon.Add(time.Duration(4+i)*day)).parsed(ok, feed, Outcome{New: 1}, nil)
	}
	if len(c.Daily) != dailyKept {
		t.Errorf("%d days are kept", len(c.Daily))
	}
	if c = visited(c, noon).notModified(ok); len(c.Daily) != 1 || !c.DailyTo.Equal(noon.Truncate(day)) {
		t.Errorf("the clock went back: %v to %v", c.Daily, c.DailyTo)
	}
	if c = visited(c, noon.Add(1000*day)).notModified(ok); len(c.Daily) != 1 {
		t.Errorf("after years: %v", c.Daily)
	}
}
