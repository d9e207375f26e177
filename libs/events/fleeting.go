package events

import (
	"context"
	"encoding/json"
	"time"

	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/rediskit"
	"fivechat.dev/libs/telemetry"
	"fivechat.dev/libs/tenant"
)

const (
	fleetingChannel = "fivechat:fleeting"
	tellPatience    = 250 * time.Millisecond // for a Redis that is slow or away
)

// Fleeting is an event that is over before anybody could read of it later: that somebody types, that somebody is there.
// It is told at once and kept nowhere.
type Fleeting struct {
	Website tenant.ID       `json:"websiteId"`
	Visitor int64           `json:"visitorId"` // whom it concerns, 0 for nobody
	Type    string          `json:"type"`
	At      time.Time       `json:"at"`
	Data    json.RawMessage `json:"data"`
}

// Teller tells fleeting events over Redis.
type Teller struct {
	redis *rediskit.Client
	tele  *telemetry.Telemetry
}

// NewTeller makes a Teller; without Redis (nil) nobody hears of them.
func NewTeller(redis *rediskit.Client, t *telemetry.Telemetry) *Teller { return &Teller{redis, t} }

// Tell tells of what happened to a visitor. That it is not heard is no failure of what it tells of.
func (r *Teller) Tell(ctx context.Context, t tenant.ID, visitor int64, typ string, data any) {
	if r.redis == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, tellPatience)
	defer cancel()
	content, err := httpkit.Encode(data)
	if err == nil {
		content, err = httpkit.Encode(Fleeting{t, visitor, typ, time.Now(), content})
	}
	if err == nil {
		err = r.redis.Say(ctx, fleetingChannel, string(content))
	}
	if err != nil {
		r.tele.Log.DebugContext(ctx, "a fleeting event was not told", "type", typ, "error", err)
	}
}

// Hear calls heard for every fleeting event until ctx ends.
func Hear(ctx context.Context, redis *rediskit.Client, heard func(Fleeting)) error {
	return redis.Listen(ctx, fleetingChannel, func() {}, func(said string) {
		var f Fleeting
		if httpkit.Decode([]byte(said), &f, true) == nil {
			heard(f)
		}
	})
}
