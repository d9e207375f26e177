package proxy

import "testing"

// TestRetryBudgetRefuses: retries are refused when the saved ones are spent. Ten requests earn one more, and no more
// than ten are ever saved.
func TestRetryBudgetRefuses(t *testing.T) {
	t.Parallel()
	b := newBudget()
	granted := func() (n int) {
		for n < 1_000 && b.spend() {
			n++
		}
		return n
	}
	const saved = maxSaved / retryCost
	if n := granted(); n != saved {
		t.Errorf("a new budget grants %d retries, want %d", n, saved)
	}
	for requests, want := range map[int]int{0: 0, retryCost - 1: 0, retryCost: 1, 25: 2, 100_000: saved} {
		b.tenths.Store(0)
		for range requests {
			b.earn()
		}
		if n := granted(); n != want {
			t.Errorf("%d requests earn %d retries, want %d", requests, n, want)
		}
	}
}
