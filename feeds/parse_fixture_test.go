package feeds

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var updateFixtures = flag.Bool("update-parse", false, "write what is read into the fixtures of testdata/parse")

// TestParseFixtures holds the mapping of each format to the model. A fixture
// says in a comment what it shows and all that must be read of it.
func TestParseFixtures(t *testing.T) {
	files, _ := filepath.Glob("testdata/parse/*")
	if len(files) < 8 {
		t.Fatalf("only %d fixtures", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			doc, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f, err := Parse(bytes.NewReader(doc), ParseOptions{Base: mustURL("https://doc.test/dir/feed.atom")})
			if err != nil {
				t.Fatal(err)
			}
			checkFeed(t, f)
			want := fixtureWant(t, file, doc, f)
			got := fixtureLines(f)
			if *updateFixtures {
				fixtureUpdate(t, file, doc, got)
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

const fixtureMark = "Expect:\n"

// fixtureWant returns the lines that a fixture expects.
func fixtureWant(t *testing.T, file string, doc []byte, f *Feed) []string {
	t.Helper()
	if filepath.Ext(file) == ".json" {
		var o struct {
			Test struct{ Expect []string } `json:"_test"`
		}
		if err := json.Unmarshal(doc, &o); err != nil {
			t.Fatal(err)
		}
		delete(f.Extension, "_test")
		return o.Test.Expect
	}
	_, rest, ok := strings.Cut(string(doc), fixtureMark)
	rest, _, closed := strings.Cut(rest, "-->")
	if !ok || !closed {
		t.Fatal("the fixture does not say what it expects")
	}
	return strings.Split(strings.TrimSpace(rest), "\n")
}

func fixtureUpdate(t *testing.T, file string, doc []byte, lines []string) {
	t.Helper()
	var out []byte
	if filepath.Ext(file) == ".json" {
		var list bytes.Buffer
		e := json.NewEncoder(&list)
		e.SetEscapeHTML(false)
		e.SetIndent("    ", "  ")
		if err := e.Encode(lines); err != nil {
			t.Fatal(err)
		}
		before, rest, _ := strings.Cut(string(doc), `"expect": [`)
		_, after, _ := strings.Cut(rest, "]},\n  \"version\"")
		out = []byte(before + `"expect": ` + strings.TrimSpace(list.String()) + "},\n  \"version\"" + after)
	} else {
		before, rest, _ := strings.Cut(string(doc), fixtureMark)
		_, after, _ := strings.Cut(rest, "-->")
		out = []byte(before + fixtureMark + strings.Join(lines, "\n") + "\n-->" + after)
	}
	if err := os.WriteFile(file, out, 0o644); err != nil {
		t.Fatal(err)
	}
}

// fixtureLines returns every field of a feed that is not zero, one a line.
func fixtureLines(f *Feed) []string {
	var lines []string
	fixtureWalk(&lines, "", reflect.ValueOf(*f))
	return lines
}

func fixtureWalk(lines *[]string, name string, v reflect.Value) {
	if v.IsZero() {
		return
	}
	if t, ok := v.Interface().(time.Time); ok {
		*lines = append(*lines, name+": "+t.Format(time.RFC3339Nano))
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		fixtureWalk(lines, name, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			fixtureWalk(lines, strings.TrimPrefix(name+"."+v.Type().Field(i).Name, "."), v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			at := fmt.Sprintf("%s[%d]", name, i)
			if v.Index(i).IsZero() {
				*lines = append(*lines, fmt.Sprintf("%s: %v", at, v.Index(i).Interface()))
			}
			fixtureWalk(lines, at, v.Index(i))
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			fixtureWalk(lines, name+"."+k.String(), v.MapIndex(k))
		}
	case reflect.String:
		// A comment may not hold two hyphens in a row.
		*lines = append(*lines, name+": "+strings.ReplaceAll(fmt.Sprintf("%q", v.String()), "--", `-\x2d`))
	default:
		*lines = append(*lines, fmt.Sprintf("%s: %v", name, v.Interface()))
	}
}
