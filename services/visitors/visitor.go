package visitors

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/publictoken"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
)

// Visitor is a person on a website.
type Visitor struct {
	ID         int64     `bson:"_id"`
	WebsiteID  tenant.ID `bson:"websiteId"`
	Token      string    `bson:"token"`
	Name       string    `bson:"name"`
	IP         string    `bson:"ip"`      // last seen from; "" where nobody said
	Context    string    `bson:"context"` // the canonical JSON of an object, see MergeContext
	Country    *string   `bson:"country"` // ISO 3166 alpha-2
	City       *string   `bson:"city"`
	LastSeenAt time.Time `bson:"lastSeenAt"` // zero: never
	CreatedAt  time.Time `bson:"createdAt"`
	UpdatedAt  time.Time `bson:"updatedAt"`
	Version    int64     `bson:"version"`             // counts changes
	ImportKey  string    `bson:"importKey,omitempty"` // where they were imported: under which key
	SecretHash string    `bson:"-"`                   // of a new visitor: what is stored beside the token
}

// Place is the visitor's place in a newest-first list.
func (v Visitor) SortKey() (time.Time, int64) { return v.CreatedAt, v.ID }

// Change is the visitor's place in the order of changes.
func (v Visitor) ChangeKey() (time.Time, int64) { return v.UpdatedAt, v.ID }

// Revision is the state that the visitor is in. That somebody was seen is none.
func (v Visitor) Revision() version.Of { return version.Of{ID: v.ID, Version: v.Version} }

// The two periods of presence.
const (
	onlineFor = 60 * time.Second // who was seen counts as online
	seenEvery = 15 * time.Second // at most, that somebody was seen is written
)

// Online says whether the visitor was seen lately.
func (v Visitor) Online(now time.Time) bool { return !v.LastSeenAt.Before(now.Add(-onlineFor)) }

// newVisitor makes a visitor of a number, with a friendly name, a fresh token and the hash of its secret.
func newVisitor(t tenant.ID, id int64, secret string, now time.Time) Visitor {
	return Visitor{
		ID:         id,
		WebsiteID:  t,
		Token:      tokenPrefix + random(),
		Name:       FriendlyName(id),
		Context:    emptyContext,
		CreatedAt:  now,
		UpdatedAt:  now,
		SecretHash: identity.HashSecret(secret),
	}
}

// random is 160 random bits in lower-case base 32.
func random() string {
	var b [20]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

const tokenPrefix = "vis_"

// ValidToken says whether s has the form of a visitor token.
func ValidToken(s string) bool {
	rest, prefixed := strings.CutPrefix(s, tokenPrefix)
	return prefixed && publictoken.WellFormed(rest)
}

// CheckToken is nil for what has the form of a visitor token, else an Invalid fault.
func CheckToken(s string) error {
	if !ValidToken(s) {
		return fault.Bad("token", "must be a visitor token: "+tokenPrefix+" and "+publictoken.Form)
	}
	return nil
}

// Patch is a partial update. An absent or null Name, and a nil Context, leave what is there.
type Patch struct {
	Name    optional.Value[string]
	Context Context
}

// Empty says that the patch changes nothing.
func (p Patch) Empty() bool { return p.Name.Ptr() == nil && len(p.Context) == 0 }

// Apply gives v with p's changes, or an Invalid fault that names every member that is wrong.
func (p Patch) Apply(v Visitor) (Visitor, error) {
	var wrong fault.Problems
	if name := p.Name.Ptr(); name != nil {
		v.Name = strings.TrimSpace(*name)
		wrong.Check(v.Name != "" && utf8.RuneCountInString(v.Name) <= maxName, "name", "must be 1 to 100 characters")
	}
	merged, problem := MergeContext(v.Context, p.Context)
	if problem != "" {
		wrong.Add("context", problem)
	}
	v.Context = merged
	return v, wrong.Err()
}

// check refuses what is wrong with the patch whomever it is for.
func (p Patch) check() error {
	_, err := p.Apply(Visitor{Context: emptyContext})
	return err
}

// maxName is the longest name, in characters.
const maxName = 100
