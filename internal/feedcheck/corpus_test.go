package feedcheck

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// corpusDir holds the validator's own test documents.
const corpusDir = "../../../shared/corpus"

// agreement is how often, of a hundred, we must agree with the validator about
// the rules that are implemented here. Raise it when it rises.
const agreement = 98

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

// ours reports whether a document is of a format that is judged here.
func ours(doc []byte) bool {
	if bytes.Contains(doc, []byte("http://purl.org/atom/ns#")) { // Atom 0.3
		return false
	}
	return bytes.Contains(doc, []byte("<rss")) || bytes.Contains(doc, []byte("http://www.w3.org/2005/Atom"))
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
		if present == one.Checks.Present {
			perRule[one.Checks.Message].agree++
			total.agree++
		} else {
			t.Logf("%s: %s expected %v; found %v", name, one.Checks.Message, one.Checks.Present, findings)
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
	if rate < agreement {
		t.Errorf("agreement is %.1f %%, was %d %%", rate, agreement)
	}
}
