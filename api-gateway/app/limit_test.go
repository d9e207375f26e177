package app_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/api-gateway/app"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/rediskit"
)

// quotas writes a quota file.
func quotas(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replica makes a gateway share Redis and a quota file with others, and trust its client's X-Forwarded-For.
func replica(redis *miniredis.Miniredis, file string) func(*app.Config) {
	return func(c *app.Config) {
		if redis != nil {
			c.Redis.URL = "redis://" + redis.Addr()
		}
		c.QuotasFile = file
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}
}

func from(address string) string { return "X-Forwarded-For: " + address }

// TestGatewaysShareQuotas: two gateways over one Redis enforce one quota, report its state, and refuse excess requests.
func TestGatewaysShareQuotas(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "quotas.json")
	quotas(t, file, `{"plans":{
		"FREE":{"read":{"caller":{"requests":10,"seconds":3600},"website":{"requests":15,"seconds":3600}},
			"write":{"caller":{"requests":100,"seconds":3600},"website":{"requests":3,"seconds":3600}}},
		"PRO":{"visitor":{"caller":{"requests":4,"seconds":3600},"website":{"requests":9,"seconds":3600}}}},
		"addresses":{"public":{"requests":5,"seconds":3600}}}`)
	for name, c := range map[string]struct {
		method, path string
		headers      []string
		passes       int
		class        string
		policy       string
	}{
		"a token": {
			"GET", "/conversations",
			[]string{bearer(readFree)},
			10, "read",
			`"read";q=10;w=3600, "read-website";q=15;w=3600`,
		},
		"a website, before its token": {
			"DELETE", "/tags/a",
			[]string{bearer(writeFree)},
			3, "write",
			`"write";q=100;w=3600, "write-website";q=3;w=3600`,
		},
		"a visitor": {
			"GET", "/visitor/conversations/c/messages",
			[]string{named, proven},
			4, "visitor",
			`"visitor";q=4;w=3600, "visitor-website";q=9;w=3600`,
		},
		"an address": {"GET", "/widget/w", nil, 5, "public", `"public";q=5;w=3600`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := miniredis.RunT(t)
			redis.SetTime(time.Now())
			gateways := []*fixture{open(t, replica(redis, file)), open(t, replica(redis, file))}
			ask := func(i int, more ...string) answer {
				return gateways[i%2].do(c.method, gateways[i%2].public+c.path, nil, append(c.headers, more...)...)
			}
			for i := range c.passes {
				a := ask(i)
				if a.StatusCode != 200 || a.Header.Get("X-Ratelimit-Remaining") == "" {
					t.Fatalf("request %d of %d: %d %s", i+1, c.passes, a.StatusCode, a.body)
				}
			}
			a := ask(c.passes)
			p := gateways[0].problem(a)
			if a.StatusCode != 429 || p.Code != "rate_limited" || p.StatusCode != 429 ||
				p.Error != "Too Many Requests" {
				t.Errorf("one more: %d %s", a.StatusCode, a.body)
			}
			for header, want := range map[string]string{
				"RateLimit-Policy": c.policy, "RateLimit": fmt.Sprintf(`"%s";r=0;t=3600`, c.class),
				"X-RateLimit-Limit": fmt.Sprint(c.passes), "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "3600",
				"Retry-After": fmt.Sprint(3600 / c.passes),
			} {
				if got := a.Header.Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
			if a := ask(c.passes+1, from("203.0.113.7")); (a.StatusCode == 200) != (name == "a visitor" ||
				name == "an address") {
				t.Errorf("the same from another address: %d", a.StatusCode)
			}
			if a := gateways[0].do("GET", gateways[0].public+"/statistics/current", nil, bearer(bothPro)); a.StatusCode != 200 {
				t.Errorf("another token and plan: %d", a.StatusCode)
			}
			if name == "a token" {
				if a := ask(0); a.StatusCode != 429 {
					t.Errorf("again: %d", a.StatusCode)
				}
				if a := gateways[0].do("DELETE", gateways[0].public+"/tags/a", nil, bearer(readFree)); a.StatusCode != 403 {
					t.Errorf("what is not permitted is 403 before it is 429, got %d", a.StatusCode)
				}
			}
		})
	}
}

// TestRequestPassesAfterRetryAfter: after the pause that a refusal states, one more request passes.
func TestRequestPassesAfterRetryAfter(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	now := time.Now()
	redis.SetTime(now)
	file := filepath.Join(t.TempDir(), "quotas.json")
	quotas(t, file, `{"addresses":{"public":{"requests":2,"seconds":2}}}`)
	h := open(t, replica(redis, file))
	ask := func() int { return h.do("GET", h.public+"/widget/w", nil).StatusCode }
	for i, want := range []int{200, 200, 429} {
		if got := ask(); got != want {
			t.Fatalf("request %d of two that may pass: %d", i+1, got)
		}
	}
	redis.SetTime(now.Add(time.Second))
	if !eventually(t, 5*time.Second, func() bool { return ask() == 200 }) {
		t.Error("nothing came back")
	}
}

// TestWebsiteQuotasReplaceThePlans: a website's own quotas, and a new plan, take effect when accounts announces them.
func TestWebsiteQuotasReplaceThePlans(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	redis.SetTime(time.Now())
	gateways := []*fixture{open(t, replica(redis, "")), open(t, replica(redis, ""))}
	listening(t, redis, 2)
	client, err := rediskit.Connect(rediskit.Config{URL: "redis://" + redis.Addr()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	for _, h := range gateways {
		if a := h.do("GET", h.public+"/conversations", nil, bearer(readFree)); a.Header.Get("X-RateLimit-Limit") != "600" {
			t.Fatalf("by its plan: %q", a.Header.Get("X-RateLimit-Limit"))
		}
		if a := h.do("GET", h.public+"/tickets", nil, bearer(readFree)); a.StatusCode != 403 {
			t.Fatalf("tickets on FREE: %d", a.StatusCode)
		}
		website, _ := tenant.New(7)
		h.websites.put("7", websiteAnswer{website, identity.Pro, map[string]amount{"read": {50, 60}}})
		h.accounts.put(hashOf(readFree), tokenAnswer{website, 11, identity.Read, identity.Pro})
	}
	if err := client.Forget(t.Context(), "website", "7"); err != nil {
		t.Fatal(err)
	}
	for i, h := range gateways {
		if !eventually(t, time.Second, func() bool {
			a := h.do("GET", h.public+"/tickets", nil, bearer(readFree))
			return a.StatusCode == 200 && a.Header.Get("RateLimit-Policy") == `"read";q=50;w=60`
		}) {
			t.Errorf("gateway %d doesn't apply the new plan and quotas after a second", i)
		}
	}
}

func TestQuotasAreReloaded(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "quotas.json")
	quotas(t, file, `{"addresses":{"public":{"requests":7,"seconds":60}}}`)
	h := open(t, replica(nil, file))
	limit := func() string {
		return h.do("GET", h.public+"/widget/w", nil).Header.Get("X-RateLimit-Limit")
	}
	if got := limit(); got != "7" {
		t.Errorf("at first %q", got)
	}
	quotas(t, file, `{"addresses":{"public":{"requests":0,"seconds":60}}}`)
	if !eventually(t, 10*time.Second, func() bool {
		return strings.Contains(h.log.String(), "loading the quota file failed")
	}) {
		t.Error("invalid quotas aren't reported")
	}
	if got := limit(); got != "7" {
		t.Errorf("after a mistake %q", got)
	}
	quotas(t, file, `{"addresses":{"public":{"requests":8,"seconds":60}}}`)
	if !eventually(t, 10*time.Second, func() bool { return limit() == "8" }) {
		t.Error("the new quotas are not used")
	}
}

func TestInvalidQuotaFileIsRefused(t *testing.T) {
	t.Parallel()
	for content, names := range map[string]string{
		`{`:                              "malformed JSON",
		`{"plan":{}}`:                    "plan ",
		`{"plans":{"GOLD":{}}}`:          "plans.GOLD",
		`{"plans":{"FREE":{"page":{}}}}`: "plans.FREE.page",
		`{"plans":{"FREE":{"read":{"caller":{"requests":1,"seconds":1}}}}}`: "plans.FREE.read",
		`{"addresses":{"read":{"requests":1,"seconds":1}}}`:                 "addresses.read",
		`{"addresses":{"public":{"requests":1,"seconds":3601}}}`:            "addresses.public",
	} {
		file := filepath.Join(t.TempDir(), "quotas.json")
		quotas(t, file, content)
		c := app.Default()
		c.QuotasFile = file
		c.AssertionKeys = []string{assertionKey}
		for _, u := range []*string{
			&c.AccountsURL, &c.ConversationsURL, &c.VisitorsURL, &c.WidgetsURL, &c.TicketsURL, &c.StatisticsURL,
			&c.WebhooksURL, &c.WorkspaceURL, &c.MailURL, &c.FilesURL,
		} {
			*u = down
		}
		if _, err := app.New(t.Context(), c); err == nil || !strings.Contains(err.Error(), names) ||
			!strings.Contains(err.Error(), "FIVECHAT_QUOTAS") {
			t.Errorf("%s: %v", content, err)
		}
	}
}

// TestLimitsWithoutRedis: each of two gateways enforces half of the quota. So no caller is unlimited, and none is
// always refused.
func TestLimitsWithoutRedis(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "quotas.json")
	quotas(t, file, `{"addresses":{"public":{"requests":10,"seconds":3600}}}`)
	redis := miniredis.RunT(t)
	gateways := []*fixture{open(t, replica(redis, file)), open(t, replica(redis, file))}
	if !eventually(t, 10*time.Second, func() bool {
		n, err := redis.ZMembers("fivechat:rate-replicas")
		return err == nil && len(n) == 2
	}) {
		t.Fatal("the gateways do not see one another")
	}
	for _, h := range gateways { // each learns of the other at the other's next announcement
		if !eventually(t, 10*time.Second, func() bool {
			return strings.Contains(string(h.do("GET", h.admin+"/metrics", nil).body), "fivechat_ratelimit_replicas 2")
		}) {
			t.Fatal("a gateway does not know how many there are")
		}
	}
	redis.Close()
	passed := 0
	for i := range 40 {
		if h := gateways[i%2]; h.do("GET", h.public+"/widget/w", nil, from("203.0.113.9")).StatusCode == 200 {
			passed++
		}
	}
	if passed != 10 {
		t.Errorf("%d passed of a quota of ten", passed)
	}
}

// TestGuessingIsSlowedDown: a caller that sends many invalid tokens is slowed down; others aren't.
func TestGuessingIsSlowedDown(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	redis.SetTime(time.Now())
	h := open(t, replica(redis, ""))
	listening(t, redis, 1)
	ask := func(token, address string) answer {
		return h.do("GET", h.public+"/conversations", nil, bearer(token), from(address))
	}
	// until returns the number of invalid tokens that got 401 before one got 429.
	until := func(next func(i int) (token, address string)) int {
		for i := range 200 {
			switch a := ask(next(i)); a.StatusCode {
			case 401:
			case 429:
				if p := h.problem(a); p.Code != "too_many_failures" || a.Header.Get("Retry-After") == "" {
					t.Errorf("%s, Retry-After %q", p.Code, a.Header.Get("Retry-After"))
				}
				return i
			default:
				t.Fatalf("a bad token: %d", a.StatusCode)
			}
		}
		return -1
	}
	malformed := func(int) (string, string) { return "5c_wrong", "203.0.113.1" }
	if a := ask(readFree, "203.0.113.1"); a.StatusCode != 200 {
		t.Fatalf("a good token: %d", a.StatusCode)
	}
	if n := until(malformed); n != 61 {
		t.Errorf("malformed tokens of one address are refused after %d", n)
	}
	for what, c := range map[string]struct {
		ask    func() answer
		status int
	}{
		"a token that isn't cached yet, from there": {func() answer { return ask(bothPro, "203.0.113.1") }, 429},
		"a known good token from there":             {func() answer { return ask(readFree, "203.0.113.1") }, 200},
		"a good token from elsewhere":               {func() answer { return ask(writeFree, "203.0.113.2") }, 403},
		"the operator's key, wrong, from there": {func() answer {
			return h.do("GET", h.operator+"/operator/websites", nil, bearer("not the key"), from("203.0.113.1"))
		}, 429},
		"the operator's key, from there": {func() answer {
			return h.do("GET", h.operator+"/operator/websites", nil, bearer(operatorKey), from("203.0.113.1"))
		}, 200},
	} {
		// The quota regains one failure a second, so the address must have failed just before.
		if !eventually(t, 10*time.Second, func() bool { until(malformed); return c.ask().StatusCode == c.status }) {
			t.Errorf("%s: not %d", what, c.status)
		}
	}
	same := func(i int) string { return apiToken(fmt.Sprint("sameone", i)) }
	if n := until(func(i int) (string, string) { return same(i), "198.51.100.1" }); n != 31 {
		t.Errorf("guesses at one prefix from one address are refused after %d", n)
	}
	if n := until(func(i int) (string, string) { return same(i), fmt.Sprint("203.0.113.", 100+i%100) }); n != -1 {
		t.Errorf(
			"guesses at one prefix, two from each address, are refused after %d: the token's owner would be, too",
			n,
		)
	}
}

// counted returns the value of a metric.
func (h *fixture) counted(name string) int {
	h.t.Helper()
	_, after, found := strings.Cut(string(h.do("GET", h.admin+"/metrics", nil).body), "\n"+name+" ")
	line, _, _ := strings.Cut(after, "\n")
	n, err := strconv.Atoi(line)
	if !found || err != nil {
		h.t.Fatalf("no %s: %v", name, err)
	}
	return n
}

// TestQuotaHoldsUnderLoad: of many concurrent requests to two gateways, no more pass than the quota allows.
func TestQuotaHoldsUnderLoad(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "quotas.json")
	quotas(t, file, `{"addresses":{"public":{"requests":200,"seconds":3600}}}`)
	redis := miniredis.RunT(t)
	redis.SetTime(time.Now())
	gateways := []*fixture{open(t, replica(redis, file)), open(t, replica(redis, file))}
	var passed, refused atomic.Int64
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				switch h := gateways[i%2]; h.do("GET", h.public+"/widget/w", nil).StatusCode {
				case 200:
					passed.Add(1)
				case 429:
					refused.Add(1)
				}
			}
		})
	}
	all.Wait()
	// Requests that a gateway allowed by itself, because Redis was slow, aren't in the count of Redis.
	alone := gateways[0].counted(
		`fivechat_ratelimit_decisions_total{by="local",outcome="allowed"}`,
	) + gateways[1].counted(`fivechat_ratelimit_decisions_total{by="local",outcome="allowed"}`)
	if p, r := int(passed.Load()), int(refused.Load()); p > 200+alone || p < 200-2*4 || p+r != 400 {
		t.Errorf("%d passed and %d were refused of 400 on a quota of 200, %d of them alone", p, r, alone)
	}
}
