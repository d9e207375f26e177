package api

import (
	"context"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/visitors"
)

// mountNotes adds the operations on private notes to the route table.
func mountNotes(r *httpkit.Router, chain operation.Chain, s *visitors.Service) {
	httpkit.Handle(r, "GET /visitors/{token}/notes", 200, operation.New(chain, "visitors.list_notes", authz.Read,
		func(ctx context.Context, req notesAbout) (paging.Part[contract.VisitorNote], error) {
			found, more, err := s.Notes(ctx, identity.From(ctx).Website, req.Token, id.VisitorNote(req.After))
			return notesOf(found, more), err
		}))
	httpkit.Handle(r, "POST /visitors/{token}/notes", 201, operation.New(chain, "visitors.create_note", authz.Write,
		func(ctx context.Context, req newNote) (note, error) {
			caller := identity.From(ctx)
			author, err := authz.Author(caller, nil)
			if err != nil {
				return note{}, err
			}
			n, err := s.AddNote(ctx, caller.Website, req.Token, req.Content, author)
			return noteOf(n), err
		}))
	httpkit.Handle(r, "GET /visitors/{token}/notes/{id}", 200, operation.New(chain, "visitors.get_note", authz.Read,
		func(ctx context.Context, req aNote) (note, error) {
			n, err := s.Note(ctx, identity.From(ctx).Website, req.Token, req.ID)
			return noteOf(n), err
		}))
	httpkit.Handle(r, "PATCH /visitors/{token}/notes/{id}", 200, operation.New(chain, "visitors.update_note", authz.Write,
		func(ctx context.Context, req rewrittenNote) (note, error) {
			caller := identity.From(ctx)
			n, err := s.RewriteNote(ctx, caller.Website, req.Token, req.ID, req.Content, authz.ChangeWork(caller))
			return noteOf(n), err
		}))
	httpkit.Handle(r, "DELETE /visitors/{token}/notes/{id}", 200,
		operation.New(chain, "visitors.delete_note", authz.Write,
			func(ctx context.Context, req aNote) (deletedNote, error) {
				caller := identity.From(ctx)
				return deletedNote{req.ID, true},
					s.DeleteNote(ctx, caller.Website, req.Token, req.ID, authz.ChangeWork(caller))
			}))
}

type notesAbout struct {
	byToken
	After paging.After `query:"after" json:"-"`
}

type aNote struct {
	byToken
	ID id.VisitorNote `path:"id" json:"-"`
}

type newNote struct {
	byToken
	Content visitors.NoteText `json:"content"`
}

type rewrittenNote struct {
	aNote
	Content visitors.NoteText `json:"content"`
}

// note is a note with its version.
type note struct {
	contract.VisitorNote
	of version.Of
}

// Revision is the version of the note in the response.
func (n note) Revision() version.Of { return n.of }

func noteOf(n visitors.Note) note { return note{n.View(), n.Revision()} }

func notesOf(found []visitors.Note, more bool) paging.Part[contract.VisitorNote] {
	views := make([]contract.VisitorNote, len(found))
	for i, n := range found {
		views[i] = n.View()
	}
	return paging.PartOf(views, more)
}

type deletedNote struct {
	ID      id.VisitorNote `json:"id" writer:"kept"`
	Deleted bool           `json:"deleted" writer:"kept"`
}
