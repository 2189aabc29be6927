package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"newswire/internal/newsroom"
)

// DeskData is what the desk shows and does.
type DeskData interface {
	// Sources returns the health of all sources, and how many entries a guard
	// holds: theirs, and those of sources that are configured no more.
	Sources(ctx context.Context) (all []SourceHealth, held int, err error)
	// Entries returns the newest entries, whatever their verdict: those whose
	// title contains the query, or whose URL or id is it; all if it is empty.
	Entries(ctx context.Context, query string, limit int) ([]newsroom.Entry, error)
	// Held returns the entries that a guard holds.
	Held(ctx context.Context) ([]newsroom.Entry, error)
	// Release lets the held entries of a source go on, and returns how many.
	Release(ctx context.Context, source string) (int, error)
}

// SourceHealth is a source as editors see it.
type SourceHealth struct {
	Slug, Name string
	URL        string // of its feed; shown without user, password and query
	Schedule   string // empty: adaptive
	Tags       []string
	House      bool
	Paused     bool
	Check      newsroom.Check
	PerWeek    float64 // entries a week
	Silent     bool    // it brought nothing for far longer than usual
	Alarm      string  // that, or that it brings far fewer than usual, in a sentence; empty: neither
	Held       int     // of its entries, by a guard
}

// A Reload is what became of the last reload of the configuration, and of the
// last that was put in force.
type Reload struct {
	At      time.Time
	Refused []string  // what is wrong with it; the one before stays in force
	InForce time.Time // when what is in force was read; zero: at the start
	Changes []string  // and what that changed
}

// DeskConfig is what the desk is made of.
type DeskConfig struct {
	Data DeskData
	Site func() newsroom.Site // in force now
	// Password is the editors', or what HashPassword made of it. Without one
	// the desk answers only who is on this machine and asks for it by a
	// loopback name.
	Password string
	Secure   bool           // editors come by https, through a proxy
	Reload   func() *Reload // nil, or returns nil: there was none
	// Notices are what editors must know of the whole wire; nil: nothing.
	Notices func() []string
	Metrics http.Handler // nil: none
	Ready   func() error // nil: always
	Now     func() time.Time
	Log     *slog.Logger
}

// A Desk serves the editors' private pages, metrics and health.
type Desk struct {
	DeskConfig
	password *password // nil: open
	sessions sessions
	attempts *attempts
	scraper  atomic.Pointer[[sha256.Size]byte] // hash of the credentials that were right last
	pages    map[string]*template.Template
	static   *static
	guarded  http.Handler
}

var deskPages = []string{"desk-sources", "desk-entries", "desk-holds", "desk-reload", "desk-login", "desk-message"}

// NewDesk makes the desk. The error is about the password.
func NewDesk(c DeskConfig) (*Desk, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	d := &Desk{DeskConfig: c, static: newStatic(), attempts: newAttempts(c.Now)}
	d.sessions = sessions{now: c.Now, ends: map[[sha256.Size]byte]time.Time{}}
	if c.Password != "" {
		var err error
		if d.password, err = parsePassword(c.Password); err != nil {
			return nil, fmt.Errorf("the desk's password: %w", err)
		}
	}
	d.pages = parsePages(d.static, deskPages)
	mux := serveMux(d.routes(), http.HandlerFunc(d.notFound), d.methodNotAllowed)
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(d.foreign))
	d.guarded = protection.Handler(mux)
	return d, nil
}

// ServeHTTP answers every request to the desk's address.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if canonicalPath(r.URL.Path) != r.URL.Path {
		d.notFound(w, r)
		return
	}
	d.guarded.ServeHTTP(w, r)
}

// private lets only editors in. With a password those are they who gave it.
// Without one, they who are on this machine, by a name of this machine: a page
// from elsewhere can make its own name point here, and would be let in.
func (d *Desk) private(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case d.password == nil && !fromHere(r):
			d.message(w, r, http.StatusForbidden, "The desk is private",
				"It has no password, so it can be opened only on the machine that it runs on, by the name localhost or a loopback address.")
		case d.password == nil || d.sessions.valid(r):
			h(w, r)
		default:
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		}
	}
}

// fromHere reports whether a request comes from this machine and was meant for
// it.
func fromHere(r *http.Request) bool {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !at.Addr().Unmap().IsLoopback() {
		return false
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if host == "localhost" {
		return true
	}
	name, err := netip.ParseAddr(trimBrackets(host))
	return err == nil && name.Unmap().IsLoopback()
}

func trimBrackets(host string) string {
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}

// login shows the form, and lets in who knows the password.
func (d *Desk) login(w http.ResponseWriter, r *http.Request) {
	if d.password == nil || d.sessions.valid(r) {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	if r.Method != http.MethodPost {
		d.show(w, r, "desk-login", http.StatusOK, deskPage{Title: "Log in"})
		return
	}
	ok, wait := d.attempts.try(r, func() bool { return d.password.matches(r.PostFormValue("password")) })
	switch {
	case wait > 0:
		retryAfter(w.Header(), wait)
		d.show(w, r, "desk-login", http.StatusTooManyRequests, deskPage{Title: "Log in", Body: "Too many attempts. Please wait a moment."})
	case !ok:
		d.Log.Warn("desk: wrong password", "from", r.RemoteAddr)
		d.show(w, r, "desk-login", http.StatusUnauthorized, deskPage{Title: "Log in", Body: "That is not the password."})
	default:
		d.sessions.close(r) // a token from before is not carried over
		http.SetCookie(w, d.cookie(r, d.sessions.open(), int(sessionLength.Seconds())))
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

func (d *Desk) logout(w http.ResponseWriter, r *http.Request) {
	d.sessions.close(r)
	http.SetCookie(w, d.cookie(r, "", -1))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

func (d *Desk) cookie(r *http.Request, token string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: sessionCookie, Value: token, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: d.Secure || r.TLS != nil,
	}
}

// metrics answers editors, and programs that give the password by HTTP Basic
// authentication under any name.
func (d *Desk) metrics(w http.ResponseWriter, r *http.Request) {
	if d.Metrics == nil {
		d.notFound(w, r)
		return
	}
	switch {
	case d.password == nil && !fromHere(r), d.password != nil && !d.sessions.valid(r) && !d.scrapes(w, r):
		if d.password != nil {
			w.Header().Set("WWW-Authenticate", `Basic realm="metrics", charset="UTF-8"`)
			d.message(w, r, http.StatusUnauthorized, "The metrics are private", "Give the desk's password by Basic authentication.")
			return
		}
		d.message(w, r, http.StatusForbidden, "The metrics are private", "The desk has no password, so they are shown only on its own machine.")
	default:
		d.Metrics.ServeHTTP(w, r)
	}
}

// scrapes reports whether a program gave the password. It asks often, so what
// was right is remembered, as a hash.
func (d *Desk) scrapes(w http.ResponseWriter, r *http.Request) bool {
	_, plain, given := r.BasicAuth()
	if !given {
		return false
	}
	sum := sha256.Sum256([]byte(plain))
	if known := d.scraper.Load(); known != nil && subtle.ConstantTimeCompare(known[:], sum[:]) == 1 {
		return true
	}
	ok, wait := d.attempts.try(r, func() bool { return d.password.matches(plain) })
	if wait > 0 {
		retryAfter(w.Header(), wait)
	}
	if ok {
		d.scraper.Store(&sum)
	}
	return ok
}

func (d *Desk) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "alive")
}

// readyz says whether the last good bytes are being served. Why not is for the
// log: anybody may ask this.
func (d *Desk) readyz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if d.Ready != nil {
		if err := d.Ready(); err != nil {
			d.Log.Warn("not ready", "err", err)
			w.Header().Set("Retry-After", "5")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, "not ready")
			return
		}
	}
	fmt.Fprintln(w, "ready")
}

// A deskPage is what the desk's layout shows around a body.
type deskPage struct {
	Title  string
	Site   string
	Nav    []link
	Logout bool
	Body   any
}

var deskNav = []link{{"Sources", "/", false}, {"Entries", "/entries", false}, {"Holds", "/holds", false}, {"Reload", "/reload", false}}

// show renders a page of the desk.
func (d *Desk) show(w http.ResponseWriter, r *http.Request, template string, status int, p deskPage) {
	p.Site = d.Site().Title
	if inside := template != "desk-login" && template != "desk-message"; inside {
		p.Logout = d.password != nil
		for _, l := range deskNav {
			l.Current = l.URL == r.URL.Path
			p.Nav = append(p.Nav, l)
		}
	}
	var b bytes.Buffer
	if err := d.pages[template].ExecuteTemplate(&b, "layout", p); err != nil {
		d.Log.Error("desk", "page", template, "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(b.Bytes()) // the editor may be gone
	}
}

func (d *Desk) message(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	d.show(w, r, "desk-message", status, deskPage{Title: title, Body: message{title, text, status}})
}

func (d *Desk) notFound(w http.ResponseWriter, r *http.Request) {
	d.message(w, r, http.StatusNotFound, "There is no such page", "The desk has sources, entries, holds and the last reload.")
}

func (d *Desk) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	d.message(w, r, http.StatusMethodNotAllowed, "That cannot be done here", "This address does not answer such a request.")
}

func (d *Desk) foreign(w http.ResponseWriter, r *http.Request) {
	d.message(w, r, http.StatusForbidden, "That came from another site", "The desk does only what its own pages ask for.")
}

// failed answers when the store did not.
func (d *Desk) failed(w http.ResponseWriter, r *http.Request, err error) {
	d.Log.Error("desk", "path", r.URL.Path, "err", err)
	d.message(w, r, http.StatusInternalServerError, "The newsroom’s store did not answer", "The log says why. What is published is served all the same.")
}
