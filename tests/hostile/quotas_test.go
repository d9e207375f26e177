package hostile_test

import (
	"crypto/rand"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// at returns a website whose callers are at an address.
func at(w *harness.Website, address string) *harness.Website {
	moved := *w
	moved.System = w.From(address)
	return &moved
}

// TestOneAddressCannotSpendAWebsitesQuota: all visitors of one /64 share a fifth of the website's quota.
func TestOneAddressCannotSpendAWebsitesQuota(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	const visitors, each, share = 7, 230, 1_200 // per minute
	began := time.Now()
	var passed atomic.Int64
	var all sync.WaitGroup
	for i := range visitors {
		v := at(w, fmt.Sprintf("2001:db8:51:1::%x", i+1)).Visit(t, nil)
		all.Go(func() {
			for range each {
				if v.Do(t, "POST", "/visitor/heartbeat", nil).Status < 300 {
					passed.Add(1)
				}
			}
		})
	}
	all.Wait()
	cameBack := int64(time.Since(began).Seconds()*share/60) + 1
	if n := passed.Load(); n > share+cameBack || n < share/2 {
		t.Errorf("%d of %d requests of one /64 passed, want about %d", n, visitors*each, share)
	}
	at(w, "198.51.100.51").Visit(t, nil).Do(t, "POST", "/visitor/heartbeat", nil).Want(t, 200)
}

// TestAddressesOfOneSubscriberShareAQuota: the addresses of an IPv6 /64 share one quota; those of the next /64 have
// another.
func TestAddressesOfOneSubscriberShareAQuota(t *testing.T) {
	t.Parallel()
	spend := func(address string) int {
		a := harness.Running().From(address).Public().Do(t, "GET", "/health", nil).Want(t, 200)
		n, err := strconv.Atoi(a.Header.Get("X-RateLimit-Remaining"))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	first, second, other := spend("2001:db8:52:1::1"), spend("2001:db8:52:1:ffff::2"), spend("2001:db8:52:2::1")
	if second >= first || other != first {
		t.Errorf("%d are left after one request of a /64, %d after the next, %d for another /64", first, second, other)
	}
}

// lookalike returns a well-formed API token that begins like another.
func lookalike(beginning string) string {
	const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	kind, begun, _ := strings.Cut(beginning, "_")
	body := (begun + rand.Text() + rand.Text())[:32]
	check := ""
	for sum := crc32.ChecksumIEEE([]byte(body)); len(check) < 6; sum /= 62 {
		check = string(base62[sum%62]) + check
	}
	return kind + "_" + body + check
}

// untilRefused guesses, several times concurrently because the quota refills every second, until a guess is refused as
// one too many.
func untilRefused(t *testing.T, guess func() harness.Answer) {
	t.Helper()
	const together, most = 8, 50
	var refused atomic.Int64
	var all sync.WaitGroup
	for range together {
		all.Go(func() {
			for range most {
				a := guess()
				if a.Status == 429 && a.Header.Get("Retry-After") != "" {
					refused.Add(1)
				}
				if refused.Load() > 0 {
					return
				}
				if a.Status != 401 {
					t.Errorf("a guess: status %d: %s", a.Status, a.Body)
				}
			}
		})
	}
	all.Wait()
	if refused.Load() == 0 {
		t.Errorf("none of %d guesses was refused as one too many", together*most)
	}
}

// TestFalseTokensDoNotBlockTheirOwner: tokens that only begin like another caller's don't count against that caller.
func TestFalseTokensDoNotBlockTheirOwner(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	_, secret := w.Token(t, harness.Read)
	hostile := w.From("198.51.100.53")
	untilRefused(t, func() harness.Answer {
		return hostile.Bearer(lookalike(secret[:8])).Do(t, "GET", "/conversations", nil)
	})
	w.From("198.51.100.54").Bearer(secret).Do(t, "GET", "/conversations", nil).Want(t, 200)
}

// TestUnknownVisitorsCountByAddress: look-ups of unknown visitors have a limit for each address.
func TestUnknownVisitorsCountByAddress(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	ask := func(address string) harness.Answer {
		return s.From(address).Visitor(harness.Unique("vis_nobody")).Do(t, "POST", "/visitor/heartbeat", nil)
	}
	untilRefused(t, func() harness.Answer { return ask("198.51.100.55") })
	ask("198.51.100.56").Want(t, 401)
	w := s.Website(t, harness.Free)
	at(w, "198.51.100.56").Visit(t, nil).Do(t, "POST", "/visitor/heartbeat", nil).Want(t, 200)
}
