package store_test

import (
	"sync"
	"testing"

	"newswire/internal/newsroom"
)

// Two processes that read and then write at once wait for each other; neither
// is told that the database is locked, and nothing is stored twice.
func TestTwoProcessesWrite(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		dsn := e.dsn(t)
		const each = 40
		var group sync.WaitGroup
		for _, slug := range []string{"a", "bb"} {
			s := openStore(t, dsn)
			due(t, s, slug)
			group.Go(func() {
				for n := range each {
					if err := s.Commit(t.Context(), &newsroom.Intake{Source: slug, At: start, New: []*newsroom.Arrival{arrival(slug, n)}}); err != nil {
						t.Errorf("%s, %d: %v", slug, n, err)
						return
					}
				}
			})
		}
		group.Wait()
		if refs, err := openStore(t, dsn).Refs(t.Context(), "all", 1000); err != nil || len(refs) != 2*each {
			t.Errorf("%d of %d are stored, %v", len(refs), 2*each, err)
		}
	})
}
