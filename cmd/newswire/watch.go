package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"newswire/internal/config"
)

const (
	quiet  = 300 * time.Millisecond // an editor's save is several events: wait until they are over
	rescan = 30 * time.Second       // network drives and containers send no events
)

// watch calls changed after one of the files, or something in one of the
// folders, changed and was quiet for a moment, until the context ends. Last is
// the fingerprint that they had when they were read: what changed since is seen.
// Paths are asked for again at each change: what belongs to them may change, too;
// one where nothing is may be among them. Where the system gives no events, a
// look every 30 s finds what changed.
func watch(ctx context.Context, paths func() []string, last treePrint, log *slog.Logger, changed func()) {
	eyes := newEyes(log)
	defer eyes.close()
	eyes.open(paths())
	settle := time.NewTimer(time.Hour)
	settle.Stop()
	look := time.NewTicker(rescan)
	defer look.Stop()
	check := func() {
		if now := fingerprint(paths()); now != last {
			last = now
			eyes.open(paths())
			changed()
		}
	}
	check()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-eyes.events:
			if !ignored(filepath.Base(e.Name)) {
				settle.Reset(quiet)
			}
		case <-eyes.lost: // more happened than could be told, say: look
			settle.Reset(quiet)
		case <-settle.C:
			check()
		case <-look.C:
			check()
		}
	}
}

// Eyes see the system's events of files. Without a system that has any they
// stay closed.
type eyes struct {
	watcher *fsnotify.Watcher // nil: there are no events
	events  <-chan fsnotify.Event
	lost    <-chan error // must be read: no event comes past an error that nobody takes
	log     *slog.Logger
	blind   map[string]bool // paths of which it was said that there are no events
}

func newEyes(log *slog.Logger) *eyes {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		log.Warn("no file events on this system; changes are found within 30 s", "error", err)
		return &eyes{}
	}
	return &eyes{w, w.Events, w.Errors, log, map[string]bool{}}
}

func (e *eyes) close() {
	if e.watcher != nil {
		e.watcher.Close()
	}
}

// open watches the folders, and of files the folder they are in: editors
// replace a file by renaming, which ends a watch on the file itself.
func (e *eyes) open(paths []string) {
	if e.watcher == nil {
		return
	}
	for _, path := range paths {
		if err := watchBelow(e.watcher, path); err != nil && !e.blind[path] {
			e.blind[path] = true
			e.log.Warn("changes are found within 30 s only", "path", path, "error", err)
		}
	}
}

func watchBelow(w *fsnotify.Watcher, path string) error {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return errors.Join(w.Add(filepath.Dir(path)), w.Add(filepath.Dir(behind(path))))
	}
	path = behind(path)
	return filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil // what cannot be read is left to the regular look
		}
		if p != path && ignored(d.Name()) {
			return fs.SkipDir
		}
		return w.Add(p)
	})
}

// behind returns where a link leads: a walk does not follow the one that it
// begins at.
func behind(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// ignored names what editors leave beside a file while they write it, and the
// database's own files.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || name == "4913" ||
		strings.Contains(name, ".db")
}

// A treePrint tells one state of the watched files from another, by name, size and
// time.
type treePrint struct {
	files int
	bytes int64
	sum   uint64
}

func fingerprint(paths []string) treePrint {
	var p treePrint
	for _, root := range paths {
		root = behind(root)
		// What cannot be read now is looked at again at the next event.
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil
			}
			if ignored(d.Name()) && path != root {
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				p.files++
				p.bytes += info.Size()
				p.sum += hashOf(path, info.ModTime().UnixNano(), info.Size())
			}
			return nil
		})
	}
	return p
}

func hashOf(path string, modified, size int64) uint64 {
	const prime = 1099511628211
	h := uint64(14695981039346656037)
	for _, c := range []byte(path) {
		h = (h ^ uint64(c)) * prime
	}
	h = (h ^ uint64(modified)) * prime
	return (h ^ uint64(size)) * prime
}

// configFiles are the files that a configuration is read from.
type configFiles struct {
	file     string
	print    treePrint // of the file, when patterns were read from it
	patterns []string
}

func newConfigFiles(file string) *configFiles { return &configFiles{file: file} }

// paths returns the file itself, and the lists that it names now, also while it
// cannot be loaded: what is wrong may be mended in a list.
func (c *configFiles) paths() []string {
	if now := fingerprint([]string{c.file}); now != c.print {
		c.print, c.patterns = now, config.SourcesFrom(c.file)
	}
	all := []string{c.file}
	for _, pattern := range c.patterns {
		all = append(all, config.At(c.file, pattern)) // its folder is watched where nothing is yet
		if files, err := config.Matches(c.file, pattern); err == nil {
			all = append(all, files...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
