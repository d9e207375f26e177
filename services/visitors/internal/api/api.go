// Package api maps the operations of the visitors service to HTTP routes: Mount has the operations, MountExport the
// export. It holds no business rules; those are in package visitors.
package api

import (
	"context"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/visitors"
)

// Mount adds the operations of s to the route table.
func Mount(r *httpkit.Router, chain operation.Chain, s *visitors.Service) {
	mountRows(r, chain, s)
	mountNotes(r, chain, s)
	mountBlock(r, chain, s)
	httpkit.Handle(r, "GET /visitors", 200, operation.New(chain, "visitors.list_visitors", authz.Read,
		func(ctx context.Context, req list) (paging.Page[view], error) {
			found, err := s.List(ctx, identity.From(ctx).Website, req.Online.Ptr(), req.Following)
			return paging.Envelope(req.Window, found, viewsOf(found.Rows)), err
		}))
	httpkit.Handle(r, "GET /visitors/{token}", 200, operation.New(chain, "visitors.get_visitor", authz.Read,
		func(ctx context.Context, req byToken) (view, error) {
			v, err := s.Visitor(ctx, identity.From(ctx).Website, req.Token)
			return viewOf(v), err
		}), httpkit.Lenient)
	httpkit.Handle(r, "PATCH /visitors/{token}/context", 200, operation.New(chain, "visitors.update_context", authz.Write,
		func(ctx context.Context, req update) (view, error) {
			v, err := s.Update(ctx, identity.From(ctx).Website, req.Token, req.patch())
			return changedView(ctx, v, req.Context.V), err
		}), httpkit.Lenient)
	httpkit.Handle(r, "POST /visitor/sessions", 201, operation.New(chain, "visitors.open_session", authz.Public,
		func(ctx context.Context, req openSession) (session, error) {
			opened, err := s.OpenSession(ctx, visitors.NewSession{
				ClientToken:   req.ClientToken,
				VisitorToken:  req.VisitorToken,
				VisitorSecret: req.secret(),
				IP:            httpkit.ClientAddress(ctx),
				Patch:         req.patch(),
				Claim:         visitors.Claim(req.Identity),
			})
			return sessionOf(opened), err
		}))
	httpkit.Handle(r, "POST /visitor/heartbeat", 200, operation.New(chain, "visitors.note_presence", authz.Visitor,
		func(ctx context.Context, _ heartbeat) (presence, error) {
			p := identity.From(ctx)
			there, err := s.Heartbeat(ctx, p.Website, p.VisitorID)
			return presenceOf(there), err
		}))
	mountInternal(r, chain, s)
}

func mountInternal(r *httpkit.Router, chain operation.Chain, s *visitors.Service) {
	httpkit.Handle(r, "GET /internal/visitor-tokens/{token}", 200,
		operation.New(chain, "visitors.resolve_token", authz.Internal,
			func(ctx context.Context, req byToken) (resolved, error) {
				t, owner, err := s.Resolve(ctx, req.Token)
				return resolved{t, owner.ID, owner.SecretHash, owner.IsRefused, owner.IsBlocked}, err
			}))
	httpkit.Handle(r, "GET /internal/identity-policy", 200,
		operation.New(chain, "visitors.get_identity_policy", authz.Internal,
			func(ctx context.Context, _ operation.None) (identityPolicy, error) {
				required, err := s.IdentityRequired(ctx, identity.From(ctx).Website)
				return identityPolicy{required}, err
			}))
	httpkit.Handle(r, "PUT /internal/identity-policy", 200,
		operation.New(chain, "visitors.set_identity_policy", authz.Internal,
			func(ctx context.Context, req identityPolicy) (identityPolicy, error) {
				before, err := s.RequireIdentity(ctx, identity.From(ctx).Website, req.Required)
				return identityPolicy{before}, err
			}))
	httpkit.Handle(r, "GET /internal/visitors", 200, operation.New(chain, "visitors.get_visitors", authz.Internal,
		func(ctx context.Context, req byIDs) ([]view, error) {
			found, err := s.ByIDs(ctx, identity.From(ctx).Website, req.IDs)
			return viewsOf(found), err
		}))
	httpkit.Handle(r, "PUT /internal/visitors/{id}/agent-conversation", 204,
		operation.New(chain, "visitors.set_agent_conversation", authz.Internal,
			func(ctx context.Context, req agentConversation) (operation.None, error) {
				return operation.None{}, s.AgentBegan(ctx, identity.From(ctx).Website, req.ID, req.Token)
			}))
	httpkit.Handle(r, "GET /internal/visitors/by-token/{token}", 200,
		operation.New(chain, "visitors.get_visitor_by_token", authz.Internal,
			func(ctx context.Context, req byToken) (named, error) {
				v, isRefused, err := s.Named(ctx, identity.From(ctx).Website, req.Token)
				return named{viewOf(v), isRefused}, err
			}))
	httpkit.Handle(r, "POST /internal/visitors/import", 200,
		operation.New(chain, "visitors.import_visitors", authz.Internal,
			func(ctx context.Context, req importRequest) ([]imported, error) {
				done, err := s.Import(ctx, identity.From(ctx).Website, req.rows())
				return importedOf(done), err
			}))
	httpkit.Handle(r, "GET /internal/visitors/online", 200, operation.New(chain, "visitors.count_online", authz.Internal,
		func(ctx context.Context, _ operation.None) (online, error) {
			n, err := s.Online(ctx, identity.From(ctx).Website)
			return online{n}, err
		}))
}
