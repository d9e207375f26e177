// Package harness is shared by the tests. It contains the system under test, a client that checks every response, the
// documented shapes, and functions that create websites, tokens, visitors and their objects.
package harness

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/deploy/fivechat/catcher"
	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/libs/process/config"
	"fivechat.dev/libs/process/runner"
	webhooks "fivechat.dev/services/webhooks/app"
)

// System holds the addresses of a system under test.
type System struct {
	URL         string // the public edge
	OperatorURL string
	OperatorKey string
	AdminURL    string           // the admin listener; empty if unknown
	RedisURL    string           // the Redis of a system in memory
	SMTPAddr    string           // where it receives mail; empty if unknown
	Caught      *catcher.Catcher // the mails that it sends; nil if unknown
	address     string           // the client address that requests claim; empty: the real one
}

// running is the system that Main found or started.
var running System

// Running returns the system that Main found or started.
func Running() System { return running }

// Main runs a package's tests against the system that the environment names, or against one in memory.
func Main(m *testing.M) { exit(run(m)) }

// MainLogged runs a package's tests against a system in memory and copies its log to log. The environment's telemetry
// settings apply.
func MainLogged(m *testing.M, log io.Writer) { exit(inMemory(m, log)) }

func exit(code int, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "harness:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	running = System{
		URL:         os.Getenv("FIVECHAT_URL"),
		OperatorURL: os.Getenv("FIVECHAT_OPERATOR_URL"),
		OperatorKey: os.Getenv("FIVECHAT_OPERATOR_KEY"),
		AdminURL:    os.Getenv("FIVECHAT_ADMIN_URL"),
	}
	if running.URL != "" {
		if running.OperatorURL == "" || running.OperatorKey == "" {
			return 1, fmt.Errorf("FIVECHAT_URL also needs FIVECHAT_OPERATOR_URL and FIVECHAT_OPERATOR_KEY")
		}
		return m.Run(), nil
	}
	return inMemory(m, io.Discard)
}

func inMemory(m *testing.M, to io.Writer) (int, error) {
	dir, err := os.MkdirTemp("", "fivechat-test-")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // leftovers do no harm
	quotas, err := GenerousQuotas(dir)
	if err != nil {
		return 1, err
	}
	settings, err := config.Load(system.DefaultSettings())
	if err != nil {
		return 1, err
	}
	settings.Gateway.QuotasFile = quotas
	stop, err := withProvider(&settings, dir)
	if err != nil {
		return 1, err
	}
	defer func() { _ = stop() }() // it ends with the process
	return runOver(m, system.Options{Settings: &settings, Log: io.MultiWriter(log, to)})
}

// RunOn runs a package's tests against a system that the caller has started, and returns the exit code.
func RunOn(m *testing.M, s System) int {
	running = s
	return m.Run()
}

// loopback is the address range of the tests' own clients and receivers.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// runOver runs a package's tests against a system in memory with the given options.
func runOver(m *testing.M, o system.Options) (int, error) {
	o.Settings.Gateway.AdminAddr = "127.0.0.1:0"
	o.Catch = true
	o.Settings.Service.Adopt = true // the stores of MONGODB_URI outlive the keys of one run
	o.Settings.Reach = webhooks.Reach{Allow: loopback, HTTP: true}
	o.Settings.Service.Access = runner.AdminAccess{Profiles: true}
	s, err := system.Start(context.Background(), o)
	if err != nil {
		return 1, fmt.Errorf("start: %w", err)
	}
	running = System{
		URL: s.URL(), OperatorURL: s.OperatorURL(), OperatorKey: s.OperatorKey(), AdminURL: s.AdminURL(),
		RedisURL: s.RedisURL(), SMTPAddr: s.SMTPAddr(), Caught: s.Caught(),
	}
	code := m.Run()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		return 1, fmt.Errorf("stop: %w", err)
	}
	return code, log.Err()
}

// Logged returns the last log lines of a system in memory about a request.
func Logged(requestID string) string { return log.about(requestID) }

// log is the log of the system in memory.
var log = new(LogGuard)

// LogGuard searches a system's log for forbidden lines, and keeps the last lines.
type LogGuard struct {
	mu    sync.Mutex
	found []string
	last  []string
}

// The bounds of what LogGuard keeps: the first forbidden lines, which show the cause, and the last lines of the log.
const (
	mostAlarms = 20
	mostLines  = 500
)

var forbidden = [][]byte{[]byte("panicked"), []byte("DATA RACE"), []byte("refused by a sibling")}

// Write implements io.Writer.
func (a *LogGuard) Write(p []byte) (int, error) {
	if os.Getenv("FIVECHAT_TEST_LOG") != "" {
		_, _ = os.Stderr.Write(p)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for line := range bytes.Lines(p) {
		if a.last = append(a.last, string(line)); len(a.last) > 2*mostLines {
			a.last = slices.Clone(a.last[mostLines:])
		}
		for _, f := range forbidden {
			if bytes.Contains(line, f) && len(a.found) < mostAlarms {
				a.found = append(a.found, string(line))
			}
		}
	}
	return len(p), nil
}

func (a *LogGuard) about(requestID string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	for _, line := range a.last {
		if requestID != "" && strings.Contains(line, requestID) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// Err returns an error if there were forbidden lines.
func (a *LogGuard) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.found) == 0 {
		return nil
	}
	return fmt.Errorf("the system's log has %d forbidden lines: %q", len(a.found), a.found)
}
