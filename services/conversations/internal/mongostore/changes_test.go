package mongostore_test

import (
	"context"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/internal/storetest"
)

func TestChangeRequiresTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	c := conversation(t, s, w, 1, "hello")
	state := func(ctx context.Context) (version.Of, error) {
		c, err := s.Get(ctx, w, c.Token)
		return c.Revision(), err
	}
	before, err := state(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SetTyping(t.Context(), w, c.Token, nil, noon); err != nil {
		t.Fatal(err)
	}
	if typed, err := state(t.Context()); err != nil || typed != before {
		t.Errorf("typing made %v of %v, %v", typed, before, err)
	}
	if _, _, err := s.Post(t.Context(), w, c.Token, conversations.Message{Content: "A message is a change."},
		number); err != nil {
		t.Fatal(err)
	}
	if after, err := state(t.Context()); err != nil || after == before {
		t.Errorf("with a message it is still %v, %v", after, err)
	}
	storetest.Guarded(t, state, func(ctx context.Context) error {
		_, err := s.Save(ctx, w, c.Token,
			func(c conversations.Conversation) (conversations.Conversation, []conversations.Event, error) {
				c.Tags = append(c.Tags, "x")
				return c, nil, nil
			})
		return err
	}, nil)
}

func TestListInTheOrderOfChanges(t *testing.T) {
	t.Parallel()
	s, w := open(t), storetest.Tenant(1)
	var rows []conversations.Conversation
	for n := range int64(7) {
		rows = append(rows, conversation(t, s, w, n, "hello"))
		conversation(t, s, storetest.Tenant(2), n, "hello")
	}
	storetest.Follow(t, storetest.Followed[conversations.Conversation]{
		Rows: len(rows),
		Change: func(row int, at time.Time) error {
			_, err := s.Save(t.Context(), w, rows[row].Token,
				func(c conversations.Conversation) (conversations.Conversation, []conversations.Event, error) {
					c.UpdatedAt = at
					return c, nil, nil
				})
			return err
		},
		List: func(f paging.Following) (paging.Slice[conversations.Conversation], error) {
			return s.List(t.Context(), w, conversations.Filter{Query: asking("hello ")}, f)
		},
	})
}
