package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/net/html"

	"newswire/internal/publish"
)

// writeStatic writes the channels and every page that can be reached from the
// front page, and returns how many files that made.
func (w *wire) writeStatic(dir string) (files int, err error) {
	site, err := w.siteHandler()
	if err != nil {
		return 0, err
	}
	err = publish.ReplaceDir(dir, func(dir string) error {
		if err := w.publisher.Shelf().WriteTo(dir); err != nil {
			return err
		}
		if err := writePages(site, dir); err != nil {
			return err
		}
		return filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files++
			}
			return err
		})
	})
	return files, err
}

// firstPages are where the walk begins: what no page need link to.
var firstPages = []string{"/", "/feeds", "/feeds.opml", "/sources.opml", "/articles", "/bot", "/robots.txt", "/sitemap.xml", "/favicon.ico",
	"/static/feed.css", "/static/feed-icon.png", "/static/icon-512.png"}

// writePages follows the links of the pages through the handler itself, so
// that what is written is what would have been served.
func writePages(site http.Handler, dir string) error {
	queue, seen := firstPages, map[string]bool{}
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		if seen[p] {
			continue
		}
		seen[p] = true
		body, isPage, err := page(site, p)
		if err != nil {
			return err
		}
		if body == nil {
			continue
		}
		if err := writePage(dir, p, body, isPage); err != nil {
			return err
		}
		if isPage {
			queue = append(queue, linksOf(body)...)
		}
	}
	return nil
}

// page returns what is served at a path; nil if it is nothing to be written:
// a feed (the shelf writes those), a page that is gone, a redirect.
func page(site http.Handler, p string) (body []byte, isPage bool, err error) {
	r, err := http.NewRequest(http.MethodGet, p, nil)
	if err != nil {
		return nil, false, fmt.Errorf("page %s: %w", p, err)
	}
	if strings.HasPrefix(p, "/feeds/") && path.Ext(p) != "" {
		return nil, false, nil
	}
	answer := &recorder{header: http.Header{}}
	site.ServeHTTP(answer, r)
	if answer.status != http.StatusOK {
		return nil, false, nil
	}
	return answer.body.Bytes(), strings.HasPrefix(answer.header.Get("Content-Type"), "text/html"), nil
}

// A recorder keeps an answer instead of sending it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// writePage writes a page as a folder's index, so that its address stays the same.
func writePage(dir, p string, body []byte, isPage bool) error {
	file := filepath.Join(dir, filepath.FromSlash(path.Clean("/"+p)))
	if isPage {
		file = filepath.Join(file, "index.html")
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, body, 0o644)
}

// linksOf returns the paths of this site that a page links to.
func linksOf(body []byte) []string {
	var links []string
	z := html.NewTokenizer(bytes.NewReader(body))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return links
		case html.StartTagToken, html.SelfClosingTagToken:
			for _, a := range z.Token().Attr {
				if (a.Key == "href" || a.Key == "src") && strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "//") {
					link, _, _ := strings.Cut(a.Val, "#")
					link, _, _ = strings.Cut(link, "?")
					links = append(links, link)
				}
			}
		}
	}
}
