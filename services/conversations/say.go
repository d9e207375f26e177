package conversations

import (
	"context"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Say posts a visitor's message into the conversation with the given token or, if token is "", into the visitor's
// newest open conversation. If there is none, or it is full, Say opens a new one. It returns the conversation's id.
// Repeating a client id posts nothing.
func (s *Service) Say(
	ctx context.Context, t tenant.ID, token string, visitor id.Visitor, d Draft,
) (id.Conversation, error) {
	if token == "" {
		newest, err := s.OpenOf(ctx, t, visitor)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return 0, err
		}
		token = newest.Token
	}
	if token != "" {
		m, _, err := s.PostAsVisitor(ctx, t, token, visitor, d)
		if !fault.Is(err, fault.Conflict) {
			return m.ConversationID, err
		}
	}
	c, _, _, err := s.Open(ctx, t, visitor, d)
	return c.ID, err
}
