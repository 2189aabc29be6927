//go:build race

package feeds

// underRace is how many times as much time, and memory, a test may take under
// the race detector, which itself costs about that.
const underRace = 4
