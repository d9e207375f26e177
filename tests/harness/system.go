// Package harness is what the tests share: a system under test, a client that checks what holds for every answer, the
// documented shapes, and makers of websites, tokens, visitors and what belongs to them.
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

	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/libs/process/runner"
	webhooks "fivechat.dev/services/webhooks/app"
)

// System is where a system under test answers.
type System struct {
	URL         string // the public edge
	OperatorURL string
	OperatorKey string
	AdminURL    string // where it says how it stands; "" where that is not known
	RedisURL    string // of a system in memory: where its Redis answers
	address     string // where callers seem to come from; "" where they really are
}

// running is the system that Main found or started.
var running System

// Running is the system that Main found or started.
func Running() System { return running }

// Main runs a package's tests against the system that the environment names, or one in memory of its own.
func Main(m *testing.M) { exit(run(m)) }

// MainLogged runs a package's tests against a system in memory of its own, whose log goes to log too. What of telemetry
// the environment sets, it does.
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
			return 1, fmt.Errorf("FIVECHAT_URL needs FIVECHAT_OPERATOR_URL and FIVECHAT_OPERATOR_KEY beside it")
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
	defer func() { _ = os.RemoveAll(dir) }() // what stays behind is in the way of nobody
	quotas, err := GenerousQuotas(dir)
	if err != nil {
		return 1, err
	}
	return runOver(m, system.Options{RedisURL: os.Getenv("REDIS_URL"), Quotas: quotas, Log: io.MultiWriter(log, to)})
}

// loopback is where the tests' own callers and receivers are.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// runOver runs a package's tests against a system in memory that is started with the options.
func runOver(m *testing.M, o system.Options) (int, error) {
	o.Listen, o.Admin, o.MongoURI = "127.0.0.1:0", "127.0.0.1:0", os.Getenv("MONGODB_URI")
	o.Webhooks, o.Access = webhooks.Reach{Allow: loopback, HTTP: true}, runner.AdminAccess{Profiles: true}
	s, err := system.Start(context.Background(), o)
	if err != nil {
		return 1, fmt.Errorf("start: %w", err)
	}
	running = System{URL: s.URL(), OperatorURL: s.OperatorURL(), OperatorKey: s.OperatorKey(), AdminURL: s.AdminURL(), RedisURL: s.RedisURL()}
	code := m.Run()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		return 1, fmt.Errorf("stop: %w", err)
	}
	return code, log.err()
}

// Logged gives the last lines that a system in memory has written into its log about a request.
func Logged(requestID string) string { return log.about(requestID) }

// log is that of the system in memory.
var log = new(alarms)

// alarms reads the system's log for what must never stand there, and keeps its end.
type alarms struct {
	mu    sync.Mutex
	found []string
	last  []string
}

// The bounds of what is kept: of alarms the first ones tell the story, of the rest the last ones.
const (
	mostAlarms = 20
	mostLines  = 500
)

var forbidden = [][]byte{[]byte("panicked"), []byte("DATA RACE"), []byte("refused by a sibling")}

// Write takes a piece of the log.
func (a *alarms) Write(p []byte) (int, error) {
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

func (a *alarms) about(requestID string) string {
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

func (a *alarms) err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.found) == 0 {
		return nil
	}
	return fmt.Errorf("the system's log has %d lines that must never stand there: %q", len(a.found), a.found)
}
