// Package observability_test checks with a real Prometheus that monitoring works: every query of every dashboard and
// rule has data, and the failure of each dependency raises exactly the alerts that the runbooks name.
package observability_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/process"
)

const (
	// calm is how long no alert may fire before a process is killed, and how long a set of alerts must last.
	calm      = 4 * time.Second
	raising   = 40 * time.Second // until a dependency's failure has raised its alerts
	calming   = 60 * time.Second // until its recovery has resolved them
	lookEvery = 250 * time.Millisecond
	atATime   = 4 // parallel test beds: most of the time is waiting
)

// failure is a dependency's failure with the alerts that it raises, each with its subject.
type failure struct {
	of     string
	raises []string
}

// serviceFailure is the failure of a service to which the edge sends requests, with additional alerts.
func serviceFailure(service string, more ...string) failure {
	all := append([]string{
		"FivechatCircuitOpen of " + service, "FivechatComponentDown of " + service,
		"FivechatEdgeErrorsFast", "FivechatEdgeErrorsSteady",
	}, more...)
	slices.Sort(all)
	return failure{service, all}
}

// failures are the expected alerts: each failure raises these and no others. The runbooks of these alerts name it.
var failures = []failure{
	{mongodb, []string{
		"FivechatEdgeErrorsFast", "FivechatEdgeErrorsSteady",
		// widget settings come from a cache after their service has failed
		"FivechatEdgeLatencyFast", "FivechatEdgeLatencySteady",
		"FivechatFollowerStalled of mail/tickets",
		"FivechatFollowerStalled of statistics/conversations", "FivechatFollowerStalled of statistics/visitors",
		"FivechatFollowerStalled of webhooks/conversations", "FivechatFollowerStalled of webhooks/tickets",
		"FivechatFollowerStalled of webhooks/visitors",
		"FivechatMongoDBDown",
	}},
	{redis, []string{
		"FivechatRedisDown", "FivechatStoreErrors of api-gateway/redis",
		"FivechatStoreErrors of conversations/redis",
	}},
	// An unknown caller is refused before the call, so the circuit breaker stays closed.
	{"accounts", []string{"FivechatComponentDown of accounts", "FivechatEdgeErrorsFast", "FivechatEdgeErrorsSteady"}},
	serviceFailure("conversations", "FivechatFollowerStalled of statistics/conversations",
		"FivechatFollowerStalled of webhooks/conversations"),
	serviceFailure("visitors", "FivechatFollowerStalled of statistics/visitors",
		"FivechatFollowerStalled of webhooks/visitors"),
	serviceFailure("tickets", "FivechatFollowerStalled of webhooks/tickets",
		"FivechatFollowerStalled of mail/tickets"),
	serviceFailure("statistics"),
	serviceFailure("webhooks"),
	serviceFailure("workspace"),
	// settings come from a cache, and there are no other requests
	{"widgets", []string{"FivechatComponentDown of widgets"}},
	{"mail", []string{"FivechatComponentDown of mail"}},   // agents rarely request it
	{"files", []string{"FivechatComponentDown of files"}}, // as mail
	{oneGateway, []string{"FivechatReplicaDown of api-gateway"}},
	{allGateways, []string{"FivechatEdgeDown of api-gateway"}},
}

// TestFailuresRaiseTheirAlerts kills each dependency in turn.
func TestFailuresRaiseTheirAlerts(t *testing.T) {
	t.Parallel()
	binary(t)
	binaries := cluster.Build(t, process.Fivechat)
	var testbeds sync.WaitGroup // t.Parallel is for tests that use the processor
	for n := range atATime {
		testbeds.Go(func() {
			t.Run(fmt.Sprint("test bed ", n+1), func(t *testing.T) {
				tb := newTestbed(t, binaries)
				tb.sendRequests(t)
				if n == atATime-1 { // it has the fewest failures
					t.Run("every query has data", tb.haveData)
				}
				for i, d := range failures {
					if i%atATime == n {
						t.Run(d.of, func(t *testing.T) { tb.fails(t, d) })
					}
				}
			})
		})
	}
	testbeds.Wait()
}

// seldom reports whether an alert is about a component that calls Redis every few seconds only, to take turns. While
// Redis is down, it is raised or not, depending on which calls the alert's window has.
func seldom(alert string) bool {
	return slices.Contains([]string{
		"FivechatStoreErrors of tickets/redis", "FivechatStoreErrors of visitors/redis",
		"FivechatStoreErrors of webhooks/redis", "FivechatStoreErrors of accounts/redis",
		"FivechatStoreErrors of statistics/redis", "FivechatStoreErrors of widgets/redis",
		"FivechatStoreErrors of workspace/redis", "FivechatStoreErrors of mail/redis",
		"FivechatStoreErrors of files/redis",
	}, alert)
}

// early reports whether an alert says that one component can't reach the failed store and others can. Components check
// their stores every 15 s with a bound of 2 s, so the first can notice a failure 17 s before the last. The alert's 15
// minutes are 15 s in this test, so it may be raised for two seconds, but must not last.
func early(failed, alert string) bool {
	return slices.Contains([]string{mongodb, redis}, failed) &&
		strings.HasPrefix(alert, "FivechatStoreUnreachable of ") && strings.HasSuffix(alert, "/"+failed)
}

// fails kills a dependency, and checks which alerts fire and that they resolve after its restart.
func (tb *testbed) fails(t *testing.T, d failure) {
	p := watch(t, tb.components()...)
	seen := map[string]bool{}
	look := func(want []string) []string {
		raised := p.raised(t)
		if d.of == redis {
			raised = slices.DeleteFunc(raised, seldom)
		}
		if starved(t) {
			raised = slices.DeleteFunc(raised, func(a string) bool {
				return strings.HasPrefix(a, "FivechatEdgeLatency") && !slices.Contains(want, a)
			})
		}
		for _, a := range raised {
			seen[a] = seen[a] || !early(d.of, a)
		}
		return raised
	}
	waitForAlerts(t, calming, "no alert fires", nil, look)
	clear(seen)
	start := time.Now()
	tb.kill(t, d.of)
	waitForAlerts(t, raising, "the failure of "+d.of+" raises its alerts", d.raises, look)
	raised := time.Since(start)
	start = time.Now()
	tb.restart(t, d.of)
	waitForAlerts(t, calming, "the return of "+d.of+" resolves them", nil, look)
	t.Logf("raised after %v, resolved after %v: %q", (raised - calm).Round(time.Second),
		(time.Since(start) - calm).Round(time.Second), d.raises)
	maps.DeleteFunc(seen, func(_ string, counts bool) bool { return !counts })
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, d.raises) {
		t.Errorf("the failure of %s raised\n%q, want\n%q", d.of, got, d.raises)
	}
}

// waitForAlerts waits until the wanted alerts, and no others, have fired for a while.
func waitForAlerts(t *testing.T, within time.Duration, what string, want []string, look func(want []string) []string) {
	t.Helper()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for start, since := time.Now(), (time.Time{}); ; <-tick.C {
		switch got := look(want); {
		case slices.Equal(got, want) && since.IsZero():
			since = time.Now()
		case slices.Equal(got, want) && time.Since(since) > calm:
			return
		case !slices.Equal(got, want) && time.Since(start) > within:
			t.Fatalf("%s: not within %v; raised are %q", what, within, got)
		case !slices.Equal(got, want):
			since = time.Time{}
		}
	}
}

// crowded is the share of time, in percent, in which some process waited for a processor, from which on the machine
// counts as overloaded.
const crowded = 90

// starved reports whether other processes have used the processors so much in the last ten seconds that this alone
// makes responses slow, if the kernel reports it. Latency alerts that aren't expected are then caused by the machine.
func starved(t *testing.T) bool {
	t.Helper()
	pressure, err := os.ReadFile("/proc/pressure/cpu")
	if err != nil {
		return false
	}
	var share float64
	if _, err := fmt.Sscanf(string(pressure), "some avg10=%f", &share); err != nil {
		t.Fatalf("%s: %v", pressure, err)
	}
	return share > crowded
}
