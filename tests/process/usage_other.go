//go:build !linux

package process

import (
	"errors"
	"os/exec"
	"time"
)

func bind(*exec.Cmd) {}

// Processors returns the processor time that a process has used. It is only available on Linux.
func Processors(int) (time.Duration, error) { return 0, errors.ErrUnsupported }

// Memory returns how many bytes of a process are resident. It is only available on Linux.
func Memory(int) (int64, error) { return 0, errors.ErrUnsupported }

// PeakMemory returns the most bytes of a process that have been resident since it started. It is only available on
// Linux.
func PeakMemory(int) (int64, error) { return 0, errors.ErrUnsupported }

func processor() string { return "" }
