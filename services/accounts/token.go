package accounts

import (
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/tenant"
)

// Token is an API token of a website. Its secret is not kept.
type Token struct {
	ID         int64          `bson:"_id"`
	WebsiteID  tenant.ID      `bson:"websiteId"`
	Hash       string         `bson:"hash"`
	Name       string         `bson:"name"`
	Level      identity.Level `bson:"level"`
	Prefix     string         `bson:"prefix"`     // the secret's beginning, for people to recognize it by
	LastUsedAt time.Time      `bson:"lastUsedAt"` // zero: never
	ExpiresAt  time.Time      `bson:"expiresAt"`  // zero: never
	CreatedAt  time.Time      `bson:"createdAt"`
	CreatedBy  string         `bson:"createdBy"` // By's Actor
}

// Place is the token's place in a newest-first list.
func (t Token) SortKey() (time.Time, int64) { return t.CreatedAt, t.ID }

// Expired says that the token's time is over.
func (t Token) Expired(now time.Time) bool { return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) }

// NewToken is what an operator states about a token. A zero ExpiresAt is never.
type NewToken struct {
	Name      string
	Level     identity.Level
	ExpiresAt time.Time
}

func (n NewToken) check(now time.Time) error {
	var wrong fault.Problems
	wrong.Check(isName(strings.TrimSpace(n.Name)), "name", nameWanted)
	wrong.Check(n.Level.Valid(), "level", "must be READ, WRITE or READ_WRITE")
	wrong.Check(n.ExpiresAt.IsZero() || n.ExpiresAt.After(now), "expiresAt", "must lie in the future")
	return wrong.Err()
}

// token makes the token and its secret.
func (n NewToken) token(t tenant.ID, id int64, by string, now time.Time) (Token, string) {
	secret := identity.NewSecret()
	return Token{
		ID: id, WebsiteID: t, Hash: identity.HashSecret(secret), Name: strings.TrimSpace(n.Name), Level: n.Level,
		Prefix: secret[:prefixLength], ExpiresAt: n.ExpiresAt.UTC().Truncate(time.Millisecond), CreatedAt: now, CreatedBy: by,
	}, secret
}

// prefixLength is how many characters of a secret are shown for people to recognize it by.
const prefixLength = 8

// TokenPatch is a partial update. An absent member leaves what is there; a null ExpiresAt is never.
type TokenPatch struct {
	Name      optional.Value[string]
	ExpiresAt optional.Value[time.Time]
}

// apply gives t with p's changes, or an Invalid fault that names every member that is wrong.
func (p TokenPatch) apply(t Token, now time.Time) (Token, error) {
	set(p.Name, &t.Name, "")
	t.Name = strings.TrimSpace(t.Name)
	var wrong fault.Problems
	wrong.Check(isName(t.Name), "name", nameWanted)
	if p.ExpiresAt.Set {
		t.ExpiresAt = p.ExpiresAt.V.UTC().Truncate(time.Millisecond)
		wrong.Check(t.ExpiresAt.IsZero() || t.ExpiresAt.After(now), "expiresAt", "must lie in the future")
	}
	return t, wrong.Err()
}

// The time for which a token lives on beside its successor: where none is named, and the longest.
const (
	DefaultOverlap = 24 * time.Hour
	maxOverlap     = 30 * 24 * time.Hour
)

// successor gives a token of the same name and level, made for as long as t was, and its secret.
func (t Token) successor(id int64, by string, now time.Time) (Token, string) {
	next := NewToken{Name: t.Name, Level: t.Level}
	if !t.ExpiresAt.IsZero() {
		next.ExpiresAt = now.Add(t.ExpiresAt.Sub(t.CreatedAt))
	}
	return next.token(t.WebsiteID, id, by, now)
}
