package fuzz_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"fivechat.dev/tests/harness"
)

// What a client does to a status: it reads it, writes it, or writes it where it is still in the state that it has seen.
const (
	reads = iota
	writes
	writesIf
)

// change is what a client asks.
type change struct {
	kind   int
	status string
	seen   string // of writesIf: the state
}

// seen is what it is answered.
type seen struct {
	status, state string
	refused       bool // 412
}

// register is a status that is changed as if by one client after the other. Its state in the model is what a read gives.
// A write gives the state that it made, and one that depends on a state is refused exactly where that is no longer the one.
var register = porcupine.Model{
	Init: func() any { return seen{} },
	Step: func(state, input, output any) (bool, any) {
		now, in, out := state.(seen), input.(change), output.(seen)
		unknown := now == (seen{}) // nobody has looked yet
		switch {
		case in.kind == reads:
			return unknown || now == out, out
		case in.kind == writesIf && out.refused:
			return unknown || in.seen != now.state, now
		case in.kind == writesIf:
			return (unknown || in.seen == now.state) && out.status == in.status, out
		default:
			return out.status == in.status, out
		}
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %+v", input, output) },
}

// history asks about a ticket's status from several sides at once, and gives all that was asked and answered.
func history(t *testing.T, w *harness.World, clients, asks int, seed uint64) []porcupine.Operation {
	t.Helper()
	path := "/tickets/" + w.NewTicket(t, harness.Map{"title": "Raced"}).Text("id")
	var mu sync.Mutex
	var all []porcupine.Operation
	var done sync.WaitGroup
	begun := time.Now()
	for id := range clients {
		random := rand.New(rand.NewPCG(seed, uint64(id)))
		done.Go(func() {
			agent, last := w.Agent(), `"1.1.x"`
			for range asks {
				in := change{kind: random.IntN(3), status: []string{"NEW", "OPEN", "PENDING", "RESOLVED", "CLOSED"}[random.IntN(5)], seen: revision(last)}
				call := time.Since(begun)
				var a harness.Answer
				switch in.kind {
				case reads:
					a = agent.Do(t, "GET", path, nil)
				case writes:
					a = agent.Do(t, "PATCH", path+"/status", harness.Map{"status": in.status})
				default:
					a = agent.With("If-Match", last).Do(t, "PATCH", path+"/status", harness.Map{"status": in.status})
				}
				out, back := seen{refused: a.Status == 412}, time.Since(begun)
				if !out.refused {
					last = a.Want(t, 200).Header.Get("ETag")
					out = seen{status: a.Object().Text("status"), state: revision(last)}
				}
				mu.Lock()
				all = append(all, porcupine.Operation{ClientId: id, Input: in, Call: int64(call), Output: out, Return: int64(back)})
				mu.Unlock()
			}
		})
	}
	done.Wait()
	return all
}

// revision is the part of a tag that If-Match is about: the rest is of what is only shown.
func revision(tag string) string {
	for i := len(tag) - 1; i >= 0; i-- {
		if tag[i] == '.' {
			return tag[:i]
		}
	}
	return tag
}

// TestStatusChangesAreLinear: whatever clients ask of one status at once, there is an order, which agrees with what came
// before what, in which one client after the other would have been answered the same. FIVECHAT_FUZZ_HISTORIES says how many
// histories are looked at.
func TestStatusChangesAreLinear(t *testing.T) {
	t.Parallel()
	histories, err := strconv.Atoi(os.Getenv("FIVECHAT_FUZZ_HISTORIES"))
	if err != nil {
		histories = 3
	}
	w := harness.Running().World(t, harness.Pro)
	for range histories {
		seed := rand.Uint64()
		all := history(t, w, 6, 25, seed)
		if result := porcupine.CheckOperationsTimeout(register, all, time.Minute); result != porcupine.Ok {
			t.Errorf("seed %d: %s: %d asks have no order", seed, result, len(all))
			for _, o := range all {
				t.Logf("%d..%d client %d %s", o.Call, o.Return, o.ClientId, register.DescribeOperation(o.Input, o.Output))
			}
			return
		}
	}
}

// TestWhatIsNotLinear: the model refuses a lost update, a stale read, and a condition that was passed over.
func TestWhatIsNotLinear(t *testing.T) {
	t.Parallel()
	open, closed := seen{"OPEN", "1", false}, seen{"CLOSED", "2", false}
	at := func(from int64, in change, out seen) porcupine.Operation {
		return porcupine.Operation{Call: from, Return: from + 1, Input: in, Output: out}
	}
	first := at(0, change{kind: writes, status: "OPEN"}, open)
	second := at(2, change{kind: writes, status: "CLOSED"}, closed)
	for name, c := range map[string]struct {
		last   porcupine.Operation
		linear bool
	}{
		"the last write is read":     {at(4, change{kind: reads}, closed), true},
		"a stale read":               {at(4, change{kind: reads}, open), false},
		"a state of nobody's":        {at(4, change{kind: reads}, seen{"CLOSED", "3", false}), false},
		"a condition that holds":     {at(4, change{writesIf, "OPEN", "2"}, seen{"OPEN", "3", false}), true},
		"a condition passed over":    {at(4, change{writesIf, "OPEN", "1"}, seen{"OPEN", "3", false}), false},
		"refused where it holds":     {at(4, change{writesIf, "OPEN", "2"}, seen{refused: true}), false},
		"refused for an older state": {at(4, change{writesIf, "OPEN", "1"}, seen{refused: true}), true},
		"answered with another":      {at(4, change{kind: writes, status: "OPEN"}, seen{"NEW", "3", false}), false},
	} {
		if linear := porcupine.CheckOperations(register, []porcupine.Operation{first, second, c.last}); linear != c.linear {
			t.Errorf("%s: linear is %t", name, linear)
		}
	}
}
