package process

import (
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// bind makes the kernel end the process that c starts if this process ends.
func bind(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }

// Processors returns the processor time, user and system, that a process has used. It reads the process's own clock,
// which counts nanoseconds; /proc counts hundredths of a second.
func Processors(pid int) (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED, as clock_getcpuclockid(3) uses it
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil {
		return 0, fmt.Errorf("processor time of %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// Memory returns how many bytes of a process are resident.
func Memory(pid int) (int64, error) {
	s, err := status(pid)
	return int64(s.VmRSS), err
}

// PeakMemory returns the most bytes of a process that have been resident since it started.
func PeakMemory(pid int) (int64, error) {
	s, err := status(pid)
	return int64(s.VmHWM), err
}

func status(pid int) (procfs.ProcStatus, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return procfs.ProcStatus{}, err
	}
	return p.NewStatus()
}

// processor returns the model's name.
func processor() string {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return ""
	}
	all, err := fs.CPUInfo()
	if err != nil || len(all) == 0 {
		return ""
	}
	return all[0].ModelName
}
