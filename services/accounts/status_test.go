package accounts_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/accounts"
)

// present is a store with one user.
type present struct {
	accounts.Store
	user accounts.User
}

func (p *present) SeenUser(
	_ context.Context, _ tenant.ID, _ id.User, isActive bool, now, _ time.Time,
) (accounts.User, bool, error) {
	before := p.user
	p.user.LastSeenAt = now
	if isActive {
		p.user.ActiveAt = now
	}
	return before, true, nil
}

func (p *present) SetUserAway(
	_ context.Context, _ tenant.ID, _ id.User, isAway bool, now time.Time,
) (accounts.User, error) {
	if p.user.IsAway = isAway; !isAway {
		p.user.ActiveAt = now
	}
	return p.user, nil
}

// notified records the statuses that agents are notified of.
type notified []accounts.UserStatus

func (h *notified) Notify(_ context.Context, _ tenant.ID, _ id.Visitor, data contract.Data) {
	*h = append(*h, data.(contract.UserPresenceData).Status)
}

// TestAgentsAreNotifiedOfStatus: a heartbeat that changes nothing isn't announced. A user becomes away between two
// heartbeats.
func TestAgentsAreNotifiedOfStatus(t *testing.T) {
	t.Parallel()
	var said notified
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := accounts.New(&present{}, nil, nil, nil, nil, nil, &said, func() time.Time { return now })
	beat := func(isActive bool) func() error {
		return func() error { return s.Heartbeat(t.Context(), tenant.ID{}, 7, isActive) }
	}
	set := func(status accounts.UserStatus) func() error {
		return func() error {
			_, err := s.SetStatus(t.Context(), tenant.ID{}, 7, status)
			return err
		}
	}
	for i, step := range []struct {
		after time.Duration
		do    func() error
		want  []accounts.UserStatus
	}{
		{0, beat(true), []accounts.UserStatus{accounts.UserOnline}},
		{30 * time.Second, beat(true), nil},
		{30 * time.Second, beat(false), nil},
		{0, set(accounts.UserAway), []accounts.UserStatus{accounts.UserAway}},
		{30 * time.Second, beat(true), nil},
		{0, set(accounts.UserOnline), []accounts.UserStatus{accounts.UserOnline}},
		{0, set(accounts.UserOffline), nil},
		{61 * time.Second, beat(false), []accounts.UserStatus{accounts.UserOnline}}, // was offline
	} {
		now, said = now.Add(step.after), nil
		if err := step.do(); (err != nil) != (i == 6) || !slices.Equal(said, step.want) {
			t.Errorf("step %d: %v, want %v: %v", i, said, step.want, err)
		}
	}
	for minutes := range 10 {
		now, said = now.Add(55*time.Second), nil
		if err := beat(false)(); err != nil || (len(said) > 0) != (minutes == 4) {
			t.Errorf("idle for another minute, %d: %v, %v", minutes, said, err)
		}
	}
	now, said = now.Add(time.Second), nil
	if err := beat(true)(); err != nil || !slices.Equal(said, []accounts.UserStatus{accounts.UserOnline}) {
		t.Errorf("active again: %v, %v", said, err)
	}
}
