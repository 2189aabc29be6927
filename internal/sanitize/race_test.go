//go:build race

package sanitize

// worstSize is smaller under the race detector, which makes all so slow that
// its times mean nothing.
const worstSize = 64 << 10
