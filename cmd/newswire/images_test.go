package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// TestFirstPicture gives a running newsroom the first picture it ever had.
func TestFirstPicture(t *testing.T) {
	dir := t.TempDir()
	writeArticle(t, dir)
	desk := openNewsdesk(t, dir, reloadConfig)
	site, err := desk.siteHandler()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "articles", "images")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "a.png"), []byte("\x89PNG\r\n\x1a\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	article := "---\ntitle: With a picture\ndate: 2026-11-03\nimage: images/a.png\nimage_alt: A\n---\n\nText.\n"
	if err := os.WriteFile(filepath.Join(dir, "articles", "pictured.md"), []byte(article), 0o644); err != nil {
		t.Fatal(err)
	}
	desk.pollAll(t)
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/articles/images/a.png", nil))
	if w.Code != http.StatusOK {
		t.Errorf("its first picture: %d", w.Code)
	}
}
