package web

import (
	"fmt"
	"testing/fstest"
	"time"

	"newswire/feeds"
	"newswire/internal/newsroom"
)

// demoNow is when everything in the invented newsroom happens.
var demoNow = time.Date(2026, 11, 24, 14, 5, 0, 0, time.UTC)

// demoArticles are house articles that nobody wrote for real.
var demoArticles = []struct {
	slug, title, summary, author, tag, image, alt string
	minutes                                       int
	ago                                           time.Duration
	correction                                    string
}{
	{"evaluation-debt", "The evaluation debt: why nobody can say which model is better any more",
		"Benchmarks saturate within months, leaderboards reward the loud, and buyers are left with anecdotes. Three teams that measured for themselves describe what it took, and what they stopped believing.",
		"Mara Lindqvist", "Analysis", "curve", "A rising curve over a grid, its last stretch dotted", 9, 3 * time.Hour, ""},
	{"small-models", "Small models are eating the middle of the market",
		"Where latency and privacy decide, a model that fits a telephone beats one that fits a data center.",
		"Jonas Okafor", "Trends", "tiles", "Tiles of growing size in a row", 6, 26 * time.Hour, "An earlier version gave the memory of the test device as 12 GB. It has 8 GB."},
	{"audit-trail", "An audit trail for agents, in one afternoon",
		"What we log, what we sign, and what we wish we had thrown away sooner.",
		"Priya Raman", "Practice", "rings", "Concentric rings around a point", 4, 50 * time.Hour, ""},
	{"opinion-licenses", "Opinion: licenses are not a safety policy",
		"A text file cannot do the work of an inspector.", "Tomasz Wilk", "Opinion", "", "", 5, 74 * time.Hour, ""},
	{"power", "The grid question nobody at the launch event was asked",
		"Two gigawatts, one substation, and a town council that learned of it from the newspaper.", "Mara Lindqvist", "Reporting", "wire", "A line of pylons", 11, 98 * time.Hour, ""},
	{"glossary", "A glossary for people who are tired of glossaries", "Forty terms, one sentence each.", "Jonas Okafor", "Practice", "", "", 7, 170 * time.Hour, ""},
}

const demoBody = `<p>Most teams that buy a model today choose it the way one chooses a restaurant in a strange town: by the queue outside. The queue is a leaderboard, and <a href="https://leaderboards.example/arena">the leaderboard</a> is a contest of impressions.</p>
<p>We asked three teams that built their own measurements how they did it. None began with a benchmark. All began with a drawer of complaints.</p>
<h2>Start with what went wrong</h2>
<p>“Every ticket is a test case that somebody already paid for,” says the head of support at a logistics company. Her team keeps 1,400 of them, each with the answer that a person would have given<sup>1</sup>.</p>
<blockquote><p>If a test has never failed, it is a decoration.</p></blockquote>
<table><thead><tr><th>Team</th><th>Cases</th><th>Graders</th><th>Cost a run</th></tr></thead><tbody><tr><td>Logistics</td><td>1,400</td><td>2 people, weekly</td><td>$38</td></tr><tr><td>Insurance</td><td>620</td><td>rules, then 1 person</td><td>$11</td></tr><tr><td>Hospital</td><td>3,050</td><td>5 people, blind</td><td>$240</td></tr></tbody></table>
<p>The cost is small. The discipline is not: a case that leaks into training is worthless, and <code>git log</code> is the only witness.</p>
<pre><code>$ evals run --suite tickets --model candidate --seed 7
1,400 cases · 37 worse · 112 better · 1,251 the same</code></pre>
<h3>What they stopped believing</h3>
<ul><li>That one number can rank models.</li><li>That a model judges its own kind fairly.</li><li>That last month’s result still holds.</li></ul>
<p>The debt comes due when the vendor retires a version. Those who had measured switched in a day; those who had not are still arguing.</p>`

var demoSources = map[string]SourceInfo{
	newsroom.HouseSource: {Name: "Ahead of the Curve", URL: "https://news.example.com", FeedURL: ""},
	"meridian-labs":      {"Meridian Labs", "https://meridian.example", "https://meridian.example/feed.xml"},
	"the-gradient-post":  {"The Gradient Post", "https://gradient.example", "https://gradient.example/rss"},
	"open-weights":       {"Open Weights Weekly", "https://openweights.example", "https://openweights.example/atom.xml"},
	"policy-desk":        {"Policy Desk Europe", "https://policy.example", "https://policy.example/feed"},
	"chipwatch":          {"Chipwatch", "https://chipwatch.example", "https://chipwatch.example/index.xml"},
	"arxiv-cl":           {"arXiv Computation and Language", "https://papers.example/cl", "https://papers.example/cl.rss"},
	"nordlys":            {"Nordlys AI-institutt", "https://nordlys.example", "https://nordlys.example/rss"},
}

// demoWire are invented headlines: source, title, summary.
var demoWire = [][3]string{
	{"meridian-labs", "Meridian releases a 9-billion-parameter model that runs offline on a telephone", "The weights are open under a license that forbids nothing but the name."},
	{"the-gradient-post", "Inside the week in which three labs postponed the same launch", "Sources describe a shared supplier, a shared bug, and no shared press release."},
	{"policy-desk", "Parliament’s committee votes to keep the transparency article, 31 to 14", "Providers would have to publish a summary of training data by region."},
	{"chipwatch", "HBM prices rise for the fourth month; two makers sold out through 2027", "Contract prices rose nine percent."},
	{"arxiv-cl", "Reward models forget what they were asked: a controlled study of long instructions", "We find that graders lose track of constraints after about 1,200 tokens."},
	{"open-weights", "What changed in quantization this month, and what only looked like it", "A short tour."},
	{"nordlys", "Språkmodellen som lærte seg å si «vet ikke»", "Forskere i Tromsø har trent en modell på manglende svar."},
	{"the-gradient-post", "A court filing lists 412 newspapers in one training set", "The list is forty pages long."},
	{"meridian-labs", "How we test for sandbagging", "A method note with negative results."},
	{"chipwatch", "The second source: why a memory maker in Hsinchu is suddenly everyone’s favorite", "Capacity, packaging and a lucky lease."},
	{"policy-desk", "Draft guidance: agents that sign contracts need a name in the register", "Comments are open until January."},
	{"arxiv-cl", "Counting to a thousand: transformers, carry bits, and a surprising fix", "A one-line change to position handling."},
	{"open-weights", "Benchmarks we deleted", "And why nobody noticed."},
	{"the-gradient-post", "The hospital that turned its assistant off for a week", "Nurses kept a diary."},
	{"meridian-labs", "Changes to our deprecation policy", "Twelve months, in writing."},
	{"chipwatch", "Export rules: what the new annex says about interconnects", "A table, and two questions."},
	{"nordlys", "Open speech data for North Sámi reaches 400 hours", "Collected by schools."},
	{"arxiv-cl", "Do retrieval systems read the date? A negative result", "Mostly not."},
	{"policy-desk", "City of Utrecht publishes every override of its grading tool", "The first dataset of its kind."},
	{"open-weights", "Seven fine-tunes, one base model, and a license question", "Counsel disagrees."},
	{"the-gradient-post", "Who grades the graders?", "A profile of the annotators’ union."},
	{"meridian-labs", "A map of failure: 2,300 red-team transcripts", "Released with annotations."},
	{"chipwatch", "Cooling towers and quarterly results", "What the water permits tell."},
	{"arxiv-cl", "Long-context models prefer the beginning, the end, and whatever was in bold", "Formatting as attention."},
}

func demoEntry(i int, host string) newsroom.Entry {
	d := demoWire[i]
	at := demoNow.Add(-time.Duration(i*i*3+i*21) * time.Minute)
	e := newsroom.Entry{Key: int64(100 + i), ID: fmt.Sprintf("tag:news.example.com,2026:%d", i), Source: d[0], FirstSeen: at, Sort: at}
	e.Title, e.Link, e.Published = d[1], demoSources[d[0]].URL+fmt.Sprintf("/posts/%d", i), at
	e.Summary = feeds.HTML("<p>" + d[2] + "</p>")
	if d[0] == "nordlys" && i < 10 {
		e.Language = "nb"
	}
	return e
}

func demoArticle(i int, base string) newsroom.Entry {
	d := demoArticles[i]
	at := demoNow.Add(-d.ago)
	e := newsroom.Entry{
		Key: int64(i), ID: "tag:news.example.com,2026-11-24:articles/" + d.slug, Source: newsroom.HouseSource, House: true,
		Slug: "articles/" + d.slug, FirstSeen: at, Sort: at, ReadingMinutes: d.minutes, Correction: d.correction,
	}
	e.Title, e.Link, e.Published = d.title, base+"/articles/"+d.slug, at
	e.Summary, e.Content = feeds.HTML("<p>"+d.summary+"</p>"), demoBody
	e.Authors = []feeds.Person{{Name: d.author}}
	e.Categories = []feeds.Category{{Term: d.tag}, {Term: "evaluation"}}
	if d.image != "" {
		e.Images = []feeds.Image{{URL: base + "/articles/images/" + d.image + ".svg", Title: d.alt, Width: 1200, Height: 675}}
	}
	if d.correction != "" {
		e.Updated = at.Add(5 * time.Hour)
	}
	return e
}

// demoView is the public newsroom, at a base address.
func demoView(base string) *View {
	v := &View{
		Site: newsroom.Site{Title: "Stay Ahead of the Curve", Description: "Latest AI news, expert analysis, bold opinions, and key trends",
			URL: base, Language: "en", Timezone: time.UTC},
		Sources: demoSources, Changed: demoNow, Version: 1,
	}
	for i := range demoArticles {
		v.Articles = append(v.Articles, demoArticle(i, base))
	}
	gone := newsroom.Entry{ID: "tag:gone", Slug: "articles/retracted", House: true, Withdrawn: demoNow,
		WithdrawnNote: "The quoted figures came from a document that its author has since disowned."}
	gone.Title = "A title that must not be repeated"
	v.Articles = append(v.Articles, gone)
	for _, c := range []struct {
		newsroom.Channel
		sources []string
	}{
		{newsroom.Channel{Name: "all", Title: "All AI news", Description: "Everything that passed the desk, ours first."}, nil},
		{newsroom.Channel{Name: "top", Title: "Top stories", Description: "What several sources report.", Stories: true}, []string{"the-gradient-post", "nordlys"}},
		{newsroom.Channel{Name: "research", Title: "Research", Description: "Papers and method notes."}, []string{"arxiv-cl", "open-weights"}},
		{newsroom.Channel{Name: "labs", Title: "Labs"}, []string{"meridian-labs"}},
		{newsroom.Channel{Name: "policy", Title: "Policy & law"}, []string{"policy-desk"}},
		{newsroom.Channel{Name: "chips", Title: "Chips & power"}, []string{"chipwatch"}},
		{newsroom.Channel{Name: "house", Title: "Our own"}, []string{newsroom.HouseSource}},
	} {
		v.Channels = append(v.Channels, demoChannel(c.Channel, c.sources, base))
	}
	return v
}

func demoChannel(c newsroom.Channel, sources []string, base string) ChannelView {
	cv := ChannelView{Channel: c, Self: map[feeds.Format]string{}}
	for f, ext := range map[feeds.Format]string{feeds.RSS: "rss", feeds.Atom: "atom", feeds.JSONFeed: "json"} {
		cv.Self[f] = base + "/feeds/" + c.Name + "." + ext
	}
	take := func(e newsroom.Entry) {
		if sources == nil {
			cv.Entries = append(cv.Entries, e)
			return
		}
		for _, s := range sources {
			if s == e.Source {
				cv.Entries = append(cv.Entries, e)
			}
		}
	}
	for i := range demoArticles {
		take(demoArticle(i, base))
	}
	for i := range demoWire {
		// The main channel does not reach as far back as the small ones.
		if sources != nil || i < 18 {
			take(demoEntry(i, base))
		}
	}
	return cv
}

// demoImages are drawn here: nothing is borrowed.
var demoImages = fstest.MapFS{
	"curve.svg": {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 675"><rect width="1200" height="675" fill="#20303d"/><g stroke="#35495a" stroke-width="2">` + lines(12) + `</g><path d="M80 560C420 560 640 470 800 250" fill="none" stroke="#f2c27b" stroke-width="10"/><path d="M800 250C850 180 890 120 910 60" fill="none" stroke="#f2c27b" stroke-width="10" stroke-dasharray="2 24" stroke-linecap="round"/><circle cx="800" cy="250" r="17" fill="#fdfcf9"/></svg>`)},
	"tiles.svg": {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 675"><rect width="1200" height="675" fill="#d9cdb8"/><rect x="120" y="420" width="90" height="90" fill="#8a3b2c"/><rect x="260" y="330" width="180" height="180" fill="#b86a4b"/><rect x="490" y="190" width="320" height="320" fill="#3d4f5c"/><rect x="860" y="60" width="450" height="450" fill="#22303a"/></svg>`)},
	"rings.svg": {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 675"><rect width="1200" height="675" fill="#e6e9e4"/><g fill="none" stroke="#2f5d50" stroke-width="14"><circle cx="600" cy="337" r="60"/><circle cx="600" cy="337" r="130"/><circle cx="600" cy="337" r="210"/><circle cx="600" cy="337" r="300"/></g><circle cx="600" cy="337" r="18" fill="#a3231a"/></svg>`)},
	"wire.svg":  {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 675"><rect width="1200" height="675" fill="#c8d3da"/><rect y="520" width="1200" height="155" fill="#56636b"/><g stroke="#2b3338" stroke-width="8" fill="none"><path d="M200 560L260 160L320 560M210 300H310M560 560L610 220L660 560M900 550L940 270L980 550"/><path d="M-50 120Q120 230 260 180T610 240T940 285T1300 300" stroke-width="4"/></g></svg>`)},
}

func lines(n int) string {
	out := ""
	for i := range n {
		out += fmt.Sprintf(`<path d="M%d 0V675M0 %dH1200"/>`, i*100, i*60)
	}
	return out
}
