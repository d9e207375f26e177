package conversations

import (
	"context"
	"errors"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Reply is an agent's message, with what else it does and what must hold.
type Reply struct {
	Draft
	Assign bool       // assigns the conversation to the author, if it has no assignee
	IfLast id.Message // no agent has written a later message than this; zero: any may have
	Change Patch      // is made to the conversation after the message, in the same transaction
}

// Validate returns an Invalid fault that lists every wrong field.
func (r Reply) Validate() error {
	if err := r.Draft.Validate(); err != nil {
		return err
	}
	var wrong fault.Problems
	wrong.Check(!r.Assign || r.AuthorID != nil, "assign", "needs an author: a person, or authorId")
	wrong.Check(r.IfLast >= 0, "ifLast", "must be the id of a message")
	if err := wrong.Err(); err != nil {
		return err
	}
	return fault.Within("change", r.Change.Validate())
}

// errMoved is the error of a transaction in which the conversation has other messages than those that were compared.
var errMoved = errors.New("conversations: a message was posted meanwhile")

// maxReplyTries bounds the attempts to post into a conversation in which messages are being posted.
const maxReplyTries = 5

// PostAsAgent adds an agent's message. If the author is named, it must be an agent of the website.
func (s *Service) PostAsAgent(ctx context.Context, t tenant.ID, token string, r Reply) (Message, bool, error) {
	if err := r.Validate(); err != nil {
		return Message{}, false, err
	}
	if err := s.knownAgent(ctx, t, token, r.AuthorID, "authorId"); err != nil {
		return Message{}, false, err
	}
	if err := s.checkChange(ctx, t, r.Change); err != nil {
		return Message{}, false, err
	}
	draft := r.message(FromAgent, nil, s.now())
	if err := s.attachTo(ctx, t, token, &draft, r.Draft); err != nil {
		return Message{}, false, err
	}
	for tries := 1; ; tries++ {
		compared, err := s.compare(ctx, t, token, r)
		if err != nil {
			return Message{}, false, err
		}
		m, fresh, err := s.post(ctx, t, token, draft, func(c *Conversation) error {
			if r.IfLast != 0 && c.Messages != compared {
				return errMoved
			}
			if r.Assign && c.AssigneeID == nil {
				c.AssigneeID = r.AuthorID
			}
			return nil
		}, func(c *Conversation) error { return r.Change.apply(c, s.now()) })
		if !errors.Is(err, errMoved) {
			return m, fresh, err
		}
		if tries == maxReplyTries {
			return m, false, errNewer
		}
	}
}

// attachTo is attach for the visitor of a conversation.
func (s *Service) attachTo(ctx context.Context, t tenant.ID, token string, m *Message, d Draft) error {
	if len(d.Attachments) == 0 {
		return nil
	}
	c, err := s.store.Get(ctx, t, token)
	if err != nil {
		return err
	}
	return s.attach(ctx, t, m, d, c.VisitorID)
}

var errNewer = fault.Coded(fault.Conflict, "newer_message", "an agent has written a newer message; read it first")

// checkChange returns an Invalid fault if the change of a reply or of several conversations can't be made now.
func (s *Service) checkChange(ctx context.Context, t tenant.ID, p Patch) error {
	if err := fault.Within("change", p.validateAt(s.now())); err != nil {
		return err
	}
	if err := s.checkTeam(ctx, t, p.TeamID.Ptr(), "change.teamId"); err != nil {
		return err
	}
	return s.checkAgent(ctx, t, p.AssigneeID.Ptr(), "change.assigneeId")
}

// compare returns how many messages the conversation has. The error is Conflict if an agent has written one after
// r.IfLast, unless it is this reply, which was stored before.
func (s *Service) compare(ctx context.Context, t tenant.ID, token string, r Reply) (messages int64, err error) {
	if r.IfLast == 0 {
		return 0, nil
	}
	c, err := s.store.Get(ctx, t, token)
	if err != nil {
		return 0, err
	}
	for after, more := r.IfLast, true; more; {
		var found []Message
		if found, more, err = s.store.Messages(ctx, t, c.ID, after, MaxMessages); err != nil {
			return 0, err
		}
		for _, m := range found {
			after = m.ID
			if m.SenderType == FromAgent && (r.ClientID == "" || m.ClientID != r.ClientID) {
				return 0, errNewer
			}
		}
		more = more && len(found) > 0
	}
	return c.Messages, nil
}
