package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"newswire/internal/web"
)

// drain is how long requests that run at the end may take.
const drain = 20 * time.Second

type serveCommand struct {
	Listen string     `placeholder:"ADDRESS" help:"Address of feeds and site, instead of server.listen."`
	Desk   string     `placeholder:"ADDRESS" help:"Address of the desk, instead of server.desk."`
	Log    slog.Level `default:"info" enum:"debug,info,warn,error,DEBUG,INFO,WARN,ERROR" help:"What is logged: debug, info, warn or error."`
}

// Run is the daemon.
func (c *serveCommand) Run(ctx context.Context, t *terminal, cli *commands) error {
	read := fingerprint(newConfigFiles(cli.Config).paths()) // before it is: an edit meanwhile is seen
	s, err := loadSettings(cli.Config)
	if err != nil {
		return err
	}
	s.read = read
	log := newLog(t, c.Log)
	for _, warning := range s.config.Warnings {
		log.Warn(warning.String())
	}
	return serve(ctx, s, addresses{c.Listen, c.Desk}, log, func(site, desk string) {
		log.Info("serving", "site", "http://"+site+"/", "desk", "http://"+desk+"/", "sources", len(s.sources), "channels", len(s.channels))
	})
}

// newLog writes text for people at a terminal, and JSON for programs.
func newLog(t *terminal, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if t.live {
		return slog.New(slog.NewTextHandler(t.err, options))
	}
	return slog.New(slog.NewJSONHandler(t.err, options))
}

// addresses override those of the configuration where they are not empty.
type addresses struct{ site, desk string }

// serve wires everything and runs it until the context ends. It is the map of
// the program: every part that runs is started here and stopped by the context.
func serve(ctx context.Context, s *settings, at addresses, log *slog.Logger, ready func(site, desk string)) error {
	site, err := listen(at.site, s.config.Server.Listen, "server.listen", "--listen")
	if err != nil {
		return err
	}
	defer site.Close()
	desk, err := listen(at.desk, s.config.Server.Desk, "server.desk", "--desk")
	if err != nil {
		return err
	}
	defer desk.Close()
	w, err := openWire(ctx, s, log)
	if err != nil {
		return err
	}
	defer closing(w, log)
	w.door.Gentle = true // polls, and commands beside us, write too
	pages, err := w.siteHandler()
	if err != nil {
		return err
	}
	private, err := w.deskHandler()
	if err != nil {
		return err
	}
	w.prepare(ctx)

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.publisher.Run(ctx) })
	group.Go(func() error { return w.poller.Run(ctx) })
	group.Go(func() error { return w.keepHouse(ctx) })
	group.Go(func() error { return w.keepSettings(ctx) })
	group.Go(func() error { return w.keepVerdicts(ctx) })
	group.Go(func() error { return w.keepSummary(ctx) })
	group.Go(func() error { return w.keepRetention(ctx) })
	group.Go(func() error {
		return answer(ctx, &web.LimitListener{Listener: site, Total: mostReaders(openFiles())}, pages, log)
	})
	group.Go(func() error { return answer(ctx, &web.LimitListener{Listener: desk, Total: mostEditors}, private, log) })
	ready(site.Addr().String(), desk.Addr().String())
	return group.Wait()
}

func closing(c interface{ close() error }, log *slog.Logger) {
	if err := c.close(); err != nil {
		log.Error("closing", "error", err)
	}
}

// listen opens an address; the error says which setting named it.
func listen(override, configured, key, flag string) (net.Listener, error) {
	address, from := configured, key
	if override != "" {
		address, from = override, flag
	}
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: %s is in use by another program; name a free address with %s", from, address, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: cannot listen on %s: %w", from, address, err)
	}
	return l, nil
}

// mostEditors is how many connections the desk accepts at once.
const mostEditors = 256

// mostReaders is how many connections the public address accepts at once, of
// so many files that may be open: the store, the sources and the desk must
// never find none left.
func mostReaders(files int) int {
	return min(max(files-2*mostEditors, files/2), 20_000)
}

// answer serves until the context ends, and then lets requests that run finish.
func answer(ctx context.Context, l *web.LimitListener, h http.Handler, log *slog.Logger) error {
	server := web.NewServer(h, log)
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := server.Shutdown(late); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}

// prepare picks up where the last process ended, and fills the shelf before the
// first request: our own articles and what is stored are served at once,
// whatever the sources do.
func (w *wire) prepare(ctx context.Context) {
	if n, err := w.store.FreeDead(ctx, deadNode); err != nil {
		w.log.Error("claims of processes that died could not be ended; they end within 90 s", "error", err)
	} else if n > 0 {
		w.log.Info("claims of processes that died have ended", "sources", n)
	}
	if _, err := w.readHouse(ctx); err != nil {
		w.log.Error("the house's articles cannot be read", "error", err)
	}
	w.learnSites(ctx)
	if err := w.publisher.Render(ctx); err != nil {
		w.log.Error("rendering", "error", err)
	}
}

// keepHouse reads the house's folder again when a file changed and when an
// embargo ends.
func (w *wire) keepHouse(ctx context.Context) error {
	changed := make(chan struct{}, 1)
	if w.articles != "" {
		paths := []string{w.articles}
		go watch(ctx, func() []string { return paths }, fingerprint(paths), w.log, signalTo(changed))
	}
	for {
		next, err := w.readHouse(ctx)
		if err != nil && ctx.Err() == nil {
			w.log.Error("the house's articles cannot be read; what was published stays", "error", err)
		}
		wake := time.Hour
		if !next.IsZero() {
			wake = max(time.Until(next), 10*time.Millisecond)
		}
		timer := time.NewTimer(min(wake, time.Hour))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// keepSettings reloads the configuration when one of its files changed or SIGHUP
// came.
func (w *wire) keepSettings(ctx context.Context) error {
	changed := make(chan struct{}, 1)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	file := w.now.Load().file
	go watch(ctx, newConfigFiles(file).paths, w.now.Load().read, w.log, signalTo(changed))
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-hangup:
		}
		w.reload(ctx, file)
	}
}

// signalTo leaves one signal in a channel of capacity one; more are one.
func signalTo(c chan<- struct{}) func() {
	return func() {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// siteHandler is what the public address answers.
func (w *wire) siteHandler() (http.Handler, error) {
	s := w.now.Load()
	site := web.NewSite(web.SiteConfig{
		View:  w.currentView,
		Feeds: w.publisher,
		Bot: web.Bot{
			UserAgent:    w.client.UserAgent(),
			Contact:      s.contact(),
			MinInterval:  s.config.Fetch.MinInterval,
			MaxInterval:  s.config.Fetch.MaxInterval,
			HostInterval: s.config.Fetch.HostInterval,
		},
		Log: w.log,
	})
	if w.articles != "" {
		folder := pictures(filepath.Join(w.articles, "images"))
		if f, err := folder.Open("."); err == nil {
			f.Close()
		} else if !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("pictures of the house's articles: %w", err)
		}
		site.Images = folder
	}
	return site, nil
}

// Pictures is the folder of the articles' pictures. It is opened for each: the
// first picture may come, and the folder be replaced, while we run.
type pictures string

// Open opens a picture; nothing outside the folder is one.
func (p pictures) Open(name string) (fs.File, error) {
	root, err := os.OpenRoot(string(p))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.Open(name)
}
