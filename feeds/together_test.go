package feeds

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestTogether reads and writes the same feeds from several goroutines at once:
// each gets what it gets alone, and under the race detector they share nothing
// that any of them writes.
func TestTogether(t *testing.T) {
	files, err := filepath.Glob("testdata/parse/*")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d documents: %v", len(files), err)
	}
	docs := make([][]byte, len(files))
	alone := make([]string, len(files))
	for i, file := range files {
		if docs[i], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
		alone[i] = there(docs[i])
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i, doc := range docs {
				if together := there(doc); together != alone[i] {
					t.Errorf("%s gives something else while others read it too", files[i])
				}
			}
		})
	}
	group.Wait()
}

// there reads a document, and writes and reads it in every format.
func there(doc []byte) string {
	var all strings.Builder
	f, err := Parse(bytes.NewReader(doc), ParseOptions{})
	fmt.Fprintln(&all, err)
	if f == nil {
		return all.String()
	}
	for _, o := range outFormats {
		out := *f
		err := Write(&all, &out, o.format)
		fmt.Fprintln(&all, err)
	}
	return all.String()
}
