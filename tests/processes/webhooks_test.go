package processes_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"fivechat.dev/tests/cluster"
	"fivechat.dev/tests/harness"
)

// webhooksKilled kills the replicas of the webhooks service, one after the other, during deliveries. The receiver gets
// every event, each time with the same id and body, and those of a conversation in order. The restarted replicas live
// as long as the test all.
func webhooksKilled(t, all *testing.T, f *cluster.Cluster) {
	const talks, rounds, perRound = 4, 3, 10
	addrs := harness.FreeAddrs(t, 2)
	place := slices.Index(cluster.Services, "webhooks")
	second := f.Run(all, "webhooks", map[string]string{"FIVECHAT_ADDR": addrs[0], "FIVECHAT_ADMIN_ADDR": addrs[1]})
	cluster.Ready(t, second)
	replicas := []*cluster.Process{f.Services[place], second}
	// so that some are in progress
	r := harness.Receive(t, func(http.ResponseWriter, *http.Request) { <-time.After(2 * time.Millisecond) })
	w := f.Website(t, harness.Free)
	w.NewWebhook(t, r.URL, "message.created")
	v := make([]harness.Session, talks)
	tokens := make([]string, talks)
	for i := range talks {
		v[i] = w.Visit(t, nil)
		tokens[i] = v[i].Open(t, fmt.Sprint(i, " 00"))
	}
	for round := range rounds {
		var posting sync.WaitGroup
		for i := range talks {
			posting.Go(func() {
				for n := range perRound {
					v[i].Say(t, tokens[i], fmt.Sprintf("%d %02d", i, round*perRound+n+1))
				}
			})
		}
		had := len(r.Got())
		harness.Eventually(t, outlasts, "some of the round's events are delivered", func() (bool, any) {
			return len(r.Got()) > had+talks, len(r.Got())
		})
		victim := replicas[round%2]
		replicas[round%2] = victim.Again(all)
		posting.Wait()
		cluster.Ready(t, replicas[round%2])
	}
	f.Services[place] = replicas[0]
	want := talks * (1 + rounds*perRound)
	bodies, said := map[string]string{}, map[string][]string{} // by event, by conversation
	harness.Eventually(t, outlasts, "every event is delivered", func() (bool, any) {
		clear(bodies)
		clear(said)
		for _, g := range r.Got() {
			id := g.Header.Get("webhook-id")
			if before, again := bodies[id]; again {
				if before != string(g.Body) {
					t.Fatalf("the event %s has two bodies:\n%s\n%s", id, before, g.Body)
				}
				continue
			}
			bodies[id] = string(g.Body)
			text := g.Object(t).Object("data").Object("message").Text("content")
			said[text[:1]] = append(said[text[:1]], text)
		}
		return len(bodies) == want, len(bodies)
	})
	for _, texts := range said {
		if len(texts) != 1+rounds*perRound || !slices.IsSorted(texts) {
			t.Errorf("out of order: %q", texts)
		}
	}
	t.Logf("%d events in %d requests", want, len(r.Got()))
	second = replicas[1]
	second.Terminate(t)
}
