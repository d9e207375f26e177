package live

import (
	"testing"
	"time"
)

// TestHubIsReadyOnceItKnowsTheLogs, or has looked for one that is away for long enough.
func TestHubIsReadyOnceItKnowsTheLogs(t *testing.T) {
	t.Parallel()
	h := start(t)
	if h.Ready() == nil {
		t.Error("it is ready before it looks for the logs")
	}
	h.run()
	h.wait("it is ready", func() bool { return h.Ready() == nil })

	away := start(t)
	away.logs[1].setAway(true)
	away.run()
	away.wait("one log is known", func() bool {
		away.mu.Lock()
		defer away.mu.Unlock()
		return away.known == 1
	})
	if away.Ready() == nil {
		t.Error("it is ready although it doesn't know one of the logs")
	}
	away.mu.Lock()
	away.began = time.Now().Add(-settling)
	away.mu.Unlock()
	if err := away.Ready(); err != nil {
		t.Errorf("a log that is away for long keeps the others from the streams: %v", err)
	}
}

func (h hub) wait(what string, holds func() bool) {
	h.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(10 * time.Second); !holds(); {
		select {
		case <-tick.C:
		case <-deadline:
			h.t.Fatalf("not within 10 s: %s", what)
		}
	}
}
