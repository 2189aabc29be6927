package poll_test

import (
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mostResident is how much memory the whole catalogue may take.
const mostResident = 256 << 20

// TestCatalogueFootprint runs the whole catalogue in a process of its own that
// was told to stay under 256 MiB, and holds it to that.
func TestCatalogueFootprint(t *testing.T) {
	if underRace() {
		t.Skip("measured without the race detector, which needs several times the memory")
	}
	if testing.Short() {
		t.Skip("runs the catalogue once more")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestCatalogue$", "-test.count=1", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), "GOMEMLIMIT=256MiB")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PASS") {
		t.Fatalf("%v\n%.4000s", err, out)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatal("this system does not tell how much memory a process took")
	}
	resident := int64(usage.Maxrss)
	if runtime.GOOS != "darwin" {
		resident <<= 10 // elsewhere it is in KiB
	}
	t.Logf("%.1f MiB resident at the most, %v of processor time", float64(resident)/(1<<20), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	if resident > mostResident {
		t.Errorf("%d MiB were resident", resident>>20)
	}
}

// underRace reports whether the race detector watches.
func underRace() bool {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return false
	}
	for _, s := range info.Settings {
		if s.Key == "-race" && s.Value == "true" {
			return true
		}
	}
	return false
}

// baseline notes how many goroutines and descriptors there are, and holds at
// the test's end, when its parallel parts are done, that no more are left.
func baseline(t *testing.T) {
	t.Helper()
	goroutines, files := runtime.NumGoroutine(), descriptors()
	t.Cleanup(func() {
		var more, open int
		for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
			more, open = runtime.NumGoroutine()-goroutines, descriptors()-files
			if more <= 0 && open <= 0 {
				return
			}
		}
		t.Errorf("%d goroutines and %d descriptors are left", more, open)
		var stacks strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&stacks, 1); err == nil {
			t.Logf("%.4000s", stacks.String())
		}
	})
}

// descriptors counts the open ones, where the system tells.
func descriptors() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}
