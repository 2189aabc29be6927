//go:build !race

package publish

import "testing"

func sequential(*testing.T) {}
