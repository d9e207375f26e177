package accounts

import (
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/tenant"
)

// Token is an API token of a website. Its secret isn't stored.
type Token struct {
	ID         int64          `bson:"_id"`
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
func (t Token) SortKey() (time.Time, int64) { return t.CreatedAt, t.ID }

// Expired reports whether the token has expired.
func (t Token) Expired(now time.Time) bool { return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) }

// NewToken is the input for a token. A zero ExpiresAt means that it never expires.
type NewToken struct {
	Name      string
	Level     identity.Level
	ExpiresAt time.Time
}

func (n NewToken) check(now time.Time) error {
	var wrong fault.Problems
	wrong.Check(isName(strings.TrimSpace(n.Name)), "name", nameRule)
	wrong.Check(n.Level.Valid(), "level", "must be READ, WRITE or READ_WRITE")
	wrong.Check(n.ExpiresAt.IsZero() || n.ExpiresAt.After(now), "expiresAt", "must lie in the future")
	return wrong.Err()
}

// token returns the token and its secret.
func (n NewToken) token(t tenant.ID, id int64, by string, now time.Time) (Token, string) {
	secret := identity.NewSecret()
	return Token{
		ID:        id,
		WebsiteID: t,
		Hash:      identity.HashSecret(secret),
		Name:      strings.TrimSpace(n.Name),
		Level:     n.Level,
		Prefix:    secret[:prefixLength],
		ExpiresAt: n.ExpiresAt.UTC().Truncate(time.Millisecond),
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

// apply returns t with the changes of p, or an Invalid fault that lists every wrong field.
func (p TokenPatch) apply(t Token, now time.Time) (Token, error) {
	set(p.Name, &t.Name, "")
	t.Name = strings.TrimSpace(t.Name)
	var wrong fault.Problems
	wrong.Check(isName(t.Name), "name", nameRule)
	if p.ExpiresAt.Set {
		t.ExpiresAt = p.ExpiresAt.V.UTC().Truncate(time.Millisecond)
		wrong.Check(t.ExpiresAt.IsZero() || t.ExpiresAt.After(now), "expiresAt", "must lie in the future")
	}
	return t, wrong.Err()
}

// How long a rotated token stays valid: the default, and the maximum.
const (
	DefaultOverlap = 24 * time.Hour
	maxOverlap     = 30 * 24 * time.Hour
)

// successor returns a new token with the same name, level and lifetime as t, and its secret.
func (t Token) successor(id int64, by string, now time.Time) (Token, string) {
	next := NewToken{Name: t.Name, Level: t.Level}
	if !t.ExpiresAt.IsZero() {
		next.ExpiresAt = now.Add(t.ExpiresAt.Sub(t.CreatedAt))
	}
	return next.token(t.WebsiteID, id, by, now)
}
