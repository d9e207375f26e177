// Package transient publishes events that matter only at the moment they happen: that a visitor types or is online. A
// Notifier sends them over Redis to the replicas that Subscribe. They are not stored, and nothing depends on their
// arrival.
package transient

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/libs/transport/httpkit"
)

const (
	channel       = "fleeting"
	maxAge        = 15 * time.Second       // older or newer events are dropped: they are replayed, or a clock is wrong
	notifyTimeout = 250 * time.Millisecond // for a Redis that is slow or away
)

// Event is one transient event.
type Event struct {
	Website tenant.ID          `json:"websiteId"`
	Visitor id.Visitor         `json:"visitorId"` // the visitor that the event concerns
	Type    contract.EventType `json:"type"`
	At      time.Time          `json:"at"`
	Data    json.RawMessage    `json:"data"`
	MAC     string             `json:"mac,omitzero"` // over all fields above
}

// parts are what the MAC covers.
func (e Event) parts() []string {
	return []string{
		e.Website.String(), strconv.FormatInt(int64(e.Visitor), 10), string(e.Type),
		strconv.FormatInt(e.At.UnixMilli(), 10), string(e.Data),
	}
}

// Notifier publishes transient events to Redis.
type Notifier struct {
	redis *rediskit.Client
	tele  *telemetry.Telemetry
}

// NewNotifier makes a Notifier; without Redis (nil) it drops all events.
func NewNotifier(redis *rediskit.Client, t *telemetry.Telemetry) *Notifier {
	return &Notifier{redis, t}
}

// Notify publishes an event about a visitor. It waits for Redis at most 250 ms; a failure is only logged.
func (r *Notifier) Notify(ctx context.Context, t tenant.ID, visitor id.Visitor, data contract.Data) {
	if r.redis == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, notifyTimeout)
	defer cancel()
	content, err := httpkit.Encode(data)
	if err == nil {
		e := Event{Website: t, Visitor: visitor, Type: data.EventType(), At: time.Now(), Data: content}
		e.MAC = r.redis.SignTransient(e.parts()...)
		content, err = httpkit.Encode(e)
	}
	if err == nil {
		err = r.redis.Publish(ctx, channel, string(content))
	}
	if err != nil {
		r.tele.Log.DebugContext(
			ctx,
			"transient: publishing failed; event dropped",
			"type",
			data.EventType(),
			"error",
			err,
		)
	}
}

// Subscribe calls received for every transient event that is authentic and recent, until ctx ends.
func Subscribe(ctx context.Context, redis *rediskit.Client, received func(Event)) error {
	return redis.Subscribe(ctx, channel, func(bool) {}, func(said string) {
		var e Event
		if httpkit.Decode([]byte(said), &e, true) != nil || !redis.VerifiedTransient(e.MAC, e.parts()...) {
			return
		}
		if age := time.Since(e.At); age.Abs() < maxAge {
			received(e)
		}
	})
}
