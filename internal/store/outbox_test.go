package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"newswire/internal/newsroom"
)

func TestOutbox(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		s, ctx := openStore(t, e.dsn(t)), t.Context()
		for n := range 40 {
			m := newsroom.Message{Kind: "mail", Name: fmt.Sprint(n), Due: start, Payload: "p"}
			if err := s.Post(ctx, m, m); err != nil { // asked for twice
				t.Fatal(err)
			}
		}
		if err := s.Post(ctx, newsroom.Message{Kind: "push", Name: "0", Due: start}, newsroom.Message{Kind: "mail", Name: "later", Due: start.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		sent := map[string]int{}
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				for range 10 {
					messages, err := s.Begin(ctx, "mail", start, 3, time.Minute)
					if err != nil {
						t.Error(err)
						return
					}
					for _, m := range messages {
						mu.Lock()
						sent[m.Name]++
						mu.Unlock()
						if m.Name != "7" { // this one's sender dies
							if err := s.Done(ctx, m); err != nil {
								t.Error(err)
							}
						}
					}
				}
			})
		}
		wg.Wait()
		for name, n := range sent {
			if n != 1 {
				t.Errorf("%s was given out %d times", name, n)
			}
		}
		if len(sent) != 40 {
			t.Errorf("%d of 40 were given out", len(sent))
		}
		if err := s.Delay(ctx, newsroom.Message{Kind: "mail", Name: "7"}, start.Add(90*time.Second)); err != nil {
			t.Error(err)
		}
		if early, err := s.Begin(ctx, "mail", start.Add(80*time.Second), 10, time.Minute); err != nil || len(early) > 0 {
			t.Errorf("put off: %+v, %v", early, err)
		}
		again, err := s.Begin(ctx, "mail", start.Add(2*time.Minute), 10, time.Minute)
		if err != nil || len(again) != 1 || again[0].Name != "7" || again[0].Tries != 2 {
			t.Errorf("after the lease: %+v, %v", again, err)
		}
		if err := s.Post(ctx, newsroom.Message{Kind: "mail", Name: "1", Due: start}); err != nil {
			t.Fatal(err)
		}
		later, err := s.Begin(ctx, "mail", start.Add(30*time.Minute), 10, time.Minute) // when its lease is over
		if err != nil || slices.ContainsFunc(later, func(m newsroom.Message) bool { return m.Name == "1" }) {
			t.Errorf("done, and asked for again: %+v, %v", later, err)
		}
	})
}
