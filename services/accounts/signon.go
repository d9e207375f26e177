package accounts

import (
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
)

// Identity links a subject of an issuer to a person. Both together are unique over the installation.
type Identity struct {
	ID        string    `bson:"_id"` // identityID of issuer and subject
	Issuer    string    `bson:"issuer"`
	Subject   string    `bson:"subject"`
	PersonID  id.Person `bson:"personId"`
	CreatedAt time.Time `bson:"createdAt"`
}

// identityID is the id of an issuer's subject, and of an issuer's session.
func identityID(issuer, subject string) string { return identity.HashSecret(issuer + "\n" + subject) }

// SignOn is the part of a session that a person began at an identity provider.
type SignOn struct {
	ID              string     `bson:"id"` // random; the context in which the secrets are sealed
	Provider        string     `bson:"provider"`
	Identity        string     `bson:"identity"`                  // the id of the Identity
	ProviderSession string     `bson:"providerSession,omitempty"` // identityID of issuer and sid; "" without a sid
	IDToken         string     `bson:"idToken,omitempty"`         // sealed
	Refresh         string     `bson:"refresh,omitempty"`         // the refresh token, sealed
	CheckedAt       time.Time  `bson:"checkedAt"`                 // when the refresh token was used, or tried, last
	FailingSince    *time.Time `bson:"failingSince,omitempty"`    // since when the provider hasn't answered
}

// The times of a session's checks at its provider. A person who is disabled there is signed out after confirmEvery, the
// time of the refresh and the time that gateways keep a session: within a minute.
const (
	confirmEvery = 50 * time.Second
	confirmFor   = 4 * time.Second // the deadline of a check
	awayFor      = time.Hour       // how long sessions continue while their provider doesn't answer
)

// isDue reports whether the session must be checked at its provider.
func (s SignOn) isDue(now time.Time) bool {
	return s.Refresh != "" && now.Sub(s.CheckedAt) >= confirmEvery
}

func (s SignOn) context(kind string) string { return kind + ":" + s.ID }
