package runner_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/process/runner"
)

// lines is a log that a server writes while a test reads it.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// take returns the lines written since the last call.
func (l *lines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.b.Reset()
	return l.b.String()
}

func put(t *testing.T, url, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// TestLogLevelIsSetAtRuntime: only through the admin listener, and with immediate effect.
func TestLogLevelIsSetAtRuntime(t *testing.T) {
	t.Parallel()
	log := new(lines)
	c := telemetry.Default()
	c.LogTo = log
	tele, err := telemetry.New(t.Context(), "test", c)
	if err != nil {
		t.Fatal(err)
	}
	r, err := runner.Start(runner.Unit{Name: "test", Telemetry: tele, Listeners: []runner.Listener{
		{
			Name:    "http",
			Addr:    "127.0.0.1:0",
			Handler: http.NotFoundHandler(),
		}, {Name: runner.Admin, Addr: "127.0.0.1:0"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Stop(context.Background()) })
	at := r.URL(runner.Admin) + "/loglevel"
	say := func() string {
		log.take()
		tele.Log.Debug("debug is written")
		tele.Log.Info("info is written")
		tele.Log.Error("error is written")
		said := log.take()
		found := ""
		for _, level := range []string{"debug", "info", "error"} {
			if strings.Contains(said, level+" is written") {
				found += level + " "
			}
		}
		return strings.TrimSpace(found)
	}
	if _, level := get(t, at); level != "info\n" || say() != "info error" {
		t.Errorf("at first it is %q: %s", level, say())
	}
	for _, step := range []struct{ to, written string }{
		{"debug", "debug info error"}, {"error\n", "error"}, {"INFO", "info error"},
	} {
		log.take()
		if status := put(t, at, step.to); status != http.StatusOK {
			t.Errorf("%q: status %d", step.to, status)
		}
		if !strings.Contains(log.take(), "log level changed") {
			t.Errorf("%q: the change isn't logged", step.to)
		}
		if _, level := get(t, at); level != strings.ToLower(strings.TrimSpace(step.to))+"\n" || say() != step.written {
			t.Errorf("%q: it is %q: %s", step.to, level, say())
		}
	}
	for _, wrong := range []string{"", "loud", "info+1", "-4", strings.Repeat(" ", 100) + "debug"} {
		if status := put(t, at, wrong); status != http.StatusBadRequest || say() != "info error" {
			t.Errorf("%q: status %d, and then %s", wrong, status, say())
		}
	}
	if status := put(t, r.URL("http")+"/loglevel", "debug"); status != http.StatusNotFound || say() != "info error" {
		t.Errorf("at another listener: status %d, and then %s", status, say())
	}
}
