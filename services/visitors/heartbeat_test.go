package visitors_test

import (
	"context"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/visitors"
)

// present is a store of one visitor, or of none.
type present struct {
	visitors.Store
	lastSeen time.Time // zero: there is no visitor
	seen     int       // how often it is stored
}

func (p *present) Presence(context.Context, tenant.ID, id.Visitor) (visitors.Visitor, error) {
	if p.lastSeen.IsZero() {
		return visitors.Visitor{}, fault.Missing("visitor")
	}
	return visitors.Visitor{LastSeenAt: p.lastSeen, AgentConversation: "conv_a"}, nil
}

func (p *present) Seen(context.Context, tenant.ID, id.Visitor, time.Time, time.Time) (bool, error) {
	p.seen++
	return false, nil
}

// TestHeartbeatStoresPresenceAtIntervals: a visitor who has just been seen costs no write.
func TestHeartbeatStoresPresenceAtIntervals(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		lastSeen time.Time
		seen     int
		begun    string
	}{
		"seen by the gateway":    {now, 0, "conv_a"},
		"seen 14 seconds ago":    {now.Add(-14 * time.Second), 0, "conv_a"},
		"seen 15 seconds ago":    {now.Add(-15 * time.Second), 1, "conv_a"},
		"erased in the meantime": {time.Time{}, 0, ""},
	} {
		store := &present{lastSeen: c.lastSeen}
		s := visitors.New(store, nil, nil, online{}, nil, nil, func() time.Time { return now })
		got, err := s.Heartbeat(t.Context(), tenant.ID{}, 7)
		if want := (visitors.Presence{AgentConversation: c.begun}); err != nil || got != want || store.seen != c.seen {
			t.Errorf("%s: %+v, %v, stored %d times", name, got, err, store.seen)
		}
	}
}
