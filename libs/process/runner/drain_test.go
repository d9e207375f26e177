package runner_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"fivechat.dev/libs/process/runner"
)

// TestStopDrainsStreams: Stop doesn't wait until its timeout for a response that ends only on Drain.
func TestStopDrainsStreams(t *testing.T) {
	t.Parallel()
	drained, entered := make(chan struct{}), make(chan struct{})
	r, err := runner.Start(unit(t, runner.Unit{
		Listeners: []runner.Listener{
			{Name: "http", Addr: "127.0.0.1:0", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				close(entered)
				<-drained
				io.WriteString(w, "drained")
			})},
		},
		Drain: func() { close(drained) },
	}))
	if err != nil {
		t.Fatal(err)
	}
	answer := make(chan string, 1)
	go func() {
		_, body := get(t, r.URL("http"))
		answer <- body
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if got := <-answer; got != "drained" {
		t.Errorf("the stream ended with %q", got)
	}
}
