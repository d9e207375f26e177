package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/internal/providertest"
)

// TestSignInCantBeReplayed: state, cookie and code are good once and only together: neither another browser's cookie
// nor a second use starts a session.
func TestSignInCantBeReplayed(t *testing.T) {
	t.Parallel()
	f := startFederated(t, nil)
	f.found("una@shop.example")
	b := f.begin(t, "/auth/oidc/corp")
	back := f.provider.SignIn(b.authorization)
	other := f.begin(t, "/auth/oidc/corp")
	expired := func(what string, back *url.URL, cookie string) {
		t.Helper()
		if to, secret := f.end(t, back, cookie); to != "/console#/sign-in/sign_in_expired" || secret != "" {
			t.Errorf("%s: sent to %s, the session %q", what, to, secret)
		}
	}
	expired("without a cookie", back, "")
	expired("another browser's cookie", back, other.cookie)
	expired("a changed cookie", back, "AAAA"+b.cookie[4:])
	changed := *back
	q := back.Query()
	q.Set("state", "another")
	changed.RawQuery = q.Encode()
	expired("another state", &changed, b.cookie)
	q.Del("state")
	changed.RawQuery = q.Encode()
	expired("without a state", &changed, b.cookie)
	if f.provider.Asked("/token") != 0 {
		t.Error("a code was sent to the provider before the state was checked")
	}
	if to, _ := f.end(t, back, b.cookie); to != "/console#/signed-in" {
		t.Fatalf("sent to %s", to)
	}
	expired("again", back, b.cookie)
	// The used code, injected into a sign-in of another browser.
	q = f.provider.SignIn(other.authorization).Query()
	q.Set("code", back.Query().Get("code"))
	changed.RawQuery = q.Encode()
	to, secret := f.end(t, &changed, other.cookie)
	if to != "/console#/sign-in/provider_response_invalid" || secret != "" {
		t.Errorf("a used code: sent to %s, the session %q", to, secret)
	}
}

// TestCodeOfAnotherSignInIsRefused: a code that another browser got, and that hasn't been used, is bound to that
// browser's verifier and nonce.
func TestCodeOfAnotherSignInIsRefused(t *testing.T) {
	t.Parallel()
	f := startFederated(t, nil)
	f.found("una@shop.example")
	attacker, victim := f.begin(t, "/auth/oidc/corp"), f.begin(t, "/auth/oidc/corp")
	q := f.provider.SignIn(victim.authorization).Query()
	stolen := f.provider.SignIn(attacker.authorization).Query().Get("code")
	q.Set("code", stolen)
	back := &url.URL{Path: "/auth/oidc/corp/callback", RawQuery: q.Encode()}
	if to, secret := f.end(t, back, victim.cookie); to != "/console#/sign-in/provider_response_invalid" || secret != "" {
		t.Errorf("sent to %s, the session %q", to, secret)
	}
}

// TestConcurrentCallbacksStartOneSession: of many requests with one state, one is answered with a session.
func TestConcurrentCallbacksStartOneSession(t *testing.T) {
	t.Parallel()
	f := startFederated(t, nil)
	f.found("una@shop.example")
	b := f.begin(t, "/auth/oidc/corp")
	back := f.provider.SignIn(b.authorization)
	var all sync.WaitGroup
	started := make(chan string, 8)
	for range cap(started) {
		all.Go(func() {
			resp := f.Redirect(apitest.Public, back.RequestURI(), httpkit.SignInHeader, b.cookie)
			started <- resp.Header.Get("Location")
		})
	}
	all.Wait()
	close(started)
	n := 0
	for to := range started {
		if to == "/console#/signed-in" {
			n++
		} else if to != "/console#/sign-in/sign_in_expired" {
			t.Error(to)
		}
	}
	if n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// TestDeniedSignIn: the provider's error reaches the person as a code of ours, for the browser that began only.
func TestDeniedSignIn(t *testing.T) {
	t.Parallel()
	f := startFederated(t, nil)
	b := f.begin(t, "/auth/oidc/corp")
	at, err := url.Parse(b.authorization)
	if err != nil {
		t.Fatal(err)
	}
	q := url.Values{"error": {"access_denied"}, "state": {at.Query().Get("state")}}
	back := &url.URL{Path: "/auth/oidc/corp/callback", RawQuery: q.Encode()}
	for _, c := range []struct{ cookie, want string }{{"", "sign_in_expired"}, {b.cookie, "sign_in_denied"}} {
		if to, _ := f.end(t, back, c.cookie); to != "/console#/sign-in/"+c.want {
			t.Errorf("sent to %s, want %s", to, c.want)
		}
	}
}

// TestReturnIsAViewOfTheConsole: no parameter sends the browser to another site.
func TestReturnIsAViewOfTheConsole(t *testing.T) {
	t.Parallel()
	f := startFederated(t, nil)
	for _, wrong := range []string{
		"https://evil.example", "//evil.example", "/\\evil.example", "/../evil", "inbox", "/inbox?x", "/in box", "/%0d%0aX",
		"/inbox#x", strings.Repeat("/long", 50), "javascript:alert(1)",
	} {
		got := f.Refused(400, apitest.Public, "GET", "/auth/oidc/corp?return="+url.QueryEscape(wrong), "")
		if got != "validation_failed return" {
			t.Errorf("%s: %s", wrong, got)
		}
	}
	for _, path := range []string{"/auth/oidc/unknown", "/auth/oidc/unknown/callback?state=a&code=b"} {
		if got := f.Refused(404, apitest.Public, "GET", path, ""); got != "not_found" {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := f.Form(apitest.Public, "/auth/oidc/unknown/logout", url.Values{"logout_token": {"a"}}); got.Status != 404 {
		t.Errorf("%+v", got)
	}
}

// TestSignInCookieNeedsAnAssertion: the header counts only on requests of the gateway.
func TestSignInCookieNeedsAnAssertion(t *testing.T) {
	t.Parallel()
	f := startFederated(t, nil)
	f.found("una@shop.example")
	b := f.begin(t, "/auth/oidc/corp")
	back := f.provider.SignIn(b.authorization)
	resp := f.Redirect(identity.Principal{}, back.RequestURI(), httpkit.SignInHeader, b.cookie)
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("%s", resp.Status)
	}
}

// TestWhoMaySignIn: disabled persons may not, and a first sign-in needs an account, an invitation or a group.
func TestWhoMaySignIn(t *testing.T) {
	t.Parallel()
	f := startFederated(t, nil)
	owner := f.as(f.found("ada@shop.example"))
	if got := f.refused(t); got != "not_invited" {
		t.Error(got)
	}
	f.Want(201, owner, "POST", "/invitations", `{"email":"una@shop.example","role":"viewer"}`)
	f.Want(201, owner, "POST", "/invitations", `{"email":"una@shop.example","role":"agent"}`)
	first := f.as(f.mustSignIn(t))
	if first.Website != owner.Website || first.Role != identity.Agent {
		t.Errorf("%+v", first)
	}
	if rows := f.Want(200, owner, "GET", "/invitations", "")["data"].([]any); len(rows) != 0 {
		t.Errorf("open invitations: %v", rows)
	}
	if user := f.Want(200, first, "GET", "/auth/session", "")["person"].(object); user["name"] != "Una Berg" {
		t.Errorf("%v", user)
	}
	if got := f.byPassword("una@shop.example"); got.Status != 401 {
		t.Errorf("a person without a password: %+v", got)
	}
	found := f.Want(200, apitest.Operator, "GET", "/operator/people?email=una@shop.example", "")
	person := found["data"].([]any)[0].(object)
	f.Want(200, apitest.Operator, "PATCH", "/operator/people/"+number(person["id"]), `{"disabled":true}`)
	if got := f.refused(t); got != "account_disabled" {
		t.Error(got)
	}
	another := una()
	another["sub"] = "una-2" // the address was linked to una-1; the account is disabled nevertheless
	f.provider.Person(another)
	if got := f.refused(t); got != "account_disabled" {
		t.Error(got)
	}
}

// TestGroupsBecomeMemberships: with provisioning first, the mapped groups make a new person a member, with the highest
// role of each website; a website that doesn't exist is skipped.
func TestGroupsBecomeMemberships(t *testing.T) {
	t.Parallel()
	f := startFederated(t, func(s object) {
		s["provisioning"] = "first"
		s["groups"] = object{
			"staff":   []object{{"website": 1, "role": "viewer"}, {"website": 999, "role": "agent"}},
			"support": []object{{"website": 1, "role": "agent"}},
			"admins":  []object{{"website": 1, "role": "admin"}},
		}
	})
	owner := f.as(f.found("ada@shop.example"))
	p := f.as(f.mustSignIn(t))
	if owner.Website.Int64() != 1 || p.Website != owner.Website || p.Role != identity.Agent {
		t.Errorf("%+v", p)
	}
	eve := providertest.Claims{"sub": "eve", "email": "eve@shop.example", "email_verified": true, "groups": "guests"}
	f.provider.Person(eve)
	if got := f.refused(t); got != "not_invited" {
		t.Error(got)
	}
	entries := f.Want(200, apitest.Operator, "GET", "/operator/audit?websiteId=1", "")["data"].([]any)
	for i, action := range []string{"session.create", "membership.create"} {
		if e := entries[i].(object); e["action"] != action || !strings.HasPrefix(e["actor"].(string), "person:") {
			t.Errorf("%v", e)
		}
	}
}

// TestRivalFirstSignIns: of many first sign-ins of one person at the same time, each gets a session of the same person.
func TestRivalFirstSignIns(t *testing.T) {
	t.Parallel()
	f := startFederated(t, func(s object) {
		s["provisioning"], s["groups"] = "first", object{"staff": []object{{"website": 1, "role": "agent"}}}
	})
	f.found("ada@shop.example")
	secrets := make([]string, 6)
	var all sync.WaitGroup
	for i := range secrets {
		b := f.begin(t, "/auth/oidc/corp")
		back := f.provider.SignIn(b.authorization)
		all.Go(func() {
			resp := f.Redirect(apitest.Public, back.RequestURI(), httpkit.SignInHeader, b.cookie)
			for _, c := range resp.Cookies() {
				if c.Name == httpkit.SessionCookie {
					secrets[i] = c.Value
				}
			}
		})
	}
	all.Wait()
	people := map[any]bool{}
	for _, secret := range secrets {
		if secret == "" {
			t.Fatalf("a sign-in failed: %q", secrets)
		}
		people[f.as(secret).PersonID] = true
	}
	if len(people) != 1 {
		t.Errorf("%d persons", len(people))
	}
}
