package accounts

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strconv"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
)

// IdentitySecret is a secret that a website's backend signs with to state which of its users a visitor is. It has to be
// read again to verify, so it is stored encrypted.
type IdentitySecret struct {
	ID        id.IdentitySecret `bson:"_id"`
	WebsiteID tenant.ID         `bson:"websiteId"`
	Sealed    string            `bson:"sealed"`
	Prefix    string            `bson:"prefix"` // first characters of the secret, so that people recognize it
	CreatedAt time.Time         `bson:"createdAt"`
	CreatedBy string            `bson:"createdBy"` // By's Actor
}

func (i IdentitySecret) audited() fields { return fields{"prefix": i.Prefix} }

// MaxIdentitySecrets is how many secrets a website has at a time: one in use, its successor, and one to spare.
const MaxIdentitySecrets = 3

// IdentitySecretStore stores identity secrets, each change together with its entry in the audit log. Errors are faults:
// NotFound if a row doesn't exist or belongs to another website; Unavailable.
type IdentitySecretStore interface {
	// NextIdentitySecret reserves an unused id.
	NextIdentitySecret(ctx context.Context) (id.IdentitySecret, error)
	// IdentitySecrets returns a website's secrets, newest first.
	IdentitySecrets(ctx context.Context, t tenant.ID) ([]IdentitySecret, error)
	// AddIdentitySecret stores a new secret. The error is Conflict if the website has MaxIdentitySecrets.
	AddIdentitySecret(ctx context.Context, i IdentitySecret, e Entry) error
	// AddEntries stores entries of the audit log, each of its website.
	AddEntries(ctx context.Context, entries []Entry) error
	// DeleteIdentitySecret removes a secret.
	DeleteIdentitySecret(ctx context.Context, t tenant.ID, id id.IdentitySecret, entry func(IdentitySecret) Entry) error
}

// IdentityProof is what a page sends to prove which user of the website its visitor is: a token that the website's
// backend signed, or the hash of the user's id.
type IdentityProof struct {
	UserID   string // required with UserHash; with Token it may be "", else it is the token's subject
	UserHash string // HMAC-SHA-256 of UserID, in hexadecimal
	Token    string // JWT with HS256
}

// VerifiedIdentity is a user of a website, as the website's backend has signed it.
type VerifiedIdentity struct {
	UserID      string
	Email, Name string // "" if the backend didn't state it
}

// ProofVerifier verifies proofs. The error is Invalid and names the wrong member.
type ProofVerifier interface {
	Verify(p IdentityProof, secrets []string, now time.Time) (VerifiedIdentity, error)
}

// IdentityPolicies stores which websites serve verified visitors only.
type IdentityPolicies interface {
	// IdentityRequired reports whether a website does.
	IdentityRequired(ctx context.Context, t tenant.ID) (bool, error)
	// RequireIdentity stores whether it does, and returns whether it did before.
	RequireIdentity(ctx context.Context, t tenant.ID, required bool) (before bool, err error)
}

// Identities has the use cases of identity secrets, of the proofs that they sign, and of the policy to require one.
type Identities struct {
	store    IdentitySecretStore
	websites *Service
	box      Sealer
	verifier ProofVerifier
	policies IdentityPolicies
	now      func() time.Time
}

// NewIdentities returns Identities over their ports.
func NewIdentities(
	store IdentitySecretStore, websites *Service, box Sealer, verifier ProofVerifier, policies IdentityPolicies,
	now func() time.Time,
) *Identities {
	return &Identities{
		store:    store,
		websites: websites,
		box:      box,
		verifier: verifier,
		policies: policies,
		now:      timestamp.Clock(now),
	}
}

// Required reports whether the website serves verified visitors only.
func (s *Identities) Required(ctx context.Context, t tenant.ID) (bool, error) {
	return s.policies.IdentityRequired(ctx, t)
}

// Require sets whether the website serves verified visitors only. It needs a secret, or none could be verified. The
// policy is the visitors service's, so its entry in the audit log is stored after it: a failure in between is answered
// as one, and repeating the request adds the entry.
func (s *Identities) Require(ctx context.Context, t tenant.ID, required bool, by By) error {
	if required {
		secrets, err := s.store.IdentitySecrets(ctx, t)
		if err != nil {
			return err
		}
		if len(secrets) == 0 {
			return fault.Coded(fault.Conflict, "identity_secret_required",
				"the website has no identity secret, so no visitor could be verified: create one first")
		}
	}
	e, err := s.websites.entry(ctx, t, by, "identity_policy", "update", t.Int64())
	if err != nil {
		return err
	}
	before, err := s.policies.RequireIdentity(ctx, t, required)
	if err != nil {
		return err
	}
	s.websites.announce.WebsiteChanged(ctx, t) // gateways have cached the visitors of the website
	return s.store.AddEntries(ctx, []Entry{e.changing(fields{"required": before}, fields{"required": required})})
}

// Secrets returns a website's identity secrets, newest first, without what they are.
func (s *Identities) Secrets(ctx context.Context, t tenant.ID) ([]IdentitySecret, error) {
	return s.store.IdentitySecrets(ctx, t)
}

// CreateSecret creates an identity secret. It returns the secret, which isn't shown again. Older ones stay valid.
func (s *Identities) CreateSecret(ctx context.Context, t tenant.ID, by By) (IdentitySecret, string, error) {
	number, err := s.store.NextIdentitySecret(ctx)
	if err != nil {
		return IdentitySecret{}, "", err
	}
	secret := newIdentitySecret()
	form, err := s.box.Seal(secret, sealedFor(number))
	if err != nil {
		return IdentitySecret{}, "", err
	}
	e, err := s.websites.entry(ctx, t, by, "identity_secret", "create", int64(number))
	if err != nil {
		return IdentitySecret{}, "", err
	}
	i := IdentitySecret{
		ID:        number,
		WebsiteID: t,
		Sealed:    form,
		Prefix:    secret[:identityPrefix],
		CreatedAt: s.now(),
		CreatedBy: by.Actor,
	}
	return i, secret, s.store.AddIdentitySecret(ctx, i, e.changing(nil, i.audited()))
}

// DeleteSecret removes an identity secret: what it signed is refused from now on. Visitors that were verified with it
// stay verified.
func (s *Identities) DeleteSecret(ctx context.Context, t tenant.ID, secret id.IdentitySecret, by By) error {
	e, err := s.websites.entry(ctx, t, by, "identity_secret", "delete", int64(secret))
	if err != nil {
		return err
	}
	return s.store.DeleteIdentitySecret(ctx, t, secret, func(i IdentitySecret) Entry {
		return e.changing(i.audited(), nil)
	})
}

// Verify returns the user that a proof states. The error is Invalid, and names the wrong member, if none of the
// website's secrets has signed it. The secrets are read for each proof, so that a removed one ends at once.
func (s *Identities) Verify(ctx context.Context, t tenant.ID, p IdentityProof) (VerifiedIdentity, error) {
	stored, err := s.store.IdentitySecrets(ctx, t)
	if err != nil {
		return VerifiedIdentity{}, err
	}
	secrets := make([]string, len(stored))
	for i, row := range stored {
		if secrets[i], err = s.box.Open(row.Sealed, sealedFor(row.ID)); err != nil {
			return VerifiedIdentity{}, fmt.Errorf("identity secret %d: %w", row.ID, err)
		}
	}
	return s.verifier.Verify(p, secrets, s.now())
}

// sealedFor is the context that a secret is sealed in.
func sealedFor(secret id.IdentitySecret) string {
	return "identity:" + strconv.FormatInt(int64(secret), 10)
}

// identityPrefix is how many characters of a secret are shown, so that people recognize it.
const identityPrefix = 9

// newIdentitySecret returns a secret of 256 random bits.
func newIdentitySecret() string {
	var b [32]byte
	rand.Read(b[:])
	return "isec_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// ErrTooManyIdentitySecrets refuses another secret of a website.
func ErrTooManyIdentitySecrets() error {
	return fault.Coded(
		fault.Conflict, "too_many_identity_secrets",
		fmt.Sprintf("a website has at most %d identity secrets: remove one first", MaxIdentitySecrets),
	)
}
