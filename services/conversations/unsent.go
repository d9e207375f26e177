package conversations

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// The bounds of unsent texts, which the API calls drafts.
const (
	MaxUnsent     = 16 << 10 // bytes of one
	MaxUnsentOf   = 50       // of one user
	UnsentKeptFor = 30 * 24 * time.Hour
)

// UnsentKind is what an unsent text becomes.
type UnsentKind string

// The kinds.
const (
	UnsentReply UnsentKind = "reply"
	UnsentNote  UnsentKind = "note"
)

// Unsent is what a user has begun to write in a conversation. Only the user reads it. A zero UpdatedAt means that there
// is none.
type Unsent struct {
	ID             string          `bson:"_id"` // website, conversation and user
	WebsiteID      tenant.ID       `bson:"websiteId"`
	ConversationID id.Conversation `bson:"conversationId"`
	Token          string          `bson:"token"`     // of the conversation
	VisitorID      id.Visitor      `bson:"visitorId"` // of the conversation, whose erasure removes the text
	UserID         id.User         `bson:"userId"`
	Kind           UnsentKind      `bson:"kind"`
	Content        string          `bson:"content"`
	UpdatedAt      time.Time       `bson:"updatedAt"`
}

// UnsentText is a text to be kept.
type UnsentText struct {
	Kind    UnsentKind
	Content string
}

// Validate returns an Invalid fault that lists every wrong field.
func (u UnsentText) Validate() error {
	var wrong fault.Problems
	wrong.Check(u.Kind == UnsentReply || u.Kind == UnsentNote, "kind", "must be reply or note")
	wrong.Check(u.Content != "", "content", "must not be empty")
	wrong.Check(len(u.Content) <= MaxUnsent, "content", "must be at most 16384 bytes")
	return wrong.Err()
}

// UnsentStore stores unsent texts, without events and outside of transactions. Errors are faults.
type UnsentStore interface {
	// UnsentOf returns a user's texts, the last changed first.
	UnsentOf(ctx context.Context, t tenant.ID, user id.User) ([]Unsent, error)
	// Unsent returns a user's text in a conversation. The error is NotFound ("draft") if there is none.
	Unsent(ctx context.Context, t tenant.ID, conversation id.Conversation, user id.User) (Unsent, error)
	// PutUnsent creates or replaces a text. The error is a Conflict if the user has MaxUnsentOf others.
	PutUnsent(ctx context.Context, u Unsent) error
	// DeleteUnsent removes a text, if it is there.
	DeleteUnsent(ctx context.Context, t tenant.ID, conversation id.Conversation, user id.User) error
	// DeleteUnsentOf removes the texts of a user.
	DeleteUnsentOf(ctx context.Context, t tenant.ID, user id.User) error
}

// UnsentOf returns a user's unsent texts, the last changed first.
func (s *Service) UnsentOf(ctx context.Context, t tenant.ID, user id.User) ([]Unsent, error) {
	return s.store.UnsentOf(ctx, t, user)
}

// Unsent returns a user's unsent text in a conversation. If there is none, its content is empty.
func (s *Service) Unsent(ctx context.Context, t tenant.ID, token string, user id.User) (Unsent, error) {
	c, err := s.store.Get(ctx, t, token)
	if err != nil {
		return Unsent{}, err
	}
	u, err := s.store.Unsent(ctx, t, c.ID, user)
	if fault.Is(err, fault.NotFound) {
		return Unsent{Token: c.Token, Kind: UnsentReply}, nil
	}
	return u, err
}

// PutUnsent keeps a user's unsent text in a conversation. A concurrent erasure of the conversation either removes the
// text, or PutUnsent finds that the conversation doesn't exist any more, and removes it.
func (s *Service) PutUnsent(
	ctx context.Context, t tenant.ID, token string, user id.User, text UnsentText,
) (Unsent, error) {
	if err := text.Validate(); err != nil {
		return Unsent{}, err
	}
	c, err := s.store.Get(ctx, t, token)
	if err != nil {
		return Unsent{}, err
	}
	u := Unsent{
		WebsiteID:      t,
		ConversationID: c.ID,
		Token:          c.Token,
		VisitorID:      c.VisitorID,
		UserID:         user,
		Kind:           text.Kind,
		Content:        text.Content,
		UpdatedAt:      s.now(),
	}
	if err := s.store.PutUnsent(ctx, u); err != nil {
		return Unsent{}, err
	}
	if _, err := s.store.Get(ctx, t, token); fault.Is(err, fault.NotFound) {
		if err := s.store.DeleteUnsent(ctx, t, c.ID, user); err != nil {
			return Unsent{}, err
		}
		return Unsent{}, err
	}
	return u, nil
}

// DeleteUnsent removes a user's unsent text in a conversation, if it is there.
func (s *Service) DeleteUnsent(ctx context.Context, t tenant.ID, token string, user id.User) error {
	c, err := s.store.Get(ctx, t, token)
	if err != nil {
		return err
	}
	return s.store.DeleteUnsent(ctx, t, c.ID, user)
}
