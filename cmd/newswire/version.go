package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is the program's own; releases set it with -ldflags "-X main.version=1.2.3".
var version = "0.1.0-dev"

type versionCommand struct {
	JSON bool `help:"Print one JSON document."`
}

// Run prints version, commit and Go version.
func (c *versionCommand) Run(t *terminal) error {
	commit := buildCommit()
	if c.JSON {
		return t.printJSON(map[string]string{"version": version, "commit": commit, "go": runtime.Version()})
	}
	fmt.Fprintf(t.out, "newswire %s (%s, %s)\n", version, commit, runtime.Version())
	return nil
}

// buildCommit returns the revision that the build recorded, or "unknown".
func buildCommit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	commit, dirty := "unknown", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				dirty = "+changes"
			}
		}
	}
	return commit + dirty
}
