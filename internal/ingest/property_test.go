package ingest_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"newswire/feeds"
	"newswire/internal/newsroom"
	"newswire/internal/store"
)

// TestMain keeps the properties to a few dozen runs, for each of them writes
// to a disk hundreds of times; -rapid.checks=N asks for more.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", "25"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// A publisher is the truth: what he ever wrote, and what he shows of it now.
type publisher struct {
	desk     *desk
	source   newsroom.Source
	articles []feeds.Entry // oldest first; number n is articles[n]
	window   int
	offered  map[int]bool           // numbers that a document showed
	first    map[int]newsroom.Entry // as they were first stored
	guid     func(n int) string     // as he writes them now
	link     func(n int) string     // in any form
}

// TestNothingLostNothingTwice drives the door and the store with whatever a
// publisher and an operator may do, in any order, over a ledger of truth.
func TestNothingLostNothingTwice(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := newPublisher(t)
		defer p.desk.store.Close()
		p.write(rapid.IntRange(1, 12).Draw(r, "first"))
		p.poll(r, nil)
		for range rapid.IntRange(3, 10).Draw(r, "steps") {
			p.step(r)
			p.poll(r, nil)
			p.check(r)
		}
	})
}

func newPublisher(t *testing.T) *publisher {
	return &publisher{
		desk: newDesk(t), source: source("o"), window: 15,
		offered: map[int]bool{}, first: map[int]newsroom.Entry{},
		guid: func(n int) string { return fmt.Sprintf("https://o.test/?p=%d", n) },
		link: func(n int) string { return fmt.Sprintf("https://o.test/2026/article-number-%d", n) },
	}
}

func (p *publisher) write(count int) {
	for range count {
		n := len(p.articles)
		p.articles = append(p.articles, feeds.Entry{
			Title:     fmt.Sprintf("What happened in the case numbered %d", n),
			Content:   feeds.HTML(fmt.Sprintf("<p>The story of case %d.</p>", n)),
			Published: start.Add(-1000*time.Hour + time.Duration(n)*7*time.Hour),
		})
	}
}

// document shows the newest articles.
func (p *publisher) document() (list []feeds.Entry) {
	for n := len(p.articles) - 1; n >= 0 && len(list) < p.window; n-- {
		e := p.articles[n]
		e.GUID, e.Link = p.guid(n), p.link(n)
		list = append(list, e)
	}
	return list
}

// step does one of the things that happen.
func (p *publisher) step(r *rapid.T) {
	seed := rapid.Uint64().Draw(r, "seed")
	rng := rand.New(rand.NewPCG(seed, 1))
	switch what := rapid.SampledFrom([]string{
		"write", "write", "edit", "retitle", "redate", "new guids", "random guids", "scheme", "move", "truncate", "shuffle", "repeat",
		"empty", "purge", "restart", "wait", "widen",
	}).Draw(r, "what"); what {
	case "write":
		p.write(1 + int(seed%5))
	case "edit":
		p.articles[rng.IntN(len(p.articles))].Content += feeds.HTML(fmt.Sprintf("<p>Update %d.</p>", seed))
	case "retitle":
		n := len(p.articles) - 1 - rng.IntN(min(p.window, len(p.articles)))
		p.articles[n].Title = fmt.Sprintf("Corrected: the case numbered %d, and %d", n, seed)
	case "redate":
		for n := range p.articles {
			p.articles[n].Updated = p.desk.now
		}
	case "new guids":
		p.guid = func(n int) string { return fmt.Sprintf("cms-%d-%d", seed, n) }
	case "random guids":
		p.guid = func(n int) string { return fmt.Sprintf("r-%d-%d", rng.Uint64(), n) }
	case "scheme":
		p.guid = func(n int) string { return fmt.Sprintf("http://www.o.test/?p=%d", n) }
		p.link = func(n int) string {
			return fmt.Sprintf("http://www.o.test/2026/article-number-%d/?utm_source=%d", n, seed)
		}
	case "move":
		p.guid = func(n int) string { return fmt.Sprintf("moved-%d-%d", seed, n) }
		p.link = func(n int) string { return fmt.Sprintf("https://site%d.test/article-number-%d", seed%7, n) }
	case "truncate":
		p.poll(r, func(list []feeds.Entry) []feeds.Entry { return list[:rng.IntN(len(list))] })
	case "shuffle":
		p.poll(r, func(list []feeds.Entry) []feeds.Entry {
			rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			return list
		})
	case "repeat":
		p.poll(r, func(list []feeds.Entry) []feeds.Entry { return append(list, list...) })
	case "empty":
		p.poll(r, func([]feeds.Entry) []feeds.Entry { return nil })
	case "purge": // all but what the last complete document lists
		if _, err := p.desk.store.Purge(p.desk.t.Context(), store.Retention{Before: p.desk.now.Add(time.Hour)}); err != nil {
			r.Fatal(err)
		}
	case "restart":
		p.desk.restart()
	case "wait":
		p.desk.now = p.desk.now.Add(time.Duration(seed%2000) * time.Hour)
	case "widen":
		p.window = 3 + int(seed%40)
	}
}

// poll takes the document, as change makes it, twice.
func (p *publisher) poll(r *rapid.T, change func([]feeds.Entry) []feeds.Entry) {
	list := p.document()
	if change != nil {
		list = change(list)
	}
	unseen := 0
	for _, e := range list {
		if n := number(e.Link); !p.offered[n] {
			p.offered[n] = true
			unseen++
		}
	}
	out, err := p.desk.take(p.source, &feeds.Feed{Entries: list}, change != nil)
	if err != nil {
		r.Fatal(err)
	}
	if out.New != unseen {
		r.Fatalf("%d entries are new, the publisher showed %d for the first time: %+v", out.New, unseen, out)
	}
	moved := p.desk.moved
	out, err = p.desk.take(p.source, &feeds.Feed{Entries: list}, change != nil)
	if err != nil || out.New+out.Updated+out.Realiased > 0 || p.desk.moved != moved {
		r.Fatalf("the same document again: %+v, %v", out, err)
	}
	p.desk.now = p.desk.now.Add(2 * time.Hour)
}

// number tells by its link which article an entry is.
func number(link string) int {
	link, _, _ = strings.Cut(link, "?")
	link = strings.TrimSuffix(link, "/")
	n, err := strconv.Atoi(link[strings.LastIndexByte(link, '-')+1:])
	if err != nil {
		panic(err)
	}
	return n
}

// check compares the store with the truth.
func (p *publisher) check(r *rapid.T) {
	count := map[int]int{}
	ids := map[string]bool{}
	for _, e := range p.desk.stored() {
		n := number(e.Link)
		count[n]++
		if ids[e.ID] {
			r.Fatalf("two entries have the id %s", e.ID)
		}
		ids[e.ID] = true
		was, known := p.first[n]
		if !known {
			p.first[n] = e
		} else if was.Key != e.Key || was.ID != e.ID || !was.FirstSeen.Equal(e.FirstSeen) || !was.Sort.Equal(e.Sort) || !was.Published.Equal(e.Published) {
			r.Fatalf("article %d is not what it was:\n%+v\n%+v", n, was, e)
		}
	}
	for n := range p.offered {
		if count[n] != 1 {
			r.Fatalf("article %d is stored %d times", n, count[n])
		}
	}
	if len(count) != len(p.offered) {
		r.Fatalf("%d articles stored, %d offered", len(count), len(p.offered))
	}
}
