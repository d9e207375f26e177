// Package faults_test spoils what the system stands on, overloads it, and ends its processes while it is used. In the end
// everything that was acknowledged is there once, nobody was refused outside the window that a fault has, and the system
// has recovered by itself.
//
// FIVECHAT_SOAK, a duration, has the faults go round for that long (make soak); FIVECHAT_SEED repeats a run's draws.
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
	"fivechat.dev/tests/scenario"
)

// The sizes of a run.
const (
	actors         = 4
	actionInterval = 100 * time.Millisecond // of an actor's actions
	quietly        = time.Second            // between two faults
	bound          = 30 * time.Second       // until all is well after what was wrong is mended, on a machine that does other things too
)

// fault is something that goes wrong for a while.
type fault struct {
	name    string
	lasts   time.Duration
	refuses bool // requests may be refused from its cause until all is well; else nobody notices
	cause   func() (mend func())
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
	if binaries, err = os.MkdirTemp("", "fivechat-faults-"); err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(binaries) }() // what stays behind is in the way of nobody
	if err := cluster.BuildIn(context.Background(), binaries, "fivechat.dev/deploy/fivechat"); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// soak is for how long faults go round; 0: once.
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

// TestFaults spoils one thing after the other while visitors and agents do what they do, and looks each time when all is
// well again.
func TestFaults(t *testing.T) {
	tw := newTown(t)
	first, until := seed(), time.Now().Add(soak(t))
	var all []row
	for n := first; n == first || time.Now().Before(until); n++ {
		t.Run(fmt.Sprint("seed ", n), func(inner *testing.T) {
			draw := rand.New(rand.NewPCG(n, 0))
			all = append(all, tw.round(inner, t, draw)...)
		})
	}
	if path := os.Getenv("FIVECHAT_SOAK_TABLE"); path != "" {
		if err := keep(filepath.Join(harness.Root(t), path), all); err != nil {
			t.Error(err)
		}
	}
}

// round has each fault happen once, in an order that is drawn. What is started anew lasts as long as outer.
func (tw *town) round(t, outer *testing.T, draw *rand.Rand) []row {
	c, r := scenario.Begin(t, tw.Cluster), new(record)
	c.Saw = r.saw
	followed := c.Follow()
	stop := make(chan struct{})
	var acting sync.WaitGroup
	for range actors {
		mine := rand.New(rand.NewPCG(draw.Uint64(), draw.Uint64()))
		acting.Go(func() {
			ticks := time.NewTicker(actionInterval)
			defer ticks.Stop()
			begin := []string{"visit", "open", "ticket"}
			c.Act(func() (string, bool) {
				select {
				case <-stop:
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
	check := tw.newCheckUp(t, tw.Website(t, harness.Pro))
	check.wait(t, "at first", bound)
	var windows []window
	faults := tw.faults(outer, draw)
	draw.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
	for _, f := range faults {
		w := window{fault: f, caused: time.Now()}
		mend := f.cause()
		<-time.After(f.lasts)
		mend()
		w.mended = time.Now()
		check.wait(t, f.name, bound)
		w.well = time.Now()
		windows = append(windows, w)
		t.Logf("%s: well again after %v", f.name, w.well.Sub(w.mended).Round(time.Millisecond))
		<-time.After(quietly)
	}
	close(stop)
	acting.Wait()
	followed()
	rows, quiet := r.judge(t, windows)
	rows = append(rows, quiet)
	t.Log("\n" + table(rows))
	c.Check()
	return rows
}

// faults are what can go wrong here.
func (tw *town) faults(t *testing.T, draw *rand.Rand) []fault {
	const short, long = 2 * time.Second, 4 * time.Second // long: more than a store is looked for
	half, slow := harness.Map{"timeout": 0}, func(ms int) harness.Map { return harness.Map{"latency": ms, "jitter": ms / 4} }
	all := []fault{
		{"Redis does not respond, connections stay open", long, false, func() func() { return tw.lines.spoil("", "redis", "timeout", half) }},
		{"Redis is slow (200 ms each way)", short, false, func() func() { return tw.lines.spoil("", "redis", "latency", slow(200)) }},
		{"connections to Redis are reset", short, false, func() func() { return tw.lines.spoil("", "redis", "reset_peer", harness.Map{"timeout": 0}) }},
		{"Redis is unreachable", long, false, func() func() { return tw.lines.cut("", "redis") }},
	}
	if tw.redis != nil {
		all = append(all, fault{"Redis is killed and restarted empty", short, false, func() func() {
			tw.redis.Kill(t)
			return func() { tw.redis = tw.redis.Again(t) }
		}})
	}
	pair := draw.Perm(len(cluster.Services))
	from, to := cluster.Services[pair[0]], cluster.Services[pair[1]]
	all = append(all,
		fault{from + " gets no response from " + to, short, true, func() func() { return tw.lines.spoil(from, to, "timeout", half) }},
		fault{"connections from the gateway to " + to + " are cut", short, true, func() func() { return tw.lines.cut(cluster.Gateway, to) }},
		fault{"all connections between components are slow (50 ms each way)", short, false, func() func() {
			var mends []func()
			for _, s := range cluster.Services {
				mends = append(mends, tw.lines.spoil("", s, "latency", slow(50)))
			}
			return func() {
				for _, mend := range mends {
					mend()
				}
			}
		}},
		fault{"all connections from the gateway are reset", short, true, func() func() { return tw.lines.spoil(cluster.Gateway, "", "reset_peer", harness.Map{"timeout": 0}) }},
	)
	all = append(all, fault{"the store's primary steps down", long, true, func() func() {
		tw.elect(t, long)
		return func() {}
	}})
	if tw.store == nil {
		return all
	}
	all = append(all,
		fault{"the store is killed and restarted", long, true, func() func() {
			tw.store.Kill(t)
			return func() { tw.store = tw.store.Again(t) }
		}},
		fault{"the store does not respond, connections stay open", long, true, func() func() { return tw.lines.spoil("", "mongodb", "timeout", half) }},
		fault{"the store is unreachable", long, true, func() func() { return tw.lines.cut("", "mongodb") }},
		fault{"the store is slow (30 ms each way)", short, false, func() func() { return tw.lines.spoil("", "mongodb", "latency", slow(30)) }},
	)
	if tw.disk != "" {
		all = append(all, fault{"the store's disk is full", short, true, func() func() { return tw.fill(t) }})
	}
	return all
}

// checkUp is something of every service.
type checkUp struct {
	requests []func() *http.Request
	client   http.Client
}

func (tw *town) newCheckUp(t *testing.T, w *harness.Website) *checkUp {
	v := w.Visit(t, nil)
	talk := v.Open(t, "How are you?")
	ask := func(method, path, body string, header ...string) func() *http.Request {
		return func() *http.Request {
			req, err := http.NewRequestWithContext(t.Context(), method, tw.URL+path, strings.NewReader(body))
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
		ask("POST", "/conversations/"+talk+"/typing", `{"typing":true}`, append(bearer, "Content-Type", "application/json")...),
		ask("PATCH", "/visitors/"+v.Token+"/context", `{"context":{"a":1}}`, append(bearer, "Content-Type", "application/json")...),
		ask("PATCH", "/widgets/"+w.ClientToken, `{"color":"#fff"}`, append(bearer, "Content-Type", "application/json")...),
		ask("GET", "/conversations/"+talk, "", bearer...), ask("GET", "/statistics/current", "", bearer...), ask("GET", "/tickets", "", bearer...),
		ask("GET", "/users", "", bearer...), ask("GET", "/webhooks", "", bearer...), ask("GET", "/visitors", "", bearer...),
	}}
}

// wait waits until everything is well, twice.
func (c *checkUp) wait(t *testing.T, after string, within time.Duration) {
	t.Helper()
	well := 0
	harness.Eventually(t, within, after+": all is well", func() (bool, any) {
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
