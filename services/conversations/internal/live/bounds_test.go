package live

import (
	"fmt"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

func TestSlowReaderIsDroppedAndCanResume(t *testing.T) {
	t.Parallel()
	h := start(t)
	slow, now, err := h.enter(visitor(one, 7), "")
	if err != nil || now.String() != "0.0" {
		t.Fatal(now, err)
	}
	quick := h.open(visitor(one, 7), "")
	quick.want("id: 0.0", "event: ready", `data: {"resumed":false}`)
	for i := range queueLength + 1 {
		h.logs[0].add(one, "message.created", about(7, "x"))
		records, _ := h.logs[0].After(t.Context(), int64(i), 1)
		h.deliverBatch(t.Context(), 0, records)
		quick.want(fmt.Sprintf("id: %d.0", i+1), "event: message.created",
			data(fmt.Sprint("id", i+1), "message.created", shown(about(7, "x"))))
	}
	last := ""
	for d := range slow.queue { // closed after its last event
		last = d.id.String()
	}
	if last != fmt.Sprint(queueLength, ".0") {
		t.Errorf("the slow reader got as far as %s", last)
	}
	h.leave(slow) // a second time changes nothing
	h.open(visitor(one, 7), last).want("id: "+last, "event: ready", `data: {"resumed":true}`,
		fmt.Sprintf("id: %d.0", queueLength+1))
}

func TestStreamsAreLimitedPerVisitor(t *testing.T) {
	t.Parallel()
	h := start(t)
	var readers []*reader
	for range maxPerVisitor {
		r, _, err := h.enter(visitor(one, 7), "")
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, r)
	}
	if resp := h.ask(visitor(one, 7), ""); resp.StatusCode != 429 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a visitor's stream above the limit: %s", resp.Status)
	}
	if _, _, err := h.enter(visitor(one, 8), ""); err != nil {
		t.Errorf("another visitor's stream: %v", err)
	}
	h.leave(readers[0])
	if _, _, err := h.enter(visitor(one, 7), ""); err != nil {
		t.Errorf("after one has been closed: %v", err)
	}
	if resp := h.ask(identity.Principal{Kind: identity.Public}, ""); resp.StatusCode != 401 {
		t.Errorf("no credential: %s", resp.Status)
	}
	h.Drain()
	if resp := h.ask(visitor(one, 8), ""); resp.StatusCode != 503 {
		t.Errorf("a stopping replica: %s", resp.Status)
	}
	if len(h.rooms) != 0 || h.readers != 0 {
		t.Errorf("not released: %v, %d readers", h.rooms, h.readers)
	}
}

// TestQueuesAreBoundedInBytes: a reader whose queue exceeds its bytes is disconnected, and its bytes are released.
func TestQueuesAreBoundedInBytes(t *testing.T) {
	t.Parallel()
	h := start(t)
	text := strings.Repeat("x", 100<<10)
	slow, _, err := h.enter(visitor(one, 7), "")
	if err != nil {
		t.Fatal(err)
	}
	idle, _, err := h.enter(agent(one, identity.Free), "")
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for i := range 10 {
		h.logs[0].add(one, "message.created", about(7, text))
		records, _ := h.logs[0].After(t.Context(), int64(i), 1)
		h.deliverBatch(t.Context(), 0, records)
		if kept = len(slow.queue); kept != i+1 {
			break
		}
		d := <-idle.queue
		h.sent(idle, d)
	}
	if kept != queueBytes/(100<<10) {
		t.Errorf("%d frames of 100 KiB were queued", kept)
	}
	if held := h.held.held[one]; held < int64(kept)*100<<10 || held > queueBytes+101<<10 {
		t.Errorf("%d frames hold %d bytes", kept, held)
	}
	h.leave(slow)
	h.leave(idle)
	if h.held.free != heldBytes || slow.queued.Load() != 0 || len(h.visitors.held)+len(h.agents.held) != 0 {
		t.Errorf("not released: %v, %d bytes of %d are free", h.held.held, h.held.free, heldBytes)
	}
}

// TestFrameOfManyReadersIsCountedOnce: an event that is queued for all agents of a website uses its bytes once.
func TestFrameOfManyReadersIsCountedOnce(t *testing.T) {
	t.Parallel()
	h := start(t)
	for range maxPerWebsite {
		if _, _, err := h.enter(agent(one, identity.Free), ""); err != nil {
			t.Fatal(err)
		}
	}
	h.logs[0].add(one, "message.created", about(7, strings.Repeat("x", 100<<10)))
	records, _ := h.logs[0].After(t.Context(), 0, 1)
	h.deliverBatch(t.Context(), 0, records)
	if held := h.held.held[one]; held < 100<<10 || held > 101<<10 {
		t.Errorf("%d bytes are held", held)
	}
}

// TestStreamsAreDividedAmongAddressesAndWebsites: one address, or the visitors of one website, can't use up the streams
// of others or of agents.
func TestStreamsAreDividedAmongAddressesAndWebsites(t *testing.T) {
	t.Parallel()
	h := start(t)
	enter := func(p identity.Principal, address string) bool {
		_, _, err := h.enter(p, address)
		if err != nil && (!fault.Is(err, fault.Limited) || fault.From(err).RetryAfter == 0) {
			t.Fatal(err)
		}
		return err == nil
	}
	fill := func(website tenant.ID, first int64, address func(int64) string) (n int64) {
		for enter(visitor(website, id.Visitor(first+n/maxPerVisitor)), address(n)) {
			n++
		}
		return n
	}
	if n := fill(one, 1_000, func(n int64) string { return fmt.Sprintf("2001:db8::%x", n) }); n != maxPerAddress {
		t.Errorf("the clients of one IPv6 network opened %d streams", n)
	}
	if !enter(visitor(one, 2_000), "2001:db8:0:1::1") || !enter(agent(one, identity.Free), "2001:db8::1") {
		t.Error("another network's visitor, or an agent, was refused")
	}
	spread := func(n int64) string { return fmt.Sprintf("10.0.%d.%d", n/200, n%200) }
	if n := fill(one, 3_000, spread) + maxPerAddress + 1; n != maxVisitorStreams/2 {
		t.Errorf("the visitors of one website opened %d streams", n)
	}
	if n := fill(two, 3_000, spread); n != maxVisitorStreams/4 {
		t.Errorf("the visitors of another website then opened %d streams", n)
	}
	if !enter(agent(one, identity.Free), "") || !enter(agent(two, identity.Free), "") {
		t.Error("an agent was refused")
	}
}
