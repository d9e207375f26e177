package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Fivechat is the package of bin/fivechat.
const Fivechat = "fivechat.dev/deploy/fivechat"

// Build builds programs, packages by name, with the compiler's flags of `make images`: without cgo and without the race
// detector. It returns their folder, bin/tests of the repository. All tests share it, because a program that is up to
// date isn't linked again. Build must run inside the repository.
func Build(ctx context.Context, packages map[string]string) (dir string, err error) {
	workspace, err := exec.CommandContext(ctx, "go", "env", "GOWORK").Output()
	if err != nil {
		return "", fmt.Errorf("build: %w", err)
	}
	dir = filepath.Join(filepath.Dir(strings.TrimSpace(string(workspace))), "bin", "tests")
	unlock, err := lock(dir)
	if err != nil {
		return "", fmt.Errorf("build: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	for name, pkg := range packages {
		out := filepath.Join(dir, name)
		c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", out, pkg)
		c.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := c.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build of %s: %w\n%s", name, err, text)
		}
	}
	return dir, nil
}

// lock creates a folder if there is none, and waits until no other process builds in it.
func lock(dir string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.Create(filepath.Join(dir, ".lock"))
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f.Close, nil
}
