//go:build !linux

package cluster

import "testing"

// Apart starts processes. On Linux they are kept off the processors of this one.
func Apart(t testing.TB, start func()) {
	t.Helper()
	t.Log("what asks and what answers share this machine's processors")
	start()
}
