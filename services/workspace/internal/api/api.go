// Package api maps the operations of the workspace service to HTTP routes. It holds no business rules; those are in
// package workspace.
package api

import (
	"context"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/workspace"
)

// Mount adds the operations of s to the route table.
func Mount(r *httpkit.Router, chain operation.Chain, s *workspace.Service) {
	replies(r, chain, s.Replies)
	views(r, chain, s.Views)
	macros(r, chain, s.Macros)
	httpkit.Handle(r, "POST /internal/users/{id}/unassign", 200,
		operation.New(chain, "workspace.remove_own_items", authz.Internal,
			func(ctx context.Context, req ofUser) (removed, error) {
				return removed{}, s.RemoveOwn(ctx, identity.From(ctx).Website, req.ID)
			}))
}

func replies(r *httpkit.Router, chain operation.Chain, s workspace.Replies) {
	httpkit.Handle(r, "GET /canned-replies", 200, operation.New(chain, "workspace.list_canned_replies", authz.Read,
		func(ctx context.Context, req listReplies) (paging.Page[reply], error) {
			p := identity.From(ctx)
			found, err := s.Search(ctx, p.Website,
				workspace.Filter{User: p.UserID, Folder: req.Folder, Shortcut: req.Shortcut}, req.Search, req.Window)
			return paging.Envelope(req.Window, found, each(found.Rows, replyOf)), err
		}))
	httpkit.Handle(r, "POST /canned-replies", 201, operation.New(chain, "workspace.create_canned_reply", authz.Write,
		create[newReply](s.Items, replyOf)))
	httpkit.Handle(r, "GET /canned-replies/{id}", 200, operation.New(chain, "workspace.get_canned_reply", authz.Read,
		get(s.Items, replyOf)))
	httpkit.Handle(r, "PATCH /canned-replies/{id}", 200, operation.New(chain, "workspace.update_canned_reply", authz.Write,
		update[replyPatch](s.Items, replyOf)))
	httpkit.Handle(r, "DELETE /canned-replies/{id}", 200,
		operation.New(chain, "workspace.delete_canned_reply", authz.Write, remove(s.Items)))
	httpkit.Handle(r, "POST /canned-replies/{id}/use", 200, operation.New(chain, "workspace.use_canned_reply", authz.Write,
		func(ctx context.Context, req use) (used, error) {
			p := identity.From(ctx)
			r, text, err := s.Use(ctx, p.Website, req.ID, p.UserID, req.Values)
			return used{r.ID, text, r.Uses}, err
		}))
}

func views(r *httpkit.Router, chain operation.Chain, s workspace.Views) {
	httpkit.Handle(r, "GET /views", 200, operation.New(chain, "workspace.list_views", authz.Read,
		func(ctx context.Context, _ operation.None) (viewList, error) {
			p := identity.From(ctx)
			found, err := s.Ordered(ctx, p.Website, p.UserID)
			return viewList{each(found, viewOf)}, err
		}))
	httpkit.Handle(r, "POST /views", 201, operation.New(chain, "workspace.create_view", authz.Write,
		create[newView](s.Items, viewOf)))
	httpkit.Handle(r, "GET /views/{id}", 200, operation.New(chain, "workspace.get_view", authz.Read,
		get(s.Items, viewOf)))
	httpkit.Handle(r, "PATCH /views/{id}", 200, operation.New(chain, "workspace.update_view", authz.Write,
		update[viewPatch](s.Items, viewOf)))
	httpkit.Handle(r, "DELETE /views/{id}", 200, operation.New(chain, "workspace.delete_view", authz.Write,
		remove(s.Items)))
}

func macros(r *httpkit.Router, chain operation.Chain, s workspace.Macros) {
	httpkit.Handle(r, "GET /macros", 200, operation.New(chain, "workspace.list_macros", authz.Read,
		func(ctx context.Context, req listMacros) (paging.Page[macro], error) {
			p := identity.From(ctx)
			found, err := s.List(ctx, p.Website, workspace.Filter{User: p.UserID}, req.Window)
			return paging.Envelope(req.Window, found, each(found.Rows, macroOf)), err
		}))
	httpkit.Handle(r, "POST /macros", 201, operation.New(chain, "workspace.create_macro", authz.Write,
		create[newMacro](s, macroOf)))
	httpkit.Handle(r, "GET /macros/{id}", 200, operation.New(chain, "workspace.get_macro", authz.Read,
		get(s, macroOf)))
	httpkit.Handle(r, "PATCH /macros/{id}", 200, operation.New(chain, "workspace.update_macro", authz.Write,
		update[macroPatch](s, macroOf)))
	httpkit.Handle(r, "DELETE /macros/{id}", 200, operation.New(chain, "workspace.delete_macro", authz.Write,
		remove(s)))
}
