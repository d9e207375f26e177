package events

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/rediskit"
	"fivechat.dev/libs/telemetry"
	"fivechat.dev/libs/tenant"
)

func TestHearDropsForgedAndReplayedEvents(t *testing.T) {
	t.Parallel()
	keys, err := identity.ParseKeyring([]string{strings.Repeat("k", 32)})
	if err != nil {
		t.Fatal(err)
	}
	redis, err := rediskit.Connect(rediskit.Config{URL: "redis://" + miniredis.RunT(t).Addr()}, keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = redis.Close() })
	tele, err := telemetry.New(t.Context(), "test", telemetry.Config{LogTo: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	heard, ended := make(chan Fleeting, 16), make(chan error, 1)
	go func() { ended <- Hear(ctx, redis, func(f Fleeting) { heard <- f }) }()
	t.Cleanup(func() { stop(); <-ended })

	website, _ := tenant.New(7)
	publish := func(f Fleeting) {
		b, err := httpkit.Encode(f)
		if err == nil {
			err = redis.Say(t.Context(), fleetingChannel, string(b))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	teller := NewTeller(redis, tele)
	var first Fleeting
	for first.Type == "" { // until Hear has subscribed
		teller.Tell(t.Context(), website, 3, "typing", map[string]string{"text": "a <b> & \u2028"})
		select {
		case first = <-heard:
		case <-time.After(20 * time.Millisecond):
		}
	}
	unsigned, other, changed, old := first, first, first, first
	unsigned.MAC = ""
	other.Visitor = 4
	changed.Data = []byte(`{"text":"forged"}`)
	old.At = time.Now().Add(-fleetingFor)
	old.MAC = redis.SignTransient(old.parts()...)
	for _, f := range []Fleeting{unsigned, other, changed, old} {
		publish(f)
	}
	teller.Tell(t.Context(), website, 3, "last", nil)
	for {
		select {
		case f := <-heard:
			if f.Type == "last" {
				return
			}
			if f.MAC == "" || f.Visitor != 3 || strings.Contains(string(f.Data), "forged") || time.Since(f.At) >= fleetingFor {
				t.Errorf("heard %+v", f)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the last event was not heard")
		}
	}
}
