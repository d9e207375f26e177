package transient

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/libs/transport/httpkit"
)

func TestSubscribeDropsForgedAndReplayedEvents(t *testing.T) {
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
	received, ended := make(chan Event, 16), make(chan error, 1)
	go func() { ended <- Subscribe(ctx, redis, func(e Event) { received <- e }) }()
	t.Cleanup(func() { stop(); <-ended })

	website, _ := tenant.New(7)
	publish := func(e Event) {
		b, err := httpkit.Encode(e)
		if err == nil {
			err = redis.Publish(t.Context(), channel, string(b))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	notifier := NewNotifier(redis, tele)
	var first Event
	for first.Type == "" { // until Subscribe has subscribed
		notifier.Notify(t.Context(), website, 3, contract.TypingData{ConversationToken: "a <b> & \u2028"})
		select {
		case first = <-received:
		case <-time.After(20 * time.Millisecond):
		}
	}
	unsigned, other, changed, old := first, first, first, first
	unsigned.MAC = ""
	other.Visitor = 4
	changed.Data = []byte(`{"text":"forged"}`)
	old.At = time.Now().Add(-maxAge)
	old.MAC = redis.SignTransient(old.parts()...)
	for _, e := range []Event{unsigned, other, changed, old} {
		publish(e)
	}
	notifier.Notify(t.Context(), website, 3, contract.VisitorOnlineData{VisitorID: 3})
	for {
		select {
		case e := <-received:
			if e.Type == contract.VisitorOnline {
				return
			}
			if e.MAC == "" || e.Visitor != 3 || strings.Contains(string(e.Data), "forged") ||
				time.Since(e.At) >= maxAge {
				t.Errorf("received %+v", e)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the last event was not received")
		}
	}
}
