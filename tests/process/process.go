package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// The bounds of starting and stopping.
const (
	startBound = 60 * time.Second
	stopBound  = 40 * time.Second // a stop may wait 25 s for requests in progress
	pollEvery  = 20 * time.Millisecond
)

// Process is a running program.
type Process struct {
	PID   int
	Log   *Log            // the end of its output
	Ended <-chan struct{} // closed once it has ended
	cmd   *exec.Cmd
	err   error // how it ended, once Ended is closed
}

// Launch starts a command. The process also ends when this one does, even if this one is killed. A writer for standard
// output that the command has gets the output in place of Log; one for standard error gets it too.
func Launch(c *exec.Cmd) (*Process, error) {
	ended := make(chan struct{})
	p := &Process{Log: new(Log), Ended: ended, cmd: c}
	if c.Stdout == nil { // otherwise the caller reads it
		c.Stdout = p.Log
	}
	if c.Stderr == nil {
		c.Stderr = p.Log
	} else {
		c.Stderr = io.MultiWriter(c.Stderr, p.Log)
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

// Signal sends a signal to the process. It does nothing if the process has ended.
func (p *Process) Signal(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s: %w", p.cmd.Path, err)
	}
	return nil
}

// Kill kills the process if it is still running.
func (p *Process) Kill() error {
	err := p.Signal(os.Kill)
	<-p.Ended
	return err
}

// End waits until a process that was asked to stop has ended, and returns its exit code, or -1 if a signal ended it. It
// kills a process that takes too long.
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

// Stop asks the process to stop, and returns an error unless it exits cleanly in time.
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

// Until polls look until it succeeds. It fails if that takes too long or if the process ends before.
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

// Log holds the end of a process's output.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// maxLog is how many bytes of the output are kept.
const maxLog = 1 << 20

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.b.Len() > maxLog {
		l.b.Reset()
	}
	return l.b.Write(p)
}

// String returns the kept output.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
