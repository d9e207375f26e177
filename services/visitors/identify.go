package visitors

import (
	"context"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

// identifyAttempts limits how often a session is repeated because a concurrent one has stored the same user. Each
// attempt finds the visitor that exists by then.
const identifyAttempts = 4

// identify resumes or creates the visitor of a session whose page says which user they are.
//
//	verified, the user has a visitor        that visitor; a further device gets a token and a secret of its own
//	verified, the user has none             the device's visitor, if nothing says that they are another user; it gets
//	                                        another secret
//	unverified                              the device's visitor, if nothing says that they are another user
//	anything else                           a new visitor
//
// Nothing is merged: if the user has a visitor, the one that the device had before stays as it is, for the agents.
func (s *Service) identify(ctx context.Context, w Widget, n NewSession) (opened Session, err error) {
	user := n.Claim.user()
	if n.Claim.signed() {
		if user, err = s.identities.Verify(ctx, w.WebsiteID, n.Claim); err != nil {
			return Session{}, fault.Within("identity", err)
		}
	}
	for range identifyAttempts {
		if opened, err = s.openAs(ctx, w, n, user); !fault.Is(err, fault.Conflict) {
			return opened, err
		}
	}
	return opened, err
}

// openAs opens the session of a user. The error is Conflict if a concurrent session has stored the same user.
func (s *Service) openAs(ctx context.Context, w Widget, n NewSession, user *Identity) (Session, error) {
	if user.Verified {
		known, err := s.store.ByUser(ctx, w.WebsiteID, user.UserID)
		if err == nil {
			return s.openKnown(ctx, w, n, known, user)
		}
		if !fault.Is(err, fault.NotFound) {
			return Session{}, err
		}
	}
	opened, err := s.resume(ctx, w, n, user)
	if err == nil || !fault.Is(err, fault.NotFound) {
		return opened, err
	}
	return s.open(ctx, w, n, user)
}

// openKnown opens the session of a user who has a visitor, on the device that has their token and secret or on another
// one.
func (s *Service) openKnown(
	ctx context.Context, w Widget, n NewSession, known Visitor, user *Identity,
) (Session, error) {
	current, owner, err := s.proven(ctx, w.WebsiteID, n)
	if err == nil && current.ID == known.ID && owner.SecretHash != "" {
		return s.continueSession(ctx, known, w, n, joining{user: user})
	}
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Session{}, err
	}
	return s.continueSession(ctx, known, w, n, joining{user: user, token: newToken(), secret: newSecret()})
}

// joining is what a session adds to a visitor who exists.
type joining struct {
	user   *Identity // nil if the page says nothing
	token  string    // of a further device; "" if the device is known
	secret string    // of the further device, or the next one of a visitor that becomes verified; "" if it stays
}

// applied returns the visitor with what the session adds, and with what the page says about them.
func (j joining) applied(v Visitor, p Patch) (Visitor, error) {
	wasVerified := v.verified()
	v, err := v.as(j.user)
	if err != nil {
		return v, err
	}
	switch {
	case j.token != "":
		v = v.withDevice(j.token, j.secret)
	case j.secret != "" && wasVerified: // a concurrent session has replaced the secret
		return v, fault.New(fault.Conflict, "the visitor is verified by now")
	case j.secret != "":
		v.SecretHash = identity.HashSecret(j.secret)
	}
	return p.said(v).Apply(v)
}

// changes reports whether applied changes the visitor, beyond what the patch does.
func (j joining) changes(v Visitor) bool { return j.token != "" || v.adds(j.user) }

// mayBecome reports whether the visitor of a device can become the user. A visitor whose token alone is enough is never
// verified: agents know the token.
func mayBecome(v Visitor, owner Owner, user *Identity) bool {
	return v.accepts(user) && (user == nil || !user.Verified || owner.SecretHash != "")
}

// open creates a visitor, and opens their first session.
func (s *Service) open(ctx context.Context, w Widget, n NewSession, user *Identity) (Session, error) {
	if err := w.admits(user); err != nil {
		return Session{}, err
	}
	secret := newSecret()
	v, err := s.create(ctx, w.WebsiteID, secret, n, user)
	return Session{
		Visitor:      v,
		Token:        v.Token,
		Secret:       secret,
		Widget:       w.View,
		Presence:     Presence{AgentsOnline: s.agentsOnline(ctx, w.WebsiteID)},
		ReplySeconds: s.replySeconds(ctx, w.WebsiteID),
	}, err
}

// admits is nil if the website serves a visitor who is a user and isn't verified yet; user is nil if the page says
// nothing.
func (w Widget) admits(user *Identity) error {
	if !w.identityRequired || user != nil && user.Verified {
		return nil
	}
	return fault.Coded(fault.Forbidden, "identity_required",
		"this website serves verified visitors only: its backend must sign who the visitor is")
}

// Identities verifies which user of a website a visitor is.
type Identities interface {
	// Verify returns the user that a website's backend has signed. The error is Invalid, and names the member of the
	// claim, if the signature isn't one of this website's.
	Verify(ctx context.Context, t tenant.ID, c Claim) (*Identity, error)
}
