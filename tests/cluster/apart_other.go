//go:build !linux

package cluster

import "testing"

// Apart starts processes. On Linux they run on other processors than this one.
func Apart(t testing.TB, start func()) {
	t.Helper()
	t.Log("the client and the system share this machine's processors")
	start()
}
