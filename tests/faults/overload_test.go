package faults_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/process"
)

// The bounds of an overload. Speed is logged, and fails the test only if it is far off.
const (
	times       = 10        // the maximum rate of the machine
	outstanding = 2_000     // requests in progress; requests beyond them aren't sent
	mostMemory  = 400 << 20 // peak bytes of any process
	goMemory    = "360MiB"  // GOMEMLIMIT, nine tenths of that, as in the chart
)

// load is the result of many requests.
type load struct {
	mu      sync.Mutex
	took    []time.Duration  // of 2xx responses
	refused int              // 429 and 503
	failed  map[string]int   // responses that no client may get
	kinds   map[string]*load // the same by kind of request, if kinds are distinguished
}

// kind returns the part of the load of one kind of request.
func (l *load) kind(name string) *load {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kinds == nil {
		l.kinds = map[string]*load{}
	}
	if l.kinds[name] == nil {
		l.kinds[name] = &load{}
	}
	return l.kinds[name]
}

// ask makes one request and records the result.
func (l *load) ask(t *testing.T, c *http.Client, url, secret string) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Error(err)
		return
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	began := time.Now()
	resp, err := c.Do(req)
	took := time.Since(began)
	what := ""
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		what = "no response"
	case resp.StatusCode < 300:
		l.took = append(l.took, took)
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable:
		if l.refused++; resp.Header.Get("Retry-After") == "" {
			what = fmt.Sprint(resp.StatusCode, " without Retry-After")
		}
	default:
		what = fmt.Sprint(resp.StatusCode)
	}
	if what != "" {
		if l.failed == nil {
			l.failed = map[string]int{}
		}
		l.failed[what]++
	}
}

// p99 returns the 99th percentile of the response times.
func (l *load) p99() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.took) == 0 {
		return 0
	}
	slices.Sort(l.took)
	return l.took[len(l.took)*99/100].Round(100 * time.Microsecond)
}

// loop lets clients send one request after the other for a while.
func loop(t *testing.T, l *load, clients int, lasts time.Duration, url, secret string) {
	c := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer c.CloseIdleConnections()
	var all sync.WaitGroup
	until := time.Now().Add(lasts)
	for range clients {
		all.Go(func() {
			for time.Now().Before(until) {
				l.ask(t, c, url, secret)
			}
		})
	}
	all.Wait()
}

// flood sends requests at a rate for a while, without waiting for responses.
func flood(t *testing.T, l *load, rate float64, lasts time.Duration, url, secret string) (unsent int64) {
	const every = 10 * time.Millisecond
	c := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: outstanding}}
	defer c.CloseIdleConnections()
	var all sync.WaitGroup
	var waiting atomic.Int64
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	began, sent := time.Now(), 0
	for time.Since(began) < lasts {
		<-ticks.C
		for due := int(rate * time.Since(began).Seconds()); sent < due; sent++ {
			if waiting.Load() >= outstanding {
				unsent++
				continue
			}
			waiting.Add(1)
			all.Go(func() {
				defer waiting.Add(-1)
				l.ask(t, c, url, secret)
			})
		}
	}
	all.Wait()
	return unsent
}

// highest returns the peak memory of a process in bytes.
func highest(t *testing.T, p *cluster.Process) int64 {
	t.Helper()
	n, err := process.PeakMemory(p.PID)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skipf("the peak memory of a process is unknown here: %v", err)
	}
	if err != nil {
		t.Error(err)
	}
	return n
}

func wantBounded(t *testing.T, f *cluster.Cluster) {
	t.Helper()
	for _, p := range f.All() {
		if n := highest(t, p); n > mostMemory {
			t.Errorf("%s used up to %d MB of memory", p.Name, n>>20)
		}
	}
	t.Logf("the gateway used up to %d MB of memory", highest(t, f.Gateway)>>20)
}

// TestOverload sends much more than the system can do. It does what it can, refuses the rest with Retry-After, bounds
// its memory, and recovers afterwards. A website that exceeds its quota is refused, and others are not. Misbehaving
// connections don't keep other clients from being served.
func TestOverload(t *testing.T) {
	var f *cluster.Cluster
	cluster.Apart(t, func() {
		env := new(testbed).startStores(t)
		env["GOMEMLIMIT"] = goMemory
		f = cluster.Launch(t, binaries, env)
	})
	w := f.World(t, harness.Pro)
	lasts := 10 * time.Second
	if s := soak(t); s > 0 {
		lasts = time.Minute
	}
	t.Run("ten times the maximum rate", func(t *testing.T) { tenfold(t, f, w, lasts) })
	t.Run("one website exceeds its quota", func(t *testing.T) { oneTooMuch(t, f, w, lasts/5) })
	t.Run("misbehaving connections", func(t *testing.T) { hostile(t, f, w) })
}

func tenfold(t *testing.T, f *cluster.Cluster, w *harness.World, lasts time.Duration) {
	url, secret := f.URL+"/conversations", w.Secret(harness.Read)
	var before, during, after load
	loop(t, &before, 16, lasts/5, url, secret)
	peak := float64(len(before.took)) / (lasts / 5).Seconds()
	if peak == 0 {
		t.Fatalf("no request succeeded: %v", before.failed)
	}
	unsent := flood(t, &during, times*peak, lasts, url, secret)
	good := float64(len(during.took)) / lasts.Seconds()
	loop(t, &after, 16, lasts/5, url, secret)
	t.Logf("peak %.0f/s with p99 %v; under %d times the load for %v: %.0f/s succeeded (%.0f %%) with p99 %v, %d "+
		"refused, %d not sent, failed %v; afterwards %.0f/s with p99 %v",
		peak, before.p99(), times, lasts, good, 100*good/peak, during.p99(), during.refused, unsent, during.failed,
		float64(len(after.took))/(lasts/5).Seconds(), after.p99())
	delete(during.failed, "no response") // clients and system share the machine: the client may have been too slow
	if len(during.failed) > 0 {
		t.Errorf("responses under overload that no client may get: %v", during.failed)
	}
	if len(after.failed) > 0 || after.refused > 0 || len(after.took) == 0 {
		t.Errorf("afterwards, %d succeeded, %d were refused, and %v", len(after.took), after.refused, after.failed)
	}
	if good == 0 {
		t.Error("no request succeeded under overload")
	}
	wantBounded(t, f)
}

// oneTooMuch lets a website send 50 times its quota beside another one.
func oneTooMuch(t *testing.T, f *cluster.Cluster, w *harness.World, lasts time.Duration) {
	const quota = 10 // a second
	greedy := f.Website(t, harness.Pro)
	f.Operator().Send(t, 200, "PATCH", fmt.Sprintf("/operator/websites/%d", greedy.ID),
		harness.Map{"quotas": harness.Map{"read": harness.Map{"requests": quota, "seconds": 1}}})
	var alone, beside, greed load
	url := f.URL + "/conversations"
	loop(t, &alone, 1, lasts, url, w.Secret(harness.Read))
	var flooding sync.WaitGroup
	flooding.Go(func() { flood(t, &greed, 50*quota, lasts, url, greedy.Secret(harness.Read)) })
	loop(t, &beside, 1, lasts, url, w.Secret(harness.Read))
	flooding.Wait()
	t.Logf("alone: %d with p99 %v; beside one that sends 50 times its quota: %d with p99 %v; of that one, %d "+
		"succeeded and %d were refused",
		len(alone.took), alone.p99(), len(beside.took), beside.p99(), len(greed.took), greed.refused)
	if beside.refused > 0 || len(beside.failed) > 0 || len(beside.took) == 0 {
		t.Errorf("the other website was refused %d times, and got %v", beside.refused, beside.failed)
	}
	if len(greed.failed) > 0 || greed.refused < len(greed.took) {
		t.Errorf("the website that exceeded its quota succeeded %d times, was refused %d times, and got %v", len(greed.took),
			greed.refused, greed.failed)
	}
}

// hostile uses connections in ways that have broken servers, each while another client is served.
func hostile(t *testing.T, f *cluster.Cluster, w *harness.World) {
	idle, slow := 2_000, 200
	if soak(t) > 0 {
		idle, slow = 10_000, 1_000
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if most := int(min(limit.Cur, 1<<20)) - 1_000; idle+slow > most {
		t.Fatalf("%d connections need more than the limit of %d descriptors", idle+slow, limit.Cur)
	}
	addr := strings.TrimPrefix(f.URL, "http://")
	dial := func() net.Conn {
		c, err := net.DialTimeout("tcp", addr, 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	served := func(t *testing.T) {
		t.Helper()
		w.Reader().Get(t, "/conversations")
		w.Caller.Say(t, w.Conversation, harness.Unique("still "))
	}
	t.Run("idle connections", func(t *testing.T) {
		for range idle {
			dial()
		}
		served(t)
	})
	t.Run("slow headers", func(t *testing.T) {
		var lines []net.Conn
		for range slow {
			c := dial()
			if _, err := io.WriteString(c, "GET /conversations HTTP/1.1\r\nHost: a\r\nX-A"); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, c)
		}
		served(t)
		for _, c := range lines { // the server closes each
			if err := c.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, c); err != nil && os.IsTimeout(err) {
				t.Fatal("a request with endless headers keeps its connection")
			}
		}
	})
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for zeros, n := make([]byte, 1<<20), 0; n < 200; n++ {
		if _, err := z.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	deep := strings.Repeat(`{"a":`, 1<<16) + "1" + strings.Repeat("}", 1<<16)
	auth := "Authorization: Bearer " + w.Secret(harness.ReadWrite) + "\r\nContent-Type: application/json\r\n"
	for name, sent := range map[string]string{
		"huge headers": "GET /conversations HTTP/1.1\r\nHost: a\r\nX-A: " + strings.Repeat("a", 1<<20) + "\r\n\r\n",
		"many headers": "GET /conversations HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X-A: b\r\n", 1<<16) + "\r\n",
		"a decompression bomb": "POST /tickets HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n" + auth +
			fmt.Sprintf("Content-Length: %d\r\n\r\n", packed.Len()) + packed.String(),
		"deep JSON": "PATCH /visitors/" + w.Caller.Token + "/context HTTP/1.1\r\nHost: a\r\n" + auth +
			fmt.Sprintf("Content-Length: %d\r\n\r\n", len(deep)) + deep,
	} {
		t.Run(name, func(t *testing.T) {
			c := dial()
			go func() { _, _ = io.WriteString(c, sent) }() // it may be refused before all of it is sent
			if err := c.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			switch {
			case err != nil && os.IsTimeout(err):
				t.Errorf("no response: %v", err)
			case err == nil && (resp.StatusCode < 400 || resp.StatusCode >= 500):
				t.Errorf("answered %d", resp.StatusCode)
			}
			served(t)
		})
	}
	wantBounded(t, f)
}
