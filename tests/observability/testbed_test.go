package observability_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
)

// testbed is a cluster with a second gateway, its stores, and clients that use it all the time.
type testbed struct {
	*cluster.Cluster
	outer *testing.T // lives as long as the test bed
	parts map[string]*part
}

// part is a part that can fail by itself: processes, or a Redis inside the test.
type part struct {
	processes []*cluster.Process
	redis     *miniredis.Miniredis
}

// The parts other than the services.
const (
	mongodb     = "mongodb"
	redis       = "redis"
	oneGateway  = "one gateway"
	allGateways = "all gateways"
	second      = "second gateway"
)

// newTestbed starts a test bed.
func newTestbed(t *testing.T, binaries string) *testbed {
	t.Helper()
	addrs := harness.FreeAddrs(t, 4)
	tb := &testbed{outer: t, parts: map[string]*part{}}
	store := cluster.Start(t, filepath.Join(binaries, "fivechat"), nil, "store", "serve", "--insecure", "--listen",
		addrs[0], "--data", t.TempDir())
	tb.parts[mongodb] = &part{processes: []*cluster.Process{store}}
	tb.parts[redis] = startRedis(t, addrs[1])
	for _, addr := range addrs[:2] {
		harness.Eventually(t, 10*time.Second, "the store listens", func() (bool, any) {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				return false, err
			}
			return c.Close() == nil, nil
		})
	}
	tb.Cluster = cluster.Launch(t, binaries, map[string]string{
		"MONGODB_URI": "mongodb://" + addrs[0] + "/?directConnection=true", "REDIS_URL": "redis://" + addrs[1],
		"OTEL_EXPORTER_OTLP_ENDPOINT": spans(t), "TRACE_SAMPLE_RATIO": "0.1", "LOG_LEVEL": "warn",
	})
	for i, name := range cluster.Services {
		tb.parts[name] = &part{processes: []*cluster.Process{tb.Services[i]}}
	}
	certificate, key := selfSigned(t)
	behindTLS := tb.Run(t, cluster.Gateway, map[string]string{
		"FIVECHAT_ADDR": addrs[2], "FIVECHAT_ADMIN_ADDR": addrs[3], "FIVECHAT_TLS_CERTIFICATE": certificate,
		"FIVECHAT_TLS_KEY": key,
	})
	cluster.Ready(t, behindTLS)
	tb.parts[second] = &part{processes: []*cluster.Process{behindTLS}}
	tb.parts[cluster.Gateway] = &part{processes: []*cluster.Process{tb.Gateway}}
	return tb
}

// spans returns the address of a collector that accepts spans and discards them.
func spans(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// startRedis starts a redis-server, or miniredis inside the test if none is installed.
func startRedis(t *testing.T, addr string) *part {
	t.Helper()
	server, err := exec.LookPath("redis-server")
	if err != nil {
		m := miniredis.NewMiniRedis()
		if err := m.StartAddr(addr); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(m.Close)
		return &part{redis: m}
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return &part{processes: []*cluster.Process{cluster.Start(t, server, nil, "--bind", host, "--port", port, "--save", "",
		"--dir", t.TempDir())}}
}

// of returns the parts of a dependency.
func (tb *testbed) of(name string) []*part {
	switch name {
	case oneGateway:
		return []*part{tb.parts[second]}
	case allGateways:
		return []*part{tb.parts[second], tb.parts[cluster.Gateway]}
	default:
		return []*part{tb.parts[name]}
	}
}

// kill ends a dependency at once.
func (tb *testbed) kill(t *testing.T, name string) {
	t.Helper()
	for _, p := range tb.of(name) {
		for _, process := range p.processes {
			process.Kill(t)
		}
		if p.redis != nil {
			p.redis.Close()
		}
	}
}

// restart restarts a dependency at the same address.
func (tb *testbed) restart(t *testing.T, name string) {
	t.Helper()
	for _, p := range tb.of(name) {
		for i, process := range p.processes {
			p.processes[i] = process.Again(tb.outer)
		}
		if p.redis != nil {
			if err := p.redis.Restart(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, p := range tb.of(name) {
		if len(p.processes) > 0 && p.processes[0].Admin != "" {
			cluster.Ready(t, p.processes...)
		}
	}
}

// components returns all targets of Prometheus.
func (tb *testbed) components() []*cluster.Process {
	var all []*cluster.Process
	for _, name := range append([]string{cluster.Gateway, second}, cluster.Services...) {
		all = append(all, tb.parts[name].processes...)
	}
	return all
}

// call is a request that clients repeat.
type call struct {
	method, path string
	header       map[string]string
	body         harness.Map
}

const (
	callEvery  = 25 * time.Millisecond // between calls
	callsAtAll = 256                   // in progress; further calls are skipped
	callBound  = 20 * time.Second
)

// sendRequests lets clients use every service through the first gateway, and one client the second, until the test
// ends. It ignores the responses.
func (tb *testbed) sendRequests(t *testing.T) {
	t.Helper()
	w := tb.Website(t, harness.Pro)
	v := w.Visit(t, nil)
	talk := v.Open(t, "hello")
	accepting, refusing := harness.Receive(t, nil), harness.Receive(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	})
	w.NewWebhook(t, accepting.URL, "message.created", "ticket.created")
	w.NewWebhook(t, refusing.URL, "ticket.created")
	agent, visitor := map[string]string{"Authorization": "Bearer " + w.Secret(harness.ReadWrite)},
		map[string]string{"X-Visitor-Id": v.Token, "X-Visitor-Secret": v.Secret}
	keyed := maps.Clone(agent)
	keyed["Idempotency-Key"] = "once"
	w.NewTicket(t, harness.Map{"title": "a ticket, which one webhook refuses to take"})
	calls := []call{
		{"GET", "/users", agent, nil},
		{"GET", "/conversations?limit=5", agent, nil},
		{"GET", "/visitors?limit=5", agent, nil},
		// every page view sends one
		{"GET", "/widgets/" + w.ClientToken, nil, nil},
		{"GET", "/widgets/" + w.ClientToken, nil, nil},
		{"POST", "/visitor/conversations/" + talk + "/messages", visitor, harness.Map{"content": "and another thing"}},
		{"GET", "/widgets/" + w.ClientToken, nil, nil},
		{"GET", "/tickets?limit=5", agent, nil},
		{"GET", "/statistics/current", agent, nil},
		{"GET", "/webhooks", agent, nil},
		{"GET", "/canned-replies?limit=5", agent, nil},
		{"PUT", "/tags/a", agent, harness.Map{"names": harness.Map{"de": "A"}}},
		{"POST", "/conversations/" + talk + "/typing", keyed, harness.Map{"typing": true}},
		{"GET", "/statistics/current", nil, nil}, // without a credential
	}
	calls = append(calls, calls[1:]...) // GET /users half as often
	ctx, cancel := context.WithCancel(t.Context())
	var people sync.WaitGroup
	t.Cleanup(func() { cancel(); people.Wait() })
	client := &http.Client{Timeout: callBound, Transport: &http.Transport{MaxIdleConnsPerHost: callsAtAll}}
	people.Go(func() {
		tick := time.NewTicker(callEvery)
		defer tick.Stop()
		under := make(chan struct{}, callsAtAll)
		for i := 0; ; i++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			select {
			case under <- struct{}{}:
				people.Go(func() {
					send(ctx, client, tb.URL, calls[i%len(calls)])
					<-under
				})
			default:
			}
		}
	})
	reader := &http.Client{}
	people.Go(func() {
		for ctx.Err() == nil {
			send(ctx, reader, tb.URL, call{"GET", "/events", agent, nil}) // until the stream ends
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	})
}

func send(ctx context.Context, client *http.Client, base string, c call) {
	var body io.Reader
	if c.body != nil {
		b, err := json.Marshal(c.body)
		if err != nil {
			panic(err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, c.method, base+c.path, body)
	if err != nil {
		panic(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range c.header {
		req.Header.Set(k, v)
	}
	resp, err := client.Do(req)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}

// selfSigned writes a certificate for loopback that is valid for a month, and its key.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "fivechat"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 1, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{
		certificate: {Type: "CERTIFICATE", Bytes: der},
		key:         {Type: "PRIVATE KEY", Bytes: pkcs8},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}
