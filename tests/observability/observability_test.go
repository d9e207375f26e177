// Package observability_test shows with a real Prometheus that what watches over the system sees it: every query of every
// dashboard and rule has data, and the death of each dependency raises exactly the alerts that the runbooks name.
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
)

const (
	calm      = 4 * time.Second  // how long everything has to be quiet before something is killed, and a set of alerts has to stand
	raising   = 40 * time.Second // until a dependency's death has raised its alerts
	calming   = 60 * time.Second // until its return has quieted them
	lookEvery = 250 * time.Millisecond
	atATime   = 4 // towns side by side: most of the time is waiting
)

// death is what the end of a dependency raises: alerts with what they are about.
type death struct {
	of     string
	raises []string
}

// gone is what the death of a service raises by which the edge's callers are failed, and more.
func gone(service string, more ...string) death {
	all := append([]string{"FivechatCircuitOpen of " + service, "FivechatComponentDown of " + service, "FivechatEdgeErrorsFast", "FivechatEdgeErrorsSteady"}, more...)
	slices.Sort(all)
	return death{service, all}
}

// deaths is the table: each raises this and nothing else. A runbook names those that raise its alerts.
var deaths = []death{
	{mongodb, []string{
		"FivechatEdgeErrorsFast", "FivechatEdgeErrorsSteady",
		"FivechatEdgeLatencyFast", "FivechatEdgeLatencySteady", // widget settings are given from memory once their service has failed
		"FivechatFollowerStalled of statistics/conversations", "FivechatFollowerStalled of statistics/visitors",
		"FivechatFollowerStalled of webhooks/conversations", "FivechatFollowerStalled of webhooks/tickets", "FivechatFollowerStalled of webhooks/visitors",
		"FivechatMongoDBDown",
	}},
	{redis, []string{"FivechatRedisDown", "FivechatStoreErrors of api-gateway/redis", "FivechatStoreErrors of conversations/redis"}},
	// Who is not known any more is refused before a call, so the circuit stays closed.
	{"accounts", []string{"FivechatComponentDown of accounts", "FivechatEdgeErrorsFast", "FivechatEdgeErrorsSteady"}},
	gone("conversations", "FivechatFollowerStalled of statistics/conversations", "FivechatFollowerStalled of webhooks/conversations"),
	gone("visitors", "FivechatFollowerStalled of statistics/visitors", "FivechatFollowerStalled of webhooks/visitors"),
	gone("tickets", "FivechatFollowerStalled of webhooks/tickets"),
	gone("statistics"),
	gone("webhooks"),
	{"widgets", []string{"FivechatComponentDown of widgets"}}, // settings are given from memory, and nothing else is asked here
	{oneGateway, []string{"FivechatReplicaDown of api-gateway"}},
	{allGateways, []string{"FivechatEdgeDown of api-gateway"}},
}

// TestDeaths kills each dependency in turn.
func TestDeaths(t *testing.T) {
	t.Parallel()
	binary(t)
	binaries := cluster.Build(t, "fivechat.dev/deploy/fivechat")
	var towns sync.WaitGroup // and not t.Parallel, which is for what uses the processor
	for n := range atATime {
		towns.Go(func() {
			t.Run(fmt.Sprint("town ", n+1), func(t *testing.T) {
				tn := found(t, binaries)
				tn.live(t)
				if n == atATime-1 { // it has the fewest deaths
					t.Run("every query has data", tn.haveData)
				}
				for i, d := range deaths {
					if i%atATime == n {
						t.Run(d.of, func(t *testing.T) { tn.dies(t, d) })
					}
				}
			})
		})
	}
	towns.Wait()
}

// dies kills a dependency, and looks which alerts come and that they go when it is back.
func (tn *town) dies(t *testing.T, d death) {
	p := watch(t, tn.components()...)
	seen := map[string]bool{}
	look := func(want []string) []string {
		raised := p.raised(t)
		if starved(t) {
			raised = slices.DeleteFunc(raised, func(a string) bool {
				return strings.HasPrefix(a, "FivechatEdgeLatency") && !slices.Contains(want, a)
			})
		}
		for _, a := range raised {
			seen[a] = true
		}
		return raised
	}
	stays(t, calming, "nothing is raised", nil, look)
	clear(seen)
	start := time.Now()
	tn.kill(t, d.of)
	stays(t, raising, "the death of "+d.of+" raises what the table says", d.raises, look)
	raised := time.Since(start)
	start = time.Now()
	tn.revive(t, d.of)
	stays(t, calming, "the return of "+d.of+" quiets it", nil, look)
	t.Logf("raised after %v, quiet after %v: %q", (raised - calm).Round(time.Second), (time.Since(start) - calm).Round(time.Second), d.raises)
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, d.raises) {
		t.Errorf("the death of %s raised\n%q, the table says\n%q", d.of, got, d.raises)
	}
}

// stays waits until alerts are the wanted ones and stay so for a while.
func stays(t *testing.T, within time.Duration, what string, want []string, look func(want []string) []string) {
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

// crowded is the share of time, in percent, that some process waited for a processor, from which on the machine is not ours.
const crowded = 90

// starved says whether others have had the processors so much within ten seconds that answers take long for that alone,
// where the kernel says it. Alerts on latency that the table does not name tell of that machine then.
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
