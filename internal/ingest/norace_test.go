//go:build !race

package ingest_test

import "testing"

func sequential(*testing.T) {}
