package rediskit_test

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/libs/store/rediskit"
)

func TestURLNamesServers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url  string
		want rediskit.Parsed
	}{
		{"redis://h", rediskit.Parsed{Kind: "node", Addrs: "h:6379"}},
		{"redis://u:p%2Fw@h:1/2", rediskit.Parsed{Kind: "node", Addrs: "h:1", User: "u", Password: "p/w", DB: 2}},
		{"rediss://:p@h:1", rediskit.Parsed{Kind: "node", Addrs: "h:1", Password: "p", TLS: true, ServerName: "h"}},
		{"unix://:p@/a/b.sock?db=3", rediskit.Parsed{Kind: "node", Addrs: "/a/b.sock", Password: "p", DB: 3}},
		{"redis+sentinel://h1/m", rediskit.Parsed{Kind: "sentinel", Addrs: "h1:26379", Primary: "m"}},
		{"redis+sentinel://u:p%2C%40w@h1:1,[::1],h3:3/m/4?sentinel_username=su&sentinel_password=s%26w", rediskit.Parsed{
			Kind: "sentinel", Addrs: "h1:1 [::1]:26379 h3:3", Primary: "m", User: "u", Password: "p,@w", DB: 4,
			SentinelUser: "su", SentinelPassword: "s&w",
		}},
		{"rediss+sentinel://:p@h1,h2/m/", rediskit.Parsed{
			Kind: "sentinel", Addrs: "h1:26379 h2:26379", Primary: "m", Password: "p", TLS: true,
		}},
		{"redis+cluster://h1,h2:7", rediskit.Parsed{Kind: "cluster", Addrs: "h1:6379 h2:7"}},
		{"rediss+cluster://u:p@h1/0?pool_size=7", rediskit.Parsed{
			Kind: "cluster", Addrs: "h1:6379", User: "u", Password: "p", TLS: true,
		}},
	} {
		if got, err := rediskit.Parse(rediskit.Config{URL: c.url}); err != nil || got != c.want {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", c.url, got, err, c.want)
		}
	}
}

// TestInvalidURLIsExplained: an error names the variable, and contains no part of a password.
func TestInvalidURLIsExplained(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, want string }{
		{"", "none of redis://"},
		{"hunter2@h", "none of redis://"},
		{"http://:hunter2@h", "none of redis://"},
		{"unix+cluster:///hunter2", "none of redis://"},
		{"redis+ring://:hunter2@h", "none of redis://"},
		{"redis://:hunter2@h:port/0", "none of redis://"},
		{"redis://:hunter2/x@h/0", "percent-encoded"},
		{"redis://:x?hunter2@h/0", "percent-encoded"},
		{"redis+sentinel://:hunter2/x@h/m", "address 1 isn't host:port"},
		{"redis+sentinel://:x?hunter2@h/m", "address 1 isn't host:port"},
		{"redis+cluster://x?hunter2@h", "percent-encoded"},
		{"redis+cluster://h#hunter2", "percent-encoded"},
		{"redis+cluster://h?a=%hunter2", "percent-encoded"},
		{"redis://:hunter2@h1:1,h2:2/0", "several addresses need redis+sentinel:// or redis+cluster://"},
		{"redis+sentinel://:hunter2@h1,h2", "name of the primary"},
		{"redis+sentinel://:hunter2@h1,h2/m/x", "isn't a number"},
		{"redis+sentinel://:hunter2@h1,h2/m/0/1", "isn't a number"},
		{"redis+sentinel://:hunter2@h1,,h2/m", "address 2 isn't host:port"},
		{"redis+sentinel://:hunter2@h1,h2:99x/m", "address 2 isn't host:port"},
		{"redis+sentinel://h1/m?password=hunter2", "option password isn't supported"},
		{"redis+sentinel://:hunter2@h1/m?replica_only=true", "option replica_only isn't supported"},
		{"redis+cluster://:hunter2@h1/1", "no databases but 0"},
		{"redis+cluster://:hunter2@", "address 1 isn't host:port"},
		{"redis+cluster://:hunter2@h1?read_only=true", "option read_only isn't supported"},
		{"redis://:hunter2@h?read_timeout=99ms", "read_timeout isn't between 100ms and 10s"},
		{"redis+cluster://:hunter2@h?write_timeout=11s", "write_timeout isn't between"},
		{"redis+sentinel://:hunter2@h/m?dial_timeout=0", "dial_timeout isn't between"},
	} {
		_, err := rediskit.Connect(rediskit.Config{URL: c.url}, nil)
		if err == nil || !strings.Contains(err.Error(), "REDIS_URL") || !strings.Contains(err.Error(), c.want) ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", c.url, err, c.want)
		}
	}
}

// TestCAVerifiesRedis: a server is accepted if an authority in REDIS_CA signed its certificate, and otherwise not.
func TestCAVerifiesRedis(t *testing.T) {
	t.Parallel()
	issued := httptest.NewUnstartedServer(nil) // only for its certificate
	issued.StartTLS()
	t.Cleanup(issued.Close)
	m, err := miniredis.RunTLS(&tls.Config{Certificates: issued.TLS.Certificates, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: issued.Certificate().Raw}))
	for _, c := range []struct{ url, ca, want string }{
		{"rediss://" + m.Addr(), ca, ""},
		{"rediss://" + m.Addr(), "", "certificate signed by unknown authority"},
		{"rediss://" + m.Addr(), "/etc/ca.crt", "REDIS_CA contains no PEM certificate"},
		{"redis://h", ca, "REDIS_CA needs a REDIS_URL with TLS"},
		{"redis+sentinel://h/m", ca, "REDIS_CA needs a REDIS_URL with TLS"},
	} {
		client, err := rediskit.Connect(rediskit.Config{URL: c.url, CA: c.ca}, nil)
		if err == nil {
			err = errors.Join(client.Ping(t.Context()), client.Close())
		}
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.url, err, c.want)
		}
	}
}

// TestNamespaceSeparatesInstallations: two installations that share a Redis have no key, stream, group or channel in
// common.
func TestNamespaceSeparatesInstallations(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	messages := map[string]chan string{}
	for _, namespace := range []string{"", "shop-1"} {
		c := connectTo(t, rediskit.Config{URL: "redis://" + m.Addr(), Namespace: namespace})
		received, begun := make(chan string, 2), make(chan struct{}, 1)
		messages[namespace] = received
		go func() {
			changed := func(subscribed bool) {
				if subscribed {
					begun <- struct{}{}
				}
			}
			_ = c.Subscribe(t.Context(), "messages", changed, func(said string) { received <- said })
		}()
		<-begun
		if err := c.Append(t.Context(), "s", []rediskit.Entry{{Pos: 1, Data: "one"}}, 0); err != nil {
			t.Fatal(err)
		}
		if err := c.Cache(t.Context(), "c", "k", 1, []byte("value"), time.Hour); err != nil {
			t.Fatal(err)
		}
		if s, err := c.Spend(t.Context(), "r", 1, time.Hour, 1); err != nil || s.Taken != 1 {
			t.Errorf("%q: %+v, %v", namespace, s, err)
		}
		if n, err := c.Heartbeat(t.Context(), "g", "member of "+namespace, time.Hour); err != nil || n != 1 {
			t.Errorf("%q: %d members, %v", namespace, n, err)
		}
		if err := c.Publish(t.Context(), "messages", namespace); err != nil {
			t.Fatal(err)
		}
	}
	for namespace, received := range messages {
		if got := <-received; got != namespace || len(received) > 0 {
			t.Errorf("%q received %q, and %d more", namespace, got, len(received))
		}
	}
	want := []string{
		"fivechat:cache:c:k", "fivechat:g", "fivechat:r", "fivechat:s",
		"shop-1:cache:c:k", "shop-1:g", "shop-1:r", "shop-1:s",
	}
	if keys := m.Keys(); !slices.Equal(keys, want) {
		t.Errorf("the keys are %v, want %v", keys, want)
	}
}

func TestInvalidNamespaceIsRefused(t *testing.T) {
	t.Parallel()
	for _, namespace := range []string{"a b", "{a}", "a*", "ä", strings.Repeat("a", 65)} {
		_, err := rediskit.Connect(rediskit.Config{URL: "redis://h", Namespace: namespace}, nil)
		if err == nil || !strings.Contains(err.Error(), "REDIS_NAMESPACE") {
			t.Errorf("namespace %q: %v", namespace, err)
		}
	}
}

// connectTo returns a client that signs nothing.
func connectTo(t *testing.T, config rediskit.Config) *rediskit.Client {
	t.Helper()
	c, err := rediskit.Connect(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}
