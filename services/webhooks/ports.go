package webhooks

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Store stores webhooks and deliveries. Errors are faults: NotFound, Unavailable.
type Store interface {
	// WebhookID returns the id of the next webhook.
	WebhookID(ctx context.Context) (id.Webhook, error)
	// DeliveryID returns the id of the next delivery.
	DeliveryID(ctx context.Context) (id.Delivery, error)
	// Create stores a new webhook. Its error is Conflict if the website has MaxWebhooks.
	Create(ctx context.Context, made Webhook) error
	// Get returns a webhook.
	Get(ctx context.Context, t tenant.ID, webhookID id.Webhook) (Webhook, error)
	// List returns a window of a website's webhooks, newest first.
	List(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[Webhook], error)
	// Save changes a webhook. change gets the stored one and may run more than once. If it returns that one unchanged,
	// nothing is stored. The error is PreconditionFailed if the context requires another version, as for Delete.
	Save(ctx context.Context, t tenant.ID, webhookID id.Webhook, change func(Webhook) (Webhook, error)) (Webhook, error)
	// Delete removes a webhook. Nothing is delivered to it afterwards.
	Delete(ctx context.Context, t tenant.ID, webhookID id.Webhook) error

	// Deliveries returns a window of a webhook's deliveries with a status ("" for all), newest first, without bodies.
	Deliveries(
		ctx context.Context, t tenant.ID, webhookID id.Webhook, s Status, w paging.Window,
	) (paging.Slice[Delivery], error)
	// Delivery returns a delivery.
	Delivery(ctx context.Context, t tenant.ID, webhookID id.Webhook, deliveryID id.Delivery) (Delivery, error)
	// Deliver stores a new delivery.
	Deliver(ctx context.Context, d Delivery) error
	// Redeliver schedules a delivery again. Its error is Conflict if it is still pending.
	Redeliver(
		ctx context.Context, t tenant.ID, webhookID id.Webhook, deliveryID id.Delivery, now time.Time,
	) (Delivery, error)
}
