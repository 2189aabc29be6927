//go:build race

package publish

import "testing"

// sequential marks a test that takes long and does one thing after the other. The
// race detector, which makes it ten times dearer, shows nothing in it.
func sequential(t *testing.T) {
	t.Skip("tried without the race detector: it does one thing after the other")
}
