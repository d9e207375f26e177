// Package observability_test shows with a real Prometheus that what watches over the system sees it: every query of every
// dashboard and rule has data, and the death of each dependency raises exactly the alerts that the runbooks name.
package observability_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/fleet"
	"fivechat.dev/tests/harness"
)

const (
	calm     = 4 * time.Second  // how long everything has to be quiet before something is killed, and a set of alerts has to stand
	raising  = 40 * time.Second // until a dependency's death has raised its alerts
	calming  = 60 * time.Second // until its return has quieted them
	atATime  = 4                // towns side by side: most of the time is waiting
	lookings = 200 * time.Millisecond
)

// death is what the end of a dependency raises: alerts with what they are about.
type death struct {
	of     string
	raises []string
}

var deaths = []death{
	{mongodb, nil}, {redis, nil}, {"accounts", nil}, {"conversations", nil}, {"visitors", nil}, {"tickets", nil}, {"widgets", nil},
	{"statistics", nil}, {"webhooks", nil}, {oneGateway, nil}, {allGateways, nil},
}

// TestDeaths kills each dependency in turn.
func TestDeaths(t *testing.T) {
	t.Parallel()
	binary(t)
	binaries := fleet.Build(t, "fivechat.dev/deploy/fivechat")
	for n := range atATime {
		t.Run(fmt.Sprint("town ", n+1), func(t *testing.T) {
			t.Parallel()
			tn := found(t, binaries)
			tn.live(t)
			if n == 0 {
				t.Run("every query has data", tn.haveData)
			}
			for i, d := range deaths {
				if i%atATime == n {
					t.Run(d.of, func(t *testing.T) { tn.dies(t, d) })
				}
			}
		})
	}
}

// dies kills a dependency, and looks which alerts come and that they go when it is back.
func (tn *town) dies(t *testing.T, d death) {
	p := watch(t, tn.components()...)
	seen := map[string]bool{}
	look := func() []string {
		raised, _ := p.alerts(t)
		for _, a := range raised {
			seen[a] = true
		}
		return raised
	}
	stays(t, calming, "nothing is raised", nil, look)
	if len(seen) > 0 {
		t.Logf("before: %q", slices.Sorted(maps.Keys(seen)))
		clear(seen)
	}
	start := time.Now()
	tn.kill(t, d.of)
	stays(t, raising, "the death of "+d.of+" raises what the table says", d.raises, look)
	raisedAfter := time.Since(start)
	start = time.Now()
	tn.revive(t, d.of)
	stays(t, calming, "the return of "+d.of+" quiets it", nil, look)
	t.Logf("raised and stood after %v, quiet after %v: %s", raisedAfter.Round(time.Second), time.Since(start).Round(time.Second), strings.Join(d.raises, ", "))
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, d.raises) {
		t.Errorf("the death of %s raised\n%q, the table says\n%q", d.of, got, d.raises)
	}
}

// stays waits until alerts are the wanted ones and stay so for a while.
func stays(t *testing.T, within time.Duration, what string, want []string, look func() []string) {
	t.Helper()
	var since time.Time
	harness.Eventually(t, within+calm, what, func() (bool, any) {
		got := look()
		if !slices.Equal(got, want) {
			since = time.Time{}
		} else if since.IsZero() {
			since = time.Now()
		}
		return !since.IsZero() && time.Since(since) > calm, got
	})
}
