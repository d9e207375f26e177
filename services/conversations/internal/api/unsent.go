package api

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/conversations"
)

// unsent adds the operations on the caller's own unsent texts, which the API calls drafts.
func (a api) unsent(r *httpkit.Router, chain operation.Chain) {
	httpkit.Handle(r, "GET /drafts", 200, operation.New(chain, "conversations.list_drafts", authz.Agent,
		func(ctx context.Context, _ operation.None) (draftList, error) {
			p := identity.From(ctx)
			found, err := a.s.UnsentOf(ctx, p.Website, p.UserID)
			list := draftList{Data: make([]draft, len(found))}
			for i, u := range found {
				list.Data[i] = draftOf(u)
			}
			return list, err
		}))
	httpkit.Handle(r, "GET /conversations/{token}/draft", 200,
		operation.New(chain, "conversations.get_draft", authz.Agent,
			func(ctx context.Context, req read) (draft, error) {
				p := identity.From(ctx)
				u, err := a.s.Unsent(ctx, p.Website, req.Token, p.UserID)
				return draftOf(u), err
			}))
	httpkit.Handle(r, "PUT /conversations/{token}/draft", 200,
		operation.New(chain, "conversations.put_draft", authz.Agent,
			func(ctx context.Context, req putDraft) (draft, error) {
				p := identity.From(ctx)
				u, err := a.s.PutUnsent(ctx, p.Website, req.Token, p.UserID,
					conversations.UnsentText{Kind: req.Kind, Content: req.Content})
				return draftOf(u), err
			}))
	httpkit.Handle(r, "DELETE /conversations/{token}/draft", 204,
		operation.New(chain, "conversations.delete_draft", authz.Agent,
			func(ctx context.Context, req read) (operation.None, error) {
				p := identity.From(ctx)
				return operation.None{}, a.s.DeleteUnsent(ctx, p.Website, req.Token, p.UserID)
			}))
}

type putDraft struct {
	Token   string                   `path:"token" json:"-"`
	Kind    conversations.UnsentKind `json:"kind"`
	Content string                   `json:"content"`
}

// draft is an unsent text, for its author.
type draft struct {
	ConversationToken string                   `json:"conversationToken"`
	Kind              conversations.UnsentKind `json:"kind"`
	Content           string                   `json:"content"`
	UpdatedAt         *time.Time               `json:"updatedAt"` // nil if there is none
}

func draftOf(u conversations.Unsent) draft {
	d := draft{ConversationToken: u.Token, Kind: u.Kind, Content: u.Content}
	if !u.UpdatedAt.IsZero() {
		d.UpdatedAt = &u.UpdatedAt
	}
	return d
}

type draftList struct {
	Data []draft `json:"data"`
}
