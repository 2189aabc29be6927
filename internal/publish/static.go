package publish

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// buildMark is the file by which we know a folder that we made: only such a
// folder, or an empty one, is ever replaced.
const buildMark = ".newswire-build"

// HeadersFile lists the headers of the files beside it, in the form that
// static hosts read: a path, and indented below it one field a line.
const HeadersFile = "_headers"

// WriteTo writes all documents below dir, with the bytes that are served, each
// with its smaller codings beside it (.gz, .br, .zst) and its headers in the
// file _headers. Files are on disk when it returns. Use ReplaceDir to put a
// whole set in place of another.
func (s *Shelf) WriteTo(dir string) error {
	if s == nil {
		return errors.New("nothing has been rendered yet")
	}
	if len(s.pending) > 0 {
		return fmt.Errorf("%d documents could not be rendered", len(s.pending))
	}
	var headers bytes.Buffer
	for _, d := range s.Documents() {
		if err := d.writeTo(dir, &headers); err != nil {
			return err
		}
	}
	for d, err := range s.Archives() {
		if err == nil {
			err = d.writeTo(dir, &headers)
		}
		if err != nil {
			return err
		}
	}
	return writeFile(filepath.Join(dir, HeadersFile), headers.Bytes())
}

// writeTo writes a document in its codings, and adds its headers.
func (d *Document) writeTo(dir string, headers *bytes.Buffer) error {
	path := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(d.Path, "/")))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	for _, v := range d.variants {
		body := v.body
		if v.coding == identity {
			body = d.Body
		}
		if err := writeFile(path+extensions[v.coding], body); err != nil {
			return err
		}
	}
	headers.WriteString(d.Path + "\n")
	for _, list := range []fields{d.header, d.content} {
		for _, f := range list {
			headers.WriteString("  " + f.name + ": " + strings.Join(f.values, ", ") + "\n")
		}
	}
	return nil
}

var extensions = map[string]string{identity: "", "gzip": ".gz", "br": ".br", "zstd": ".zst"}

// writeFile writes a file and waits until it is on disk.
func writeFile(path string, body []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	return errors.Join(err, f.Sync(), f.Close())
}

// ReplaceDir makes dir hold what write puts into the folder it is given, and
// nothing else. The old set stays whole until the new one is: a crash leaves
// either of them in dir, or, between two renames, the old one in dir.old,
// from where the next call takes it back. A folder that holds anything we did
// not make is not touched.
func ReplaceDir(dir string, write func(dir string) error) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	old := dir + ".old"
	if err := recoverDir(dir, old); err != nil {
		return err
	}
	exists, err := replaceable(dir)
	if err != nil {
		return err
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	next, err := os.MkdirTemp(parent, filepath.Base(dir)+".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(next) // gone if all went well
	if err := fill(next, write); err != nil {
		return err
	}
	if !exists {
		return errors.Join(os.Rename(next, dir), syncDir(parent))
	}
	if err := os.Rename(dir, old); err != nil {
		return err
	}
	if err := os.Rename(next, dir); err != nil {
		return errors.Join(err, recoverDir(dir, old))
	}
	return errors.Join(syncDir(parent), os.RemoveAll(old))
}

// fill lets write fill a new folder, and marks it as ours.
func fill(dir string, write func(dir string) error) error {
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if err := write(dir); err != nil {
		return err
	}
	mark := filepath.Join(dir, buildMark)
	if err := writeFile(mark, []byte("made by newswire build, which replaces this folder as a whole\n")); err != nil {
		return err
	}
	return syncDir(dir)
}

// recoverDir undoes the first of two renames if the second never came, and
// removes what was left behind if it did.
func recoverDir(dir, old string) error {
	if ours, err := isOurs(old); err != nil || !ours {
		return err
	}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(old, dir)
	}
	return os.RemoveAll(old)
}

// replaceable reports whether dir exists, and fails if it holds what is not ours.
func replaceable(dir string) (exists bool, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	ours, err := isOurs(dir)
	if err != nil {
		return false, err
	}
	if len(entries) > 0 && !ours {
		return false, fmt.Errorf("%s: the folder holds files that this command did not make; give it a new or empty one", dir)
	}
	return true, nil
}

func isOurs(dir string) (bool, error) {
	_, err := os.Lstat(filepath.Join(dir, buildMark))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
