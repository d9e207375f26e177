package harness

import (
	"testing"
	"time"
)

// Patience bounds how long a test waits for asynchronous effects: statistics, caches.
const Patience = 5 * time.Second

// pollEvery is the pause between two polls.
const pollEvery = 20 * time.Millisecond

// Eventually polls look until it reports ok. If that takes longer than within, it ends the test with the last state.
func Eventually(t testing.TB, within time.Duration, what string, look func() (ok bool, state any)) {
	t.Helper()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for start := time.Now(); ; {
		ok, state := look()
		if ok {
			return
		}
		if time.Since(start) > within {
			t.Fatalf("%s: not within %v; last seen: %v", what, within, state)
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("%s: the test ended", what)
		}
	}
}
