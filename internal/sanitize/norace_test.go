//go:build !race

package sanitize

const worstSize = 1 << 20
