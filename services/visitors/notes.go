package visitors

import (
	"context"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// NoteStore stores private notes. Errors are faults: NotFound ("visitor", "note"), PreconditionFailed if the context
// requires another version of the note, Unavailable. A change stores the visitor's counts of notes and the event in the
// same transaction, and may call its function more than once.
type NoteStore interface {
	// NextNoteID reserves the number of a note.
	NextNoteID(ctx context.Context) (id.VisitorNote, error)
	// Notes returns notes about a visitor with numbers greater than after, oldest first, up to paging.MaxBytes. more
	// reports whether others follow.
	Notes(ctx context.Context, t tenant.ID, visitor id.Visitor, after id.VisitorNote) (
		found []Note, more bool, err error)
	// Note returns a note about a visitor.
	Note(ctx context.Context, t tenant.ID, visitor id.Visitor, note id.VisitorNote) (Note, error)
	// AddNote stores the note that add returns.
	AddNote(ctx context.Context, t tenant.ID, token string, add func(Visitor) (Visitor, Note, error)) (Note, error)
	// ChangeNote changes a note. Without an event nothing is stored.
	ChangeNote(ctx context.Context, t tenant.ID, token string, note id.VisitorNote,
		change func(Visitor, Note) (Visitor, Note, contract.Data, error)) (Note, error)
	// DeleteNote removes a note.
	DeleteNote(ctx context.Context, t tenant.ID, token string, note id.VisitorNote,
		remove func(Visitor, Note) (Visitor, error)) error
}

// Notes returns the notes about a visitor with numbers greater than after, oldest first, and whether more follow.
func (s *Service) Notes(ctx context.Context, t tenant.ID, token string, after id.VisitorNote) ([]Note, bool, error) {
	v, err := s.Visitor(ctx, t, token)
	if err != nil {
		return nil, false, err
	}
	return s.store.Notes(ctx, t, v.ID, after)
}

// Note returns a note about a visitor.
func (s *Service) Note(ctx context.Context, t tenant.ID, token string, note id.VisitorNote) (Note, error) {
	v, err := s.Visitor(ctx, t, token)
	if err != nil {
		return Note{}, err
	}
	return s.store.Note(ctx, t, v.ID, note)
}

// AddNote stores a private note about a visitor. author is nil if a program writes it.
func (s *Service) AddNote(
	ctx context.Context, t tenant.ID, token string, text NoteText, author *id.User,
) (Note, error) {
	if err := CheckToken(token); err != nil {
		return Note{}, err
	}
	if err := text.Validate(); err != nil {
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
		AuthorID:  author,
		Content:   string(text),
		CreatedAt: now,
		UpdatedAt: now,
		Version:   1,
	}
	return s.store.AddNote(ctx, t, token, func(v Visitor) (Visitor, Note, error) {
		n.VisitorID = v.ID
		err := v.addNote(n)
		return v, n, err
	})
}

// RewriteNote changes the text of a note if allow admits its author, which is nil if a program wrote it.
func (s *Service) RewriteNote(
	ctx context.Context, t tenant.ID, token string, note id.VisitorNote, text NoteText,
	allow func(author *id.User) error,
) (Note, error) {
	if err := CheckToken(token); err != nil {
		return Note{}, err
	}
	if err := text.Validate(); err != nil {
		return Note{}, err
	}
	return s.store.ChangeNote(ctx, t, token, note, func(v Visitor, n Note) (Visitor, Note, contract.Data, error) {
		if err := allow(n.AuthorID); err != nil || n.Content == string(text) {
			return v, n, nil, err
		}
		changed := n.rewritten(text, s.now())
		v.NoteBytes += int64(len(changed.Content) - len(n.Content))
		return v, changed, changed.Updated(), nil
	})
}

// DeleteNote removes a note if allow admits its author.
func (s *Service) DeleteNote(
	ctx context.Context, t tenant.ID, token string, note id.VisitorNote, allow func(author *id.User) error,
) error {
	if err := CheckToken(token); err != nil {
		return err
	}
	return s.store.DeleteNote(ctx, t, token, note, func(v Visitor, n Note) (Visitor, error) {
		if err := allow(n.AuthorID); err != nil {
			return v, err
		}
		v.removeNote(n)
		return v, nil
	})
}
