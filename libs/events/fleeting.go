package events

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/rediskit"
	"fivechat.dev/libs/telemetry"
	"fivechat.dev/libs/tenant"
)

const (
	fleetingChannel = "fivechat:fleeting"
	fleetingFor     = 15 * time.Second       // an event of another age is dropped: it is replayed, or a clock is wrong
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
	MAC     string          `json:"mac,omitzero"` // over all fields above
}

// parts are what the MAC covers.
func (f Fleeting) parts() []string {
	return []string{
		f.Website.String(), strconv.FormatInt(f.Visitor, 10), f.Type, strconv.FormatInt(f.At.UnixMilli(), 10), string(f.Data),
	}
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
		f := Fleeting{Website: t, Visitor: visitor, Type: typ, At: time.Now(), Data: content}
		f.MAC = r.redis.SignTransient(f.parts()...)
		content, err = httpkit.Encode(f)
	}
	if err == nil {
		err = r.redis.Say(ctx, fleetingChannel, string(content))
	}
	if err != nil {
		r.tele.Log.DebugContext(ctx, "a fleeting event was not told", "type", typ, "error", err)
	}
}

// Hear calls heard for every fleeting event that is authentic and recent, until ctx ends.
func Hear(ctx context.Context, redis *rediskit.Client, heard func(Fleeting)) error {
	return redis.Listen(ctx, fleetingChannel, func() {}, func(said string) {
		var f Fleeting
		if httpkit.Decode([]byte(said), &f, true) != nil || !redis.VerifiedTransient(f.MAC, f.parts()...) {
			return
		}
		if age := time.Since(f.At); age.Abs() < fleetingFor {
			heard(f)
		}
	})
}
