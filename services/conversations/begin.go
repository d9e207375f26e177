package conversations

import (
	"cmp"
	"context"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Begin starts a conversation with an agent's message to the visitor of a token. Its assignee is the author if assign
// is true. It returns false, and the conversation of the first call, if the client id is a repetition. The error is
// Conflict (conversation_open) if the visitor has an open conversation: write into that. Of concurrent calls, also of
// Continue, one opens a conversation.
func (s *Service) Begin(
	ctx context.Context, t tenant.ID, visitor string, d Draft, assign bool,
) (Conversation, bool, error) {
	if err := (Reply{Draft: d, Assign: assign}).Validate(); err != nil {
		return Conversation{}, false, err
	}
	to, err := s.visitors.VisitorByToken(ctx, t, visitor)
	if err != nil {
		return Conversation{}, false, err
	}
	if err := s.checkAgent(ctx, t, d.AuthorID, "authorId"); err != nil {
		return Conversation{}, false, err
	}
	if to.IsRefused {
		return Conversation{}, false, errRefused
	}
	c, fresh, err := s.begin(ctx, t, to.ID, d, assign)
	if err == nil {
		// The conversation is stored. If this fails, the visitor sees it on their next page.
		_ = s.visitors.AgentBegan(ctx, t, to.ID, c.Token)
	}
	return c, fresh, err
}

var errRefused = fault.Coded(fault.Conflict, "visitor_unverified",
	"this website serves verified visitors only, and this visitor is not verified")

func (s *Service) begin(
	ctx context.Context, t tenant.ID, visitor id.Visitor, d Draft, assign bool,
) (Conversation, bool, error) {
	newest, err := s.newest(ctx, t, Filter{VisitorID: visitor})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Conversation{}, false, err
	}
	if newest.ID != 0 && d.ClientID != "" {
		if _, err := s.store.ByClientID(ctx, t, newest.ID, d.ClientID); !fault.Is(err, fault.NotFound) {
			return newest, false, err
		}
	}
	if open, err := s.OpenOf(ctx, t, visitor); !fault.Is(err, fault.NotFound) {
		return Conversation{}, false, cmp.Or(err, isOpen(open))
	}
	var assignee *id.User
	if assign {
		assignee = d.AuthorID
	}
	first := d.message(FromAgent, nil, s.now())
	if err := s.attach(ctx, t, &first, d, visitor); err != nil {
		return Conversation{}, false, err
	}
	c, m, fresh, err := s.start(ctx, t, visitor, first, keyAfter(newest), assignee)
	if err == nil && !fresh && m.ID == 0 {
		err = isOpen(c) // by another message, at the same time
	}
	return c, fresh, err
}

// isOpen is the error of beginning a conversation while another one is open.
func isOpen(c Conversation) error {
	f := fault.Coded(fault.Conflict, "conversation_open", "the visitor has an open conversation; write there")
	f.Existing = c.Token
	return f
}
