package webhooks

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Store keeps webhooks and deliveries. Errors are faults: NotFound, Unavailable.
type Store interface {
	// WebhookID gives the number of the next webhook.
	WebhookID(ctx context.Context) (int64, error)
	// DeliveryID gives the number of the next delivery.
	DeliveryID(ctx context.Context) (int64, error)
	// Create stores a new webhook; Conflict where the website has MaxWebhooks.
	Create(ctx context.Context, made Webhook) error
	// Get gives a webhook.
	Get(ctx context.Context, t tenant.ID, id int64) (Webhook, error)
	// List gives a window of a website's webhooks, newest first.
	List(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[Webhook], error)
	// Save changes a webhook; change is given the stored one, may run more than once, and says whether it changed it.
	// PreconditionFailed where the context requires another revision, as for Delete.
	Save(ctx context.Context, t tenant.ID, id int64, change func(Webhook) (Webhook, bool)) (Webhook, error)
	// Delete removes a webhook; nothing of it is delivered from then on.
	Delete(ctx context.Context, t tenant.ID, id int64) error

	// Deliveries gives a window of a webhook's deliveries of a status, "" for all, newest first, without their bodies.
	Deliveries(ctx context.Context, t tenant.ID, webhookID int64, s Status, w paging.Window) (paging.Slice[Delivery], error)
	// Delivery gives a delivery.
	Delivery(ctx context.Context, t tenant.ID, webhookID, id int64) (Delivery, error)
	// Deliver stores a delivery that is to be made.
	Deliver(ctx context.Context, d Delivery) error
	// Redeliver has a delivery made anew; Conflict where it is still to be made.
	Redeliver(ctx context.Context, t tenant.ID, webhookID, id int64, now time.Time) (Delivery, error)
}
