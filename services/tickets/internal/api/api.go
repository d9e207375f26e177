// Package api is the service's operations and their routes.
package api

import (
	"context"
	"strconv"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/tickets"
)

// Mount puts the operations of s into the route table.
func Mount(r *httpkit.Router, chain operation.Chain, s *tickets.Service) {
	mountRows(r, chain, s)
	mountMail(r, chain, s)
	httpkit.Handle(r, "GET /tickets", 200, operation.New(chain, "tickets.list_tickets", authz.ProRead,
		func(ctx context.Context, req list) (paging.Page[view], error) {
			caller := identity.From(ctx)
			filter, err := req.filter(caller.UserID)
			if err != nil {
				return paging.Page[view]{}, err
			}
			found, err := s.List(ctx, caller.Website, filter, req.Following)
			return paging.Envelope(req.Window, found, viewsOf(found.Rows)), err
		}), httpkit.Lenient)
	httpkit.Handle(r, "POST /tickets", 201, operation.New(chain, "tickets.create_ticket", authz.ProWrite,
		func(ctx context.Context, req create) (view, error) {
			caller := identity.From(ctx)
			d, err := s.Create(ctx, caller.Website, req.draft(channelOf(caller)))
			return viewOf(d), err
		}), httpkit.Lenient)
	httpkit.Handle(r, "GET /tickets/{id}", 200, operation.New(chain, "tickets.get_ticket", authz.ProRead,
		func(ctx context.Context, req thread) (threadView, error) {
			d, err := s.Get(ctx, identity.From(ctx).Website, req.ID, id.TicketMessage(req.After), req.authors())
			return threadView{viewOf(d)}, err
		}), httpkit.Lenient)
	httpkit.Handle(r, "PATCH /tickets/{id}", 200, operation.New(chain, "tickets.update_ticket", authz.ProWrite,
		func(ctx context.Context, req update) (view, error) {
			d, err := s.Update(ctx, identity.From(ctx).Website, req.ID, req.patch())
			return viewOf(d), err
		}), httpkit.Lenient)
	httpkit.Handle(r, "DELETE /tickets/{id}", 200, operation.New(chain, "tickets.delete_ticket", authz.ProWrite,
		func(ctx context.Context, req byID) (deleted, error) {
			return deleted{strconv.FormatInt(int64(req.ID), 10), true}, s.Delete(ctx, identity.From(ctx).Website, req.ID)
		}), httpkit.Lenient)
	httpkit.Handle(r, "PATCH /tickets/{id}/status", 200, operation.New(chain, "tickets.set_status", authz.ProWrite,
		func(ctx context.Context, req setStatus) (view, error) {
			d, err := s.Update(ctx, identity.From(ctx).Website, req.ID, tickets.Patch{Status: optional.Of(req.Status)})
			return viewOf(d), err
		}), httpkit.Lenient)
	httpkit.Handle(r, "POST /tickets/{id}/messages", 201, operation.New(chain, "tickets.add_message", authz.ProWrite,
		func(ctx context.Context, req post) (messageView, error) {
			caller := identity.From(ctx)
			var err error
			if req.AuthorID, err = authz.Author(caller, req.AuthorID); err != nil {
				return messageView{}, err
			}
			m, err := s.AddMessage(ctx, caller.Website, req.ID, req.post())
			return messageViewOf(m), err
		}), httpkit.Lenient)
	httpkit.Handle(r, "POST /internal/users/{id}/unassign", 200,
		operation.New(chain, "tickets.unassign", authz.Internal,
			func(ctx context.Context, req ofUser) (unassigned, error) {
				more, err := s.Unassign(ctx, identity.From(ctx).Website, req.ID)
				return unassigned{more}, err
			}))
	httpkit.Handle(
		r, "POST /internal/visitors/tickets", 201,
		operation.New(chain, "tickets.create_visitor_ticket", authz.Visitor.UnlessBlocked(),
			func(ctx context.Context, req create) (view, error) {
				p := identity.From(ctx)
				d, err := s.CreateByVisitor(ctx, p.Website, p.VisitorID, req.draft(tickets.ChannelWidget))
				return viewOf(d), err
			}),
		httpkit.Lenient,
	)
}
