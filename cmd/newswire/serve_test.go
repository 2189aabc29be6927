package main

import "testing"

// TestMostReaders holds that the public address never takes all the files that
// may be open, however few they are.
func TestMostReaders(t *testing.T) {
	for files, want := range map[int]int{256: 128, 1024: 512, 4096: 3584, 1 << 20: 20_000} {
		if got := mostReaders(files); got != want {
			t.Errorf("%d files: %d readers, want %d", files, got, want)
		}
	}
}
