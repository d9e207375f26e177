package processes_test

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/scenario"
)

// between is how many actions are done between two replacements.
const between = 12

// TestPreviousVersionRunsBesideThisOne replaces the components of the previous version by this one's, one after the
// other, and then back again, while visitors and agents work. Each version reads the other's data and events, and
// nothing is lost.
func TestPreviousVersionRunsBesideThisOne(t *testing.T) {
	t.Parallel()
	before := os.Getenv("FIVECHAT_PREVIOUS")
	if before == "" {
		t.Skipf("FIVECHAT_PREVIOUS names no folder with the programs of the previous version: make compat")
	}
	now := cluster.Build(t)
	quotas, err := harness.GenerousQuotas(t.TempDir(), "signIn", "upload", "file") // classes that are new in this version
	if err != nil {
		t.Fatal(err)
	}
	f := cluster.Launch(t, before, map[string]string{"FIVECHAT_QUOTAS": quotas})
	t.Run("replacements", func(inner *testing.T) {
		c := scenario.Begin(inner, f)
		followed := c.Follow()
		var over atomic.Bool
		var all sync.WaitGroup
		for range actors {
			did := 0
			all.Go(func() {
				c.Act(func() (string, bool) {
					did++
					first := []string{"visit", "open", "ticket"}
					if did <= len(first) {
						return first[did-1], true
					}
					return scenario.Actions[did%len(scenario.Actions)], !over.Load()
				})
			})
		}
		change := func(name, binaries, to string, p **cluster.Process) {
			done := c.Done()
			harness.Eventually(inner, scenario.Decided, fmt.Sprint(between, " actions are done"), func() (bool, any) {
				return c.Done() >= done+between, c.Done() - done
			})
			inner.Logf("after %d actions: %s of the version %s", c.Done(), name, to)
			*p = (*p).Of(t, binaries)
			cluster.Ready(inner, *p)
		}
		for i, name := range cluster.Services {
			change(name, now, "now", &f.Services[i])
		}
		change(cluster.Gateway, now, "now", &f.Gateway)
		change(cluster.Gateway, before, "before", &f.Gateway)
		for i, name := range cluster.Services {
			change(name, before, "before", &f.Services[i])
		}
		over.Store(true)
		all.Wait()
		followed()
		c.Check()
	})
}
