package harness

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// The ports that FreeAddrs draws from lie below those that a system hands out by itself, or whoever listens or dials
// next could be given one between the drawing and its use.
const (
	firstPort = 12_000
	lastPort  = 32_000
)

// FreeAddrs gives n loopback addresses that nobody listens on, for servers that must be told theirs beforehand.
func FreeAddrs(t testing.TB, n int) []string {
	t.Helper()
	var addrs []string
	for range 100 * n {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+rand.IntN(lastPort-firstPort)))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		defer l.Close() // held until all are drawn, so that none comes twice
		if addrs = append(addrs, addr); len(addrs) == n {
			return addrs
		}
	}
	t.Fatalf("no %d free ports", n)
	return nil
}
