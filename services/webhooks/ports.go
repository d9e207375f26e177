package webhooks

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Store stores webhooks and deliveries. Errors are faults: NotFound, Unavailable.
type Store interface {
	// WebhookID returns the id of the next webhook.
	WebhookID(ctx context.Context) (int64, error)
	// DeliveryID returns the id of the next delivery.
	DeliveryID(ctx context.Context) (int64, error)
	// Create stores a new webhook. Its error is Conflict if the website has MaxWebhooks.
	Create(ctx context.Context, made Webhook) error
	// Get returns a webhook.
	Get(ctx context.Context, t tenant.ID, id int64) (Webhook, error)
	// List returns a window of a website's webhooks, newest first.
	List(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[Webhook], error)
	// Save changes a webhook. change gets the stored one, may run more than once, and reports whether it changed it.
	// The error is PreconditionFailed if the context requires another version, as for Delete.
	Save(ctx context.Context, t tenant.ID, id int64, change func(Webhook) (Webhook, bool)) (Webhook, error)
	// Delete removes a webhook. Nothing is delivered to it afterwards.
	Delete(ctx context.Context, t tenant.ID, id int64) error

	// Deliveries returns a window of a webhook's deliveries with a status ("" for all), newest first, without bodies.
	Deliveries(
		ctx context.Context, t tenant.ID, webhookID int64, s Status, w paging.Window,
	) (paging.Slice[Delivery], error)
	// Delivery returns a delivery.
	Delivery(ctx context.Context, t tenant.ID, webhookID, id int64) (Delivery, error)
	// Deliver stores a new delivery.
	Deliver(ctx context.Context, d Delivery) error
	// Redeliver schedules a delivery again. Its error is Conflict if it is still pending.
	Redeliver(ctx context.Context, t tenant.ID, webhookID, id int64, now time.Time) (Delivery, error)
}
