package app_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/libs/kernel/tenant"
)

// TestUnknownVisitorsAreSlowedDown: unknown x-visitor-ids count as failures of their address, an IPv6 address by its
// /64.
func TestUnknownVisitorsAreSlowedDown(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	redis.SetTime(time.Now())
	h := open(t, replica(redis, ""))
	ask := func(id, address string) answer {
		return h.do("POST", h.public+"/visitor/heartbeat", nil, "x-visitor-id: "+id, proven, from(address))
	}
	if a := ask(someone, "2001:db8::1"); a.StatusCode != 200 {
		t.Fatalf("a known visitor: %d", a.StatusCode)
	}
	guess := func() (n int) { // the number of 401s before the first 429
		for ask(fmt.Sprint("vis_unknown", n), fmt.Sprintf("2001:db8::%x", n+2)).StatusCode == 401 {
			n++
		}
		return n
	}
	if n := guess(); n != 61 {
		t.Errorf("unknown visitors of one /64 are refused after %d, want 61", n)
	}
	asked := h.visitors.count()
	const elsewhere = "2001:db8:0:2::1" // without guesses: a request from there keeps the known visitor known
	for _, c := range []struct {
		name, id, address string
		status            int
	}{
		{"one more", "vis_another", "2001:db8::2", 429},
		{"the known visitor, from there", someone, "2001:db8::1", 200},
		{"an unknown visitor from elsewhere", "vis_another", "2001:db8:0:1::1", 401},
		{"a malformed one, from there", "vis/x", "2001:db8::2", 429},
	} {
		answered := func() bool {
			guess()
			ask(someone, elsewhere)
			return ask(c.id, c.address).StatusCode == c.status
		}
		if !eventually(t, 10*time.Second, answered) {
			t.Errorf("%s: not %d", c.name, c.status)
		}
	}
	if more := h.visitors.count() - asked; more > 10 {
		t.Errorf("visitors was asked %d times after the limit", more)
	}
}

// TestVisitorsOfOneAddressShareAQuota: one address with many visitors can't spend the website's whole quota.
func TestVisitorsOfOneAddressShareAQuota(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "quotas.json")
	quotas(
		t, file,
		`{"plans":{"PRO":{"visitor":{"caller":{"requests":3,"seconds":3600},"website":{"requests":50,"seconds":3600}}}}}`,
	)
	redis := miniredis.RunT(t)
	redis.SetTime(time.Now())
	h := open(t, replica(redis, file))
	website, _ := tenant.New(7)
	ask := func(i int, address string) answer {
		id := fmt.Sprint("vis_", i)
		h.visitors.put(id, visitorAnswer{website, int64(100 + i), hashOf(secret)})
		return h.do("POST", h.public+"/visitor/heartbeat", nil, "x-visitor-id: "+id, proven, from(address))
	}
	passed := 0
	for i := range 40 {
		a := ask(i, fmt.Sprintf("2001:db8:7:7::%x", i))
		if a.StatusCode == 200 {
			passed++
		}
		const want = `"visitor";q=3;w=3600, "visitor-address";q=10;w=3600, "visitor-website";q=50;w=3600`
		if got := a.Header.Get("RateLimit-Policy"); got != want {
			t.Fatalf("RateLimit-Policy: %q, want %q", got, want)
		}
	}
	if passed != 10 {
		t.Errorf("%d requests of one /64 passed, want a fifth of the website's quota of 50", passed)
	}
	if a := ask(100, "198.51.100.9"); a.StatusCode != 200 || a.Header.Get("X-RateLimit-Remaining") != "2" {
		t.Errorf("a visitor elsewhere: %d, remaining %s", a.StatusCode, a.Header.Get("X-RateLimit-Remaining"))
	}
}
