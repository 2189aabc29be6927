package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var staticFiles embed.FS

// mediaTypes are those of the files that we serve as they are. What is not in
// it is not served: markup from a folder would run with our authority.
var mediaTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".png":  "image/png",
	".jpg":  "image/jpeg",
	".jpeg": "image/jpeg",
	".webp": "image/webp",
	".gif":  "image/gif",
	".avif": "image/avif",
}

// static holds our own files. Each is served under its name, and under a name
// with the hash of its content in it, which is good forever.
type static struct {
	files map[string]*document // by name, and by hashed name
	names map[string]string    // hashed name by name
}

func newStatic() *static {
	st := &static{map[string]*document{}, map[string]string{}}
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		panic(err) // it is embedded
	}
	for _, e := range entries {
		body, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err) // it is embedded
		}
		st.add(e.Name(), body)
	}
	return st
}

func (st *static) add(name string, body []byte) {
	ext := path.Ext(name)
	sum := sha256.Sum256(body)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	d := document{status: http.StatusOK, mediaType: mediaTypes[ext], maxAge: time.Hour, body: body}
	d.seal(time.Time{})
	if ext == ".png" {
		d.gzip = nil // it is compressed
	}
	forever := d
	forever.maxAge = immutable
	st.files[name], st.files[hashed] = &d, &forever
	st.names[name] = hashed
}

// url returns the path of a file whose content never changes; templates call
// it as asset. An unknown name is an error, so a wrong template fails.
func (st *static) url(name string) (string, error) {
	hashed, ok := st.names[name]
	if !ok {
		return "", &missingAsset{name}
	}
	return "/static/" + hashed, nil
}

type missingAsset struct{ name string }

func (m *missingAsset) Error() string { return "no static file " + m.name }

// serve answers /static/NAME and /favicon.ico.
func (st *static) serve(notFound http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		if name == "favicon.ico" {
			name = "favicon.png"
		}
		d := st.files[name]
		if d == nil {
			notFound(w, r)
			return
		}
		// Pictures are shown by readers' apps on pages of their own.
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		d.send(w, r)
	}
}
