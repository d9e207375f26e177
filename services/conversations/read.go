package conversations

import (
	"context"
	"strconv"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// MaxReaders is how many agents' positions a conversation has. If another agent reads it, the position that is furthest
// back is dropped.
const MaxReaders = 100

// Positions are how many of a visitor's messages agents have read, by the numbers of the agents.
type Positions map[string]int64

// ReaderKey is the key of a user in Positions.
func ReaderKey(user id.User) string { return strconv.FormatInt(int64(user), 10) }

// UnreadBy returns how many of the visitor's messages a user hasn't read.
func (c Conversation) UnreadBy(user id.User) int64 { return max(0, c.Heard-c.ReadTo[ReaderKey(user)]) }

// NextReader reports whether a user who reads the conversation now has a new position, and which other position is
// dropped for it; "" for none.
func (c Conversation) NextReader(user id.User) (moves bool, dropped string) {
	key := ReaderKey(user)
	if c.UnreadBy(user) == 0 {
		return false, ""
	}
	if _, known := c.ReadTo[key]; known || len(c.ReadTo) < MaxReaders {
		return true, ""
	}
	for other, at := range c.ReadTo {
		if dropped == "" || at < c.ReadTo[dropped] || at == c.ReadTo[dropped] && other < dropped {
			dropped = other
		}
	}
	return true, dropped
}

// MarkRead marks the visitor's messages as read by an agent. reader is the user that a person is, whose own position
// moves, or 0 for a program.
func (s *Service) MarkRead(ctx context.Context, t tenant.ID, token string, reader id.User) error {
	c, err := s.store.Get(ctx, t, token)
	if err != nil {
		return err
	}
	moved, err := s.read(ctx, c, FromAgent, FromVisitor, reader)
	if err == nil && moved {
		s.notifier.Notify(ctx, t, c.VisitorID, inboxRead(&c, reader))
	}
	return err
}

// MarkReadByVisitor marks the agents' messages as read by the conversation's visitor.
func (s *Service) MarkReadByVisitor(ctx context.Context, t tenant.ID, token string, visitor id.Visitor) error {
	c, err := s.ofVisitor(ctx, t, token, visitor)
	if err != nil {
		return err
	}
	_, err = s.read(ctx, c, FromVisitor, FromAgent, 0)
	return err
}

func (s *Service) read(
	ctx context.Context, c Conversation, side, writer Sender, reader id.User,
) (moved bool, err error) {
	now := s.now()
	return s.store.MarkRead(ctx, c.WebsiteID, c.ID, Reading{Writer: writer, Reader: reader, At: now},
		func(messages []id.Message) Event { return markedRead(&c, side, now, messages) })
}

// Reading is that one side reads the messages of the other.
type Reading struct {
	Writer Sender  // the side that wrote them
	Reader id.User // the agent whose position moves; 0 for none
	At     time.Time
}
