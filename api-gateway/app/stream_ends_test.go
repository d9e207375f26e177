package app_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/api-gateway/app"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/store/rediskit"
)

// TestStreamEndsAreCountedByReason: the end of each stream is counted, also if its token's plan changed.
func TestStreamEndsAreCountedByReason(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	h := open(t, func(c *app.Config) { c.Redis.URL = "redis://" + redis.Addr() })
	listening(t, redis, 1)
	orders := make(chan string)
	h.answer = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		_ = http.NewResponseController(w).Flush()
		select {
		case order := <-orders:
			if order == "break off" {
				panic(http.ErrAbortHandler)
			}
		case <-r.Context().Done():
		}
		return true
	}
	for _, c := range []struct {
		reason string
		end    func(leave context.CancelFunc)
	}{
		{"completed", func(context.CancelFunc) { orders <- "end" }},
		{"service_failed", func(context.CancelFunc) { orders <- "break off" }},
		{"client_left", func(leave context.CancelFunc) { leave() }},
		{"credential", func(context.CancelFunc) { h.upgrade(redis, readFree) }},
	} {
		series := `fivechat_edge_stream_ends_total{reason="` + c.reason + `"} `
		if !h.metric(series + "0") {
			t.Errorf("%s is not exported from the start", series)
		}
		ctx, leave := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, "GET", h.public+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+readFree)
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.StatusCode != 200 {
			t.Fatal(resp, err)
		}
		c.end(leave)
		_, _ = io.Copy(io.Discard, resp.Body) // until the stream ends
		resp.Body.Close()
		leave()
		if !eventually(t, 10*time.Second, func() bool { return h.metric(series + "1") }) {
			t.Errorf("%s: %s", c.reason, h.do("GET", h.admin+"/metrics", nil).body)
		}
	}
}

// upgrade changes the plan of a token, and announces it.
func (h *fixture) upgrade(redis *miniredis.Miniredis, token string) {
	h.t.Helper()
	changed, _ := h.accounts.find(h.t.Context(), byKey{hashOf(token)})
	changed.Plan = identity.Pro
	h.accounts.put(hashOf(token), changed)
	client, err := rediskit.Connect(rediskit.Config{URL: "redis://" + redis.Addr()}, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	defer client.Close()
	if err := client.Forget(h.t.Context(), "token", hashOf(token)); err != nil {
		h.t.Fatal(err)
	}
}
