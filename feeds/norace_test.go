//go:build !race

package feeds

const underRace = 1
