package hostile_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/process"
)

// binaries is the folder of all programs.
var binaries string

// onRedis matches the names of the tests of what Redis does: quotas, addresses, streams and cached content.
const onRedis = "Quota|Addresses|OneAddress|Stream|Redis|FalseTokens|UnknownVisitors"

// TestMain runs the tests on the embedded Redis, and those that onRedis matches again on a redis-server. Without a
// redis-server the second run is skipped, unless FIVECHAT_REQUIRE_REDIS is set.
func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "hostile:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if binaries, err = cluster.BuildAll(context.Background(), process.Fivechat); err != nil {
		return 1, err
	}
	// Most tests wait for time to pass, so more of them run at a time than there are processors.
	flag.Parse()
	if err = flag.Set("test.parallel", "6"); err != nil {
		return 1, err
	}
	given := os.Getenv("REDIS_URL")
	if code, err = runOver(m, given); code != 0 || err != nil || given != "" {
		return code, err
	}
	redis, err := startRedis()
	switch {
	case errors.Is(err, errNoRedis) && os.Getenv("FIVECHAT_REQUIRE_REDIS") == "":
		fmt.Fprintln(os.Stderr, "hostile: no redis-server: the tests ran on the embedded Redis only")
		return 0, nil
	case err != nil:
		return 1, err
	}
	defer redis.stop()
	if flag.Lookup("test.run").Value.String() == "" {
		if err := flag.Set("test.run", onRedis); err != nil {
			return 1, err
		}
	}
	fmt.Fprintln(os.Stderr, "hostile: running", flag.Lookup("test.run").Value, "again on a redis-server")
	return runOver(m, redis.url)
}

// runOver runs the tests against a system in a process of its own with the default quotas, and with a Redis, or the
// embedded one if redisURL is empty. The system trusts X-Forwarded-For from loopback: System.From gives each test its
// own client address.
func runOver(m *testing.M, redisURL string) (code int, err error) {
	dir, err := os.MkdirTemp("", "fivechat-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := process.Start(context.Background(), filepath.Join(binaries, "fivechat"), dir, "FIVECHAT_QUOTAS=",
		"FIVECHAT_TRUSTED_PROXIES=127.0.0.0/8", "FIVECHAT_WEBHOOKS_ALLOW=127.0.0.0/8", "FIVECHAT_WEBHOOKS_HTTP=true",
		"FIVECHAT_ADMIN_ADDR=127.0.0.1:0", "FIVECHAT_PPROF=true", "MONGODB_URI="+os.Getenv("MONGODB_URI"),
		"MONGODB_ADOPT=true",
		"REDIS_URL="+redisURL)
	if err != nil {
		return 1, err
	}
	if redisURL == "" {
		redisURL = s.RedisURL
	}
	code = harness.RunOn(m, harness.System{
		URL: s.Demo.URL, OperatorURL: s.Demo.OperatorURL, OperatorKey: s.Demo.OperatorKey, AdminURL: s.Demo.AdminURL,
		RedisURL: redisURL,
	})
	return code, s.Stop()
}

// launch starts every component in its own process, on the redis-server of the running system if it has one.
func launch(t *testing.T, env map[string]string) *cluster.Cluster {
	t.Helper()
	all := map[string]string{}
	if url := harness.Running().RedisURL; strings.HasPrefix(url, "redis://") {
		all["REDIS_URL"] = url
	}
	maps.Copy(all, env)
	return cluster.Launch(t, binaries, all)
}

// TestCallersHaveAddresses: each client spends the quotas of its own address, on which the other tests rely.
func TestCallersHaveAddresses(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	spend := func(address string) string {
		return s.From(address).Public().Do(t, "GET", "/health", nil).Want(t, 200).Header.Get("X-RateLimit-Remaining")
	}
	first, second, other := spend("198.51.100.1"), spend("198.51.100.1"), spend("198.51.100.2")
	if first == second || first != other {
		t.Errorf("one address had %s and then %s left, another %s; want less the second time, and as much for the other",
			first, second, other)
	}
}
