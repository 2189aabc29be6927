package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"newswire/internal/newsroom"
)

// maxText is the most bytes of a Failure's text.
const maxText = 300

// A Failure says why a request gave no (complete) answer. Its text is made
// from fixed templates: it never holds a query string, a header of ours or an
// unescaped byte of the origin, so that it may be shown and logged.
type Failure struct {
	Class      newsroom.Class
	Text       string
	Status     int           // of the answer; 0: there was none
	RetryAfter time.Duration // that the origin asked for; 0: it did not
	Asked      time.Time     // when the first request was sent; zero: none was
	// Permanent is the URL that only permanent redirects led to; empty: none.
	Permanent string
	// FinalURL is where the trip ended. It may hold secrets: not for showing.
	FinalURL string
}

func (f *Failure) Error() string {
	return clip(string(f.Class) + ": " + f.Text)
}

// NotAsked reports whether no request was sent at all because the host had
// asked us to wait: nothing was learned about the source.
func (f *Failure) NotAsked() bool {
	return f.Asked.IsZero() && f.Class == newsroom.ClassRateLimited
}

// fail makes a Failure. Arguments that come from outside go in by %q.
func fail(class newsroom.Class, format string, args ...any) *Failure {
	return &Failure{Class: class, Text: clip(fmt.Sprintf(format, args...))}
}

// clip cuts a text to maxText bytes, not inside a rune.
func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	cut := maxText - len("…")
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// Redact returns a URL as it may be shown and logged: without user, password,
// query and fragment.
func Redact(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(a malformed URL)"
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	s := shown.String()
	if u.RawQuery != "" {
		s += "?…"
	}
	return s
}

// RedactPath is Redact for a URL that holds a secret somewhere: its path may
// be the secret, and is left out, too.
func RedactPath(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return "(a malformed URL)"
	}
	return u.Scheme + "://" + u.Host + "/…"
}

// A phase is how far a request has come; a timeout means another thing in each.
type phase int

const (
	connecting phase = iota
	handshaking
	waiting // connected, no answer yet
	reading
)

// classify says what an error of the transport means in its phase.
func classify(err error, at phase, host string) *Failure {
	refused, dns := new(refusal), new(net.DNSError)
	switch {
	case errors.As(err, &refused):
		return fail(newsroom.ClassSSRFBlocked, "%q: %v", host, refused)
	case errors.As(err, &dns):
		return dnsFailure(dns, host)
	case isTimeout(err):
		return timeout(at, host)
	}
	if f := certificateFailure(err, host); f != nil {
		return f
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fail(newsroom.ClassConnect, "%q refused the connection", host)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fail(newsroom.ClassConnect, "%q reset the connection", host)
	case at == handshaking, errors.Is(err, http.ErrSchemeMismatch):
		return fail(newsroom.ClassTLSProto, "%q: the TLS handshake failed: %s", host, quoted(err))
	case at == connecting:
		return fail(newsroom.ClassConnect, "%q cannot be reached: %s", host, quoted(err))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fail(newsroom.ClassProto, "%q closed the connection without an answer", host)
	}
	return fail(newsroom.ClassProto, "the answer of %q is not valid HTTP%s", host, reason(err))
}

func dnsFailure(err *net.DNSError, host string) *Failure {
	switch {
	case err.IsNotFound:
		return fail(newsroom.ClassDNS, "there is no host %q", host)
	case err.IsTimeout:
		return fail(newsroom.ClassDNS, "the name server did not answer for %q in time", host)
	}
	return fail(newsroom.ClassDNS, "the name %q cannot be resolved", host)
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

func timeout(at phase, host string) *Failure {
	switch at {
	case connecting, handshaking:
		return fail(newsroom.ClassTimeoutConnect, "%q did not accept the connection in time", host)
	case waiting:
		return fail(newsroom.ClassTimeoutHeader, "%q did not answer in time", host)
	}
	return fail(newsroom.ClassTimeoutBody, "%q did not send the whole answer in time", host)
}

// certificateFailure returns nil if err does not speak of a certificate.
func certificateFailure(err error, host string) *Failure {
	verification := new(tls.CertificateVerificationError)
	if !errors.As(err, &verification) {
		return nil
	}
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &name):
		return fail(newsroom.ClassTLSCert, "the certificate of %q is for another host", host)
	case errors.As(err, &unknown):
		return fail(newsroom.ClassTLSCert, "the certificate of %q is signed by an unknown authority", host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fail(newsroom.ClassTLSCert, "the certificate of %q has expired or is not valid yet", host)
	}
	return fail(newsroom.ClassTLSCert, "the certificate of %q is not valid", host)
}

// reasons are the parts of errors of net/http that are its own words.
var reasons = []string{
	"malformed HTTP response", "malformed HTTP status code", "malformed HTTP version", "malformed MIME header", "invalid header",
	"invalid Content-Length", "bad Content-Length", "unsupported transfer encoding", "too many transfer encodings",
	"malformed chunked encoding", "invalid byte in chunk length", "chunk length too large", "trailer",
	"response headers exceeded", "header list", "GOAWAY", "stream error", "connection error", "http2", "HTTP/0.9",
}

// reason returns what an error of net/http is about. The error itself repeats
// bytes of the origin, and so perhaps what the origin was asked with.
func reason(err error) string {
	text := err.Error()
	for _, r := range reasons {
		if strings.Contains(text, r) {
			return ": " + r
		}
	}
	return ""
}

// quoted returns the text of an error that is not of the origin's making as
// one short quoted string.
func quoted(err error) string {
	s := err.Error()
	if len(s) > 120 {
		s = s[:120]
	}
	return fmt.Sprintf("%q", strings.ToValidUTF8(s, "?"))
}

// statusFailure says what an answer means that is not the document asked for.
func statusFailure(resp *http.Response) *Failure {
	code := resp.StatusCode
	f := &Failure{Status: code}
	switch {
	case code == http.StatusUnauthorized, code == http.StatusProxyAuthRequired:
		f.Class, f.Text = newsroom.ClassAuth, fmt.Sprintf("status %d: it asks for credentials", code)
	case code == http.StatusForbidden && strings.EqualFold(resp.Header.Get("Cf-Mitigated"), "challenge"):
		f.Class, f.Text = newsroom.ClassAuth, "status 403: blocked by challenge, which only a person in a browser can pass"
	case code == http.StatusForbidden:
		f.Class, f.Text = newsroom.ClassAuth, "status 403: it does not let us in"
	case code == http.StatusGone:
		f.Class, f.Text = newsroom.ClassGone, "status 410: it is gone for good"
	case code == http.StatusTooManyRequests:
		f.Class, f.Text = newsroom.ClassRateLimited, "status 429: it asks us to come less often"
	case code >= 400 && code < 500:
		f.Class, f.Text = newsroom.ClassHTTP4xx, describe(code)
	case code >= 500 && code < 600:
		f.Class, f.Text = newsroom.ClassHTTP5xx, describe(code)
	case code == http.StatusNotModified:
		f.Class, f.Text = newsroom.ClassHTTPStatus, "status 304 though we asked without validators"
	case code == 300 || code == 305 || code == 306:
		f.Class, f.Text = newsroom.ClassHTTPStatus, describe(code)
	case code > 300 && code < 400:
		f.Class, f.Text = newsroom.ClassHTTPStatus, fmt.Sprintf("status %d without a Location", code)
	default:
		f.Class, f.Text = newsroom.ClassHTTPStatus, describe(code)+", which is no answer to a plain GET"
	}
	return f
}

func describe(code int) string {
	if text := http.StatusText(code); text != "" {
		return fmt.Sprintf("status %d %s", code, text)
	}
	return fmt.Sprintf("status %d", code)
}
