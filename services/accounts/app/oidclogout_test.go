package app_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/internal/providertest"
)

func number(v any) string { return fmt.Sprintf("%.0f", v) }

// lives reports whether a session resolves.
func (f federated) lives(secret string) bool {
	return f.Do(apitest.Sibling(0), "GET", "/internal/sessions/"+identity.HashSecret(secret), "").Status == 200
}

func (f federated) logout(token string) apitest.Answer {
	return f.Form(apitest.Public, "/auth/oidc/corp/logout", url.Values{"logout_token": {token}, "other": {"ignored"}})
}

func TestBackChannelLogout(t *testing.T) {
	t.Parallel()
	f := startFederated(t, nil)
	f.found("una@shop.example")
	f.mustSignIn(t) // ends the password
	id := f.Want(200, apitest.Operator, "GET", "/operator/people?email=una@shop.example", "")["data"].([]any)[0]
	f.Want(200, apitest.Operator, "PATCH", fmt.Sprintf("/operator/people/%v", id.(map[string]any)["id"]),
		`{"password":"four words make one"}`)
	one := f.mustSignIn(t)
	password := f.Cookie(200, apitest.Public, "POST", "/auth/password",
		`{"email":"una@shop.example","password":"four words make one"}`).Value
	second := una()
	second["sid"] = "session-2"
	f.provider.Person(second)
	two := f.mustSignIn(t)
	of := func(name string, value any) func(providertest.Claims) {
		return func(c providertest.Claims) { c[name] = value }
	}
	f.accepted(t, f.provider.LogoutToken(of("sid", "session-1")))
	if f.lives(one) || !f.lives(two) || !f.lives(password) {
		t.Errorf("by sid: %v %v %v", f.lives(one), f.lives(two), f.lives(password))
	}
	one = f.mustSignIn(t)
	f.accepted(t, f.provider.LogoutToken(of("sub", "another")))
	if !f.lives(one) || !f.lives(two) {
		t.Error("another person's logout ended a session")
	}
	token := f.provider.LogoutToken(of("sub", "una-1"))
	f.accepted(t, token)
	if f.lives(one) || f.lives(two) || !f.lives(password) {
		t.Errorf("by sub: %v %v %v", f.lives(one), f.lives(two), f.lives(password))
	}
	one = f.mustSignIn(t)
	if got := f.logout(token); got.Status != 400 || !strings.Contains(got.Body, "has been used before") || !f.lives(one) {
		t.Errorf("a token again: %+v", got)
	}
	f.accepted(t, f.provider.LogoutToken(func(c providertest.Claims) { c["sub"], c["sid"] = "una-1", "session-2" }))
	if f.lives(one) {
		t.Error("by sub and sid")
	}
	without := una()
	delete(without, "sid")
	f.provider.Person(without)
	one = f.mustSignIn(t)
	f.accepted(t, f.provider.LogoutToken(func(c providertest.Claims) { c["sub"], c["sid"] = "una-1", "session-9" }))
	if f.lives(one) {
		t.Error("a session without sid, by sub and another sid")
	}
}

func (f federated) accepted(t *testing.T, token string) {
	t.Helper()
	if got := f.logout(token); got.Status != 200 || got.Body != `{"loggedOut":true}` {
		t.Fatalf("%+v", got)
	}
}

// TestWrongLogoutTokens: only a logout token of the provider, for this client, of the last minutes ends sessions.
func TestWrongLogoutTokens(t *testing.T) {
	t.Parallel()
	f := startFederated(t, nil)
	f.found("una@shop.example")
	secret := f.mustSignIn(t)
	idToken := providertest.Claims{"nonce": "n", "sub": "una-1"}
	for name, change := range map[string]func(providertest.Claims){
		"another issuer":   func(c providertest.Claims) { c["iss"] = "https://evil.example" },
		"another audience": func(c providertest.Claims) { c["aud"] = "another client" },
		"expired":          func(c providertest.Claims) { c["exp"] = time.Now().Add(-2 * time.Minute).Unix() },
		"old":              func(c providertest.Claims) { c["iat"] = time.Now().Add(-12 * time.Minute).Unix() },
		"from the future":  func(c providertest.Claims) { c["iat"] = time.Now().Add(2 * time.Minute).Unix() },
		"no time":          func(c providertest.Claims) { delete(c, "iat") },
		"no end":           func(c providertest.Claims) { delete(c, "exp") },
		"no events":        func(c providertest.Claims) { delete(c, "events") },
		"another event": func(c providertest.Claims) {
			c["events"] = providertest.Claims{"https://schemas.openid.net/event/other": providertest.Claims{}}
		},
		"a nonce":     func(c providertest.Claims) { c["nonce"] = "n" },
		"no jti":      func(c providertest.Claims) { delete(c, "jti") },
		"no subject":  func(c providertest.Claims) { delete(c, "sub") },
		"an ID token": func(c providertest.Claims) { clear(c); c["iss"] = f.provider.URL; c["nonce"] = idToken["nonce"] },
	} {
		token := f.provider.LogoutToken(func(c providertest.Claims) {
			c["sub"] = "una-1"
			change(c)
		})
		if got := f.logout(token); got.Status != 400 || !strings.Contains(got.Body, "logout_token_invalid") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	token := f.provider.ForgedLogoutToken(func(c providertest.Claims) { c["sub"] = "una-1" })
	if got := f.logout(token); got.Status != 400 {
		t.Errorf("another key: %+v", got)
	}
	before := f.provider.Asked("/keys")
	for range 5 {
		f.logout(token)
	}
	if n := f.provider.Asked("/keys") - before; n > 1 {
		t.Errorf("tokens with a wrong signature caused %d requests for the keys", n)
	}
	for body, want := range map[string]int{"": 400, strings.Repeat("x", 20<<10): 400} {
		if got := f.logout(body); got.Status != want {
			t.Errorf("%d bytes: %+v", len(body), got)
		}
	}
	if got := f.Do(apitest.Public, "POST", "/auth/oidc/corp/logout", `{"logout_token":"a"}`); got.Status != 415 {
		t.Errorf("JSON: %+v", got)
	}
	if !f.lives(secret) {
		t.Error("a wrong token ended the session")
	}
}

// TestSignOutAtTheProvider: signing out ends the session, and names the provider's page if the settings say so.
func TestSignOutAtTheProvider(t *testing.T) {
	t.Parallel()
	const home = "https://chat.example/console"
	f := startFederated(t, func(s object) { s["postLogout"] = home })
	una := f.as(f.found("una@shop.example"))
	secret := f.mustSignIn(t)
	got := f.Want(200, f.as(secret), "POST", "/auth/logout", "")
	at, err := url.Parse(fmt.Sprint(got["providerUrl"]))
	if err != nil || f.lives(secret) {
		t.Fatalf("%v, %v", got, err)
	}
	q := at.Query()
	if at.Path != "/end" || q.Get("post_logout_redirect_uri") != home || q.Get("client_id") != providertest.ClientID ||
		len(strings.Split(q.Get("id_token_hint"), ".")) != 3 {
		t.Errorf("%s", at)
	}
	if c := f.Want(200, una, "POST", "/auth/logout", ""); c["providerUrl"] != nil {
		t.Errorf("a session that began with a password: %v", c)
	}
	plain := startFederated(t, nil)
	plain.found("una@shop.example")
	secret = plain.mustSignIn(t)
	got = plain.Want(200, plain.as(secret), "POST", "/auth/logout", "")
	if got["providerUrl"] != nil || plain.lives(secret) {
		t.Errorf("without postLogout: %v", got)
	}
}

// TestLongTokens: a long ID token isn't kept for signing out, and a long refresh token ends the sign-in.
func TestLongTokens(t *testing.T) {
	t.Parallel()
	f := startFederated(t, func(s object) { s["postLogout"] = "https://chat.example/console" })
	f.found("una@shop.example")
	f.provider.Lie(func(c providertest.Claims) { c["fill"] = strings.Repeat("x", 5<<10) })
	got := f.Want(200, f.as(f.mustSignIn(t)), "POST", "/auth/logout", "")
	if at := fmt.Sprint(got["providerUrl"]); strings.Contains(at, "id_token_hint") || !strings.Contains(at, "/end") {
		t.Errorf("%s", at)
	}
	f.provider.Lie(func(providertest.Claims) {})
	f.provider.Refresh(func() string { return strings.Repeat("r", 9<<10) })
	if got := f.refused(t); got != "provider_response_invalid" {
		t.Error(got)
	}
}
