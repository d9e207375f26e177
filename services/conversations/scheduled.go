package conversations

import (
	"context"
	"errors"
	"strings"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
)

// MaxScheduled is the longest scheduled reply in bytes: lists of conversations read it with the row.
const MaxScheduled = 16 << 10

// Scheduled is an agent's reply that is sent at a time. A conversation has one at most. It is held, and not sent, if
// the visitor has written since it was scheduled, or if the conversation refuses it.
type Scheduled struct {
	Content   string     `bson:"content"`
	SendAt    time.Time  `bson:"sendAt"`
	DueAt     *time.Time `bson:"dueAt,omitempty"` // is SendAt, or absent if the reply is held
	HeldAt    *time.Time `bson:"heldAt,omitempty"`
	Problem   string     `bson:"problem,omitempty"` // why the conversation refuses it
	AuthorID  *id.User   `bson:"authorId,omitempty"`
	ByProgram bool       `bson:"byProgram,omitempty"`
	CreatedAt time.Time  `bson:"createdAt"`
	Heard     int64      `bson:"heard,omitempty"` // the visitor's messages in the conversation when it was scheduled
}

// ScheduledDraft is a reply that is to be sent at a time.
type ScheduledDraft struct {
	Content   string
	SendAt    time.Time
	AuthorID  *id.User
	ByProgram bool // a program schedules it, not a person
}

// Validate returns an Invalid fault that lists every wrong field.
func (d ScheduledDraft) Validate() error {
	var wrong fault.Problems
	wrong.Check(strings.TrimSpace(d.Content) != "", "content", "must not be blank")
	wrong.Check(len(d.Content) <= MaxScheduled, "content", "must be at most 16384 bytes")
	return wrong.Err()
}

// Times returns when the reply is sent and whether it is held; nil of none.
func (s *Scheduled) Times() *contract.ScheduledTimes {
	if s == nil {
		return nil
	}
	return &contract.ScheduledTimes{SendAt: s.SendAt, HeldAt: s.HeldAt}
}

// isSame reports whether two scheduled replies are equal; nil is none.
func (s *Scheduled) isSame(other *Scheduled) bool {
	if s == nil || other == nil {
		return s == other
	}
	return s.Content == other.Content && s.SendAt.Equal(other.SendAt) && s.CreatedAt.Equal(other.CreatedAt) &&
		same(s.AuthorID, other.AuthorID) && (s.HeldAt == nil) == (other.HeldAt == nil)
}

// hold keeps a scheduled reply from being sent.
func (c *Conversation) hold(problem string, now time.Time) {
	held := *c.Scheduled
	held.DueAt, held.HeldAt, held.Problem = nil, &now, problem
	c.Scheduled = &held
}

// Schedule stores a reply to send later, in place of the one that the conversation has. Its author must be a user of
// the website.
func (s *Service) Schedule(ctx context.Context, t tenant.ID, token string, d ScheduledDraft) (*Scheduled, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	if err := checkAhead("sendAt", d.SendAt, s.now()); err != nil {
		return nil, err
	}
	if err := s.knownAgent(ctx, t, token, d.AuthorID, "authorId"); err != nil {
		return nil, err
	}
	sendAt := timestamp.Of(d.SendAt)
	saved, err := s.reschedule(ctx, t, token, func(c *Conversation, now time.Time) error {
		c.Scheduled = &Scheduled{
			Content: d.Content, SendAt: sendAt, DueAt: &sendAt, AuthorID: d.AuthorID, ByProgram: d.ByProgram,
			CreatedAt: now, Heard: c.Heard,
		}
		return nil
	})
	return saved.Scheduled, err
}

// ScheduledReply returns the reply that a conversation has to send later, or nil.
func (s *Service) ScheduledReply(ctx context.Context, t tenant.ID, token string) (*Scheduled, error) {
	c, err := s.store.Get(ctx, t, token)
	return c.Scheduled, err
}

// Unschedule removes the reply that a conversation has to send later, if there is one. Afterwards it isn't sent.
func (s *Service) Unschedule(ctx context.Context, t tenant.ID, token string) error {
	_, err := s.reschedule(ctx, t, token, func(c *Conversation, _ time.Time) error {
		c.Scheduled = nil
		return nil
	})
	return err
}

// reschedule changes the scheduled reply of a conversation. UpdatedAt changes with it.
func (s *Service) reschedule(
	ctx context.Context, t tenant.ID, token string, change func(c *Conversation, now time.Time) error,
) (Conversation, error) {
	now := s.now()
	return s.store.Save(ctx, t, token, func(c Conversation) (Conversation, []Event, error) {
		before := c
		if err := change(&c, now); err != nil || c.Scheduled.isSame(before.Scheduled) {
			return before, nil, err
		}
		c.UpdatedAt = now
		return c, c.changes(before), nil
	})
}

// DueReplies returns up to DueBatch conversations of all websites whose scheduled reply is to be sent now, the
// earliest first, with their websites, tokens and replies.
func (s *Service) DueReplies(ctx context.Context) ([]Conversation, error) {
	return s.store.DueReplies(ctx, s.now(), DueBatch)
}

// SendDue sends the scheduled replies of some conversations, or holds them, and returns how many have left the queue.
// The message and the end of its schedule are stored in one transaction, so each is sent once. One that fails doesn't
// hold up the others.
func (s *Service) SendDue(ctx context.Context, due []Conversation) (settled int, err error) {
	return settle(due, func(c Conversation) (bool, error) {
		err := s.sendDue(ctx, c)
		if errors.Is(err, errMoved) || fault.Is(err, fault.NotFound) { // it was changed or erased since it was read
			err = nil
		}
		return err == nil, err
	})
}

func (s *Service) sendDue(ctx context.Context, due Conversation) error {
	t, token, reply := due.WebsiteID, due.Token, due.Scheduled
	err := s.checkAgent(ctx, t, reply.AuthorID, "authorId")
	if err == nil {
		draft := Draft{Content: reply.Content, AuthorID: reply.AuthorID, ByProgram: reply.ByProgram}
		_, _, err = s.post(ctx, t, token, draft.message(FromAgent, nil, s.now()), func(c *Conversation) error {
			if !c.Scheduled.isSame(reply) {
				return errMoved
			}
			switch {
			case c.Heard > reply.Heard:
				return errAnswered
			case c.In() == Spam:
				return fault.New(fault.Conflict, "the conversation is marked as spam")
			}
			c.Scheduled = nil
			return nil
		}, func(*Conversation) error { return nil })
	}
	problem := ""
	switch {
	case errors.Is(err, errAnswered):
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.Conflict):
		problem = fault.From(err).Message
	default:
		return err
	}
	_, err = s.reschedule(ctx, t, token, func(c *Conversation, now time.Time) error {
		if !c.Scheduled.isSame(reply) {
			return errMoved
		}
		c.hold(problem, now)
		return nil
	})
	return err
}

// errAnswered is the error of a transaction in which the visitor has written since a reply was scheduled.
var errAnswered = errors.New("conversations: the visitor has written since the reply was scheduled")
