package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/process"
)

// The cores: one for the measured program, one for the load and the backend.
const measured, others = "0", "1"

// connections is the number of connections that the load keeps open.
const connections = 32

// subject is a measured program.
type subject struct {
	name, path string
	addr       string
	pid        int
	cpu, rate  float64 // of the best round: µs per request, requests per second
	p99        float64 // at half load, of the best round: ms
}

// bench is the set of running processes.
type bench struct {
	dir       string
	self      string
	processes []*exec.Cmd
	forward   []*subject // the others are compared with the first
	cached    []*subject
}

func open(ctx context.Context, gateway string) (*bench, error) {
	b := &bench{}
	var err error
	if b.dir, err = os.MkdirTemp("", "fivechat-bench-"); err != nil {
		return b, err
	}
	if b.self, err = os.Executable(); err != nil {
		return b, err
	}
	addrs, err := free(8)
	if err != nil {
		return b, err
	}
	backend, services := addrs[0], addrs[1]
	if _, err := b.nginx(ctx, others, "backend", fmt.Sprintf(backendConf, backend, bodyOf1K)); err != nil {
		return b, err
	}
	if _, err := b.start(ctx, others, nil, b.self, "-role", "services", services); err != nil {
		return b, err
	}
	front, err := b.nginx(ctx, measured, "front", fmt.Sprintf(frontConf, secret, backend, addrs[2]))
	if err != nil {
		return b, err
	}
	one := []string{"GOMAXPROCS=1"}
	quotas, err := harness.GenerousQuotas(b.dir)
	if err != nil {
		return b, err
	}
	bare, err := b.start(ctx, measured, one, b.self, "-role", "bare", addrs[3], backend)
	if err != nil {
		return b, err
	}
	handler, err := b.start(ctx, measured, one, b.self, "-role", "handler", addrs[4])
	if err != nil {
		return b, err
	}
	edge, err := b.start(ctx, measured, append(one,
		"LOG_LEVEL=warn", "FIVECHAT_QUOTAS="+quotas, "FIVECHAT_ADDR="+addrs[5], "FIVECHAT_ADMIN_ADDR="+addrs[6],
		"FIVECHAT_ASSERTION_KEYS="+strings.Repeat("k", 32),
		"FIVECHAT_ACCOUNTS_URL=http://"+services, "FIVECHAT_WIDGETS_URL=http://"+services,
		"FIVECHAT_CONVERSATIONS_URL=http://"+backend,
		"FIVECHAT_VISITORS_URL=http://"+services, "FIVECHAT_TICKETS_URL=http://"+services,
		"FIVECHAT_STATISTICS_URL=http://"+services, "FIVECHAT_WEBHOOKS_URL=http://"+services,
		"FIVECHAT_WORKSPACE_URL=http://"+services), gateway)
	if err != nil {
		return b, err
	}
	b.forward = []*subject{
		{name: "nginx", path: "/conversations", addr: addrs[2], pid: front},
		{name: "the edge", path: "/conversations", addr: addrs[5], pid: edge},
		{name: "bare ReverseProxy", path: "/conversations", addr: addrs[3], pid: bare},
	}
	b.cached = []*subject{
		{name: "bare handler", path: "/widgets/wgt_bench", addr: addrs[4], pid: handler},
		{name: "the edge", path: "/widgets/wgt_bench", addr: addrs[5], pid: edge},
	}
	return b, b.ready(ctx, append([]string{backend, services}, addrs[2:6]...))
}

// free returns n loopback addresses below those that the system assigns by itself.
func free(n int) (addrs []string, err error) {
	for port := 21_000 + os.Getpid()%8_000; len(addrs) < n; port++ {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return nil, err
		}
		addrs = append(addrs, addr)
	}
	return addrs, nil
}

// start runs a program on a core and returns its process id.
func (b *bench) start(ctx context.Context, core string, env []string, program string, args ...string) (int, error) {
	c := exec.CommandContext(ctx, "taskset", append([]string{"-c", core, program}, args...)...)
	c.Env = append(os.Environ(), env...)
	c.Stderr = os.Stderr
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	if err := c.Start(); err != nil {
		return 0, err
	}
	b.processes = append(b.processes, c)
	return c.Process.Pid, nil // taskset becomes the program that it starts
}

func (b *bench) close() error {
	var errs []error
	for _, c := range b.processes {
		errs = append(errs, c.Process.Signal(syscall.SIGTERM))
	}
	for _, c := range b.processes {
		_ = c.Wait() // it ended by a signal, so its exit status says nothing
	}
	return errors.Join(append(errs, os.RemoveAll(b.dir))...)
}

func (b *bench) ready(ctx context.Context, addrs []string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, addr := range addrs {
		for {
			c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
			if err == nil {
				_ = c.Close()
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s does not respond: %w", addr, err)
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	return nil
}

const (
	commonConf = "daemon off; master_process off; error_log stderr crit;\nevents { worker_connections 4096; }\n"

	backendConf = commonConf + `http { access_log off; keepalive_requests 1000000000;
	server { listen %s; location / { default_type application/json; return 200 '%s'; } } }`

	frontConf = commonConf + `http { access_log off; keepalive_requests 1000000000;
	map_hash_bucket_size 256;
	map $http_authorization $known { default 0; "Bearer %s" 1; }
	limit_req_zone $http_authorization zone=tokens:10m rate=1000000r/s;
	upstream backend { server %s; keepalive 512; keepalive_requests 1000000000; }
	server { listen %s; location / {
		if ($known = 0) { return 401; }
		limit_req zone=tokens burst=100000 nodelay;
		proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://backend; } } }`
)

func (b *bench) nginx(ctx context.Context, core, name, conf string) (int, error) {
	file := filepath.Join(b.dir, name+".conf")
	if err := os.WriteFile(file, []byte("pid "+filepath.Join(b.dir, name+".pid")+";\n"+conf), 0o600); err != nil {
		return 0, err
	}
	return b.start(ctx, core, nil, "nginx", "-p", b.dir, "-c", file)
}

// measure prints its results.
func (b *bench) measure(rounds int, length time.Duration) error {
	for range rounds {
		for _, s := range append(b.forward, b.cached...) {
			if err := s.full(length); err != nil {
				return err
			}
		}
	}
	half := int(b.forward[1].rate / 2)
	for range rounds {
		for _, s := range b.forward {
			if err := s.half(b.self, half, length); err != nil {
				return err
			}
		}
	}
	fmt.Printf("Forwarding 1 KB, %d connections, best of %d rounds; p99 at %d requests/s\n\n", connections, rounds, half)
	fmt.Printf("| | CPU µs/request | × nginx | requests/s | p99 ms | × nginx |\n|---|---|---|---|---|---|\n")
	first := b.forward[0]
	for _, s := range b.forward {
		fmt.Printf("| %s | %.1f | %.2f | %.0f | %.2f | %.2f |\n", s.name, s.cpu, s.cpu/first.cpu, s.rate, s.p99,
			s.p99/first.p99)
	}
	fmt.Printf("\nCached widget settings\n\n| | CPU µs/request | requests/s | × bare handler |\n|---|---|---|---|\n")
	first = b.cached[0]
	for _, s := range b.cached {
		fmt.Printf("| %s | %.1f | %.0f | %.2f |\n", s.name, s.cpu, s.rate, s.rate/first.rate)
	}
	return nil
}

var (
	answeredOf = regexp.MustCompile(`(\d+) requests in`)
	rateOf     = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)
)

// full loads s with as many requests as it can process.
func (s *subject) full(length time.Duration) error {
	before, err := process.Processors(s.pid)
	if err != nil {
		return err
	}
	out, err := exec.Command("taskset", "-c", others, "wrk", "-t1", "-c"+strconv.Itoa(connections), "-d"+length.String(),
		"-H", "Authorization: Bearer "+secret, "http://"+s.addr+s.path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("wrk: %w: %s", err, out)
	}
	after, err := process.Processors(s.pid)
	if err != nil {
		return err
	}
	n, rate := answeredOf.FindSubmatch(out), rateOf.FindSubmatch(out)
	if n == nil || rate == nil || strings.Contains(string(out), "Non-2xx") {
		return fmt.Errorf("unexpected responses of %s: %s", s.name, out)
	}
	requests, _ := strconv.ParseFloat(string(n[1]), 64) // digits only, by the expression
	perSecond, _ := strconv.ParseFloat(string(rate[1]), 64)
	if cpu := (after - before).Seconds() * 1e6 / requests; s.cpu == 0 || cpu < s.cpu {
		s.cpu = cpu
	}
	s.rate = max(s.rate, perSecond)
	return nil
}

// half loads s at a steady rate and measures the time from when a request was due until its response.
func (s *subject) half(self string, rate int, length time.Duration) error {
	out, err := exec.Command("taskset", "-c", others, self, "-role", "openloop", s.addr, s.path, secret,
		strconv.Itoa(rate), length.String()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s at half load: %w: %s", s.name, err, out)
	}
	ms, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		return fmt.Errorf("%s at half load: %w: %s", s.name, err, out)
	}
	if s.p99 == 0 || ms < s.p99 {
		s.p99 = ms
	}
	return nil
}
