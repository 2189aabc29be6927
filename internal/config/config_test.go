package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// nothing is an environment without variables.
func nothing(string) (string, bool) { return "", false }

// odd is an error at a place, as the checks of expressions give.
type odd struct{ line, column int }

func (odd) Error() string          { return "the word odd is odd" }
func (o odd) Position() (int, int) { return o.line, o.column }

// testChecks stands for the real checks: an expression must not hold the word
// odd, a schedule must have five fields.
var testChecks = Checks{
	Expression: func(src string, _ bool) error {
		for i, line := range strings.Split(src, "\n") {
			if at := strings.Index(line, "odd"); at >= 0 {
				return odd{i + 1, len([]rune(line[:at])) + 1}
			}
		}
		return nil
	},
	Schedule: func(spec string) error {
		if len(strings.Fields(spec)) != 5 {
			return errors.New("a schedule has five fields")
		}
		return nil
	},
}

// TestBad reads each broken configuration of testdata/bad. Its first comment
// lines hold the exact findings, without the file's name: all of them.
func TestBad(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d broken configurations, %v: want 50", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for line := range strings.Lines(string(data)) {
				text, ok := strings.CutPrefix(line, "#! ")
				if !ok {
					break
				}
				want = append(want, "config.yaml:"+strings.TrimRight(text, "\n"))
			}
			cfg, err := Parse("config.yaml", data, nothing, testChecks)
			if cfg != nil || err == nil {
				t.Fatal("it was read without an error")
			}
			if got := err.Error(); got != strings.Join(want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
			}
		})
	}
}
