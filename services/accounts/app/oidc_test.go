package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/accounts/app"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/internal/providertest"
)

// object is a JSON object.
type object = map[string]any

// una is a person at the provider.
func una() providertest.Claims {
	return providertest.Claims{
		"sub": "una-1", "sid": "session-1", "email": "Una@shop.example", "email_verified": true, "name": "Una Berg",
		"groups": []string{"staff", "support"},
	}
}

// federated is a service with an identity provider, corp.
type federated struct {
	system
	provider *providertest.Provider
}

// startFederated starts the service with a provider. change changes the provider's settings.
func startFederated(t *testing.T, change func(object)) federated {
	t.Helper()
	p := providertest.New(t, una())
	settings := object{
		"id": "corp", "name": "Shop Ltd", "issuer": p.URL, "clientId": providertest.ClientID,
		"clientSecret": providertest.ClientSecret,
	}
	if change != nil {
		change(settings)
	}
	file, err := json.Marshal(object{"providers": []object{settings}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "providers.json")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	widgets := apitest.NewFake(t, apitest.JSON(200, `{"id":1,"websiteClientToken":"wgt_x","color":"#fff"}`))
	c := app.Config{Config: apitest.Config(t), WidgetsURL: widgets.URL}
	c.SecretKeys, c.PublicURL = []string{strings.Repeat("k", 32)}, "https://chat.example"
	c.IdentityProviders = path
	unit, err := app.New(t.Context(), c)
	return federated{system{apitest.Serve(t, unit, err), widgets}, p}
}

// browser is what a browser has after it began a sign-in.
type browser struct {
	authorization string // the address at the provider
	cookie        string
}

func (f federated) begin(t *testing.T, path string) browser {
	t.Helper()
	resp := f.Redirect(apitest.Public, path)
	if resp.StatusCode != 302 || len(resp.Cookies()) != 1 {
		t.Fatalf("%s: %s %v", path, resp.Status, resp.Cookies())
	}
	return browser{resp.Header.Get("Location"), resp.Cookies()[0].Value}
}

// end calls the callback with the browser's cookie. It returns where the browser is sent, and the session's secret.
func (f federated) end(t *testing.T, back *url.URL, cookie string) (to, secret string) {
	t.Helper()
	resp := f.Redirect(apitest.Public, back.RequestURI(), httpkit.SignInHeader, cookie)
	if resp.StatusCode != 302 {
		t.Fatalf("%s: %s", back, resp.Status)
	}
	for _, c := range resp.Cookies() {
		if c.Name == httpkit.SessionCookie {
			secret = c.Value
		}
	}
	return resp.Header.Get("Location"), secret
}

// signIn walks through a whole sign-in.
func (f federated) signIn(t *testing.T) (to, secret string) {
	t.Helper()
	b := f.begin(t, "/auth/oidc/corp")
	return f.end(t, f.provider.SignIn(b.authorization), b.cookie)
}

// mustSignIn is signIn for a sign-in that succeeds.
func (f federated) mustSignIn(t *testing.T) string {
	t.Helper()
	to, secret := f.signIn(t)
	if to != "/console#/signed-in" || secret == "" {
		t.Fatalf("sent to %s, the session %q", to, secret)
	}
	return secret
}

// refused is signIn for one that fails. It returns the code.
func (f federated) refused(t *testing.T) string {
	t.Helper()
	to, secret := f.signIn(t)
	code, is := strings.CutPrefix(to, "/console#/sign-in/")
	if !is || secret != "" {
		t.Fatalf("sent to %s, the session %q", to, secret)
	}
	return code
}

// TestFirstSignInAtAProviderEndsOlderCredentials: an account that another person made with the address of una is una's
// alone after her first sign-in at the provider.
func TestFirstSignInAtAProviderEndsOlderCredentials(t *testing.T) {
	t.Parallel()
	f := startFederated(t, nil)
	session := f.found("una@shop.example")
	token := f.Want(201, f.as(session), "POST", "/auth/tokens",
		fmt.Sprintf(`{"name":"x","expiresAt":%q}`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))["token"].(string)
	first := f.mustSignIn(t)
	if f.lives(session) || f.lives(token) || !f.lives(first) {
		t.Errorf("alive: the session %v, the token %v, the new session %v", f.lives(session), f.lives(token), f.lives(first))
	}
	if got := f.byPassword("una@shop.example"); got.Status != 401 {
		t.Errorf("the password: %+v", got)
	}
	if second := f.mustSignIn(t); !f.lives(first) || !f.lives(second) {
		t.Error("a later sign-in ended a session")
	}
	if log := f.Want(200, f.as(first), "GET", "/audit", ""); !strings.Contains(fmt.Sprint(log), "identity.create") {
		t.Errorf("the audit log: %v", log)
	}
}

func TestSignInAtAProvider(t *testing.T) {
	t.Parallel()
	f := startFederated(t, nil)
	f.found("una@shop.example")
	if got := f.Want(200, apitest.Public, "GET", "/auth/oidc", "")["data"].([]any); len(got) != 1 ||
		got[0].(object)["id"] != "corp" || got[0].(object)["name"] != "Shop Ltd" || len(got[0].(object)) != 2 {
		t.Errorf("%v", got)
	}
	resp := f.Redirect(apitest.Public, "/auth/oidc/corp?return=/inbox")
	c := resp.Cookies()[0]
	if c.Name != "__Host-fivechat-sign-in" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode ||
		c.Path != "/" || c.MaxAge != 600 || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the cookie: %+v", c)
	}
	at, err := resp.Location()
	if err != nil {
		t.Fatal(err)
	}
	q := at.Query()
	if q.Get("code_challenge_method") != "S256" || len(q.Get("state")) != 52 || len(q.Get("nonce")) != 52 ||
		q.Get("redirect_uri") != "https://chat.example/auth/oidc/corp/callback" || q.Get("scope") != "openid profile email" {
		t.Errorf("%s", at)
	}
	to, secret := f.end(t, f.provider.SignIn(at.String()), c.Value)
	if to != "/console#/signed-in/inbox" || len(secret) != 52 {
		t.Fatalf("sent to %s, the session %q", to, secret)
	}
	if p := f.as(secret); p.Role != identity.Owner {
		t.Errorf("%+v", p)
	}
	// The same person by subject, whatever the e-mail address.
	moved := una()
	moved["email"], moved["email_verified"] = "una@elsewhere.example", false
	f.provider.Person(moved)
	if again := f.as(f.mustSignIn(t)); again.PersonID != f.as(secret).PersonID {
		t.Errorf("another person: %+v", again)
	}
}
