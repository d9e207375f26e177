package accounts

import (
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

// Person can sign in. In each website of their memberships, they are one of its users.
type Person struct {
	ID        id.Person `bson:"_id"`
	Email     string    `bson:"email"` // in lower case, unique over the installation
	Name      string    `bson:"name"`
	Password  string    `bson:"password"` // as Passwords.Hash returns it; "" for a person without a password
	Disabled  bool      `bson:"disabled"` // by the operator: can't sign in
	CreatedAt time.Time `bson:"createdAt"`
	UpdatedAt time.Time `bson:"updatedAt"`

	SignOuts int64 `bson:"signOuts"` // how often all sessions of the person were ended

	Authenticator    *Authenticator `bson:"authenticator"`    // nil for a person without a second factor
	NewAuthenticator string         `bson:"newAuthenticator"` // the encrypted key of an app that isn't in use yet

	Notifications *Notifications `bson:"notifications,omitempty"` // nil for the defaults
}

// SortKey implements the order of lists: by creation.
func (p Person) SortKey() (time.Time, int64) { return p.CreatedAt, int64(p.ID) }

// Membership makes a person a user of a website, with a role.
type Membership struct {
	ID        id.Membership `bson:"_id"`
	WebsiteID tenant.ID     `bson:"websiteId"`
	PersonID  id.Person     `bson:"personId"`
	UserID    id.User       `bson:"userId"`
	Role      identity.Role `bson:"role"`
	CreatedAt time.Time     `bson:"createdAt"`

	IsLastOwner bool `bson:"-"` // known only while a change of the website's team is decided
}

// SortKey implements the order of lists: by creation.
func (m Membership) SortKey() (time.Time, int64) { return m.CreatedAt, int64(m.ID) }

// MaxMemberships is how many websites a person can be a member of.
const MaxMemberships = 100

// Grant is a role in a website.
type Grant struct {
	Website tenant.ID
	Role    identity.Role
}

// NewPerson is the input for a person.
type NewPerson struct {
	Email, Name, Password string
}

// normal returns n with the e-mail address in lower case and the name without spaces around it.
func (n NewPerson) normal() NewPerson {
	n.Email, n.Name = strings.ToLower(strings.TrimSpace(n.Email)), strings.TrimSpace(n.Name)
	return n
}

// Validate reports every invalid field.
func (n NewPerson) Validate() error {
	n = n.normal()
	var wrong fault.Problems
	wrong.Check(isName(n.Name), "name", nameRule)
	wrong.Check(isEmail(n.Email), "email", emailRule)
	checkPassword(n.Password, &wrong)
	return wrong.Err()
}

const (
	emailRule = "must be an e-mail address of at most 254 characters"
	roleRule  = "must be viewer, agent, admin or owner"
)

func (m Membership) audited() fields {
	return fields{"person": m.PersonID, "user": m.UserID, "role": m.Role}
}
