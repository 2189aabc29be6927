package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

func guestAsks(address, agent, path string) *http.Request {
	r := httptest.NewRequest("GET", path, nil)
	r.RemoteAddr = address
	r.Header.Set("User-Agent", agent)
	return r
}

func TestRations(t *testing.T) { // B-29, B-30, B-31
	synctest.Test(t, func(t *testing.T) {
		var rations Rations
		reader := guestAsks("203.0.113.9:1234", "Reader/1", "/feeds/all.rss")
		for n := range wholeBurst {
			if wait := rations.Wait(reader, true); wait != 0 {
				t.Fatalf("the %d. time: wait %v", n+1, wait)
			}
		}
		wait := rations.Wait(reader, true)
		if wait <= 0 || wait > wholeEvery {
			t.Fatalf("then: wait %v", wait)
		}
		for range 100 { // who does not listen does not wait longer for it
			if again := rations.Wait(reader, true); again != wait {
				t.Fatalf("asking has made it %v of %v", again, wait)
			}
		}
		for name, other := range map[string]*http.Request{
			"not changed":          nil,
			"another program":      guestAsks("203.0.113.9:1234", "Reader/2", "/feeds/all.rss"),
			"another feed":         guestAsks("203.0.113.9:1234", "Reader/1", "/feeds/all.atom"),
			"another address":      guestAsks("203.0.113.8:1234", "Reader/1", "/feeds/all.rss"),
			"a proxy on this host": guestAsks("127.0.0.1:1234", "Reader/1", "/feeds/all.rss"),
		} {
			whole := other != nil
			if other == nil {
				other = reader
			}
			if wait := rations.Wait(other, whole); wait != 0 {
				t.Errorf("%s: wait %v", name, wait)
			}
		}
		time.Sleep(wait)
		if wait := rations.Wait(reader, true); wait != 0 {
			t.Errorf("after the time it was told: wait %v", wait)
		}
		same64 := func(n int) *http.Request {
			return guestAsks(fmt.Sprintf("[2001:db8:1:2::%x]:1", n+1), "Reader/1", "/feeds/all.rss")
		}
		for n := range wholeBurst {
			rations.Wait(same64(n), true)
		}
		if rations.Wait(same64(99), true) == 0 {
			t.Error("a guest has a ration for each address of its network")
		}
	})
}

// TestRationsCeiling: there is an end to answers that nothing has changed, too.
func TestRationsCeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rations Rations
		reader := guestAsks("203.0.113.9:1234", "Reader/1", "/feeds/all.rss")
		for n := range askBurst {
			if wait := rations.Wait(reader, false); wait != 0 {
				t.Fatalf("the %d. time: wait %v", n+1, wait)
			}
		}
		if wait := rations.Wait(reader, false); wait <= 0 || wait > askEvery {
			t.Errorf("then: wait %v", wait)
		}
	})
}

func TestRationsAreBounded(t *testing.T) {
	var rations Rations
	for n := range 2 * rationsMost {
		rations.Wait(guestAsks(fmt.Sprintf("10.%d.%d.%d:1", n>>16, n>>8&255, n&255), "x", "/feeds/all.rss"), true)
		if len(rations.known) > rationsMost+2 {
			t.Fatalf("%d guests are remembered", len(rations.known))
		}
	}
}
