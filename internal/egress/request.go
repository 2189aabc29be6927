package egress

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"

	"newswire/internal/newsroom"
)

// AcceptFeeds is the Accept header of a request for a feed.
const AcceptFeeds = "application/atom+xml, application/rss+xml, application/feed+json;q=0.9, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1"

// maxPause is the longest that one 429 keeps us away from a host.
const maxPause = 24 * time.Hour

// A Request is one question to the outside.
type Request struct {
	Method string // GET if empty; only GET and HEAD follow redirects
	URL    string // absolute; a user and password in it go to its own host only
	Accept string // AcceptFeeds if empty
	Header http.Header
	Body   []byte // of a POST

	// Validators are sent, byte for byte, to ValidatorsURL alone: the URL that
	// gave them (URL if empty).
	Validators    newsroom.Validators
	ValidatorsURL string

	MaxBody int64  // decoded bytes; MaxBody if 0
	Robots  Robots // whose groups of robots.txt are obeyed
}

// A Response is an answer that can be used: a document, or "not modified".
type Response struct {
	Status      int
	FinalURL    string // that gave it; may hold secrets
	Header      http.Header
	ContentType string
	Body        []byte // decoded
	Hash        string // SHA-256 of Body, hex
	Complete    bool   // the body came to its end
	Delimited   bool   // the server said where the end is
	Sniffed     bool   // the Content-Encoding was wrong
	Wire        int64  // bytes of the body as received

	NotModified bool
	Conditional bool // validators were sent to FinalURL
	Validators  newsroom.Validators
	Fresh       time.Duration // by Cache-Control or Expires; 0: not said
	Permanent   string        // where only permanent redirects led to; empty: nowhere
	Skew        time.Duration // of the server's clock ahead of ours
	Asked       time.Time     // when the first request was sent
}

// Get asks for a document.
func (c *Client) Get(ctx context.Context, r Request) (*Response, error) {
	r.Method = http.MethodGet
	return c.Do(ctx, r)
}

// Do makes a request and follows its redirects. The error is a *Failure, or
// the context's if that ended; with a Failure of a cut body comes the Response
// that holds what was received.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	t, f := c.newTrip(r)
	if f != nil {
		return nil, f
	}
	if err := c.obeyRobots(ctx, t.at, r.Robots); err != nil {
		return nil, err
	}
	for {
		resp, location, err := t.hop(ctx)
		if location == "" {
			return resp, t.explain(ctx, err)
		}
		if f := t.follow(location); f != nil {
			return nil, t.explain(ctx, f)
		}
	}
}

// A trip is one request on its way through redirects.
type trip struct {
	client  *Client
	request Request
	own     http.Header // of the source: for its own host only
	home    *url.URL    // where the trip began
	at      *url.URL    // where it is
	seen    []string    // where it was
	strayed bool        // it has left its own host
	lasting bool        // all redirects so far were permanent
	status  int         // of the last redirect
	left    time.Duration
	asked   time.Time
}

func (c *Client) newTrip(r Request) (*trip, *Failure) {
	u, err := url.Parse(strings.TrimSpace(r.URL))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fail(newsroom.ClassRedirectBad, "the URL is not an absolute http or https URL")
	}
	own := r.Header.Clone()
	if own == nil {
		own = http.Header{}
	}
	if u.User != nil && own.Get("Authorization") == "" {
		password, _ := u.User.Password()
		basic := http.Request{Header: own}
		basic.SetBasicAuth(u.User.Username(), password)
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	r.Method = cmp.Or(r.Method, http.MethodGet)
	r.MaxBody = cmp.Or(r.MaxBody, MaxBody)
	r.ValidatorsURL = cmp.Or(r.ValidatorsURL, u.String())
	return &trip{client: c, request: r, own: own, home: u, at: u, seen: []string{u.String()}, lasting: true, left: c.config.Timeouts.Total}, nil
}

// explain completes a failure with what the whole trip knows.
func (t *trip) explain(ctx context.Context, err error) error {
	f := new(Failure)
	if !errors.As(err, &f) {
		return err
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	f.Asked = t.asked
	f.Permanent = t.permanent()
	f.FinalURL = t.at.String()
	return f
}

func (t *trip) permanent() string {
	if len(t.seen) > 1 && t.lasting {
		return t.at.String()
	}
	return ""
}

// hop makes one request and reads its answer. A location is where the answer
// redirects to.
func (t *trip) hop(ctx context.Context) (resp *Response, location string, err error) {
	c, key := t.client, t.client.hostKey(t.at)
	if err := c.hosts.acquire(ctx, key, c.interval(key)); err != nil {
		return nil, "", waitFailure(ctx, err, key)
	}
	defer c.hosts.release(key)
	began := time.Now()
	defer func() { t.left -= time.Since(began) }()
	if t.asked.IsZero() {
		t.asked = began
	}
	ctx, cancel := context.WithTimeout(ctx, max(t.left, time.Millisecond))
	defer cancel()

	req := t.build(ctx)
	var at atomic.Int32
	raw, err := c.transport.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, traced(&at))))
	if err != nil {
		return nil, "", t.refused(err, phase(at.Load()))
	}
	defer raw.Body.Close()
	if location = redirection(raw, t.request.Method); location != "" {
		t.status = raw.StatusCode
		drain(raw)
		return nil, location, nil
	}
	resp, f := t.answer(req, raw)
	if f != nil {
		return resp, "", f
	}
	return resp, "", nil
}

// waitFailure says why the host's turn did not come.
func waitFailure(ctx context.Context, err error, key string) error {
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return fail(newsroom.ClassRateLimited, "our turn at %q did not come in time", key)
	}
	return err
}

// traced returns a trace that notes how far a request has come.
func traced(at *atomic.Int32) *httptrace.ClientTrace {
	reach := func(p phase) {
		for now := at.Load(); now < int32(p) && !at.CompareAndSwap(now, int32(p)); now = at.Load() {
		}
	}
	return &httptrace.ClientTrace{
		TLSHandshakeStart: func() { reach(handshaking) },
		GotConn:           func(httptrace.GotConnInfo) { reach(waiting) },
	}
}

// build makes the request of the present hop.
func (t *trip) build(ctx context.Context) *http.Request {
	req := &http.Request{
		Method: t.request.Method, URL: t.at, Host: t.at.Host, Header: http.Header{},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if len(t.request.Body) > 0 {
		body := t.request.Body
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
	req.Header.Set("User-Agent", t.client.UserAgent())
	req.Header.Set("Accept", cmp.Or(t.request.Accept, AcceptFeeds))
	req.Header.Set("Accept-Encoding", "gzip, br, zstd")
	if !t.strayed {
		for name, values := range t.own {
			req.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	if t.at.String() == t.request.ValidatorsURL {
		v := t.request.Validators
		setOpaque(req.Header, "If-None-Match", v.ETag)
		setOpaque(req.Header, "If-Modified-Since", v.LastModified)
	}
	return req.WithContext(ctx)
}

// setOpaque sends a validator as it is, or not at all.
func setOpaque(h http.Header, name, value string) {
	if value != "" && httpguts.ValidHeaderFieldValue(value) {
		h[name] = []string{value}
	}
}

func conditional(req *http.Request) bool {
	return req.Header.Get("If-None-Match") != "" || req.Header.Get("If-Modified-Since") != ""
}

// refused says what an error of the transport means on this trip: a port that
// a redirect leads to and that is not the web's is a bad redirect.
func (t *trip) refused(err error, at phase) *Failure {
	f := classify(err, at, t.at.Host)
	if r := new(refusal); errors.As(err, &r) && r.port && len(t.seen) > 1 {
		f.Class = newsroom.ClassRedirectBad
	}
	return f
}

// redirection returns the target of an answer that redirects.
func redirection(raw *http.Response, method string) string {
	if method != http.MethodGet && method != http.MethodHead {
		return ""
	}
	switch raw.StatusCode {
	case 301, 302, 303, 307, 308:
		return raw.Header.Get("Location")
	}
	return ""
}

// drain reads a short body, so that the connection can be used again.
func drain(raw *http.Response) {
	if raw.ContentLength >= 0 && raw.ContentLength <= 2<<10 {
		_, _ = io.CopyN(io.Discard, raw.Body, raw.ContentLength) // whatever fails closes the connection
	}
}

// answer turns the last answer into a Response or a Failure.
func (t *trip) answer(req *http.Request, raw *http.Response) (*Response, *Failure) {
	now := time.Now()
	resp := &Response{
		Status: raw.StatusCode, FinalURL: t.at.String(), Header: raw.Header, ContentType: raw.Header.Get("Content-Type"),
		Validators: validators(raw.Header), Fresh: freshness(raw.Header, now), Skew: clockSkew(raw.Header, now),
		Permanent: t.permanent(), Conditional: conditional(req), Asked: t.asked,
	}
	if raw.StatusCode == http.StatusNotModified && resp.Conditional {
		resp.NotModified, resp.Complete = true, true
		return resp, nil
	}
	if !t.usable(raw.StatusCode) {
		f := statusFailure(raw)
		f.RetryAfter = retryAfter(raw.Header, now)
		if f.Class == newsroom.ClassRateLimited && f.RetryAfter > 0 {
			t.client.hosts.pauseUntil(t.client.hostKey(t.at), now.Add(min(f.RetryAfter, maxPause)))
		}
		drain(raw)
		return nil, f
	}
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(resp.ContentType)), "multipart/") {
		return nil, &Failure{Class: newsroom.ClassNotFeed, Status: raw.StatusCode, Text: "a multipart answer, which need never end"}
	}
	return t.readBody(resp, raw)
}

// usable reports whether an answer of this status carries what was asked for.
func (t *trip) usable(status int) bool {
	if t.request.Method == http.MethodGet {
		return status == http.StatusOK || status == http.StatusNonAuthoritativeInfo
	}
	return status >= 200 && status < 300
}

func (t *trip) readBody(resp *Response, raw *http.Response) (*Response, *Failure) {
	read, f := t.client.decoders.read(raw, t.request.MaxBody)
	sum := sha256.Sum256(read.data)
	resp.Body, resp.Hash, resp.Wire, resp.Sniffed = read.data, hex.EncodeToString(sum[:]), read.wire, read.sniffed
	resp.Complete = f == nil
	resp.Delimited = raw.ContentLength >= 0 || raw.ProtoMajor > 1 || slices.Contains(raw.TransferEncoding, "chunked")
	if f != nil {
		f.Status = raw.StatusCode
	}
	return resp, f
}

// validators returns what the answer gave to ask again with, as far as it can
// be kept and sent back byte for byte.
func validators(h http.Header) newsroom.Validators {
	keep := func(value string) string {
		if len(value) > maxValidator || !httpguts.ValidHeaderFieldValue(value) || !utf8.ValidString(value) {
			return ""
		}
		return value
	}
	return newsroom.Validators{ETag: keep(h.Get("Etag")), LastModified: keep(h.Get("Last-Modified"))}
}
