package harness

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

// FreeAddrs draws ports below the range from which the operating system assigns ports by itself. Otherwise another
// listener or an outgoing connection could get the port before the server uses it.
const (
	firstPort = 12_000
	lastPort  = 32_000
)

// usedPorts holds each port that FreeAddrs has returned, so that two tests never draw the same one.
var usedPorts sync.Map

// FreeAddrs returns n loopback addresses without a listener, for servers whose address must be known before they start.
// It never returns an address twice.
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
		if _, twice := usedPorts.LoadOrStore(port, true); twice {
			continue
		}
		if addrs = append(addrs, addr); len(addrs) == n {
			return addrs
		}
	}
	t.Fatalf("no %d free ports", n)
	return nil
}
