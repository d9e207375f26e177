// Package commands_test counts the commands that operations send to MongoDB, with all that they cause: events, the
// services that follow them, and statistics. Commands are most of the cost of an operation, so a bound fails if an
// operation sends more. Commits aren't counted.
//
// Each operation is measured twice: with pauses, so that each event is relayed and followed by itself, and as fast as
// four clients can, whose events are relayed and followed together. The first figure doesn't depend on the speed of the
// machine, and has a bound.
package commands_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/client/api"
	"fivechat.dev/tests/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const (
	clients  = 4
	requests = 100 // of an operation, by all clients without pauses
	paced    = 20  // of an operation, with pauses
	pause    = 250 * time.Millisecond
	quiet    = 30 * time.Second // several times the intervals of what the system does by itself
)

// count is the number of commands so far.
func count(t *testing.T) (total float64) {
	t.Helper()
	for _, families := range harness.Running().Metrics(t) {
		for _, m := range families["db_client_operation_duration_seconds"].GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["db_system_name"] == "mongodb" && labels["db_operation_name"] != "commitTransaction" {
				total += float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return total
}

// settle waits until what earlier operations caused is done.
func settle(t *testing.T) {
	t.Helper()
	last := count(t)
	harness.Eventually(t, harness.Patience, "the system is quiet", func() (bool, any) {
		<-time.After(time.Second)
		now := count(t)
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
	before := count(t)
	<-time.After(quiet)
	after := count(t)
	return (after - before) / time.Since(start).Seconds()
}

// each returns the commands that one of n requests sends, with all that they cause.
func each(t *testing.T, background float64, n int, do func()) float64 {
	t.Helper()
	settle(t)
	start := time.Now()
	before := count(t)
	do()
	settle(t)
	after := count(t)
	return max(0, (after-before-background*time.Since(start).Seconds())/float64(n))
}

// slowly makes requests with pauses.
func slowly(do func(client int)) {
	for range paced {
		do(0)
		<-time.After(pause)
	}
}

// together makes requests by all clients at the same time.
func together(do func(client int)) {
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for range requests / clients {
				do(client)
			}
		})
	}
	all.Wait()
}

// TestCommandsOfOperations prints a table of the commands of each operation, and fails if one sends more than its
// bound.
func TestCommandsOfOperations(t *testing.T) {
	w := harness.Running().Website(t, harness.Pro)
	sessions, conversations := make([]harness.Session, clients), make([]string, clients)
	for i := range clients {
		sessions[i] = w.Visit(t, nil)
		conversations[i] = sessions[i].Open(t, "Hello")
	}
	agent := w.Agent()
	w.NewTicket(t, harness.Map{"title": "Lamp", "visitorToken": sessions[0].Token})
	online := w.NewUser(t).Int("id")
	var table strings.Builder
	table.WriteString("| operation | with pauses | bound | four clients | aim |\n|---|--:|--:|--:|--:|\n")
	background := idle(t)
	const idleBound = 5
	fmt.Fprintf(&table, "| nothing, for a second | %.1f | %d | | 5 |\n", background, idleBound)
	if background > idleBound {
		t.Errorf("an idle system sends %.1f commands a second, and not at most %d", background, idleBound)
	}
	harness.Done(t, agent.API(t).UserHeartbeat(t.Context(), online, nil, api.Heartbeat{})) // online for a minute
	for _, c := range []struct {
		name       string
		bound, aim float64 // with pauses; by four clients
		do         func(client int)
	}{
		{"new visitor session, an agent online", 16, 6, func(int) { w.Visit(t, nil) }},
		{"heartbeat of a visitor, an agent online", 2, 1, func(client int) {
			sessions[client].Send(t, 200, "POST", "/visitor/heartbeat", nil)
		}},
		{"list of 20 conversations", 4, 2, func(int) { agent.Get(t, "/conversations?limit=20") }},
		{"inbox of 20 rows", 4, 3, func(int) { agent.Get(t, "/inbox?limit=20") }},
		{"tickets of 20 rows", 6, 4, func(int) { agent.Get(t, "/tickets/rows?limit=20&sort=activity") }},
		{"visitors of 20 rows", 4, 2.2, func(int) { agent.Get(t, "/visitors/rows?limit=20&sort=seen") }},
		{"one conversation", 5, 2, func(client int) { agent.Get(t, "/conversations/"+conversations[client]) }},
		{"current statistics", 4, 2, func(int) { w.Reader().Get(t, "/statistics/current") }},
		{"message by an agent", 18, 5, func(client int) {
			agent.Send(t, 201, "POST", "/conversations/"+conversations[client]+"/messages", harness.Map{"content": "Hello"})
		}},
		{"message by an agent, with Idempotency-Key", 20, 7, func(client int) { w.Reply(t, conversations[client], "Hello") }},
		{"message by a visitor, with Idempotency-Key", 20, 7, func(client int) {
			sessions[client].Say(t, conversations[client], "Hello")
		}},
		{"ticket", 15, 6, func(int) { w.NewTicket(t, harness.Map{"title": "Lamp"}) }},
	} {
		alone := each(t, background, paced, func() { slowly(c.do) })
		busy := each(t, background, requests, func() { together(c.do) })
		fmt.Fprintf(&table, "| %s | %.1f | %g | %.1f | %g |\n", c.name, alone, c.bound, busy, c.aim)
		if alone > c.bound {
			t.Errorf("%s: %.1f commands, and not at most %g", c.name, alone, c.bound)
		}
	}
	t.Logf("\n%s", &table)
}
