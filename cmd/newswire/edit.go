package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"newswire/internal/config"
	"newswire/internal/sanitize"
)

// An editing is a change of the configuration file that has been made.
type editing struct {
	Line  int      // of the first new line
	Lines []string // the new ones
}

// errChanging says that somebody else kept writing.
var errChanging = errors.New("it is being changed by somebody else; try again")

// addSources writes sources at the end of those of a configuration file. No
// other byte of it changes. The file is replaced as a whole, durably, and only
// by one that loads; it keeps its mode. Errors that the new sources would be
// are config.Errors.
func addSources(file string, list []config.NewSource) (editing, error) {
	real, err := filepath.EvalSymlinks(file) // a link stays one
	if err != nil {
		return editing{}, err
	}
	for _, src := range list {
		if strings.Contains(src.URL, "${") { // what a stranger wrote must not be filled in from our environment
			return editing{}, fmt.Errorf("the address of %q holds ${, which stands for a secret: write that source into %s by hand", src.Name, file)
		}
	}
	for range 3 {
		before, err := os.ReadFile(real)
		if err != nil {
			return editing{}, err
		}
		after, err := config.AppendSources(before, list)
		if err != nil {
			return editing{}, fmt.Errorf("%s: %w", file, err)
		}
		if _, err := config.Parse(file, after, os.LookupEnv, checks); err != nil {
			return editing{}, err
		}
		switch err := replaceFile(real, before, after); {
		case errors.Is(err, errChanging):
			continue
		case err != nil:
			return editing{}, fmt.Errorf("%s could not be written; it is as it was: %w", file, err)
		}
		return inserted(before, after), nil
	}
	return editing{}, fmt.Errorf("%s: %w", file, errChanging)
}

// replaceFile puts new bytes in the place of a file's, if those are still what
// they were. After a crash it holds either, whole.
func replaceFile(file string, before, after []byte) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	dir := filepath.Dir(file)
	part, err := os.CreateTemp(dir, "."+filepath.Base(file)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name()) // fails once it has its new name
	_, err = part.Write(after)
	sameOwner(part, info)
	err = errors.Join(err, part.Chmod(info.Mode().Perm()), part.Sync(), part.Close())
	if err != nil {
		return err
	}
	now, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, before) {
		return errChanging
	}
	if err := os.Rename(part.Name(), file); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// inserted returns the lines that are new.
func inserted(before, after []byte) editing {
	old, now := lines(before), lines(after)
	head := 0
	for head < len(old) && head < len(now) && old[head] == now[head] {
		head++
	}
	tail := 0
	for tail < len(old)-head && tail < len(now)-head && old[len(old)-1-tail] == now[len(now)-1-tail] {
		tail++
	}
	return editing{Line: head + 1, Lines: now[head : len(now)-tail]}
}

// lines returns a file's lines without their ends.
func lines(data []byte) []string {
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n"), "\n")
}

// print shows the new lines as a diff does.
func (e editing) print(w io.Writer, t *terminal, file string) {
	fmt.Fprintf(w, "%s:%d:\n", file, e.Line)
	for _, line := range e.Lines {
		fmt.Fprintln(w, t.painted("+"+line, green))
	}
}

// Subscriptions are what is read already: the sources of a configuration, by
// the canonical form of their addresses.
type subscriptions struct {
	settings *settings
	byURL    map[string]string // names
	names    map[string]bool   // in lower case, and slugs
}

func (s *settings) subscriptions() *subscriptions {
	known := &subscriptions{s, map[string]string{}, map[string]bool{"articles": true}}
	for _, src := range s.sources {
		known.add(src.Name, src.URL)
	}
	return known
}

func (k *subscriptions) add(name, address string) {
	k.byURL[feedKey(address)] = name
	k.names[strings.ToLower(name)], k.names[config.Slug(name)] = true, true
}

// has returns the name of the source with this address.
func (k *subscriptions) has(address string) (name string, ok bool) {
	name, ok = k.byURL[feedKey(address)]
	return name, ok
}

// place says where a source of the configuration stands.
func (k *subscriptions) place(name string) string {
	file, line, column := k.settings.config.Where("sources[" + name + "].url")
	return fmt.Sprintf("%s:%d:%d", file, line, column)
}

// feedKey is what two addresses of one feed have in common.
func feedKey(address string) string {
	if u, err := url.Parse(address); err == nil && u.User != nil {
		u.User = nil
		address = u.String()
	}
	return sanitize.Canonical(address)
}

// unique returns a name that no source has: the one wanted, or with its host.
func (k *subscriptions) unique(wanted, address string) string {
	host := ""
	if u, err := url.Parse(address); err == nil {
		host = cutBytes(strings.TrimPrefix(u.Hostname(), "www."), maxName/2)
	}
	name := nameLine(wanted)
	if name == "" {
		name = nameLine(host)
	}
	if !k.taken(name) {
		return name
	}
	base := cutBytes(name, maxName-len(host)-len(" ( 9999)"))
	for n := 1; ; n++ {
		name = fmt.Sprintf("%s (%s)", base, host)
		if n > 1 {
			name = fmt.Sprintf("%s (%s %d)", base, host, n)
		}
		if !k.taken(name) {
			return name
		}
	}
}

func (k *subscriptions) taken(name string) bool {
	return k.names[strings.ToLower(name)] || k.names[config.Slug(name)]
}

// maxName is the most bytes of a name; the configuration allows some more.
const maxName = 160

// nameLine makes foreign text a name.
func nameLine(s string) string { return cutBytes(oneLine(sanitize.Line(s)), maxName) }

// cutBytes shortens a text to n bytes, not inside a character.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.TrimSpace(s[:max(n, 0)])
}
