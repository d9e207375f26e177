// Package faults_test injects faults into the stores and connections of the system, overloads it, and ends its
// processes while it is used. At the end, every acknowledged change is stored exactly once, no request was refused
// outside of a fault's window, and the system has recovered by itself.
//
// FIVECHAT_SOAK, a duration, repeats the faults for that long (make soak); FIVECHAT_SEED repeats a run's random
// choices.
package faults_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/process"
	"fivechat.dev/tests/scenario"
)

// The sizes of a run.
const (
	actors         = 4
	actionInterval = 100 * time.Millisecond // between an actor's actions
	quietly        = time.Second            // between two faults
	bound          = 30 * time.Second       // until the system has recovered from a fault, on a busy machine
)

// fault is a temporary failure.
type fault struct {
	name    string
	lasts   time.Duration
	refuses bool // requests may be refused from its start until the recovery; otherwise clients see nothing of it
	cause   func() (repair func())
}

// binaries is the folder of all programs, which the tests share.
var binaries string

func TestMain(m *testing.M) {
	if config := os.Getenv(attackerEnv); config != "" {
		if err := runAttacker(config); err != nil {
			fmt.Fprintln(os.Stderr, "attacker:", err)
			os.Exit(1)
		}
		return
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if binaries, err = cluster.BuildAll(context.Background(), process.Fivechat); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// soak returns how long to repeat the faults; 0 means once.
func soak(t *testing.T) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(os.Getenv("FIVECHAT_SOAK"))
	if os.Getenv("FIVECHAT_SOAK") != "" && err != nil {
		t.Fatal(err)
	}
	return d
}

func seed() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("FIVECHAT_SEED"), 10, 32); err == nil {
		return n
	}
	return rand.Uint64N(1_000_000)
}

// TestFaults injects one fault after the other while visitors and agents work, and checks after each that the system
// recovers.
func TestFaults(t *testing.T) {
	tb := newTestbed(t)
	first, until := seed(), time.Now().Add(soak(t))
	var all []row
	for n := first; n == first || time.Now().Before(until); n++ {
		t.Run(fmt.Sprint("seed ", n), func(inner *testing.T) {
			draw := rand.New(rand.NewPCG(n, 0))
			all = append(all, tb.round(inner, t, draw)...)
		})
	}
	if path := os.Getenv("FIVECHAT_SOAK_TABLE"); path != "" {
		if err := replaceTable(filepath.Join(harness.Root(t), path), "| Fault", table(sumRows(all))); err != nil {
			t.Error(err)
		}
	}
}

// round injects each fault once, in random order. Restarted processes live as long as outer.
func (tb *testbed) round(t, outer *testing.T, draw *rand.Rand) []row {
	c, r := scenario.Begin(t, tb.Cluster), new(record)
	c.Saw = r.saw
	followed := c.Follow()
	stop := act(c, draw)
	check := tb.newCheckUp(t, tb.Website(t, harness.Pro))
	check.wait(t, "at first", bound)
	var windows []window
	faults := tb.faults(outer, draw)
	draw.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
	for _, f := range faults {
		w := window{fault: f, caused: time.Now()}
		repair := f.cause()
		<-time.After(f.lasts)
		repair()
		w.repaired = time.Now()
		check.wait(t, f.name, bound)
		w.well = time.Now()
		windows = append(windows, w)
		t.Logf("%s: recovered after %v", f.name, w.well.Sub(w.repaired).Round(time.Millisecond))
		<-time.After(quietly)
	}
	stop()
	followed()
	rows, quiet := r.judge(t, windows)
	rows = append(rows, quiet)
	t.Log("\n" + table(rows))
	c.Check()
	return rows
}

// act lets actors act in random order until stop, which waits for the end of their actions.
func act(c *scenario.Scenario, draw *rand.Rand) (stop func()) {
	stopped := make(chan struct{})
	var acting sync.WaitGroup
	for range actors {
		mine := rand.New(rand.NewPCG(draw.Uint64(), draw.Uint64()))
		acting.Go(func() {
			ticks := time.NewTicker(actionInterval)
			defer ticks.Stop()
			begin := []string{"visit", "open", "ticket"}
			c.Act(func() (string, bool) {
				select {
				case <-stopped:
					return "", false
				case <-ticks.C:
				}
				if len(begin) > 0 {
					action := begin[0]
					begin = begin[1:]
					return action, true
				}
				return scenario.Actions[mine.IntN(len(scenario.Actions))], true
			})
		})
	}
	return func() {
		close(stopped)
		acting.Wait()
	}
}

// faults are the faults that can be injected here.
func (tb *testbed) faults(t *testing.T, draw *rand.Rand) []fault {
	const short, long = 2 * time.Second, 4 * time.Second // long: longer than a client searches for a store
	half, slow := harness.Map{"timeout": 0}, func(ms int) harness.Map {
		return harness.Map{"latency": ms, "jitter": ms / 4}
	}
	all := []fault{
		{"Redis does not respond, connections stay open", long, false, func() func() {
			return tb.lines.inject("", "redis", "timeout", half)
		}},
		{"Redis is slow (200 ms each way)", short, false, func() func() {
			return tb.lines.inject("", "redis", "latency", slow(200))
		}},
		{"connections to Redis are reset", short, false, func() func() {
			return tb.lines.inject("", "redis", "reset_peer", harness.Map{"timeout": 0})
		}},
		{"Redis is unreachable", long, false, func() func() { return tb.lines.cut("", "redis") }},
	}
	if tb.redis != nil {
		all = append(all, fault{"Redis is killed and restarted empty", short, false, func() func() {
			tb.redis.Kill(t)
			return func() { tb.redis = tb.redis.Again(t) }
		}})
	}
	pair := draw.Perm(len(cluster.Services))
	from, to := cluster.Services[pair[0]], cluster.Services[pair[1]]
	all = append(all,
		fault{from + " gets no response from " + to, short, true, func() func() {
			return tb.lines.inject(from, to, "timeout", half)
		}},
		fault{"connections from the gateway to " + to + " are cut", short, true, func() func() {
			return tb.lines.cut(cluster.Gateway, to)
		}},
		fault{"all connections between components are slow (50 ms each way)", short, false, func() func() {
			var repairs []func()
			for _, s := range cluster.Services {
				repairs = append(repairs, tb.lines.inject("", s, "latency", slow(50)))
			}
			return func() {
				for _, repair := range repairs {
					repair()
				}
			}
		}},
		fault{"all connections from the gateway are reset", short, true, func() func() {
			return tb.lines.inject(cluster.Gateway, "", "reset_peer", harness.Map{"timeout": 0})
		}},
	)
	all = append(all, fault{"the store's primary steps down", long, true, func() func() {
		tb.stepDown(t, long)
		return func() {}
	}})
	if tb.store == nil {
		return all
	}
	all = append(all,
		fault{"the store is killed and restarted", long, true, func() func() {
			tb.store.Kill(t)
			return func() { tb.store = tb.store.Again(t) }
		}},
		fault{"the store does not respond, connections stay open", long, true, func() func() {
			return tb.lines.inject("", "mongodb", "timeout", half)
		}},
		fault{"the store is unreachable", long, true, func() func() { return tb.lines.cut("", "mongodb") }},
		fault{"the store is slow (30 ms each way)", short, false, func() func() {
			return tb.lines.inject("", "mongodb", "latency", slow(30))
		}},
	)
	if tb.disk != "" {
		all = append(all, fault{"the store's disk is full", short, true, func() func() { return tb.fillDisk(t) }})
	}
	return all
}

// checkUp is a set of requests that use every service.
type checkUp struct {
	requests []func() *http.Request
	client   http.Client
}

func (tb *testbed) newCheckUp(t *testing.T, w *harness.Website) *checkUp {
	v := w.Visit(t, nil)
	talk := v.Open(t, "How are you?")
	ask := func(method, path, body string, header ...string) func() *http.Request {
		return func() *http.Request {
			req, err := http.NewRequestWithContext(t.Context(), method, tb.URL+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(header); i += 2 {
				req.Header.Set(header[i], header[i+1])
			}
			return req
		}
	}
	bearer := []string{"Authorization", "Bearer " + w.Secret(harness.ReadWrite)}
	return &checkUp{client: http.Client{Timeout: 5 * time.Second}, requests: []func() *http.Request{
		ask("POST", "/conversations/"+talk+"/typing", `{"typing":true}`,
			append(bearer, "Content-Type", "application/json")...),
		ask("PATCH", "/visitors/"+v.Token+"/context", `{"context":{"a":1}}`,
			append(bearer, "Content-Type", "application/json")...),
		ask("PATCH", "/widgets/"+w.ClientToken, `{"color":"#fff"}`, append(bearer, "Content-Type", "application/json")...),
		ask("GET", "/conversations/"+talk, "", bearer...), ask("GET", "/statistics/current", "", bearer...),
		ask("GET", "/tickets", "", bearer...),
		ask("GET", "/users", "", bearer...), ask("GET", "/webhooks", "", bearer...), ask("GET", "/visitors", "", bearer...),
	}}
}

// wait waits until all requests succeed, twice in a row.
func (c *checkUp) wait(t *testing.T, after string, within time.Duration) {
	t.Helper()
	well := 0
	harness.Eventually(t, within, after+": all requests succeed", func() (bool, any) {
		for _, make := range c.requests {
			req := make()
			resp, err := c.client.Do(req)
			if err != nil {
				well = 0
				return false, err
			}
			said, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
			resp.Body.Close()
			if resp.StatusCode >= 400 {
				well = 0
				return false, fmt.Sprint(req.Method, " ", req.URL.Path, " ", resp.StatusCode, " ", string(said))
			}
		}
		well++
		return well == 2, "once"
	})
}
