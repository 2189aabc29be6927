package config_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"newswire/internal/config"
	"newswire/internal/curate"
	"newswire/internal/poll"
)

var update = flag.Bool("update", false, "write config.schema.json anew")

// realChecks are those that the program uses.
var realChecks = config.Checks{
	Expression: func(src string, story bool) error {
		kind := curate.Entry
		if story {
			kind = curate.Story
		}
		return curate.Check(src, kind)
	},
	Schedule: func(spec string) error {
		_, err := poll.ParseSchedule(spec, time.UTC)
		return err
	},
}

const shipped = "../../config.yaml"

func loadShipped(t *testing.T) *config.Config {
	t.Helper()
	cfg, err := config.Load(shipped, realChecks)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestShippedConfig holds that the file that we ship is right and does what
// it is shipped for.
func TestShippedConfig(t *testing.T) {
	cfg := loadShipped(t)
	if len(cfg.Warnings) > 0 {
		t.Errorf("warnings:\n%v", cfg.Warnings)
	}
	if len(cfg.Sources) < 60 {
		t.Errorf("%d sources, want 60", len(cfg.Sources))
	}
	tags := map[string]int{}
	for _, s := range cfg.Sources {
		for _, tag := range s.Tags {
			tags[tag]++
		}
	}
	channels := map[string]config.Channel{}
	for _, c := range cfg.Channels {
		if c.Title == "" || c.Description == "" {
			t.Errorf("channel %s has no title or no description", c.Name)
		}
		channels[c.Name] = c
	}
	for tag := range tags {
		if want := `"` + tag + `" in tags`; channels[tag].Where != want {
			t.Errorf("tag %s has no channel of its own", tag)
		}
	}
	if channels["house"].Where != "house" || channels["all"].Where != "" {
		t.Error("the channels all and house are not what they should be")
	}
}

// TestShippedConfigIsTheManual holds that every key stands in the file, and
// that what it says beside sources and channels is the default.
func TestShippedConfigIsTheManual(t *testing.T) {
	data, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(string(data), "\n"); first != "# yaml-language-server: $schema=./config.schema.json" {
		t.Errorf("the first line names no schema: %s", first)
	}
	for _, path := range keyPaths(reflect.TypeFor[config.Config](), "") {
		key := path[strings.LastIndex(path, ".")+1:]
		if !regexp.MustCompile(`(?m)^[ #]*(- )?` + key + `:`).Match(data) {
			t.Errorf("%s does not stand in config.yaml", path)
		}
	}
	cfg, want := *loadShipped(t), config.Default()
	want.Site.URL, want.Fetch.Contact = cfg.Site.URL, cfg.Site.URL+"/bot"
	ignore := cmpopts.IgnoreFields(config.Config{}, "Sources", "Channels")
	secrets := cmp.Comparer(func(a, b config.Secret) bool { return a.Reveal() == b.Reveal() })
	if diff := cmp.Diff(want, cfg, ignore, secrets, cmpopts.EquateEmpty(), cmpopts.EquateComparable(), cmpopts.IgnoreUnexported(config.Config{})); diff != "" {
		t.Errorf("config.yaml is not the default (-default +file):\n%s", diff)
	}
}

// keyPaths are all keys below a type.
func keyPaths(t reflect.Type, prefix string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var all []string
	for f := range t.Fields() {
		key := f.Tag.Get("yaml")
		if key == "" || key == "-" {
			continue
		}
		all = append(all, prefix+key)
		all = append(all, keyPaths(f.Type, prefix+key+".")...)
	}
	return all
}

// TestManualExamples reads what stands in comments of config.yaml as if it
// stood there.
func TestManualExamples(t *testing.T) {
	data, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	_, source, ok := strings.Cut(string(data), "# What we read. A source may say:\n#\n")
	source, _, ok2 := strings.Cut(source, "\n#\n")
	_, newsletter, ok3 := strings.Cut(string(data), "\n# newsletter:\n")
	if !ok || !ok2 || !ok3 {
		t.Fatal("the examples are not where they were")
	}
	text := "site: {url: https://a.example}\nsources:\n" + uncomment(source) + "\nnewsletter:\n" + uncomment(newsletter)
	text += "server:\n  desk_password: ${DESK_PASSWORD}\n"
	env := func(name string) (string, bool) { return "secret-of-" + name, true }
	cfg, err := config.Parse("config.yaml", []byte(text), env, realChecks)
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	if len(cfg.Sources) != 1 || cfg.Newsletter == nil || cfg.Sources[0].Headers["Authorization"].Reveal() != "Bearer secret-of-FEED_TOKEN" {
		t.Errorf("the examples say something else: %+v", cfg)
	}
	if n := len(keyPaths(reflect.TypeFor[config.Source](), "")); strings.Count(source, "\n")+1 != n {
		t.Errorf("the example of a source has %d lines, a source %d keys", strings.Count(source, "\n")+1, n)
	}
}

func uncomment(s string) string {
	return regexp.MustCompile(`(?m)^# ?`).ReplaceAllString(s, "")
}

// TestSchema holds that the committed schema is that of the types.
func TestSchema(t *testing.T) {
	const file = "../../config.schema.json"
	want := config.Schema()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("config.schema.json is not what the types say: go test ./internal/config -run TestSchema -update")
	}
}

// TestRealChecksSayWhere holds that the position of a mistake in an
// expression becomes one in the file.
func TestRealChecksSayWhere(t *testing.T) {
	const text = `site: {url: https://a.example}
sources:
  - name: A
    url: https://a.example/feed
    keep: house or titel contains "x"
    schedule: "61 * * * *"
channels:
  - name: top
    where: 'sources >= "2"'
    stories: true
  - name: plain
    where: sources >= 2
`
	_, err := config.Parse("config.yaml", []byte(text), os.LookupEnv, realChecks)
	all, ok := errors.AsType[config.Errors](err)
	if !ok {
		t.Fatal(err)
	}
	for i, want := range []string{
		`config.yaml:5:20: sources[0].keep: unknown name "titel"; did you mean "title"?`,
		`config.yaml:6:15: sources[0].schedule: `,
		`config.yaml:9:21: channels[0].where: invalid operation: >= (mismatched types int and string)`,
		`config.yaml:10:14: channels[0].stories: warning: stories are not built yet: this channel stays empty`,
		`config.yaml:12:12: channels[1].where: unknown name "sources": only a channel with stories: true has it`,
	} {
		if i >= len(all) || !strings.HasPrefix(all[i].String(), want) {
			t.Errorf("finding %d of %v\nwant %s", i, err, want)
		}
	}
}
