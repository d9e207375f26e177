package widgets

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
	"fivechat.dev/libs/kernel/version"
)

// Service implements the use cases.
type Service struct {
	store    Store
	announce Announcer
	now      func() time.Time
}

// New makes a Service over its ports. now is the clock; its times are truncated to the precision of the database.
func New(store Store, announce Announcer, now func() time.Time) *Service {
	return &Service{store, announce, timestamp.Clock(now)}
}

// Public returns the widget of a client token. Its error is Invalid for a malformed token, NotFound for an unknown one.
func (s *Service) Public(ctx context.Context, token string) (Widget, error) {
	if !ValidClientToken(token) {
		return Widget{}, fault.Bad("clientToken", "must be 1 to 128 characters of A-Z a-z 0-9 _ -")
	}
	return s.store.ByToken(ctx, token)
}

// Update changes the widget that the patch names, if it is the website's own. Another website's token is treated like
// an unknown one.
func (s *Service) Update(ctx context.Context, t tenant.ID, p Patch) (Widget, error) {
	if !ValidClientToken(p.Of) {
		return Widget{}, fault.Bad("clientToken", "must be 1 to 128 characters of A-Z a-z 0-9 _ -")
	}
	saved, err := s.store.Save(ctx, t, func(w Widget) (Widget, error) {
		if w.ClientToken != p.Of {
			return w, fault.Missing("widget")
		}
		if err := version.Check(ctx, w.Revision()); err != nil {
			return w, err
		}
		if err := p.Validate(); err != nil {
			return w, err
		}
		return p.apply(w), nil
	})
	if err == nil {
		s.announce.Changed(ctx, saved)
	}
	return saved, err
}

// Erase removes the website's widget and all cached copies at the gateways. A visitor's erasure doesn't affect it. The
// gateways are also informed before the removal: if this process crashes after it, a repeated call finds no widget to
// announce.
func (s *Service) Erase(ctx context.Context, of subject.Subject) (more bool, err error) {
	if of.IsVisitor() {
		return false, nil
	}
	t := of.Website()
	w, err := s.store.Get(ctx, t)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s.announce.Erased(ctx, w)
	if err := s.store.Remove(ctx, t); err != nil {
		return false, err
	}
	s.announce.Erased(ctx, w)
	return false, nil
}

// Loaded records the first time that a browser loads the script of w.
func (s *Service) Loaded(ctx context.Context, w Widget) error {
	if !w.LoadedAt.IsZero() {
		return nil
	}
	return s.store.Loaded(ctx, w.WebsiteID, s.now())
}

// Of returns a website's widget.
func (s *Service) Of(ctx context.Context, t tenant.ID) (Widget, error) { return s.store.Get(ctx, t) }

// Open returns the website's widget, and makes it with default settings if there is none. token is the client token
// wanted, "" for a new random one. The error is Conflict if another website has it.
func (s *Service) Open(ctx context.Context, t tenant.ID, token string) (Widget, error) {
	if w, err := s.store.Get(ctx, t); !fault.Is(err, fault.NotFound) {
		return w, err
	}
	if token == "" {
		token = "wgt_" + strings.ToLower(rand.Text())
	}
	if !ValidClientToken(token) {
		return Widget{}, fault.Bad("clientToken", "must be 1 to 128 characters of A-Z a-z 0-9 _ -")
	}
	w := Default(t, token)
	err := s.store.Create(ctx, w)
	if fault.Is(err, fault.Conflict) {
		if there, getErr := s.store.Get(ctx, t); getErr == nil { // created concurrently
			return there, nil
		}
	}
	return w, err
}
