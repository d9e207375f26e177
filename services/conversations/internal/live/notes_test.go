package live

import (
	"fmt"
	"strings"
	"testing"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/identity"
)

// TestVisitorsReceiveNoNotes: events of notes arrive at agents, and neither on a visitor's open stream nor on one that
// resumes.
func TestVisitorsReceiveNoNotes(t *testing.T) {
	t.Parallel()
	h := start(t)
	own, _, err := h.enter(visitor(one, 7), "")
	if err != nil {
		t.Fatal(err)
	}
	team, _, err := h.enter(agent(one, identity.Free), "")
	if err != nil {
		t.Fatal(err)
	}
	types := []contract.EventType{contract.NoteCreated, contract.NoteUpdated, contract.NoteDeleted}
	for _, typ := range types {
		h.logs[0].add(one, typ, about(7, "zebra"))
	}
	h.logs[0].add(one, contract.MessageCreated, about(7, "Hello"))
	found, err := h.logs[0].After(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	h.deliverBatch(t.Context(), 0, found)
	for _, typ := range types {
		if d := <-team.queue; !strings.HasPrefix(d.frame.text, fmt.Sprintf("event: %s\n", typ)) {
			t.Errorf("agents received %s instead of %s", d.frame.text, typ)
		}
	}
	if d := <-own.queue; !strings.HasPrefix(d.frame.text, "event: message.created\n") {
		t.Errorf("the visitor received %s", d.frame.text)
	}
	h.open(visitor(one, 7), "0.0").want("id: 0.0", "event: ready", `data: {"resumed":true}`,
		"id: 4.0", "event: message.created")
}
