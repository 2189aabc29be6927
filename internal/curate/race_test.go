//go:build race

package curate

const underRace = true
