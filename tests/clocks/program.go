// Package clocks steps the clock of a running system, as an administrator or a suspended virtual machine does, and
// checks everything that depends on time.
//
// No Linux namespace changes the wall clock, and a Go program does not ask the C library for it. So the program is
// built with a standard library whose time.Now has an offset that signals change, as a machine's clock would: the shown
// time steps, and the measured time does not. The whole program is rebuilt for it, which takes minutes the first time;
// the tests are skipped unless FIVECHAT_CLOCKS is set (`make clocks`).
package clocks

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// shown is the line of time.Now that reads the clock.
const shown = "\tsec, nsec, mono := runtimeNow()\n"

// program builds bin/fivechat with a clock that can be stepped, into a folder, and returns its path. root is the
// repository's.
func program(ctx context.Context, root, dir string) (string, error) {
	home, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	library := filepath.Join(string(bytes.TrimSpace(home)), "src", "time")
	source, err := os.ReadFile(filepath.Join(library, "time.go"))
	if err != nil {
		return "", err
	}
	stepped := bytes.Replace(source, []byte(shown), []byte(shown+"\tsec += Stepped.Load()\n"), 1)
	if n := bytes.Count(source, []byte(shown)); n != 1 {
		return "", fmt.Errorf("time.Now reads the clock in %d places: this version of Go differs", n)
	}
	now := filepath.Join(dir, "time.go")
	if err := os.WriteFile(now, stepped, 0o600); err != nil {
		return "", err
	}
	data := filepath.Join(root, "tests", "clocks", "testdata")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(library, "time.go"):                       now,
		filepath.Join(library, "stepped.go"):                    filepath.Join(data, "time.go"),
		filepath.Join(root, "deploy", "fivechat", "stepped.go"): filepath.Join(data, "main.go"),
	}})
	if err != nil {
		return "", err
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "fivechat")
	c := exec.CommandContext(ctx, "go", "build", "-overlay", list, "-o", binary, "fivechat.dev/deploy/fivechat")
	c.Dir = root
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return binary, nil
}
