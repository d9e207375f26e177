package visitors

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/publictoken"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/kernel/visitorcontext"
)

// Visitor is a person on a website.
type Visitor struct {
	ID         id.Visitor `bson:"_id"`
	WebsiteID  tenant.ID  `bson:"websiteId"`
	Token      string     `bson:"token"`
	Name       string     `bson:"name"`
	IP         string     `bson:"ip"`      // address of the last request; "" if unknown
	Context    string     `bson:"context"` // the canonical JSON of an object, see visitorcontext.Merge
	Country    *string    `bson:"country"` // ISO 3166 alpha-2
	City       *string    `bson:"city"`
	LastSeenAt time.Time  `bson:"lastSeenAt"` // zero if never
	CreatedAt  time.Time  `bson:"createdAt"`
	UpdatedAt  time.Time  `bson:"updatedAt"`
	Version    int64      `bson:"version"`             // incremented by every change
	ImportKey  string     `bson:"importKey,omitempty"` // key of an imported visitor
	Identity   *Identity  `bson:"identity,omitempty"`  // nil if neither the page nor the backend says who they are
	// VerifiedUser is Identity's UserID if it is verified: a website has one visitor for each.
	VerifiedUser string `bson:"verifiedUser,omitempty"`
	// Since when they are on the website without a break, and the path of the page that they are on, or were last. They
	// are zero if the visitor was last seen by an older version.
	ArrivedAt time.Time `bson:"arrivedAt,omitempty"`
	PagePath  string    `bson:"pagePath,omitempty"`
	// The last pages that they have been on, up to MaxVisitPages of one visit. Path returns those of this visit.
	Pages  []PageView `bson:"pages,omitempty"`
	Search *Search    `bson:"search,omitempty"` // reads don't return it
	// The token of the last conversation that an agent has begun with them. It may have ended; "" if there was none.
	AgentConversation string `bson:"agentConversation,omitempty"`
	// How many notes there are about them, how many bytes these have, and how often a change of one has begun.
	Notes       int64 `bson:"notes,omitempty"`
	NoteBytes   int64 `bson:"noteBytes,omitempty"`
	NoteChanges int64 `bson:"noteChanges,omitempty"`
	// Since when the team has blocked them, and who did it; zero and nil if they aren't blocked.
	BlockedAt time.Time `bson:"blockedAt,omitempty"`
	BlockedBy *id.User  `bson:"blockedBy,omitempty"` // nil also if a program did it
	// SecretHash is only set for a new visitor, device or secret: stored with the token
	SecretHash string `bson:"-"`
}

// SortKey implements the order of lists: by creation.
func (v Visitor) SortKey() (time.Time, int64) { return v.CreatedAt, int64(v.ID) }

// KeyIn implements the order of lists by last sight, whose rows were all seen.
func (v Visitor) KeyIn(paging.Order) (time.Time, int64) { return v.LastSeenAt, int64(v.ID) }

// ChangeKey implements the order of change lists: by last change.
func (v Visitor) ChangeKey() (time.Time, int64) { return v.UpdatedAt, int64(v.ID) }

// Revision is the version of the visitor, for ETags. Being seen doesn't change it.
func (v Visitor) Revision() version.Of { return version.Of{ID: int64(v.ID), Version: v.Version} }

// The two periods of presence.
const (
	onlineFor = 60 * time.Second // a visitor counts as online after being seen
	seenEvery = 15 * time.Second // minimum interval of writing LastSeenAt
)

// Texts is how many bytes of text the website stores about the visitor, which count towards the storage limit.
func (v Visitor) Texts() int64 {
	n := int64(len(v.Context)) + v.NoteBytes
	for _, p := range v.Pages {
		n += int64(len(p.URL))
	}
	return n
}

// Online reports whether the visitor was seen within onlineFor.
func (v Visitor) Online(now time.Time) bool { return !v.LastSeenAt.Before(now.Add(-onlineFor)) }

// newVisitor returns a visitor with a given number, a friendly name, a new token and the hash of its secret.
func newVisitor(t tenant.ID, number id.Visitor, secret string, now time.Time) Visitor {
	return Visitor{
		ID:         number,
		WebsiteID:  t,
		Token:      newToken(),
		Name:       FriendlyName(number),
		Context:    visitorcontext.Empty,
		CreatedAt:  now,
		UpdatedAt:  now,
		SecretHash: identity.HashSecret(secret),
	}
}

// random returns 160 random bits in lower-case base 32.
func random() string {
	var b [20]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

const tokenPrefix = "vis_"

func newToken() string { return tokenPrefix + random() }

// ValidToken reports whether s has the form of a visitor token.
func ValidToken(s string) bool {
	rest, prefixed := strings.CutPrefix(s, tokenPrefix)
	return prefixed && publictoken.WellFormed(rest)
}

// CheckToken returns an Invalid fault unless s has the form of a visitor token.
func CheckToken(s string) error {
	if !ValidToken(s) {
		return fault.Bad("token", "must be a visitor token: "+tokenPrefix+" and "+publictoken.Form)
	}
	return nil
}

// Patch is a partial update. An absent or null Name, and a nil Context, leave the stored value unchanged.
type Patch struct {
	Name    optional.Value[string]
	Context visitorcontext.Context
}

// Empty reports whether the patch changes nothing.
func (p Patch) Empty() bool { return p.Name.Ptr() == nil && len(p.Context) == 0 }

// Apply returns v with the changes of p, or an Invalid fault that lists every wrong field. The UpdatedAt of v is the
// time of the patch.
func (p Patch) Apply(v Visitor) (Visitor, error) {
	var wrong fault.Problems
	if name := p.Name.Ptr(); name != nil {
		v.Name = strings.TrimSpace(*name)
		wrong.Check(v.Name != "" && utf8.RuneCountInString(v.Name) <= maxName, "name", "must be 1 to 100 characters")
	}
	merged, problem := visitorcontext.Merge(v.Context, p.Context)
	if problem != "" {
		wrong.Add("context", problem)
	}
	if v.Context != merged {
		v.Context = merged
		v.PagePath = v.Page().Path()
	}
	if _, reported := p.Context["page"]; reported {
		v = v.onPage(v.UpdatedAt)
	}
	return v, wrong.Err()
}

// Validate returns an Invalid fault if the patch is invalid for any visitor.
func (p Patch) Validate() error {
	_, err := p.Apply(Visitor{Context: visitorcontext.Empty})
	return err
}

// maxName is the maximum length of a name in characters.
const maxName = 100
