package api

import (
	"context"
	"net/url"
	"strconv"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/conversations"
)

// notes adds the operations on private notes.
func (a api) notes(r *httpkit.Router, chain operation.Chain) {
	httpkit.Handle(r, "GET /conversations/{token}/notes", 200,
		operation.New(chain, "conversations.list_notes", authz.Read,
			func(ctx context.Context, req notesOf) (noteList, error) {
				found, more, err := a.s.Notes(ctx, identity.From(ctx).Website, req.Token, id.Note(req.After))
				return noteListOf(found, more), err
			}))
	httpkit.Handle(r, "POST /conversations/{token}/notes", 201,
		operation.New(chain, "conversations.create_note", authz.Write,
			func(ctx context.Context, req newNote) (note, error) {
				caller := identity.From(ctx)
				author, err := authz.Author(caller, req.AuthorID)
				if err != nil {
					return note{}, err
				}
				n, err := a.s.AddNote(ctx, caller.Website, req.Token, conversations.NoteDraft{
					Content: req.Content, Mentions: req.Mentions, AuthorID: author, ByProgram: caller.IsProgram(),
				})
				return noteOf(n), err
			}))
	httpkit.Handle(r, "GET /conversations/{token}/notes/{id}", 200,
		operation.New(chain, "conversations.get_note", authz.Read,
			func(ctx context.Context, req aNote) (note, error) {
				n, err := a.s.Note(ctx, identity.From(ctx).Website, req.Token, req.ID)
				return noteOf(n), err
			}))
	httpkit.Handle(r, "PATCH /conversations/{token}/notes/{id}", 200,
		operation.New(chain, "conversations.update_note", authz.Write,
			func(ctx context.Context, req changedNote) (note, error) {
				n, err := a.s.ChangeNote(ctx, identity.From(ctx).Website, req.Token, req.ID,
					conversations.NotePatch{Content: req.Content, Mentions: req.Mentions}, mayChangeNoteOf(ctx))
				return noteOf(n), err
			}))
	httpkit.Handle(r, "DELETE /conversations/{token}/notes/{id}", 200,
		operation.New(chain, "conversations.delete_note", authz.Write,
			func(ctx context.Context, req aNote) (deletedNote, error) {
				return deletedNote{req.ID, true},
					a.s.DeleteNote(ctx, identity.From(ctx).Website, req.Token, req.ID, mayChangeNoteOf(ctx))
			}))
	httpkit.Handle(r, "DELETE /conversations/{token}/mention", 204,
		operation.New(chain, "conversations.end_mention", authz.Viewer,
			func(ctx context.Context, req read) (operation.None, error) {
				p := identity.From(ctx)
				return operation.None{}, a.s.EndMention(ctx, p.Website, req.Token, p.UserID)
			}))
}

// mayChangeNoteOf returns the function that is nil if the caller may change notes of an author: their own; admins and
// programs any.
func mayChangeNoteOf(ctx context.Context) func(author *id.User) error {
	p := identity.From(ctx)
	return func(author *id.User) error {
		var of id.User // zero if no user wrote the note
		if author != nil {
			of = *author
		}
		if authz.ChangeUser(p, of) != nil {
			return fault.Coded(fault.Forbidden, "role_required", "notes of others need the role admin or a higher one")
		}
		return nil
	}
}

type notesOf struct {
	Token string       `path:"token" json:"-"`
	After paging.After `query:"after" json:"-"`
}

type aNote struct {
	Token string  `path:"token" json:"-"`
	ID    id.Note `path:"id" json:"-"`
}

type newNote struct {
	Token    string    `path:"token" json:"-"`
	Content  string    `json:"content"`
	Mentions []id.User `json:"mentions"`
	AuthorID *id.User  `json:"authorId"`
}

type changedNote struct {
	aNote
	Content  optional.Value[string]    `json:"content"`
	Mentions optional.Value[[]id.User] `json:"mentions"`
}

// note is a note with its version.
type note struct {
	contract.Note
	of version.Of
}

// Revision is the version of the note in the response.
func (n note) Revision() version.Of { return n.of }

func noteOf(n conversations.Note) note { return note{n.View(), n.Revision()} }

// noteList is the notes of a conversation, or a part of them.
type noteList struct {
	Data []contract.Note `json:"data"`
	// more notes follow; request them with after=<last id>
	HasMore bool `json:"hasMore,omitzero"`
}

func noteListOf(found []conversations.Note, more bool) noteList {
	views := make([]contract.Note, len(found))
	for i, n := range found {
		views[i] = n.View()
	}
	views, cut := paging.Fit(views)
	return noteList{views, more || cut}
}

// Links returns the link to the next part of the notes.
func (l noteList) Links(at *url.URL) string {
	if !l.HasMore {
		return ""
	}
	return paging.Link(at, "next", "after", strconv.FormatInt(int64(l.Data[len(l.Data)-1].ID), 10))
}

type deletedNote struct {
	ID      id.Note `json:"id" writer:"kept"`
	Deleted bool    `json:"deleted" writer:"kept"`
}
