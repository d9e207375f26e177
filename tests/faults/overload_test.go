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

// The bounds of an overload. What is a question of speed is told, and fails only where it is gross.
const (
	times       = 10        // the rate that the machine holds
	outstanding = 2_000     // requests of ours that wait for an answer at once: what is beyond them is not sent
	mostMemory  = 400 << 20 // bytes of any process, at its highest
	goMemory    = "360MiB"  // what Go is told of that, nine tenths, as the chart tells it of a pod's
)

// load is what came of many requests.
type load struct {
	mu      sync.Mutex
	took    []time.Duration  // of those that were answered with 2xx
	refused int              // 429 and 503
	failed  map[string]int   // answers that no client may get
	kinds   map[string]*load // the same by kind of request, where that is told apart
}

// kind is the part of the load of one kind of request.
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

// ask makes one request and notes what came.
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
		what = "no answer"
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

// p99 is the time within which 99 of 100 were answered.
func (l *load) p99() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.took) == 0 {
		return 0
	}
	slices.Sort(l.took)
	return l.took[len(l.took)*99/100].Round(100 * time.Microsecond)
}

// loop has clients ask one request after the other for a while.
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

// flood asks at a rate for a while, whether answers come or not.
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

// highest is the most memory that a process has had, in bytes.
func highest(t *testing.T, p *cluster.Process) int64 {
	t.Helper()
	n, err := process.PeakMemory(p.PID)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skipf("what a process has had of memory is not told here: %v", err)
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
			t.Errorf("%s has had %d MB of memory", p.Name, n>>20)
		}
	}
	t.Logf("the gateway has had %d MB of memory at most", highest(t, f.Gateway)>>20)
}

// TestOverload: asked for much more than it can do, the system does what it can, refuses the rest in a way that says when
// to come back, keeps its memory, and is as before when it is over. A website that asks for much more than its quota is
// refused, and others are not. Nor does anything that clients do to a connection keep others from being served.
func TestOverload(t *testing.T) {
	var f *cluster.Cluster
	cluster.Apart(t, func() {
		env := new(town).startStores(t)
		env["GOMEMLIMIT"] = goMemory
		f = cluster.Launch(t, binaries, env)
	})
	w := f.World(t, harness.Pro)
	lasts := 10 * time.Second
	if s := soak(t); s > 0 {
		lasts = time.Minute
	}
	t.Run("ten times as much", func(t *testing.T) { tenfold(t, f, w, lasts) })
	t.Run("one asks too much", func(t *testing.T) { oneTooMuch(t, f, w, lasts/5) })
	t.Run("clients that mean no good", func(t *testing.T) { hostile(t, f, w) })
}

func tenfold(t *testing.T, f *cluster.Cluster, w *harness.World, lasts time.Duration) {
	url, secret := f.URL+"/conversations", w.Secret(harness.Read)
	var before, during, after load
	loop(t, &before, 16, lasts/5, url, secret)
	peak := float64(len(before.took)) / (lasts / 5).Seconds()
	if peak == 0 {
		t.Fatalf("nothing was answered: %v", before.failed)
	}
	unsent := flood(t, &during, times*peak, lasts, url, secret)
	good := float64(len(during.took)) / lasts.Seconds()
	loop(t, &after, 16, lasts/5, url, secret)
	t.Logf("peak %.0f/s with p99 %v; asked %d times as much for %v: %.0f/s answered (%.0f %%) with p99 %v, %d refused, %d not sent, failed %v; afterwards %.0f/s with p99 %v",
		peak, before.p99(), times, lasts, good, 100*good/peak, during.p99(), during.refused, unsent, during.failed, float64(len(after.took))/(lasts/5).Seconds(), after.p99())
	delete(during.failed, "no answer") // the machine is ours and the system's together: we may be the one who had no time
	if len(during.failed) > 0 {
		t.Errorf("under overload, what nobody may get: %v", during.failed)
	}
	if len(after.failed) > 0 || after.refused > 0 || len(after.took) == 0 {
		t.Errorf("afterwards, %d were answered, %d refused, and %v", len(after.took), after.refused, after.failed)
	}
	if good == 0 {
		t.Error("under overload, nothing was answered")
	}
	wantBounded(t, f)
}

// oneTooMuch has a website ask for 50 times its quota beside another.
func oneTooMuch(t *testing.T, f *cluster.Cluster, w *harness.World, lasts time.Duration) {
	const quota = 10 // a second
	greedy := f.Website(t, harness.Pro)
	f.Operator().Send(t, 200, "PATCH", fmt.Sprintf("/operator/websites/%d", greedy.ID), harness.Map{"quotas": harness.Map{"read": harness.Map{"requests": quota, "seconds": 1}}})
	var alone, beside, greed load
	url := f.URL + "/conversations"
	loop(t, &alone, 1, lasts, url, w.Secret(harness.Read))
	var flooding sync.WaitGroup
	flooding.Go(func() { flood(t, &greed, 50*quota, lasts, url, greedy.Secret(harness.Read)) })
	loop(t, &beside, 1, lasts, url, w.Secret(harness.Read))
	flooding.Wait()
	t.Logf("alone: %d with p99 %v; beside one that asks for 50 times its quota: %d with p99 %v; of its own, %d were answered and %d refused",
		len(alone.took), alone.p99(), len(beside.took), beside.p99(), len(greed.took), greed.refused)
	if beside.refused > 0 || len(beside.failed) > 0 || len(beside.took) == 0 {
		t.Errorf("the other website was refused %d times, and got %v", beside.refused, beside.failed)
	}
	if len(greed.failed) > 0 || greed.refused < len(greed.took) {
		t.Errorf("the one that asked too much was answered %d times, refused %d times, and got %v", len(greed.took), greed.refused, greed.failed)
	}
}

// hostile does to connections what servers have died of, each while somebody else is served.
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
		t.Fatalf("%d connections need more than the %d descriptors that there are", idle+slow, limit.Cur)
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
	t.Run("slow heads", func(t *testing.T) {
		var lines []net.Conn
		for range slow {
			c := dial()
			if _, err := io.WriteString(c, "GET /conversations HTTP/1.1\r\nHost: a\r\nX-A"); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, c)
		}
		served(t)
		for _, c := range lines { // each is ended by the server
			if err := c.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, c); err != nil && os.IsTimeout(err) {
				t.Fatal("a head that never ends keeps its connection")
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
		"a huge head":          "GET /conversations HTTP/1.1\r\nHost: a\r\nX-A: " + strings.Repeat("a", 1<<20) + "\r\n\r\n",
		"many headers":         "GET /conversations HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X-A: b\r\n", 1<<16) + "\r\n",
		"what unpacks to much": "POST /tickets HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n" + auth + fmt.Sprintf("Content-Length: %d\r\n\r\n", packed.Len()) + packed.String(),
		"deep JSON":            "PATCH /visitors/" + w.Caller.Token + "/context HTTP/1.1\r\nHost: a\r\n" + auth + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(deep)) + deep,
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
				t.Errorf("no answer: %v", err)
			case err == nil && (resp.StatusCode < 400 || resp.StatusCode >= 500):
				t.Errorf("answered %d", resp.StatusCode)
			}
			served(t)
		})
	}
	wantBounded(t, f)
}
