package api

import (
	"context"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/authz"
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
			func(ctx context.Context, req notesOf) (paging.Part[contract.Note], error) {
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
					conversations.NotePatch{Content: req.Content, Mentions: req.Mentions},
					authz.ChangeWork(identity.From(ctx)))
				return noteOf(n), err
			}))
	httpkit.Handle(r, "DELETE /conversations/{token}/notes/{id}", 200,
		operation.New(chain, "conversations.delete_note", authz.Write,
			func(ctx context.Context, req aNote) (deletedNote, error) {
				return deletedNote{req.ID, true},
					a.s.DeleteNote(ctx, identity.From(ctx).Website, req.Token, req.ID, authz.ChangeWork(identity.From(ctx)))
			}))
	httpkit.Handle(r, "DELETE /conversations/{token}/mention", 204,
		operation.New(chain, "conversations.end_mention", authz.Viewer,
			func(ctx context.Context, req read) (operation.None, error) {
				p := identity.From(ctx)
				return operation.None{}, a.s.EndMention(ctx, p.Website, req.Token, p.UserID)
			}))
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

func noteListOf(found []conversations.Note, more bool) paging.Part[contract.Note] {
	views := make([]contract.Note, len(found))
	for i, n := range found {
		views[i] = n.View()
	}
	return paging.PartOf(views, more)
}

type deletedNote struct {
	ID      id.Note `json:"id" writer:"kept"`
	Deleted bool    `json:"deleted" writer:"kept"`
}
