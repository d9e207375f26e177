package accounts

import (
	"net/mail"
	"regexp"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
)

// User is an agent of one website.
type User struct {
	ID         id.User   `bson:"_id"`
	WebsiteID  tenant.ID `bson:"websiteId"`
	Name       string    `bson:"name"`
	Email      string    `bson:"email"` // in lower case, unique within the website
	Theme      string    `bson:"theme"`
	AvatarURL  *string   `bson:"avatarUrl"`
	Language   string    `bson:"language"`
	LastSeenAt time.Time `bson:"lastSeenAt"`         // zero if never
	ActiveAt   time.Time `bson:"activeAt,omitempty"` // when they last did something; zero if unknown
	IsAway     bool      `bson:"away,omitempty"`     // they have said so
	CreatedAt  time.Time `bson:"createdAt"`
	UpdatedAt  time.Time `bson:"updatedAt"`
	Version    int64     `bson:"version"` // incremented by every change
}

// SortKey implements the order of lists: by creation.
func (u User) SortKey() (time.Time, int64) { return u.CreatedAt, int64(u.ID) }

// ChangeKey implements the order of change lists: by last change.
func (u User) ChangeKey() (time.Time, int64) { return u.UpdatedAt, int64(u.ID) }

// Revision is the version of the user, for ETags. Being seen or away doesn't change it.
func (u User) Revision() version.Of { return version.Of{ID: int64(u.ID), Version: u.Version} }

// UserPatch is a partial update of a user, or the input for a new one, which needs a name and an e-mail address. An
// absent field leaves the stored value unchanged; null sets the default.
type UserPatch struct {
	Name, Email, Theme, Language, AvatarURL optional.Value[string]
}

// The defaults of a user's settings.
const (
	defaultTheme    = "system"
	defaultLanguage = "en"
)

var language = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// The maximum length of an e-mail address that mail servers support, and of a language tag.
const (
	maxEmail    = 254
	maxLanguage = 35
)

// forNewUser returns the input for a new user: the fields that it needs are present.
func (p UserPatch) forNewUser() UserPatch {
	p.Name.Set, p.Email.Set = true, true
	return p
}

// Validate reports every invalid field.
func (p UserPatch) Validate() error {
	var wrong fault.Problems
	if p.Name.Set {
		wrong.Check(isName(strings.TrimSpace(p.Name.V)), "name", nameRule)
	}
	if p.Email.Set {
		wrong.Check(isEmail(strings.ToLower(p.Email.V)), "email", emailRule)
	}
	if v := p.Theme.Ptr(); v != nil {
		wrong.Check(*v == "light" || *v == "dark" || *v == "system", "theme", "must be light, dark or system")
	}
	if v := p.Language.Ptr(); v != nil {
		wrong.Check(len(*v) <= maxLanguage && language.MatchString(*v), "language",
			"must be a language tag like en or pt-BR")
	}
	if v := p.AvatarURL.Ptr(); v != nil {
		wrong.Check(isURL(*v, "https"), "avatarUrl", "must be an https address of at most 2048 characters, or null")
	}
	return wrong.Err()
}

// Apply returns u with the changes of a valid patch.
func (p UserPatch) Apply(u User) User {
	set(p.Name, &u.Name, "")
	set(p.Email, &u.Email, "")
	set(p.Theme, &u.Theme, defaultTheme)
	set(p.Language, &u.Language, defaultLanguage)
	if p.AvatarURL.Set {
		u.AvatarURL = p.AvatarURL.Ptr()
	}
	u.Name, u.Email = strings.TrimSpace(u.Name), strings.ToLower(u.Email)
	return u
}

func set(v optional.Value[string], into *string, missing string) {
	switch {
	case v.Null:
		*into = missing
	case v.Set:
		*into = v.V
	}
}

// isEmail requires a bare address: "Ann <ann@example.com>" parses, but is a name with an address.
func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && len(s) <= maxEmail && a.Name == "" && a.Address == s
}
