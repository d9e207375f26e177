package api

import (
	"time"

	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/optional"
	"fivechat.dev/libs/paging"
	"fivechat.dev/services/accounts"
)

type list struct{ paging.Window }

type listUsers struct{ paging.Following }

type byHash struct {
	Hash string `path:"hash" json:"-"`
}

type byID struct {
	ID int64 `path:"id" json:"-"`
}

type byIDs struct {
	IDs httpkit.IDs `query:"ids" json:"-"`
}

// user is what a body may say about a user.
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
	ID int64 `path:"id" json:"-"`
	user
}

type newWebsiteUser struct {
	WebsiteID int64 `path:"websiteId" json:"-"`
	user
}

type newWebsite struct {
	Name         string        `json:"name"`
	URL          string        `json:"url"`
	Organization string        `json:"organization"`
	ClientToken  string        `json:"clientToken"`
	Plan         identity.Plan `json:"plan"`
}

type newToken struct {
	WebsiteID int64          `path:"websiteId" json:"-"`
	Name      string         `json:"name"`
	Level     identity.Level `json:"level"`
	ExpiresAt *time.Time     `json:"expiresAt"`
}

func (n newToken) token() accounts.NewToken {
	t := accounts.NewToken{Name: n.Name, Level: n.Level}
	if n.ExpiresAt != nil {
		t.ExpiresAt = *n.ExpiresAt
	}
	return t
}

type listTokens struct {
	WebsiteID int64 `path:"websiteId" json:"-"`
	paging.Window
}

type tokenByID struct {
	WebsiteID int64 `path:"websiteId" json:"-"`
	ID        int64 `path:"id" json:"-"`
}
