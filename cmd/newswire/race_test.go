//go:build race

package main

// The race detector makes everything about ten times slower. What many inputs
// prove is proved without it, with all of them; under it a part shows whether
// there are races.
const underRace = true
