//go:build !race

package sanitize

const slowdown = 1
