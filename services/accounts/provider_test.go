package accounts

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

func claimsOf(t *testing.T, text string) map[string]any {
	t.Helper()
	var c map[string]any
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFactsOfClaims reads what the providers of docs/sign-in.md send.
func TestFactsOfClaims(t *testing.T) {
	t.Parallel()
	usual := ClaimNames{"email", "email_verified", "name", "groups"}
	for name, c := range map[string]struct {
		names  ClaimNames
		claims string
		want   Facts
	}{
		"usual": {
			usual, `{"sub":"1","sid":"s","email":" Una@Shop.example","email_verified":true,"name":"Una","groups":["b","a"]}`,
			Facts{"1", "s", "una@shop.example", true, "Una", []string{"a", "b"}},
		},
		"flags as texts": {
			usual, `{"sub":"1","email":"una@shop.example","email_verified":"true","name":"Una"}`,
			Facts{Subject: "1", Email: "una@shop.example", EmailVerified: true, Name: "Una"},
		},
		"a path, as of Keycloak's roles": {
			ClaimNames{"email", "email_verified", "name", "realm_access.roles"},
			`{"sub":"1","name":"Una","realm_access":{"roles":["support"]}}`,
			Facts{Subject: "1", Name: "Una", Groups: []string{"support"}},
		},
		"a name with dots comes before a path": {
			ClaimNames{"https://shop.example/email", "email_verified", "name", "a.b"},
			`{"sub":"1","https://shop.example/email":"una@shop.example","name":"U","a.b":"one","a":{"b":"two"}}`,
			Facts{Subject: "1", Email: "una@shop.example", Name: "U", Groups: []string{"one"}},
		},
		"an object's members, as of Zitadel's roles": {
			ClaimNames{"email", "email_verified", "name", "urn:zitadel:iam:org:project:roles"},
			`{"sub":"1","name":"U","urn:zitadel:iam:org:project:roles":{"support":{"1":"x"},"admin":{}}}`,
			Facts{Subject: "1", Name: "U", Groups: []string{"admin", "support"}},
		},
		"no name": {
			usual, `{"sub":"1","email":"una@shop.example","name":7}`,
			Facts{Subject: "1", Email: "una@shop.example", Name: "una"},
		},
		"other types": {
			usual, `{"sub":"1","email":["una@shop.example"],"email_verified":"yes","name":"U","groups":[1,{"a":2}]}`,
			Facts{Subject: "1", Name: "U"},
		},
	} {
		got, err := Provider{Claims: c.names}.facts(claimsOf(t, c.claims))
		slices.Sort(got.Groups)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
		}
	}
	groups := make([]any, maxGroups+1)
	for i := range groups {
		groups[i] = "group"
	}
	for name, c := range map[string]map[string]any{
		"no subject":      {"email": "una@shop.example"},
		"another type":    {"sub": 7.0},
		"a long subject":  {"sub": string(make([]byte, maxSubject+1))},
		"a long session":  {"sub": "1", "sid": string(make([]byte, maxSubject+1))},
		"too many groups": {"sub": "1", "groups": groups},
	} {
		if f, err := (Provider{Claims: usual}).facts(c); fault.From(err).Code != "provider_response_invalid" {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

// TestGrants: the highest role of groups and invitations counts in each website; groups count with provisioning first
// only.
func TestGrants(t *testing.T) {
	t.Parallel()
	one, two := website(t, 1), website(t, 2)
	p := Provider{Provisioning: ProvisionFirst, Groups: map[string][]Grant{
		"staff": {{one, identity.Viewer}, {two, identity.Agent}}, "admins": {{one, identity.Admin}},
	}}
	invitations := []Invitation{{WebsiteID: two, Role: identity.Owner}, {WebsiteID: one, Role: identity.Agent}}
	f := Facts{Groups: []string{"admins", "staff", "unknown"}}
	if got := p.grants(f, nil); !reflect.DeepEqual(got, []Grant{{one, identity.Admin}, {two, identity.Agent}}) {
		t.Errorf("groups: %v", got)
	}
	if got := p.grants(f, invitations); !reflect.DeepEqual(got, []Grant{{one, identity.Admin}, {two, identity.Owner}}) {
		t.Errorf("both: %v", got)
	}
	p.Provisioning = ProvisionInvited
	if got := p.grants(f, invitations[:1]); !reflect.DeepEqual(got, []Grant{{two, identity.Owner}}) {
		t.Errorf("invitations: %v", got)
	}
	if got := p.grants(f, nil); len(got) != 0 {
		t.Errorf("neither: %v", got)
	}
}

func website(t *testing.T, n int64) tenant.ID {
	t.Helper()
	id, err := tenant.New(n)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
