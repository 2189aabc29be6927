package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestScale runs the program with thousands of sources, and prints its memory,
// its disk and its times beside what is promised. It is a long run:
// .ci/bench-scale starts it, and names the binary in NEWSWIRE_SCALE.
func TestScale(t *testing.T) {
	binary := os.Getenv("NEWSWIRE_SCALE")
	if binary == "" {
		t.Skip("a long run: see .ci/bench-scale")
	}
	t.Run("1000-cold", func(t *testing.T) { coldAt(t, binary, 1000, 25, 48) })
	t.Run("5000-cold", func(t *testing.T) { coldAt(t, binary, 5000, 25, 64) })
	t.Run("10000-again", func(t *testing.T) { startsWith(t, binary, 10_000, 30) })
	t.Run("1000-distant", func(t *testing.T) { asksDistant(t, binary, 1000) })
}

// A crowd is many feeds of one size, each on a port of its own so far as there
// are ports: a host, for a guest, is an address with its port here.
type crowd struct {
	entries int
	latency time.Duration
	asked   atomic.Int64 // requests
	told304 atomic.Int64
	ports   []string
}

func newCrowd(t *testing.T, ports, entries int) *crowd {
	t.Helper()
	c := &crowd{entries: entries}
	server := &http.Server{Handler: c}
	t.Cleanup(func() { server.Close() })
	for range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		c.ports = append(c.ports, l.Addr().String())
		go server.Serve(l)
	}
	return c
}

// url is where feed n is.
func (c *crowd) url(n int) string { return fmt.Sprintf("http://%s/%d", c.ports[n%len(c.ports)], n) }

func (c *crowd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(c.latency)
	if r.URL.Path == "/robots.txt" {
		http.NotFound(w, r)
		return
	}
	c.asked.Add(1)
	etag := `"` + r.URL.Path[1:] + `"`
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		c.told304.Add(1)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Write(crowdFeed(r.URL.Path[1:], c.entries))
}

// crowdFeed is about 3.3 KB of XML an entry.
func crowdFeed(name string, entries int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Feed %[1]s</title><link>https://feed-%[1]s.example/</link><description>d</description>`, name)
	for i := range entries {
		fmt.Fprintf(&b, `<item><guid>https://feed-%[1]s.example/%[2]d</guid><link>https://feed-%[1]s.example/%[2]d</link><title>What feed %[1]s says in its entry %[2]d</title><pubDate>Mon, 02 Nov 2026 %02[3]d:%02[4]d:00 GMT</pubDate><category>research</category><content:encoded><![CDATA[`,
			name, i, i/60, i%60)
		for p := range 14 {
			fmt.Fprintf(&b, "<p>Paragraph %d of entry %d in feed %s: a model of %d parameters was measured on %d tasks, and <a href=\"https://feed-%s.example/%d/%d\">its makers say</a> that it did as well as they had hoped.</p>\n",
				p, i, name, (i+1)*7919, (p+1)*31, name, i, p)
		}
		b.WriteString("]]></content:encoded></item>")
	}
	b.WriteString("</channel></rss>")
	return b.Bytes()
}

// crowded writes the configuration of the first n feeds of a crowd.
func (c *crowd) crowded(t *testing.T, n int, more string) (dir, address string) {
	t.Helper()
	dir = t.TempDir()
	address, desk := freeAddresses(t)
	var b strings.Builder
	fmt.Fprintf(&b, `site: {title: Scale, url: "http://%s"}
server: {listen: %q, desk: %q}
articles: ""
fetch: {%s allow_networks: [127.0.0.0/8]}
channels: [{name: all, entries: 50}]
sources:
`, address, address, desk, more)
	for i := range n {
		fmt.Fprintf(&b, "  - {name: Feed %d, url: %q}\n", i, c.url(i))
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir, address
}

// until waits for the program to have asked so many times, and a little longer.
func (c *crowd) until(t *testing.T, asked int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Minute); c.asked.Load() < int64(asked); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("only %d of %d were asked", c.asked.Load(), asked)
		}
	}
	time.Sleep(3 * time.Second)
}

// coldAt polls n new sources, and holds how much memory that takes.
func coldAt(t *testing.T, binary string, n, entries, most int) {
	c := newCrowd(t, 100, entries)
	dir, address := c.crowded(t, n, "host_interval: 0s, min_interval: 1h,")
	began := time.Now()
	s, end := serveIn(t, dir, address, binary)
	c.until(t, n)
	took := time.Since(began) - 3*time.Second
	s.holds(s.peak() <= float64(most), "%d sources cold, %d KB each: peak %.1f MB resident (%d MB); all polled in %v, %v of processor time",
		n, len(crowdFeed("1", entries))/1000, s.peak(), most, took.Round(time.Second), s.cpu())
	end()
}

// startsWith fills a database, and starts the program on it.
func startsWith(t *testing.T, binary string, n, entries int) {
	c := newCrowd(t, 100, entries)
	dir, address := c.crowded(t, n, "host_interval: 0s, min_interval: 1h,")
	s, end := serveIn(t, dir, address, binary)
	c.until(t, n)
	s.Logf("       filled with %d entries: peak %.1f MB resident", n*entries, s.peak())
	end()
	size := int64(0)
	files, _ := filepath.Glob(filepath.Join(dir, "newswire.db*"))
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			size += info.Size()
		}
	}
	each := float64(size) / float64(n*entries)
	xml := float64(len(crowdFeed("1", entries))) / float64(entries)
	s.holds(each <= 3.8*1024*xml/3300, "disk: %.1f KB an entry of %.1f KB of XML (3.8 KB for 3.3 KB)", each/1024, xml/1000)

	began := time.Now()
	s, end = serveIn(t, dir, address, binary)
	first := s.firstByte()
	s.holds(first <= 2*time.Second, "%d sources, %d entries: first byte %v after the start (2s)", n, n*entries, first.Round(time.Millisecond))
	time.Sleep(20 * time.Second)
	s.holds(s.peak() <= 300, "and peak %.1f MB resident after %v (300 MB), %d requests", s.peak(), time.Since(began).Round(time.Second), c.asked.Load()-int64(n))
	end()
}

// firstByte asks for the channel until it is answered, and returns how long
// that took.
func (s *siege) firstByte() time.Duration {
	began := time.Now()
	for time.Since(began) < time.Minute {
		if resp, err := http.Get("http://" + s.address + hotPath); err == nil {
			n, _ := io.CopyN(io.Discard, resp.Body, 1)
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK && n == 1 {
				return time.Since(began)
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.Fatal("the channel was never served")
	return 0
}

// asksDistant refreshes n sources that have not changed, each on a host of its
// own and 200 ms away.
func asksDistant(t *testing.T, binary string, n int) {
	c := newCrowd(t, n, 25)
	dir, _ := c.crowded(t, n, "workers: 256, host_interval: 0s, min_interval: 0s,")
	refresh := func() (took, cpu time.Duration) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		began := time.Now()
		cmd := exec.CommandContext(ctx, binary, "--config", filepath.Join(dir, "config.yaml"), "refresh")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return time.Since(began), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	cold, _ := refresh()
	c.latency = 200 * time.Millisecond
	again, cpu := refresh()
	s := &siege{T: t}
	s.holds(again <= 4*time.Second && c.told304.Load() == int64(n), "%d unchanged sources 200 ms away, each on its host: %v (4s), %v of processor time, %d answers 304; new, and near: %v",
		n, again.Round(10*time.Millisecond), cpu, c.told304.Load(), cold.Round(10*time.Millisecond))
}
