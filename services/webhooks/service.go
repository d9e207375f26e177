package webhooks

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
)

// Service implements the use cases.
type Service struct {
	store Store
	http  bool
	now   func() time.Time
}

// New makes a Service. http allows URLs without TLS. now is the clock; its times are truncated to the precision of the
// database, so that a stored webhook equals the one in the response.
func New(store Store, http bool, now func() time.Time) *Service {
	return &Service{store, http, timestamp.Clock(now)}
}

// List returns a window of a website's webhooks.
func (s *Service) List(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[Webhook], error) {
	return s.store.List(ctx, t, w)
}

// Get returns a webhook.
func (s *Service) Get(ctx context.Context, t tenant.ID, webhook id.Webhook) (Webhook, error) {
	return s.store.Get(ctx, t, webhook)
}

// Create makes a webhook with a new secret.
func (s *Service) Create(ctx context.Context, t tenant.ID, d Draft) (Webhook, error) {
	if err := d.Validate(s.http); err != nil {
		return Webhook{}, err
	}
	webhook, err := s.store.WebhookID(ctx)
	if err != nil {
		return Webhook{}, err
	}
	at := s.now()
	made := Webhook{
		ID:          webhook,
		WebsiteID:   t,
		URL:         d.URL,
		Description: d.Description,
		Events:      d.Events,
		Enabled:     d.Enabled,
		Secret:      NewSecret(),
		CreatedAt:   at,
		UpdatedAt:   at,
	}
	if !made.Enabled {
		made.DisabledAt = at
	}
	return made, s.store.Create(ctx, made)
}

// Update changes a webhook. When it is enabled again, its held deliveries continue.
func (s *Service) Update(ctx context.Context, t tenant.ID, webhook id.Webhook, p Patch) (Webhook, error) {
	if err := p.Validate(s.http); err != nil {
		return Webhook{}, err
	}
	at := s.now()
	return s.store.Save(ctx, t, webhook, func(stored Webhook) (Webhook, error) { return p.apply(stored, at), nil })
}

// Rotate gives a webhook a new secret. The previous one also signs during overlap.
func (s *Service) Rotate(ctx context.Context, t tenant.ID, webhook id.Webhook, overlap time.Duration) (Webhook, error) {
	if overlap < 0 || overlap > MaxOverlap {
		return Webhook{}, fault.Bad("overlapSeconds", fmt.Sprintf("must be from 0 to %d", int(MaxOverlap.Seconds())))
	}
	secret, at := NewSecret(), s.now()
	return s.store.Save(ctx, t, webhook, func(stored Webhook) (Webhook, error) {
		return stored.rotated(secret, overlap, at), nil
	})
}

// Delete removes a webhook and its deliveries.
func (s *Service) Delete(ctx context.Context, t tenant.ID, webhook id.Webhook) error {
	return s.store.Delete(ctx, t, webhook)
}

// Deliveries returns a window of a webhook's deliveries. Its error is NotFound if the webhook doesn't exist.
func (s *Service) Deliveries(
	ctx context.Context, t tenant.ID, webhook id.Webhook, status Status, w paging.Window,
) (paging.Slice[Delivery], error) {
	if status != "" && !status.Valid() {
		return paging.Slice[Delivery]{}, fault.Bad("status", "must be PENDING, HELD, DELIVERED or FAILED")
	}
	if _, err := s.store.Get(ctx, t, webhook); err != nil {
		return paging.Slice[Delivery]{}, err
	}
	return s.store.Deliveries(ctx, t, webhook, status, w)
}

// Delivery returns a delivery with its body and attempts.
func (s *Service) Delivery(
	ctx context.Context, t tenant.ID, webhook id.Webhook, delivery id.Delivery,
) (Delivery, error) {
	return s.store.Delivery(ctx, t, webhook, delivery)
}

// Redeliver schedules a delivery again, with the same id.
func (s *Service) Redeliver(
	ctx context.Context, t tenant.ID, webhook id.Webhook, delivery id.Delivery,
) (Delivery, error) {
	if _, err := s.enabled(ctx, t, webhook); err != nil {
		return Delivery{}, err
	}
	return s.store.Redeliver(ctx, t, webhook, delivery, s.now())
}

// Test delivers an event of the type webhook.test, which needs no subscription.
func (s *Service) Test(ctx context.Context, t tenant.ID, webhook id.Webhook) (Delivery, error) {
	w, err := s.enabled(ctx, t, webhook)
	if err != nil {
		return Delivery{}, err
	}
	at, event := s.now(), "test_"+rand.Text()
	e, err := NewEvent(event, TypeTest, "test:"+event, 0, t, at, json.RawMessage(fmt.Sprintf(`{"webhookId":%d}`, webhook)))
	if err != nil {
		return Delivery{}, err
	}
	number, err := s.store.DeliveryID(ctx)
	if err != nil {
		return Delivery{}, err
	}
	d := newDelivery(w, number, e, at)
	return d, s.store.Deliver(ctx, d)
}

// enabled returns a webhook, or Conflict if it is disabled, since a delivery would wait.
func (s *Service) enabled(ctx context.Context, t tenant.ID, webhook id.Webhook) (Webhook, error) {
	w, err := s.store.Get(ctx, t, webhook)
	if err == nil && !w.Enabled {
		err = fault.Coded(fault.Conflict, "webhook_disabled", "the webhook is disabled: enable it first")
	}
	return w, err
}
