package hostile_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"

	"fivechat.dev/tests/process"
)

var errNoRedis = errors.New("there is no redis-server")

// redisServer is a redis-server without persistence.
type redisServer struct {
	*process.Process
	url string
	dir string
}

func startRedis() (*redisServer, error) {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errNoRedis
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	if err := l.Close(); err != nil {
		return nil, err
	}
	r := &redisServer{url: "redis://" + addr}
	if r.dir, err = os.MkdirTemp("", "fivechat-redis-"); err != nil {
		return nil, err
	}
	//nolint:noctx // stopped by a signal
	c := exec.Command(binary, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", r.dir)
	if r.Process, err = process.Launch(c); err != nil {
		return nil, fmt.Errorf("redis-server: %w", err)
	}
	err = r.Until(context.Background(), "redis-server responds", func() error {
		conn, err := net.Dial("tcp", addr) //nolint:noctx // the loop has the bound
		if err != nil {
			return err
		}
		return conn.Close()
	})
	if err != nil {
		r.stop()
		return nil, err
	}
	return r, nil
}

func (r *redisServer) stop() {
	_ = r.Kill() // it has no data that could be lost
	_ = os.RemoveAll(r.dir)
}
