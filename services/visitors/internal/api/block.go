package api

import (
	"context"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/visitors"
)

// mountBlock adds the operations that block a visitor and take that back to the route table.
func mountBlock(r *httpkit.Router, chain operation.Chain, s *visitors.Service) {
	httpkit.Handle(r, "PUT /visitors/{token}/block", 200, operation.New(chain, "visitors.block_visitor", authz.Write,
		func(ctx context.Context, req byToken) (view, error) {
			caller := identity.From(ctx)
			by, err := authz.Author(caller, nil)
			if err != nil {
				return view{}, err
			}
			v, err := s.Block(ctx, caller.Website, req.Token, by)
			return changedView(ctx, v, nil), err
		}))
	httpkit.Handle(r, "DELETE /visitors/{token}/block", 200,
		operation.New(chain, "visitors.unblock_visitor", authz.Write,
			func(ctx context.Context, req byToken) (view, error) {
				v, err := s.Unblock(ctx, identity.From(ctx).Website, req.Token)
				return changedView(ctx, v, nil), err
			}))
}
