package processes_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
	"fivechat.dev/tests/scenario"
)

// The sizes of a plan. FIVECHAT_PLANS is the number of plans, FIVECHAT_SEED the seed of the first.
const (
	actors   = 4
	actions  = 40 // of an actor
	failures = 7
)

// plan is the actions of each actor, and the failures after given numbers of actions.
type plan struct {
	Actions  [actors][]string
	Failures []failure
}

type failure struct {
	After int // actions
	What  string
}

// plans draws a plan.
func plans() *rapid.Generator[plan] {
	action := rapid.SampledFrom(scenario.Actions)
	what := rapid.SampledFrom(append([]string{cluster.Gateway, "redis", "redis", "published twice", "relay", "relay"},
		cluster.Services...))
	return rapid.Custom(func(t *rapid.T) plan {
		var p plan
		for i := range p.Actions {
			p.Actions[i] = append([]string{"visit", "open", "ticket"}, rapid.SliceOfN(action, actions-3, actions-3).Draw(t,
				"actions")...)
		}
		for i := range failures {
			p.Failures = append(p.Failures, failure{(i + 1) * actors * actions / (failures + 2), what.Draw(t, "failure")})
		}
		return p
	})
}

// TestNothingIsLost runs plans in which processes are killed, relays die, Redis is emptied and events are published
// twice, while visitors and agents work. At the end every acknowledged change is stored exactly once, and the
// statistics equal both a count and a recount. A webhook got every event, with a stable id and in order. A client that
// followed the exports has all rows and got none twice.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	f := cluster.Launch(t, cluster.Build(t), nil)
	number := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
			return n
		}
		return otherwise
	}
	first := number("FIVECHAT_SEED", int(time.Now().UnixNano()%1_000_000))
	for seed := first; seed < first+number("FIVECHAT_PLANS", 1); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(inner *testing.T) {
			r := &run{scenario.Begin(inner, f), inner, f}
			done := r.Follow()
			r.execute(t, plans().Example(seed))
			done()
			r.Check()
		})
	}
}

// run is a plan in execution.
type run struct {
	*scenario.Scenario
	t *testing.T
	f *cluster.Cluster
}

func (r *run) execute(outer *testing.T, p plan) {
	var all sync.WaitGroup
	for _, todo := range p.Actions {
		all.Go(func() {
			r.Act(func() (action string, more bool) {
				if len(todo) == 0 {
					return "", false
				}
				action, todo = todo[0], todo[1:]
				return action, true
			})
		})
	}
	for _, m := range p.Failures {
		harness.Eventually(r.t, 4*scenario.Decided, fmt.Sprint(m.After, " actions are done"), func() (bool, any) {
			return r.Done() >= int64(m.After), r.Done()
		})
		r.t.Logf("after %d actions: %s", r.Done(), m.What)
		r.cause(outer, m.What)
	}
	all.Wait()
	cluster.Ready(r.t, r.f.All()...)
}

// cause causes a failure.
func (r *run) cause(outer *testing.T, what string) {
	switch i := slices.Index(cluster.Services, what); {
	case i >= 0:
		r.f.Services[i] = r.f.Services[i].Again(outer)
	case what == cluster.Gateway:
		r.f.Gateway = r.f.Gateway.Again(outer)
	case what == "published twice":
		for _, source := range []string{"conversations", "visitors", "tickets"} {
			if _, err := r.Store().Collection(source+"_leases").UpdateOne(r.t.Context(), bson.D{{Key: "_id", Value: "relay"}},
				bson.D{{Key: "$set", Value: bson.D{{Key: "published", Value: int64(0)}}}}); err != nil {
				r.t.Error(err)
			}
		}
	case what == "relay": // each relay has died during its work, and its lease is still valid
		for _, source := range []string{"conversations", "visitors", "tickets"} {
			if _, err := r.Store().Collection(source+"_leases").UpdateOne(r.t.Context(), bson.D{{Key: "_id", Value: "relay"}},
				bson.D{{Key: "$set", Value: bson.D{
					{Key: "holder", Value: "a dead replica"},
					{Key: "until", Value: time.Now().Add(5 * time.Second)},
				}}}); err != nil {
				r.t.Error(err)
			}
		}
	case r.f.Redis != nil: // it restarts empty
		r.f.Redis.FlushAll()
		r.f.Redis.Close()
		if err := r.f.Redis.Restart(); err != nil {
			r.t.Error(err)
		}
	}
}
