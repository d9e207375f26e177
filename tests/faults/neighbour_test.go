package faults_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/process"
)

// The memory limit of each component in the chart, and its GOMEMLIMIT: nine tenths of it.
const (
	serviceMemory   = 256 << 20
	gatewayMemory   = 512 << 20
	serviceGoMemory = "230MiB"
)

// The rounds of TestHostileNeighbour: calm and attack alternate, so that both run on the machine in the same state.
const (
	neighbourRounds = 3 // in the soak, a minute of attack; otherwise one
	calmFor         = 10 * time.Second
	attackFor       = 20 * time.Second
	eachFor         = 8 * time.Second       // of calm and of attack in TestNeighbourOfEachAttack
	askEvery        = 25 * time.Millisecond // the neighbour's requests, one at a time
)

// The neighbour's 99th percentile under attack, as a multiple of that in calm: the aim, and the bound that fails the
// test. The aim isn't reached: docs/faults.md has the figures. So the test logs the multiple.
const (
	aimedSlowdown = 1.2
	grossP99      = 2 * time.Second
)

// The addresses of the attacker and of the neighbour's visitor and agent.
const (
	attackerAddress  = "203.0.113.66"
	neighbourAddress = "198.51.100.10"
)

// TestHostileNeighbour runs every attack of tests/hostile that needs volume, from one website and one address, against
// separate processes under the memory limits of the chart: for a third of a minute, and for a minute in the soak. No
// process dies and no circuit breaker
// opens. Another website's requests all succeed, and its event stream stays open and misses nothing.
func TestHostileNeighbour(t *testing.T) {
	f := launchGuarded(t)
	n := newNeighbour(t, f)
	a := newAttacker(t, f, n)
	guard := watchMemory(t, f)
	breakers := watchBreakers(t, f)
	var calm, attacked load
	rounds := 1
	if soak(t) > 0 {
		rounds = neighbourRounds
	}
	for round := range rounds {
		n.work(t, &calm, calmFor)
		before := processors(t, f)
		a.attack(t, "", func() { n.work(t, &attacked, attackFor) })
		for name, used := range processors(t, f) {
			t.Logf("%s used %v of %v", name, used-before[name], attackFor)
		}
		t.Logf("round %d: neighbour p99 %v in calm, %v under attack", round+1, calm.p99(), attacked.p99())
	}
	n.receivedAll(t)
	guard.stop()
	breakers.stop()
	slowdown := float64(attacked.p99()) / float64(calm.p99())
	t.Logf("neighbour: %d requests in calm with p99 %v, %d under attack with p99 %v (x%.2f, aim x%.1f)",
		len(calm.took), calm.p99(), len(attacked.took), attacked.p99(), slowdown, aimedSlowdown)
	for _, p := range f.All() {
		t.Logf("%s: at most %d MiB of %d", p.Name, highest(t, p)>>20, memoryLimit(p)>>20)
	}
	for _, kind := range sortedKeys(calm.kinds) {
		t.Logf("%s: p99 %v in calm, %v under attack", kind, calm.kind(kind).p99(), attacked.kind(kind).p99())
	}
	a.report(t)
	for when, l := range map[string]*load{"in calm": &calm, "under attack": &attacked} {
		if len(l.failed) > 0 || l.refused > 0 {
			t.Errorf("%s, the neighbour was refused %d times and got %v", when, l.refused, l.failed)
		}
	}
	if attacked.p99() > grossP99 {
		t.Errorf("the neighbour's p99 grew from %v to %v", calm.p99(), attacked.p99())
	}
}

// launchGuarded launches all components on one processor, under the chart's memory limits and with the default quotas.
func launchGuarded(t *testing.T) (f *cluster.Cluster) {
	t.Helper()
	cluster.Apart(t, func() {
		env := new(testbed).startStores(t)
		env["GOMEMLIMIT"] = serviceGoMemory
		env["FIVECHAT_QUOTAS"] = ""
		env["FIVECHAT_TRUSTED_PROXIES"] = "127.0.0.0/8"
		f = cluster.Launch(t, binaries, env)
	})
	return f
}

// TestNeighbourOfEachAttack runs each attack alone, between times of calm, to show what each shared resource costs
// another website. It is part of the soak, because it takes minutes.
func TestNeighbourOfEachAttack(t *testing.T) {
	if soak(t) == 0 {
		t.Skipf("it takes minutes, so it runs only if FIVECHAT_SOAK is set: make soak")
	}
	f := launchGuarded(t)
	n := newNeighbour(t, f)
	a := newAttacker(t, f, n)
	guard := watchMemory(t, f)
	breakers := watchBreakers(t, f)
	for _, attack := range a.attacks() {
		var calm, attacked load
		n.work(t, &calm, eachFor)
		a.attack(t, attack.name, func() { n.work(t, &attacked, eachFor) })
		t.Logf("| %s | %v | %v | ×%.1f |", attack.name, calm.p99(), attacked.p99(),
			float64(attacked.p99())/float64(calm.p99()))
		if len(calm.failed)+len(attacked.failed) > 0 {
			t.Errorf("%s: the neighbour got %v in calm and %v under attack", attack.name, calm.failed, attacked.failed)
		}
		if attacked.p99() > grossP99 {
			t.Errorf("%s: the neighbour's p99 grew from %v to %v", attack.name, calm.p99(), attacked.p99())
		}
	}
	n.receivedAll(t)
	guard.stop()
	breakers.stop()
	a.report(t)
}

// processors returns the processor time that each component and this process, with the stores, have used.
func processors(t *testing.T, f *cluster.Cluster) map[string]time.Duration {
	t.Helper()
	pids := map[string]int{"this test with the stores": os.Getpid()}
	for _, p := range f.All() {
		pids[p.Name] = p.PID
	}
	used := map[string]time.Duration{}
	for name, pid := range pids {
		n, err := process.Processors(pid)
		if err != nil {
			t.Fatal(err)
		}
		used[name] = n
	}
	return used
}

// neighbour is a website whose visitor and agent work while another website attacks.
type neighbour struct {
	site         *harness.Website
	visitor      harness.Session
	conversation string
	stream       *harness.Stream
	posted       int
}

func newNeighbour(t *testing.T, f *cluster.Cluster) *neighbour {
	t.Helper()
	n := &neighbour{site: f.From(neighbourAddress).Website(t, harness.Pro)}
	n.visitor = n.site.Visit(t, harness.Map{"name": "Vera"})
	n.conversation = n.visitor.Open(t, "Is the atlas in stock?")
	n.stream = n.site.Reader().Events(t, "/events", "")
	return n
}

// work lets the neighbour's visitor and agent work for a while: they read lists and threads, begin sessions and write.
func (n *neighbour) work(t *testing.T, l *load, lasts time.Duration) {
	t.Helper()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	until := time.Now().Add(lasts)
	reader, agent, public := n.site.Reader(), n.site.Agent(), n.site.Public()
	for i := 0; time.Now().Before(until); i++ {
		<-tick.C
		switch {
		case i%40 == 0:
			l.timed(t, public, "POST", "/visitor/sessions", harness.Map{"clientToken": n.site.ClientToken})
		case i%16 == 0:
			n.posted++
			text := harness.Map{"content": fmt.Sprintf("Question %d", n.posted)}
			l.timed(t, n.visitor.Client, "POST", "/visitor/conversations/"+n.conversation+"/messages", text)
		case i%16 == 8:
			n.posted++
			text := harness.Map{"content": fmt.Sprintf("Answer %d", n.posted)}
			l.timed(t, agent, "POST", "/conversations/"+n.conversation+"/messages", text)
		case i%3 == 0:
			l.timed(t, reader, "GET", "/conversations?limit=20", nil)
		case i%3 == 1:
			l.timed(t, reader, "GET", "/conversations/"+n.conversation+"/messages", nil)
		default:
			l.timed(t, public, "GET", "/widgets/"+n.site.ClientToken, nil)
		}
	}
}

// receivedAll checks that each posted message arrived on the stream that was opened first.
func (n *neighbour) receivedAll(t *testing.T) {
	t.Helper()
	for came := 0; came < n.posted; {
		frame, comes := n.stream.Try(t)
		if !comes {
			t.Errorf("the neighbour's stream ended after %d of %d messages", came, n.posted)
			return
		}
		if frame.Event == "message.created" {
			came++
		}
	}
}

// timed makes one request and records its result.
func (l *load) timed(t *testing.T, c harness.Client, method, path string, body any) {
	began := time.Now()
	answer, err := c.Ask(t.Context(), method, path, body)
	took := time.Since(began)
	l.note(method, path, answer.Status, err, took)
	kind, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	l.kind(method+" "+kind).note(method, path, answer.Status, err, took)
}

func (l *load) note(method, path string, status int, err error, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil && status < 300:
		l.took = append(l.took, took)
		return
	case err == nil && (status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable):
		l.refused++
	}
	if l.failed == nil {
		l.failed = map[string]int{}
	}
	l.failed[fmt.Sprintf("%s %s: %d %v", method, path, status, err)]++
}

// memoryGuard fails the test if a process exceeds its memory limit, at which the kernel would kill it.
type memoryGuard struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func memoryLimit(p *cluster.Process) int64 {
	if p.Name == cluster.Gateway {
		return gatewayMemory
	}
	return serviceMemory
}

func watchMemory(t *testing.T, f *cluster.Cluster) *memoryGuard {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	g := &memoryGuard{cancel: cancel}
	t.Cleanup(g.stop)
	for _, p := range f.All() {
		g.done.Go(func() {
			each(ctx, 20*time.Millisecond, func() bool {
				n, err := process.Memory(p.PID)
				switch {
				case errors.Is(err, os.ErrNotExist):
					t.Errorf("%s has ended", p.Name)
					return false
				case err != nil:
					t.Error(err)
					return false
				case n > memoryLimit(p):
					t.Errorf("%s needs %d MiB and has %d: it would be killed", p.Name, n>>20, memoryLimit(p)>>20)
					p.Kill(t)
					return false
				}
				return true
			})
		})
	}
	return g
}

func (g *memoryGuard) stop() {
	g.cancel()
	g.done.Wait()
}

// watchBreakers fails the test if a circuit breaker of the gateway opens.
func watchBreakers(t *testing.T, f *cluster.Cluster) *memoryGuard {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	g := &memoryGuard{cancel: cancel}
	t.Cleanup(g.stop)
	open := map[string]bool{}
	g.done.Go(func() {
		each(ctx, 200*time.Millisecond, func() bool {
			_, text := f.Gateway.Get(t, "/metrics")
			for line := range strings.Lines(text) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
				if strings.HasPrefix(name, "fivechat_edge_circuit_state{") && value != "0" && !open[name] {
					open[name] = true
					t.Errorf("a circuit breaker opened: %s", line)
				}
			}
			return true
		})
	})
	return g
}

// each calls do at every tick until it returns false or ctx ends.
func each(ctx context.Context, tick time.Duration, do func() bool) {
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	for do() {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

// sortedKeys returns a map's keys in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
