//go:build linux

package store_test

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// TestPowerCut cuts the power of a disk that is written to, again and again,
// and counts what had been acknowledged. NEWSWIRE_TEST_POWERCUTS says how often;
// without it nothing is done, for it needs root and loop devices. (.ci/powercut
// runs it.)
//
// The disk is an ext4 file system in a file. It is shut down as when the power
// fails: what was not flushed to it is gone, its own journal too. A kill -9
// shows nothing of that: the kernel writes what it has. What counts as
// acknowledged was heard before the cut began: an fsync that runs while a file
// system is shut down may say that all is well, which a machine without power
// says to nobody.
func TestPowerCut(t *testing.T) {
	cycles, err := strconv.Atoi(os.Getenv("NEWSWIRE_TEST_POWERCUTS"))
	if err != nil {
		t.Skip("SKIPPED: no power is cut unless NEWSWIRE_TEST_POWERCUTS says how often; .ci/powercut does")
	}
	dir := t.TempDir()
	image, disk := filepath.Join(dir, "disk.img"), filepath.Join(dir, "disk")
	command(t, "truncate", "-s", "512M", image)
	command(t, "mkfs.ext4", "-q", "-F", image)
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	dsn := filepath.Join(disk, "news.db")
	command(t, "mount", "-o", "loop", image, disk)
	mounted := true
	t.Cleanup(func() {
		if mounted {
			command(t, "umount", disk)
		}
	})
	acknowledged, gained := 0, 0
	for cycle := range cycles {
		before := acknowledged
		acknowledged = crash(t, dsn, time.Duration(50+rand.IntN(250))*time.Millisecond, acknowledged, func() { shutDown(t, disk) })
		if acknowledged > before {
			gained++
		}
		command(t, "umount", disk)
		mounted = false
		command(t, "mount", "-o", "loop", image, disk) // replays the file system's journal
		mounted = true
		inspect(t, dsn, acknowledged)
		if t.Failed() {
			t.Fatalf("in cycle %d", cycle)
		}
	}
	if 2*gained < cycles {
		t.Errorf("something was acknowledged in only %d of %d cycles: the test does not test", gained, cycles)
	}
	t.Logf("%d cuts, %d readings of %d entries acknowledged: none lost, the database whole each time", cycles, acknowledged, entriesPerReading)
}

// shutDown is FS_IOC_SHUTDOWN with NOLOGFLUSH.
func shutDown(t *testing.T, disk string) {
	const shutdown, noLogFlush = 0x8004587d, uint32(2)
	d, err := os.Open(disk)
	if err != nil {
		t.Error(err)
		return
	}
	defer d.Close()
	how := noLogFlush
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, d.Fd(), shutdown, uintptr(unsafe.Pointer(&how))); errno != 0 {
		t.Error("the file system cannot be shut down:", errno)
	}
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
}
