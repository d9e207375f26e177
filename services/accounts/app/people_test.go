package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/internal/storetest"
)

const good = "four words make one"

// found lets a person with an e-mail address create a website, and returns the secret of their session.
func (s system) found(email string) string {
	i := s.Want(201, apitest.Operator, "POST", "/operator/invitations", "")
	return s.Cookie(200, apitest.Public, "POST", fmt.Sprintf("/invitations/%s/accept", i["token"]),
		fmt.Sprintf(`{"name":"Una","email":%q,"password":%q,"website":{"name":"Shop","url":"https://shop.example"}}`,
			email, good)).Value
}

// as returns the principal that the gateway makes of a session's secret, in the first membership.
func (s system) as(secret string) identity.Principal {
	r := s.Want(200, apitest.Sibling(0), "GET", "/internal/sessions/"+identity.HashSecret(secret), "")
	p := identity.Principal{
		Kind: identity.Person, PersonID: id.Person(r["personId"].(float64)), SessionID: id.Session(r["sessionId"].(float64)),
		Confirmed: true,
	}
	if all := r["memberships"].([]any); len(all) > 0 {
		m := all[0].(map[string]any)
		p.Website, p.Role = storetest.Tenant(int64(m["websiteId"].(float64))), identity.Role(m["role"].(string))
		p.Level, p.Plan, p.UserID = p.Role.Level(), identity.Plan(m["plan"].(string)), id.User(m["userId"].(float64))
	}
	return p
}

// join invites a person as a role and accepts for them. It returns the secret of their session.
func (s system) join(owner identity.Principal, email string, role identity.Role) string {
	i := s.Want(201, owner, "POST", "/invitations", fmt.Sprintf(`{"email":%q,"role":%q}`, email, role))
	return s.Cookie(200, apitest.Public, "POST", fmt.Sprintf("/invitations/%s/accept", i["token"]),
		fmt.Sprintf(`{"name":"Ben","password":%q}`, good)).Value
}

func (s system) signIn(email, password string) apitest.Answer {
	return s.Do(apitest.Public, "POST", "/auth/password", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password))
}

func TestFirstOwnerCreatesTheirWebsite(t *testing.T) {
	t.Parallel()
	s := start(t)
	i := s.Want(201, apitest.Operator, "POST", "/operator/invitations", "")
	link := fmt.Sprintf("/invitations/%s", i["token"])
	if got := s.Want(200, apitest.Public, "GET", link+"/details", ""); got["websiteName"] != nil || got["email"] != nil ||
		got["role"] != "owner" || got["hasAccount"] != false {
		t.Errorf("%v", got)
	}
	website := `"website":{"name":"Shop","url":"https://shop.example"}`
	una := func(email, password string) string {
		return fmt.Sprintf(`{"name":"Una","email":%q,"password":%q,`, email, password) + website + "}"
	}
	for body, want := range map[string]string{
		`{}`: "validation_failed name",
		`{"name":"Una","email":"una@shop.example","password":"four words make one"}`: "validation_failed website.name",
		una("una@shop.example", "short"):                                             "validation_failed password",
		una("una@shop.example", "password1234"):                                      "validation_failed password",
		una("una@shop.example", "una@shop.example"):                                  "validation_failed password",
		una("una", good): "validation_failed email",
	} {
		if got := s.Refused(400, apitest.Public, "POST", link+"/accept", body); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	body := `{"name":" Una ","email":"Una@Shop.example","password":"four words make one",` + website + `}`
	c := s.Cookie(200, apitest.Public, "POST", link+"/accept", body)
	if c.Name != "__Host-fivechat" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" ||
		c.Domain != "" || len(c.Value) != 52 || c.MaxAge != 30*24*3600 {
		t.Errorf("the cookie: %+v", c)
	}
	owner := s.as(c.Value)
	if owner.Role != identity.Owner || owner.Website.IsZero() || owner.UserID == 0 {
		t.Errorf("the owner: %+v", owner)
	}
	if got := s.Want(200, owner, "GET", "/website", ""); got["name"] != "Shop" || got["level"] != "READ_WRITE" {
		t.Errorf("%v", got)
	}
	if got := s.Want(200, owner, "GET", fmt.Sprintf("/users/%d", owner.UserID), ""); got["name"] != "Una" ||
		got["email"] != "una@shop.example" {
		t.Errorf("%v", got)
	}
	for _, p := range []string{link + "/accept", "/invitations/unknown/accept"} {
		if got := s.Refused(404, apitest.Public, "POST", p, body); got != "invitation_invalid" {
			t.Errorf("%s again: %s", p, got)
		}
	}
	s.Refused(404, apitest.Public, "GET", link+"/details", "")
	if n := s.Want(200, apitest.Operator, "GET", "/operator/websites", "")["total"]; n != 1.0 {
		t.Errorf("%v websites", n)
	}
}

func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	first := s.found("una@shop.example")
	una := s.as(first)
	wrong, unknown := s.signIn("una@shop.example", "four words make two"), s.signIn("eve@shop.example", good)
	if wrong.Status != 401 || wrong != unknown || !strings.Contains(wrong.Body, "credentials_invalid") {
		t.Errorf("a wrong password: %+v\nan unknown address: %+v", wrong, unknown)
	}
	if got := s.signIn("not an address", good); got.Status != 400 {
		t.Errorf("%+v", got)
	}
	second := s.Cookie(200, apitest.Public, "POST", "/auth/password",
		`{"email":" Una@shop.example","password":"four words make one"}`).Value
	if second == first {
		t.Error("two sessions have one secret")
	}
	all := s.Want(200, una, "GET", "/auth/sessions", "")["data"].([]any)
	if len(all) != 2 || all[0].(map[string]any)["current"] != false || all[1].(map[string]any)["current"] != true {
		t.Errorf("%v", all)
	}
	if c := s.Cookie(204, una, "DELETE", "/auth/session", ""); c.Value != "" || c.MaxAge >= 0 {
		t.Errorf("signing out leaves the cookie %+v", c)
	}
	s.Refused(404, apitest.Sibling(0), "GET", "/internal/sessions/"+identity.HashSecret(first), "")
	una = s.as(second)
	const change = "/auth/password"
	got := s.Refused(401, una, "PUT", change, `{"current":"wrong","password":"five words make a sentence"}`)
	if got != "credentials_invalid" {
		t.Error(got)
	}
	got = s.Refused(400, una, "PUT", change, `{"current":"four words make one","password":"qwertyuiop"}`)
	if got != "validation_failed password" {
		t.Error(got)
	}
	third := s.Cookie(200, una, "PUT", "/auth/password",
		`{"current":"four words make one","password":"five words make a sentence"}`).Value
	s.Refused(404, apitest.Sibling(0), "GET", "/internal/sessions/"+identity.HashSecret(second), "")
	if got := s.signIn("una@shop.example", good); got.Status != 401 {
		t.Errorf("the old password: %+v", got)
	}
	s.Cookie(200, apitest.Public, "POST", "/auth/password",
		`{"email":"una@shop.example","password":"five words make a sentence"}`)
	una = s.as(third)
	s.Cookie(204, una, "DELETE", "/auth/sessions", "")
	if all := s.Want(200, una, "GET", "/auth/sessions", "")["data"].([]any); len(all) != 0 {
		t.Errorf("after signing out everywhere: %v", all)
	}
}

// TestGuessingIsLimited: ten attempts for an address, known or not, are answered; the next is refused, also with the
// right password. Another address isn't affected.
func TestGuessingIsLimited(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.found("una@shop.example")
	s.found("ben@shop.example")
	for _, email := range []string{"una@shop.example", "nobody@shop.example"} {
		for i := range 10 {
			if got := s.signIn(email, fmt.Sprint("guess ", i)); got.Status != 401 {
				t.Fatalf("attempt %d: %+v", i, got)
			}
		}
		if got := s.signIn(email, good); got.Status != 429 || !strings.Contains(got.Body, "too_many_failures") {
			t.Errorf("%s, after ten attempts: %+v", email, got)
		}
	}
	if got := s.signIn("ben@shop.example", good); got.Status != 200 {
		t.Errorf("another person: %+v", got)
	}
}

func TestTeam(t *testing.T) {
	t.Parallel()
	s := start(t)
	una := s.as(s.found("una@shop.example"))
	ben := s.as(s.join(una, "ben@shop.example", identity.Admin))
	if ben.Website != una.Website || ben.Role != identity.Admin {
		t.Fatalf("%+v", ben)
	}
	cat := s.as(s.join(ben, "cat@shop.example", identity.Agent))
	members := s.Want(200, cat, "GET", "/members", "")["data"].([]any)
	if len(members) != 3 {
		t.Fatalf("%v", members)
	}
	ids := map[string]string{}
	for _, m := range members {
		m := m.(map[string]any)
		ids[m["user"].(map[string]any)["email"].(string)] = fmt.Sprintf("/members/%v", m["id"])
	}
	for _, c := range []struct {
		as           identity.Principal
		method, path string
		body         string
		status       int
		code         string
	}{
		{cat, "POST", "/invitations", `{"email":"dan@shop.example","role":"agent"}`, 403, "role_required"},
		{cat, "PATCH", ids["cat@shop.example"], `{"role":"owner"}`, 403, "role_required"},
		{cat, "GET", "/tokens", "", 403, "role_required"},
		{cat, "POST", "/users", `{"name":"Dan","email":"dan@shop.example"}`, 403, "role_required"},
		{ben, "POST", "/invitations", `{"email":"dan@shop.example","role":"owner"}`, 403, "role_required"},
		{ben, "POST", "/invitations", `{"email":"dan","role":"agent"}`, 400, "validation_failed email"},
		{ben, "POST", "/invitations", `{"email":"dan@shop.example","role":"boss"}`, 400, "validation_failed role"},
		{ben, "PATCH", ids["una@shop.example"], `{"role":"agent"}`, 403, "role_required"},
		{ben, "DELETE", ids["una@shop.example"], "", 403, "role_required"},
		{ben, "PATCH", ids["ben@shop.example"], `{"role":"owner"}`, 403, "role_required"},
		{una, "PATCH", ids["una@shop.example"], `{"role":"admin"}`, 409, "last_owner"},
		{una, "DELETE", ids["una@shop.example"], "", 409, "last_owner"},
		{una, "DELETE", "/members/999", "", 404, "not_found"},
		{agent(una.Website.Int64()), "GET", "/members", "", 401, "token_missing"},
		{agent(una.Website.Int64()), "POST", "/tokens", `{"name":"x","level":"READ"}`, 401, "token_missing"},
	} {
		if got := s.Refused(c.status, c.as, c.method, c.path, c.body); got != c.code {
			t.Errorf("%s %s %s by %s: %s, want %s", c.method, c.path, c.body, c.as.Role, got, c.code)
		}
	}
	// What has a secret isn't stored for repetition.
	for path, body := range map[string]string{
		"/tokens": `{"name":"x","level":"READ"}`, "/invitations": `{"email":"dan@shop.example","role":"agent"}`,
	} {
		got := s.Refused(400, una, "POST", path, body, "Idempotency-Key", "k")
		if got != "validation_failed Idempotency-Key" {
			t.Errorf("%s with a key: %s", path, got)
		}
	}
	if got := s.Want(200, una, "PATCH", ids["ben@shop.example"], `{"role":"owner"}`); got["role"] != "owner" {
		t.Errorf("%v", got)
	}
	ben.Role = identity.Owner
	s.Want(200, ben, "PATCH", ids["una@shop.example"], `{"role":"viewer"}`)
	s.Want(200, ben, "DELETE", ids["cat@shop.example"], "")
	if got := s.Want(200, ben, "GET", "/members", "")["total"]; got != 2.0 {
		t.Errorf("%v members", got)
	}
	// The user stays, and a person who comes back is the same user.
	s.Want(200, ben, "GET", fmt.Sprintf("/users/%d", cat.UserID), "")
	back := s.Want(201, ben, "POST", "/invitations", `{"email":"cat@shop.example","role":"agent"}`)
	accept := fmt.Sprintf("/invitations/%s/accept", back["token"])
	if got := s.Refused(409, apitest.Public, "POST", accept, `{"name":"Cat","password":"four words make one"}`); got !=
		"email_taken" {
		t.Error(got)
	}
	if got := s.Refused(403, una, "POST", accept, `{}`); got != "invitation_for_another" {
		t.Error(got)
	}
	cat.Website, cat.Role = ben.Website, ""
	joined := s.Want(200, cat, "POST", accept, `{}`)["memberships"].([]any)[0].(map[string]any)
	if joined["userId"] != float64(cat.UserID) || joined["role"] != "agent" {
		t.Errorf("%v, who was the user %d", joined, cat.UserID)
	}
	// Another website's members and invitations don't exist.
	eve := s.as(s.found("eve@other.example"))
	invited := s.Want(201, ben, "POST", "/invitations", `{"email":"dan@shop.example","role":"agent"}`)
	for _, path := range []string{ids["ben@shop.example"], fmt.Sprintf("/invitations/%v", invited["id"])} {
		s.Refused(404, eve, "DELETE", path, "")
	}
	s.Want(200, ben, "DELETE", fmt.Sprintf("/invitations/%v", invited["id"]), "")
	s.Refused(404, apitest.Public, "GET", fmt.Sprintf("/invitations/%s/details", invited["token"]), "")
}

func TestOperatorDisablesPerson(t *testing.T) {
	t.Parallel()
	s := start(t)
	secret := s.found("una@shop.example")
	una := s.as(secret)
	found := s.Want(200, apitest.Operator, "GET", "/operator/people?email=una@shop.example", "")["data"].([]any)
	if len(found) != 1 {
		t.Fatalf("%v", found)
	}
	path := fmt.Sprintf("/operator/people/%d", una.PersonID)
	s.Want(200, apitest.Operator, "PATCH", path, `{"disabled":true}`)
	s.Refused(404, apitest.Sibling(0), "GET", "/internal/sessions/"+identity.HashSecret(secret), "")
	if got := s.signIn("una@shop.example", good); got.Status != 401 {
		t.Errorf("a disabled person signs in: %+v", got)
	}
	got := s.Refused(400, apitest.Operator, "PATCH", path, `{"password":"short"}`)
	if got != "validation_failed password" {
		t.Error(got)
	}
	s.Want(200, apitest.Operator, "PATCH", path, `{"disabled":false,"password":"five words make a sentence"}`)
	if got := s.signIn("una@shop.example", "five words make a sentence"); got.Status != 200 {
		t.Errorf("with the operator's password: %+v", got)
	}
}

// TestMembershipsAreBounded: a person has at most 100 memberships.
func TestMembershipsAreBounded(t *testing.T) {
	t.Parallel()
	s := start(t)
	una := s.as(s.found("una@shop.example"))
	create := func() apitest.Answer {
		i := s.Want(201, apitest.Operator, "POST", "/operator/invitations", "")
		return s.Do(una, "POST", fmt.Sprintf("/invitations/%s/accept", i["token"]),
			`{"website":{"name":"Shop","url":"https://shop.example"}}`)
	}
	for range 99 {
		if got := create(); got.Status != 200 {
			t.Fatalf("%+v", got)
		}
	}
	if got := create(); got.Status != 409 || !strings.Contains(got.Body, "too_many_memberships") {
		t.Errorf("membership 101: %+v", got)
	}
	if n := len(s.Want(200, una, "GET", "/auth/session", "")["memberships"].([]any)); n != 100 {
		t.Errorf("%d memberships", n)
	}
}

// TestInvitationsEndWithTheRole: a member who is removed, or who gets a lower role, leaves no invitation of theirs.
func TestInvitationsEndWithTheRole(t *testing.T) {
	t.Parallel()
	s := start(t)
	una := s.as(s.found("una@shop.example"))
	for name, end := range map[string]func(member string){
		"removed": func(member string) { s.Want(200, una, "DELETE", member, "") },
		"demoted": func(member string) { s.Want(200, una, "PATCH", member, `{"role":"agent"}`) },
	} {
		ben := s.as(s.join(una, name+"@shop.example", identity.Admin))
		theirs := s.Want(201, ben, "POST", "/invitations", `{"email":"eve@shop.example","role":"admin"}`)
		owners := s.Want(201, una, "POST", "/invitations", `{"email":"ned@shop.example","role":"agent"}`)
		var member string
		for _, m := range s.Want(200, una, "GET", "/members", "")["data"].([]any) {
			if m := m.(map[string]any); m["user"].(map[string]any)["id"].(float64) == float64(ben.UserID) {
				member = fmt.Sprintf("/members/%v", m["id"])
			}
		}
		if got := s.Refused(409, una, "DELETE", fmt.Sprintf("/users/%d", ben.UserID), ""); got != "user_is_member" {
			t.Errorf("%s: removing the user of a member: %s", name, got)
		}
		end(member)
		s.Refused(404, apitest.Public, "GET", fmt.Sprintf("/invitations/%s/details", theirs["token"]), "")
		s.Want(200, apitest.Public, "GET", fmt.Sprintf("/invitations/%s/details", owners["token"]), "")
	}
}
