// Package config reads config.yaml into one complete, valid value, or says
// everything that is wrong with it, each with line, column and what would be
// right.
//
// The package knows the form of the file only. What an expression or a
// schedule may say is checked by functions that are given to it.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"time"
	_ "time/tzdata" // site.timezone means the same on every machine
)

// A Config is a whole configuration: what the file says, and defaults for
// what it leaves out. It is read by many at once: change nothing in it.
type Config struct {
	Site        Site        `yaml:"site" doc:"What is said of us on every page and in every feed."`
	Server      Server      `yaml:"server" doc:"Where we are reached."`
	Database    Secret      `yaml:"database" doc:"A SQLite file (newswire.db, sqlite:PATH) or postgres://…"`
	Articles    string      `yaml:"articles" doc:"Folder of house articles; empty: none."`
	Fetch       Fetch       `yaml:"fetch" doc:"Manners and limits of asking sources."`
	Guard       Guard       `yaml:"guard" doc:"Protection of subscribers against floods."`
	Retention   Retention   `yaml:"retention" doc:"How long what we have read is kept."`
	Rules       Rules       `yaml:"rules" doc:"Rules for the entries of all sources, before each source's own."`
	Sources     []Source    `yaml:"sources" doc:"The feeds that we read."`
	SourcesFrom []string    `yaml:"sources_from" doc:"Files with more sources, relative to this file: lists in YAML, as under sources:, or OPML; * and ? stand for parts of names."`
	Channels    []Channel   `yaml:"channels" doc:"The feeds that we publish: /feeds/NAME.rss, .atom and .json."`
	Overrides   Overrides   `yaml:"overrides" doc:"What editors decide about single entries and stories."`
	Summary     Summary     `yaml:"summary" doc:"What needs an editor, told once a day; off while it has nowhere to go."`
	Newsletter  *Newsletter `yaml:"newsletter" doc:"The newsletter; left out: none."`

	// Warnings are findings that do not stop the configuration from being used.
	Warnings Errors `yaml:"-"`

	positions positions
}

// Site is what is said of us.
type Site struct {
	Title       string `yaml:"title" doc:"Name of the site."`
	Description string `yaml:"description" doc:"One line on what it is."`
	URL         string `yaml:"url" doc:"Public address, without a path of its own; goes into every link and into the ids of house articles."`
	Language    string `yaml:"language" doc:"Language of the site (BCP 47), as en or de-AT."`
	Timezone    string `yaml:"timezone" doc:"For dates that people read, and for days in caps, as Europe/Berlin."`
}

// Server says where we are reached.
type Server struct {
	Listen       string        `yaml:"listen" is:"address" doc:"Address of feeds and site, host:port."`
	Desk         string        `yaml:"desk" is:"address" doc:"Address of the editors' desk, metrics and health. Keep it private."`
	DeskPassword Secret        `yaml:"desk_password" doc:"Password of the desk, or the hash that newswire password makes of it; needed when its address is not of this machine alone."`
	Settle       time.Duration `yaml:"settle" min:"0" doc:"A channel is rendered again at most this often."`
}

// Fetch holds the manners and limits of asking sources.
type Fetch struct {
	Contact       string         `yaml:"contact" doc:"Page or e-mail address in our User-Agent; empty: SITE/bot."`
	Workers       int            `yaml:"workers" min:"1" max:"1024" doc:"Sources asked at once."`
	MinInterval   time.Duration  `yaml:"min_interval" min:"0" doc:"At least between two polls of one source."`
	MaxInterval   time.Duration  `yaml:"max_interval" min:"0" doc:"At most between two polls of one source."`
	HostInterval  time.Duration  `yaml:"host_interval" min:"0" doc:"At least between two requests to one host."`
	AllowNetworks []netip.Prefix `yaml:"allow_networks" doc:"Private networks that we may fetch from, as 10.1.0.0/16."`
}

// Guard protects subscribers against floods.
type Guard struct {
	FirstImport int `yaml:"first_import" min:"0" doc:"A new source publishes its newest so many; the rest are known, not shown."`
	Burst       int `yaml:"burst" min:"1" doc:"More new entries at once than this (or 3 times the usual) are held, a day at most."`
}

// Retention says how long texts are kept. What an entry is known by is kept
// for ever.
type Retention struct {
	Contents time.Duration `yaml:"contents" min:"0" doc:"Texts of other publishers' entries older than this are cut to their excerpts, as 365d, unless their source still lists them or readers still see them; 0s: never. Nothing comes back as new."`
}

// Rules are for the entries of all sources.
type Rules struct {
	Keep string `yaml:"keep" is:"expression" doc:"Expression: only entries for which it holds are published; empty: all."`
	Drop string `yaml:"drop" is:"expression" doc:"Expression: entries for which it holds are not published; empty: none."`
}

// A Source is a feed that we read.
type Source struct {
	Name      string            `yaml:"name" required:"true" doc:"Unique. Its slug is part of stored identities: renaming makes a new source."`
	URL       string            `yaml:"url" required:"true" secrets:"true" doc:"Address of the feed, http or https; ${NAME} takes a secret from the environment."`
	Schedule  string            `yaml:"schedule" doc:"Cron spec (minute hour day month weekday) or @every 20m; empty: adaptive, from the source's own rhythm."`
	Tags      []string          `yaml:"tags" doc:"In lower case, for channels and rules."`
	Keep      string            `yaml:"keep" is:"expression" doc:"Expression: only these of its entries are published."`
	Drop      string            `yaml:"drop" is:"expression" doc:"Expression: these of its entries are not published."`
	Publish   string            `yaml:"publish" enum:"link,excerpt,full" doc:"How much of an entry we republish: title and link, a short summary too, or all of its content."`
	MaxPerDay int               `yaml:"max_per_day" min:"0" doc:"Of its entries of one day, at most so many stand in a channel; 0: no limit."`
	Weight    float64           `yaml:"weight" min:"0" max:"100" doc:"Editors' trust, used when stories are ranked and led."`
	House     bool              `yaml:"house" doc:"Our own CMS's feed: treated as house articles."`
	Paused    bool              `yaml:"paused" doc:"Is not asked. What it brought stays."`
	Headers   map[string]Secret `yaml:"headers" doc:"Sent with each request to the source's own host; ${NAME} takes a secret from the environment."`

	Slug string `yaml:"-"` // of the name
	// Private is set where the address holds a secret: a password, or what
	// ${NAME} stands for. It must not be shown then.
	Private bool `yaml:"-"`
}

// A Channel is a feed that we publish.
type Channel struct {
	Name         string `yaml:"name" required:"true" doc:"In its address, /feeds/NAME.rss: lower-case letters, digits, - and _."`
	Title        string `yaml:"title" doc:"Title of the feed; empty: the name."`
	Description  string `yaml:"description" doc:"One line on what it is."`
	Where        string `yaml:"where" is:"expression" doc:"Expression: only these entries; empty: all that are published."`
	Entries      int    `yaml:"entries" min:"1" max:"1000" doc:"How many it has at most."`
	MaxPerSource int    `yaml:"max_per_source" min:"0" doc:"Of one source at most so many at once; 0: no limit."`
	MaxPerDay    int    `yaml:"max_per_day" min:"0" doc:"Of one source and one day at most so many; 0: no limit."`
	MinGap       int    `yaml:"min_gap" min:"0" max:"100" doc:"Entries of other sources between two of one source, while there are any; 0: none."`
	HouseFirst   bool   `yaml:"house_first" doc:"The house's own entries stand before all others."`
	Stories      bool   `yaml:"stories" doc:"One item per story instead of one per entry."`
}

// Overrides are what editors decide about single entries and stories.
type Overrides struct {
	Hide  []string   `yaml:"hide" doc:"Entries (URL or id) that are not published, whatever the rules say."`
	Pin   []string   `yaml:"pin" doc:"Entries (URL or id) that are published and lead their channels."`
	Merge [][]string `yaml:"merge" doc:"Lists of entries (URLs or ids) that are one story."`
	Split []string   `yaml:"split" doc:"Entries (URLs or ids) that are not part of their story."`
}

// Summary is how and when editors are told what needs them.
type Summary struct {
	At            string         `yaml:"at" is:"address" doc:"Time of day, hour:minute, in site.timezone."`
	Webhook       Secret         `yaml:"webhook" doc:"Address to which it is posted as JSON; ${NAME} takes a secret from the environment. Empty: none."`
	Command       []string       `yaml:"command" doc:"Program, and what it is called with, that gets the JSON on its standard input. No shell reads it. Empty: none."`
	AllowNetworks []netip.Prefix `yaml:"allow_networks" doc:"Private networks in which the webhook may be, as 10.1.0.0/16."`
}

// Wanted reports whether the summary has anywhere to go.
func (s *Summary) Wanted() bool { return s.Webhook.Reveal() != "" || len(s.Command) > 0 }

// Newsletter is how and when editions are sent.
type Newsletter struct {
	Schedule string `yaml:"schedule" doc:"Cron spec, in site.timezone."`
	From     string `yaml:"from" required:"true" doc:"Sender, as News <news@example.com>."`
	SMTP     Secret `yaml:"smtp" required:"true" doc:"Mail server, smtp://USER:${SMTP_PASSWORD}@HOST:587 or smtps://…"`
}

// Checks judge what the form of the file does not say. An error may have a
// method Position() (line, column int), counted from 1 within the text it
// judged; the finding is then at that place. A nil function checks nothing.
type Checks struct {
	Expression func(src string, story bool) error
	Schedule   func(spec string) error
	// Outlines reads a list of feeds that another program wrote (OPML).
	Outlines func(data []byte) ([]Outline, error)
}

// maxBytes is far above what people write, and below what would be a strain.
const maxBytes = 4 << 20

// Load reads a configuration from a file, with secrets from the environment.
// Errors that concern the file are Errors.
func Load(file string, c Checks) (*Config, error) {
	data, err := read(file)
	if err != nil {
		return nil, err
	}
	return Parse(file, data, os.LookupEnv, c)
}

func read(file string) ([]byte, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Errors{{File: file, Message: "there is no such file; --config names another"}}
	}
	if err != nil {
		return nil, Errors{{File: file, Message: pathError(err)}}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, Errors{{File: file, Message: pathError(err)}}
	}
	return data, nil
}

func pathError(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return "cannot be read: " + err.Error()
}

// Parse reads a configuration from data. Name is the file's, for findings, and
// for the files that sources_from names, which are read; env looks up the variables that ${NAME} names. If anything is wrong, the
// error is Errors with every finding, and there is no Config.
func Parse(name string, data []byte, env func(string) (string, bool), c Checks) (*Config, error) {
	root, finding := document(data)
	if finding != nil {
		finding.File = name
		return nil, Errors{*finding}
	}
	cfg := Default()
	d := newDecoder(name, data, env)
	d.document(root, &cfg)
	d.readLists(&cfg, c.Outlines)
	v := validator{decoder: d, checks: c}
	v.config(&cfg)
	findings := d.sorted()
	if findings.failed() {
		return nil, findings
	}
	cfg.Warnings = findings
	cfg.positions = d.positions(&cfg)
	return &cfg, nil
}

// Where returns the file and the place in it of what a path names, as
// `sources[3].url` or `sources[OpenAI News].drop`: of the nearest thing that
// contains it, if it is not written there; the configuration itself, 1:1, if nothing does.
func (c *Config) Where(path string) (file string, line, column int) {
	for path != "" {
		if p, ok := c.positions[path]; ok {
			return p.file, p.line, p.column
		}
		if i := strings.LastIndexAny(path, ".["); i >= 0 {
			path = path[:i]
		} else {
			path = ""
		}
	}
	top := c.positions[""]
	return top.file, top.line, top.column
}

// positions tells where each thing that is written there begins.
type positions map[string]position

type position struct {
	file         string
	line, column int
}

// positions adds to the places found those of sources and channels by name.
func (d *decoder) positions(c *Config) positions {
	all := positions{"": {d.file, 1, 1}}
	for path, node := range d.nodes {
		file := d.file
		if l, _ := d.home(path); l != nil {
			file = l.file
		}
		all[path] = position{file, node.Line, node.Column}
		for prefix, name := range map[string]func(int) string{
			"sources[":  func(i int) string { return c.Sources[i].Name },
			"channels[": func(i int) string { return c.Channels[i].Name },
		} {
			var i int
			if rest, ok := strings.CutPrefix(path, prefix); ok {
				if _, err := fmt.Sscanf(rest, "%d]", &i); err == nil {
					_, tail, _ := strings.Cut(rest, "]")
					all[prefix+name(i)+"]"+tail] = all[path]
				}
			}
		}
	}
	return all
}
