package egress

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"newswire/internal/newsroom"
)

// local returns a client that may visit loopback.
func local(change func(*Config)) *Client {
	c := Config{Version: "1.0", Contact: "https://news.example.com/bot", AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	if change != nil {
		change(&c)
	}
	return New(c)
}

// class returns the class of an error, which must be a *Failure.
func class(t *testing.T, err error) newsroom.Class {
	t.Helper()
	f := new(Failure)
	if !errors.As(err, &f) {
		t.Fatalf("%v is no *Failure", err)
	}
	return f.Class
}

func TestHeaders(t *testing.T) {
	var got http.Header
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	defer s.Close()
	c := local(func(c *Config) { c.Subscribers = func() int { return 42 } })
	defer c.Close()
	v := newsroom.Validators{ETag: `W/"a,b"`, LastModified: "Sat, 21 Nov 2026 10:00:00 +0000"}
	if _, err := c.Get(t.Context(), Request{URL: s.URL, Validators: v}); err != nil {
		t.Fatal(err)
	}
	want := http.Header{
		"User-Agent": {"Newswire/1.0 (+https://news.example.com/bot; 42 subscribers)"}, "Accept": {AcceptFeeds}, "Accept-Encoding": {"gzip, br, zstd"},
		"If-None-Match": {v.ETag}, "If-Modified-Since": {v.LastModified},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("sent %v\nwant %v", got, want)
	}
}

// TestValidatorsBelongToTheirURL: they are sent to the URL that gave them, at
// the end of a redirect or at its beginning, and to no other.
func TestValidatorsBelongToTheirURL(t *testing.T) {
	sent := map[string]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent[r.URL.Path] = r.Header.Get("If-None-Match")
		switch {
		case r.URL.Path == "/from":
			http.Redirect(w, r, "/to", http.StatusMovedPermanently)
		case r.Header.Get("If-None-Match") == `"to"`:
			w.WriteHeader(http.StatusNotModified)
		default:
			w.Header().Set("Etag", `"to"`)
		}
	}))
	defer s.Close()
	c := local(nil)
	defer c.Close()
	resp, err := c.Get(t.Context(), Request{URL: s.URL + "/from"})
	if err != nil || resp.FinalURL != s.URL+"/to" || resp.Permanent != s.URL+"/to" {
		t.Fatalf("%+v, %v", resp, err)
	}
	resp, err = c.Get(t.Context(), Request{URL: s.URL + "/from", Validators: resp.Validators, ValidatorsURL: resp.FinalURL})
	if err != nil || !resp.NotModified {
		t.Fatalf("%+v, %v: want not modified", resp, err)
	}
	if sent["/from"] != "" || sent["/to"] != `"to"` {
		t.Errorf("validators were sent to: %q", sent)
	}
	_, _ = c.Get(t.Context(), Request{URL: s.URL + "/from", Validators: newsroom.Validators{ETag: `"from"`}, ValidatorsURL: s.URL + "/from"})
	if sent["/from"] != `"from"` || sent["/to"] != "" {
		t.Errorf("validators of the first URL were sent to: %q", sent)
	}
}

// TestSecretsStayHome: what belongs to a source goes to its own server, and
// does not come back into the game after a detour.
func TestSecretsStayHome(t *testing.T) {
	seen := map[string]http.Header{}
	record := func(r *http.Request) { seen[r.Host+r.URL.Path] = r.Header.Clone() }
	var home, abroad *httptest.Server
	abroad = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record(r)
		if r.URL.Path == "/detour" {
			http.Redirect(w, r, home.URL+"/back", http.StatusFound)
		}
	}))
	defer abroad.Close()
	home = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record(r)
		switch r.URL.Path {
		case "/feed":
			http.Redirect(w, r, "/inner", http.StatusFound)
		case "/inner":
			http.Redirect(w, r, abroad.URL+"/detour", http.StatusFound)
		}
	}))
	defer home.Close()
	c := local(nil)
	defer c.Close()
	url := strings.Replace(home.URL, "://", "://me:secret@", 1) + "/feed?token=secret"
	if _, err := c.Get(t.Context(), Request{URL: url, Header: http.Header{"X-Api-Key": {"secret"}, "Cookie": {"id=secret"}}}); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 4 {
		t.Fatalf("visited %d places, want 4", len(seen))
	}
	for where, h := range seen {
		atHome := strings.HasSuffix(where, "/feed") || strings.HasSuffix(where, "/inner")
		if got := h.Get("X-Api-Key") != "" && h.Get("Cookie") != "" && h.Get("Authorization") != ""; got != atHome {
			t.Errorf("%s was sent %v", where, h)
		}
		if h.Get("Referer") != "" {
			t.Errorf("%s was sent a Referer", where)
		}
	}
}

func TestRedirectTargets(t *testing.T) {
	for _, tt := range []struct {
		from, location, want string // want: URL or class
	}{
		{"http://a.test/x/y", "../z?q#f", "http://a.test/z?q"},
		{"http://a.test/x", "//b.test/", "http://b.test/"},
		{"http://a.test/", "HTTPS://A.test/", "https://A.test/"},
		{"http://a.test/", " /padded ", "http://a.test/padded"},
		{"https://a.test/", "http://a.test/", "redirect_bad"},
		{"http://a.test/", "http://user@a.test/", "redirect_bad"},
		{"http://a.test/", "ftp://a.test/", "redirect_bad"},
		{"http://a.test/", "http://", "redirect_bad"},
		{"http://a.test/", "http://[::1", "redirect_bad"},
		{"http://a.test/", "http://a.test:port/", "redirect_bad"},
		{"http://a.test/", "/" + strings.Repeat("a", 9000), "redirect_bad"},
		{"http://a.test/", "\x00", "redirect_bad"},
	} {
		trip, _ := new(Client).newTrip(Request{URL: tt.from})
		to, f := target(trip.at, tt.location)
		got := ""
		if got = string(classOf(f)); f == nil {
			got = to.String()
		}
		if got != tt.want {
			t.Errorf("%s → %.40q: %s, want %s", tt.from, tt.location, got, tt.want)
		}
	}
}

// FuzzTarget: whatever a Location says, what is followed is a plain http(s) URL.
func FuzzTarget(f *testing.F) {
	for _, s := range []string{"../z?q#f", "//b.test/", "HTTPS://A.test/", "http://user@a.test/", "\\\\b.test", "http:b", "/%2e%2e/\x7f", "http://[fe80::1%25eth0]/", "http://a.test:99999/"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, location string, secure bool) {
		from := "http://a.test/x/y?q"
		if secure {
			from = "https://a.test/x/y?q"
		}
		trip, _ := new(Client).newTrip(Request{URL: from})
		to, failure := target(trip.at, location)
		if failure != nil {
			if len(failure.Error()) > maxText || failure.Class != newsroom.ClassRedirectBad {
				t.Errorf("%q: %v", location, failure)
			}
			return
		}
		if (to.Scheme != "http" && to.Scheme != "https") || to.User != nil || to.Hostname() == "" || to.Fragment != "" || (secure && to.Scheme == "http") {
			t.Errorf("%q leads to %s", location, to)
		}
	})
}

func classOf(f *Failure) newsroom.Class {
	if f == nil {
		return ""
	}
	return f.Class
}

func TestBadURLs(t *testing.T) {
	c := local(nil)
	for _, url := range []string{"", "feed.xml", "file:///etc/passwd", "ftp://a.test/", "http://", "://", "http://a b/", "javascript:alert(1)", "http:///feed"} {
		if _, err := c.Get(t.Context(), Request{URL: url}); class(t, err) != newsroom.ClassRedirectBad {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// TestGivingUp: when the caller gives up, the error says so and is no failure
// of the origin.
func TestGivingUp(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			w.Write([]byte("<rss>"))
			w.(http.Flusher).Flush()
		}
		<-release
	}))
	defer s.Close()
	defer close(release)
	c := local(nil)
	defer c.Close()
	for _, path := range []string{"/header", "/body"} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		_, err := c.Get(ctx, Request{URL: s.URL + path})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", path, err)
		}
		cancel()
	}
}

// TestPost: a body is sent, a redirect is not followed, any 2xx is good.
func TestPost(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		b.ReadFrom(r.Body)
		switch {
		case r.Method != "POST" || b.String() != "hub.mode=subscribe":
			w.WriteHeader(http.StatusTeapot)
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "/", http.StatusTemporaryRedirect)
		default:
			w.WriteHeader(http.StatusAccepted)
		}
	}))
	defer s.Close()
	c := local(nil)
	defer c.Close()
	r := Request{Method: "POST", URL: s.URL, Body: []byte("hub.mode=subscribe"), Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}
	if resp, err := c.Do(t.Context(), r); err != nil || resp.Status != 202 {
		t.Errorf("%+v, %v", resp, err)
	}
	r.URL += "/moved"
	if _, err := c.Do(t.Context(), r); class(t, err) != newsroom.ClassHTTPStatus {
		t.Errorf("%v, want class http_status", err)
	}
}

func TestHostNames(t *testing.T) {
	c := New(Config{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	for _, tt := range []struct{ url, want string }{
		{"https://blog.example.co.uk/feed", "example.co.uk"}, {"https://a.github.io/", "a.github.io"}, {"https://EXAMPLE.com./x", "example.com"},
		{"http://93.184.216.34/", "93.184.216.34"}, {"http://93.184.216.34:8080/", "93.184.216.34"}, {"http://[2606:4700::1111]/", "2606:4700::1111"},
		{"http://127.0.0.1:8081/", "127.0.0.1:8081"}, {"http://127.0.0.1/", "127.0.0.1:80"}, {"https://localhost/", "localhost:443"},
		{"http://feeds.test/", "feeds.test"}, {"http://a.feeds.test/", "feeds.test"},
	} {
		if got := c.Host(tt.url); got != tt.want {
			t.Errorf("%s: host %q, want %q", tt.url, got, tt.want)
		}
	}
}

// TestTurns: requests to one host start an interval apart, and never more at
// once than may be; another host does not wait.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hosts{limit: 2, known: map[string]*host{}}
		began := time.Now()
		var mu sync.Mutex
		active, most := 0, 0
		var starts []time.Duration
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if err := h.acquire(t.Context(), "a", time.Second); err != nil {
					t.Error(err)
					return
				}
				defer h.release("a")
				mu.Lock()
				starts = append(starts, time.Since(began))
				active++
				most = max(most, active)
				mu.Unlock()
				time.Sleep(10 * time.Second)
				mu.Lock()
				active--
				mu.Unlock()
			})
		}
		if err := h.acquire(t.Context(), "b", time.Second); err != nil || time.Since(began) > 0 {
			t.Errorf("another host waited %v: %v", time.Since(began), err)
		}
		wg.Wait()
		want := []time.Duration{0, time.Second, 10 * time.Second, 11 * time.Second, 20 * time.Second, 21 * time.Second}
		if fmt.Sprint(starts) != fmt.Sprint(want) || most != 2 {
			t.Errorf("started at %v, %d at once; want %v", starts, most, want)
		}
		h.pauseUntil("a", time.Now().Add(time.Hour))
		err := h.acquire(t.Context(), "a", time.Second)
		f := new(Failure)
		if !errors.As(err, &f) || !f.NotAsked() || f.RetryAfter != time.Hour {
			t.Errorf("a paused host: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		h.limit = 0
		if err := h.acquire(ctx, "c", 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a host without a free slot: %v", err)
		}
	})
}

// TestHostsAreForgotten: the list of hosts does not grow without end.
func TestHostsAreForgotten(t *testing.T) {
	h := &hosts{limit: 1, known: map[string]*host{}}
	for i := range 3 * maxHosts {
		name := fmt.Sprint(i)
		if err := h.acquire(t.Context(), name, 0); err != nil {
			t.Fatal(err)
		}
		h.release(name)
	}
	if n := len(h.known); n > maxHosts+1 {
		t.Errorf("%d hosts are remembered", n)
	}
}

func TestRobots(t *testing.T) {
	fetched := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			fetched++
			fmt.Fprint(w, "User-agent: *\nDisallow: /pages\n\nUser-agent: Newswire\nDisallow: /private\n")
		}
	}))
	defer s.Close()
	starless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			fmt.Fprint(w, "User-agent: *\nDisallow: /\n")
		}
	}))
	defer starless.Close()
	c := local(nil)
	defer c.Close()
	for _, tt := range []struct {
		url     string
		robots  Robots
		allowed bool
	}{
		{s.URL + "/private/feed", RobotsNamed, false}, {s.URL + "/private/feed", RobotsIgnored, true}, {s.URL + "/feed", RobotsNamed, true},
		{s.URL + "/private/feed", RobotsAll, false}, {s.URL + "/pages/1", RobotsAll, true}, // the group that names us replaces the other
		{starless.URL + "/feed", RobotsNamed, true}, {starless.URL + "/page", RobotsAll, false},
	} {
		_, err := c.Get(t.Context(), Request{URL: tt.url, Robots: tt.robots})
		if allowed := err == nil; allowed != tt.allowed {
			t.Errorf("%s with %v: %v", tt.url, tt.robots, err)
		}
	}
	if fetched != 1 {
		t.Errorf("robots.txt was fetched %d times", fetched)
	}
}

func TestRedact(t *testing.T) {
	for raw, want := range map[string]string{
		"https://user:pw@a.test/feed?token=x#f": "https://a.test/feed?…", "http://a.test": "http://a.test", "\x00": "(a malformed URL)",
	} {
		if got := Redact(raw); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

// TestNames: what the name server and the network do wrong.
func TestNames(t *testing.T) {
	timeouts := Timeouts{Connect: 300 * time.Millisecond, Header: time.Second, Total: 2 * time.Second}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := closed.Addr().(*net.TCPAddr).Port
	closed.Close()
	dropping := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe() // nobody reads questions
		t.Cleanup(func() { server.Close() })
		return client, nil
	}}
	for _, tt := range []struct {
		id, url  string
		resolver *net.Resolver
		want     newsroom.Class
	}{
		{"N01", "http://nowhere.test/", resolver(nil), newsroom.ClassDNS},
		{"N02", "http://silence.test/", dropping, newsroom.ClassDNS},
		{"N03", "http://inside.test/", resolver(map[string][]string{"inside.test.": {"10.1.2.3"}}), newsroom.ClassSSRFBlocked},
		{"N07", fmt.Sprintf("http://127.0.0.1:%d/", port), nil, newsroom.ClassConnect},
	} {
		c := local(func(c *Config) { c.Resolver, c.Timeouts = tt.resolver, timeouts })
		began := time.Now()
		_, err := c.Get(t.Context(), Request{URL: tt.url})
		if got := class(t, err); got != tt.want {
			t.Errorf("%s: %v, want class %s", tt.id, err, tt.want)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s took %v", tt.id, took)
		}
	}
}

// TestBlackHole (N08): a host that does not answer to SYN.
func TestBlackHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Config{Network: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		_, err := c.Get(t.Context(), Request{URL: "http://hole.test/"})
		if got := class(t, err); got != newsroom.ClassTimeoutConnect {
			t.Errorf("%v, want class timeout_connect", err)
		}
		c.Close()
	})
}

// TestCutBody: what is said of a body that was cut is how much of it came.
func TestCutBody(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for n := range 400 {
		fmt.Fprintf(z, "%d is the square of %d. ", n*n, n)
	}
	z.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes()[:packed.Len()/2])
	}))
	defer s.Close()
	c := local(nil)
	defer c.Close()
	resp, err := c.Get(t.Context(), Request{URL: s.URL})
	if class(t, err) != newsroom.ClassTruncated || len(resp.Body) == 0 || !strings.Contains(err.Error(), fmt.Sprintf("after %d bytes", len(resp.Body))) {
		t.Errorf("%d bytes, %v", len(resp.Body), err)
	}
}
