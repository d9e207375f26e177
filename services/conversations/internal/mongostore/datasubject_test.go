package mongostore_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/conversations/internal/mongostore"
	"fivechat.dev/services/internal/storetest"
)

// logged returns a store and the log that it writes.
func logged(t *testing.T) (*mongostore.Store, *outbox.Log) {
	t.Helper()
	db := storetest.DB(t, "conversations")
	log := outbox.NewLog(db, storetest.Telemetry(t, "conversations"))
	s := mongostore.New(db, log)
	storetest.Ready(t, db)
	return s, log
}

func records(t *testing.T, log *outbox.Log) (all []outbox.Record) {
	t.Helper()
	all, err := log.After(t.Context(), -1, 500) // including those without a position
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestErasingVisitorLeavesNothingOfThem(t *testing.T) {
	t.Parallel()
	s, log := logged(t)
	one, two := storetest.Tenant(1), storetest.Tenant(2)
	mine, closed := conversation(t, s, one, 1, "mine"), conversation(t, s, one, 2, "mine too")
	theirs := conversation(t, s, two, 3, "theirs")
	for _, c := range []conversations.Conversation{mine, theirs} {
		m := conversations.Message{Content: "more", SenderType: conversations.FromAgent, CreatedAt: noon}
		if _, _, err := s.Post(t.Context(), c.WebsiteID, c.Token, m, number); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Save(t.Context(), one, closed.Token,
		func(c conversations.Conversation) (conversations.Conversation, []conversations.Event, error) {
			c.Status = conversations.Closed
			return c, []conversations.Event{{
				Conversation: &c.ID,
				Data: contract.ConversationUpdatedData{
					Conversation: conversations.View{Token: c.Token},
					From:         conversations.Open,
					Status:       c.Status,
				},
			}}, nil
		}); err != nil {
		t.Fatal(err)
	}
	if err := s.PutTag(t.Context(), conversations.Tag{ID: "1/a", WebsiteID: one, Name: "a"}); err != nil {
		t.Fatal(err)
	}
	for of, want := range map[subject.Subject]map[string]int{
		subject.Visitor(one, 7): {"conversation": 2, "message": 3},
		subject.Website(one):    {"tag": 1, "conversation": 2, "message": 3},
		subject.Visitor(one, 8): {},
	} {
		kinds, rows := storetest.Exported(t, s, of)
		if !maps.Equal(kinds, want) || strings.Contains(strings.Join(rows, ""), "terms") {
			t.Errorf("%s: %v, want %v", of, kinds, want)
		}
		if of == subject.Visitor(one, 7) && !strings.Contains(rows[1], `"mine too"`) {
			t.Errorf("the newest conversation's message doesn't follow it: %v", rows)
		}
	}
	_, before := storetest.Exported(t, s, subject.Website(two))

	storetest.Erase(t, s, subject.Visitor(one, 8))
	if kinds, _ := storetest.Exported(t, s, subject.Visitor(one, 7)); kinds["message"] != 3 {
		t.Errorf("another visitor was erased: %v", kinds)
	}
	storetest.Erase(t, s, subject.Visitor(one, 7))
	if kinds, _ := storetest.Exported(t, s, subject.Website(one)); !maps.Equal(kinds, map[string]int{"tag": 1}) {
		t.Errorf("left: %v", kinds)
	}
	if _, after := storetest.Exported(t, s, subject.Website(two)); strings.Join(after, "") != strings.Join(before, "") {
		t.Errorf("the other website has %v, had %v", after, before)
	}
	published := map[string]int{}
	for _, r := range records(t, log) {
		if r.Website == one && !r.Erased && r.Type != contract.ConversationErased || r.Erased &&
			(r.Key != 0 || strings.Contains(r.Data, "conv_")) {
			t.Errorf("still in the log: %+v", r)
		}
		if r.Website == one {
			published[string(r.Type)+" "+r.Data]++
		}
	}
	if want := map[string]int{
		`message.created {"sender":"USER"}`:                                                 1,
		`conversation.updated {"from":"OPEN","status":"CLOSED"}`:                            1,
		fmt.Sprintf(`conversation.erased {"conversationId":%d,"from":"OPEN"}`, mine.ID):     1,
		fmt.Sprintf(`conversation.erased {"conversationId":%d,"from":"CLOSED"}`, closed.ID): 1,
	}; !maps.Equal(published, want) {
		t.Errorf("published %v, want %v", published, want)
	}
}

// TestErasingVisitorDuringWritesLeavesNothing: a write during the erasure of a visitor is either committed before and
// erased too, or finds no conversation.
func TestErasingVisitorDuringWritesLeavesNothing(t *testing.T) {
	t.Parallel()
	s, log := logged(t)
	one := storetest.Tenant(1)
	var all []conversations.Conversation
	for n := range int64(8) {
		all = append(all, conversation(t, s, one, n, "hello"))
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var writers sync.WaitGroup
	for _, c := range all {
		writers.Go(func() {
			for ctx.Err() == nil {
				m := conversations.Message{Content: "more", SenderType: conversations.FromAgent, CreatedAt: noon}
				if _, _, err := s.Post(t.Context(), one, c.Token, m, number); err != nil {
					if !fault.Is(err, fault.NotFound) {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	storetest.Erase(t, s, subject.Visitor(one, 7))
	writers.Wait() // each has found that its conversation no longer exists
	if kinds, _ := storetest.Exported(t, s, subject.Website(one)); len(kinds) > 0 {
		t.Errorf("left: %v", kinds)
	}
	for _, r := range records(t, log) {
		if !r.Erased && r.Type != contract.ConversationErased {
			t.Errorf("still in the log: %+v", r)
		}
	}
}

func TestErasingWebsiteLeavesNothingOfIt(t *testing.T) {
	t.Parallel()
	s, log := logged(t)
	one, two := storetest.Tenant(1), storetest.Tenant(2)
	for n := range int64(3) {
		for _, w := range []int64{1, 2} {
			c := conversation(t, s, storetest.Tenant(w), n, "hello")
			if _, _, err := s.Post(t.Context(), c.WebsiteID, c.Token, conversations.Message{Content: "more", CreatedAt: noon},
				number); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, before := storetest.Exported(t, s, subject.Website(two))
	storetest.Erase(t, s, subject.Website(one))
	if kinds, _ := storetest.Exported(t, s, subject.Website(one)); len(kinds) > 0 {
		t.Errorf("left: %v", kinds)
	}
	if _, after := storetest.Exported(t, s, subject.Website(two)); strings.Join(after, "") != strings.Join(before, "") {
		t.Errorf("the other website has %v, had %v", after, before)
	}
	gone := 0
	for _, r := range records(t, log) {
		switch {
		case r.Website == one:
			t.Errorf("still in the log: %+v", r)
		case r.Website.IsZero():
			gone++
			if r.Type != "erased" || r.Data != "{}" || r.Key != 0 || !r.Erased {
				t.Errorf("a remaining record contains %+v", r)
			}
		}
	}
	if gone != 3 {
		t.Errorf("%d records keep their positions", gone)
	}
}
