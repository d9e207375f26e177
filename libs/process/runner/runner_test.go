package runner_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/process/runner"
)

func unit(t *testing.T, u runner.Unit) runner.Unit {
	t.Helper()
	c := telemetry.Default()
	c.LogTo = io.Discard
	tele, err := telemetry.New(t.Context(), "test", c)
	if err != nil {
		t.Fatal(err)
	}
	u.Name, u.Telemetry = "test", tele
	u.Listeners = append(u.Listeners, runner.Listener{Name: runner.Admin, Addr: "127.0.0.1:0"})
	return u
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

func TestStopWaitsForRequestsInProgress(t *testing.T) {
	t.Parallel()
	unavailable := errors.New("store is unavailable")
	ready := make(chan error, 1)
	entered, release, taskDone := make(chan struct{}), make(chan struct{}), make(chan struct{})
	closed := false
	r, err := runner.Start(unit(t, runner.Unit{
		Listeners: []runner.Listener{
			{Name: "http", Addr: "127.0.0.1:0", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				close(entered)
				<-release
				io.WriteString(w, "finished")
			})},
		},
		Tasks: []runner.Task{
			{Name: "background", Run: func(ctx context.Context) error { <-ctx.Done(); close(taskDone); return nil }},
		},
		Ready: func(context.Context) error {
			select {
			case err := <-ready:
				return err
			default:
				return nil
			}
		},
		Close: func(context.Context) error { closed = true; return nil },
	}))
	if err != nil {
		t.Fatal(err)
	}
	admin := r.URL(runner.Admin)
	if code, _ := get(t, admin+"/livez"); code != 200 {
		t.Errorf("livez %d", code)
	}
	if code, _ := get(t, admin+"/readyz"); code != 200 {
		t.Errorf("readyz %d", code)
	}
	ready <- unavailable
	if code, body := get(t, admin+"/readyz"); code != 503 || !strings.Contains(body, "store is unavailable") {
		t.Errorf("readyz %d %s", code, body)
	}
	if _, body := get(t, admin+"/metrics"); !strings.Contains(body, `fivechat_build_info{component="test"`) {
		t.Error("metrics")
	}
	answer := make(chan string, 1)
	go func() {
		resp, err := http.Get(r.URL("http"))
		if err != nil {
			answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		answer <- string(b)
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- r.Stop(context.Background()) }()
	close(release)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if got := <-answer; got != "finished" {
		t.Errorf("Stop cut off a request in progress: %s", got)
	}
	<-taskDone
	if !closed {
		t.Error("Close was not called")
	}
}

// TestDrainingClosesConnectionsByResponse: a stopping component serves for a moment longer, isn't ready, and ends each
// connection with a response that says so. It closes no connection on which a client may be sending.
func TestDrainingClosesConnectionsByResponse(t *testing.T) {
	t.Parallel()
	r, err := runner.Start(unit(t, runner.Unit{Listeners: []runner.Listener{{
		Name: "http", Addr: "127.0.0.1:0", Multiplex: true,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "here") }),
	}}}))
	if err != nil {
		t.Fatal(err)
	}
	ask := func() (closes bool) {
		t.Helper()
		resp, err := http.Get(r.URL("http"))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if b, err := io.ReadAll(resp.Body); string(b) != "here" || err != nil {
			t.Fatalf("%q, %v", b, err)
		}
		return resp.Close
	}
	if ask() {
		t.Error("a response closes its connection before the component stops")
	}
	drained := make(chan struct{})
	go func() { r.DrainConnections(); close(drained) }()
	for code := 200; code != 503; code, _ = get(t, r.URL(runner.Admin)+"/readyz") {
	}
	if !ask() {
		t.Error("a response while draining doesn't close its connection")
	}
	<-drained
	if err := r.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestStopNamesTheFailedTask(t *testing.T) {
	t.Parallel()
	r, err := runner.Start(
		unit(
			t,
			runner.Unit{
				Tasks: []runner.Task{{Name: "relay", Run: func(context.Context) error { return errors.New("boom") }}},
			},
		),
	)
	if err != nil {
		t.Fatal(err)
	}
	<-r.Failed()
	if err := r.Stop(context.Background()); err == nil || !strings.Contains(err.Error(), "task relay: boom") {
		t.Fatalf("got %v", err)
	}
}

func TestStopGivesUpOnATaskAtItsDeadline(t *testing.T) {
	t.Parallel()
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	r, err := runner.Start(
		unit(
			t,
			runner.Unit{
				Tasks: []runner.Task{{Name: "endless", Run: func(context.Context) error { <-forever; return nil }}},
			},
		),
	)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) ||
		!strings.Contains(err.Error(), "did not end in time") {
		t.Fatalf("got %v", err)
	}
}

func TestStartFailsIfAnAddressIsInUse(t *testing.T) {
	t.Parallel()
	r, err := runner.Start(unit(t, runner.Unit{}))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop(context.Background())
	taken := strings.TrimPrefix(r.URL(runner.Admin), "http://")
	if _, err := runner.Start(unit(t, runner.Unit{Listeners: []runner.Listener{{
		Name: "http", Addr: taken,
	}}})); err == nil ||
		!strings.Contains(err.Error(), "http listener") {
		t.Fatalf("got %v", err)
	}
}
