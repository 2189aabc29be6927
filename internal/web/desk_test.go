package web

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"newswire/internal/newsroom"
)

// form posts to a desk as a browser does from its own page.
func form(h http.Handler, path string, values url.Values, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(values.Encode()))
	r.Host, r.RemoteAddr = "127.0.0.1:8081", "127.0.0.1:40000"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// cookieOf returns the session that an answer sets, as a header.
func cookieOf(t *testing.T, w *httptest.ResponseRecorder) (*http.Cookie, string) {
	t.Helper()
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies (status %d)", len(cookies), w.Code)
	}
	return cookies[0], cookies[0].Name + "=" + cookies[0].Value
}

// fastPassword is demoPassword's hash with few iterations.
func fastPassword(t *testing.T) string {
	t.Helper()
	p := &password{iterations: 10_000, salt: []byte("saltsalt")}
	hash, err := p.derive(demoPassword)
	if err != nil {
		t.Fatal(err)
	}
	p.hash = hash
	return p.String()
}

func loggedIn(t *testing.T, d *Desk) string {
	t.Helper()
	_, cookie := cookieOf(t, form(d, "/login", url.Values{"password": {demoPassword}}))
	return cookie
}

func TestOpenDeskFromAfar(t *testing.T) {
	d := demoDesk(t, "")
	for _, c := range []struct {
		remote, host string
		want         int
	}{
		{"127.0.0.1:1", "localhost:8081", 200},
		{"127.0.0.1:1", "127.0.0.1", 200},
		{"[::1]:1", "[::1]:8081", 200},
		{"[::ffff:127.0.0.1]:1", "127.9.9.9:8081", 200},
		{"192.0.2.7:1", "localhost:8081", 403},
		{"192.0.2.7:1", "192.0.2.1:8081", 403},
		{"127.0.0.1:1", "desk.example", 403},
		{"127.0.0.1:1", "localhost.evil.example", 403},
		{"127.0.0.1:1", "", 403},
		{"@", "localhost", 403},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Host = c.remote, c.host
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("from %s to %s: %d, want %d", c.remote, c.host, w.Code, c.want)
		}
	}
}

func TestLoginAndOut(t *testing.T) {
	now := demoNow
	d := demoDesk(t, fastPassword(t))
	d.sessions.now = func() time.Time { return now }
	if w := form(d, "/login", url.Values{"password": {"wrong"}}); w.Code != 401 || len(w.Result().Cookies()) > 0 {
		t.Errorf("a wrong password: %d", w.Code)
	}
	w := form(d, "/login", url.Values{"password": {demoPassword}})
	c, first := cookieOf(t, w)
	if w.Code != 303 || w.Header().Get("Location") != "/" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || len(c.Value) < 26 {
		t.Errorf("%d to %q with %v", w.Code, w.Header().Get("Location"), c)
	}
	d.Secure = true
	w = form(d, "/login", url.Values{"password": {demoPassword}})
	if c, _ := cookieOf(t, w); !c.Secure {
		t.Error("by https, the cookie is not Secure")
	}
	_, second := cookieOf(t, w)
	if first == second {
		t.Error("two logins share a token")
	}
	for token := range d.sessions.ends {
		if strings.Contains(first, string(token[:])) {
			t.Error("tokens are kept as they are")
		}
	}
	if w := form(d, "/logout", nil, "Cookie", first); w.Code != 303 || w.Result().Cookies()[0].MaxAge >= 0 {
		t.Errorf("logout: %d", w.Code)
	}
	if w := ask(d, "GET", "/", "Cookie", first); w.Code != 303 {
		t.Errorf("the session goes on after logout: %d", w.Code)
	}
	if w := ask(d, "GET", "/", "Cookie", second); w.Code != 200 {
		t.Errorf("another session ended with it: %d", w.Code)
	}
	now = now.Add(sessionLength)
	if w := ask(d, "GET", "/", "Cookie", second); w.Code != 303 {
		t.Errorf("an expired session: %d", w.Code)
	}
}

func TestSecureCookieOverTLS(t *testing.T) {
	d := demoDesk(t, fastPassword(t))
	r := httptest.NewRequest("POST", "/login", strings.NewReader(url.Values{"password": {demoPassword}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.TLS = &tls.ConnectionState{}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	if c, _ := cookieOf(t, w); !c.Secure {
		t.Error("not Secure")
	}
}

func TestSessionsAreBounded(t *testing.T) {
	d := demoDesk(t, fastPassword(t))
	for range 3 * maxSessions {
		d.sessions.open()
	}
	if n := len(d.sessions.ends); n > maxSessions {
		t.Errorf("%d sessions", n)
	}
}

func TestGuessing(t *testing.T) {
	now := demoNow
	d := demoDesk(t, fastPassword(t))
	d.attempts.now = func() time.Time { return now }
	codes := map[int]int{}
	var last *httptest.ResponseRecorder
	for range attemptsAtOnce + 3 {
		last = form(d, "/login", url.Values{"password": {"guess"}})
		codes[last.Code]++
	}
	if codes[401] != attemptsAtOnce || codes[429] != 3 || last.Header().Get("Retry-After") != "10" {
		t.Errorf("%v, Retry-After %q", codes, last.Header().Get("Retry-After"))
	}
	if w := form(d, "/login", url.Values{"password": {demoPassword}}); w.Code != 429 {
		t.Errorf("the right password, too soon: %d", w.Code)
	}
	now = now.Add(attemptsEvery)
	if w := form(d, "/login", url.Values{"password": {demoPassword}}); w.Code != 303 {
		t.Errorf("after the wait: %d", w.Code)
	}
	for i := range 2 * maxAddresses {
		d.attempts.allow(network("[2001:db8:" + fourHex(i) + "::1]:1"))
	}
	if n := len(d.attempts.from); n > maxAddresses {
		t.Errorf("%d addresses are remembered", n)
	}
}

func fourHex(i int) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[i>>12&15], digits[i>>8&15], digits[i>>4&15], digits[i&15]})
}

// TestChecksAtOnce: each check of a password costs a while; guessing must not
// take the machine.
func TestChecksAtOnce(t *testing.T) {
	a := newAttempts(func() time.Time { return demoNow })
	var wait sync.WaitGroup
	enter, leave := make(chan bool), make(chan bool)
	for i := range cap(a.slots) {
		wait.Go(func() {
			r := httptest.NewRequest("POST", "/login", nil)
			r.RemoteAddr = "192.0.2." + fourHex(i)[3:] + ":1"
			a.try(r, func() bool { enter <- true; <-leave; return true })
		})
		<-enter
	}
	r := httptest.NewRequest("POST", "/login", nil)
	if _, again := a.try(r, func() bool { t.Error("one too many"); return true }); again == 0 {
		t.Error("not told to wait")
	}
	close(leave)
	wait.Wait()
}

func TestForeignPosts(t *testing.T) {
	data := demoDeskData()
	d := newDesk(t, data, "")
	body := url.Values{"source": {"arxiv-cl"}}
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
		{"Origin", "http://127.0.0.1:9999"},
	} {
		if w := form(d, "/holds/release", body, headers...); w.Code != 403 {
			t.Errorf("%v: %d, want 403", headers, w.Code)
		}
	}
	if len(data.released) > 0 {
		t.Fatalf("released %v", data.released)
	}
	for _, row := range matrix {
		ask(d, "GET", row.path+"?source=arxiv-cl")
		ask(d, "HEAD", row.path+"?source=arxiv-cl")
	}
	if len(data.released) > 0 {
		t.Fatalf("a GET released %v", data.released)
	}
	w := form(d, "/holds/release", body, "Sec-Fetch-Site", "same-origin", "Origin", "http://127.0.0.1:8081")
	if w.Code != 303 || w.Header().Get("Location") != "/holds" || len(data.released) != 1 || data.released[0] != "arxiv-cl" {
		t.Errorf("%d to %q, released %v", w.Code, w.Header().Get("Location"), data.released)
	}
	if w := form(d, "/holds/release?source=arxiv-cl", nil); w.Code != 400 || len(data.released) != 1 {
		t.Errorf("without a source in the form: %d", w.Code)
	}
}

func TestMetricsByPassword(t *testing.T) {
	d := demoDesk(t, fastPassword(t))
	basic := func(pass string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.SetBasicAuth("prometheus", pass)
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w
	}
	if w := basic("wrong"); w.Code != 401 || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Basic") {
		t.Errorf("wrong password: %d", w.Code)
	}
	for i := range 3 * attemptsAtOnce {
		if w := basic(demoPassword); w.Code != 200 || !strings.Contains(w.Body.String(), "newswire_up") {
			t.Fatalf("scrape %d: %d", i, w.Code)
		}
	}
}

func TestDeskShowsNoSecrets(t *testing.T) {
	d := demoDesk(t, "")
	for _, path := range []string{"/", "/entries", "/holds", "/reload"} {
		if strings.Contains(ask(d, "GET", path).Body.String(), "SECRET") {
			t.Errorf("%s shows a secret of a source's URL", path)
		}
	}
}

func TestDeskOrder(t *testing.T) {
	body := ask(demoDesk(t, ""), "GET", "/").Body.String()
	at := -1
	for _, name := range []string{"Policy Desk Europe", "Nordlys AI-institutt", "Daily Model", "arXiv Computation", "Chipwatch", "Meridian Labs", "Fresh From the Config", "A Blog of Old"} {
		next := strings.Index(body, name)
		if next < at {
			t.Errorf("%s stands too early", name)
		}
		at = next
	}
	for _, said := range []string{"it never paused longer than 2 days", "it usually brings 34 to 46", "few entries"} {
		if !strings.Contains(body, said) {
			t.Errorf("the page does not say %q", said)
		}
	}
	if !strings.Contains(body, `aria-label="9 entries in the last`) {
		t.Error("the spark line says nothing to those who do not see it")
	}
}

// With many sources, those that need nobody are folded away, and one can be
// looked for: by what is shown of it and nothing else.
func TestDeskWithManySources(t *testing.T) {
	d := newDesk(t, manySources(120), "")
	get := func(path string) string { return ask(d, "GET", path).Body.String() }
	body := get("/")
	fold := strings.Index(body, "<details")
	if fold < 0 || strings.Index(body, "Policy Desk Europe") > fold || strings.Index(body, "A Blog of Old") < fold {
		t.Errorf("what needs nobody is not folded away (at %d)", fold)
	}
	if small := ask(demoDesk(t, ""), "GET", "/").Body.String(); strings.Contains(small, "<details") || strings.Contains(small, `role="search"`) {
		t.Error("ten sources are folded away")
	}
	for query, want := range map[string]int{"MERIDIAN": 12, "chipwatch.example": 12, "research": 12, "meridian labs 2": 1, "secret": 0, "no such": 0, "%3Cb%3E": 0} {
		body := get("/?q=" + strings.ReplaceAll(query, " ", "+"))
		if got := strings.Count(body, `<th scope="row">`); got != want || strings.Contains(body, "<details") || strings.Contains(body, "<b>") {
			t.Errorf("%s: %d rows, want %d", query, got, want)
		}
	}
}

func TestDeskWithoutStore(t *testing.T) {
	data := demoDeskData()
	data.broken = true
	d := newDesk(t, data, "")
	for _, path := range []string{"/", "/entries", "/holds"} {
		w := ask(d, "GET", path)
		if w.Code != 500 || strings.Contains(w.Body.String(), "dial") {
			t.Errorf("%s: %d; the inner error is for the log", path, w.Code)
		}
	}
}

func TestReady(t *testing.T) {
	d := demoDesk(t, fastPassword(t))
	d.Ready = func() error { return errFake }
	if w := ask(d, "GET", "/readyz"); w.Code != 503 || strings.Contains(w.Body.String(), "dial") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestPasswords(t *testing.T) {
	hash, err := HashPassword(demoPassword)
	if err != nil {
		t.Fatal(err)
	}
	if made, err := parsePassword(hash); err != nil || made.iterations != hashIterations || made.String() != hash {
		t.Errorf("%s does not read back: %v", hash, err)
	}
	p, err := parsePassword(fastPassword(t))
	if err != nil {
		t.Fatal(err)
	}
	if !p.matches(demoPassword) || p.matches(demoPassword+" ") || p.matches("") {
		t.Error("does not tell right from wrong")
	}
	plain, err := parsePassword(demoPassword)
	if err != nil {
		t.Fatal(err)
	}
	if plain.String() == hash || !plain.matches(demoPassword) {
		t.Error("a password given as it is: the salt is not its own, or it does not match")
	}
	for _, bad := range []string{"", "pbkdf2-sha256$", "pbkdf2-sha256$1$c2FsdHNhbHQ$aGFzaA", "pbkdf2-sha256$600000$c2FsdHNhbHQ$aGFzaA", "pbkdf2-sha256$99999999999$c2FsdHNhbHQ$aGFzaA", hash + "$"} {
		if _, err := parsePassword(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if _, err := NewDesk(DeskConfig{Password: "pbkdf2-sha256$nonsense"}); err == nil || !strings.Contains(err.Error(), "password") {
		t.Errorf("NewDesk: %v", err)
	}
}

// TestDeskTellsWhatIsHeld holds that a source of which entries are held says
// so in its line, and leads to them.
func TestDeskTellsWhatIsHeld(t *testing.T) {
	data := &deskFake{
		sources: []SourceHealth{{Slug: "calm", Name: "Calm"}, {Slug: "flood", Name: "Flood"}},
		held:    []newsroom.Entry{{Source: "flood"}, {Source: "flood"}, {Source: "gone"}},
	}
	for i := range data.sources {
		data.sources[i].Check = newsroom.Check{Class: newsroom.ClassOK, LastOK: demoNow}
	}
	page := ask(newDesk(t, data, ""), "GET", "/").Body.String()
	flood, calm := strings.Index(page, "<bdi>Flood</bdi>"), strings.Index(page, "<bdi>Calm</bdi>")
	line := `<a href="/holds#flood">2 held</a>`
	if at := strings.Index(page, line); at < flood || calm < at || strings.Count(page, " held</a>") != 1 {
		t.Errorf("%q is not in the line of Flood alone, before Calm:\n%s", line, page)
	}
	if total := `<a href="/holds">Held entries</a></dt><dd>3</dd>`; !strings.Contains(page, total) || data.heldRead > 0 {
		t.Errorf("the page lacks %q, or reads what is held (%d times) to count it", total, data.heldRead)
	}
}

// TestHoldsAreBounded holds that a flood of held entries is told by its first,
// and counted and released whole.
func TestHoldsAreBounded(t *testing.T) {
	data := demoDeskData()
	data.held = flood(data.entries, "arxiv-cl", 500)
	desk := newDesk(t, data, "")
	page := ask(desk, "GET", "/holds").Body.String()
	if n := strings.Count(page, "<tr>"); n != holdMost+1 {
		t.Errorf("%d lines", n)
	}
	for _, want := range []string{`id="arxiv-cl"`, "500 held by", "Release 500<", `<a href="/holds?source=arxiv-cl">And 480 more</a>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(ask(desk, "GET", "/holds?source=arxiv-cl").Body.String(), "<tr>"); n != 501 {
		t.Errorf("alone: %d lines", n)
	}
	if page := ask(desk, "GET", "/holds?source=other").Body.String(); !strings.Contains(page, "Nothing of this source is held.") {
		t.Error(page)
	}
	for i := range 99 {
		data.held = append(data.held, flood(data.entries, fmt.Sprint("source-", i), 5)...)
	}
	if n := strings.Count(ask(desk, "GET", "/holds").Body.String(), "<tr>"); n != 100*(1+holdLeast) {
		t.Errorf("a hundred sources: %d lines", n)
	}
}

// TestReloadPage tells what was refused and what is in force.
func TestReloadPage(t *testing.T) {
	for _, c := range []struct {
		name        string
		last        *Reload
		has, hasNot string
		refused     bool
	}{
		{"none yet", nil, "what was read at the start", "In force since", false},
		{"accepted", &Reload{At: demoNow, InForce: demoNow, Changes: []string{"source added: Lab"}}, "source added: Lab", "read at the start", false},
		{"accepted, the same", &Reload{At: demoNow, InForce: demoNow}, "changed nothing", "read at the start", false},
		{"refused at first", &Reload{At: demoNow, Refused: []string{"config.yaml:1:1: x"}}, "what was read at the start", "In force since", true},
		{"refused after", &Reload{At: demoNow, InForce: demoNow, Changes: []string{"source added: Lab"}, Refused: []string{"config.yaml:1:1: x"}}, "source added: Lab", "read at the start", true},
	} {
		d := newDesk(t, demoDeskData(), "")
		d.Reload = func() *Reload { return c.last }
		page := ask(d, "GET", "/reload").Body.String()
		if !strings.Contains(page, c.has) || strings.Contains(page, c.hasNot) || strings.Contains(page, "config.yaml:1:1: x") != c.refused {
			t.Errorf("%s: %s", c.name, page)
		}
	}
}
