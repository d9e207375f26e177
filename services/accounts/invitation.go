package accounts

import (
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

// Invitation lets a person become a member of a website, once. The secret in its link isn't stored.
type Invitation struct {
	ID        id.Invitation `bson:"_id"`
	WebsiteID tenant.ID     `bson:"websiteId"` // zero for a website that the invited person creates
	Hash      string        `bson:"hash"`
	Email     string        `bson:"email"` // in lower case; "" for any person with the link, only from the operator
	Role      identity.Role `bson:"role"`
	CreatedAt time.Time     `bson:"createdAt"`
	CreatedBy string        `bson:"createdBy"` // By's Actor
	ExpiresAt time.Time     `bson:"expiresAt"`
}

// SortKey implements the order of lists: by creation.
func (i Invitation) SortKey() (time.Time, int64) { return i.CreatedAt, int64(i.ID) }

// Expired reports whether the invitation can't be accepted any more.
func (i Invitation) Expired(now time.Time) bool { return !now.Before(i.ExpiresAt) }

// invitationLife is how long an invitation can be accepted.
const invitationLife = 7 * 24 * time.Hour

// NewInvitation is the input for an invitation to a website.
type NewInvitation struct {
	Email string
	Role  identity.Role
}

// Validate reports every invalid field.
func (n NewInvitation) Validate() error {
	var wrong fault.Problems
	wrong.Check(isEmail(strings.ToLower(strings.TrimSpace(n.Email))), "email", emailRule)
	wrong.Check(n.Role.Valid(), "role", roleRule)
	return wrong.Err()
}

// invitation returns an invitation and the secret of its link. A zero website invites to create one.
func (n NewInvitation) invitation(id id.Invitation, t tenant.ID, by string, now time.Time) (Invitation, string) {
	secret := identity.NewSessionSecret()
	return Invitation{
		ID: id, WebsiteID: t, Hash: identity.HashSecret(secret), Email: strings.ToLower(strings.TrimSpace(n.Email)),
		Role: n.Role, CreatedAt: now, CreatedBy: by, ExpiresAt: now.Add(invitationLife),
	}, secret
}

func (i Invitation) audited() fields {
	return fields{"email": i.Email, "role": i.Role, "expiresAt": timeOrNil(i.ExpiresAt)}
}

// Acceptance is the input of a person who accepts an invitation and has no account yet. Website is the one that they
// create, if the invitation is to create one.
type Acceptance struct {
	NewPerson

	Website NewWebsite
}

// errInvitation is the one answer for a link that is unknown, used, revoked or expired.
func errInvitation() error {
	return fault.Coded(
		fault.NotFound, "invitation_invalid", "the invitation doesn't exist, has been used or has expired: ask for a new one",
	)
}
