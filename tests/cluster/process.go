package cluster

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"fivechat.dev/tests/process"
)

// getBound bounds a request to an admin port.
const getBound = 5 * time.Second

// Process is a program that runs until its test ends.
type Process struct {
	*process.Process
	Name, Addr, Admin string // Addr and Admin are a component's addresses
	binary            string
	args              []string
	env               map[string]string
}

// Start runs a binary with env as its only environment.
func Start(t testing.TB, binary string, env map[string]string, args ...string) *Process {
	t.Helper()
	p := &Process{
		Name: filepath.Base(binary), Addr: env["FIVECHAT_ADDR"], Admin: env["FIVECHAT_ADMIN_ADDR"],
		binary: binary, args: args, env: env,
	}
	c := exec.Command(binary, args...) //nolint:noctx // ended by a signal, or killed when its test ends
	c.Env = []string{"HOME=" + t.TempDir()}
	for k, v := range env {
		c.Env = append(c.Env, k+"="+v)
	}
	var err error
	if p.Process, err = process.Launch(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill(t)
		if t.Failed() {
			t.Logf("log of %s:\n%s", p.Name, p.Log)
		}
	})
	return p
}

// Kill kills a process that is still running.
func (p *Process) Kill(t testing.TB) {
	t.Helper()
	if err := p.Process.Kill(); err != nil {
		t.Error(err)
	}
}

// Again kills a process and restarts it.
func (p *Process) Again(t testing.TB) *Process {
	t.Helper()
	p.Kill(t)
	return Start(t, p.binary, p.env, p.args...)
}

// Of stops a process as a rolling update does, and starts the program of the same name from another folder.
func (p *Process) Of(t testing.TB, binaries string) *Process {
	t.Helper()
	p.Terminate(t)
	return Start(t, filepath.Join(binaries, p.Name), p.env, p.args...)
}

// Signal sends a signal to a process.
func (p *Process) Signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Error(err)
	}
}

// ExitCode waits for the process to exit.
func (p *Process) ExitCode(t testing.TB) int {
	t.Helper()
	code, err := p.End()
	if err != nil {
		t.Error(err)
	}
	return code
}

// Terminate asks a process to stop, and expects a clean exit.
func (p *Process) Terminate(t testing.TB) {
	t.Helper()
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
}

// Get requests a path of the admin port and returns the status and the body. The status is 0 without a response.
func (p *Process) Get(t testing.TB, path string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), getBound)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Admin+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err = b.ReadFrom(resp.Body); err != nil {
		t.Errorf("%s%s: %v", p.Name, path, err)
	}
	return resp.StatusCode, b.String()
}

// Ready waits until processes are ready.
func Ready(t testing.TB, ps ...*Process) {
	t.Helper()
	for _, p := range ps {
		err := p.Until(t.Context(), p.Name+" is ready", func() error {
			if status, body := p.Get(t, "/readyz"); status != http.StatusOK {
				return fmt.Errorf("%d %s", status, body)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
