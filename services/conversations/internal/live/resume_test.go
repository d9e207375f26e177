package live

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/store/outbox"
)

func TestStreamReceivesAndResumes(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.logs[0].add(one, "message.created", about(7, "before"))
	h.run()
	h.reach("1.0") // the hub begins at the end of the logs
	first := h.open(visitor(one, 7), "")
	first.want("id: 1.0", "event: ready", `data: {"resumed":false}`)
	h.logs[1].add(one, "message.created", about(7, "b1"))
	first.want("id: 1.1", "event: message.created", data("id1", "message.created", shown(about(7, "b1"))))
	first.resp.Body.Close()

	h.logs[0].add(one, "message.created", about(7, "a2"))
	h.logs[0].add(two, "message.created", about(7, "another website's"))
	h.logs[1].add(one, "message.created", about(8, "another visitor's"))
	h.reach("3.2")
	again := h.open(visitor(one, 7), "1.1")
	again.want("id: 1.2", "event: ready", `data: {"resumed":true}`)
	again.want("id: 2.2", "event: message.created", data("id2", "message.created", shown(about(7, "a2"))))
	h.logs[0].add(one, "message.created", about(7, "a4"))
	again.want("id: 4.2", "event: message.created", data("id4", "message.created", shown(about(7, "a4"))))

	for name, c := range map[string]struct {
		caller identity.Principal
		away   *log
		status int
	}{
		"an agent, another service's log is unavailable": {agent(one, identity.Pro), h.logs[1], 503},
		"a visitor, this service's log is unavailable":   {visitor(one, 7), h.logs[0], 503},
		"a visitor, another log is unavailable":          {visitor(one, 7), h.logs[1], 200},
	} {
		c.away.setAway(true)
		resp := h.ask(c.caller, "1.1")
		if resp.StatusCode != c.status || (resp.Header.Get("Retry-After") != "") != (c.status == 503) {
			t.Errorf("%s: %s", name, resp.Status)
		}
		resp.Body.Close()
		c.away.setAway(false)
	}
	for _, forged := range []string{
		"5.2", "4", "4.2.0", "-1.0", "x.y", "4.9223372036854775808",
		strings.Repeat("9", 5000),
	} {
		s := h.open(visitor(one, 7), forged)
		s.want("id: 4.2", "event: ready", `data: {"resumed":false}`)
		h.end(s)
	}
	for range catchUpEvents {
		h.logs[0].add(one, "conversation.updated", about(8, ""))
	}
	end := fmt.Sprint(4+catchUpEvents, ".2")
	h.reach(end)
	h.open(agent(one, identity.Pro), "3.2").want("id: "+end, "event: ready", `data: {"resumed":false}`)
	h.open(visitor(one, 8), "3.2").want("id: 3.2", "event: ready", `data: {"resumed":true}`, "id: 5.2")
	// Events of others don't prevent a visitor from resuming.
	h.open(visitor(one, 7), "4.2").want("id: 4.2", "event: ready", `data: {"resumed":true}`)
	h.logs[0].add(one, "conversation.updated", about(8, ""))
	end = fmt.Sprint(5+catchUpEvents, ".2")
	h.reach(end)
	h.open(visitor(one, 8), "3.2").want("id: "+end, "event: ready", `data: {"resumed":false}`)
}

// reach waits until the hub has delivered events up to end.
func (h hub) reach(end string) {
	h.t.Helper()
	h.wait("the hub is at "+end, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.at.String() == end
	})
}

func (l *log) setAway(away bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = away
}

// TestResumingIsBoundedInBytes: a stream that missed more than the limit doesn't resume, and nothing stays reserved.
func TestResumingIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 64<<10)
	for name, c := range map[string]struct {
		events  int
		caller  identity.Principal
		resumed bool
	}{
		"a visitor below the limit": {15, visitor(one, 7), true},
		"a visitor above the limit": {16, visitor(one, 7), false},
		"an agent below the limit":  {15, agent(one, identity.Free), true},
		"an agent above the limit":  {16, agent(one, identity.Free), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t)
			for range c.events {
				h.logs[0].add(one, "message.created", about(7, text))
			}
			h.run()
			h.reach(fmt.Sprint(c.events, ".0"))
			s := h.open(c.caller, "0.0")
			id := "id: 0.0"
			if !c.resumed {
				id = fmt.Sprintf("id: %d.0", c.events)
			}
			s.want(id, "event: ready", fmt.Sprintf(`data: {"resumed":%t}`, c.resumed))
			if c.resumed {
				for i := range c.events {
					s.want(fmt.Sprintf("id: %d.0", i+1), "event: message.created")
					s.in.Scan() // the data
				}
			}
			h.end(s)
			// A visitor's own turn comes back after its pause: TestAVisitorsResumingIsPaced.
			if h.held.free != heldBytes || len(h.held.held) != 0 || h.resumes.all.free != maxResuming {
				t.Errorf("still reserved: %v bytes, %v turns", h.held.held, h.resumes.all.held)
			}
		})
	}
}

func TestVisitorWithTooManyConversationsDoesNotResume(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.logs[0].add(one, "message.created", about(7, "a"))
	h.logs[0].manyConversations = true
	h.run()
	h.reach("1.0")
	h.open(visitor(one, 7), "0.0").want("id: 1.0", "event: ready", `data: {"resumed":false}`)
}

// TestResumingTakesTurns: one visitor reads the log once at a time; one website gets half of all turns.
func TestResumingTakesTurns(t *testing.T) {
	t.Parallel()
	s := newResumes()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	turn := func(p identity.Principal, ctx context.Context) (func(int), bool) {
		return s.turn(ctx, &reader{website: p.Website, audience: audienceOf(p)})
	}
	done, ok := turn(visitor(one, 7), ended)
	if !ok {
		t.Fatal("the first has no turn")
	}
	if _, ok := turn(visitor(one, 7), ended); ok {
		t.Error("a visitor has two turns")
	}
	for i := range int64(3) {
		if _, ok := turn(visitor(one, id.Visitor(8+i)), ended); !ok {
			t.Errorf("visitor %d has no turn", 8+i)
		}
	}
	if _, ok := turn(agent(one, identity.Free), ended); ok {
		t.Error("a website has more than half of the turns")
	}
	if _, ok := turn(agent(two, identity.Free), ended); !ok {
		t.Error("another website has no turn")
	}
	next := make(chan bool)
	go func() { _, ok := turn(visitor(one, 7), t.Context()); next <- ok }()
	done(0)
	if !<-next {
		t.Error("a waiting stream gets no turn")
	}
}

// TestAVisitorsResumingIsPaced: a visitor that read a long log waits before its next stream reads it again. Others,
// and agents, don't.
func TestAVisitorsResumingIsPaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newResumes()
		resume := func(r *reader, bytes int) (waited time.Duration) {
			start := time.Now()
			done, ok := s.turn(t.Context(), r)
			if !ok {
				t.Fatal("there is no turn")
			}
			done(bytes)
			return time.Since(start)
		}
		seven := &reader{website: one, audience: visitorOf(7)}
		eight := &reader{website: one, audience: visitorOf(8)}
		agent := &reader{website: one, audience: agents}
		for i, c := range []struct {
			reader *reader
			want   time.Duration
		}{{seven, 0}, {seven, 2 * time.Second}, {eight, 0}, {agent, 0}, {agent, 0}} {
			if waited := resume(c.reader, 2*resumePace); waited != c.want {
				t.Errorf("stream %d waited %v, want %v", i+1, waited, c.want)
			}
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if waited := resume(seven, 0); waited != 0 {
			t.Errorf("after its pause, the visitor waited %v", waited)
		}
	})
}

// TestCatchingUpEndsAtTheQueue: records after the position at which the stream's queue begins, and records without a
// position, are delivered by the queue. Catching up doesn't send them a second time.
func TestCatchingUpEndsAtTheQueue(t *testing.T) {
	t.Parallel()
	h := start(t)
	c := &catchUp{hub: h.Hub, reader: &reader{website: one, pro: true}, now: cursor{2, 0}}
	records := make([]outbox.Record, 0, 4)
	for pos := range int64(4) {
		records = append(records, outbox.Record{
			ID:      fmt.Sprint(pos),
			Website: one,
			Type:    "message.created",
			Data:    about(7, "x"),
			Pos:     pos,
		})
	}
	if err := c.collect(records, 0, cursor{0, 0}); err != nil {
		t.Fatal(err)
	}
	var got []int64
	for _, d := range c.found {
		got = append(got, d.id[0])
		d.frame.release(h.Hub.held)
	}
	if !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("positions %v were collected, want 1 and 2", got)
	}
}

// TestStreamThatBeginsBeforeTheHubMissesNothing: after a restart, a client may connect and read the state before the
// hub knows the end of the log. What is stored in between reaches the client when it resumes.
func TestStreamThatBeginsBeforeTheHubMissesNothing(t *testing.T) {
	t.Parallel()
	h := start(t)
	theirs, agents := h.open(visitor(one, 7), ""), h.open(agent(one, identity.Free), "")
	for _, s := range []stream{theirs, agents} {
		s.want("id: 0.0", "event: ready", `data: {"resumed":false}`)
	}
	h.logs[0].add(one, "message.created", about(7, "a"))
	h.run()
	for _, s := range []stream{theirs, agents} {
		s.want("") // it has ended
	}
	h.reach("1.0")
	for _, p := range []identity.Principal{visitor(one, 7), agent(one, identity.Free)} {
		h.open(p, "0.0").want("id: 0.0", "event: ready", `data: {"resumed":true}`, "id: 1.0", "event: message.created")
	}
}
