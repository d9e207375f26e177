package faults_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
)

const (
	writers  = 8
	endsIn   = 30 * time.Second // the time that orchestrators give a process to stop
	atLeast  = 200              // requests that a restart must see to be meaningful
	underway = 10 * time.Second // of one request
)

// TestRollingRestart stops one replica of every component while writers write without an idempotency key, so that no
// request may be retried for them, and then the other one. Each process exits cleanly in time, and no writer gets an
// error.
func TestRollingRestart(t *testing.T) {
	before := map[string]*balancer{}
	var mu sync.Mutex
	f := cluster.LaunchLines(t, binaries, nil, func(_, to, addr string) string {
		mu.Lock()
		defer mu.Unlock()
		if to == "mongodb" || to == "redis" {
			return addr
		}
		if before[to] == nil {
			before[to] = newBalancer(t, addr)
		}
		return before[to].Addr().String()
	})
	names := append([]string{cluster.Gateway}, cluster.Services...)
	before[cluster.Gateway] = newBalancer(t, f.Gateway.Addr)
	waves := [2][]*cluster.Process{f.All()}
	addrs := harness.FreeAddrs(t, 2*len(names))
	for i, name := range names {
		waves[1] = append(waves[1],
			f.Run(t, name, map[string]string{"FIVECHAT_ADDR": addrs[2*i], "FIVECHAT_ADMIN_ADDR": addrs[2*i+1]}))
	}
	cluster.Ready(t, waves[1]...)
	for i, name := range names {
		before[name].setReplicas(waves[0][i], waves[1][i])
	}
	w := f.Website(t, harness.Pro)
	w.URL = "http://" + before[cluster.Gateway].Addr().String()
	until := time.Now().Add(soak(t))
	for round := 0; round == 0 || time.Now().Before(until); round++ {
		said := writing(t, w, func() {
			for n, wave := range waves {
				var ending sync.WaitGroup
				var longest atomic.Int64
				for _, p := range wave {
					ending.Go(func() {
						began := time.Now()
						p.Signal(t, syscall.SIGTERM)
						code := p.ExitCode(t)
						took := time.Since(began)
						for l := longest.Load(); l < int64(took) && !longest.CompareAndSwap(l, int64(took)); l = longest.Load() {
						}
						if code != 0 || took > endsIn {
							t.Errorf("%s ended with %d after %v\n%s", p.Name, code, took, p.Log)
						}
					})
				}
				ending.Wait()
				for i, p := range wave {
					wave[i] = p.Again(t)
				}
				cluster.Ready(t, wave...)
				<-time.After(10 * probeInterval) // the balancers have seen it
				t.Logf("wave %d ended within %v", n+1, time.Duration(longest.Load()).Round(time.Millisecond))
			}
		})
		t.Logf("%d requests", said)
		if said < atLeast {
			t.Errorf("only %d requests were made", said)
		}
	}
}

// writing lets visitors and agents write and read while during runs, and returns the number of requests. Each response
// is 2xx, and at the end all messages are stored exactly once.
func writing(t *testing.T, w *harness.Website, during func()) (requests int) {
	t.Helper()
	client := http.Client{Timeout: underway, Transport: &http.Transport{MaxIdleConnsPerHost: writers}}
	defer client.CloseIdleConnections()
	stop := make(chan struct{})
	var all sync.WaitGroup
	var mu sync.Mutex
	said := map[string][]string{} // by conversation
	for range writers {
		v := w.Visit(t, nil)
		talk := v.Open(t, "first")
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				what := harness.Unique("said-")
				post := ask(t, &client, "POST", w.URL+"/visitor/conversations/"+talk+"/messages",
					fmt.Sprintf(`{"content":%q}`, what), "X-Visitor-Id", v.Token, "X-Visitor-Secret", v.Secret)
				get := ask(t, &client, "GET", w.URL+[]string{
					"/tickets", "/visitors", "/statistics/current", "/users",
					"/webhooks",
				}[n%5], "", "Authorization", "Bearer "+w.Secret(harness.ReadWrite))
				mu.Lock()
				requests += 2
				if said[talk] = append(said[talk], what); !post || !get {
					mu.Unlock()
					return
				}
				mu.Unlock()
			}
		})
	}
	during()
	close(stop)
	all.Wait()
	for talk, texts := range said {
		there := map[string]int{}
		for _, m := range w.Reader().Get(t, "/conversations/"+talk+"/messages").List("messages") {
			there[m.Text("content")]++
		}
		for _, text := range texts {
			if there[text] != 1 {
				t.Errorf("%s is stored %d times", text, there[text])
			}
		}
	}
	return requests
}

// ask makes a request and reports whether the status is 2xx. Otherwise the test fails.
func ask(t *testing.T, c *http.Client, method, url, body string, header ...string) bool {
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Errorf("%s %s: %v", method, req.URL.Path, err)
		return false
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if resp.StatusCode >= 300 || err != nil {
		t.Errorf("%s %s: %d %v %s", method, req.URL.Path, resp.StatusCode, err, said)
		return false
	}
	return true
}
