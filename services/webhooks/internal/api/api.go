// Package api is the service's operations and their routes.
package api

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/webhooks"
)

// Mount puts the operations of s into the route table.
func Mount(r *httpkit.Router, chain operation.Chain, s *webhooks.Service) {
	httpkit.Handle(r, "GET /webhooks", 200, operation.New(chain, "webhooks.list_webhooks", authz.ManageRead,
		func(ctx context.Context, req list) (paging.Page[view], error) {
			found, err := s.List(ctx, identity.From(ctx).Website, req.Window)
			return paging.Envelope(req.Window, found, each(found.Rows, viewOf)), err
		}))
	httpkit.Handle(r, "POST /webhooks", 201,
		operation.New(chain, "webhooks.create_webhook", authz.ManageBoth.AfterConfirmation(),
			func(ctx context.Context, req create) (secretView, error) {
				w, err := s.Create(ctx, identity.From(ctx).Website, req.draft())
				return secretView{viewOf(w), w.Secret}, err
			}))
	httpkit.Handle(r, "GET /webhooks/{id}", 200, operation.New(chain, "webhooks.get_webhook", authz.ManageRead,
		func(ctx context.Context, req byID) (view, error) {
			w, err := s.Get(ctx, identity.From(ctx).Website, req.ID)
			return viewOf(w), err
		}))
	httpkit.Handle(r, "PATCH /webhooks/{id}", 200,
		operation.New(chain, "webhooks.update_webhook", authz.ManageBoth.AfterConfirmation(),
			func(ctx context.Context, req update) (view, error) {
				w, err := s.Update(ctx, identity.From(ctx).Website, req.ID, req.patch())
				return viewOf(w), err
			}))
	httpkit.Handle(r, "DELETE /webhooks/{id}", 200, operation.New(chain, "webhooks.delete_webhook", authz.ManageWrite,
		func(ctx context.Context, req byID) (deleted, error) {
			return deleted{req.ID, true}, s.Delete(ctx, identity.From(ctx).Website, req.ID)
		}))
	httpkit.Handle(r, "POST /webhooks/{id}/secret", 200,
		operation.New(chain, "webhooks.rotate_secret", authz.ManageBoth.AfterConfirmation(),
			func(ctx context.Context, req rotate) (secretView, error) {
				w, err := s.Rotate(ctx, identity.From(ctx).Website, req.ID, req.overlap())
				return secretView{viewOf(w), w.Secret}, err
			}))
	mountDeliveries(r, chain, s)
}

func mountDeliveries(r *httpkit.Router, chain operation.Chain, s *webhooks.Service) {
	httpkit.Handle(r, "POST /webhooks/{id}/test", 202, operation.New(chain, "webhooks.test_webhook", authz.ManageBoth,
		func(ctx context.Context, req byID) (deliveryView, error) {
			d, err := s.Test(ctx, identity.From(ctx).Website, req.ID)
			return deliveryViewOf(d), err
		}))
	httpkit.Handle(r, "GET /webhooks/{id}/deliveries", 200, operation.New(
		chain, "webhooks.list_deliveries", authz.ManageRead,
		func(ctx context.Context, req listDeliveries) (paging.Page[deliveryView], error) {
			found, err := s.Deliveries(ctx, identity.From(ctx).Website, req.ID, webhooks.Status(req.Status), req.Window)
			return paging.Envelope(req.Window, found, each(found.Rows, deliveryViewOf)), err
		}))
	httpkit.Handle(
		r, "GET /webhooks/{id}/deliveries/{deliveryId}", 200,
		operation.New(chain, "webhooks.get_delivery", authz.ManageRead,
			func(ctx context.Context, req delivery) (detailView, error) {
				d, err := s.Delivery(ctx, identity.From(ctx).Website, req.ID, req.DeliveryID)
				return detailViewOf(d), err
			}),
	)
	httpkit.Handle(
		r, "POST /webhooks/{id}/deliveries/{deliveryId}/redeliver", 202,
		operation.New(chain, "webhooks.redeliver", authz.ManageBoth,
			func(ctx context.Context, req delivery) (deliveryView, error) {
				d, err := s.Redeliver(ctx, identity.From(ctx).Website, req.ID, req.DeliveryID)
				return deliveryViewOf(d), err
			}),
	)
}

func each[A, B any](rows []A, view func(A) B) []B {
	views := make([]B, len(rows))
	for i, r := range rows {
		views[i] = view(r)
	}
	return views
}

// overlap is how long the previous secret also signs.
func (r rotate) overlap() time.Duration {
	if v := r.OverlapSeconds; v != nil {
		// Values that don't fit a Duration are clamped; they stay invalid.
		return time.Duration(min(max(*v, -1), int64(2*webhooks.MaxOverlap/time.Second))) * time.Second
	}
	return webhooks.DefaultOverlap
}
