// Newswire is the wire desk of a news site: it pulls feeds, merges them with
// the house's own articles, and publishes channels.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // schedules name zones, and the machine may have no zone files

	"github.com/alecthomas/kong"

	"newswire/internal/config"
)

// The exit codes of every command.
const (
	exitDone  = 0
	exitWrong = 1 // something is wrong with what was asked
	exitUsage = 2
)

// commands is the command line. Each command has a Run method that takes the
// terminal it talks to.
type commands struct {
	Config string `short:"c" default:"config.yaml" placeholder:"FILE" help:"The configuration (default config.yaml)."`

	Serve    serveCommand    `cmd:"" help:"Run the daemon: poll, publish, serve."`
	Demo     demoCommand     `cmd:"" help:"Run the daemon on an invented newsroom; needs no network."`
	Check    checkCommand    `cmd:"" help:"Are the configuration, the rules and the articles valid?"`
	Preview  previewCommand  `cmd:"" help:"Ask one feed now and show each entry's verdict; stores nothing."`
	Refresh  refreshCommand  `cmd:"" help:"Poll sources now."`
	Sources  sourcesCommand  `cmd:"" help:"Show the health of every source."`
	Add      addCommand      `cmd:"" help:"Find the feed of a site and write it into the configuration."`
	Plan     planCommand     `cmd:"" help:"What would this configuration change? Changes nothing."`
	Why      whyCommand      `cmd:"" help:"Tell everything known about an entry: verdict, rule, channels."`
	Release  releaseCommand  `cmd:"" help:"Publish what a guard holds."`
	Import   importCommand   `cmd:"" help:"Add the feeds of an OPML list to the configuration."`
	Export   exportCommand   `cmd:"" help:"Write the sources as an OPML list."`
	Build    buildCommand    `cmd:"" help:"Write every channel as static files."`
	Purge    purgeCommand    `cmd:"" help:"Apply retention.contents now, as serve does daily."`
	Backup   backupCommand   `cmd:"" help:"Write a consistent copy of the database while it is in use."`
	Restore  restoreCommand  `cmd:"" help:"Put a backup in the place of the database; it is checked first."`
	Password passwordCommand `cmd:"" help:"Make the hash of a password, for server.desk_password."`
	Version  versionCommand  `cmd:"" help:"Show version, commit and Go version."`
}

func main() {
	log.SetOutput(io.Discard) // net/http repeats bytes of origins there, beside our own log
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program: it parses the command line, runs the command until it is
// done or a signal ends it, and says in one line what went wrong.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var cli commands
	exited := -1
	parser, err := kong.New(&cli,
		kong.Name("newswire"),
		kong.Description("The wire desk of a news site: many feeds in, curated channels out. Begin with: newswire demo"),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.UsageOnError(),
	)
	if err != nil {
		fmt.Fprintln(stderr, "newswire:", err)
		return exitWrong
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if exited >= 0 { // --help was asked for
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "newswire: %v (see newswire --help)\n", err)
		return exitUsage
	}
	term := newTerminal(stdout, stderr)
	command.BindTo(ctx, (*context.Context)(nil))
	return exitCode(command.Run(term, &cli), stderr)
}

// exitCode says what went wrong, unless that was said already, and with which
// code to end.
func exitCode(err error, stderr io.Writer) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errSaid):
		return exitWrong
	case isConfigError(err):
		fmt.Fprintln(stderr, err) // a finding a line, each with its place
		return exitWrong
	case errors.Is(err, errUsage):
		fmt.Fprintln(stderr, "newswire:", err)
		return exitUsage
	}
	fmt.Fprintln(stderr, "newswire:", err)
	return exitWrong
}

func isConfigError(err error) bool {
	_, ok := errors.AsType[config.Errors](err)
	return ok
}

// errSaid ends a command whose findings stand on the terminal already.
var errSaid = errors.New("said already")

// errUsage marks a wrong use of the command line that only the command itself
// can see.
var errUsage = errors.New("usage")
