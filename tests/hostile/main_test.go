package hostile_test

import (
	"context"
	"os"
	"sync"
	"testing"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
)

// binaries is the folder of all components' binaries, which the tests of both runs share; "" until a test needs it.
var binaries string

func TestMain(m *testing.M) {
	harness.MainHostile(m, func() {
		if binaries != "" {
			_ = os.RemoveAll(binaries) // the files are temporary
		}
	})
}

// build builds the binaries, once.
var build = sync.OnceValue(func() (err error) {
	if binaries, err = os.MkdirTemp("", "fivechat-hostile-"); err != nil {
		return err
	}
	return cluster.BuildIn(context.Background(), binaries)
})

// launch starts every component in its own process.
func launch(t *testing.T, env map[string]string) *cluster.Cluster {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	return cluster.Launch(t, binaries, env)
}

// TestCallersHaveAddresses checks an assumption of the other tests: each caller uses the quotas of its own address.
func TestCallersHaveAddresses(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	spend := func(address string) string {
		return s.From(address).Public().Do(t, "GET", "/health", nil).Want(t, 200).Header.Get("X-RateLimit-Remaining")
	}
	first, second, other := spend("198.51.100.1"), spend("198.51.100.1"), spend("198.51.100.2")
	if first == second || first != other {
		t.Errorf("one address had %s and then %s left, another %s; want the second smaller, and the third equal to the first", first, second, other)
	}
}
