package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// say sends raw bytes over a connection of its own and returns the first
// answer, its body read, and whether the server closed after it.
func (s *siege) say(request string) (resp *http.Response, body []byte, closed bool) {
	s.Helper()
	c, err := s.dial()
	if err != nil {
		s.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	go io.WriteString(c, request) // the answer may come before all is said
	r := bufio.NewReader(c)
	method, _, _ := strings.Cut(request, " ")
	resp, err = http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		return &http.Response{Status: err.Error()}, nil, true
	}
	body, _ = io.ReadAll(resp.Body)
	if resp.Close {
		return resp, body, true
	}
	c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	_, err = r.ReadByte()
	return resp, body, err == io.EOF
}

func (s *siege) get(path, header string) (*http.Response, []byte) {
	s.Helper()
	resp, body, _ := s.say("GET " + path + " HTTP/1.1\r\nHost: " + s.address + "\r\nConnection: close\r\n" + header + "\r\n")
	return resp, body
}

func (s *siege) cacheBusting() {
	before, began := s.rss(), s.cpu()
	const distinct = 20_000
	c, err := s.dial()
	if err != nil {
		s.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	others := 0
	for i := range distinct {
		fmt.Fprintf(c, "GET %s?x=%d&y%d=z HTTP/1.1\r\nHost: %s\r\nIf-None-Match: %s\r\n\r\n", hotPath, i*7919, i, s.address, s.etag)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			s.Fatal(err)
		}
		if resp.StatusCode != 304 {
			others++
		}
	}
	s.holds(others == 0, "%d distinct queries, %d answered with anything but 304 to the one ETag", distinct, others)
	s.holds(s.rss()-before < 8<<10, "resident memory %+d KB (about none), %v of processor time each", s.rss()-before, (s.cpu()-began)/distinct)
	for _, path := range []string{"/FEEDS/all.rss", "/feeds/ALL.rss", "//feeds/all.rss", "/feeds/./all.rss", "/feeds/x/../all.rss", "/feeds/%2e/all.rss", "/feeds/all.rss/", "/feeds/%61ll.rss"} {
		resp, _ := s.get(path, "")
		s.holds(resp.StatusCode == 404 || resp.StatusCode == 308 || path == "/feeds/%61ll.rss" && resp.StatusCode == 200, "%s: %s", path, resp.Status)
	}
}

func (s *siege) headerBombs() {
	head := "GET " + hotPath + " HTTP/1.1\r\nHost: " + s.address + "\r\n"
	chunks := strings.Repeat("1;"+strings.Repeat("x", 200)+"\r\ny\r\n", 5000)
	for _, bomb := range []struct {
		what, request string
		status        []int
	}{
		{"a cookie of 1 MiB", head + "Cookie: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", []int{431}},
		{"10,000 headers", head + strings.Repeat("X-Y: z\r\n", 10_000) + "\r\n", []int{431}},
		{"a URL of 64 KiB", "GET /" + strings.Repeat("x", 64<<10) + " HTTP/1.1\r\nHost: " + s.address + "\r\n\r\n", []int{414, 431}},
		{"a folded header", head + "X: y\r\n z\r\n\r\n", []int{200, 400}},
		{"two hosts", head + "Host: evil.example\r\n\r\n", []int{400}},
		{"length and chunks", "POST " + hotPath + " HTTP/1.1\r\nHost: " + s.address + "\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []int{400, 405}},
		{"a flood of chunk extensions", "POST " + hotPath + " HTTP/1.1\r\nHost: " + s.address + "\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, []int{400, 405}},
	} {
		began := s.cpu()
		const times = 50
		resps, ends := [times]*http.Response{}, [times]bool{}
		var all sync.WaitGroup
		for i := range times { // together: the server waits a moment before it closes
			all.Go(func() { resps[i], _, ends[i] = s.say(bomb.request) })
		}
		all.Wait()
		used := (s.cpu() - began) / times
		resp, closed := resps[0], ends[0]
		ok := false
		for _, status := range bomb.status {
			ok = ok || resp.StatusCode == status
		}
		s.holds(ok && (closed || resp.StatusCode == 200) && used <= 2*time.Millisecond, "%s: %s, closed %v, %v of processor time (about 1ms)", bomb.what, resp.Status, closed, used)
	}
}

func (s *siege) ranges() {
	_, whole := s.get(hotPath, "")
	for _, header := range []string{"Range: bytes=0-9", "Range: bytes=-1", "Range: bytes=0-,0-,0-,5-9",
		"Range: bytes=" + strings.TrimSuffix(strings.Repeat("0-1,", 2500), ","), "Range: bytes=0-9\r\nIf-Range: " + s.etag} {
		resp, body := s.get(hotPath, header+"\r\n")
		s.holds(resp.StatusCode == 200 && bytes.Equal(body, whole) && resp.Header.Get("Accept-Ranges") == "none", "%.40s: %s, %d bytes", header, resp.Status, len(body))
	}
}

func (s *siege) encodings() {
	began := s.cpu()
	const times = 200
	for range times {
		for _, accept := range []string{"gzip;q=0", strings.TrimSuffix(strings.Repeat("x-a;q=0.5, ", 1000), ", "), "br,zstd,*", "gzip;q=0.0001, identity;q=1", "*;q=0", ",,,;;;q"} {
			resp, _ := s.get(hotPath, "Accept-Encoding: "+accept+"\r\n")
			if coding := resp.Header.Get("Content-Encoding"); resp.StatusCode != 200 && resp.StatusCode != 406 || coding == "gzip" {
				s.Errorf("%.30s: %s, %q", accept, resp.Status, coding)
			}
		}
	}
	each := (s.cpu() - began) / (6 * times)
	s.holds(each < 2*time.Millisecond, "%v of processor time a request: nothing is compressed for it (2ms)", each)
}

func (s *siege) zippedPost() {
	resp, _, _ := s.say("POST " + hotPath + " HTTP/1.1\r\nHost: " + s.address + "\r\nContent-Encoding: gzip\r\nContent-Length: 1000000\r\n\r\n")
	s.holds(resp.StatusCode == 415 || resp.StatusCode == 405, "a zipped body: %s", resp.Status)
}

func (s *siege) methods() {
	for _, method := range []string{"POST", "PUT", "DELETE", "TRACE", "CONNECT", "PATCH", "PROPFIND"} {
		began := time.Now()
		resp, _, closed := s.say(method + " " + hotPath + " HTTP/1.1\r\nHost: " + s.address + "\r\nContent-Length: 1073741824\r\n\r\n")
		s.holds((resp.StatusCode == 405 || method == "CONNECT" && resp.StatusCode == 400) && closed && time.Since(began) < 2*time.Second,
			"%s with 1 GiB to come: %s, closed %v", method, resp.Status, closed)
	}
	resp, _, closed := s.say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	s.holds(closed && resp.StatusCode >= 400 || resp.StatusCode == 0, "PRI: %s", resp.Status)
}
