package faults_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/store/ratelimit"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/tests/harness"
)

// The sizes of a probe.
const (
	probeEvery   = 20 * time.Millisecond  // between two writes, and between two messages
	postEvery    = 100 * time.Millisecond // between two events
	probeReaders = 3                      // of messages
	probeAgain   = 20                     // writes after which Redis counts as available again
)

// probedQuota is refilled slowly, so that few requests of a run are regular.
var probedQuota = ratelimit.Quota{Requests: 1000, Window: 10 * time.Minute}

// limiters is how many limiters share the quota.
const limiters = 2

// probedKey is the key of a stream of the components. Keys of the probe have it as their hash tag, so they are on the
// same node of a cluster.
const probedKey = redisNamespace + ":events:conversations"

// gap measures the longest time between two events of a kind.
type gap struct {
	mu      sync.Mutex
	last    time.Time
	longest time.Duration
	count   int
}

// hit records that the event occurred.
func (g *gap) hit() {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	g.longest, g.last = max(g.longest, now.Sub(g.last)), now
	g.count++
}

// reset begins a measurement.
func (g *gap) reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last, g.longest, g.count = time.Now(), 0, 0
}

// read returns the longest time since reset, and the number of events.
func (g *gap) read() (time.Duration, int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.longest, g.count
}

// redisProbe uses Redis and the system as components and clients do, and measures what they notice.
type redisProbe struct {
	writes   gap
	messages [probeReaders]gap
	stream   eventDelay
	connect  func() *rediskit.Client
	background
}

// background are tasks that run until end.
type background struct {
	stop context.CancelFunc
	all  sync.WaitGroup
}

// every calls do with 1, 2, 3 … until ctx ends.
func (b *background) every(ctx context.Context, interval time.Duration, do func(n int)) {
	b.all.Go(func() {
		ticks := time.NewTicker(interval)
		defer ticks.Stop()
		for n := 1; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
				do(n)
			}
		}
	})
}

// end waits for the end of all tasks.
func (b *background) end() {
	b.stop()
	b.all.Wait()
}

// spending is a caller that sends all requests that a quota of its own allows.
type spending struct {
	background
	allowed atomic.Int64
	began   time.Time
}

// spend begins to spend a quota, and waits until it is used up.
func (p *redisProbe) spend(t *testing.T, caller string) *spending {
	t.Helper()
	s := &spending{began: time.Now()}
	var ctx context.Context
	ctx, s.stop = context.WithCancel(t.Context())
	for range limiters {
		l, err := ratelimit.New(p.connect(), limiters, prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		s.every(ctx, time.Millisecond, func(int) {
			if l.Take(ctx, "{"+probedKey+"}"+caller, probedQuota).Allowed {
				s.allowed.Add(1)
			}
		})
	}
	harness.Eventually(t, bound, "the quota is used up", func() (bool, any) {
		n := s.allowed.Load()
		return n >= int64(probedQuota.Requests)*9/10, n
	})
	return s
}

// extra ends the spending, and returns how many requests passed beyond the quota.
func (s *spending) extra() int64 {
	s.end()
	refilled := probedQuota.Requests * int(time.Since(s.began).Milliseconds()) / int(probedQuota.Window.Milliseconds())
	return max(s.allowed.Load()-int64(probedQuota.Requests+refilled+1), 0)
}

// beginProbe starts a probe until finish is called.
func beginProbe(t *testing.T, config rediskit.Config, w *harness.Website) *redisProbe {
	t.Helper()
	keys, err := identity.ParseKeyring([]string{strings.Repeat("probe", 8)})
	if err != nil {
		t.Fatal(err)
	}
	p := &redisProbe{}
	var ctx context.Context
	ctx, p.stop = context.WithCancel(t.Context())
	p.connect = func() *rediskit.Client {
		c, err := rediskit.Connect(config, keys)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	for i := range p.messages {
		c := p.connect()
		p.all.Go(func() {
			_ = c.Subscribe(ctx, "probe", func(bool) {}, func(string) { p.messages[i].hit() }) // it only ends with ctx
		})
	}
	writer, publisher := p.connect(), p.connect()
	p.every(ctx, probeEvery, func(n int) {
		entry := rediskit.Entry{Pos: int64(n), Data: strconv.Itoa(n)}
		if writer.Append(ctx, "probe:{"+probedKey+"}", []rediskit.Entry{entry}, 0) == nil {
			p.writes.hit()
		}
	})
	p.every(ctx, probeEvery, func(n int) {
		_ = publisher.Publish(ctx, "probe", strconv.Itoa(n)) // the readers notice that it was lost
	})
	p.stream.begin(t, w)
	p.every(ctx, postEvery, func(n int) { p.stream.post(t, n) })
	return p
}

// reset begins a measurement.
func (p *redisProbe) reset() {
	p.writes.reset()
	for i := range p.messages {
		p.messages[i].reset()
	}
	p.stream.reset()
}

// wait waits until Redis takes writes, all readers get messages, and all events have arrived.
func (p *redisProbe) wait(t *testing.T, after string) {
	t.Helper()
	_, before := p.writes.read()
	harness.Eventually(t, bound, after+": Redis takes writes", func() (bool, any) {
		_, n := p.writes.read()
		return n >= before+probeAgain, n
	})
	for i := range p.messages {
		_, before := p.messages[i].read()
		harness.Eventually(t, bound, after+": messages arrive", func() (bool, any) {
			_, n := p.messages[i].read()
			return n >= before+probeAgain, n
		})
	}
	harness.Eventually(t, bound, after+": events arrive", func() (bool, any) {
		waiting := p.stream.waiting()
		return waiting < 5, waiting // some were posted just now
	})
}

// finish ends the probe. It fails the test if an event never arrives.
func (p *redisProbe) finish(t *testing.T) {
	t.Helper()
	p.end()
	harness.Eventually(t, bound, "all events have arrived", func() (bool, any) {
		waiting := p.stream.waiting()
		return waiting == 0, waiting
	})
	p.stream.events.Close()
}

// eventDelay measures how late a live stream shows acknowledged messages.
type eventDelay struct {
	client       http.Client
	url, bearer  string
	events       *harness.Stream
	mu           sync.Mutex
	acknowledged map[string]time.Time // by content: messages that the stream hasn't shown
	early        map[string]bool      // by content: those that the stream showed before their response
	longest      time.Duration
}

func (e *eventDelay) begin(t *testing.T, w *harness.Website) {
	t.Helper()
	talk := w.Visit(t, nil).Open(t, "probe")
	e.client.Timeout = underway
	e.url, e.bearer = w.URL+"/conversations/"+talk+"/messages", "Bearer "+w.Secret(harness.ReadWrite)
	e.acknowledged, e.early = map[string]time.Time{}, map[string]bool{}
	e.events = w.Reader().Events(t, "/events", "")
	e.events.Until(t, "ready")
	go func() {
		for f, open := e.events.Try(t); open; f, open = e.events.Try(t) {
			if f.Event == "message.created" {
				e.arrive(f.Data.Object("data").Object("message").Text("content"))
			}
		}
	}()
}

// post posts the n-th message of this probe.
func (e *eventDelay) post(t *testing.T, n int) {
	content := fmt.Sprint("probe ", n)
	body := strings.NewReader(fmt.Sprintf(`{"content":%q}`, content))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.url, body)
	if err != nil {
		t.Error(err)
		return
	}
	req.Header.Set("Authorization", e.bearer)
	req.Header.Set("Content-Type", "application/json")
	resp, err := e.client.Do(req)
	if err != nil {
		t.Error("posting a message:", err)
		return
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if resp.StatusCode >= 300 {
		t.Errorf("posting a message: %d %s", resp.StatusCode, said)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.early[content] {
		delete(e.early, content)
		return
	}
	e.acknowledged[content] = time.Now()
}

// arrive records that the stream showed a message.
func (e *eventDelay) arrive(content string) {
	if !strings.HasPrefix(content, "probe ") {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	at, known := e.acknowledged[content]
	if !known {
		e.early[content] = true
		return
	}
	delete(e.acknowledged, content)
	e.longest = max(e.longest, time.Since(at))
}

func (e *eventDelay) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.longest = 0
}

func (e *eventDelay) read() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.longest
}

// waiting returns how many acknowledged messages the stream hasn't shown.
func (e *eventDelay) waiting() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.acknowledged)
}
