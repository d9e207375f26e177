package fleet

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// The bounds of starting and of ending.
const (
	startBound = 30 * time.Second
	stopBound  = 40 * time.Second // a stop may wait 25 s for requests under way
	getBound   = 5 * time.Second
)

// Process is a program that runs by itself until its test ends.
type Process struct {
	Name, Addr, Admin string // Addr and Admin are where a component answers, where it is one
	Log               *Log   // its log's end
	Ended             <-chan struct{}
	binary            string
	args              []string
	env               map[string]string
	cmd               *exec.Cmd
	err               error // its end, once Ended is closed
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

// Start runs a binary with nothing in its environment but env.
func Start(t testing.TB, binary string, env map[string]string, args ...string) *Process {
	t.Helper()
	ended := make(chan struct{})
	p := &Process{
		Name: filepath.Base(binary), Addr: env["FIVECHAT_ADDR"], Admin: env["FIVECHAT_ADMIN_ADDR"], Log: new(Log), Ended: ended,
		binary: binary, args: args, env: env, cmd: exec.CommandContext(context.WithoutCancel(t.Context()), binary, args...),
	}
	p.cmd.Stdout, p.cmd.Stderr = p.Log, p.Log
	p.cmd.Env = []string{"HOME=" + t.TempDir()}
	for k, v := range env {
		p.cmd.Env = append(p.cmd.Env, k+"="+v)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		p.Kill(t)
		if t.Failed() {
			t.Logf("log of %s:\n%s", p.Name, p.Log)
		}
	})
	return p
}

// Kill ends a process at once, where it has not ended yet.
func (p *Process) Kill(t testing.TB) {
	t.Helper()
	select {
	case <-p.Ended:
		return
	default:
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Errorf("%s: %v", p.Name, err)
	}
	<-p.Ended
}

// Again kills a process and starts it anew.
func (p *Process) Again(t testing.TB) *Process {
	t.Helper()
	p.Kill(t)
	return Start(t, p.binary, p.env, p.args...)
}

// Of ends a process as a roll-out does, and starts the program of its name that another folder has.
func (p *Process) Of(t testing.TB, binaries string) *Process {
	t.Helper()
	p.Terminate(t)
	return Start(t, filepath.Join(binaries, p.Name), p.env, p.args...)
}

// Pid is the process's number.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Signal asks a process to end, or whatever else a signal says.
func (p *Process) Signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Errorf("%s: %v", p.Name, err)
	}
}

// ExitCode waits for the end.
func (p *Process) ExitCode(t testing.TB) int {
	t.Helper()
	select {
	case <-p.Ended:
	case <-time.After(stopBound):
		t.Errorf("%s has not ended after %v", p.Name, stopBound)
		return -1
	}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		t.Errorf("%s: %v", p.Name, p.err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// Terminate asks a process to end and wants it to end well.
func (p *Process) Terminate(t testing.TB) {
	t.Helper()
	p.Signal(t, syscall.SIGTERM)
	if code := p.ExitCode(t); code != 0 {
		t.Errorf("%s ended with %d after SIGTERM", p.Name, code)
	}
}

// Get asks the admin port and gives status and body; status 0 is no answer.
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

// Ready waits until processes say that they are ready.
func Ready(t testing.TB, ps ...*Process) {
	t.Helper()
	for _, p := range ps {
		harness.Eventually(t, startBound, p.Name+" is ready", func() (bool, any) {
			select {
			case <-p.Ended:
				t.Fatalf("%s ended: %v\n%s", p.Name, p.err, p.Log)
			default:
			}
			status, body := p.Get(t, "/readyz")
			return status == http.StatusOK, body
		})
	}
}
