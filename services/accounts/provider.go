package accounts

import (
	"slices"
	"strings"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

// Provisioning decides which persons may sign in at an identity provider for the first time.
type Provisioning string

// The ways of provisioning. Persons who have an account may always sign in.
const (
	ProvisionInvited Provisioning = "invited" // persons who are invited with their e-mail address
	ProvisionFirst   Provisioning = "first"   // also persons of groups that make them members of a website
)

// Provider is an identity provider (OpenID Connect) as the operator describes it.
type Provider struct {
	ID           string // in addresses; sessions refer to it
	Name         string // on its button
	Issuer       string
	Provisioning Provisioning
	Domains      []string           // domains of e-mail addresses, in lower case; empty for all
	Groups       map[string][]Grant // what a member of a group of the provider becomes
	Claims       ClaimNames
}

// ClaimNames are the names of claims. A name with dots is also a path into objects.
type ClaimNames struct {
	Email, EmailVerified, Name, Groups string
}

// Facts is what a provider states about a person who signs in there.
type Facts struct {
	Subject       string // identifies the person at the issuer, for good
	Session       string // identifies the session at the provider (the claim sid); "" if the provider doesn't state it
	Email         string // in lower case
	EmailVerified bool
	Name          string
	Groups        []string
}

// Bounds of claims: a subject in bytes (OpenID Connect Core, 2), a session in bytes, and a number of groups.
const (
	maxSubject = 255
	maxGroups  = 1000
)

// facts reads the claims of a verified ID token. The error is errClaims if the claims identify no person.
func (p Provider) facts(claims map[string]any) (Facts, error) {
	f := Facts{
		Subject:       textOf(claims["sub"]),
		Session:       textOf(claims["sid"]),
		Email:         strings.ToLower(strings.TrimSpace(textOf(claim(claims, p.Claims.Email)))),
		EmailVerified: isTrue(claim(claims, p.Claims.EmailVerified)),
		Name:          strings.TrimSpace(textOf(claim(claims, p.Claims.Name))),
		Groups:        textsOf(claim(claims, p.Claims.Groups)),
	}
	if f.Subject == "" || len(f.Subject) > maxSubject || len(f.Session) > maxSubject || len(f.Groups) > maxGroups {
		return Facts{}, errClaims()
	}
	if !isName(f.Name) {
		f.Name, _, _ = strings.Cut(f.Email, "@")
	}
	return f, nil
}

// claim returns the claim of a name, or the value at the path that the name is.
func claim(claims map[string]any, name string) any {
	if v, there := claims[name]; there {
		return v
	}
	for first, rest := range splits(name) {
		if inner, is := claims[first].(map[string]any); is {
			return claim(inner, rest)
		}
	}
	return nil
}

// splits yields a path before and after each of its dots: names of claims may have dots themselves.
func splits(name string) func(yield func(string, string) bool) {
	return func(yield func(string, string) bool) {
		for i, c := range name {
			if c == '.' && !yield(name[:i], name[i+1:]) {
				return
			}
		}
	}
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

// isTrue reads a flag, which some providers send as a text or a number.
func isTrue(v any) bool { return v == true || v == "true" || v == "1" || v == 1.0 }

// textsOf reads a list of texts, a single one, or the names of an object's members.
func textsOf(v any) []string {
	var all []string
	switch v := v.(type) {
	case string:
		all = append(all, v)
	case []any:
		for _, one := range v {
			if s, is := one.(string); is {
				all = append(all, s)
			}
		}
	case map[string]any:
		for name := range v {
			all = append(all, name)
		}
	}
	return all
}

// admits refuses persons whose e-mail address the provider hasn't verified, or is of another domain.
func (p Provider) admits(f Facts) error {
	if !isEmail(f.Email) {
		return fault.Coded(fault.Forbidden, "email_missing", "the identity provider states no e-mail address")
	}
	if !f.EmailVerified {
		return fault.Coded(
			fault.Forbidden, "email_unverified", "the identity provider hasn't verified the e-mail address",
		)
	}
	domain := f.Email[strings.LastIndexByte(f.Email, '@')+1:]
	if len(p.Domains) > 0 && !slices.Contains(p.Domains, domain) {
		return fault.Coded(
			fault.Forbidden, "email_domain_refused", "e-mail addresses of this domain can't sign in with this provider",
		)
	}
	return nil
}

// grants returns what the person of f becomes at the first sign-in: the highest role that the groups and the
// invitations give in each website, in the order of the websites.
func (p Provider) grants(f Facts, invitations []Invitation) []Grant {
	roles := map[tenant.ID]identity.Role{}
	add := func(t tenant.ID, r identity.Role) {
		if had, there := roles[t]; !there || r.Includes(had) {
			roles[t] = r
		}
	}
	if p.Provisioning == ProvisionFirst {
		for _, g := range f.Groups {
			for _, grant := range p.Groups[g] {
				add(grant.Website, grant.Role)
			}
		}
	}
	for _, i := range invitations {
		add(i.WebsiteID, i.Role)
	}
	all := make([]Grant, 0, len(roles))
	for t, r := range roles {
		all = append(all, Grant{t, r})
	}
	slices.SortFunc(all, func(a, b Grant) int { return int(a.Website.Int64() - b.Website.Int64()) })
	return all
}

// errClaims refuses claims that don't identify a person.
func errClaims() error {
	return fault.Coded(
		fault.Unauthenticated, "provider_response_invalid", "the response of the identity provider isn't valid",
	)
}
