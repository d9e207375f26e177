package webhooks

import (
	"strings"
	"time"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/tenant"
)

// Status is what became of a delivery.
type Status string

// The statuses.
const (
	Pending   Status = "PENDING"   // it waits for its next attempt
	Held      Status = "HELD"      // it waits for its webhook to be enabled again
	Delivered Status = "DELIVERED" // the receiver answered 2xx
	Failed    Status = "FAILED"    // it is tried no more
)

// Valid says whether s is one of the statuses.
func (s Status) Valid() bool { return s == Pending || s == Held || s == Delivered || s == Failed }

// TypeTest is the type of the event that a test delivers.
const TypeTest = "webhook.test"

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID        int64     `bson:"_id"`
	WebsiteID tenant.ID `bson:"websiteId"`
	WebhookID int64     `bson:"webhookId"`
	EventID   string    `bson:"eventId"` // webhook-id: the same in every attempt
	Type      string    `bson:"type"`
	Key       string    `bson:"key"`             // what it happened to: deliveries of one key are in order
	Order     int64     `bson:"order"`           // the event's place among those of the key
	Body      string    `bson:"-"`               // as it is sent; the store keeps it in the row or beside it
	Bytes     int64     `bson:"bytes,omitempty"` // length of Body; 0 in rows of versions that did not store it
	Status    Status    `bson:"status"`
	Tries     int       `bson:"tries"`  // since it was made or asked for again
	NextAt    time.Time `bson:"nextAt"` // where it is pending
	Attempts  []Attempt `bson:"attempts"`
	CreatedAt time.Time `bson:"createdAt"`
	UpdatedAt time.Time `bson:"updatedAt"`             // KeptFor after it the delivery is forgotten
	VisitorID int64     `bson:"visitorId"`             // whom the event is about, 0 for nobody
	Trace     string    `bson:"traceparent,omitempty"` // of the span that wrote the event
}

// Place is the delivery's position in a newest-first list.
func (d Delivery) SortKey() (time.Time, int64) { return d.CreatedAt, d.ID }

// Attempt is one request and its answer, as far as they are kept.
type Attempt struct {
	At       time.Time         `bson:"at"`
	Took     time.Duration     `bson:"took"`
	Request  map[string]string `bson:"request"` // headers; the signature is not among them
	Status   int               `bson:"status"`  // 0: there was no answer
	Response map[string]string `bson:"response"`
	Body     string            `bson:"body"`  // the beginning of the answer's
	Error    string            `bson:"error"` // why there was none, in words that may be shown
	// RetryAfter is how long the receiver asked to be left alone.
	RetryAfter time.Duration `bson:"-"`
}

// Cut is the beginning of a text, of at most so many bytes, in which what is no UTF-8 is replaced; what is replaced may be
// longer than it was.
func Cut(text string, most int) string {
	return strings.ToValidUTF8(text[:min(len(text), most)], string(utf8.RuneError))
}

// Succeeded says whether the receiver took the delivery.
func (a Attempt) Succeeded() bool { return a.Status >= 200 && a.Status < 300 }

// KeptFor is how long a delivery stays in the log after its last attempt.
const KeptFor = 30 * 24 * time.Hour

// maxAttempts is how many attempts are kept of a delivery: the last ones.
const maxAttempts = 12

// MaxAttemptsBytes is how many bytes the attempts of a delivery may take: of more, the oldest are dropped.
const MaxAttemptsBytes = 64 << 10

// size is about how many bytes an attempt takes.
func (a Attempt) size() int {
	n := len(a.Body) + len(a.Error)
	for _, headers := range []map[string]string{a.Request, a.Response} {
		for name, value := range headers {
			n += len(name) + len(value)
		}
	}
	return n
}

// latest gives the attempts that are kept, the oldest first.
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

// Schedule is how long after each failure a delivery is tried again. When it is at its end, the delivery has failed.
type Schedule []time.Duration

// Standard is the schedule that standardwebhooks.com gives as an example; it lasts a little over three days.
func Standard() Schedule {
	return Schedule{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour,
		14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// jitter is the part of a pause by which it is shortened or prolonged, so that what failed together does not come together.
const jitter = 0.1

// maxRetryAfter is the longest pause that a receiver may ask for.
const maxRetryAfter = 24 * time.Hour

// pause is how long to wait after a number of tries, and false where there are no more. chance is from 0 to 1.
func (s Schedule) pause(tries int, asked time.Duration, chance float64) (time.Duration, bool) {
	if tries > len(s) {
		return 0, false
	}
	wait := time.Duration(float64(s[tries-1]) * (1 + jitter*(2*chance-1)))
	return max(wait, min(asked, maxRetryAfter)), true
}

// After is the delivery after an attempt.
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

// gone is the status with which a receiver says that it is there no more.
const gone = 410

// After is the webhook after an attempt of a delivery, which has become d.
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

// Again is the delivery as it is made anew: soon, and with all tries before it.
func (d Delivery) Again(now time.Time) Delivery {
	d.Status, d.Tries, d.NextAt, d.UpdatedAt = Pending, 0, now, now
	return d
}

// newDelivery makes a delivery of an event to w.
func newDelivery(w Webhook, id int64, e Event, now time.Time) Delivery {
	return Delivery{
		ID:        id,
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

// Plan makes deliveries of events, for those webhooks of the same websites that want them. number gives each its number.
// What happened before a webhook was made is none of its, unless it was made in the future: the clock was ahead then, and
// tells nothing of the order.
func Plan(hooks []Webhook, events []Event, now time.Time, number func(place int) int64) []Delivery {
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
