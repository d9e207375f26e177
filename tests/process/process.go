package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// The bounds of starting and of ending.
const (
	startBound = 60 * time.Second
	stopBound  = 40 * time.Second // a stop may wait 25 s for requests under way
	pollEvery  = 20 * time.Millisecond
)

// Process is a program that runs by itself.
type Process struct {
	PID   int
	Log   *Log            // what it has written
	Ended <-chan struct{} // closed once it has ended
	cmd   *exec.Cmd
	err   error // its end, once Ended is closed
}

// Launch starts what c says. It ends with this process, also where that is killed.
func Launch(c *exec.Cmd) (*Process, error) {
	ended := make(chan struct{})
	p := &Process{Log: new(Log), Ended: ended, cmd: c}
	if c.Stderr = p.Log; c.Stdout == nil { // else somebody else reads it
		c.Stdout = p.Log
	}
	bind(c)
	if err := c.Start(); err != nil {
		return nil, err
	}
	p.PID = c.Process.Pid
	go func() {
		p.err = c.Wait()
		close(ended)
	}()
	return p, nil
}

// Signal asks the process to end, or whatever else a signal says. One that has ended hears nothing.
func (p *Process) Signal(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s: %w", p.cmd.Path, err)
	}
	return nil
}

// Kill ends the process at once, where it has not ended yet.
func (p *Process) Kill() error {
	err := p.Signal(os.Kill)
	<-p.Ended
	return err
}

// End waits for the end that the process was asked for, and gives its exit code, -1 where a signal was the end. One that
// takes too long is killed.
func (p *Process) End() (code int, err error) {
	select {
	case <-p.Ended:
	case <-time.After(stopBound):
		return -1, errors.Join(fmt.Errorf("%s has not ended after %v", p.cmd.Path, stopBound), p.Kill())
	}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		return -1, fmt.Errorf("%s: %w", p.cmd.Path, p.err)
	}
	return p.cmd.ProcessState.ExitCode(), nil
}

// Stop asks the process to end, and wants it to end well and in time.
func (p *Process) Stop() error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	code, err := p.End()
	if err == nil && code != 0 {
		err = fmt.Errorf("%s ended with %d\n%s", p.cmd.Path, code, p.Log)
	}
	return err
}

// Until looks until ok, and fails where that takes too long or the process ends before.
func (p *Process) Until(ctx context.Context, what string, look func() error) error {
	ctx, cancel := context.WithTimeout(ctx, startBound)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := look()
		if err == nil {
			return nil
		}
		select {
		case <-p.Ended:
			return fmt.Errorf("%s: %s ended: %w\n%s", what, p.cmd.Path, p.err, p.Log)
		case <-ctx.Done():
			return fmt.Errorf("%s: %w: last seen: %w", what, ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// Log is the end of a process's log.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// maxLog bounds what is kept of a log.
const maxLog = 1 << 20

// Write takes a piece of the log.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.b.Len() > maxLog {
		l.b.Reset()
	}
	return l.b.Write(p)
}

// String is what was taken.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
