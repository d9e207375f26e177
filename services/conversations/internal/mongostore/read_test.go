package mongostore_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/internal/storetest"
)

// TestPositionsOfAgents: each agent has read the messages up to their last reading. A position moves forwards only,
// programs have none, and it is removed with the agent.
func TestPositionsOfAgents(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	service := conversations.New(s, nil, nil, conversations.Files{}, nil, nil, func() time.Time { return noon })
	c, other := conversation(t, s, w, 1, "hello"), conversation(t, s, w, 2, "hello")
	say := func() {
		t.Helper()
		if _, _, err := service.PostAsVisitor(t.Context(), w, c.Token, 7, conversations.Draft{Content: "more"}); err != nil {
			t.Fatal(err)
		}
	}
	read := func(by id.User, moves bool) {
		t.Helper()
		moved, err := s.MarkRead(t.Context(), w, c.ID,
			conversations.Reading{Writer: conversations.FromVisitor, Reader: by, At: noon},
			func([]id.Message) conversations.Event {
				return conversations.Event{Conversation: &c.ID, Data: contract.ConversationReadData{}}
			})
		if err != nil || moved != moves {
			t.Fatalf("agent %d reads: moved %v, %v", by, moved, err)
		}
	}
	unread := func(token string, three, four, byAny int64) {
		t.Helper()
		got, err := s.Get(t.Context(), w, token)
		if err != nil || got.UnreadBy(3) != three || got.UnreadBy(4) != four || got.Unread != byAny {
			t.Fatalf("agent 3: %d, agent 4: %d, any: %d, %v", got.UnreadBy(3), got.UnreadBy(4), got.Unread, err)
		}
	}
	say()
	say()
	if _, _, err := service.PostAsAgent(t.Context(), w, c.Token,
		conversations.Reply{Draft: conversations.Draft{Content: "hi"}}); err != nil {
		t.Fatal(err)
	}
	unread(c.Token, 2, 2, 2)
	read(3, true)
	unread(c.Token, 0, 2, 0)
	read(3, false)
	read(0, false) // a program
	unread(c.Token, 0, 2, 0)
	say()
	unread(c.Token, 1, 3, 1)
	read(4, true)
	unread(c.Token, 1, 0, 0)
	read(3, true)
	if _, err := service.Unassign(t.Context(), w, 4); err != nil {
		t.Fatal(err)
	}
	unread(c.Token, 0, 3, 0)
	unread(other.Token, 0, 0, 0)
}

// TestReadingAtOnce: agents and messages at the same time. Nothing that is posted afterwards counts as read.
func TestReadingAtOnce(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	c := conversation(t, s, w, 1, "hello")
	service := conversations.New(s, nil, nil, conversations.Files{}, nil, nil, func() time.Time { return noon })
	const each = 8
	var wg sync.WaitGroup
	errs := make(chan error, 2*each)
	for n := range each {
		wg.Go(func() {
			_, _, err := service.PostAsVisitor(t.Context(), w, c.Token, 7, conversations.Draft{Content: fmt.Sprint(n)})
			errs <- err
		})
		wg.Go(func() {
			_, err := s.MarkRead(t.Context(), w, c.ID,
				conversations.Reading{Writer: conversations.FromVisitor, Reader: id.User(n + 1), At: noon},
				func([]id.Message) conversations.Event {
					return conversations.Event{Conversation: &c.ID, Data: contract.ConversationReadData{}}
				})
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	got, err := s.Get(t.Context(), w, c.Token)
	if err != nil || got.Heard != each {
		t.Fatalf("%d messages are counted, want %d: %v", got.Heard, each, err)
	}
	for reader, at := range got.ReadTo {
		if at < 0 || at > each {
			t.Errorf("the position of %s is %d", reader, at)
		}
	}
}
