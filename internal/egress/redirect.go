package egress

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"newswire/internal/newsroom"
)

// follow moves the trip to where an answer redirects, or says why not.
func (t *trip) follow(location string) *Failure {
	if len(t.seen) > MaxRedirects {
		return fail(newsroom.ClassRedirectLoop, "more than %d redirects", MaxRedirects)
	}
	to, f := target(t.at, location)
	if f != nil {
		return f
	}
	if slices.Contains(t.seen, to.String()) {
		return fail(newsroom.ClassRedirectLoop, "the redirects of %q run in a circle", t.at.Host)
	}
	if t.status != http.StatusMovedPermanently && t.status != http.StatusPermanentRedirect {
		t.lasting = false
	}
	if !sameServer(t.home, to) {
		t.strayed = true
	}
	t.at = to
	t.seen = append(t.seen, to.String())
	return nil
}

// target resolves a Location and refuses what must not be followed.
func target(from *url.URL, location string) (*url.URL, *Failure) {
	if len(location) > maxLocation {
		return nil, fail(newsroom.ClassRedirectBad, "%q redirects to a URL of %d bytes", from.Host, len(location))
	}
	ref, err := url.Parse(strings.TrimSpace(location))
	if err != nil {
		return nil, fail(newsroom.ClassRedirectBad, "%q redirects to a malformed URL", from.Host)
	}
	to := from.ResolveReference(ref)
	to.Fragment, to.RawFragment = "", ""
	switch {
	case to.Scheme != "http" && to.Scheme != "https", to.Hostname() == "":
		return nil, fail(newsroom.ClassRedirectBad, "%q redirects to something that is not a web page", from.Host)
	case to.User != nil:
		return nil, fail(newsroom.ClassRedirectBad, "%q redirects to a URL with a user name", from.Host)
	case from.Scheme == "https" && to.Scheme == "http":
		return nil, fail(newsroom.ClassRedirectBad, "%q redirects from https to http", from.Host)
	}
	return to, nil
}

// sameServer reports whether two URLs are served by one server: equal host
// names, and equal ports or the two default ones (a move to https).
func sameServer(a, b *url.URL) bool {
	if !strings.EqualFold(a.Hostname(), b.Hostname()) {
		return false
	}
	if port(a) == port(b) {
		return true
	}
	return port(a) == "80" && port(b) == "443" && a.Scheme == "http" && b.Scheme == "https"
}
