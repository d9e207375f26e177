// Package process runs the whole system in its own process, and reports the process's usage and the machine. It is for
// programs and tests that measure from outside.
package process

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/tests/harness"
)

// System is a running system with the demo's websites and with generous quotas.
type System struct {
	*Process
	Demo     system.Demo
	RedisURL string // of the embedded Redis
	guard    *harness.LogGuard
}

// Start runs a binary of the system with embedded stores in an empty folder, and waits until it responds. The process
// gets env and the variables that it needs, but nothing else of this environment.
func Start(ctx context.Context, binary, dir string, env ...string) (*System, error) {
	quotas, err := harness.GenerousQuotas(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	args := []string{"run", "--demo", "--listen", "127.0.0.1:0", "--data", data}
	c := exec.Command(binary, args...) //nolint:noctx // stopped by a signal, not killed
	c.Env = append([]string{"HOME=" + dir, "FIVECHAT_QUOTAS=" + quotas}, env...)
	guard := new(harness.LogGuard)
	c.Stderr = guard
	p, err := Launch(c)
	if err != nil {
		return nil, err
	}
	s := &System{Process: p, RedisURL: "unix://" + filepath.Join(data, "redis.sock"), guard: guard}
	err = p.Until(ctx, "the system responds", func() error {
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

// Stop is Process.Stop. It also fails if the system logged a panic.
func (s *System) Stop() error { return errors.Join(s.Process.Stop(), s.guard.Err()) }
