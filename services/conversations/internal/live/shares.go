package live

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

// shares divides a number of streams or bytes among keys, such as websites. A key may hold as much as is still free,
// and at most a fixed limit. A single key gets up to half of the total, two get a third each, and so on, so that some
// is always left for others. This is the dynamic threshold of shared-memory switches (Choudhury and Hahne, 1998) with α
// = 1.
type shares[K comparable] struct {
	mu    sync.Mutex
	free  int64
	most  int64 // limit of one key
	held  map[K]int64
	freed chan struct{} // closed when something is returned; nil if no caller waits
}

func newShares[K comparable](total, most int64) *shares[K] {
	return &shares[K]{free: total, most: most, held: map[K]int64{}}
}

// acquire reserves n for a key. It reports whether the key's share has room for them.
func (s *shares[K]) acquire(key K, n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acquireLocked(key, n)
}

func (s *shares[K]) acquireLocked(key K, n int64) bool {
	if s.held[key]+n > min(s.free, s.most) {
		return false
	}
	s.held[key] += n
	s.free -= n
	return true
}

// wait is take, but waits for room until ctx ends.
func (s *shares[K]) wait(ctx context.Context, key K, n int64) bool {
	for {
		s.mu.Lock()
		if s.acquireLocked(key, n) {
			s.mu.Unlock()
			return true
		}
		if s.freed == nil {
			s.freed = make(chan struct{})
		}
		freed := s.freed
		s.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return false
		}
	}
}

// release returns n that a key has reserved.
func (s *shares[K]) release(key K, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free += n
	if s.held[key] -= n; s.held[key] == 0 {
		delete(s.held, key)
	}
	if s.freed != nil {
		close(s.freed)
		s.freed = nil
	}
}

// owner is a visitor of a website.
type owner struct {
	website tenant.ID
	visitor id.Visitor
}

// countedAddress returns the key under which the streams of a client's address are counted. It is "" for agents,
// because the website's limit applies to them, for an unknown address, and for loopback. Loopback is the address of
// programs on this machine, or of all clients behind a proxy that the gateway isn't configured to trust.
func countedAddress(p identity.Principal, address string) string {
	a, err := netip.ParseAddr(address)
	if !audienceOf(p).isVisitor || err != nil || a.IsLoopback() {
		return ""
	}
	return httpkit.AddressKey(address)
}

// tooMany returns the error for a refused stream.
func tooMany(whose string) error {
	full := fault.Coded(fault.Limited, "too_many_streams", "too many event streams "+whose+" are open")
	full.RetryAfter = 5 * time.Second
	return full
}
