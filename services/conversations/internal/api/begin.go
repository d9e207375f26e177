package api

import (
	"context"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/publictoken"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/conversations"
)

// begin adds the operation by which an agent writes first.
func (a api) begin(r *httpkit.Router, chain operation.Chain) {
	httpkit.Handle(r, "POST /visitors/{token}/conversations", 201,
		operation.New(chain, "conversations.begin_conversation", authz.Write,
			func(ctx context.Context, req begin) (begun, error) {
				caller := identity.From(ctx)
				author, err := authz.Author(caller, req.AuthorID)
				if err != nil {
					return begun{}, err
				}
				assign := author != nil
				if req.Assign != nil {
					assign = *req.Assign
				}
				c, fresh, err := a.s.Begin(ctx, caller.Website, req.Token, conversations.Draft{
					Content: req.Content, AuthorID: author, ByProgram: caller.IsProgram(), ClientID: req.ClientMessageID,
					Attachments: req.Attachments,
				}, assign)
				shown, err := a.viewed(ctx, c, err)
				return begun{shown, fresh}, err
			}))
}

type begin struct {
	Token           string    `path:"token" json:"-"`
	Content         string    `json:"content"`
	AuthorID        *id.User  `json:"authorId"`
	ClientMessageID string    `json:"clientMessageId"`
	Attachments     []id.File `json:"attachments"`
	Assign          *bool     `json:"assign"` // nil: if there is an author
}

// Validate implements the validation of requests in httpkit.
func (b begin) Validate() error {
	if !publictoken.WellFormed(b.Token) {
		return fault.Bad("token", "must be "+publictoken.Form)
	}
	return nil
}

// begun is a conversation that an agent has begun.
type begun struct {
	changed
	fresh bool
}

// HTTPStatus is 201 for a new conversation, 200 for a repeated one.
func (b begun) HTTPStatus() int { return createdOr200(b.fresh) }
