package harness

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"fivechat.dev/deploy/fivechat/system"
)

// redisStarts bounds how long a redis-server may take until it accepts connections.
const redisStarts = 10 * time.Second

// MainHostile runs a package's tests against a system in memory with the default quotas. The system trusts
// X-Forwarded-For from loopback: System.From gives each test its own client address. The tests run twice, on the
// embedded Redis and on a redis-server. Without a redis-server the second run is skipped, unless FIVECHAT_REQUIRE_REDIS
// is set. cleanUp is called at the end.
func MainHostile(m *testing.M, cleanUp func()) {
	code, err := runHostile(m)
	cleanUp()
	exit(code, err)
}

func runHostile(m *testing.M) (int, error) {
	o := system.Options{RedisURL: os.Getenv("REDIS_URL"), Trusted: loopback, Log: log}
	code, err := runOver(m, o)
	if code != 0 || err != nil || o.RedisURL != "" {
		return code, err
	}
	redis, err := startRedis()
	switch {
	case errors.Is(err, exec.ErrNotFound) && os.Getenv("FIVECHAT_REQUIRE_REDIS") == "":
		fmt.Fprintln(os.Stderr, "harness: no redis-server: the tests ran on the embedded Redis only")
		return 0, nil
	case err != nil:
		return 1, fmt.Errorf("redis-server: %w", err)
	}
	defer redis.stop()
	fmt.Fprintln(os.Stderr, "harness: running the tests again on a redis-server")
	o.RedisURL = "redis://" + redis.addr
	return runOver(m, o)
}

// redisServer is a redis-server without persistence.
type redisServer struct {
	addr string
	dir  string
	cmd  *exec.Cmd
}

func startRedis() (*redisServer, error) {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &redisServer{addr: l.Addr().String()}
	_, port, _ := net.SplitHostPort(r.addr)
	if r.dir, err = os.MkdirTemp("", "fivechat-redis-"); err != nil {
		return nil, err
	}
	l.Close()
	r.cmd = exec.Command(binary, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", r.dir)
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	return r, r.await()
}

// await returns when the server accepts connections.
func (r *redisServer) await() error {
	deadline := time.Now().Add(redisStarts)
	for {
		c, err := net.DialTimeout("tcp", r.addr, time.Second)
		if err == nil {
			return c.Close()
		}
		if time.Now().After(deadline) {
			r.stop()
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (r *redisServer) stop() {
	_ = r.cmd.Process.Kill() // it has no data that could be lost
	_ = r.cmd.Wait()
	_ = os.RemoveAll(r.dir)
}
