package mongostore_test

import (
	"maps"
	"strings"
	"testing"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/tickets"
)

func TestVisitorIsErased(t *testing.T) {
	t.Parallel()
	k, a, b := open(t), storetest.Tenant(1), storetest.Tenant(2)
	visitor, email := id.Visitor(7), "vera@home.example"
	by := func(one *tickets.Ticket) { one.VisitorID, one.Email = &visitor, &email }
	for range 25 { // more than a batch
		k.say(t, k.add(t, a, by), "hello")
	}
	stays, theirs := k.add(t, a, nil), k.add(t, b, by)
	k.say(t, stays, "note")
	k.say(t, theirs, "note")
	about := subject.Visitor(a, visitor)
	kinds, rows := storetest.Exported(t, k, about)
	if !maps.Equal(kinds, map[string]int{"ticket": 25, "ticket_message": 25}) ||
		strings.Contains(rows[0], "terms") || !strings.Contains(rows[1], "hello") {
		t.Errorf("%v %v", kinds, rows[:2])
	}
	_, before := storetest.Exported(t, k, subject.Website(b))
	storetest.Erase(t, k, subject.Visitor(a, 8))
	storetest.Erase(t, k, about)
	left := map[string]int{"ticket": 1, "ticket_message": 1}
	if kinds, _ := storetest.Exported(t, k, subject.Website(a)); !maps.Equal(kinds, left) {
		t.Errorf("left: %v", kinds)
	}
	if _, after := storetest.Exported(t, k, subject.Website(b)); strings.Join(after, "") != strings.Join(before, "") {
		t.Errorf("the other website has %v, had %v", after, before)
	}
	if types := k.eventTypes(t); types[contract.TicketDeleted] != 25 {
		t.Errorf("types %v", types)
	}
}

func TestWebsiteIsErased(t *testing.T) {
	t.Parallel()
	k, a, b := open(t), storetest.Tenant(1), storetest.Tenant(2)
	k.say(t, k.add(t, a, nil), "note")
	k.say(t, k.add(t, b, nil), "note")
	_, before := storetest.Exported(t, k, subject.Website(b))
	storetest.Erase(t, k, subject.Website(a))
	if kinds, _ := storetest.Exported(t, k, subject.Website(a)); len(kinds) > 0 {
		t.Errorf("left: %v", kinds)
	}
	if _, after := storetest.Exported(t, k, subject.Website(b)); strings.Join(after, "") != strings.Join(before, "") {
		t.Errorf("the other website has %v, had %v", after, before)
	}
	if types := k.eventTypes(t); types["erased"] != 2 || types[contract.TicketCreated] != 1 ||
		types[contract.TicketMessageCreated] != 1 {
		t.Errorf("types %v", types)
	}
}
