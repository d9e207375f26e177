// Package api is the service's operations and their routes.
package api

import (
	"context"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/widgets"
)

// widgetCaching lets a browser use settings that are a few seconds old. Shared caches keep them for a second, so that a
// change is visible everywhere within a second.
const widgetCaching = "public, max-age=1, stale-while-revalidate=5"

// Mount puts the operations of s into the route table.
func Mount(r *httpkit.Router, chain operation.Chain, s *widgets.Service) error {
	httpkit.Handle(r, "GET /widgets/{clientToken}", 200, operation.New(chain, "widgets.get_widget", authz.Public,
		func(ctx context.Context, req byToken) (view, error) {
			w, err := s.Public(ctx, req.ClientToken)
			return viewOf(w), err
		}), httpkit.Caching(widgetCaching), httpkit.Lenient)
	httpkit.Handle(r, "PATCH /widgets/{clientToken}", 200, operation.New(chain, "widgets.update_widget", authz.ManageWrite,
		func(ctx context.Context, req update) (view, error) {
			w, err := s.Update(ctx, identity.From(ctx).Website, req.patch())
			return viewOf(w), err
		}), httpkit.Lenient, httpkit.PublicResponse)

	httpkit.Handle(
		r, "GET /internal/widgets/{clientToken}", 200,
		operation.New(chain, "widgets.resolve_token", authz.Internal,
			func(ctx context.Context, req byToken) (resolved, error) {
				w, err := s.Public(ctx, req.ClientToken)
				return resolved{w.WebsiteID, viewOf(w)}, err
			}),
	)
	httpkit.Handle(
		r, "GET /internal/website-widget", 200,
		operation.New(chain, "widgets.get_website_widget", authz.Internal,
			func(ctx context.Context, _ operation.None) (present, error) {
				w, err := s.Of(ctx, identity.From(ctx).Website)
				return presentOf(w), err
			}),
	)
	httpkit.Handle(r, "POST /internal/widgets", 200, operation.New(chain, "widgets.open_widget", authz.Internal,
		func(ctx context.Context, req open) (view, error) {
			w, err := s.Open(ctx, identity.From(ctx).Website, req.ClientToken)
			return viewOf(w), err
		}))
	script, err := newScripter(s)
	if err != nil {
		return err
	}
	language, err := words()
	if err != nil {
		return err
	}
	r.Mount("GET /widget/{clientToken}", script)
	r.Mount("GET /widget-words/{language}", language)
	r.Mount("GET /widget-panel/{version}", panel())
	return nil
}
