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

// Website is a tenant: a site with a widget, its users and its tokens. Its number is the tenant.
type Website struct {
	ID           tenant.ID     `bson:"_id"`
	Organization string        `bson:"organization"` // who pays; several websites may name the same
	Name         string        `bson:"name"`
	URL          string        `bson:"url"`
	Plan         identity.Plan `bson:"plan"`
	ClientToken  string        `bson:"clientToken"` // its widget's
	Quotas       Quotas        `bson:"quotas,omitempty"`
	StorageLimit int64         `bson:"storageLimit"` // bytes, in place of its plan's; 0: its plan's
	CreatedAt    time.Time     `bson:"createdAt"`
}

// Place is the website's place in a newest-first list.
func (w Website) SortKey() (time.Time, int64) { return w.CreatedAt, w.ID.Int64() }

// NewWebsite is what an operator states about a website. Organization is the website's own name where none is named,
// Plan is Free, and ClientToken is a random one.
type NewWebsite struct {
	Name, URL, Organization, ClientToken string
	Plan                                 identity.Plan
}

// The longest name, in characters, and the longest address, in bytes.
const (
	maxName = 100
	maxURL  = 2048
)

// website fills in what was left out, or gives an Invalid fault that names every member that is wrong. The client token
// is the widget's to judge.
func (n NewWebsite) website() (Website, error) {
	w := Website{Organization: strings.TrimSpace(n.Organization), Name: strings.TrimSpace(n.Name), URL: n.URL, Plan: n.Plan}
	if w.Organization == "" {
		w.Organization = w.Name
	}
	if w.Plan == "" {
		w.Plan = identity.Free
	}
	var wrong fault.Problems
	w.check(&wrong)
	return w, wrong.Err()
}

const nameWanted = "must be 1 to 100 characters"

func isName(s string) bool { return s != "" && utf8.RuneCountInString(s) <= maxName }

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
