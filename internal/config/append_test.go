package config

import (
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"
)

func TestAppendSource(t *testing.T) {
	src := NewSource{Name: "New: one", URL: "https://new.example/feed?a=b", Tags: []string{"labs", "no"}, Schedule: "*/20 * * * *", Publish: "link"}
	lines := func(indent, end string) string {
		return indent + `- name: "New: one"` + end + indent + `  url: https://new.example/feed?a=b` + end +
			indent + `  schedule: "*/20 * * * *"` + end + indent + `  tags: [labs, "no"]` + end + indent + `  publish: link` + end
	}
	const flow = `{name: "New: one", url: https://new.example/feed?a=b, schedule: "*/20 * * * *", tags: [labs, "no"], publish: link}`
	tests := []struct{ name, before, after string }{
		{"an empty file", "", "sources:\n" + lines("  ", "\n")},
		{"only comments", "# hello\n", "# hello\nsources:\n" + lines("  ", "\n")},
		{"no key", "site:\n  title: x\n", "site:\n  title: x\nsources:\n" + lines("  ", "\n")},
		{"no key, no newline at the end", "a: b", "a: b\nsources:\n" + lines("  ", "\n")},
		{"a key with nothing", "sources:  # none yet\na: b\n", "sources:  # none yet\n" + lines("  ", "\n") + "a: b\n"},
		{"null", "sources: null # none\na: b\n", "sources: # none\n" + lines("  ", "\n") + "a: b\n"},
		{"an empty list", "sources: []  # none\na: b\n", "sources:  # none\n" + lines("  ", "\n") + "a: b\n"},
		{"an empty list at the end", "sources: [ ]", "sources:\n" + lines("  ", "\n")},
		{"a list", "sources:\n  - name: A\n    url: u\n", "sources:\n  - name: A\n    url: u\n" + lines("  ", "\n")},
		{"no newline at the end", "sources:\n  - name: A\n    url: u", "sources:\n  - name: A\n    url: u\n" + lines("  ", "\n")},
		{"no indentation", "sources:\n- name: A\n  url: u\nchannels: []\n", "sources:\n- name: A\n  url: u\n" + lines("", "\n") + "channels: []\n"},
		{"much indentation", "sources:\n      -   name: A\n          url: u\n", "sources:\n      -   name: A\n          url: u\n" + lines("      ", "\n")},
		{"a dash alone", "sources:\n  -\n    name: A\n    url: u\n", "sources:\n  -\n    name: A\n    url: u\n" + lines("  ", "\n")},
		{"blank lines between", "sources:\n  - name: A\n    url: u\n\n  - name: B\n    url: v\n\nchannels: []\n",
			"sources:\n  - name: A\n    url: u\n\n  - name: B\n    url: v\n\n" + lines("  ", "\n") + "\nchannels: []\n"},
		{"comments around", "sources:\n  - name: A # a\n    url: u\n    # weight: 2\n\n  # the end of sources\n\n# channels\nchannels: []\n",
			"sources:\n  - name: A # a\n    url: u\n    # weight: 2\n" + lines("  ", "\n") + "\n  # the end of sources\n\n# channels\nchannels: []\n"},
		{"a block scalar at the end", "sources:\n  - name: A\n    keep: |\n      house\n\n      # not a comment\n\nx: y\n",
			"sources:\n  - name: A\n    keep: |\n      house\n\n      # not a comment\n" + lines("  ", "\n") + "\nx: y\n"},
		{"CRLF", "sources:\r\n  - name: A\r\n    url: u\r\nx: y\r\n", "sources:\r\n  - name: A\r\n    url: u\r\n" + lines("  ", "\r\n") + "x: y\r\n"},
		{"a byte order mark", "\ufeffsources:\n  - name: é\n    url: u\n", "\ufeffsources:\n  - name: é\n    url: u\n" + lines("  ", "\n")},
		{"a flow list", "sources: [{name: \"]\", url: u}] # x\n", "sources: [{name: \"]\", url: u}, " + flow + "] # x\n"},
		{"a flow list with a comma", "sources: [\n  {name: A, url: u},\n]\n", "sources: [\n  {name: A, url: u}, " + flow + "\n]\n"},
		{"flow items in a block", "sources:\n  - {name: A, url: u}\n", "sources:\n  - {name: A, url: u}\n" + lines("  ", "\n")},
	}
	for _, test := range tests {
		got, err := AppendSource([]byte(test.before), src)
		if err != nil || string(got) != test.after {
			t.Errorf("%s: %v\ngot\n%s\nwant\n%s", test.name, err, got, test.after)
		}
	}
	for name, text := range map[string]string{
		"not YAML":         "a: [",
		"not a list":       "sources: x\n",
		"a flow mapping":   "{sources: []}\n",
		"a document's end": "a: b\n...\n",
		"a duplicate key":  "sources: []\nsources: []\n",
	} {
		if got, err := AppendSource([]byte(text), src); err == nil {
			t.Errorf("%s: edited to\n%s", name, got)
		}
	}
}

// TestAppendSourceTouchesNothingElse holds that the old file is what is left
// when the new lines are taken out, for files in many shapes.
func TestAppendSourceTouchesNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := drawFile(t)
		src := NewSource{
			Name:     rapid.StringMatching(`[A-Za-zé日#:'"\[{&*!|>%@-][ A-Za-z0-9é日#:'"\]}&*!|>%@,-]{0,20}`).Draw(t, "name"),
			URL:      "https://new.example/" + rapid.StringMatching(`[a-z0-9/?&=#%~:-]{0,12}`).Draw(t, "url"),
			Tags:     rapid.SliceOfN(rapid.StringMatching(`[a-z0-9 :#-]{1,6}`), 0, 3).Draw(t, "tags"),
			Schedule: rapid.SampledFrom([]string{"", "*/5 * * * *", "@every 20m"}).Draw(t, "schedule"),
		}
		after, err := AppendSource([]byte(before), src)
		if err != nil {
			t.Fatalf("%v\n%s", err, before)
		}
		// One insertion: a common prefix and a common suffix make the old file.
		head := 0
		for head < len(before) && before[head] == after[head] {
			head++
		}
		if !strings.HasSuffix(string(after), before[head:]) {
			t.Fatalf("more than one place changed:\n%s\n---\n%s", before, after)
		}
		var read struct{ Sources []map[string]any }
		if err := yaml.Load(after, &read); err != nil {
			t.Fatal(err)
		}
		if last := read.Sources[len(read.Sources)-1]; last["name"] != src.Name || last["url"] != src.URL {
			t.Fatalf("read as %v, want %+v", last, src)
		}
	})
}

// drawFile makes a file with at least one source in a block list.
func drawFile(t *rapid.T) string {
	var b strings.Builder
	noise := func(indent string) {
		b.WriteString(rapid.SampledFrom([]string{"", "", "\n", indent + "# a comment\n", "# at the left\n", "\n\n"}).Draw(t, "noise"))
	}
	end := rapid.SampledFrom([]string{"", "\n", "site:\n  title: after\n", "# the end"}).Draw(t, "end")
	noise("")
	if rapid.Bool().Draw(t, "before") {
		b.WriteString("fetch: {workers: 3} # three\n")
	}
	b.WriteString("sources:" + rapid.SampledFrom([]string{"", " # ours"}).Draw(t, "key comment") + "\n")
	indent := strings.Repeat(" ", rapid.IntRange(0, 4).Draw(t, "indent"))
	for i := range rapid.IntRange(1, 4).Draw(t, "sources") {
		noise(indent)
		fmt.Fprintf(&b, "%s- name: S%d é\n", indent, i)
		b.WriteString(rapid.SampledFrom([]string{
			"I  url: https://a.example/feed # x\n",
			"I  url: 'https://a.example/''feed'\n",
			"I  keep: |\nI    house # not a comment\n\nI    or words > 3\n",
			"I  keep: >-\nI    house\nI    or words > 3\n",
			"I  tags: [a,\nI    b]\n",
			"I  keep: words > 3\nI    or house\n",
			"I  headers:\nI    X-A: \"#\"\nI    # X-B: c\n",
		}).Draw(t, "field"))
	}
	text := strings.ReplaceAll(b.String(), "\nI", "\n"+indent)
	noise(indent)
	text += end
	if rapid.Bool().Draw(t, "crlf") {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}

// TestAppendSources holds that several sources at once are written as one
// after the other would be.
func TestAppendSources(t *testing.T) {
	list := []NewSource{{Name: "One", URL: "https://one.example/f"}, {Name: "Two", URL: "https://two.example/f", Tags: []string{"labs"}}, {Name: "Three", URL: "https://three.example/f"}}
	for _, before := range []string{
		"", "# hello\n", "sources:\na: b\n", "sources: []\n", "sources: [ ]", "sources: [{name: A, url: u}] # x\n", "sources: [\n  {name: A, url: u},\n]\n",
		"sources:\n- name: A\n  url: u\nchannels: []\n", "sources:\r\n  - name: A\r\n    url: u\r\nx: y\r\n",
		"sources:\n  - name: A\n    url: u\n\n  - name: B\n    url: v\n\nchannels: []\n",
	} {
		got, err := AppendSources([]byte(before), list)
		want := []byte(before)
		for _, src := range list {
			var e error
			if want, e = AppendSource(want, src); e != nil {
				t.Fatal(e)
			}
		}
		if err != nil || string(got) != string(want) {
			t.Errorf("%q: %v\ngot\n%s\nwant\n%s", before, err, got, want)
		}
	}
	if got, err := AppendSources([]byte("a: b"), nil); err != nil || string(got) != "a: b" {
		t.Errorf("no sources: %q, %v", got, err)
	}
}
