package webhooks

import (
	"strings"
	"time"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Status is the state of a delivery:
//
//	PENDING ─► DELIVERED
//	PENDING ─► FAILED       no attempts are left, or the receiver responded with 410
//	PENDING ◄─► HELD        the webhook is disabled, enabled
//	DELIVERED, FAILED ─► PENDING   by a redelivery
type Status string

// The statuses.
const (
	Pending   Status = "PENDING"   // waits for its next attempt
	Held      Status = "HELD"      // waits until its webhook is enabled again
	Delivered Status = "DELIVERED" // the receiver responded with 2xx
	Failed    Status = "FAILED"    // there are no more attempts
)

// Valid reports whether s is one of the statuses.
func (s Status) Valid() bool { return s == Pending || s == Held || s == Delivered || s == Failed }

// TypeTest is the type of test events.
const TypeTest = "webhook.test"

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID        id.Delivery `bson:"_id"`
	WebsiteID tenant.ID   `bson:"websiteId"`
	WebhookID id.Webhook  `bson:"webhookId"`
	EventID   string      `bson:"eventId"` // sent as webhook-id, the same in every attempt
	Type      string      `bson:"type"`
	Key       string      `bson:"key"`             // the object of the event: deliveries with one key are in order
	Order     int64       `bson:"order"`           // the event's position among those of the key
	Body      string      `bson:"-"`               // as it is sent; stored in the row or in webhooks_bodies
	Bytes     int64       `bson:"bytes,omitempty"` // length of Body; 0 in rows of versions that did not store it
	Status    Status      `bson:"status"`
	Tries     int         `bson:"tries"`  // attempts since it was created or redelivered
	NextAt    time.Time   `bson:"nextAt"` // if it is pending
	Attempts  []Attempt   `bson:"attempts"`
	CreatedAt time.Time   `bson:"createdAt"`
	UpdatedAt time.Time   `bson:"updatedAt"`             // KeptFor later the delivery is removed
	VisitorID id.Visitor  `bson:"visitorId"`             // the visitor that the event is about, 0 for none
	Trace     string      `bson:"traceparent,omitempty"` // of the span that wrote the event
}

// SortKey is the delivery's position in a newest-first list.
func (d Delivery) SortKey() (time.Time, int64) { return d.CreatedAt, int64(d.ID) }

// Attempt is one request with its response, as far as they are stored.
type Attempt struct {
	At       time.Time         `bson:"at"`
	Took     time.Duration     `bson:"took"`
	Request  map[string]string `bson:"request"` // headers, without the signature
	Status   int               `bson:"status"`  // 0 for no response
	Response map[string]string `bson:"response"`
	Body     string            `bson:"body"`  // the start of the response's body
	Error    string            `bson:"error"` // why there was no response, in words that tenants may read
	// RetryAfter is the pause that the receiver asked for.
	RetryAfter time.Duration `bson:"-"`
}

// Cut returns the first most bytes of a text, with invalid UTF-8 replaced. The replacement can be longer than the
// original.
func Cut(text string, most int) string {
	return strings.ToValidUTF8(text[:min(len(text), most)], string(utf8.RuneError))
}

// Succeeded reports whether the receiver accepted the delivery.
func (a Attempt) Succeeded() bool { return a.Status >= 200 && a.Status < 300 }

// KeptFor is how long a delivery is kept after its last attempt.
const KeptFor = 30 * 24 * time.Hour

// maxAttempts is how many attempts of a delivery are stored, the latest ones.
const maxAttempts = 12

// MaxAttemptsBytes limits the size of a delivery's stored attempts. The oldest are dropped first.
const MaxAttemptsBytes = 64 << 10

// size is the approximate size of an attempt in bytes.
func (a Attempt) size() int {
	n := len(a.Body) + len(a.Error)
	for _, headers := range []map[string]string{a.Request, a.Response} {
		for name, value := range headers {
			n += len(name) + len(value)
		}
	}
	return n
}

// latest returns the attempts that are stored, oldest first.
func latest(attempts []Attempt) []Attempt {
	first, bytes := len(attempts), 0
	for first > 0 && len(attempts)-first < maxAttempts {
		bytes += attempts[first-1].size()
		if bytes > MaxAttemptsBytes && first < len(attempts) {
			break
		}
		first--
	}
	return attempts[first:]
}

// Schedule has the pause after each failed attempt. After the last one the delivery has failed.
type Schedule []time.Duration

// Standard is the example schedule of standardwebhooks.com. It lasts a little over three days.
func Standard() Schedule {
	return Schedule{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour,
		14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// jitter is the part by which a pause is randomly shortened or extended, so that deliveries that failed together aren't
// retried together.
const jitter = 0.1

// maxRetryAfter is the longest pause that a receiver can ask for.
const maxRetryAfter = 24 * time.Hour

// pause returns the wait after a number of attempts, and false if there are no more. chance is a random number from 0
// to 1.
func (s Schedule) pause(tries int, asked time.Duration, chance float64) (time.Duration, bool) {
	if tries > len(s) {
		return 0, false
	}
	wait := time.Duration(float64(s[tries-1]) * (1 + jitter*(2*chance-1)))
	return max(wait, min(asked, maxRetryAfter)), true
}

// After returns the delivery after an attempt.
func (d Delivery) After(a Attempt, s Schedule, now time.Time, chance float64) Delivery {
	d.Tries++
	d.UpdatedAt = now
	d.Attempts = latest(append(d.Attempts[:len(d.Attempts):len(d.Attempts)], a))
	wait, again := s.pause(d.Tries, a.RetryAfter, chance)
	switch {
	case a.Succeeded():
		d.Status = Delivered
	case again && a.Status != gone:
		d.NextAt = now.Add(wait)
	default:
		d.Status = Failed
	}
	return d
}

// Result is an attempt of a delivery, with the delivery as it was stored before, and after the attempt.
type Result struct {
	Before, After Delivery // without their bodies
	Attempt       Attempt
}

// gone is the status by which a receiver says that it no longer exists.
const gone = 410

// After returns the webhook after an attempt of a delivery. d is the delivery after that attempt.
func (w Webhook) After(d Delivery, a Attempt, now time.Time) Webhook {
	switch {
	case a.Succeeded():
		w.DeliveredAt, w.FailingSince = now, time.Time{}
		return w
	case w.FailingSince.IsZero():
		w.FailingSince = now
	}
	switch {
	case !w.Enabled:
		return w
	case a.Status == gone:
		return w.Disabled(Gone, now)
	case d.Status == Failed && !w.DeliveredAt.After(d.CreatedAt):
		return w.Disabled(Exhausted, now)
	}
	return w
}

// Again returns the delivery as scheduled for redelivery: due now, with all attempts available.
func (d Delivery) Again(now time.Time) Delivery {
	d.Status, d.Tries, d.NextAt, d.UpdatedAt = Pending, 0, now, now
	return d
}

// newDelivery makes a delivery of an event to w.
func newDelivery(w Webhook, number id.Delivery, e Event, now time.Time) Delivery {
	return Delivery{
		ID:        number,
		WebsiteID: w.WebsiteID,
		WebhookID: w.ID,
		EventID:   e.ID,
		Type:      e.Type,
		Key:       e.Key,
		Order:     e.Order,
		Body:      e.Body,
		Bytes:     int64(len(e.Body)),
		Status:    Pending,
		NextAt:    now,
		Attempts:  []Attempt{},
		CreatedAt: now,
		UpdatedAt: now,
		VisitorID: e.VisitorID,
		Trace:     e.Trace,
	}
}

// Plan makes the deliveries of events to the webhooks of the same websites that want them. number returns the id of
// each. A webhook gets no events from before its creation. If its creation time is in the future, the clock was ahead
// then and its time says nothing about the order: it gets them all.
func Plan(hooks []Webhook, events []Event, now time.Time, number func(place int) id.Delivery) []Delivery {
	var planned []Delivery
	for _, e := range events {
		for _, w := range hooks {
			if w.WebsiteID == e.WebsiteID && w.Wants(e.Type) && (!e.At.Before(w.CreatedAt) || w.CreatedAt.After(now)) {
				planned = append(planned, newDelivery(w, number(len(planned)), e, now))
			}
		}
	}
	return planned
}
