package process_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	"fivechat.dev/tests/process"
)

// TestProcessors checks that the process's clock advances with its work and agrees with the kernel's count.
func TestProcessors(t *testing.T) {
	before, err := process.Processors(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	used := before
	for used < before+100*time.Millisecond {
		if used, err = process.Processors(os.Getpid()); err != nil {
			t.Fatal(err)
		}
	}
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	counted := time.Duration(u.Utime.Nano() + u.Stime.Nano())
	if counted-used < -20*time.Millisecond || counted-used > 2*time.Second {
		t.Errorf("the clock has %v, the kernel's count %v", used, counted)
	}
	if n, err := process.Memory(os.Getpid()); err != nil || n < 1<<20 {
		t.Errorf("%d bytes are resident: %v", n, err)
	}
	now, err := process.Memory(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if peak, err := process.PeakMemory(os.Getpid()); err != nil || peak < now {
		t.Errorf("the peak is %d bytes, and %d are resident: %v", peak, now, err)
	}
	const unused = 1 << 22 // larger than any process id
	if _, err := process.Processors(unused); err == nil {
		t.Error("a process that doesn't exist has used processor time")
	}
	if _, err := process.Memory(unused); err == nil {
		t.Error("a process that doesn't exist has memory")
	}
}

// TestHereDescribesTheMachine checks that a measurement describes the machine.
func TestHereDescribesTheMachine(t *testing.T) {
	m := process.Here("a commit")
	if m.Cores < 1 || m.OS == "" || m.Arch == "" || m.Go == "" || m.Commit != "a commit" {
		t.Errorf("this machine is %+v", m)
	}
}
