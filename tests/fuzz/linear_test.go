package fuzz_test

import (
	"cmp"
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

// The operations of a client on a status: a read, a write, a write on the condition that the state is the one last
// seen, and a write whose response doesn't contain the new state.
const (
	reads = iota
	writes
	writesIf
	writesBlind
)

// change is a client's request.
type change struct {
	kind   int
	status string
	seen   string // of writesIf: the expected state
}

// seen is the response.
type seen struct {
	status, state string
	refused       bool // 412
}

// register is the sequential model of a status. Its state in the model is the result of a read. A write returns the new
// state. A conditional write is refused exactly if its state is outdated. After a blind write the state is unknown
// until a read.
var register = porcupine.Model{
	Init: func() any { return seen{} },
	Step: func(state, input, output any) (bool, any) {
		now, in, out := state.(seen), input.(change), output.(seen)
		unknown := now.status == "" // no read yet
		blind := unknown || now.state == ""
		switch {
		case in.kind == reads:
			return unknown || now.status == out.status && (blind || now.state == out.state), out
		case in.kind == writesIf && out.refused:
			return blind || in.seen != now.state, now
		case in.kind == writesIf:
			return (blind || in.seen == now.state) && out.status == in.status, out
		default:
			return out.status == in.status, out
		}
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %+v", input, output) },
}

// subject is an object with a status.
type subject struct {
	path, change string                              // paths that show and change the status
	shown        func(harness.Object) harness.Object // returns the object with the status from a response
	statuses     []string
	blind        map[string]func(testing.TB) // other ways to set a status
}

// ticket creates a ticket for this test alone.
func ticket(t *testing.T, w *harness.World) subject {
	path := "/tickets/" + w.NewTicket(t, harness.Map{"title": "Raced"}).Text("id")
	return subject{path, path + "/status", func(o harness.Object) harness.Object {
		return o
	}, []string{"NEW", "OPEN", "PENDING", "RESOLVED", "CLOSED"}, nil}
}

// conversation creates a conversation whose visitor closes it, and reopens it by a message. It has a summary and a tag,
// so that closing it generates none.
func conversation(t *testing.T, w *harness.World) subject {
	token := w.Caller.Open(t, "Raced")
	path := "/conversations/" + token
	w.Agent().Send(t, 200, "PATCH", path, harness.Map{"summary": "A race.", "tags": []string{w.Tag}})
	return subject{path, path, func(o harness.Object) harness.Object {
		return o.Object("conversation")
	}, []string{"OPEN", "CLOSED"}, map[string]func(testing.TB){
		"OPEN": func(t testing.TB) {
			w.Caller.Do(t, "POST", "/visitor"+path+"/messages", harness.Map{"content": "And?"}).Want(t, 201)
		},
		"CLOSED": func(t testing.TB) { w.Caller.Do(t, "POST", "/visitor"+path+"/close", nil).Want(t, 200) },
	}}
}

// history sends requests about a status from several clients concurrently, and returns all requests and responses.
func history(t *testing.T, w *harness.World, s subject, clients, asks int, seed uint64) []porcupine.Operation {
	t.Helper()
	var mu sync.Mutex
	var all []porcupine.Operation
	var done sync.WaitGroup
	begun := time.Now()
	for id := range clients {
		random := rand.New(rand.NewPCG(seed, uint64(id)))
		done.Go(func() {
			last := `"1.1.x"`
			for range asks {
				in := change{kind: random.IntN(4), status: s.statuses[random.IntN(len(s.statuses))], seen: revision(last)}
				if in.kind == writesBlind && s.blind == nil {
					in.kind = reads
				}
				call := time.Since(begun)
				out, tag := s.ask(t, w.Agent(), in, last)
				last = cmp.Or(tag, last)
				mu.Lock()
				all = append(all, porcupine.Operation{
					ClientId: id, Input: in, Call: int64(call), Output: out,
					Return: int64(time.Since(begun)),
				})
				mu.Unlock()
			}
		})
	}
	done.Wait()
	return all
}

// ask sends one request, with an ETag if it is conditional, and returns the ETag of the response.
func (s subject) ask(t *testing.T, agent harness.Client, in change, last string) (out seen, tag string) {
	t.Helper()
	var a harness.Answer
	shown := func(o harness.Object) harness.Object { return o }
	switch in.kind {
	case writesBlind:
		s.blind[in.status](t)
		return seen{status: in.status}, ""
	case reads:
		a, shown = agent.Do(t, "GET", s.path, nil), s.shown
	case writes:
		a = agent.Do(t, "PATCH", s.change, harness.Map{"status": in.status})
	default:
		if a = agent.With("If-Match", last).Do(t, "PATCH", s.change, harness.Map{"status": in.status}); a.Status == 412 {
			return seen{refused: true}, ""
		}
	}
	tag = a.Want(t, 200).Header.Get("ETag")
	return seen{status: shown(a.Object()).Text("status"), state: revision(tag)}, tag
}

// revision returns the part of an ETag that If-Match compares. The rest covers data that is only shown.
func revision(tag string) string {
	for i := len(tag) - 1; i >= 0; i-- {
		if tag[i] == '.' {
			return tag[:i]
		}
	}
	return tag
}

// TestStatusChangesAreLinearizable checks that concurrent requests about one status have a sequential order that agrees
// with real time and in which each would have got the same response. FIVECHAT_FUZZ_HISTORIES is the number of
// histories.
func TestStatusChangesAreLinearizable(t *testing.T) {
	t.Parallel()
	histories, err := strconv.Atoi(os.Getenv("FIVECHAT_FUZZ_HISTORIES"))
	if err != nil {
		histories = 3
	}
	for name, of := range map[string]func(*testing.T, *harness.World) subject{
		"a ticket":       ticket,
		"a conversation": conversation,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := harness.Running().World(t, harness.Pro)
			for range histories {
				seed := rand.Uint64()
				all := history(t, w, of(t, w), 6, 25, seed)
				if result := porcupine.CheckOperationsTimeout(register, all, time.Minute); result != porcupine.Ok {
					t.Errorf("seed %d: %s: %d requests have no order", seed, result, len(all))
					for _, o := range all {
						t.Logf("%d..%d client %d %s", o.Call, o.Return, o.ClientId, register.DescribeOperation(o.Input, o.Output))
					}
					return
				}
			}
		})
	}
}

// TestModelRefusesAnomalies checks that the model refuses a lost update, a stale read, and an ignored condition.
func TestModelRefusesAnomalies(t *testing.T) {
	t.Parallel()
	open, closed := seen{"OPEN", "1", false}, seen{"CLOSED", "2", false}
	at := func(from int64, in change, out seen) porcupine.Operation {
		return porcupine.Operation{Call: from, Return: from + 1, Input: in, Output: out}
	}
	first := at(0, change{kind: writes, status: "OPEN"}, open)
	second := at(2, change{kind: writes, status: "CLOSED"}, closed)
	blind := at(4, change{kind: writesBlind, status: "OPEN"}, seen{status: "OPEN"})
	for name, c := range map[string]struct {
		last   porcupine.Operation
		linear bool
	}{
		"the last write is read":         {at(4, change{kind: reads}, closed), true},
		"a stale read":                   {at(4, change{kind: reads}, open), false},
		"a state that was never written": {at(4, change{kind: reads}, seen{"CLOSED", "3", false}), false},
		"a condition that holds":         {at(4, change{writesIf, "OPEN", "2"}, seen{"OPEN", "3", false}), true},
		"an ignored condition":           {at(4, change{writesIf, "OPEN", "1"}, seen{"OPEN", "3", false}), false},
		"refused although it holds":      {at(4, change{writesIf, "OPEN", "2"}, seen{refused: true}), false},
		"refused for an older state":     {at(4, change{writesIf, "OPEN", "1"}, seen{refused: true}), true},
		"a response with another status": {at(4, change{kind: writes, status: "OPEN"}, seen{"NEW", "3", false}), false},
	} {
		if linear := porcupine.CheckOperations(register, []porcupine.Operation{first, second, c.last}); linear != c.linear {
			t.Errorf("%s: linearizable is %t", name, linear)
		}
	}
	for name, c := range map[string]struct {
		last   porcupine.Operation
		linear bool
	}{
		"the result of a blind write":     {at(6, change{kind: reads}, seen{"OPEN", "3", false}), true},
		"not the result of a blind write": {at(6, change{kind: reads}, closed), false},
		"a condition after a blind write": {at(6, change{writesIf, "CLOSED", "2"}, seen{refused: true}), true},
	} {
		if linear := porcupine.CheckOperations(register, []porcupine.Operation{first, second, blind, c.last}); linear !=
			c.linear {
			t.Errorf("%s: linearizable is %t", name, linear)
		}
	}
}
