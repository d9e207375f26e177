package mongostore_test

import (
	"reflect"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/services/accounts"
	"fivechat.dev/services/accounts/internal/mongostore"
)

// seeUser checks what heartbeats and statuses store of a user who was never seen, and returns their new state.
func seeUser(t *testing.T, s *mongostore.Store, u accounts.User) accounts.User {
	t.Helper()
	for _, c := range []struct {
		after    time.Duration
		isActive bool
		stored   bool
	}{
		{-time.Minute, false, true},
		{0, true, true},
		{14 * time.Second, true, false},
		{14 * time.Second, false, false},
		{15 * time.Second, false, true},
		{16 * time.Second, true, true},
	} {
		now := day.Add(c.after)
		before, stored, err := s.SeenUser(t.Context(), one, u.ID, c.isActive, now, now.Add(-15*time.Second))
		if err != nil || stored != c.stored || stored && !reflect.DeepEqual(before, u) {
			t.Errorf("seen after %s: stored %t, %v, before %+v, want %+v", c.after, stored, err, before, u)
		}
		if stored {
			u.LastSeenAt = now
		}
		if stored && c.isActive {
			u.ActiveAt = now
		}
	}
	_, _, err := s.SeenUser(t.Context(), two, u.ID, true, day.Add(time.Hour), day.Add(time.Hour))
	wantKind(t, err, fault.NotFound)
	u.IsAway = true
	got, err := s.SetUserAway(t.Context(), one, u.ID, true, day)
	want(t, got, err, u)
	_, err = s.SetUserAway(t.Context(), two, u.ID, false, day)
	wantKind(t, err, fault.NotFound)
	u.IsAway, u.ActiveAt, u.LastSeenAt = false, day, day.Add(16*time.Second)
	got, err = s.SetUserAway(t.Context(), one, u.ID, false, day)
	want(t, got, err, u)
	// The user comes online by hand after an hour: the heartbeat that follows is stored although activeAt is new.
	now := day.Add(time.Hour)
	u.ActiveAt = now
	got, err = s.SetUserAway(t.Context(), one, u.ID, false, now)
	want(t, got, err, u)
	if _, stored, err := s.SeenUser(t.Context(), one, u.ID, true, now, now.Add(-15*time.Second)); err != nil || !stored {
		t.Errorf("seen right after coming online: stored %t, %v", stored, err)
	}
	u.LastSeenAt = now
	return u
}
