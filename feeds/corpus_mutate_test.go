package feeds

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// corpusClean returns real feeds of the corpus that need no mending, and where
// their entries stand.
func corpusClean(t *testing.T) (docs [][]byte, reports []*guardReport, names []string) {
	t.Helper()
	dir := corpusDir(t)
	for _, o := range corpusLines[map[string]any](t, filepath.Join(dir, "ORACLE.jsonl")) {
		path, _ := o["path"].(string)
		doc, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if doc, err = normalize(doc, ""); err != nil {
			continue
		}
		at, kind, err := parseRoot(doc, 0)
		if err != nil {
			continue // JSON
		}
		if bytes.Contains(doc, []byte("/rss/sse\"")) {
			continue // Simple Sharing Extensions: items within items are other versions of them
		}
		if r := guard(doc, at, kind); r.clean() && len(r.entries) > 1 && len(doc) < 80<<10 {
			docs, reports, names = append(docs, doc), append(reports, r), append(names, path)
		}
	}
	if len(docs) < 100 {
		t.Fatalf("only %d documents", len(docs))
	}
	return docs, reports, names
}

// TestCorpusTruncated cuts real feeds anywhere: all entries that are complete
// must be kept, and no other.
func TestCorpusTruncated(t *testing.T) {
	sequential(t)
	docs, reports, names := corpusClean(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for i, doc := range docs {
		r := reports[i]
		first, last := r.entries[0].start, r.entries[len(r.entries)-1].end
		for range 4 {
			at := first + rng.IntN(last-first)
			whole := 0
			for _, e := range r.entries {
				if e.end <= at {
					whole++
				}
			}
			f, err := Parse(bytes.NewReader(doc[:at]), ParseOptions{})
			var mal *MalformedError
			if !errors.As(err, &mal) || !mal.Truncated {
				t.Errorf("%s cut at %d: error %v", names[i], at, err)
			}
			if f == nil || len(f.Entries) != whole {
				t.Errorf("%s cut at %d: %d entries, want %d (%v)", names[i], at, lenEntries(f), whole, err)
			}
		}
	}
}

func lenEntries(f *Feed) int {
	if f == nil {
		return -1
	}
	return len(f.Entries)
}

// TestCorpusBroken breaks one entry of real feeds in many ways: no other may
// be lost.
func TestCorpusBroken(t *testing.T) {
	sequential(t)
	docs, reports, names := corpusClean(t)
	rng := rand.New(rand.NewPCG(3, 4))
	lost, broken, changed := 0, 0, 0
	for i, doc := range docs {
		r := reports[i]
		whole, err := Parse(bytes.NewReader(doc), ParseOptions{})
		if err != nil || len(whole.Entries) != len(r.entries) {
			continue // an entry is too long for us
		}
		for _, how := range corpusBreaks {
			victim := rng.IntN(len(r.entries))
			e := r.entries[victim]
			mutant := how.breaks(doc, e.scanSpan, rng)
			if mutant == nil {
				continue
			}
			f, err := Parse(bytes.NewReader(mutant), ParseOptions{})
			broken++
			n := len(r.entries)
			if f == nil || len(f.Entries) < n-1 {
				t.Errorf("%s, entry %d, %s: %d of %d entries (%v)", names[i], victim, how.name, lenEntries(f), n, err)
				continue
			}
			if len(f.Entries) == n-1 {
				lost++
				continue
			}
			if len(f.Entries) > n {
				t.Errorf("%s, entry %d, %s: %d entries, there were %d", names[i], victim, how.name, len(f.Entries), n)
				continue
			}
			for j := range f.Entries {
				got, want := f.Entries[j], whole.Entries[j]
				same := got.GUID == want.GUID && got.Title == want.Title && got.Link == want.Link && got.Published.Equal(want.Published)
				switch {
				case same:
				case j == victim && got.GUID == want.GUID && got.Link == want.Link:
				case j == victim:
					changed++
					if testing.Verbose() {
						t.Logf("%s, %s: guid %.60q was %.60q, link %.60q was %.60q", names[i], how.name, got.GUID, want.GUID, got.Link, want.Link)
					}
				default:
					t.Errorf("%s, entry %d, %s: entry %d is another: %q %q", names[i], victim, how.name, j, got.Title, got.GUID)
				}
			}
		}
	}
	t.Logf("%d entries broken: %d lost, %d came with another guid or link", broken, lost, changed)
	if lost > 0 || changed*5 > broken {
		t.Error("more was lost than before")
	}
}

var corpusBreaks = []struct {
	name   string
	breaks func(doc []byte, e scanSpan, rng *rand.Rand) []byte
}{
	{"an end tag is missing", func(doc []byte, e scanSpan, rng *rand.Rand) []byte {
		t, ok := corpusTag(doc, e, scanEnd, rng)
		if !ok {
			return nil
		}
		return splice(doc, t.start, t.end, "")
	}},
	{"an end tag has another name", func(doc []byte, e scanSpan, rng *rand.Rand) []byte {
		t, ok := corpusTag(doc, e, scanEnd, rng)
		if !ok {
			return nil
		}
		return splice(doc, t.name.start, t.name.end, "wrong")
	}},
	{"a start tag is missing", func(doc []byte, e scanSpan, rng *rand.Rand) []byte {
		t, ok := corpusTag(doc, e, scanStart, rng)
		if !ok {
			return nil
		}
		return splice(doc, t.start, t.end, "")
	}},
	{"a section does not end", func(doc []byte, e scanSpan, rng *rand.Rand) []byte {
		i := bytes.Index(e.of(doc), scanCDATAEnd)
		if i < 0 {
			return nil
		}
		return splice(doc, e.start+i, e.start+i+3, "")
	}},
	{"a bare bracket", func(doc []byte, e scanSpan, rng *rand.Rand) []byte {
		t, ok := corpusTag(doc, e, scanEnd, rng)
		if !ok {
			return nil
		}
		return splice(doc, t.start, t.start, " < 5 & <3 ")
	}},
	{"unclosed markup", func(doc []byte, e scanSpan, rng *rand.Rand) []byte {
		t, ok := corpusTag(doc, e, scanEnd, rng)
		if !ok {
			return nil
		}
		return splice(doc, t.start, t.start, `<p>x<br><img src=a.png><b>`)
	}},
	{"a quote is missing", func(doc []byte, e scanSpan, rng *rand.Rand) []byte {
		t, ok := corpusTag(doc, e, scanStart, rng)
		if !ok {
			return nil
		}
		i := bytes.IndexByte(t.of(doc), '"')
		if i < 0 {
			return nil
		}
		return splice(doc, t.start+i, t.start+i+1, "")
	}},
}

// corpusTag picks a tag within an entry, not the entry's own.
func corpusTag(doc []byte, e scanSpan, kind scanKind, rng *rand.Rand) (scanToken, bool) {
	s := scanner{b: doc[:e.end], pos: e.start}
	s.next()
	var tags []scanToken
	for t := s.next(); t.kind != scanEOF; t = s.next() {
		if t.kind == kind && t.end < e.end {
			tags = append(tags, t)
		}
	}
	if len(tags) == 0 {
		return scanToken{}, false
	}
	return tags[rng.IntN(len(tags))], true
}

func splice(doc []byte, from, to int, with string) []byte {
	out := append([]byte(nil), doc[:from]...)
	out = append(out, with...)
	return append(out, doc[to:]...)
}
