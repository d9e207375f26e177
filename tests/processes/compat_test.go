package processes_test

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"fivechat.dev/tests/course"
	"fivechat.dev/tests/fleet"
	"fivechat.dev/tests/harness"
)

// between is how many deeds are done between two changes.
const between = 12

// TestOldBesideNew replaces the components of the version before by this one's, one after the other, and then back again,
// while visitors and agents do what they do: each reads what the other has stored and told, and nothing is lost.
func TestOldBesideNew(t *testing.T) {
	t.Parallel()
	before := os.Getenv("FIVECHAT_PREVIOUS")
	if before == "" {
		t.Skipf("FIVECHAT_PREVIOUS names no folder with the programs of the version before: make compat")
	}
	now := fleet.Build(t)
	f := fleet.Launch(t, before, nil)
	t.Run("under way", func(inner *testing.T) {
		c := course.Begin(inner, f)
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
					return course.Deeds[did%len(course.Deeds)], !over.Load()
				})
			})
		}
		change := func(name, binaries, to string, p **fleet.Process) {
			done := c.Done()
			harness.Eventually(inner, course.Decided, fmt.Sprint(between, " deeds are done"), func() (bool, any) { return c.Done() >= done+between, c.Done() - done })
			inner.Logf("after %d deeds: %s of the version %s", c.Done(), name, to)
			*p = (*p).Of(t, binaries)
			fleet.Ready(inner, *p)
		}
		for i, name := range fleet.Services {
			change(name, now, "now", &f.Services[i])
		}
		change(fleet.Gateway, now, "now", &f.Gateway)
		change(fleet.Gateway, before, "before", &f.Gateway)
		for i, name := range fleet.Services {
			change(name, before, "before", &f.Services[i])
		}
		over.Store(true)
		all.Wait()
		followed()
		c.Check()
	})
}
