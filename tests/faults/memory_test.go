package faults_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/process"
)

// The chart's memory limit of the conversations service, and its GOMEMLIMIT.
const (
	serviceLimit    = 256 << 20
	serviceMemLimit = "230MiB"
)

// TestResumingStaysWithinMemory: hundreds of streams resume at the same time before long messages, and read nothing.
// The conversations service, in its own process, stays within its memory limit.
func TestResumingStaysWithinMemory(t *testing.T) {
	f := launchLimited(t)
	w := f.From("198.51.100.15").Website(t, harness.Free)
	const (
		visitors, messages = 24, 20
		streams            = 500
	)
	text := strings.Repeat("x", 64<<10)
	sessions := make([]harness.Session, visitors)
	for i := range sessions {
		at := *w
		at.System = f.From(fmt.Sprintf("203.0.113.%d", i))
		sessions[i] = at.Visit(t, nil)
		token := sessions[i].Open(t, text)
		for range messages {
			sessions[i].Say(t, token, text)
		}
	}
	conversations := service(f, "conversations")
	harness.Eventually(t, 2*harness.Patience, "the events have positions", func() (bool, any) {
		_, text := conversations.Get(t, "/metrics")
		return strings.Contains(text, "\nfivechat_outbox_waiting 0\n"), nil
	})
	for _, n := range []int{visitors, streams} {
		statuses := resumeAll(t, w, sessions, n)
		if statuses[200] == 0 || statuses[200]+statuses[429]+statuses[503] != n {
			t.Errorf("%d resuming streams got %v", n, statuses)
		}
		t.Logf("%d resuming streams: %v, at most %d MB", n, statuses, peakMemory(t, conversations)>>20)
	}
	if got := peakMemory(t, conversations); got > serviceLimit {
		t.Errorf("the process grew to %d MB", got>>20)
	}
	sessions[0].Events(t, "/visitor/events", "").Until(t, "ready")
}

// TestStatisticsCatchUpWithinMemory: statistics was stopped while hundreds of long messages were written. It then
// counts all of them, and neither it nor conversations, from which it reads them, exceeds its memory limit.
func TestStatisticsCatchUpWithinMemory(t *testing.T) {
	f := launchLimited(t)
	w := f.From("198.51.100.45").Website(t, harness.Pro)
	const conversations, messages = 3, 130
	text := strings.Repeat(`"`, 64<<10) // JSON writes each quote in two bytes
	statistics := service(f, "statistics")
	statistics.Terminate(t)
	visitor := w.Visit(t, nil)
	for range conversations {
		token := visitor.Open(t, "Hello")
		for range messages {
			w.Agent().Send(t, 201, "POST", "/conversations/"+token+"/messages", harness.Map{"content": text})
		}
	}
	statistics = statistics.Again(t)
	harness.Eventually(t, 24*harness.Patience, "all messages are counted", func() (bool, any) {
		a, err := w.Reader().Ask(t.Context(), "GET", "/statistics/current", nil) // 503 while it starts
		all := fmt.Sprintf(`"totalMessages":%d,`, conversations*(messages+1))    // with the visitor's
		return err == nil && a.Status == 200 && strings.Contains(string(a.Body), all), string(a.Body)
	})
	for _, p := range []*cluster.Process{service(f, "conversations"), statistics} {
		got := peakMemory(t, p)
		t.Logf("%s: at most %d MB", p.Name, got>>20)
		if got > serviceLimit {
			t.Errorf("%s grew to %d MB", p.Name, got>>20)
		}
	}
}

// launchLimited starts every component with the chart's memory limit. Each client can have an address of its own.
func launchLimited(t *testing.T) *cluster.Cluster {
	t.Helper()
	return cluster.Launch(t, binaries, map[string]string{
		"GOMEMLIMIT": serviceMemLimit, "FIVECHAT_TRUSTED_PROXIES": "127.0.0.0/8",
	})
}

// service returns the process of a service.
func service(f *cluster.Cluster, name string) *cluster.Process {
	for _, p := range f.Services {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// peakMemory is the peak memory of a process in bytes.
func peakMemory(t *testing.T, p *cluster.Process) int64 {
	t.Helper()
	n, err := process.PeakMemory(p.PID)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// resumeAll concurrently opens n streams of the visitors and the agents from the beginning of the logs, and reads only
// the headers of the responses. It counts the statuses.
func resumeAll(t *testing.T, w *harness.Website, sessions []harness.Session, n int) map[int]int {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	statuses := map[int]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range n {
		caller, path := sessions[i%len(sessions)].Client, "/visitor/events"
		if i%10 == 0 {
			caller, path = w.Reader(), "/events"
		}
		all.Go(func() {
			req, err := caller.With("Last-Event-ID", "0.0.0.0").Request(ctx, http.MethodGet, path)
			if err != nil {
				t.Error(err)
				return
			}
			resp, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			statuses[resp.StatusCode]++
		})
	}
	all.Wait()
	return statuses
}
