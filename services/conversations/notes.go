package conversations

import (
	"context"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// NoteStore stores private notes. Errors are faults: NotFound ("conversation", "note"), PreconditionFailed if the
// context requires another version of the note, Unavailable. A change stores the conversation and the event in the same
// transaction, and may call its function more than once.
type NoteStore interface {
	// NextNoteID reserves the number of a note.
	NextNoteID(ctx context.Context) (id.Note, error)
	// Notes returns notes of a conversation with numbers greater than after, oldest first, up to paging.MaxBytes. more
	// reports whether others follow.
	Notes(ctx context.Context, t tenant.ID, conversation id.Conversation, after id.Note) (
		found []Note, more bool, err error)
	// Note returns a note of a conversation.
	Note(ctx context.Context, t tenant.ID, conversation id.Conversation, note id.Note) (Note, error)
	// AddNote stores the note that add returns.
	AddNote(ctx context.Context, t tenant.ID, token string,
		add func(Conversation) (Conversation, Note, Event, error)) (Note, error)
	// ChangeNote changes a note. others are the users that other notes of the conversation mention. An event without
	// data means that nothing differs.
	ChangeNote(ctx context.Context, t tenant.ID, token string, note id.Note,
		change func(c Conversation, n Note, others []id.User) (Conversation, Note, Event, error)) (Note, error)
	// DeleteNote removes a note. others is as for ChangeNote.
	DeleteNote(ctx context.Context, t tenant.ID, token string, note id.Note,
		remove func(c Conversation, n Note, others []id.User) (Conversation, Event, error)) error
	// EndMention removes a user from those that a conversation mentions.
	EndMention(ctx context.Context, t tenant.ID, token string, user id.User) error
}

// Notes returns the notes of a conversation with numbers greater than after, oldest first, and whether more follow.
func (s *Service) Notes(ctx context.Context, t tenant.ID, token string, after id.Note) ([]Note, bool, error) {
	c, err := s.store.Get(ctx, t, token)
	if err != nil {
		return nil, false, err
	}
	return s.store.Notes(ctx, t, c.ID, after)
}

// Note returns a note of a conversation.
func (s *Service) Note(ctx context.Context, t tenant.ID, token string, note id.Note) (Note, error) {
	c, err := s.store.Get(ctx, t, token)
	if err != nil {
		return Note{}, err
	}
	return s.store.Note(ctx, t, c.ID, note)
}

// AddNote stores a private note. Its author and the mentioned users must be users of the website.
func (s *Service) AddNote(ctx context.Context, t tenant.ID, token string, d NoteDraft) (Note, error) {
	if err := d.Validate(); err != nil {
		return Note{}, err
	}
	if err := s.knownAgent(ctx, t, token, d.AuthorID, "authorId"); err != nil {
		return Note{}, err
	}
	if err := s.knownMentions(ctx, t, token, d.Mentions); err != nil {
		return Note{}, err
	}
	number, err := s.store.NextNoteID(ctx)
	if err != nil {
		return Note{}, err
	}
	now := s.now()
	n := Note{
		ID:        number,
		WebsiteID: t,
		AuthorID:  d.AuthorID,
		Content:   d.Content,
		Mentions:  distinct(d.Mentions),
		CreatedAt: now,
		UpdatedAt: now,
		ByProgram: d.ByProgram,
		Version:   1,
	}
	return s.store.AddNote(ctx, t, token, func(c Conversation) (Conversation, Note, Event, error) {
		n.ConversationID = c.ID
		if err := c.addNote(n); err != nil {
			return c, n, Event{}, err
		}
		return c, n, noted(&c, n), nil
	})
}

// ChangeNote changes a note if allow admits its author, which is nil if a program wrote it without naming a user.
func (s *Service) ChangeNote(
	ctx context.Context, t tenant.ID, token string, note id.Note, p NotePatch, allow func(author *id.User) error,
) (Note, error) {
	if err := p.Validate(); err != nil {
		return Note{}, err
	}
	if err := s.knownMentions(ctx, t, token, p.Mentions.V); err != nil {
		return Note{}, err
	}
	return s.store.ChangeNote(ctx, t, token, note,
		func(c Conversation, n Note, others []id.User) (Conversation, Note, Event, error) {
			if err := allow(n.AuthorID); err != nil {
				return c, n, Event{}, err
			}
			changed, differs := p.apply(n, s.now())
			if !differs {
				return c, n, Event{}, nil
			}
			if err := c.changeNote(n, changed, others); err != nil {
				return c, n, Event{}, err
			}
			return c, changed, noteChanged(&c, changed), nil
		})
}

// DeleteNote removes a note if allow admits its author.
func (s *Service) DeleteNote(
	ctx context.Context, t tenant.ID, token string, note id.Note, allow func(author *id.User) error,
) error {
	return s.store.DeleteNote(ctx, t, token, note,
		func(c Conversation, n Note, others []id.User) (Conversation, Event, error) {
			if err := allow(n.AuthorID); err != nil {
				return c, Event{}, err
			}
			c.removeNote(n, others)
			return c, noteDeleted(n), nil
		})
}

// EndMention removes a user from those that a conversation mentions: they have seen it.
func (s *Service) EndMention(ctx context.Context, t tenant.ID, token string, user id.User) error {
	return s.store.EndMention(ctx, t, token, user)
}

// knownMentions returns an error if some users aren't users of the website. A conversation that doesn't exist is
// reported first.
func (s *Service) knownMentions(ctx context.Context, t tenant.ID, token string, users []id.User) error {
	if len(users) == 0 {
		return nil
	}
	if _, err := s.store.Get(ctx, t, token); err != nil {
		return err
	}
	agents, err := s.accounts.Agents(ctx, t, distinct(users))
	if err != nil {
		return err
	}
	known := map[id.User]bool{}
	for _, a := range agents {
		known[a.ID] = !a.IsFormer
	}
	for _, u := range users {
		if !known[u] {
			return fault.Bad("mentions", "must be users of this website")
		}
	}
	return nil
}
