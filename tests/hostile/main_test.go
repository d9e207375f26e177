package hostile_test

import (
	"testing"

	"fivechat.dev/tests/harness"
)

func TestMain(m *testing.M) { harness.MainHostile(m) }

// TestCallersHaveAddresses keeps what the other tests stand on: each caller spends the quotas of its own address.
func TestCallersHaveAddresses(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	spend := func(address string) string {
		return s.From(address).Public().Do(t, "GET", "/health", nil).Want(t, 200).Header.Get("X-RateLimit-Remaining")
	}
	first, second, other := spend("198.51.100.1"), spend("198.51.100.1"), spend("198.51.100.2")
	if first == second || first != other {
		t.Errorf("one address had %s and then %s left, another %s; want less, and as much as the first at first", first, second, other)
	}
}
