// Package alone runs the whole system in a process of its own, and tells what a process uses and what the machine is: for
// programs and tests that measure from outside.
package alone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/tests/fleet"
	"fivechat.dev/tests/harness"
)

// The bounds of starting and of ending.
const (
	startBound = 60 * time.Second
	stopBound  = 40 * time.Second // a stop may wait 25 s for requests under way
	pollEvery  = 20 * time.Millisecond
)

// Build makes bin/fivechat in a folder and gives its path. It is run inside the workspace.
func Build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "fivechat")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "fivechat.dev/deploy/fivechat").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return binary, nil
}

// Process is a program that runs by itself.
type Process struct {
	PID   int
	cmd   *exec.Cmd
	log   *fleet.Log
	ended chan struct{}
	err   error // its end, once ended is closed
}

// Launch starts what c says. It ends with this process, also where that is killed.
func Launch(c *exec.Cmd) (*Process, error) {
	p := &Process{cmd: c, log: new(fleet.Log), ended: make(chan struct{})}
	c.Stderr = p.log
	bind(c)
	if err := c.Start(); err != nil {
		return nil, err
	}
	p.PID = c.Process.Pid
	go func() {
		p.err = c.Wait()
		close(p.ended)
	}()
	return p, nil
}

// Stop asks the process to end, and wants it to end well and in time.
func (p *Process) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
	case <-time.After(stopBound):
		return errors.Join(fmt.Errorf("%s does not end within %v", p.cmd.Path, stopBound), p.cmd.Process.Kill())
	}
	if p.err != nil {
		return fmt.Errorf("%s: %w\n%s", p.cmd.Path, p.err, p.log)
	}
	return nil
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
		case <-p.ended:
			return fmt.Errorf("%s: %s ended: %w\n%s", what, p.cmd.Path, p.err, p.log)
		case <-ctx.Done():
			return fmt.Errorf("%s: %w: last seen: %w", what, ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// System is a running system with the demo's websites and with quotas that nobody reaches.
type System struct {
	*Process
	Demo system.Demo
}

// Start runs a binary of the system over embedded stores in an empty folder, and waits until it answers. Its environment
// is env alone, beside what it needs.
func Start(ctx context.Context, binary, dir string, env ...string) (*System, error) {
	quotas, err := harness.GenerousQuotas(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	c := exec.Command(binary, "run", "--demo", "--listen", "127.0.0.1:0", "--data", data) //nolint:noctx // it is told to end, not killed
	c.Env = append([]string{"HOME=" + dir, "FIVECHAT_QUOTAS=" + quotas}, env...)
	p, err := Launch(c)
	if err != nil {
		return nil, err
	}
	s := &System{Process: p}
	err = p.Until(ctx, "the system answers", func() error {
		text, err := os.ReadFile(filepath.Join(data, "demo.json"))
		if err == nil {
			err = json.Unmarshal(text, &s.Demo)
		}
		if err != nil {
			return err
		}
		resp, err := http.Get(s.Demo.URL + "/health") //nolint:noctx // the loop has the bound
		if err != nil {
			return err
		}
		return resp.Body.Close()
	})
	if err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return s, nil
}
