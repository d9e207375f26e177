package api

import (
	"errors"
	"math"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/accounts"
)

type list struct{ paging.Window }

type listUsers struct{ paging.Following }

type byHash struct {
	Hash string `path:"hash" json:"-"`
}

type byID struct {
	ID id.User `path:"id" json:"-"`
}

type byIDs struct {
	IDs httpkit.IDs[id.User] `query:"ids" json:"-"`
}

type byEmails struct {
	Emails []string `json:"emails"`
}

// user is the fields of a user that a request may set.
type user struct {
	Name      optional.Value[string] `json:"name"`
	Email     optional.Value[string] `json:"email"`
	Theme     optional.Value[string] `json:"theme"`
	Language  optional.Value[string] `json:"language"`
	AvatarURL optional.Value[string] `json:"avatarUrl"`
}

func (u user) patch() accounts.UserPatch { return accounts.UserPatch(u) }

type newUser struct{ user }

type updateUser struct {
	ID id.User `path:"id" json:"-"`
	user
}

// heartbeat reports that a user is present. Without Active, they do something.
type heartbeat struct {
	ID     id.User              `path:"id" json:"-"`
	Active optional.Value[bool] `json:"active"`
}

type userStatus struct {
	ID     id.User             `path:"id" json:"-"`
	Status accounts.UserStatus `json:"status"`
}

// ofWebsite names the website of an operator's request.
type ofWebsite struct {
	WebsiteID int64 `path:"websiteId" json:"-"`
}

func (o ofWebsite) website() int64 { return o.WebsiteID }

type userOfWebsite struct {
	ofWebsite
	ID id.User `path:"id" json:"-"`
}

type tokenOfWebsite struct {
	ofWebsite
	ID id.Token `path:"id" json:"-"`
}

type listOfWebsite struct {
	ofWebsite
	paging.Window
}

type newWebsiteUser struct {
	ofWebsite
	user
}

type updateWebsiteUser struct {
	userOfWebsite
	user
}

type newWebsite struct {
	Name         string        `json:"name"`
	URL          string        `json:"url"`
	Organization string        `json:"organization"`
	ClientToken  string        `json:"clientToken"`
	Plan         identity.Plan `json:"plan"`
}

type updateWebsite struct {
	ofWebsite
	Name         optional.Value[string]                             `json:"name"`
	URL          optional.Value[string]                             `json:"url"`
	Organization optional.Value[string]                             `json:"organization"`
	Plan         optional.Value[identity.Plan]                      `json:"plan"`
	Quotas       optional.Value[map[accounts.Class]*accounts.Quota] `json:"quotas"`
	StorageLimit optional.Value[int64]                              `json:"storageLimit"`
}

func (u updateWebsite) patch() accounts.WebsitePatch {
	return accounts.WebsitePatch{
		Name:         u.Name,
		URL:          u.URL,
		Organization: u.Organization,
		Plan:         u.Plan,
		Quotas:       u.Quotas,
		StorageLimit: u.StorageLimit,
	}
}

type recount struct {
	ofWebsite
	Repair bool `json:"repair"`
}

// tokenInput is the fields of a new token.
type tokenInput struct {
	Name      string         `json:"name"`
	Level     identity.Level `json:"level"`
	ExpiresAt *time.Time     `json:"expiresAt"`
}

type newToken struct {
	ofWebsite
	tokenInput
}

func (n tokenInput) token() accounts.NewToken {
	t := accounts.NewToken{Name: n.Name, Level: n.Level}
	if n.ExpiresAt != nil {
		t.ExpiresAt = *n.ExpiresAt
	}
	return t
}

// tokenChanges is the fields of a token that a request may change.
type tokenChanges struct {
	Name      optional.Value[string]    `json:"name"`
	ExpiresAt optional.Value[time.Time] `json:"expiresAt"`
}

type updateToken struct {
	tokenOfWebsite
	tokenChanges
}

// rotation is how a token is rotated.
type rotation struct {
	OverlapSeconds *int64 `json:"overlapSeconds"`
}

type rotateToken struct {
	tokenOfWebsite
	rotation
}

// tokenByID names a token of the caller's website.
type tokenByID struct {
	ID id.Token `path:"id" json:"-"`
}

type updateOwnToken struct {
	tokenByID
	tokenChanges
}

type rotateOwnToken struct {
	tokenByID
	rotation
}

func (r rotation) overlap() time.Duration {
	if r.OverlapSeconds == nil {
		return accounts.DefaultOverlap
	}
	// The domain refuses values out of range; this only prevents an overflow.
	return time.Duration(min(max(*r.OverlapSeconds, -1), math.MaxInt32)) * time.Second
}

type visitorOfWebsite struct {
	ofWebsite
	Token string `path:"token" json:"-"`
}

type erasureByID struct {
	ID int64 `path:"id" json:"-"`
}

type audit struct {
	WebsiteID int64  `query:"websiteId" json:"-"`
	Since     moment `query:"since" json:"-"`
	paging.Window
}

func (a audit) filter() accounts.AuditFilter {
	f := accounts.AuditFilter{Since: time.Time(a.Since)}
	if t, err := tenant.New(a.WebsiteID); err == nil {
		f.Website = t
	}
	return f
}

// moment is a timestamp in a query.
type moment time.Time

var errMoment = errors.New("must be a timestamp like " + timestamp.Layout)

// UnmarshalText reads the timestamp.
func (m *moment) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.RFC3339, string(b))
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return errMoment
	}
	*m = moment(t)
	return nil
}
