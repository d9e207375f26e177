package harness

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

// The ports that FreeAddrs draws from lie below those that a system hands out by itself, or whoever listens or dials
// next could be given one between the drawing and its use.
const (
	firstPort = 12_000
	lastPort  = 32_000
)

// given are the ports that FreeAddrs gave, each once: between its drawing and its use another test may draw.
var given sync.Map

// FreeAddrs gives n loopback addresses that nobody listens on, for servers that must be told theirs beforehand. None is
// given twice.
func FreeAddrs(t testing.TB, n int) []string {
	t.Helper()
	var addrs []string
	for range 100 * n {
		port := firstPort + rand.IntN(lastPort-firstPort)
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		l.Close()
		if _, twice := given.LoadOrStore(port, true); twice {
			continue
		}
		if addrs = append(addrs, addr); len(addrs) == n {
			return addrs
		}
	}
	t.Fatalf("no %d free ports", n)
	return nil
}
