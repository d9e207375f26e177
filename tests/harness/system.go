// Package harness is what the tests share: a system under test, a client that checks what holds for every answer, the
// documented shapes, and makers of websites, tokens, visitors and what belongs to them.
package harness

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"fivechat.dev/deploy/fivechat/system"
	webhooks "fivechat.dev/services/webhooks/app"
)

// System is where a system under test answers.
type System struct {
	URL         string // the public edge
	OperatorURL string
	OperatorKey string
	AdminURL    string // where it says how it stands; "" where that is not known
}

// running is the system that Main found or started.
var running System

// Running is the system that Main found or started.
func Running() System { return running }

// Main runs a package's tests against the system that the environment names, or one in memory of its own.
func Main(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "harness:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	running = System{os.Getenv("FIVECHAT_URL"), os.Getenv("FIVECHAT_OPERATOR_URL"), os.Getenv("FIVECHAT_OPERATOR_KEY"), os.Getenv("FIVECHAT_ADMIN_URL")}
	if running.URL != "" {
		if running.OperatorURL == "" || running.OperatorKey == "" {
			return 1, fmt.Errorf("FIVECHAT_URL needs FIVECHAT_OPERATOR_URL and FIVECHAT_OPERATOR_KEY beside it")
		}
		return m.Run(), nil
	}
	dir, err := os.MkdirTemp("", "fivechat-test-")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what stays behind is in the way of nobody
	quotas, err := GenerousQuotas(dir)
	if err != nil {
		return 1, err
	}
	log := new(alarms)
	s, err := system.Start(context.Background(), system.Options{
		Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", MongoURI: os.Getenv("MONGODB_URI"), RedisURL: os.Getenv("REDIS_URL"), Quotas: quotas, Log: log,
		Webhooks: webhooks.Reach{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, HTTP: true}})
	if err != nil {
		return 1, fmt.Errorf("start: %w", err)
	}
	running = System{s.URL(), s.OperatorURL(), s.OperatorKey(), s.AdminURL()}
	code := m.Run()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		return 1, fmt.Errorf("stop: %w", err)
	}
	return code, log.err()
}

// alarms reads the system's log for what must never stand there.
type alarms struct {
	mu    sync.Mutex
	found []string
}

// mostAlarms bounds what is kept: the first ones tell the story.
const mostAlarms = 20

var forbidden = [][]byte{[]byte("panicked"), []byte("DATA RACE"), []byte("refused by a sibling")}

// Write takes a piece of the log.
func (a *alarms) Write(p []byte) (int, error) {
	if os.Getenv("FIVECHAT_TEST_LOG") != "" {
		_, _ = os.Stderr.Write(p)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for line := range bytes.Lines(p) {
		for _, f := range forbidden {
			if bytes.Contains(line, f) && len(a.found) < mostAlarms {
				a.found = append(a.found, string(line))
			}
		}
	}
	return len(p), nil
}

func (a *alarms) err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.found) == 0 {
		return nil
	}
	return fmt.Errorf("the system's log has %d lines that must never stand there: %q", len(a.found), a.found)
}
