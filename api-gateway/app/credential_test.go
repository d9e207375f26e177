package app_test

import (
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/api-gateway/app"
	"fivechat.dev/libs/store/rediskit"
)

func TestConcurrentLookupsAskAccountsOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.accounts.hold = make(chan struct{})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if a := h.do("GET", h.public+"/conversations", nil, bearer(readFree)); a.StatusCode != 200 {
				t.Errorf("status %d", a.StatusCode)
			}
		})
	}
	if !eventually(t, 5*time.Second, func() bool { return h.accounts.count() > 0 }) {
		t.Fatal("accounts wasn't asked")
	}
	close(h.accounts.hold)
	all.Wait()
	if n := h.accounts.count(); n != 1 {
		t.Errorf("accounts was asked %d times", n)
	}
}

func TestMalformedCredentialsAskNoService(t *testing.T) {
	t.Parallel()
	h := open(t)
	for range 3 {
		for _, token := range []string{stray, stray[:len(stray)-1], "5c_with-dash", "sk_foreign"} {
			if a := h.do("GET", h.public+"/conversations", nil, bearer(token)); a.StatusCode != 401 {
				t.Errorf("%s: status %d", token, a.StatusCode)
			}
		}
		for _, id := range []string{someone, "vis_nobody", "vis/malformed"} {
			h.do("POST", h.public+"/visitor/conversations", nil, "x-visitor-id: "+id)
		}
		h.do("GET", h.public+"/widgets/w", nil, bearer(readFree), "x-visitor-id: "+someone)
		h.do("POST", h.public+"/tickets", chunked(2<<20), bearer(bothPro))
	}
	if n := h.accounts.count(); n != 2 {
		t.Errorf(
			"accounts was asked %d times, want once about each token: the unknown one and that of the chunked body",
			n,
		)
	}
	if n := h.visitors.count(); n != 2 {
		t.Errorf("visitors was asked %d times, want once about each well-formed one", n)
	}
}

func TestRevocationTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	h := open(t, func(c *app.Config) { c.Redis.URL = "redis://" + redis.Addr() })
	listening(t, redis, 1)
	client, err := rediskit.Connect(rediskit.Config{URL: "redis://" + redis.Addr()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	status := func(token string) int { return h.do("GET", h.public+"/conversations", nil, bearer(token)).StatusCode }
	if status(readFree) != 200 || status(bothPro) != 200 {
		t.Fatal("the tokens are not good")
	}
	asked := h.accounts.count()
	h.accounts.remove(hashOf(readFree))
	if err := client.Forget(t.Context(), "widget", hashOf(readFree)); err != nil { // concerns another cache
		t.Fatal(err)
	}
	if err := client.Forget(t.Context(), "token", hashOf(readFree)); err != nil {
		t.Fatal(err)
	}
	if !eventually(t, time.Second, func() bool { return status(readFree) == 401 }) {
		t.Error("the revoked token still works after a second")
	}
	if status(bothPro) != 200 || h.accounts.count() != asked+1 {
		t.Errorf("another token was forgotten too: accounts was asked %d times more", h.accounts.count()-asked)
	}
}

func TestReconnectingToRedisDropsCaches(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	h := open(t, func(c *app.Config) { c.Redis.URL = "redis://" + redis.Addr() })
	listening(t, redis, 1)
	status := func() int { return h.do("GET", h.public+"/conversations", nil, bearer(readFree)).StatusCode }
	if status() != 200 {
		t.Fatal("the token is not good")
	}
	redis.Close()
	h.accounts.remove(hashOf(readFree)) // the announcement is lost
	if err := redis.Restart(); err != nil {
		t.Fatal(err)
	}
	if !eventually(t, 4*time.Second, func() bool { return status() == 401 }) {
		t.Error("the token still works after the connection to Redis was restored")
	}
}

// TestMissedRevocationTakesEffectByExpiry: without Redis a revoked token stops within ten seconds.
func TestMissedRevocationTakesEffectByExpiry(t *testing.T) {
	t.Parallel()
	h := open(t)
	status := func() int { return h.do("GET", h.public+"/conversations", nil, bearer(readFree)).StatusCode }
	if status() != 200 {
		t.Fatal("the token is not good")
	}
	h.accounts.remove(hashOf(readFree))
	if !eventually(t, 10*time.Second, func() bool { return status() == 401 }) {
		t.Error("the revoked token still works after ten seconds")
	}
}
