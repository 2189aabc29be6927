// Package egress is the only door to the outside: every request that Newswire
// makes goes through its Client, which dials no address that is not on the
// public Internet, bounds everything that it reads, and behaves as a guest who
// wants to be let in again.
//
//	c := egress.New(egress.Config{Contact: "https://news.example.com/bot", Version: "1.0"})
//	resp, err := c.Do(ctx, egress.Request{URL: src.URL, Validators: v, ValidatorsURL: u})
//
// An error is a *Failure (with its class of the closed set), or the context's
// error if the caller gave up. A Response can come with a Failure: it then
// holds what was received of a body that was cut, and Complete is false.
package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// The limits of one request.
const (
	MaxBody      = 10 << 20 // bytes, decoded
	MaxRedirects = 5

	maxHeader    = 64 << 10 // bytes
	maxLocation  = 8 << 10  // bytes of a redirect's target
	maxValidator = 1 << 10  // bytes of an ETag or Last-Modified that we keep
)

// Timeouts bound the phases of a request. Zero values mean the defaults.
type Timeouts struct {
	Connect time.Duration // name look-up and connection, and TLS handshake: 10 s each
	Header  time.Duration // from the request to the end of the answer's header: 15 s
	Total   time.Duration // all hops and the body, without the wait for a host's turn: 30 s
}

// A Config says how a Client behaves.
type Config struct {
	Name    string // of the program in User-Agent; "Newswire" if empty
	Version string
	Contact string // URL of the page that says who fetches and how to stop it
	// Subscribers counts those who read what is fetched; nil or 0: not said.
	Subscribers func() int

	// AllowNetworks opens networks that are not on the public Internet, on
	// every port. None by default.
	AllowNetworks []netip.Prefix
	// HostInterval is the least time between two requests to one host (its
	// registrable domain); 0: none. HostIntervals overrides it by domain.
	HostInterval  time.Duration
	HostIntervals map[string]time.Duration
	// HostRequests is how many requests to one host may run at once: 1 if it
	// is 0 and HostInterval is set, 2 if both are 0.
	HostRequests int
	Timeouts     Timeouts
	// RootCAs replaces the system's certificate authorities, if set.
	RootCAs *x509.CertPool

	// Resolver looks names up; nil: the system's.
	Resolver *net.Resolver
	// Network replaces the network, for simulations: it is given host:port as
	// the URL has it, and no address is guarded because none is dialed.
	Network func(ctx context.Context, network, address string) (net.Conn, error)
}

// A Client makes requests. It is safe for concurrent use.
type Client struct {
	config    Config
	guard     *guard
	transport *http.Transport
	hosts     *hosts
	decoders  decoders
	robots    robotsCache
}

// New returns a Client. Close releases its idle connections.
func New(config Config) *Client {
	t := &config.Timeouts
	t.Connect = orDefault(t.Connect, 10*time.Second)
	t.Header = orDefault(t.Header, 15*time.Second)
	t.Total = orDefault(t.Total, 30*time.Second)
	if config.HostRequests == 0 {
		config.HostRequests = 1
		if config.HostInterval == 0 {
			config.HostRequests = 2
		}
	}
	g := &guard{allow: config.AllowNetworks}
	dial := config.Network
	if dial == nil {
		dial = g.dial(config.Resolver, t.Connect)
	}
	return &Client{
		config: config,
		guard:  g,
		hosts:  &hosts{limit: config.HostRequests, known: map[string]*host{}},
		transport: &http.Transport{
			Proxy:                  nil, // a proxy would hide the address from the guard
			DialContext:            dial,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: config.RootCAs},
			TLSHandshakeTimeout:    t.Connect,
			ResponseHeaderTimeout:  t.Header,
			MaxResponseHeaderBytes: maxHeader,
			DisableCompression:     true, // decoded here, within limits
			ForceAttemptHTTP2:      true,
			MaxIdleConns:           256,
			MaxIdleConnsPerHost:    config.HostRequests,
			IdleConnTimeout:        30 * time.Second,
		},
	}
}

func orDefault(d, value time.Duration) time.Duration {
	if d == 0 {
		return value
	}
	return d
}

// Close releases idle connections. Requests that run are not disturbed.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// UserAgent returns what we call ourselves.
func (c *Client) UserAgent() string {
	name, comment := c.config.Name, ""
	if name == "" {
		name = "Newswire"
	}
	if c.config.Version != "" {
		name += "/" + c.config.Version
	}
	if c.config.Contact != "" {
		comment = "+" + c.config.Contact
	}
	if n := c.subscribers(); n > 0 {
		if comment != "" {
			comment += "; "
		}
		comment += fmt.Sprintf("%d subscribers", n)
	}
	if comment == "" {
		return name
	}
	return name + " (" + comment + ")"
}

func (c *Client) subscribers() int {
	if c.config.Subscribers == nil {
		return 0
	}
	return c.config.Subscribers()
}

// Host returns the name under which a URL's host is known to our manners: two
// URLs with equal names are never asked at once beyond HostRequests, nor
// sooner than HostInterval after each other.
func (c *Client) Host(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return rawURL
	}
	return c.hostKey(u)
}

// Free returns how long to wait until a request to a host (named by Host) may
// start, and false if as many as may are running.
func (c *Client) Free(host string) (time.Duration, bool) { return c.hosts.free(host, time.Now()) }

// Spaced reports whether requests to a host keep a distance in time.
func (c *Client) Spaced(host string) bool { return c.interval(host) > 0 }

// HostRequests returns how many requests to one host may run at once.
func (c *Client) HostRequests() int { return c.hosts.limit }

// Pause keeps every request away from the host of a URL until then.
func (c *Client) Pause(rawURL string, until time.Time) {
	c.hosts.pauseUntil(c.Host(rawURL), until)
}

// interval returns the least time between two requests to a host.
func (c *Client) interval(host string) time.Duration {
	if d, ok := c.config.HostIntervals[host]; ok {
		return d
	}
	return c.config.HostInterval
}
