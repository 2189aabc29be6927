package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"newswire/internal/egress"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"newswire": main})
}

// TestSessions runs the program's sessions: each testdata/*.txt is a script
// with the files it needs, and reads as the manual of what it shows. Files
// below origin/ are served at $ORIGIN; $SITE and $DESK are free addresses.
func TestSessions(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:   "testdata",
		Setup: session,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"get": get,
		},
	})
}

func session(env *testscript.Env) error {
	origin := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(env.WorkDir, "origin"))))
	env.Defer(origin.Close)
	env.Setenv("ORIGIN", origin.URL)
	env.Setenv("NO_COLOR", "1")
	for _, name := range []string{"SITE", "DESK"} {
		address, err := freeAddress()
		if err != nil {
			return err
		}
		env.Setenv(name, address)
	}
	return fillIn(env)
}

// fillIn replaces $ORIGIN, $SITE and $DESK in the script's YAML files and feeds.
func fillIn(env *testscript.Env) error {
	replacer := strings.NewReplacer("$ORIGIN", env.Getenv("ORIGIN"), "$SITE", env.Getenv("SITE"), "$DESK", env.Getenv("DESK"))
	return filepath.WalkDir(env.WorkDir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(p, []byte(replacer.Replace(string(data))), 0o644)
	})
}

// nextPort is where the search for a free address goes on.
var nextPort atomic.Int32

// freeAddress returns an address for a daemon to listen on. No other test of
// this process gets the same, though the daemon is started again and again,
// and neither does a connection: systems take the ports of those from 32768 on.
func freeAddress() (string, error) {
	const lowest, ports = 16_000, 16_000
	nextPort.CompareAndSwap(0, 1+rand.Int32N(ports)) // other processes search, too
	for range ports {
		address := fmt.Sprintf("127.0.0.1:%d", lowest+nextPort.Add(1)%ports)
		if l, err := net.Listen("tcp", address); err == nil {
			return address, l.Close()
		}
	}
	return "", errors.New("no address is free")
}

// get writes what an address answers to stdout: the status line, the headers
// that matter and the body. It tries again for half a minute until the answer
// contains all of the words after the address; "! get" wants them absent.
//
//	get http://$SITE/feeds/all.rss '<title>A headline</title>'
func get(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: get URL [text …]")
	}
	var answer string
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		answer = ask(args[0])
		if !neg && containsAll(answer, args[1:]) || neg && !containsAny(answer, args[1:]) {
			fmt.Fprint(ts.Stdout(), answer)
			return
		}
		if time.Now().After(end) || neg {
			ts.Fatalf("get %s: wanted %q (negated: %v), got:\n%s", args[0], args[1:], neg, answer)
		}
	}
}

func ask(url string) string {
	resp, err := http.Get(url)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s\nContent-Type: %s\nETag: %s\n\n%s\n", resp.Status, resp.Header.Get("Content-Type"), resp.Header.Get("ETag"), body)
}

func containsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// unreachable is a client on a machine without a network.
func unreachable(s *settings) *egress.Client {
	config := newEgress(s)
	config.Network = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: syscall.ENETUNREACH}
	}
	config.Resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: syscall.ENETUNREACH}
	}}
	return egress.New(config)
}
