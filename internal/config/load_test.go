package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLoadFileProblems(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, bytes.Repeat([]byte("# x\n"), 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		filepath.Join(dir, "none.yaml"): "there is no such file; --config names another",
		dir:                             "cannot be read: is a directory",
		large:                           "is larger than 4 MiB",
	} {
		if _, err := Load(file, testChecks); err == nil || err.Error() != file+": "+want {
			t.Errorf("got %v, want %s: %s", err, file, want)
		}
	}
}

func TestParseBytes(t *testing.T) {
	for _, test := range []struct{ name, data, want string }{
		{"empty", "", "c.yaml: is empty: it needs sources: at least, each with name: and url:"},
		{"not UTF-8", "site:\n  title: é \xe9t\xe9\n", "c.yaml:2:12: is not valid UTF-8 here: save it as UTF-8"},
		{"UTF-16", "\xff\xfes\x00", "c.yaml:1:1: is UTF-16: save it as UTF-8"},
		{"NUL", "site:\n  t\x00", "c.yaml:2:4: has a NUL byte here: this is no text file"},
		{"deep", strings.Repeat("[", 20000), "c.yaml:1:10001: is not YAML: exceeded max depth of 10000"},
		{"a long value", "site: {language: " + strings.Repeat("x", 1000) + "}", `c.yaml:1:18: site.language: "` + strings.Repeat("x", 60) + `…" is not a language, as en or de-AT`},
		{"a value with line breaks", "database: a.db\nsite: {url: https://a.example, language: \"a\\nb\"}\n", `c.yaml:2:42: site.language: "a\nb" is not a language, as en or de-AT`},
	} {
		_, err := Parse("c.yaml", []byte(test.data), nothing, testChecks)
		if err == nil || err.Error() != test.want && !strings.HasSuffix(err.Error(), "\n"+test.want) {
			t.Errorf("%s: got %v\nwant %s", test.name, err, test.want)
		}
	}
}

func TestParseValues(t *testing.T) {
	const text = "\ufeffsite: &site\r\n  url: http://localhost:8080/\r\n" + `
server: {listen: ":9000", settle: 0s}
database: postgres://u:${PW}@h/db
fetch:
  max_interval: 1d12h
  min_interval: 0
  allow_networks: [127.0.0.0/8, "::1/128"]
sources:
  - name: 量子位 QbitAI
    url: https://a.example/feed?x=1
    tags: &tags [zh]
    weight: 0.5
    headers: {X-Token: "a${A}b${B}"}
  - name: Ärzte & Søhne's
    url: https://a.example/feed?x=2
    tags: *tags
    publish: full
channels:
newsletter:
`
	env := func(name string) (string, bool) {
		return map[string]string{"PW": "p$1w", "A": "1", "B": "2"}[name], true
	}
	cfg, err := Parse("c.yaml", []byte(text), env, testChecks)
	if err != nil {
		t.Fatal(err)
	}
	for what, ok := range map[string]bool{
		"site.url":             cfg.Site.URL == "http://localhost:8080",
		"fetch.contact":        cfg.Fetch.Contact == "http://localhost:8080/bot",
		"server":               cfg.Server.Listen == ":9000" && cfg.Server.Settle == 0 && cfg.Server.Desk == Default().Server.Desk,
		"database":             cfg.Database.Reveal() == "postgres://u:p$1w@h/db",
		"fetch":                cfg.Fetch.MaxInterval == 36*time.Hour && cfg.Fetch.MinInterval == 0,
		"fetch.allow_networks": fmt.Sprint(cfg.Fetch.AllowNetworks) == "[127.0.0.0/8 ::1/128]",
		"sources[0]":           cfg.Sources[0].Slug == "qbitai" && cfg.Sources[0].Weight == 0.5 && cfg.Sources[0].Publish == "excerpt",
		"headers":              cfg.Sources[0].Headers["X-Token"].Reveal() == "a1b2",
		"sources[1]":           cfg.Sources[1].Slug == "arzte-sohnes" && cfg.Sources[1].Tags[0] == "zh" && cfg.Sources[1].Weight == 1,
		"channels":             len(cfg.Channels) == 1 && cfg.Channels[0].Name == "all" && cfg.Channels[0].Entries == 50,
		"newsletter":           cfg.Newsletter == nil,
		"warnings":             len(cfg.Warnings) == 0,
	} {
		if !ok {
			t.Errorf("%s is not what the file says: %+v", what, cfg)
		}
	}
}

func TestWhere(t *testing.T) {
	const text = `site: {url: https://a.example}
sources:
  - name: A. B
    url: https://a.example/feed

  - name: C
    url: https://c.example/feed
    headers:
      X-A: b
`
	cfg, err := Parse("c.yaml", []byte(text), nothing, testChecks)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"site.url":               "1:13",
		"sources":                "3:3",
		"sources[1]":             "6:5",
		"sources[1].url":         "7:10",
		"sources[C].url":         "7:10",
		"sources[A. B]":          "3:5",
		"sources[A. B].drop":     "3:5", // not written: its source's
		"sources[1].headers.X-A": "9:12",
		"fetch.workers":          "1:1",
		"no such":                "1:1",
	} {
		if _, line, column := cfg.Where(path); fmt.Sprintf("%d:%d", line, column) != want {
			t.Errorf("%s is at %d:%d, want %s", path, line, column, want)
		}
	}
}

func TestWarnings(t *testing.T) {
	const text = `sources:
  - name: A
    url: http://a.example/feed
    headers: {Authorization: x}
fetch: {allow_networks: [0.0.0.0/0]}
overrides: {split: [https://a.example/1]}
newsletter: {from: a@example.com, smtp: "smtp://h:25"}
`
	cfg, err := Parse("c.yaml", []byte(text), nothing, testChecks)
	if err != nil {
		t.Fatal(err)
	}
	const want = `c.yaml:1:1: site.url: warning: is not set: links, and the ids of house articles, will say http://127.0.0.1:8080
c.yaml:4:30: sources[0].headers.Authorization: warning: is sent readable for all: the source's url is http, not https
c.yaml:5:26: fetch.allow_networks[0]: warning: opens every private network to what feeds link to
c.yaml:6:20: overrides.split: warning: stories are not built yet: this does nothing
c.yaml:7:13: newsletter: warning: the newsletter is not built yet: nothing is sent`
	if got := cfg.Warnings.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if cfg.Site.URL != "http://127.0.0.1:8080" || cfg.Newsletter.Schedule != "0 7 * * 1-5" {
		t.Errorf("derived: %+v %+v", cfg.Site, cfg.Newsletter)
	}
}

// TestSecretsAreNotPrinted formats a whole configuration in every way.
func TestSecretsAreNotPrinted(t *testing.T) {
	const text = "site: {url: https://a.example}\ndatabase: postgres://u:hunter2@h/db\nserver: {desk_password: hunter2}\n" +
		"sources: [{name: A, url: https://a.example/feed, headers: {X-A: hunter2}}]\n"
	cfg, err := Parse("c.yaml", []byte(text), nothing, testChecks)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", *cfg)
		fmt.Fprintf(&out, verb+"\n", cfg.Database)
	}
	data, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(data)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "config", cfg, "secret", cfg.Database)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "config", cfg, "secret", cfg.Database)
	if strings.Contains(out.String(), "hunter2") || strings.Contains(out.String(), "68756e74657232") {
		t.Errorf("a secret was printed:\n%s", out.String())
	}
	if cfg.Server.DeskPassword.String() != "•••" || NewSecret("").String() != "" {
		t.Error("a secret does not say that it is there")
	}
}

// TestFindingsDoNotPrintSecrets breaks a file around its secrets.
func TestFindingsDoNotPrintSecrets(t *testing.T) {
	env := func(string) (string, bool) { return "hunter2\n", true }
	for _, text := range []string{
		"database: mysql://u:${PW}@h/db\n",
		"database: postgres:${PW}\n",
		"database: [\"${PW}\"]\n",
		"sources: [{name: A, url: https://u:hunter2@h/, headers: {X-A: \"${PW}\"}}]\n",
		"sources: [{name: A, url: https://a.example/, headers: \"${PW}\"}]\n",
		"newsletter: {smtp: \"${PW}\"}\n",
		"summary: {webhook: \"${PW}\"}\n",
		"summary: {webhook: \"https://h:x/${PW}\"}\n",
	} {
		_, err := Parse("c.yaml", []byte(text), env, testChecks)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestSlug(t *testing.T) {
	for name, want := range map[string]string{
		"OpenAI News":        "openai-news",
		"  The  Verge – AI ": "the-verge-ai",
		"Lil'Log":            "lillog",
		"Straße Ægir Łódź":   "strasse-aegir-lodz",
		"ＡＩ・ニュース":            "ai",
		"arXiv cs.AI":        "arxiv-cs-ai",
		"机器之心":               "source-bf2e0de4",
		"r/MachineLearning":  "r-machinelearning",
		"İstanbul AI":        "istanbul-ai",
		"10³ papers":         "103-papers",
	} {
		if got := Slug(name); got != want {
			t.Errorf("Slug(%q) is %q, want %q", name, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"site: {url: https://a.example}\nsources:\n  - name: A\n    url: https://a.example/\n    keep: |\n      odd\n",
		"a: &a [*a]\n", "sources: [{}]\n", "database: \"${A\"\n", "rules: {keep: \"\\u00e9\\\n  odd\"}\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := Parse("c.yaml", data, nothing, testChecks)
		if (cfg == nil) == (err == nil) {
			t.Fatalf("config %v, error %v", cfg, err)
		}
		if all, ok := err.(Errors); err != nil && (!ok || !all.failed()) {
			t.Fatalf("the error is no finding: %v", err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\x00\r") {
			t.Fatalf("raw bytes in a message: %q", err.Error())
		}
		if edited, err := AppendSource(data, NewSource{Name: "N", URL: "https://n.example/"}); err == nil && !bytes.Contains(edited, []byte("n.example")) {
			t.Fatalf("nothing was added: %q", edited)
		}
	})
}

// TestPrivate holds that an address with a secret in it is known as such.
func TestPrivate(t *testing.T) {
	const file = `sources:
  - {name: Open, url: "https://a.example/feed?x=1"}
  - {name: Path, url: "https://b.example/${TOKEN}/feed"}
  - {name: Query, url: "https://c.example/feed?auth=${TOKEN}"}
  - {name: Password, url: "https://me:pass@d.example/feed"}
`
	c, err := Parse("config.yaml", []byte(file), func(string) (string, bool) { return "t0ps3cret", true }, Checks{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{false, true, true, true} {
		if got := c.Sources[i]; got.Private != want {
			t.Errorf("%s: private is %v, want %v", got.Name, got.Private, want)
		}
	}
}
