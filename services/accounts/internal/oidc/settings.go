package oidc

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/accounts"
)

// Bounds of the settings file: bytes, providers, and entries of a list.
const (
	maxFile      = 1 << 20
	maxProviders = 20
	maxEntries   = 1000
	maxText      = 1000
)

// settings is a provider in the settings file.
type settings struct {
	ID               string                `json:"id"`
	Name             string                `json:"name"`
	Issuer           string                `json:"issuer"`
	ClientID         string                `json:"clientId"`
	ClientSecret     string                `json:"clientSecret"`
	ClientSecretFile string                `json:"clientSecretFile"`
	ClientAuth       string                `json:"clientAuthentication"` // basic or post; "": as the metadata says
	Scopes           []string              `json:"scopes"`
	Parameters       map[string]string     `json:"parameters"` // added to the address where the person signs in
	Claims           claimNames            `json:"claims"`
	Groups           map[string][]grant    `json:"groups"`
	AllowedDomains   []string              `json:"allowedDomains"`
	Provisioning     accounts.Provisioning `json:"provisioning"`
	PostLogout       string                `json:"postLogout"` // "": signing out doesn't end the provider's session
}

type claimNames struct {
	Email         string `json:"email"`
	EmailVerified string `json:"emailVerified"`
	Name          string `json:"name"`
	Groups        string `json:"groups"`
}

type grant struct {
	Website tenant.ID     `json:"website"`
	Role    identity.Role `json:"role"`
}

// How a client authenticates at the token endpoint: with HTTP Basic, or in the form.
const (
	basic = "basic"
	post  = "post"
)

// idForm is the form of a provider's id, which is a segment of addresses.
var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// reserved are the parameters of an authorization request that the protocol sets.
var reserved = []string{
	"client_id", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "request", "request_uri",
	"response_mode", "response_type", "scope", "state",
}

// parse reads a settings file. The error names every wrong member.
func parse(file []byte) ([]settings, error) {
	if len(file) > maxFile {
		return nil, fmt.Errorf("identity providers: the file has more than %d bytes", maxFile)
	}
	var read struct {
		Providers []settings `json:"providers"`
	}
	if err := httpkit.Decode(file, &read, false); err != nil {
		return nil, err
	}
	var wrong fault.Problems
	wrong.Check(len(read.Providers) <= maxProviders, "providers", fmt.Sprintf("must be at most %d", maxProviders))
	ids := map[string]bool{}
	for i := range read.Providers {
		s := &read.Providers[i]
		at := fmt.Sprintf("providers[%d].", i)
		s.fill()
		s.check(at, &wrong)
		wrong.Check(!ids[s.ID], at+"id", "must be of one provider only")
		ids[s.ID] = true
	}
	return read.Providers, wrong.Err()
}

// fill sets what may be absent.
func (s *settings) fill() {
	if len(s.Scopes) == 0 {
		s.Scopes = []string{"openid", "profile", "email"}
	}
	c := &s.Claims
	c.Email, c.EmailVerified = cmp.Or(c.Email, "email"), cmp.Or(c.EmailVerified, "email_verified")
	c.Name, c.Groups = cmp.Or(c.Name, "name"), cmp.Or(c.Groups, "groups")
	s.Provisioning = cmp.Or(s.Provisioning, accounts.ProvisionInvited)
	for i, d := range s.AllowedDomains {
		s.AllowedDomains[i] = strings.ToLower(d)
	}
}

func (s *settings) check(at string, wrong *fault.Problems) {
	isText := func(v string) bool { return v != "" && len(v) <= maxText }
	wrong.Check(idForm.MatchString(s.ID), at+"id", "must be 1 to 32 small letters, digits and hyphens")
	wrong.Check(isText(s.Name) && len(s.Name) <= 100, at+"name", "must be 1 to 100 bytes")
	if err := secure(s.Issuer); err != nil || strings.ContainsAny(s.Issuer, "?#") {
		wrong.Add(at+"issuer", "must be an https address, without query and fragment")
	}
	wrong.Check(isText(s.ClientID), at+"clientId", "must be set")
	wrong.Check((s.ClientSecret == "") != (s.ClientSecretFile == ""), at+"clientSecret",
		"must be set, or clientSecretFile instead")
	if s.ClientSecretFile != "" {
		if _, err := s.secret(); err != nil {
			wrong.Add(at+"clientSecretFile", err.Error())
		}
	}
	wrong.Check(slices.Contains([]string{"", basic, post}, s.ClientAuth), at+"clientAuthentication",
		"must be basic or post")
	wrong.Check(slices.Contains(s.Scopes, "openid") && len(s.Scopes) <= maxEntries, at+"scopes", "must have openid")
	for name := range s.Parameters {
		wrong.Check(!slices.Contains(reserved, name), at+"parameters."+name, "is set by the protocol")
	}
	s.checkRules(at, wrong)
}

func (s *settings) checkRules(at string, wrong *fault.Problems) {
	wrong.Check(len(s.Groups) <= maxEntries, at+"groups", fmt.Sprintf("must be at most %d", maxEntries))
	for name, grants := range s.Groups {
		for _, g := range grants {
			wrong.Check(!g.Website.IsZero() && g.Role.Valid(), at+"groups."+name,
				"needs website, an id, and role: viewer, agent, admin or owner")
		}
	}
	for _, d := range s.AllowedDomains {
		wrong.Check(isDomain(d), at+"allowedDomains", "must be domains, like shop.example")
	}
	wrong.Check(len(s.AllowedDomains) <= maxEntries, at+"allowedDomains", fmt.Sprintf("must be at most %d", maxEntries))
	wrong.Check(s.Provisioning == accounts.ProvisionInvited || s.Provisioning == accounts.ProvisionFirst,
		at+"provisioning", "must be invited or first")
	if s.PostLogout != "" && secure(s.PostLogout) != nil {
		wrong.Add(at+"postLogout", "must be an https address")
	}
}

func isDomain(d string) bool { return d != "" && len(d) <= 253 && !strings.ContainsAny(d, "@/* ") }

// secret returns the client's secret. A file is read each time, so that a new secret takes effect at once.
func (s *settings) secret() (string, error) {
	if s.ClientSecretFile == "" {
		return s.ClientSecret, nil
	}
	b, err := os.ReadFile(s.ClientSecretFile)
	if err != nil {
		return "", errors.New("can't be read: " + err.Error())
	}
	secret := strings.TrimRight(string(b), "\r\n")
	if secret == "" || len(secret) > maxText {
		return "", fmt.Errorf("must have 1 to %d bytes", maxText)
	}
	return secret, nil
}

func (s *settings) provider() accounts.Provider {
	p := accounts.Provider{
		ID:           s.ID,
		Name:         s.Name,
		Issuer:       s.Issuer,
		Provisioning: s.Provisioning,
		Domains:      s.AllowedDomains,
		Groups:       map[string][]accounts.Grant{},
		Claims:       accounts.ClaimNames(s.Claims),
	}
	for name, grants := range s.Groups {
		for _, g := range grants {
			p.Groups[name] = append(p.Groups[name], accounts.Grant{Website: g.Website, Role: g.Role})
		}
	}
	return p
}
