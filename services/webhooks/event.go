package webhooks

import (
	"encoding/json"
	"fmt"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
)

// Event is an event in the form that receivers get.
type Event struct {
	ID, Type, Key string
	WebsiteID     tenant.ID
	Order         int64      // its position among the events of the key
	VisitorID     id.Visitor // the visitor that it is about, 0 for none
	At            time.Time
	Body          string
	Trace         string // traceparent of the span that wrote it
}

// NewEvent makes an event about key, at position order among its events. data is JSON, the same as in event streams.
func NewEvent(eventID, typ, key string, order int64, t tenant.ID, at time.Time, data json.RawMessage) (Event, error) {
	visitor, err := contract.VisitorID(data)
	if err != nil {
		return Event{}, fmt.Errorf("webhooks: a %s: %w", typ, err)
	}
	body, err := json.Marshal(struct {
		Type      string          `json:"type"`
		Timestamp string          `json:"timestamp"`
		ID        string          `json:"id"`
		WebsiteID int64           `json:"websiteId"`
		Data      json.RawMessage `json:"data"`
	}{typ, timestamp.Format(at), eventID, t.Int64(), data})
	if err != nil {
		return Event{}, fmt.Errorf("webhooks: a %s: %w", typ, err)
	}
	return Event{
		ID:        eventID,
		Type:      typ,
		Key:       key,
		WebsiteID: t,
		Order:     order,
		VisitorID: visitor,
		At:        at,
		Body:      string(body),
	}, nil
}
