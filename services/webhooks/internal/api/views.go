package api

import (
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/services/webhooks"
)

// view is a webhook as clients see it, without its secret.
type view struct {
	ID                  id.Webhook       `json:"id"`
	URL                 string           `json:"url"`
	Description         string           `json:"description"`
	Events              []string         `json:"events"`
	Enabled             bool             `json:"enabled"`
	DisabledReason      *webhooks.Reason `json:"disabledReason"`
	DisabledAt          *time.Time       `json:"disabledAt"`
	PreviousSecretUntil *time.Time       `json:"previousSecretUntil"`
	DeliveredAt         *time.Time       `json:"deliveredAt"`
	FailingSince        *time.Time       `json:"failingSince"`
	CreatedAt           time.Time        `json:"createdAt"`
	UpdatedAt           time.Time        `json:"updatedAt"`
	of                  version.Of
}

// Revision is the state of the webhook that the view shows.
func (v view) Revision() version.Of { return v.of }

// secretView is a webhook with its secret, as it is shown once.
type secretView struct {
	view
	Secret string `json:"secret"`
}

func viewOf(w webhooks.Webhook) view {
	v := view{
		ID:           w.ID,
		URL:          w.URL,
		Description:  w.Description,
		Events:       w.Events,
		Enabled:      w.Enabled,
		DisabledAt:   known(w.DisabledAt),
		DeliveredAt:  known(w.DeliveredAt),
		FailingSince: known(w.FailingSince),
		CreatedAt:    w.CreatedAt,
		UpdatedAt:    w.UpdatedAt,
		of:           w.Revision(),
	}
	if w.Enabled {
		v.DisabledAt = nil
	}
	if w.DisabledReason != "" {
		v.DisabledReason = &w.DisabledReason
	}
	if w.Previous != "" && time.Now().Before(w.PreviousUntil) {
		v.PreviousSecretUntil = &w.PreviousUntil
	}
	return v
}

// known returns nil for the zero time.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type deleted struct {
	ID      id.Webhook `json:"id" writer:"kept"`
	Deleted bool       `json:"deleted" writer:"kept"`
}

// deliveryView is a delivery as lists show it.
type deliveryView struct {
	ID            id.Delivery     `json:"id"`
	EventID       string          `json:"eventId"`
	Type          string          `json:"type"`
	Status        webhooks.Status `json:"status"`
	NextAttemptAt *time.Time      `json:"nextAttemptAt"`
	Attempts      []attemptView   `json:"attempts"`
	CreatedAt     time.Time       `json:"createdAt"`
	UpdatedAt     time.Time       `json:"updatedAt"`
}

// attemptView is one attempt, the oldest first.
type attemptView struct {
	At         time.Time    `json:"at"`
	DurationMs int64        `json:"durationMs"`
	Status     *int         `json:"status"`
	Error      *string      `json:"error"`
	Request    messageView  `json:"request"`
	Response   *messageView `json:"response"`
}

type messageView struct {
	Headers map[string]string `json:"headers"`
	Body    *string           `json:"body"`
}

// detailView is a delivery with what was sent.
type detailView struct {
	deliveryView
	Body string `json:"body"`
}

func deliveryViewOf(d webhooks.Delivery) deliveryView {
	v := deliveryView{
		ID:        d.ID,
		EventID:   d.EventID,
		Type:      d.Type,
		Status:    d.Status,
		CreatedAt: d.CreatedAt,
		UpdatedAt: d.UpdatedAt,
		Attempts:  []attemptView{},
	}
	if d.Status == webhooks.Pending {
		v.NextAttemptAt = &d.NextAt
	}
	for _, a := range d.Attempts {
		seen := attemptView{At: a.At, DurationMs: a.Took.Milliseconds(), Request: messageView{a.Request, nil}}
		if a.Status != 0 {
			seen.Status, seen.Response = &a.Status, &messageView{a.Response, &a.Body}
		}
		if a.Error != "" {
			seen.Error = &a.Error
		}
		v.Attempts = append(v.Attempts, seen)
	}
	return v
}

// maxShown is the number of bytes of a body that are shown.
const maxShown = 64 << 10

func detailViewOf(d webhooks.Delivery) detailView {
	return detailView{deliveryViewOf(d), webhooks.Cut(d.Body, maxShown)}
}
