package conversations

import (
	"context"
	"fmt"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Say posts a visitor's message into the conversation with the given token or, if token is "", into the visitor's
// newest conversation. If that is full or isn't open, Say opens a new one. It returns the conversation's id.
// Repeating a client id posts nothing.
func (s *Service) Say(
	ctx context.Context, t tenant.ID, token string, visitor id.Visitor, d Draft,
) (id.Conversation, error) {
	if token != "" {
		m, _, err := s.PostAsVisitor(ctx, t, token, visitor, d)
		if !fault.Is(err, fault.Conflict) {
			return m.ConversationID, err
		}
	}
	c, _, _, err := s.Continue(ctx, t, visitor, d)
	return c.ID, err
}

// repeatable is the number of a visitor's newest conversations in which Continue recognises a client id. A client that
// gets no response repeats its message; the conversation may have ended meanwhile, and another one may be open.
const repeatable = 4

// Continue posts a visitor's message into their newest conversation if it is open, or marked as spam, and not full.
// Else it opens a new one.
// It returns the conversation, the message, and false if the client id is a repetition, also if the conversation has
// ended since and others were opened. Of concurrent calls, one opens the conversation, and the others post into it.
func (s *Service) Continue(
	ctx context.Context, t tenant.ID, visitor id.Visitor, d Draft,
) (Conversation, Message, bool, error) {
	recent, err := s.recent(ctx, t, Filter{VisitorID: visitor}, repeatable)
	if err != nil {
		return Conversation{}, Message{}, false, err
	}
	var newest Conversation
	if len(recent) > 0 {
		newest = recent[0]
		if c, m, err := s.posted(ctx, t, recent[1:], d); !fault.Is(err, fault.NotFound) {
			return c, m, false, err
		}
	}
	if newest.Status == Open || newest.In() == Spam {
		m, fresh, err := s.PostAsVisitor(ctx, t, newest.Token, visitor, d)
		if !fault.Is(err, fault.Conflict) {
			return newest, m, fresh, err
		}
	}
	if c, m, err := s.posted(ctx, t, recent[:min(1, len(recent))], d); !fault.Is(err, fault.NotFound) {
		return c, m, false, err
	}
	opened, m, fresh, err := s.open(ctx, t, visitor, d, keyAfter(newest))
	if err != nil || fresh {
		return opened, m, fresh, err
	}
	m, fresh, err = s.PostAsVisitor(ctx, t, opened.Token, visitor, d)
	return opened, m, fresh, err
}

// posted returns the conversation among some in which a message was stored with the draft's client id, and the message.
// The error is NotFound if there is none, or if the draft has no client id.
func (s *Service) posted(
	ctx context.Context, t tenant.ID, among []Conversation, d Draft,
) (Conversation, Message, error) {
	for _, c := range among {
		if d.ClientID == "" {
			break
		}
		if m, err := s.store.ByClientID(ctx, t, c.ID, d.ClientID); !fault.Is(err, fault.NotFound) {
			return c, m, err
		}
	}
	return Conversation{}, Message{}, fault.Missing("message")
}

// keyAfter returns the key of the opening that follows a visitor's newest conversation. Concurrent calls see the same
// newest conversation, and the store accepts a key once: one of them opens the next.
func keyAfter(newest Conversation) string { return fmt.Sprintf("after %d", newest.ID) }

// OpenOf returns the visitor's newest open conversation. The error is NotFound if there is none.
func (s *Service) OpenOf(ctx context.Context, t tenant.ID, visitor id.Visitor) (Conversation, error) {
	return s.newest(ctx, t, Filter{Statuses: []Status{Open}, VisitorID: visitor})
}

// newest returns the newest conversation of a filter. The error is NotFound if there is none.
func (s *Service) newest(ctx context.Context, t tenant.ID, f Filter) (Conversation, error) {
	found, err := s.recent(ctx, t, f, 1)
	if err == nil && len(found) == 0 {
		err = fault.Missing("conversation")
	}
	if err != nil {
		return Conversation{}, err
	}
	return found[0], nil
}

// recent returns up to limit conversations of a filter, the newest first.
func (s *Service) recent(ctx context.Context, t tenant.ID, f Filter, limit paging.Limit) ([]Conversation, error) {
	found, err := s.store.List(ctx, t, f, paging.Following{Window: paging.Window{Limit: limit}})
	return found.Rows, err
}
