package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"newswire/internal/newsroom"
	"newswire/internal/store"
)

// TestCrash kills a program that stores entries, again and again, and counts
// what it had acknowledged. NEWSWIRE_TEST_CRASHES says how often (30).
func TestCrash(t *testing.T) {
	onEngines(t, func(t *testing.T, e engine) {
		cycles := 30
		if n, err := strconv.Atoi(os.Getenv("NEWSWIRE_TEST_CRASHES")); err == nil {
			cycles = n
		}
		dsn := e.dsn(t)
		acknowledged := 0
		// On a machine that is busy elsewhere few readings get through in a
		// short life: then there are more lives.
		for cycle := 0; cycle < cycles || acknowledged < cycles && cycle < 10*cycles; cycle++ {
			acknowledged = crash(t, dsn, time.Duration(20+rand.IntN(120))*time.Millisecond, acknowledged, nil)
			inspect(t, dsn, acknowledged)
			if t.Failed() {
				t.Fatalf("in cycle %d", cycle)
			}
		}
		if acknowledged < cycles {
			t.Errorf("only %d readings were stored in %d cycles: the test does not test", acknowledged, cycles)
		}
	})
}

const childEnv = "NEWSWIRE_TEST_CHILD"

// entriesPerReading stand or fall together.
const entriesPerReading = 5

// crash runs the program for a while, kills it, and returns the number of the
// last reading that it acknowledged. What cut does (if it is not nil) happens
// just before, and only what was heard before that counts.
func crash(t *testing.T, dsn string, after time.Duration, last int, cut func()) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dsn)
	if cut == nil { // otherwise it says that its disk is gone, as it should
		cmd.Stderr = os.Stderr
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("the child says %q", lines.Text())
	}
	var heard, counts atomic.Int64
	heard.Store(int64(last))
	over := make(chan struct{})
	timer := time.AfterFunc(after, func() {
		counts.Store(heard.Load())
		if cut != nil {
			cut()
		}
		_ = cmd.Process.Kill()
		close(over)
	})
	for lines.Scan() {
		n, err := strconv.Atoi(strings.TrimSuffix(lines.Text(), "."))
		if err != nil || !strings.HasSuffix(lines.Text(), ".") {
			break // cut in the middle
		}
		heard.Store(int64(n))
	}
	_ = cmd.Wait() // it was killed
	if timer.Stop() || cut == nil {
		return int(heard.Load())
	}
	<-over
	return int(counts.Load())
}

// isChild stores readings until it is killed, if it was started for that.
func isChild() bool {
	dsn := os.Getenv(childEnv)
	if dsn == "" {
		return false
	}
	if err := storeForEver(dsn); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

func storeForEver(dsn string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, dsn)
	if err != nil {
		return err
	}
	if err := s.Enroll(ctx, []string{"a"}, func(string) time.Time { return start }); err != nil {
		return err
	}
	fmt.Println("ready")
	for {
		// The last one's lease is still there: time passes quickly here.
		claim, err := s.ClaimSource(ctx, "a", start.Add(time.Duration(rand.Int64N(1e15))), 0, "child")
		if err != nil {
			continue
		}
		n := int(claim.Check.Polls)
		check := claim.Check
		check.Polls++
		check.Next = start
		in := &newsroom.Intake{Source: "a", At: start, Claim: &claim, Check: &check}
		for i := range entriesPerReading {
			a := arrival("a", n*entriesPerReading+i)
			in.New = append(in.New, a)
		}
		if err := s.Commit(ctx, in); err != nil {
			return err
		}
		fmt.Printf("%d.\n", n+1)
	}
}

// inspect holds that what was acknowledged is there, and everything whole.
func inspect(t *testing.T, dsn string, acknowledged int) {
	t.Helper()
	s, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	checks, err := s.Checks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	refs, err := s.Refs(t.Context(), "all", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	polls := int(checks[0].Polls)
	if polls < acknowledged || len(refs) != polls*entriesPerReading {
		t.Errorf("%d readings acknowledged; %d checks and %d entries stored", acknowledged, polls, len(refs))
	}
	if !strings.HasPrefix(dsn, "postgres:") {
		intact(t, dsn)
	}
}

func intact(t *testing.T, file string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var report string
	if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&report); err != nil || report != "ok" {
		t.Errorf("%s: %s, %v", filepath.Base(file), report, err)
	}
}
