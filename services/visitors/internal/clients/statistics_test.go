package clients_test

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/visitors/internal/clients"
)

// TestReplyTimeIsRememberedForMinutes, and a failure for half a minute, by website.
func TestReplyTimeIsRememberedForMinutes(t *testing.T) {
	t.Parallel()
	status, body, asked := 200, "", 0
	client := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
	now := time.Unix(0, 0)
	s := clients.NewStatistics(client, func() time.Time { return now })
	for i, step := range []struct {
		website int64
		status  int
		body    string
		after   time.Duration
		want    int64 // 0 for nil
		asked   int
	}{
		{1, 200, `{"replySeconds":60}`, 0, 60, 1},
		{1, 200, `{"replySeconds":90}`, 299 * time.Second, 60, 1},
		{2, 200, `{"replySeconds":null}`, 0, 0, 2},
		{1, 503, `{}`, time.Second, 0, 3},
		{1, 200, `{"replySeconds":90}`, 29 * time.Second, 0, 3},
		{1, 200, `{"replySeconds":90}`, time.Second, 90, 4},
	} {
		now, status, body = now.Add(step.after), step.status, step.body
		got := s.Usual(t.Context(), storetest.Tenant(step.website))
		if (got == nil) != (step.want == 0) || got != nil && *got != step.want || asked != step.asked {
			t.Errorf("step %d: %v after %d requests", i, got, asked)
		}
	}
}

// TestReplyTimeIsNotWaitedFor: sessions at the same time share one request, which ends after a second.
func TestReplyTimeIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	client := clientOf(t, func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		<-r.Context().Done()
	})
	s := clients.NewStatistics(client, time.Now)
	begun := time.Now()
	done := make(chan *int64)
	for range 3 {
		go func() { done <- s.Usual(t.Context(), storetest.Tenant(1)) }()
	}
	for range 3 {
		if got := <-done; got != nil {
			t.Errorf("a reply time of %d", *got)
		}
	}
	if took := time.Since(begun); took > 10*time.Second || asked.Load() != 1 {
		t.Errorf("%v, %d requests", took, asked.Load())
	}
}
