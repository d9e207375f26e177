package accounts

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
)

// ChallengeKind is the step that a Challenge is for.
type ChallengeKind string

// The kinds of challenges.
const (
	forCode     ChallengeKind = "code"    // the password was right; a code is needed too
	forReset    ChallengeKind = "reset"   // a link to choose a new password
	forPasskey  ChallengeKind = "passkey" // a browser was asked to sign in with a passkey
	forNewKey   ChallengeKind = "newKey"  // a browser was asked to create a passkey
	challengeIn               = 5 * time.Minute
	resetIn                   = 24 * time.Hour
)

// Challenge is a step of signing in that has begun. Its secret isn't stored. It is used once.
type Challenge struct {
	Hash      string        `bson:"_id"`
	Kind      ChallengeKind `bson:"kind"`
	PersonID  id.Person     `bson:"personId,omitempty"` // absent if the person isn't known yet
	State     string        `bson:"state"`              // what the check of the step needs
	CreatedAt time.Time     `bson:"createdAt"`
	ExpiresAt time.Time     `bson:"expiresAt"`
}

// errChallenge is the one answer to a step that is unknown, used or expired.
func errChallenge() error {
	return fault.Coded(fault.Unauthenticated, "challenge_invalid", "the sign-in took too long or was used: begin again")
}

// challenge begins a step, and returns its secret.
func (p *People) challenge(
	ctx context.Context, kind ChallengeKind, person id.Person, state string, life time.Duration,
) (string, error) {
	secret, now := identity.NewSessionSecret(), p.now()
	return secret, p.store.AddChallenge(ctx, Challenge{
		Hash: identity.HashSecret(secret), Kind: kind, PersonID: person, State: state,
		CreatedAt: now, ExpiresAt: now.Add(life),
	})
}

// challenged returns the step of a secret. It stays until it is taken.
func (p *People) challenged(ctx context.Context, kind ChallengeKind, secret string) (Challenge, error) {
	c, err := p.store.Challenge(ctx, identity.HashSecret(secret))
	if fault.Is(err, fault.NotFound) || err == nil && (c.Kind != kind || !p.now().Before(c.ExpiresAt)) {
		return Challenge{}, errChallenge()
	}
	return c, err
}

// take uses up a step. Of several callers, one succeeds.
func (p *People) take(ctx context.Context, c Challenge) error {
	taken, err := p.store.TakeChallenge(ctx, c.Hash)
	if err == nil && !taken {
		return errChallenge()
	}
	return err
}
