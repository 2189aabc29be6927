//go:build !race

package feeds

import "testing"

func sequential(*testing.T) {}
