package accounts

import (
	"strings"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

// Session is a person's signed-in browser, or a personal access token of their programs. Its secret isn't stored.
type Session struct {
	ID         id.Session `bson:"_id"`
	Hash       string     `bson:"hash"`
	PersonID   id.Person  `bson:"personId"`
	Device     string     `bson:"device"`  // the browser's User-Agent, cut
	Address    string     `bson:"address"` // of the sign-in
	CreatedAt  time.Time  `bson:"createdAt"`
	LastUsedAt time.Time  `bson:"lastUsedAt"`
	ExpiresAt  time.Time  `bson:"expiresAt"`        // whatever its use
	ProvenAt   time.Time  `bson:"provenAt"`         // when the person last proved who they are; zero if never
	Name       string     `bson:"name"`             // of a personal access token, else ""
	SignOn     *SignOn    `bson:"signOn,omitempty"` // nil if it began with a password
}

// IsPersonalToken reports whether it is a personal access token.
func (s Session) IsPersonalToken() bool { return s.Name != "" }

// SortKey implements the order of lists: by creation.
func (s Session) SortKey() (time.Time, int64) { return s.CreatedAt, int64(s.ID) }

// The lifetimes of a session, and the bound of a device's name in bytes.
const (
	SessionLife = 30 * 24 * time.Hour // from the sign-in
	sessionIdle = 7 * 24 * time.Hour  // from the last use
	maxDevice   = 200
)

// Ends returns the time at which the session ends unless it is used.
func (s Session) Ends() time.Time {
	if s.IsPersonalToken() {
		return s.ExpiresAt
	}
	if idle := s.LastUsedAt.Add(sessionIdle); idle.Before(s.ExpiresAt) {
		return idle
	}
	return s.ExpiresAt
}

// Expired reports whether the session has ended.
func (s Session) Expired(now time.Time) bool { return !now.Before(s.Ends()) }

// Device is a browser in which a person signs in.
type Device struct {
	Name    string // its User-Agent
	Address string
	Proof   string  // that the person signed in with it before, "" without
	SignOn  *SignOn // nil with a password
}

// Secrets are what a browser keeps of a sign-in. They can't be read again.
type Secrets struct {
	Session string
	Device  string // the Proof of the next sign-in; "" if the installation can't make one
}

// shown returns the name of a device as it is stored: cut.
func (d Device) shown() string { return strings.ToValidUTF8(d.Name[:min(len(d.Name), maxDevice)], "") }

// session returns a new session and its secret.
func (d Device) session(id id.Session, person id.Person, now time.Time) (Session, string) {
	secret := identity.NewSessionSecret()
	return Session{
		ID: id, Hash: identity.HashSecret(secret), PersonID: person,
		Device: d.shown(), Address: d.Address,
		CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(SessionLife), ProvenAt: now,
		SignOn: d.SignOn,
	}, secret
}

// SignedIn is a person with what they may do.
type SignedIn struct {
	Person      Person
	Session     Session
	Memberships []MembershipOf
}

// MembershipOf is a membership with the website's name and plan.
type MembershipOf struct {
	Membership

	WebsiteName string
	Plan        identity.Plan
}

// membershipsOf returns the memberships with their websites. One whose website is being erased is left out.
func membershipsOf(memberships []Membership, websites []Website) []MembershipOf {
	byID := map[tenant.ID]Website{}
	for _, w := range websites {
		byID[w.ID] = w
	}
	var all []MembershipOf
	for _, m := range memberships {
		if w, there := byID[m.WebsiteID]; there {
			all = append(all, MembershipOf{m, w.Name, w.Plan})
		}
	}
	return all
}
