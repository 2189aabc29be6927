package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A siege is the program in a process of its own, under load from this one.
type siege struct {
	*testing.T
	address string // of the site
	pid     int
	etag    string
}

const hotPath = "/feeds/all.rss"

// TestLoad puts the program under the loads and attacks that a public address
// must stand, S-1 to S-12, all on loopback and each bounded in count and time,
// and prints what it measured beside what is asked. It is a long run: .ci/load
// starts it, and names the binary in NEWSWIRE_LOAD.
func TestLoad(t *testing.T) {
	if address := os.Getenv("NEWSWIRE_LOAD_READER"); address != "" {
		(&siege{T: t, address: address}).readUntilTold()
		return
	}
	binary := os.Getenv("NEWSWIRE_LOAD")
	if binary == "" {
		t.Skip("a long run: see .ci/load")
	}
	s := lay(t, binary)
	for _, step := range []struct {
		id string
		do func(*siege)
	}{
		{"S-1", (*siege).notModified}, {"S-2", (*siege).zipped}, {"S-3", (*siege).slowHeaders}, {"S-4", (*siege).slowBodies},
		{"S-5", (*siege).slowReaders}, {"S-6", (*siege).churn}, {"S-7", (*siege).cacheBusting}, {"S-8", (*siege).headerBombs},
		{"S-9", (*siege).ranges}, {"S-10", (*siege).encodings}, {"S-11", (*siege).zippedPost}, {"S-12", (*siege).methods},
	} {
		t.Run(step.id, func(t *testing.T) { step.do(&siege{T: t, address: s.address, pid: s.pid, etag: s.etag}) })
	}
}

// lay starts the program on a channel of about 180 KB.
func lay(t *testing.T, binary string) *siege {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, loadFeed()) }))
	t.Cleanup(origin.Close)
	dir := t.TempDir()
	address, desk := freeAddresses(t)
	config := fmt.Sprintf(`site: {title: Load, url: "http://%s"}
server: {listen: %q, desk: %q}
fetch: {host_interval: 0s, allow_networks: [127.0.0.0/8]}
guard: {first_import: 200}
sources: [{name: Lab, url: %q, publish: full}]
channels: [{name: all, entries: 100}]
`, address, address, desk, origin.URL)
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "articles"), 0o755); err != nil {
		t.Fatal(err)
	}
	s, _ := serveIn(t, dir, address, "nice", "-n", "-10", binary)
	for range 300 {
		time.Sleep(100 * time.Millisecond)
		resp, err := http.Get("http://" + address + hotPath)
		if err != nil {
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if bytes.Count(body, []byte("<item>")) == 100 {
			s.etag = resp.Header.Get("ETag")
			t.Logf("%s is %d KB", hotPath, len(body)/1000)
			return s
		}
	}
	t.Fatal("the channel did not fill")
	return nil
}

func loadFeed() string {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString(`<rss version="2.0"><channel><title>Lab</title><link>http://lab.example/</link><description>d</description>`)
	for i := range 100 {
		fmt.Fprintf(&b, `<item><guid>http://lab.example/%[1]d</guid><link>http://lab.example/%[1]d</link><title>News %[1]d</title><pubDate>Mon, 02 Nov 2026 00:00:%02[2]d GMT</pubDate><description>`, i, i%60)
		for range 150 {
			fmt.Fprintf(&b, "word%d ", random.IntN(5000))
		}
		b.WriteString(`</description></item>`)
	}
	b.WriteString(`</channel></rss>`)
	return b.String()
}

// holds prints a figure beside its target, and fails if it is missed.
func (s *siege) holds(ok bool, format string, args ...any) {
	s.Helper()
	word := "ok"
	if !ok {
		word = "MISSED"
		s.Fail()
	}
	s.Logf("%-6s %s", word, fmt.Sprintf(format, args...))
}

// freeAddresses are for a site and its desk.
func freeAddresses(t *testing.T) (site, desk string) {
	t.Helper()
	for _, address := range []*string{&site, &desk} {
		var err error
		if *address, err = freeAddress(); err != nil {
			t.Fatal(err)
		}
	}
	return site, desk
}

// serveIn starts the daemon in a folder, by the command that runs the program.
func serveIn(t *testing.T, dir, address string, command ...string) (s *siege, end func()) {
	t.Helper()
	command = append(command, "--config", filepath.Join(dir, "config.yaml"), "serve", "--log", "error")
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end = sync.OnceFunc(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
	t.Cleanup(end)
	return &siege{T: t, address: address, pid: cmd.Process.Pid}, end
}

// rss is the program's resident memory, in KB.
func (s *siege) rss() int { return s.memory("VmRSS:") }

// peak is the most memory that the program has had resident, in MB.
func (s *siege) peak() float64 { return float64(s.memory("VmHWM:")) / 1024 }

// memory reads a line of the process's status, in KB.
func (s *siege) memory(line string) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		s.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), line)
	kb, _ := strconv.Atoi(strings.Fields(after)[0])
	return kb
}

// cpu is the processor time that the program has used.
func (s *siege) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		s.Fatal(err)
	}
	f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

func (s *siege) dial() (net.Conn, error) { return net.DialTimeout("tcp", s.address, 5*time.Second) }

// times are how long requests took.
type times struct {
	mu     sync.Mutex
	list   []time.Duration
	errors int
}

func (m *times) add(d time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.errors++
		return
	}
	m.list = append(m.list, d)
}

// p returns the time that a part of the requests did not exceed.
func (m *times) p(part float64) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.list) == 0 {
		return time.Hour
	}
	slices.Sort(m.list)
	return m.list[min(int(part*float64(len(m.list))), len(m.list)-1)].Round(10 * time.Microsecond)
}

// storm sends a request so many times a second over some kept connections.
func (s *siege) storm(perSecond, connections int, length time.Duration, header string, want int) *times {
	var m times
	var all sync.WaitGroup
	request := []byte("GET " + hotPath + " HTTP/1.1\r\nHost: " + s.address + "\r\n" + header + "\r\n")
	ends := time.Now().Add(length)
	for range connections {
		all.Go(func() {
			c, err := s.dial()
			if err != nil {
				m.add(0, err)
				return
			}
			defer c.Close()
			c.SetDeadline(ends.Add(30 * time.Second))
			r := bufio.NewReaderSize(c, 64<<10)
			tick := time.NewTicker(time.Second * time.Duration(connections) / time.Duration(perSecond))
			defer tick.Stop()
			for time.Now().Before(ends) {
				<-tick.C
				began := time.Now()
				err := exchange(c, r, request, want)
				m.add(time.Since(began), err)
				if err != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return &m
}

func exchange(c net.Conn, r *bufio.Reader, request []byte, want int) error {
	if _, err := c.Write(request); err != nil {
		return err
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != want {
		return fmt.Errorf("status %d, not %d", resp.StatusCode, want)
	}
	return nil
}

// legitimate polls as readers do, each time over a connection of its own, 50
// times a second until the context ends.
func (s *siege) legitimate(ctx context.Context) *times {
	var m times
	var all sync.WaitGroup
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	request := []byte("GET " + hotPath + " HTTP/1.1\r\nHost: " + s.address + "\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n")
	for ctx.Err() == nil {
		<-tick.C
		all.Go(func() {
			began := time.Now()
			c, err := s.dial()
			if err == nil {
				c.SetDeadline(began.Add(10 * time.Second))
				err = exchange(c, bufio.NewReader(c), request, 200)
				c.Close()
			}
			m.add(time.Since(began), err)
		})
	}
	all.Wait()
	return &m
}

// readUntilTold is the legitimate readers' process: it runs until its standard
// input ends, and prints what it measured.
func (s *siege) readUntilTold() {
	ctx, cancel := context.WithCancel(context.Background())
	go func() { io.Copy(io.Discard, os.Stdin); cancel() }()
	m := s.legitimate(ctx)
	fmt.Printf("\nmeasured %d %d %d %d\n", m.p(.5), m.p(.99), len(m.list), m.errors)
}

func (s *siege) judge(m *times, most time.Duration) {
	s.Helper()
	s.holds(m.p(.99) <= most && m.errors == 0, "p50 %v, p99 %v (at most %v), %d requests, %d errors (none)", m.p(.5), m.p(.99), most, len(m.list), m.errors)
}

const stormLength = 10 * time.Second

func (s *siege) notModified() {
	s.storm(2000, 32, 2*time.Second, "If-None-Match: "+s.etag+"\r\n", 304)
	before, began := s.rss(), s.cpu()
	m := s.storm(5000, 32, stormLength, "If-None-Match: "+s.etag+"\r\n", 304)
	s.judge(m, 20*time.Millisecond)
	s.rate(m, 5000, s.cpu()-began)
	s.holds(s.rss()-before < 8<<10, "resident memory %+d KB (about none)", s.rss()-before)
}

func (s *siege) zipped() {
	began := s.cpu()
	m := s.storm(3000, 32, stormLength, "Accept-Encoding: gzip\r\n", 200)
	s.judge(m, 50*time.Millisecond)
	s.rate(m, 3000, s.cpu()-began)
}

func (s *siege) rate(m *times, want int, used time.Duration) {
	got := float64(len(m.list)) / stormLength.Seconds()
	s.holds(got > 0.9*float64(want), "%.0f a second (%d), %v of processor time each", got, want, used/time.Duration(max(len(m.list), 1)))
}

// crowd keeps so many connections busy with do, each opened anew when it has
// ended, until the context ends. They come over the first few seconds: what is
// measured is how they stand, not how fast this machine can dial. It returns
// the longest that one lived, and how many could not be opened.
func (s *siege) crowd(ctx context.Context, n int, do func(ctx context.Context, c net.Conn)) (longest time.Duration, refused int) {
	var all sync.WaitGroup
	var mu sync.Mutex
	for i := range n {
		all.Go(func() {
			time.Sleep(time.Duration(i) * time.Second / 2000)
			for ctx.Err() == nil {
				c, err := s.dial()
				began := time.Now()
				if err == nil {
					do(ctx, c)
					c.(*net.TCPConn).SetLinger(0) // or the ports run out
					c.Close()
				}
				mu.Lock()
				longest = max(longest, time.Since(began))
				if err != nil {
					refused++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return longest.Round(10 * time.Millisecond), refused
}

// drip writes a beginning, and then a byte a second until it cannot.
func drip(ctx context.Context, c net.Conn, beginning, forever string) {
	if _, err := io.WriteString(c, beginning); err != nil {
		return
	}
	ended := make(chan struct{})
	go func() { io.Copy(io.Discard, c); close(ended) }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := io.WriteString(c, forever); err != nil {
				return
			}
		}
	}
}

// besiege runs an attack for so long, beside legitimate readers in a process
// of their own.
func (s *siege) besiege(length time.Duration, most time.Duration, attack func(ctx context.Context)) {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	readers := exec.Command("nice", "-n", "-10", os.Args[0], "-test.run=^TestLoad$")
	readers.Env = append(os.Environ(), "NEWSWIRE_LOAD_READER="+s.address)
	stop, err := readers.StdinPipe()
	if err != nil {
		s.Fatal(err)
	}
	var out bytes.Buffer
	readers.Stdout = &out
	if err := readers.Start(); err != nil {
		s.Fatal(err)
	}
	attack(ctx)
	stop.Close()
	if err := readers.Wait(); err != nil {
		s.Fatal(err)
	}
	_, figures, _ := bytes.Cut(out.Bytes(), []byte("measured "))
	var p50, p99 time.Duration
	var requests, errors int
	if _, err := fmt.Sscan(string(figures), &p50, &p99, &requests, &errors); err != nil {
		s.Fatalf("%v: %s", err, out.String())
	}
	s.holds(p99 <= most && errors == 0, "readers: p50 %v, p99 %v (at most %v), %d requests, %d errors (none)", p50, p99, most, requests, errors)
}

func (s *siege) slowHeaders() {
	before, began := s.rss(), s.cpu()
	s.besiege(25*time.Second, 50*time.Millisecond, func(ctx context.Context) {
		longest, refused := s.crowd(ctx, 10_000, func(ctx context.Context, c net.Conn) { drip(ctx, c, "GET / HTTP/1.1\r\nX: ", "y") })
		s.holds(longest <= 8*time.Second && refused == 0, "10,000 connections at once, the oldest lived %v (8s), %d refused", longest, refused)
	})
	s.Logf("       resident memory %+d KB, %v of processor time", s.rss()-before, s.cpu()-began)
}

func (s *siege) slowBodies() {
	s.besiege(25*time.Second, 50*time.Millisecond, func(ctx context.Context) {
		longest, _ := s.crowd(ctx, 2000, func(ctx context.Context, c net.Conn) {
			drip(ctx, c, "POST /articles/own/comments HTTP/1.1\r\nHost: "+s.address+"\r\nContent-Length: 100000\r\n\r\n", "y")
		})
		s.holds(longest <= 16*time.Second, "2,000 connections, the oldest lived %v (15s)", longest)
	})
}

// slowReaders ask for more than all buffers hold and read none of it. When the
// server gives a connection up shows in its open files: what it sent before
// still stands in the way of the news at this end.
func (s *siege) slowReaders() {
	before, files := s.rss(), s.files()
	most, left := 0, time.Duration(0)
	s.besiege(45*time.Second, 50*time.Millisecond, func(ctx context.Context) {
		var all sync.WaitGroup
		all.Go(func() {
			s.crowd(ctx, 2000, func(ctx context.Context, c net.Conn) {
				c.(*net.TCPConn).SetReadBuffer(4 << 10)
				io.WriteString(c, strings.Repeat("GET "+hotPath+" HTTP/1.1\r\nHost: "+s.address+"\r\n\r\n", 40))
				<-ctx.Done()
			})
		})
		began := time.Now()
		for ctx.Err() == nil {
			most = max(most, s.rss())
			if s.files() < files+100 && time.Since(began) > 5*time.Second && left == 0 {
				left = time.Since(began).Round(100 * time.Millisecond)
			}
			time.Sleep(100 * time.Millisecond)
		}
		all.Wait()
	})
	s.holds(left > 0 && left <= 35*time.Second, "2,000 connections, all given up after %v (30s after the last was answered)", left)
	s.holds(most-before <= 200<<10, "resident memory %+d KB at most (+200 MB)", most-before)
}

// files is how many files and connections the program has open.
func (s *siege) files() int {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.pid))
	if err != nil {
		s.Fatal(err)
	}
	return len(list)
}

func (s *siege) churn() {
	const connects = 100_000
	s.besiege(60*time.Second, 100*time.Millisecond, func(ctx context.Context) {
		began := time.Now()
		var all sync.WaitGroup
		var failed atomic.Int64
		for range 16 {
			all.Go(func() {
				for range connects / 16 {
					c, err := s.dial()
					if err != nil {
						failed.Add(1)
						continue
					}
					c.(*net.TCPConn).SetLinger(0)
					c.Close()
				}
			})
		}
		all.Wait()
		s.holds(failed.Load() == 0, "%d connections at %.0f a second, %d failed (none)", connects, connects/time.Since(began).Seconds(), failed.Load())
	})
}
