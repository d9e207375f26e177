package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/api-gateway/app"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/store/rediskit"
)

func (h *fixture) settings(headers ...string) answer {
	h.t.Helper()
	return h.do("GET", h.public+"/widgets/w", nil, headers...)
}

func TestWidgetSettingsAreCached(t *testing.T) {
	t.Parallel()
	h := open(t)
	first := h.settings()
	if string(first.body) != `{"version":1}` || first.Header.Get("Etag") != `"7.1.x"` ||
		first.Header.Get("Cache-Control") != "public, max-age=1, stale-while-revalidate=5" ||
		first.Header.Get("Content-Type") != "application/json; charset=utf-8" || first.Header.Get("RateLimit") == "" ||
		first.Header.Get("X-Request-Id") == "" {
		t.Fatalf("%d %v %s", first.StatusCode, first.Header, first.body)
	}
	for range 20 {
		if a := h.settings(); string(a.body) != string(first.body) || a.Header.Get("Etag") != first.Header.Get("Etag") {
			t.Errorf("again: %d %v %s", a.StatusCode, a.Header, a.body)
		}
	}
	if n := h.widgets.count(); n > 3 { // one per second
		t.Errorf("the service was asked %d times", n)
	}
	if a := h.settings(`If-None-Match: "7.0.y", "7.1.x"`); a.StatusCode != 304 || len(a.body) != 0 ||
		a.Header.Get("Etag") != `"7.1.x"` {
		t.Errorf("with the current ETag: %d %v", a.StatusCode, a.Header)
	}
	if a := h.settings(`If-None-Match: "7.0.y"`); a.StatusCode != 200 {
		t.Errorf("with another ETag: %d", a.StatusCode)
	}
	if a := h.do("HEAD", h.public+"/widgets/w", nil); a.StatusCode != 200 || len(a.body) != 0 || a.ContentLength != 13 {
		t.Errorf("HEAD: %d with %d bytes of %d", a.StatusCode, len(a.body), a.ContentLength)
	}
}

func TestUnknownWidgetsAreCached(t *testing.T) {
	t.Parallel()
	h := open(t)
	for range 5 {
		a := h.do("GET", h.public+"/widgets/nobody", nil)
		if p := h.problem(a); a.StatusCode != 404 || p.Code != "not_found" || p.Instance != "/widgets/nobody" ||
			p.RequestID != a.Header.Get("X-Request-Id") {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
	if n := h.widgets.count(); n > 2 {
		t.Errorf("the service was asked %d times", n)
	}
	asked := h.widgets.count()
	if a := h.do("GET", h.public+"/widgets/a.b", nil); a.StatusCode != 404 || h.widgets.count() != asked+1 {
		t.Errorf("a malformed token must be refused by the service: %d", a.StatusCode)
	}
}

// TestWidgetChangeReachesEveryGateway: within a second, by the announcement, and by expiry if the announcement is lost.
func TestWidgetChangeReachesEveryGateway(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	gateways := []*fixture{open(t, replica(redis, ""))}
	gateways = append(gateways, open(t, replica(redis, ""), func(c *app.Config) {
		c.WidgetsURL = gateways[0].services["widgets"].URL
	}))
	listening(t, redis, 2)
	keys, err := identity.ParseKeyring([]string{assertionKey})
	if err != nil {
		t.Fatal(err)
	}
	client, err := rediskit.Connect(rediskit.Config{URL: "redis://" + redis.Addr()}, keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	shows := func(h *fixture, version int64) bool {
		return string(h.settings().body) == fmt.Sprintf(`{"version":%d}`, version)
	}
	if !shows(gateways[0], 1) || !shows(gateways[1], 1) {
		t.Fatal("the current version isn't served")
	}
	if n := gateways[0].widgets.count(); n != 1 {
		t.Errorf("two gateways asked the service %d times", n)
	}
	for version := int64(2); version < 5; version++ {
		gateways[0].widgets.put("w", version)
		if err := client.Outdate(t.Context(), "widget", "w", version); err != nil {
			t.Fatal(err)
		}
		for i, h := range gateways {
			if !eventually(t, time.Second, func() bool { return shows(h, version) }) {
				t.Errorf("gateway %d doesn't serve version %d after a second", i, version)
			}
		}
	}
	// A gateway that is late with an older response doesn't store it.
	older := []byte(`{"type":"","tag":"","caching":"","body":""}`)
	if err := client.Cache(t.Context(), "widget", "w", 3, older, time.Hour); err != nil {
		t.Fatal(err)
	}
	gateways[0].widgets.put("w", 5)
	redis.Close() // the announcement is lost
	for i, h := range gateways {
		if !eventually(t, 3*time.Second, func() bool { return shows(h, 5) }) {
			t.Errorf("without Redis, gateway %d doesn't serve the change", i)
		}
	}
}

// TestForgedSettingsAreIgnored: an entry in Redis that no gateway signed counts as absent. A signed one gets the media
// type that the code states.
func TestForgedSettingsAreIgnored(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	const script = `{"type":"text/html","tag":"\"7.1.x\"","caching":"public","body":"PHNjcmlwdD4="}`
	now := fmt.Sprint(time.Now().UnixMilli())
	redis.HSet("fivechat:cache:widget:w", "v", "1", "b", script, "t", now, "s", "AAAA")
	h := open(t, replica(redis, ""))
	if a := h.settings(); string(a.body) != `{"version":1}` ||
		a.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("%v %s", a.Header, a.body)
	}
	keys, err := identity.ParseKeyring([]string{assertionKey})
	if err != nil {
		t.Fatal(err)
	}
	redis.HSet(
		"fivechat:cache:widget:signed", "v", "1", "b", script, "t", now, "s",
		keys.MAC("redis cache entry", "widget", "signed", now, script),
	)
	if a := h.do("GET", h.public+"/widgets/signed", nil); string(a.body) != "<script>" ||
		a.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("%v %s", a.Header, a.body)
	}
	if n := h.counted(`fivechat_redis_unverified_total{kind="cache"}`); n == 0 {
		t.Error("the forged entry was not counted")
	}
}

// TestSettingsAreServedWhileTheServiceIsDown: a gateway serves its cached copy. One that has just started serves the
// copy in Redis.
func TestSettingsAreServedWhileTheServiceIsDown(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	h := open(t, replica(redis, ""))
	listening(t, redis, 1)
	if a := h.settings(); a.StatusCode != 200 {
		t.Fatal(a.StatusCode)
	}
	h.services["widgets"].Close()
	redis.SetTime(time.Now().Add(time.Minute))
	fresh := open(t, replica(redis, ""), func(c *app.Config) { c.WidgetsURL = down })
	alone := open(t, func(c *app.Config) { c.WidgetsURL = down })
	misses := func() int { return h.counted(`fivechat_edge_cache_lookups_total{cache="widget",result="miss"}`) }
	for before := misses(); misses() < before+2; { // until its copy has expired more than once
		if a := h.settings(); a.StatusCode != 200 || string(a.body) != `{"version":1}` {
			t.Fatalf("the gateway: %d %s", a.StatusCode, a.body)
		}
	}
	if a := fresh.settings(); a.StatusCode != 200 || string(a.body) != `{"version":1}` {
		t.Errorf("another gateway: %d %s", a.StatusCode, a.body)
	}
	if a := alone.settings(); a.StatusCode != 503 || a.Header.Get("Retry-After") == "" {
		t.Errorf("a gateway without a copy: %d", a.StatusCode)
	}
}
