//go:build !linux

package process

import (
	"errors"
	"os/exec"
	"time"
)

func bind(*exec.Cmd) {}

// Processors is the processor time that a process has used: it is known on Linux.
func Processors(int) (time.Duration, error) { return 0, errors.ErrUnsupported }

// Memory is how many bytes of a process are resident: it is known on Linux.
func Memory(int) (int64, error) { return 0, errors.ErrUnsupported }

// PeakMemory is the most bytes of a process that have been resident since it started: it is known on Linux.
func PeakMemory(int) (int64, error) { return 0, errors.ErrUnsupported }

func processor() string { return "" }
