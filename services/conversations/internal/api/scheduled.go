package api

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/conversations"
)

// scheduled adds the operations on the reply that a conversation has to send later.
func (a api) scheduled(r *httpkit.Router, chain operation.Chain) {
	httpkit.Handle(r, "GET /conversations/{token}/scheduled-reply", 200,
		operation.New(chain, "conversations.get_scheduled_reply", authz.Read,
			func(ctx context.Context, req read) (scheduledReply, error) {
				s, err := a.s.ScheduledReply(ctx, identity.From(ctx).Website, req.Token)
				return scheduledReplyOf(s), err
			}))
	httpkit.Handle(r, "PUT /conversations/{token}/scheduled-reply", 200,
		operation.New(chain, "conversations.put_scheduled_reply", authz.Write,
			func(ctx context.Context, req putScheduledReply) (scheduledReply, error) {
				caller := identity.From(ctx)
				author, err := authz.Author(caller, req.AuthorID)
				if err != nil {
					return scheduledReply{}, err
				}
				s, err := a.s.Schedule(ctx, caller.Website, req.Token, conversations.ScheduledDraft{
					Content: req.Content, SendAt: req.SendAt, AuthorID: author, ByProgram: caller.IsProgram(),
				})
				return scheduledReplyOf(s), err
			}))
	httpkit.Handle(r, "DELETE /conversations/{token}/scheduled-reply", 204,
		operation.New(chain, "conversations.delete_scheduled_reply", authz.Write,
			func(ctx context.Context, req read) (operation.None, error) {
				return operation.None{}, a.s.Unschedule(ctx, identity.From(ctx).Website, req.Token)
			}))
}

type putScheduledReply struct {
	Token    string    `path:"token" json:"-"`
	Content  string    `json:"content"`
	SendAt   time.Time `json:"sendAt"`
	AuthorID *id.User  `json:"authorId"`
}

// scheduledReply is a reply that is sent later. Without one, its members are empty.
type scheduledReply struct {
	Content   string     `json:"content"`
	SendAt    *time.Time `json:"sendAt"`
	HeldAt    *time.Time `json:"heldAt"`
	Problem   *string    `json:"problem"`
	AuthorID  *id.User   `json:"authorId"`
	CreatedAt *time.Time `json:"createdAt"`
}

func scheduledReplyOf(s *conversations.Scheduled) scheduledReply {
	if s == nil {
		return scheduledReply{}
	}
	view := scheduledReply{
		Content: s.Content, SendAt: &s.SendAt, HeldAt: s.HeldAt, AuthorID: s.AuthorID, CreatedAt: &s.CreatedAt,
	}
	if s.Problem != "" {
		view.Problem = &s.Problem
	}
	return view
}
