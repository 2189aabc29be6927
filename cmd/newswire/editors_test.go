package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

const manual = "../../docs/editors.md"

// A recipe is a fenced block of the manual, or a note to this test.
type recipe struct {
	line  int
	kind  string // of the block: console, yaml …
	about string // what stands behind the kind
	text  []string
}

// readManual returns the manual's blocks in order. A comment <!-- test: … -->
// is a command that prepares what follows.
func readManual(t *testing.T) (blocks []recipe) {
	t.Helper()
	data, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	open := false
	for i, line := range strings.Split(string(data), "\n") {
		switch info, fence := strings.CutPrefix(line, "```"); {
		case fence && !open:
			kind, about, _ := strings.Cut(info, " ")
			blocks = append(blocks, recipe{line: i + 1, kind: kind, about: about})
			open = true
		case fence:
			open = false
		case open:
			last := &blocks[len(blocks)-1]
			last.text = append(last.text, line)
		case strings.HasPrefix(line, "<!-- test: "):
			command := strings.TrimSuffix(strings.TrimPrefix(line, "<!-- test: "), " -->")
			kind := "console"
			if command == "serve" {
				kind = "serve"
			}
			blocks = append(blocks, recipe{line: i + 1, kind: kind, text: []string{"$ " + command}})
		}
	}
	return blocks
}

// TestEditorsManual runs the commands of docs/editors.md, in order, in one
// newsroom. Each must end as the manual says (a block marked "wrong" ends with
// 1), and print the lines that the manual shows, in their order; … stands for
// anything. YAML that the manual shows for a file stands in that file.
func TestEditorsManual(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	origin := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(dir, "origin"))))
	defer origin.Close()
	unpack(t, dir, origin.URL)
	commands := 0
	for _, block := range readManual(t) {
		switch block.kind {
		case "serve":
			serveWorkspace(t, dir)
		case "console":
			commands += runRecipe(t, dir, origin.URL, block)
		case "yaml":
			if block.about != "" {
				checkShown(t, filepath.Join(dir, block.about), origin.URL, block)
			}
		}
	}
	if commands < 20 {
		t.Errorf("only %d commands were run: the manual is read wrongly", commands)
	}
}

// unpack writes the newsroom. Addresses of feeds lead to the origin; links
// within feeds stay as they are.
func unpack(t *testing.T, dir, origin string) {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "editors", "workspace.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		file := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(atOrigin(string(f.Data), origin)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var feedAddress = regexp.MustCompile(`https?://lab\.example(/(?:[a-z]+\.(?:xml|atom))?)(["<\s]|$)`)

// atOrigin puts the origin in the place of the addresses that are asked.
func atOrigin(s, origin string) string {
	return feedAddress.ReplaceAllString(s, origin+"$1$2")
}

// A step is one command of a recipe, and what it prints.
type step struct {
	command string
	want    []string
}

func (r recipe) steps() (list []step) {
	for _, line := range r.text {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			list = append(list, step{command: command})
		} else if strings.TrimSpace(line) != "" && len(list) > 0 {
			last := &list[len(list)-1]
			last.want = append(last.want, line)
		}
	}
	return list
}

// looks are commands that change nothing. They are tried again for a while:
// what the daemon does in the background takes a moment.
var looks = regexp.MustCompile(`^newswire (--config \S+ )?(why|sources|plan|preview|check)\b`)

// runRecipe runs a block's commands and returns how many those were.
func runRecipe(t *testing.T, dir, origin string, block recipe) (commands int) {
	t.Helper()
	for _, s := range block.steps() {
		var problem string
		for end := time.Now().Add(15 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			if problem = s.try(dir, origin, block.about == "wrong"); problem == "" || !looks.MatchString(s.command) || time.Now().After(end) {
				break
			}
		}
		if problem != "" {
			t.Fatalf("%s:%d: %s: %s", manual, block.line, s.command, problem)
		}
		commands++
	}
	return commands
}

// try runs the command and says what is not as the manual has it.
func (s step) try(dir, origin string, wrong bool) string {
	cmd := exec.Command("sh", "-c", atOrigin(s.command, origin))
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "NO_COLOR=1")
	printed, err := cmd.CombinedOutput()
	output := strings.ReplaceAll(string(printed), origin, "https://lab.example")
	if code := cmd.ProcessState.ExitCode(); code != exitDone && code != exitWrong || wrong != (code == exitWrong) {
		return fmt.Sprintf("%v\n%s", err, output)
	}
	rest := output
	for _, line := range s.want {
		at := pattern(line).FindStringIndex(rest)
		if at == nil {
			return fmt.Sprintf("no line %q in what is printed, or not in this place:\n%s", line, output)
		}
		rest = rest[at[1]:]
	}
	return ""
}

// serveWorkspace runs the daemon in the newsroom until the test ends.
func serveWorkspace(t *testing.T, dir string) {
	t.Helper()
	args := []string{"serve"}
	for _, flag := range []string{"--listen", "--desk"} {
		address, err := freeAddress()
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, flag, address)
	}
	daemon := exec.Command("newswire", args...)
	var log bytes.Buffer
	daemon.Dir, daemon.Stderr = dir, &log
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		daemon.Process.Signal(os.Interrupt)
		if err := daemon.Wait(); err != nil {
			t.Errorf("the daemon: %v\n%s", err, &log)
		}
	})
}

// pattern matches a line as the manual shows it: runs of blanks count as one,
// and … stands for anything.
func pattern(line string) *regexp.Regexp {
	words := strings.Fields(line)
	for i, w := range words {
		words[i] = strings.ReplaceAll(regexp.QuoteMeta(w), "…", ".*")
	}
	return regexp.MustCompile(`(?m)^ *` + strings.Join(words, ` +`) + ` *$`)
}

// checkShown holds that YAML of the manual stands in a file of the newsroom.
func checkShown(t *testing.T, file, origin string, block recipe) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text := atOrigin(strings.Join(block.text, "\n")+"\n", origin); !strings.Contains("\n"+string(data), "\n"+text) {
		t.Errorf("%s:%d: this does not stand in %s:\n%s", manual, block.line, filepath.Base(file), text)
	}
}
