package accounts

import (
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
)

// Token is an API token of a website. Its secret isn't stored.
type Token struct {
	ID         id.Token       `bson:"_id"`
	WebsiteID  tenant.ID      `bson:"websiteId"`
	Hash       string         `bson:"hash"`
	Name       string         `bson:"name"`
	Level      identity.Level `bson:"level"`
	Prefix     string         `bson:"prefix"`     // first characters of the secret, so that people recognize it
	LastUsedAt time.Time      `bson:"lastUsedAt"` // zero if never
	ExpiresAt  time.Time      `bson:"expiresAt"`  // zero if never
	CreatedAt  time.Time      `bson:"createdAt"`
	CreatedBy  string         `bson:"createdBy"` // By's Actor
}

// SortKey implements the order of lists: by creation.
func (t Token) SortKey() (time.Time, int64) { return t.CreatedAt, int64(t.ID) }

// Expired reports whether the token has expired.
func (t Token) Expired(now time.Time) bool { return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) }

// NewToken is the input for a token. A zero ExpiresAt means that it never expires.
type NewToken struct {
	Name      string
	Level     identity.Level
	ExpiresAt time.Time
}

// Validate reports every invalid field. A token can't expire before now.
func (n NewToken) Validate(now time.Time) error {
	var wrong fault.Problems
	wrong.Check(isName(strings.TrimSpace(n.Name)), "name", nameRule)
	wrong.Check(n.Level.Valid(), "level", "must be READ, WRITE or READ_WRITE")
	wrong.Check(n.ExpiresAt.IsZero() || n.ExpiresAt.After(now), "expiresAt", "must lie in the future")
	return wrong.Err()
}

// token returns the token and its secret.
func (n NewToken) token(t tenant.ID, id id.Token, by string, now time.Time) (Token, string) {
	secret := identity.NewSecret()
	return Token{
		ID:        id,
		WebsiteID: t,
		Hash:      identity.HashSecret(secret),
		Name:      strings.TrimSpace(n.Name),
		Level:     n.Level,
		Prefix:    secret[:prefixLength],
		ExpiresAt: timestamp.Of(n.ExpiresAt),
		CreatedAt: now,
		CreatedBy: by,
	}, secret
}

// prefixLength is how many characters of a secret are shown, so that people recognize it.
const prefixLength = 8

// TokenPatch is a partial update. An absent field leaves the stored value unchanged; a null ExpiresAt means that the
// token never expires.
type TokenPatch struct {
	Name      optional.Value[string]
	ExpiresAt optional.Value[time.Time]
}

// Validate reports every invalid field. A token can't expire before now.
func (p TokenPatch) Validate(now time.Time) error {
	var wrong fault.Problems
	if p.Name.Set {
		wrong.Check(isName(strings.TrimSpace(p.Name.V)), "name", nameRule)
	}
	if p.ExpiresAt.Set {
		at := timestamp.Of(p.ExpiresAt.V)
		wrong.Check(at.IsZero() || at.After(now), "expiresAt", "must lie in the future")
	}
	return wrong.Err()
}

// apply returns t with the changes of a valid patch.
func (p TokenPatch) apply(t Token) Token {
	set(p.Name, &t.Name, "")
	t.Name = strings.TrimSpace(t.Name)
	if p.ExpiresAt.Set {
		t.ExpiresAt = timestamp.Of(p.ExpiresAt.V)
	}
	return t
}

// How long a rotated token stays valid: the default, and the maximum.
const (
	DefaultOverlap = 24 * time.Hour
	maxOverlap     = 30 * 24 * time.Hour
)

// successor returns a new token with the same name, level and lifetime as t, and its secret.
func (t Token) successor(id id.Token, by string, now time.Time) (Token, string) {
	next := NewToken{Name: t.Name, Level: t.Level}
	if !t.ExpiresAt.IsZero() {
		next.ExpiresAt = now.Add(t.ExpiresAt.Sub(t.CreatedAt))
	}
	return next.token(t.WebsiteID, id, by, now)
}
