package poll_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"newswire/internal/egress"
	"newswire/internal/hostile"
	"newswire/internal/newsroom"
	"newswire/internal/poll"
)

// usual is the interval of a source of which nothing is known.
const usual = 30 * time.Minute

// TestCatalogue polls every row of the hostile origin: once when it is good,
// three times while it misbehaves, and once when it has healed. No goroutine
// and no descriptor is left of it all.
func TestCatalogue(t *testing.T) {
	rows := hostile.Rows()
	if len(rows) < 240 {
		t.Fatalf("the catalogue has only %d rows", len(rows))
	}
	baseline(t)
	for _, row := range rows {
		t.Run(row.ID, func(t *testing.T) {
			if row.Slow && row.TLS == nil {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(time.Until(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)))
					o, err := hostile.Offline()
					if err != nil {
						t.Fatal(err)
					}
					newCase(t, row, o, newMemory(), offline(o)).run()
					o.Close()
					time.Sleep(time.Hour) // what drips notices that nobody reads
				})
				return
			}
			if !heavy(row) {
				t.Parallel()
			}
			var store backend = newMemory()
			if !testing.Short() {
				store = newHouse(t)
			}
			newCase(t, row, hostile.Start(t), store, nil).run()
		})
	}
}

// heavy reports whether a row is about memory: it is measured, and runs alone.
func heavy(row hostile.Row) bool { return strings.HasPrefix(row.ID, "Z") }

// A backend is a store with a newsroom before it.
type backend interface {
	poll.Store
	take(context.Context, newsroom.Source, newsroom.Claim, poll.Reading, func(poll.Outcome) newsroom.Check) (poll.Outcome, error)
	check(slug string) newsroom.Check
	titles(slug string) map[string]string // by GUID
}

// offline returns a network that leads to the origin without sockets.
func offline(o *hostile.Origin) func(context.Context, string, string) (net.Conn, error) {
	return func(_ context.Context, _, address string) (net.Conn, error) {
		client, server := net.Pipe()
		go o.Serve(server, strings.HasSuffix(address, ":443"))
		return client, nil
	}
}

// A testCase is one row on its way through the stages.
type testCase struct {
	*testing.T
	row     hostile.Row
	origin  *hostile.Origin
	store   backend
	network func(context.Context, string, string) (net.Conn, error)
	url     string
	logs    *bytes.Buffer
}

const slug = "origin"

// secrets must not be seen anywhere.
var secrets = []string{"s3cret-token", "s3cret-header", "s3cret-password"}

func newCase(t *testing.T, row hostile.Row, o *hostile.Origin, store backend, network func(context.Context, string, string) (net.Conn, error)) *testCase {
	c := &testCase{T: t, row: row, origin: o, store: store, network: network, logs: new(bytes.Buffer)}
	switch {
	case network == nil:
		c.url = o.URL(row.ID)
	case row.TLS != nil:
		c.url = "https://origin.test/case/" + row.ID + "/feed"
	default:
		c.url = "http://origin.test/case/" + row.ID + "/feed"
	}
	return c
}

func (c *testCase) source() newsroom.Source {
	return newsroom.Source{
		Slug: slug, Name: "Origin", URL: strings.Replace(c.url, "://", "://reader:s3cret-password@", 1) + "?token=s3cret-token",
		Headers: http.Header{"X-Api-Key": {"s3cret-header"}},
	}
}

// ask polls the source once, by a poller that has just been started: what it
// must remember is in the store.
func (c *testCase) ask() poll.Result {
	c.Helper()
	var timeouts egress.Timeouts
	if c.row.Slow && c.network == nil {
		timeouts.Connect = 500 * time.Millisecond
	}
	client := egress.New(egress.Config{
		Timeouts: timeouts,
		Version:  "test", Contact: "https://news.example.com/bot",
		AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("127.0.0.2/32")},
		RootCAs:       c.origin.Authority.Pool, Network: c.network,
	})
	defer client.Close()
	p := &poll.Poller{
		Client: client, Store: c.store, Take: c.store.take, Policy: poll.Policy{MinInterval: 15 * time.Minute}, Owner: "test",
		Log: slog.New(slog.NewJSONHandler(c.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if err := p.SetSources(map[string]newsroom.Source{slug: c.source()}); err != nil {
		c.Fatal(err)
	}
	before := len(c.origin.Requests(c.row.ID))
	res, err := p.Ask(c.Context(), slug)
	if err != nil {
		c.Fatalf("%v", err)
	}
	most := max(c.row.Most, 2)
	if n := len(c.origin.Requests(c.row.ID)) - before; n > most {
		c.Errorf("one poll sent %d requests, at most %d are decent", n, most)
	}
	if stored := c.store.check(slug); stored.Class != res.Class || !stored.Next.Equal(res.Check.Next) {
		c.Errorf("stored is class %q, next %v; the result says %q, %v", stored.Class, stored.Next, res.Class, res.Check.Next)
	}
	return res
}

func (c *testCase) run() {
	if !c.row.Fresh {
		c.prime()
	}
	primed := c.store.check(slug)
	before := c.store.titles(slug)
	var heap int64
	if heavy(c.row) {
		heap = liveHeap()
	}

	c.origin.Set(c.row.ID, hostile.Misbehave)
	began := time.Now()
	first := c.ask()
	if took := time.Since(began); took > time.Minute {
		c.Errorf("took %v: longer than the watchdog lets it", took)
	}
	if heavy(c.row) {
		if grown := liveHeap() - heap; grown > 64<<20 {
			c.Errorf("the heap grew by %d MB", grown>>20)
		}
	}
	c.first(first, primed)
	c.kept(before, c.store.titles(slug))
	c.again()
	c.heal()
	c.quiet()
	c.discreet()
}

// discreet checks that no request carried what it should not: nothing of ours
// to another host, and never a Referer or a cookie.
func (c *testCase) discreet() {
	c.Helper()
	abroad := 0
	for _, r := range c.origin.Requests(c.row.ID) {
		if r.Header.Get("Referer") != "" || r.Header.Get("Cookie") != "" {
			c.Errorf("%s was sent %v", r.Target, r.Header)
		}
		if !strings.HasPrefix(r.Host, "127.0.0.2:") {
			continue
		}
		abroad++
		if r.Header.Get("Authorization") != "" || r.Header.Get("X-Api-Key") != "" || strings.Contains(r.Target, "token") {
			c.Errorf("another host was sent what is ours: %s %v", r.Target, r.Header)
		}
		if n := r.Header.Get("If-None-Match"); n == `"v1"` {
			c.Errorf("another host was sent validators that it did not give: %s", n)
		}
	}
	if (c.row.ID == "R03" || c.row.ID == "R13") && abroad == 0 {
		c.Skip("this system has one loopback address only: no other host")
	}
	home := c.origin.Requests(c.row.ID)
	if len(home) > 0 && c.row.Accept == nil && home[0].Header.Get("X-Api-Key") != "s3cret-header" {
		c.Errorf("the source's own host was not sent its header: %v", home[0].Header)
	}
}

func liveHeap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func (c *testCase) prime() {
	c.Helper()
	res := c.ask()
	if res.Class != newsroom.ClassOK || len(c.store.titles(slug)) != 4 {
		c.Fatalf("the good origin gave class %q (%s) and %d entries", res.Class, res.Problem, len(c.store.titles(slug)))
	}
}

// first checks the first poll that was misbehaved to: class, next time,
// counters, text, validators.
func (c *testCase) first(res poll.Result, primed newsroom.Check) {
	c.Helper()
	if c.row.Or == string(res.Class) {
		c.row.Class = c.row.Or
	}
	if string(res.Class) != c.row.Class {
		c.Errorf("class %q (%s), want %q", res.Class, res.Problem, c.row.Class)
	}
	c.next(res.Check)
	if failed := !res.Class.Good() && c.row.Next != "N"; failed != (res.Check.Failures == 1) {
		c.Errorf("%d failures counted after class %q", res.Check.Failures, res.Class)
	}
	c.text(res.Problem)
	for _, secret := range secrets {
		if strings.Contains(res.Problem+strings.Join(res.Check.Notes, " "), secret) {
			c.Errorf("the problem %q or a note of %q holds a secret", res.Problem, res.Check.Notes)
		}
	}
	v := res.Check.Validators
	switch {
	case res.Class == newsroom.ClassPartial: // of a whole document: either way
	case !res.Class.Good() && v != primed.Validators:
		c.Errorf("validators %+v were taken from an answer of class %q", v, res.Class)
	case res.Class == newsroom.ClassOK && v.ETag == `"v1"` && c.row.ID != "C04":
		c.Errorf("validators %+v were not replaced", v)
	}
}

// next checks the rule for the next poll.
func (c *testCase) next(check newsroom.Check) {
	c.Helper()
	wait := check.Next.Sub(check.LastAsked)
	low, high := usual, usual
	switch c.row.Next {
	case "N":
		if c.row.ID == "C21" || c.row.Class == "not_modified" || c.row.Class == "ok" || c.row.Class == "ok_partial" || c.row.Class == "limits" {
			break
		}
	case "N≤24h":
		high = 24 * time.Hour
	case "B":
		low, high = 2*usual, 2*usual
	case "P":
		low, high = 4*time.Hour, 4*time.Hour
	case "X":
		low, high = 24*time.Hour, 24*time.Hour
	case "RA":
		low, high = c.row.Wait, c.row.Wait
	default:
		c.Fatalf("no rule %q", c.row.Next)
	}
	if high = high + min(high/10, usual); wait < low || wait > high {
		c.Errorf("due again after %v, want %v to %v (rule %s)", wait, low, high, c.row.Next)
	}
}

// text checks that a problem can be shown to anybody.
func (c *testCase) text(problem string) {
	c.Helper()
	if !strings.Contains(problem, c.row.Text) {
		c.Errorf("problem %q does not say %q", problem, c.row.Text)
	}
	if len(problem) > 300 {
		c.Errorf("the problem has %d bytes", len(problem))
	}
	for _, r := range problem {
		if unicode.IsControl(r) {
			c.Errorf("problem %q holds a control character", problem)
		}
	}
}

// kept checks what was newly stored, and that nothing went away.
func (c *testCase) kept(before, after map[string]string) {
	c.Helper()
	for guid := range before {
		if _, ok := after[guid]; !ok {
			c.Errorf("%s went away", guid)
		}
	}
	if got := len(after) - len(before); got != c.row.Kept {
		c.Errorf("%d entries newly stored, want %d", got, c.row.Kept)
	}
	if c.row.Title != "" && after["urn:t:g5"] != c.row.Title {
		c.Errorf("title %q, want %q", after["urn:t:g5"], c.row.Title)
	}
}

// again polls twice more: whatever is repeated is not new.
func (c *testCase) again() {
	c.Helper()
	before := len(c.store.titles(slug))
	if c.row.Class == "rate_limited" {
		c.stayAway()
		return
	}
	for i := range 2 {
		res := c.ask()
		want := c.row.Class
		if c.row.Class2 != "" && i == 0 {
			want = c.row.Class2
		}
		if want == "ok" && res.Class == newsroom.ClassNotModified {
			want = "not_modified" // it has validators of its own
		}
		if string(res.Class) != want && c.row.Class2 == "" {
			c.Errorf("poll %d of the same: class %q (%s), want %q", i+2, res.Class, res.Problem, want)
		}
		c.text2(res.Problem)
	}
	if got := len(c.store.titles(slug)) - before; got != c.row.Kept2 {
		c.Errorf("%d entries newly stored by repeating, want %d", got, c.row.Kept2)
	}
}

// stayAway checks that a host that said 429 is left alone, after a restart
// too, and then lets the time pass.
func (c *testCase) stayAway() {
	c.Helper()
	before := len(c.origin.Requests(c.row.ID))
	if res := c.ask(); res.Class != newsroom.ClassRateLimited || res.Check.Failures != 1 {
		c.Errorf("asked while it is to be left alone: class %q, %d failures", res.Class, res.Check.Failures)
	}
	if n := len(c.origin.Requests(c.row.ID)) - before; n != 0 {
		c.Errorf("%d requests were sent to a host that asked us to stay away", n)
	}
	claim, err := c.store.ClaimSource(c.Context(), slug, time.Now(), time.Minute, "test")
	if err != nil {
		c.Fatal(err)
	}
	check := claim.Check
	check.Next = time.Now().Add(-time.Second)
	if err := c.store.Settle(c.Context(), claim, check); err != nil {
		c.Fatal(err)
	}
}

func (c *testCase) text2(problem string) {
	c.Helper()
	if len(problem) > 300 {
		c.Errorf("the problem has %d bytes", len(problem))
	}
}

// heal checks that the next poll after the origin has healed gives all that
// was missing.
func (c *testCase) heal() {
	c.Helper()
	c.origin.Set(c.row.ID, hostile.Heal)
	res := c.ask()
	if res.Class != newsroom.ClassOK || res.Check.Failures != 0 {
		c.Errorf("after healing: class %q (%s), %d failures", res.Class, res.Problem, res.Check.Failures)
	}
	titles := c.store.titles(slug)
	for n := 1; n <= 5; n++ {
		guid := fmt.Sprintf("urn:t:g%d", n) // Z09 makes one of them longer
		if !slices.ContainsFunc(slices.Collect(maps.Keys(titles)), func(s string) bool { return strings.HasPrefix(s, guid) }) {
			c.Errorf("g%d was lost", n)
		}
	}
	if res.Check.Validators.ETag != `"v9"` {
		c.Errorf("validators after healing: %+v", res.Check.Validators)
	}
}

// quiet checks that no secret was logged, and that each record is one line of
// printable characters.
func (c *testCase) quiet() {
	c.Helper()
	check := c.store.check(slug)
	shown := c.logs.String() + check.Problem + strings.Join(check.Notes, "\n")
	for _, secret := range secrets {
		if strings.Contains(shown, secret) {
			c.Errorf("the log, the problem or a note holds %q", secret)
		}
	}
	for line := range strings.Lines(c.logs.String()) {
		if !strings.HasPrefix(line, `{"time":`) || !strings.HasSuffix(line, "}\n") {
			c.Errorf("a log record is not one line: %q", line)
		}
	}
}
