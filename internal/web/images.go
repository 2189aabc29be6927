package web

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"
)

// maxImage bounds a picture of a house article.
const maxImage = 16 << 20

// image answers /articles/images/FILE: pictures that a standing article uses.
// Others are not served: a picture's name may tell of an article under embargo.
func (s *Site) image(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	kind := mediaTypes[strings.ToLower(path.Ext(name))]
	v := s.View()
	if s.Images == nil || v == nil || !strings.HasPrefix(kind, "image/") || !fs.ValidPath(name) ||
		strings.Contains(name, "/") || !s.used.has(v, name) {
		s.notFound(w, r)
		return
	}
	f, modified, err := openImage(s.Images, name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.Log.Warn("image", "file", name, "err", err)
		}
		s.notFound(w, r)
		return
	}
	defer f.Close()
	h := w.Header()
	// A picture may hold script (SVG): opened by itself it must not run.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Content-Type", kind)
	http.ServeContent(w, r, "", modified, f)
}

// openImage opens a picture to be sent as it is read: a crowd that asks for
// pictures, and takes them slowly, must not fill the memory with them.
func openImage(files fs.FS, name string) (io.ReadSeekCloser, time.Time, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, time.Time{}, err
	}
	info, err := f.Stat()
	picture, seeks := f.(io.ReadSeekCloser)
	switch {
	case err != nil:
	case !info.Mode().IsRegular() || info.Size() > maxImage:
		err = fmt.Errorf("image %s: not a file of at most %d bytes", name, maxImage)
	case !seeks:
		err = fmt.Errorf("image %s: its folder gives no parts of files", name)
	default:
		return picture, info.ModTime(), nil
	}
	f.Close()
	return nil, time.Time{}, err
}

// usedImages knows which pictures the standing articles of a view use.
type usedImages struct {
	mu      sync.Mutex
	version uint64
	names   map[string]bool
}

func (u *usedImages) has(v *View, name string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.names == nil || u.version != v.Version {
		u.version, u.names = v.Version, imagesOf(v)
	}
	return u.names[name]
}

const imagesPath = "/articles/images/"

func imagesOf(v *View) map[string]bool {
	names := map[string]bool{}
	for _, e := range v.standing() {
		var texts strings.Builder
		texts.WriteString(string(e.Content) + " " + string(e.Summary))
		for _, i := range e.Images {
			texts.WriteString(" " + i.URL)
		}
		rest := texts.String()
		for {
			_, after, found := strings.Cut(rest, imagesPath)
			if !found {
				break
			}
			end := strings.IndexAny(after, " \"'<>?#)")
			if end < 0 {
				end = len(after)
			}
			if name, err := url.PathUnescape(after[:end]); err == nil {
				names[name] = true
			}
			rest = after[end:]
		}
	}
	return names
}
