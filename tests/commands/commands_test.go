// Package commands_test counts the commands that operations send to MongoDB, with all that they cause: events, the
// services that follow them, and statistics. Commands are most of the cost of an operation, so a bound fails if an
// operation sends more. Commits aren't counted.
package commands_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const (
	workers = 4
	repeats = 25 // of an operation, by each worker
	quiet   = 10 * time.Second
)

// count is the number of commands so far, by name.
func count(t *testing.T) (total float64, by map[string]float64) {
	t.Helper()
	by = map[string]float64{}
	for _, families := range harness.Running().Metrics(t) {
		for _, m := range families["db_client_operation_duration_seconds"].GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			name := labels["db_operation_name"]
			if labels["db_system_name"] != "mongodb" || name == "commitTransaction" {
				continue
			}
			n := float64(m.GetHistogram().GetSampleCount())
			by[name] += n
			total += n
		}
	}
	return total, by
}

// settle waits until what earlier operations caused is done.
func settle(t *testing.T) {
	t.Helper()
	last, _ := count(t)
	harness.Eventually(t, harness.Patience, "the system is quiet", func() (bool, any) {
		<-time.After(time.Second)
		now, _ := count(t)
		grown := now - last
		last = now
		return grown <= 20, grown
	})
}

// idle returns the commands a second of a system in which nothing happens.
func idle(t *testing.T) float64 {
	t.Helper()
	settle(t)
	start := time.Now()
	before, _ := count(t)
	<-time.After(quiet)
	after, _ := count(t)
	return (after - before) / time.Since(start).Seconds()
}

// TestCommandsOfOperations prints a table of the commands of each operation, and fails if one sends more than its
// bound.
func TestCommandsOfOperations(t *testing.T) {
	w := harness.Running().Website(t, harness.Pro)
	sessions, conversations := make([]harness.Session, workers), make([]string, workers)
	for i := range workers {
		sessions[i] = w.Visit(t, nil)
		conversations[i] = sessions[i].Open(t, "Hello")
	}
	agent := w.Agent()
	var table strings.Builder
	table.WriteString("| operation | commands | bound |\n|---|--:|--:|\n")
	background := idle(t)
	const idleBound = 12
	fmt.Fprintf(&table, "| nothing, for a second | %.1f | %d |\n", background, idleBound)
	if background > idleBound {
		t.Errorf("an idle system sends %.1f commands a second, and not at most %d", background, idleBound)
	}
	for _, c := range []struct {
		name  string
		bound float64
		do    func(worker, n int)
	}{
		{"list of 20 conversations", 4, func(int, int) { agent.Get(t, "/conversations?limit=20") }},
		{"one conversation", 4, func(worker, _ int) { agent.Get(t, "/conversations/"+conversations[worker]) }},
		{"current statistics", 3, func(int, int) { w.Reader().Get(t, "/statistics/current") }},
		{"message by an agent", 8, func(worker, _ int) {
			agent.Send(t, 201, "POST", "/conversations/"+conversations[worker]+"/messages", harness.Map{"content": "Hello"})
		}},
		{"message by an agent, with Idempotency-Key", 12, func(worker, _ int) { w.Reply(t, conversations[worker], "Hello") }},
		{"message by a visitor, with Idempotency-Key", 12, func(worker, _ int) {
			sessions[worker].Say(t, conversations[worker], "Hello")
		}},
		{"ticket", 7, func(int, int) { w.NewTicket(t, harness.Map{"title": "Lamp"}) }},
		{"new visitor session", 11, func(int, int) { w.Visit(t, nil) }},
	} {
		settle(t)
		start := time.Now()
		before, by := count(t)
		var all sync.WaitGroup
		for worker := range workers {
			all.Go(func() {
				for n := range repeats {
					c.do(worker, n)
				}
			})
		}
		all.Wait()
		settle(t)
		after, now := count(t)
		each := max(0, (after-before-background*time.Since(start).Seconds())/(workers*repeats))
		fmt.Fprintf(&table, "| %s | %.1f | %g |\n", c.name, each, c.bound)
		if each > c.bound {
			t.Errorf("%s: %.1f commands, and not at most %g", c.name, each, c.bound)
		}
		for name := range now {
			if n := now[name] - by[name]; n >= workers*repeats/10 {
				t.Logf("%s: %s %.1f", c.name, name, n/(workers*repeats))
			}
		}
	}
	t.Logf("\n%s", &table)
}
