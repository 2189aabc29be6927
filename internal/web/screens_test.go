package web

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestScreens writes pictures of every kind of page into the folder that
// NEWSWIRE_SCREENS names, for people to look at. CHROMIUM names the browser.
func TestScreens(t *testing.T) {
	dir := os.Getenv("NEWSWIRE_SCREENS")
	if dir == "" {
		t.Skip("set NEWSWIRE_SCREENS to a folder to have the pages photographed")
	}
	var v *View
	site := NewSite(SiteConfig{View: func() *View { return v }, Feeds: http.NotFoundHandler(), Images: demoImages, Log: slog.New(slog.DiscardHandler), Bot: demoBot})
	server := httptest.NewServer(site)
	defer server.Close()
	v = demoView(server.URL)
	shots := map[string]string{}
	for name, path := range map[string]string{
		"front": "/", "feeds": "/feeds", "channel": "/feeds/all", "article": "/articles/small-models", "plain": "/articles/opinion-licenses",
		"articles": "/articles", "bot": "/bot", "missing": "/nothing", "withdrawn": "/articles/retracted",
	} {
		shots[name] = server.URL + path
	}
	deskShots(t, shots)
	photograph(t, dir, shots)
}

func photograph(t *testing.T, dir string, shots map[string]string) {
	t.Helper()
	b := startBrowser(t)
	only := os.Getenv("NEWSWIRE_SCREEN")
	for name, address := range shots {
		if match, _ := filepath.Match(only, name); only != "" && !match {
			continue
		}
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int{1280, 390} {
				png := b.screenshot(t, address, scheme, width)
				file := filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, width, scheme))
				if err := os.WriteFile(file, png, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// A browser is Chromium, driven over its debugging pipe.
type browser struct {
	in      io.Writer
	out     *bufio.Reader
	id      int
	session string
	loaded  bool // a page, since it was last set to false
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	name := os.Getenv("CHROMIUM")
	if name == "" {
		name = "chromium"
	}
	toR, toW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromR, fromW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "newswire-browser-")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), name, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--disable-dev-shm-usage",
		"--user-data-dir="+profile, "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{toR, fromW}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		toW.Close()
		fromR.Close()
		cmd.Process.Kill()
		cmd.Wait()
		os.RemoveAll(profile) // its last children may still write there: what is left is in the temporary folder
	})
	b := &browser{in: toW, out: bufio.NewReaderSize(fromR, 1<<20)}
	var target struct{ TargetID string }
	b.call(t, &target, "Target.createTarget", map[string]any{"url": "about:blank"})
	var attached struct{ SessionID string }
	b.call(t, &attached, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	b.session = attached.SessionID
	b.call(t, nil, "Page.enable", nil)
	return b
}

// call sends a command and waits for its answer.
func (b *browser) call(t *testing.T, result any, method string, params map[string]any) {
	t.Helper()
	b.id++
	message := map[string]any{"id": b.id, "method": method, "params": params}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	raw, _ := json.Marshal(message)
	if _, err := b.in.Write(append(raw, 0)); err != nil {
		t.Fatal(err)
	}
	if err := b.wait(func(m *cdpMessage) bool {
		if m.ID != b.id {
			return false
		}
		if m.Error != nil {
			t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				t.Fatal(err)
			}
		}
		return true
	}); err != nil {
		t.Fatal(method, err)
	}
}

type cdpMessage struct {
	ID     int
	Method string
	Result json.RawMessage
	Error  *struct{ Message string }
}

func (b *browser) wait(done func(*cdpMessage) bool) error {
	for {
		raw, err := b.out.ReadBytes(0)
		if err != nil {
			return errors.Join(errors.New("the browser is gone"), err)
		}
		var m cdpMessage
		if err := json.Unmarshal(raw[:len(raw)-1], &m); err != nil {
			return err
		}
		if m.Method == "Inspector.targetCrashed" {
			return errors.New("the browser's page crashed")
		}
		b.loaded = b.loaded || m.Method == "Page.loadEventFired"
		if done(&m) {
			return nil
		}
	}
}

func (b *browser) screenshot(t *testing.T, address, scheme string, width int) []byte {
	t.Helper()
	b.call(t, nil, "Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}})
	b.call(t, nil, "Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600})
	b.loaded = false
	b.call(t, nil, "Page.navigate", map[string]any{"url": address})
	for !b.loaded { // it may have loaded before the answer came
		if err := b.wait(func(*cdpMessage) bool { return true }); err != nil {
			t.Fatal(err)
		}
	}
	// A page that is wider than its window would scroll sideways.
	var wide struct{ Result struct{ Value int } }
	b.call(t, &wide, "Runtime.evaluate", map[string]any{"expression": "document.documentElement.scrollWidth"})
	if wide.Result.Value > width {
		t.Errorf("%s at %d: %d wide", address, width, wide.Result.Value)
	}
	// Lazy pictures load when they are near the window.
	b.call(t, nil, "Runtime.evaluate", map[string]any{"awaitPromise": true, "expression": `Promise.all([...document.images].map(i => { i.loading = "eager"; return i.decode().catch(() => {}); }))`})
	var shot struct{ Data string }
	b.call(t, &shot, "Page.captureScreenshot", map[string]any{"captureBeyondViewport": true})
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		t.Fatal(err)
	}
	return png
}

var demoBot = Bot{UserAgent: "Newswire/1.0 (+https://news.example.com/bot)", Contact: "desk@news.example.com", MinInterval: 15 * 60e9, MaxInterval: 24 * 3600e9, HostInterval: 1e9}

// deskShots adds the desk's pages.
func deskShots(t *testing.T, shots map[string]string) {
	t.Helper()
	open := httptest.NewServer(demoDesk(t, ""))
	t.Cleanup(open.Close)
	closed := httptest.NewServer(demoDesk(t, demoPassword))
	t.Cleanup(closed.Close)
	for name, path := range map[string]string{"sources": "/", "entries": "/entries", "holds": "/holds", "reload": "/reload", "missing": "/nothing"} {
		shots["desk-"+name] = open.URL + path
	}
	shots["desk-login"] = closed.URL + "/login"
}
