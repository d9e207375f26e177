package accounts

import (
	"context"
	"errors"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/timestamp"
)

// signOnWorld is one session that began at a provider, with a clock of its own.
type signOnWorld struct {
	PeopleStore
	SignOnStore
	Providers
	Announcer

	session  Session
	ended    bool
	now      time.Time
	refresh  func(token string) (string, error)
	used     []string // refresh tokens
	known    bool     // whether the provider is in the settings
	reported int
	hasRaced bool // another replica claims each check first
}

func (w *signOnWorld) SessionByHash(context.Context, string) (Session, error) {
	if w.ended {
		return Session{}, fault.Missing("session")
	}
	s := w.session
	on := *s.SignOn
	s.SignOn = &on
	return s, nil
}

func (w *signOnWorld) Person(_ context.Context, p id.Person) (Person, error) {
	return Person{ID: p}, nil
}

func (w *signOnWorld) Memberships(context.Context, id.Person) ([]Membership, error) { return nil, nil }

func (w *signOnWorld) UsedSession(context.Context, id.Session, time.Time, time.Time) error {
	return nil
}

func (w *signOnWorld) EndSessions(_ context.Context, _ id.Person, selected func(Session) bool) ([]Session, error) {
	w.ended = selected(w.session)
	return []Session{w.session}, nil
}

func (w *signOnWorld) SessionsEnded(context.Context, ...string) {}

func (w *signOnWorld) ClaimCheck(_ context.Context, _ id.Session, before, now time.Time) (bool, error) {
	mine := w.session.SignOn.CheckedAt.Equal(before) && !w.hasRaced
	w.session.SignOn.CheckedAt = now
	return mine, nil
}

func (w *signOnWorld) SaveSignOn(ctx context.Context, _ id.Session, change func(SignOn) (SignOn, error)) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	on, err := change(*w.session.SignOn)
	w.session.SignOn = &on
	return err
}

func (w *signOnWorld) Provider(string) (Provider, error) {
	if !w.known {
		return Provider{}, fault.Missing("provider")
	}
	return Provider{ID: "corp"}, nil
}

func (w *signOnWorld) Refresh(_ context.Context, _, token string) (string, error) {
	w.used = append(w.used, token)
	return w.refresh(token)
}

// Seal and Open mark sealed texts with their context.
func (w *signOnWorld) Seal(secret, context string) (string, error) {
	return context + "|" + secret, nil
}

func (w *signOnWorld) Open(sealed, context string) (string, error) {
	if len(sealed) <= len(context) || sealed[:len(context)+1] != context+"|" {
		return "", fault.New(fault.Unavailable, "another context")
	}
	return sealed[len(context)+1:], nil
}

func newSignOnWorld() (*signOnWorld, *SignOns) {
	w := &signOnWorld{now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), known: true}
	w.refresh = func(token string) (string, error) { return token + "+", nil }
	on := SignOn{ID: "on", Provider: "corp", Refresh: "refresh:on|r", CheckedAt: w.now}
	w.session = Session{
		ID: 1, PersonID: 2, Hash: "hash", LastUsedAt: w.now, ExpiresAt: w.now.Add(24 * time.Hour), SignOn: &on,
	}
	clock := timestamp.Clock(func() time.Time { return w.now })
	people := &People{store: w, announce: w, now: clock}
	report := func(context.Context, string, error) { w.reported++ }
	return w, NewSignOns(people, w, w, w, report, clock)
}

// after advances the clock and resolves the session. It reports whether the session still is one.
func (w *signOnWorld) after(t *testing.T, o *SignOns, d time.Duration) bool {
	t.Helper()
	w.now = w.now.Add(d)
	_, err := o.Resolve(t.Context(), "hash")
	if err != nil && !fault.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// TestDisabledAtTheProvider: a session is checked every 50 seconds, with the newest refresh token, and ends at the
// first check that the provider refuses. With the 5 seconds of a gateway's cache and a check's 4 seconds it is a
// minute.
func TestDisabledAtTheProvider(t *testing.T) {
	t.Parallel()
	w, o := newSignOnWorld()
	if bound := confirmEvery + confirmFor + 5*time.Second; bound > time.Minute {
		t.Errorf("a disabled person is out after %v", bound)
	}
	if !w.after(t, o, 49*time.Second) || len(w.used) != 0 {
		t.Errorf("checked after 49 s: %v", w.used)
	}
	for _, d := range []time.Duration{time.Second, time.Second, 49 * time.Second} {
		if !w.after(t, o, d) {
			t.Error("a valid session ended")
		}
	}
	if len(w.used) != 2 || w.used[0] != "r" || w.used[1] != "r+" {
		t.Errorf("used %v", w.used)
	}
	w.refresh = func(string) (string, error) { return "", ErrSignOnEnded }
	if !w.after(t, o, 49*time.Second) {
		t.Error("ended before the check")
	}
	if w.after(t, o, time.Second) || !w.ended {
		t.Error("the session goes on")
	}
}

// TestUnavailableProviderEndsNoSession: a provider that doesn't answer doesn't end sessions for an hour. A success
// starts the hour again.
func TestUnavailableProviderEndsNoSession(t *testing.T) {
	t.Parallel()
	w, o := newSignOnWorld()
	works, fails := w.refresh, func(string) (string, error) { return "", errors.New("no route") }
	w.refresh = fails
	for range 60 {
		if !w.after(t, o, time.Minute) {
			t.Fatalf("ended at %v", w.now)
		}
	}
	w.refresh = works
	if !w.after(t, o, time.Minute) || w.session.SignOn.FailingSince != nil || w.reported != 60 {
		t.Errorf("after a success: %+v, %d reports", w.session.SignOn, w.reported)
	}
	w.refresh = fails
	if !w.after(t, o, 8*time.Hour) || !w.after(t, o, 59*time.Minute) {
		t.Error("ended before the provider was away for an hour")
	}
	if w.after(t, o, time.Minute) {
		t.Error("goes on after an hour")
	}
}

// TestCheckIsOfOneReplica: a replica that doesn't claim the check accepts the session meanwhile, and a cancelled
// request doesn't lose the next refresh token.
func TestCheckIsOfOneReplica(t *testing.T) {
	t.Parallel()
	w, o := newSignOnWorld()
	w.hasRaced = true
	if !w.after(t, o, time.Minute) || len(w.used) != 0 {
		t.Errorf("used %v", w.used)
	}
	w.hasRaced = false
	ctx, cancel := context.WithCancel(t.Context())
	w.refresh = func(string) (string, error) {
		cancel() // the client disconnects
		return "next", nil
	}
	w.now = w.now.Add(time.Minute)
	if _, err := o.Resolve(ctx, "hash"); err != nil || w.session.SignOn.Refresh != "refresh:on|next" {
		t.Errorf("%+v, %v", w.session.SignOn, err)
	}
	long := make([]byte, maxRefresh+1)
	w.refresh = func(string) (string, error) { return string(long), nil }
	if !w.after(t, o, time.Minute) || w.session.SignOn.Refresh != "refresh:on|next" {
		t.Error("a long refresh token is stored, or ends the session")
	}
}

// TestRemovedProviderEndsItsSessions: sessions of a provider that isn't in the settings are refused, and accepted again
// if it comes back.
func TestRemovedProviderEndsItsSessions(t *testing.T) {
	t.Parallel()
	w, o := newSignOnWorld()
	w.known = false
	if w.after(t, o, time.Second) {
		t.Error("accepted")
	}
	w.known = true
	if !w.after(t, o, time.Second) {
		t.Error("refused")
	}
}
