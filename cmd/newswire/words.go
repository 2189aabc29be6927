package main

import "newswire/internal/spelling"

// didYouMean returns a question about the nearest of the known names, empty
// if none is near.
func didYouMean(name string, known []string) string {
	best := spelling.Nearest(name, known)
	if best == "" {
		return ""
	}
	return " (did you mean " + best + "?)"
}
