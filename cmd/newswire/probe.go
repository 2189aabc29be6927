package main

import (
	"context"
	"sync"

	"newswire/internal/egress"
	"newswire/internal/newsroom"
	"newswire/internal/poll"
)

// A probed source and what it answered.
type probed struct {
	source newsroom.Source
	result poll.Result
}

// probeAll asks sources once each, side by side as the configuration allows,
// and stores nothing. The answers come in the order of the sources.
func probeAll(ctx context.Context, s *settings, sources []newsroom.Source, done func(name string)) []probed {
	client := egress.New(newEgress(s))
	defer client.Close()
	out := make([]probed, len(sources))
	turns := make(chan struct{}, max(s.config.Fetch.Workers, 1))
	var group sync.WaitGroup
	for i, src := range sources {
		turns <- struct{}{}
		group.Go(func() {
			defer func() { <-turns }()
			_, result := poll.Preview(ctx, client, src)
			out[i] = probed{src, result}
			done(src.Name)
		})
	}
	group.Wait()
	return out
}
