package embedmongo

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Listen listens on a TCP address or, if addr is an absolute path, on a Unix socket that only this user may connect
// to. It replaces a socket that a killed process left.
func Listen(addr string) (net.Listener, error) {
	if !filepath.IsAbs(addr) {
		return net.Listen("tcp", addr)
	}
	c, err := net.DialTimeout("unix", addr, time.Second)
	switch {
	case err == nil:
		_ = c.Close()
		return nil, fmt.Errorf("socket %s is in use by another process", addr)
	case errors.Is(err, syscall.ECONNREFUSED):
		if err := os.Remove(addr); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("unix", addr)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(addr, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}
