package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"newswire/internal/demo"
	"newswire/internal/web"
)

type demoCommand struct {
	Listen string     `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"Address of feeds and site (default 127.0.0.1:8080)."`
	Desk   string     `default:"127.0.0.1:8081" placeholder:"ADDRESS" help:"Address of the desk (default 127.0.0.1:8081)."`
	Log    slog.Level `default:"warn" help:"What is logged: debug, info, warn or error."`
}

// Run is the daemon on an invented newsroom, kept in a temporary folder.
func (c *demoCommand) Run(ctx context.Context, t *terminal) error {
	dir, err := os.MkdirTemp("", "newswire-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	origin, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("the invented sources: %w", err)
	}
	defer origin.Close()
	start := time.Now()
	base := "http://" + origin.Addr().String()
	s, err := demoSettings(dir, base, c.Listen, c.Desk)
	if err != nil {
		return err
	}
	s.read = fingerprint([]string{s.file})

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return answer(ctx, &web.LimitListener{Listener: origin}, &demo.Origin{Base: base, Start: start}, slog.New(slog.DiscardHandler))
	})
	group.Go(func() error { return demo.WriteArticles(ctx, s.path(s.config.Articles), start) })
	group.Go(func() error {
		return serve(ctx, s, addresses{}, newLog(t, c.Log), func(site, desk string) { welcome(t, site, desk, s) })
	})
	if err := group.Wait(); err != nil && err != http.ErrServerClosed {
		return err
	}
	return nil
}

// demoSettings writes the invented newsroom's configuration, and reads it as
// that of any newsroom is read.
func demoSettings(dir, base, listen, desk string) (*settings, error) {
	if err := os.Mkdir(filepath.Join(dir, "articles"), 0o755); err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: give host:port, as 127.0.0.1:8080", listen)
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `site:
  title: The Demonstration
  description: An invented newsroom, for a look at Newswire at work
  url: http://%s
server: {listen: %q, desk: %q, settle: 1s}
database: demo.db
articles: articles
fetch: {min_interval: 0s, host_interval: 0s, allow_networks: [127.0.0.0/8]}
guard: {first_import: 5, burst: 20}
sources:
`, net.JoinHostPort(host, port), listen, desk)
	tags := map[string]bool{}
	for _, src := range demo.Sources(base) {
		fmt.Fprintf(&b, "  - {name: %q, url: %q, schedule: \"@every 3s\", tags: [%s], publish: full}\n", src.Name, src.URL, src.Tag)
		tags[src.Tag] = true
	}
	b.WriteString("channels:\n  - {name: all, title: Everything, description: All that comes in, entries: 60, max_per_source: 8}\n" +
		"  - {name: house, title: Our own, description: What this newsroom wrote itself, where: house}\n")
	for _, src := range demo.Sources(base) {
		if tags[src.Tag] {
			fmt.Fprintf(&b, "  - {name: %s, title: %q, where: '%q in tags'}\n", src.Tag, strings.ToUpper(src.Tag[:1])+src.Tag[1:], src.Tag)
			tags[src.Tag] = false
		}
	}
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		return nil, err
	}
	return loadSettings(file)
}

// welcome says what to open and what to subscribe to.
func welcome(t *terminal, site, desk string, s *settings) {
	fmt.Fprintf(t.out, `
  An invented newsroom is on the air.

  Open        http://%[1]s/            the front page
              http://%[1]s/feeds       its channels
              http://%[2]s/            the editors' desk: which source is well, what was held, and why

  Subscribe   http://%[1]s/feeds/all.rss
              http://%[1]s/feeds/all.atom
              http://%[1]s/feeds/all.json
              for instance:  newsboat -u <(echo http://%[1]s/feeds/all.rss)

  Watch       after 12 s three outlets tell the same story, 15 s a feed is cut off in the middle,
              18 s an embargo ends, 20 s a report is rewritten, 25 s a source goes down (until 55 s),
              28 s an article is corrected, 35 s a source throws out sixty entries at once.

  Its configuration is %[3]s: edit it and see the desk.
  Ctrl-C ends it; nothing of it stays.

`, site, desk, s.file)
}
