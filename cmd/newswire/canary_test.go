package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"newswire/internal/newsroom"
)

// canaries are secrets of every kind that a configuration holds. Each has a
// word of its own that stands nowhere else.
var canaries = map[string]string{
	"CANARY_TOKEN":    "sparrow-token-7d1f",    // in the query of a source's URL
	"CANARY_PATH":     "finch-path-91ac",       // in its path
	"CANARY_PASSWORD": "robin-password-55e0",   // in its user part
	"CANARY_HEADER":   "wren-header-c3b8",      // in a header
	"CANARY_DESK":     "heron-desk-long-2f6a",  // the desk's password
	"CANARY_DATABASE": "egret-database-0b97",   // in the database's address
	"CANARY_PLAIN":    "plover-plain-token-4e", // written into the file itself
}

// TestCanaries gives the program secrets of every kind, sources that succeed,
// redirect and fail in all ways a server can, and looks for the secrets in all
// that comes out: log, metrics, pages, feeds, lists, commands, errors, and what
// other hosts are sent.
func TestCanaries(t *testing.T) {
	if underRace {
		t.Skip("tried without the race detector, under which hashing the desk's password takes ten seconds a time")
	}
	for name, value := range canaries {
		t.Setenv(name, value)
	}
	abroad := &guestbook{answer: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, canaryFeed("abroad", "")) }}
	elsewhere := httptest.NewServer(abroad)
	defer elsewhere.Close()
	home := &guestbook{answer: canaryOrigin(elsewhere.URL)}
	origin := httptest.NewServer(home)
	defer origin.Close()
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
		io.WriteString(w, r.URL.String())
	}))
	defer busy.Close()
	dir := t.TempDir()
	writeArticle(t, dir)
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(canaryConfig(origin.URL, busy.URL, closedPort(t))), 0o644); err != nil {
		t.Fatal(err)
	}

	w := &witness{T: t}
	desk := openCanaries(t, file, w)
	for range 2 { // the second time there are validators, failures in a row, paused hosts
		desk.pollAll(t)
	}
	w.classes(desk)
	w.site(desk)
	w.desk(desk)
	w.static(desk)
	w.commands(desk, file, origin.URL)
	w.broken(desk, dir, file, origin.URL)
	w.departed(desk, file)
	w.look("log", w.log.String())
	w.abroad(abroad, home)
	t.Logf("%d outputs of %d bytes were looked through for %d secrets", w.outputs, w.size, len(canaries))
}

// A guestbook keeps the requests that it answers.
type guestbook struct {
	answer http.HandlerFunc
	mu     sync.Mutex
	seen   []*http.Request
}

func (r *guestbook) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.seen = append(r.seen, req.Clone(context.Background()))
	r.mu.Unlock()
	r.answer(w, req)
}

func canaryFeed(name, self string) string {
	return fmt.Sprintf(`<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>The %[1]s feed</title><link>http://%[1]s.example/</link>
<description>d</description>%[2]s<item><guid isPermaLink="false">%[1]s-1</guid><title>Something of %[1]s happened</title><link>http://%[1]s.example/1</link>
<description>x</description></item></channel></rss>`, name, self)
}

// canaryOrigin does by the last part of the path what servers do. It says in
// every answer what it was asked with, as servers' error pages do.
func canaryOrigin(elsewhere string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		echo := fmt.Sprintf("%s %s %v", r.URL, r.Host, r.Header)
		kind := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		w.Header().Set("X-Echo", echo)
		switch kind {
		case "500", "404", "401", "403", "410", "418":
			var code int
			fmt.Sscan(kind, &code)
			w.Header().Set("WWW-Authenticate", `Basic realm="`+r.URL.RawQuery+`"`)
			http.Error(w, echo, code)
		case "abroad":
			http.Redirect(w, r, strings.Replace(elsewhere, "127.0.0.1", "localhost", 1)+"/feed", http.StatusFound)
		case "moved": // takes the query along, as rewrites do
			http.Redirect(w, r, strings.TrimSuffix(r.URL.Path, "moved")+"fine?"+r.URL.RawQuery, http.StatusMovedPermanently)
		case "status", "header":
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "%s%s\r\n\r\n", map[string]string{"header": "HTTP/1.1 200 OK\r\n"}[kind], r.URL.RawQuery)
		case "loop":
			http.Redirect(w, r, r.URL.String(), http.StatusFound)
		case "astray":
			w.Header().Set("Location", "ftp://reader:"+canaries["CANARY_PASSWORD"]+"@a.example/?"+r.URL.RawQuery)
			w.WriteHeader(http.StatusFound)
		case "inside":
			http.Redirect(w, r, "http://10.0.0.1/?"+r.URL.RawQuery, http.StatusFound)
		case "page":
			io.WriteString(w, "<!DOCTYPE html><html><body>"+echo+"</body></html>")
		case "broken":
			io.WriteString(w, "<rss><channel><item>"+echo+"</wrong>")
		case "cut":
			w.Header().Set("Content-Length", "100000")
			io.WriteString(w, canaryFeed(kind, "")[:120]+echo)
		case "coded":
			w.Header().Set("Content-Encoding", r.URL.RawQuery)
			io.WriteString(w, canaryFeed(kind, ""))
		case "empty":
		case "reset":
			panic(http.ErrAbortHandler)
		default:
			w.Header().Set("ETag", `"1"`)
			if r.Header.Get("If-None-Match") == `"1"` {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			self := fmt.Sprintf(`<atom:link rel="self" href="http://%s%s"/>`, r.Host, strings.ReplaceAll(r.URL.String(), "&", "&amp;"))
			io.WriteString(w, canaryFeed(kind, self))
		}
	}
}

// canaryKinds are what sources of the origin do.
var canaryKinds = []string{
	"fine", "abroad", "moved", "500", "404", "401", "403", "410", "418", "loop", "astray", "inside", "page", "broken", "cut", "coded", "empty", "reset", "status", "header",
}

// canaryConfig has each kind of source with secrets filled in from the
// environment, and once more with secrets that stand in the file.
func canaryConfig(origin, busy, closed string) string {
	var b strings.Builder
	b.WriteString(`site: {title: The Test, url: "http://news.example.com"}
server: {settle: 0s, desk_password: "${CANARY_DESK}"}
fetch: {min_interval: 0s, host_interval: 0s, workers: 4, allow_networks: [127.0.0.0/8]}
sources:
`)
	secret := func(base, path string) string {
		return strings.Replace(base, "://", "://reader:${CANARY_PASSWORD}@", 1) + "/${CANARY_PATH}/" + path + "?x=${CANARY_TOKEN}"
	}
	add := func(name, address string) {
		fmt.Fprintf(&b, "  - {name: %q, url: %q, publish: full, headers: {X-Api-Key: \"${CANARY_HEADER}\", Authorization: \"Bearer ${CANARY_HEADER}\"}}\n", name, address)
	}
	for _, kind := range canaryKinds {
		add("From "+kind, secret(origin, kind))
		fmt.Fprintf(&b, "  - {name: \"Plain %s\", url: %q, publish: full}\n", kind, origin+"/plain/"+kind+"?api_key="+canaries["CANARY_PLAIN"])
	}
	add("Busy", secret(busy, "feed"))
	add("Nobody", secret(closed, "feed"))
	add("Insecure", strings.Replace(secret(origin, "feed"), "http:", "https:", 1))
	add("Private", secret("http://10.0.0.1", "feed"))
	fmt.Fprintf(&b, "  - {name: Word, url: %q}\n", origin+"/word?signature="+canaries["CANARY_PLAIN"])
	b.WriteString("channels:\n  - {name: all, entries: 300}\n  - {name: some, where: source contains \"From\"}\n")
	return b.String()
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

func openCanaries(t *testing.T, file string, w *witness) *newsdesk {
	t.Helper()
	s, err := loadSettings(file)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := openWire(t.Context(), s, slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.close() })
	return &newsdesk{opened, filepath.Dir(file)}
}

// A witness looks for secrets.
type witness struct {
	*testing.T
	log     lockedBuffer
	outputs int
	size    int
}

// lockedBuffer may be written by many.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (w *witness) look(where, text string) {
	w.Helper()
	w.outputs++
	w.size += len(text)
	for name, secret := range canaries {
		for _, form := range []string{secret, url.QueryEscape(secret)} {
			if i := strings.Index(text, form); i >= 0 {
				w.Errorf("%s holds %s: …%s…", where, name, text[max(0, i-120):min(len(text), i+len(form)+40)])
				break
			}
		}
	}
}

// classes holds that the sources did fail in as many ways as was meant.
func (w *witness) classes(desk *newsdesk) {
	w.Helper()
	checks, err := desk.store.Checks(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	seen := map[newsroom.Class]int{}
	for _, c := range checks {
		seen[c.Class]++
	}
	bad := 0
	for class := range seen {
		if !class.Good() {
			bad++
		}
	}
	if bad < 12 || seen[newsroom.ClassNotModified] < 2 {
		w.Errorf("too few kinds of outcomes: %v", seen)
	}
	w.Logf("outcomes: %v", seen)
}

func (w *witness) get(h http.Handler, path string, change func(*http.Request)) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
	r.RemoteAddr = "127.0.0.1:1"
	if change != nil {
		change(r)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	w.look(fmt.Sprintf("%s (%d)", path, rec.Code), fmt.Sprint(rec.Header())+rec.Body.String())
	return rec
}

// site looks at all that the public may ask for.
func (w *witness) site(desk *newsdesk) {
	w.Helper()
	site, err := desk.siteHandler()
	if err != nil {
		w.Fatal(err)
	}
	paths := []string{"/", "/feeds", "/feeds/all", "/feeds/some", "/feeds.opml", "/sources.opml", "/articles", "/articles/own", "/bot", "/robots.txt", "/sitemap.xml"}
	for _, path := range paths {
		if rec := w.get(site, path, nil); rec.Code != http.StatusOK {
			w.Errorf("%s: %d", path, rec.Code)
		}
	}
	w.get(site, "/nothing", nil)
	for _, d := range desk.publisher.Shelf().Documents() {
		w.get(site, d.Path, nil)
		w.look(d.Path, string(d.Body))
	}
}

// desk looks at the editors' pages as somebody who knows the password, and as
// somebody who does not.
func (w *witness) desk(desk *newsdesk) {
	w.Helper()
	private, err := desk.deskHandler()
	if err != nil {
		w.Fatal(err)
	}
	w.get(private, "/", nil)
	w.get(private, "/login", nil)
	for _, given := range []string{"not it at all", canaries["CANARY_DESK"]} {
		form := strings.NewReader(url.Values{"password": {given}}.Encode())
		r := httptest.NewRequest(http.MethodPost, "http://localhost/login", form)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://localhost")
		r.RemoteAddr = "127.0.0.1:1"
		rec := httptest.NewRecorder()
		private.ServeHTTP(rec, r)
		w.look("/login", fmt.Sprint(rec.Header())+rec.Body.String())
		for _, path := range []string{"/", "/entries", "/entries?q=something", "/holds", "/reload", "/healthz", "/readyz"} {
			page := w.get(private, path, func(r *http.Request) {
				for _, c := range rec.Result().Cookies() {
					r.AddCookie(c)
				}
			})
			if given == canaries["CANARY_DESK"] && page.Code != http.StatusOK {
				w.Errorf("the desk's %s: %d", path, page.Code)
			}
		}
	}
	metrics := w.get(private, "/metrics", func(r *http.Request) { r.SetBasicAuth("", canaries["CANARY_DESK"]) })
	if metrics.Code != http.StatusOK || !strings.Contains(metrics.Body.String(), "newswire_source_polls_total") {
		w.Errorf("metrics: %d", metrics.Code)
	}
}

// static looks at the files that a CDN would get.
func (w *witness) static(desk *newsdesk) {
	w.Helper()
	out := filepath.Join(desk.dir, "static")
	if _, err := desk.writeStatic(out); err != nil {
		w.Fatal(err)
	}
	err := filepath.WalkDir(out, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		w.look(path, string(text))
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
}

// run calls the program as a shell would.
func (w *witness) run(want int, args ...string) {
	w.Helper()
	var out, errs bytes.Buffer
	code := run(args, &out, &errs)
	if code != want {
		w.Errorf("newswire %v ends with %d, want %d:\n%.2000s", args, code, want, errs.String())
	}
	w.look(fmt.Sprintf("newswire %v", args[2:]), out.String()+"\n"+errs.String())
}

func (w *witness) commands(desk *newsdesk, file, origin string) {
	w.Helper()
	both := func(want int, args ...string) {
		w.run(want, append([]string{"--config", file}, args...)...)
		w.run(want, append([]string{"--config", file}, append(args, "--json")...)...)
	}
	both(exitDone, "sources")
	both(exitDone, "refresh")
	both(exitDone, "refresh", "From 500", "Plain page")
	both(exitDone, "check")
	both(exitWrong, "check", "--probe")
	both(exitDone, "plan")
	both(exitDone, "release")
	for _, kind := range canaryKinds {
		want := exitWrong
		if kind == "fine" || kind == "abroad" || kind == "moved" {
			want = exitDone
		}
		both(want, "preview", "From "+kind)
		w.run(want, "--config", file, "preview", "Plain "+kind)
		typed := strings.Replace(origin, "://", "://reader:"+canaries["CANARY_PASSWORD"]+"@", 1) + "/typed/" + kind + "?token=" + canaries["CANARY_TOKEN"]
		w.run(want, "--config", file, "preview", "--json", typed)
	}
	entries, err := desk.store.Latest(w.Context(), 100)
	if err != nil || len(entries) < 5 {
		w.Fatalf("%d entries: %v", len(entries), err)
	}
	for _, e := range entries[:5] {
		both(exitDone, "why", e.ID)
	}
	w.run(exitDone, "--config", file, "export")
	both(exitDone, "build", filepath.Join(desk.dir, "built"))
}

// broken looks at what is said of configurations that are wrong, by the
// commands and by a running daemon.
func (w *witness) broken(desk *newsdesk, dir, file, origin string) {
	w.Helper()
	good, err := os.ReadFile(file)
	if err != nil {
		w.Fatal(err)
	}
	again := "  - {name: Again, url: \"" + strings.Replace(origin, "://", "://reader:${CANARY_PASSWORD}@", 1) + "/${CANARY_PATH}/fine?x=${CANARY_TOKEN}\"}\nchannels:"
	for name, text := range map[string]string{
		"twice":    strings.Replace(string(good), "channels:", again, 1),
		"port":     strings.Replace(string(good), "@10.0.0.1", "@10.0.0.1:port", 1),
		"scheme":   strings.Replace(string(good), "http://reader:${CANARY_PASSWORD}@10.0.0.1", "ftp://reader:${CANARY_PASSWORD}@10.0.0.1", 1),
		"escape":   strings.Replace(string(good), "?x=${CANARY_TOKEN}", "%zz?x=${CANARY_TOKEN}", 1),
		"header":   strings.Replace(string(good), `"Bearer ${CANARY_HEADER}"`, `"Bearer\n${CANARY_HEADER}"`, 1),
		"rule":     strings.Replace(string(good), "publish: full, headers", "keep: '\"${CANARY_TOKEN}\" in (', headers", 1),
		"database": "database: \"postgres://reader:${CANARY_DATABASE}@127.0.0.1:port/x\"\n" + string(good),
		"syntax":   string(good) + "\n  - {",
	} {
		wrong := filepath.Join(dir, name+".yaml")
		if text == string(good) {
			w.Fatalf("%s: nothing was broken", name)
		}
		if err := os.WriteFile(wrong, []byte(text), 0o644); err != nil {
			w.Fatal(err)
		}
		w.run(exitWrong, "--config", wrong, "sources")
		w.run(exitWrong, "--config", wrong, "preview", "From fine")
		w.run(exitWrong, "--config", wrong, "check")
		w.run(exitWrong, "--config", wrong, "check", "--json")
		desk.reload(w.Context(), wrong)
		w.desk(desk)
	}
	nobody := filepath.Join(dir, "nobody.yaml")
	address := strings.Replace(closedPort(w.T), "http://", "postgres://reader:${CANARY_DATABASE}@", 1)
	if err := os.WriteFile(nobody, []byte("database: \""+address+"/x?sslmode=disable\"\n"+string(good)), 0o644); err != nil {
		w.Fatal(err)
	}
	w.run(exitWrong, "--config", nobody, "sources", "--json")
	w.run(exitWrong, "--config", nobody, "refresh")
}

// departed takes all sources out of the configuration: what is still published
// of them is looked at once more.
func (w *witness) departed(desk *newsdesk, file string) {
	w.Helper()
	good, err := os.ReadFile(file)
	if err != nil {
		w.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(good), "sources:\n")
	_, channels, _ := strings.Cut(rest, "channels:\n")
	if err := os.WriteFile(file, []byte(before+"sources:\n  - {name: Last, url: \"http://last.example/\", paused: true}\nchannels:\n"+channels), 0o644); err != nil {
		w.Fatal(err)
	}
	desk.reload(w.Context(), file)
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	if err := desk.publisher.Render(ctx); err != nil {
		w.Fatal(err)
	}
	w.site(desk)
	w.desk(desk)
	w.run(exitDone, "--config", file, "export")
}

// abroad holds that another host was sent nothing of ours, and that the
// source's own host was.
func (w *witness) abroad(abroad, home *guestbook) {
	w.Helper()
	if len(abroad.seen) < 4 {
		w.Errorf("the redirect's target was asked %d times", len(abroad.seen))
	}
	for _, r := range abroad.seen {
		w.look("a request to another host", fmt.Sprint(r.URL, r.Header))
		for _, name := range []string{"Referer", "Authorization", "X-Api-Key", "Cookie", "If-None-Match"} {
			if r.Header.Get(name) != "" {
				w.Errorf("another host was sent %s: %s", name, r.Header.Get(name))
			}
		}
	}
	given := 0
	for _, r := range home.seen {
		if r.Header.Get("Referer") != "" || r.Header.Get("Cookie") != "" {
			w.Errorf("%s was sent %v", r.URL.Path, r.Header)
		}
		if strings.Contains(r.URL.RawQuery, canaries["CANARY_TOKEN"]) && r.Header.Get("X-Api-Key") == canaries["CANARY_HEADER"] {
			given++
		}
	}
	if given < len(canaryKinds) {
		w.Errorf("the source's own server was given its secrets only %d times", given)
	}
}
