package accounts

import (
	"strings"
	"time"

	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/tenant"
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
}

// Place is the token's place in a newest-first list.
func (t Token) Place() (time.Time, int64) { return t.CreatedAt, t.ID }

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

// prefixLength is how many characters of a secret are shown for people to recognize it by.
const prefixLength = 8
