package feedcheck

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// corpusDir holds the validator's own test documents.
const corpusDir = "../../../shared/corpus"

// differs are the documents of which the validator says something else, and
// why. Every other one must agree.
var differs = map[string]string{
	"atom/3.1.1.3/bogus_mathml_attr.xml":         "MathML is not judged",
	"atom/3.1.1.3/bogus_mathml_element.xml":      "MathML is not judged",
	"atom/3.1.1.3/bogus_svg_attr.xml":            "SVG is not judged",
	"atom/6.1/license-entry-invaliduri.xml":      "creativeCommons is not judged",
	"rss/must/invalid_blogChannel_blink.xml":     "blogChannel is not judged",
	"rss/must/multiple_admin_errorReportsTo.xml": "admin is not judged",
	"rss/must/multiple_admin_generatorAgent.xml": "admin is not judged",
	"rss/must/rss20_trackback_invalid_about.xml": "trackback is not judged",
	"rss/must/rss20_trackback_invalid_ping.xml":  "trackback is not judged",
}

// corpusCase is one document with what the validator says of it.
type corpusCase struct {
	Path   string
	Suite  string
	Checks struct {
		Message string                           `json:"validator.message"`
		Present bool                             `json:"validator.present"`
		Params  struct{ Parent, Element string } `json:"validator.params"`
	}
}

// corpusTime is when the documents are judged.
var corpusTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// meets reports whether a finding is the one that a case is about. Where the
// validator must not find something, that is about one element.
func (one corpusCase) meets(f Finding) bool {
	where := one.Checks.Params.Element
	if parent := one.Checks.Params.Parent; parent != "" && f.Rule != "MissingElement" {
		where = parent + "/" + where
	}
	about := one.Checks.Present || strings.Contains(f.Message, where)
	return f.Is(one.Checks.Message) && about
}

// unjudged are the folders of extensions whose elements are not judged here.
var unjudged = []string{"ext/access/", "ext/feedburner/", "ext/georss/", "ext/itunes/", "ext/meta/"}

// corpusCases reads what the validator says of RSS 2.0 and Atom 1.0 documents
// about rules that are implemented here.
func corpusCases(t *testing.T) []corpusCase {
	f, err := os.Open(filepath.Join(corpusDir, "EXPECT.jsonl"))
	if err != nil {
		t.Skip("SKIPPED: the validator's test documents are not beside this checkout: ", err)
	}
	defer f.Close()
	var cases []corpusCase
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var one corpusCase
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		_, implemented := rules[one.Checks.Message]
		general := one.Checks.Message == "Error" || one.Checks.Message == "Warning"
		if one.Suite == "feedvalidator" && (implemented || general) {
			cases = append(cases, one)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

var rootElement = regexp.MustCompile(`<(rss|(\w+:)?feed)[\s>]`)

// ours reports whether a document is of a format that is judged here.
func ours(doc []byte) bool {
	atom03 := bytes.Contains(doc, []byte("http://purl.org/atom/ns#"))
	rss11 := bytes.Contains(doc, []byte("http://purl.org/net/rss1.1#"))
	return !atom03 && !rss11 && rootElement.Match(doc)
}

// TestAgainstValidator compares findings with those of the W3C feed validator
// on its own test documents, rule by rule.
func TestAgainstValidator(t *testing.T) {
	type tally struct{ agree, all int }
	perRule := map[string]*tally{}
	var total tally
	for _, one := range corpusCases(t) {
		doc, err := os.ReadFile(filepath.Join(corpusDir, one.Path))
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(one.Path, "feeds/feedvalidator/")
		if !ours(doc) || slices.ContainsFunc(unjudged, func(dir string) bool { return strings.HasPrefix(name, dir) }) {
			continue
		}
		findings := Checker{SelfURL: "http://www.feedvalidator.org/testcases/" + name, Now: corpusTime}.Check(doc)
		present := slices.ContainsFunc(findings, one.meets)
		if perRule[one.Checks.Message] == nil {
			perRule[one.Checks.Message] = &tally{}
		}
		perRule[one.Checks.Message].all++
		total.all++
		agrees := present == one.Checks.Present
		if agrees {
			perRule[one.Checks.Message].agree++
			total.agree++
		}
		if _, known := differs[name]; known == agrees {
			t.Errorf("%s: %s expected %v; found %v", name, one.Checks.Message, one.Checks.Present, findings)
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(perRule)) {
		fmt.Fprintf(t.Output(), "%-34s %3d of %3d\n", rule, perRule[rule].agree, perRule[rule].all)
	}
	rate := 100 * float64(total.agree) / float64(max(total.all, 1))
	t.Logf("agreement: %d of %d, %.1f %%", total.agree, total.all, rate)
	if total.all < 300 {
		t.Errorf("only %d documents compared: the test is broken", total.all)
	}
}
