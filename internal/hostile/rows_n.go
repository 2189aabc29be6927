package hostile

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"time"

	"golang.org/x/net/http2"
)

// Rows returns the whole catalogue.
func Rows() []Row {
	var all []Row
	for _, group := range [][]Row{network(), secureRows(), http1(), statuses(), bodies(), redirects(), caching(), sizes(), encodings(), syntax(), dates()} {
		all = append(all, group...)
	}
	return all
}

// network returns the rows of the network below HTTP.
func network() []Row {
	return []Row{
		{ID: "N09", About: "accepts, never answers", Slow: true, Serve: func(x *Exchange, _ int) { x.Stall() }, Class: "timeout_header", Next: "B"},
		{ID: "N10", About: "accepts, RST", Serve: func(x *Exchange, _ int) { x.Reset() }, Class: "connect", Next: "B", Text: "reset"},
		{ID: "N11", About: "accepts, FIN without a byte", Serve: func(*Exchange, int) {}, Class: "proto", Next: "B"},
		{ID: "N17/tls-on-80", About: "TLS where http is asked for", Serve: raw("\x15\x03\x01\x00\x02\x02\x16"), Class: "proto", Next: "B"},
		{
			ID: "N22", About: "first poll RST, second good",
			Serve: func(x *Exchange, n int) {
				if n == 1 {
					x.Reset()
					return
				}
				x.Feed(Document(5))
			},
			Class: "connect", Next: "B", Kept2: 1, Class2: "ok",
		},
	}
}

// secureRows returns the rows of TLS and HTTP/2.
func secureRows() []Row {
	good := func(x *Exchange, _ int) { x.Good(Document(5), `"v9"`) }
	certificate := func(change func(*x509.Certificate)) func(*Authority) *tls.Config {
		return func(a *Authority) *tls.Config {
			return &tls.Config{Certificates: []tls.Certificate{a.Certificate(change)}}
		}
	}
	fine := (*Authority).Good
	return []Row{
		{ID: "N12", About: "certificate expired", Serve: good, Class: "tls_cert", Next: "P", Text: "expired",
			TLS: certificate(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })},
		{ID: "N13", About: "certificate for another host", Serve: good, Class: "tls_cert", Next: "P", Text: "another host",
			TLS: certificate(func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"other.test"} })},
		{ID: "N14", About: "unknown authority", Serve: good, Class: "tls_cert", Next: "P", Text: "unknown authority",
			TLS: func(*Authority) *tls.Config {
				stranger, err := NewAuthority()
				if err != nil {
					panic(err)
				}
				return stranger.Good()
			}},
		{ID: "N15", About: "TLS 1.0 only", Serve: good, Class: "tls_proto", Next: "P",
			TLS: func(a *Authority) *tls.Config {
				c := a.Good()
				c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
				return c
			}},
		{ID: "N16", About: "the handshake stalls", Slow: true, TLS: fine, Accept: stall, Class: "timeout_connect", Next: "B"},
		{ID: "N17/http-on-443", About: "plain HTTP where TLS is asked for", TLS: fine, Class: "tls_proto", Next: "P",
			Accept: func(c net.Conn) { writeAfterRead(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") }},
		{ID: "N18", About: "1 MB of certificates", Serve: good, Class: "tls_proto", Next: "P",
			TLS: func(a *Authority) *tls.Config {
				c := a.Certificate(nil)
				for len(c.Certificate) < 3000 {
					c.Certificate = append(c.Certificate, c.Certificate[0])
				}
				return &tls.Config{Certificates: []tls.Certificate{c}}
			}},
		{ID: "N19", About: "HTTP/2: GOAWAY after SETTINGS, and no answer", Class: "proto", Next: "B", Most: 6, TLS: withH2, H2: goAway},
		{ID: "N20", About: "HTTP/2: SETTINGS_MAX_FRAME_SIZE 0 and a flood of PING", Class: "proto", Next: "B", Most: 6, TLS: withH2, H2: pingFlood},
	}
}

func writeAfterRead(c net.Conn, s string) {
	var b [64]byte
	_, _ = c.Read(b[:])
	_, _ = c.Write([]byte(s))
}

// withH2 negotiates HTTP/2; the frames are written by goaway.
func withH2(a *Authority) *tls.Config {
	c := a.Good()
	c.NextProtos = []string{"h2"}
	return c
}

// greet reads the client's preface of HTTP/2.
func greet(conn net.Conn) (*http2.Framer, bool) {
	preface := make([]byte, len(http2.ClientPreface))
	_, err := io.ReadFull(conn, preface)
	return http2.NewFramer(conn, conn), err == nil
}

// goAway speaks HTTP/2 just long enough to say that it will not.
func goAway(conn net.Conn) {
	f, ok := greet(conn)
	if !ok || f.WriteSettings() != nil || f.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, nil) != nil {
		return
	}
	for {
		if _, err := f.ReadFrame(); err != nil {
			return
		}
	}
}

// pingFlood announces a frame size that the protocol forbids, and then asks
// again and again whether anybody is there.
func pingFlood(conn net.Conn) {
	f, ok := greet(conn)
	if !ok || f.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 0}) != nil {
		return
	}
	for range 100_000 {
		if f.WritePing(false, [8]byte{1}) != nil {
			return
		}
	}
}
