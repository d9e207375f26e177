package accounts

import (
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

// Website is a tenant: a site with a widget, its users and its tokens. Its id is the tenant's.
type Website struct {
	ID           tenant.ID     `bson:"_id"`
	Organization string        `bson:"organization"` // the paying customer; several websites may have the same
	Name         string        `bson:"name"`
	URL          string        `bson:"url"`
	Plan         identity.Plan `bson:"plan"`
	ClientToken  string        `bson:"clientToken"` // of its widget
	Quotas       Quotas        `bson:"quotas,omitempty"`
	StorageLimit int64         `bson:"storageLimit"`         // bytes, overrides the plan's; 0 means the plan's
	Assignment   *Assignment   `bson:"assignment,omitempty"` // nil: people assign
	Targets      Targets       `bson:"targets,omitempty"`
	CreatedAt    time.Time     `bson:"createdAt"`
}

// SortKey implements the order of lists: by creation.
func (w Website) SortKey() (time.Time, int64) { return w.CreatedAt, w.ID.Int64() }

// NewWebsite is the input for a website. Organization defaults to the name of the website, Plan to Free, and
// ClientToken to a random one.
type NewWebsite struct {
	Name, URL, Organization, ClientToken string
	Plan                                 identity.Plan
}

// The maximum length of a name in characters, and of a URL in bytes.
const (
	maxName = 100
	maxURL  = 2048
)

// Validate reports every invalid field. The widgets service checks the client token.
func (n NewWebsite) Validate() error {
	w := n.website()
	var wrong fault.Problems
	wrong.Check(isName(w.Name), "name", nameRule)
	wrong.Check(isOrganization(w.Organization), "organization", nameRule)
	wrong.Check(isWebsiteURL(w.URL), "url", urlRule)
	wrong.Check(w.Plan.Valid(), "plan", planRule)
	return wrong.Err()
}

// website returns the website with its defaults.
func (n NewWebsite) website() Website {
	w := Website{
		Organization: strings.TrimSpace(n.Organization),
		Name:         strings.TrimSpace(n.Name),
		URL:          n.URL,
		Plan:         n.Plan,
	}
	if w.Organization == "" {
		w.Organization = w.Name
	}
	if w.Plan == "" {
		w.Plan = identity.Free
	}
	return w
}

// The texts of errors.
const (
	nameRule = "must be 1 to 100 characters"
	urlRule  = "must be an http or https address of at most 2048 characters"
	planRule = "must be FREE or PRO"
)

func isName(s string) bool { return s != "" && utf8.RuneCountInString(s) <= maxName }

// isOrganization accepts "", which stands for the website's name.
func isOrganization(s string) bool { return utf8.RuneCountInString(s) <= maxName }

func isWebsiteURL(s string) bool { return isURL(s, "http", "https") }

func isURL(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || u.Hostname() == "" {
		return false
	}
	for _, scheme := range schemes {
		if u.Scheme == scheme {
			return true
		}
	}
	return false
}
