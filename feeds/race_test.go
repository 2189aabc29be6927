//go:build race

package feeds

import "testing"

// sequential marks a test of what documents give and cost. This package starts
// no goroutine, and the race detector, which makes such tests ten times
// dearer, can show nothing in them: TestTogether is for it.
func sequential(t *testing.T) {
	t.Skip("tried without the race detector: it starts no goroutine")
}
