package oidc_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/services/accounts"
	"fivechat.dev/services/accounts/internal/oidc"
	"fivechat.dev/services/internal/providertest"
)

type object = map[string]any

func file(t *testing.T, providers ...object) []byte {
	t.Helper()
	b, err := json.Marshal(object{"providers": providers})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// settings are those of a provider at an address.
func settings(issuer string) object {
	return object{
		"id": "corp", "name": "Corp", "issuer": issuer, "clientId": providertest.ClientID,
		"clientSecret": providertest.ClientSecret,
	}
}

func with(s object, name string, value any) object {
	s = maps.Clone(s)
	s[name] = value
	return s
}

func providers(t *testing.T, s object) *oidc.Providers {
	t.Helper()
	p := oidc.New("https://chat.example", time.Now)
	if err := p.Set(file(t, s)); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestWrongProviderSettingsAreNamed: a file with a wrong member is refused, and the previous settings stay.
func TestWrongProviderSettingsAreNamed(t *testing.T) {
	t.Parallel()
	good := settings("https://id.example/realms/shop")
	p := providers(t, good)
	for _, c := range []struct {
		field string
		value any
	}{
		{"id", "Corp"},
		{"id", ""},
		{"id", "a/b"},
		{"name", ""},
		{"issuer", "http://id.example"},
		{"issuer", "https://id.example?x=1"},
		{"issuer", "id.example"},
		{"issuer", "https://a:b@id.example"},
		{"clientId", ""},
		{"clientSecret", ""},
		{"scopes", []string{"email"}},
		{"allowedDomains", []string{"@shop.example"}},
		{"provisioning", "all"},
		{"postLogout", "http://chat.example/console"},
		{"parameters", object{"state": "x"}},
		{"groups", object{"staff": []object{{"website": 1, "role": "king"}}}},
		{"groups", object{"staff": []object{{"role": "agent"}}}},
		{"unknown", true},
		{"clientAuthentication", "jwt"},
	} {
		err := p.Set(file(t, with(good, c.field, c.value)))
		if err == nil || !strings.Contains(err.Error(), c.field) {
			t.Errorf("%s = %v: %v", c.field, c.value, err)
		}
	}
	gone := with(with(good, "clientSecret", ""), "clientSecretFile", filepath.Join(t.TempDir(), "gone"))
	for name, content := range map[string][]byte{
		"twice": file(t, good, good), "no JSON": []byte("{"), "a missing file": file(t, gone),
		"both secrets": file(t, with(good, "clientSecretFile", "/dev/null")), "long": make([]byte, 2<<20),
	} {
		if err := p.Set(content); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	all := make([]object, 21)
	for i := range all {
		all[i] = with(good, "id", "p"+strings.Repeat("x", i))
	}
	if err := p.Set(file(t, all...)); err == nil {
		t.Error("21 providers are accepted")
	}
	if got := p.List(); len(got) != 1 || got[0].ID != "corp" || got[0].Provisioning != accounts.ProvisionInvited {
		t.Errorf("after wrong files: %+v", got)
	}
	if err := p.Set(file(t)); err != nil || len(p.List()) != 0 {
		t.Errorf("no providers: %v", err)
	}
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"https://chat.example": true, "https://chat.example/": true, "http://127.0.0.1:8080": true, "http://localhost": true,
		"http://[::1]:8080": true, "http://chat.example": false, "http://127.0.0.1.evil.example": false,
		"https://chat.example/path": false, "https://chat.example?x": false, "chat.example": false, "ftp://localhost": false,
		"https://u:p@chat.example": false, "https://": false,
	} {
		if err := oidc.CheckPublicURL(address); (err == nil) != good {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// tokens walks through a sign-in.
func tokens(t *testing.T, p *oidc.Providers, at *providertest.Provider) accounts.Tokens {
	t.Helper()
	a := accounts.Authorization{State: "state", Nonce: "nonce", Verifier: strings.Repeat("v", 43)}
	address, err := p.Begin(t.Context(), "corp", a)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Exchange(t.Context(), "corp", at.SignIn(address).Query().Get("code"), a)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestRefresh: each refresh token is used once. Only invalid_grant ends the session.
func TestRefresh(t *testing.T) {
	t.Parallel()
	at := providertest.New(t, providertest.Claims{"sub": "1", "email": "una@shop.example"})
	p := providers(t, settings(at.URL))
	first := tokens(t, p, at).Refresh
	next, err := p.Refresh(t.Context(), "corp", first)
	if err != nil || next == first || next == "" {
		t.Fatalf("%q after %q, %v", next, first, err)
	}
	if _, err := p.Refresh(t.Context(), "corp", first); !errors.Is(err, accounts.ErrSignOnEnded) {
		t.Errorf("a used token: %v", err)
	}
	for status, code := range map[int]string{500: "server_error", 429: "slow_down", 401: "invalid_client"} {
		at.Override("/token", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"error":"` + code + `"}`))
		})
		if _, err := p.Refresh(t.Context(), "corp", next); err == nil || errors.Is(err, accounts.ErrSignOnEnded) {
			t.Errorf("%s: %v", code, err)
		}
	}
	at.Override("/token", nil)
	at.Disable()
	if _, err := p.Refresh(t.Context(), "corp", next); !errors.Is(err, accounts.ErrSignOnEnded) {
		t.Errorf("a disabled person: %v", err)
	}
}

// TestClientSecretIsReadAgain: a new secret in its file takes effect without a restart.
func TestClientSecretIsReadAgain(t *testing.T) {
	t.Parallel()
	at := providertest.New(t, providertest.Claims{"sub": "1", "email": "una@shop.example"})
	path := filepath.Join(t.TempDir(), "secret")
	write := func(secret string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(providertest.ClientSecret)
	p := providers(t, with(with(settings(at.URL), "clientSecret", ""), "clientSecretFile", path))
	refresh := tokens(t, p, at).Refresh
	write("another secret")
	if _, err := p.Refresh(t.Context(), "corp", refresh); fault.From(err).Code != "provider_response_invalid" {
		t.Errorf("a wrong secret: %v", err)
	}
	write(providertest.ClientSecret)
	if _, err := p.Refresh(t.Context(), "corp", refresh); err != nil {
		t.Error(err)
	}
}

// TestParametersOfTheAuthorization: a provider's own parameters are added to the address.
func TestParametersOfTheAuthorization(t *testing.T) {
	t.Parallel()
	at := providertest.New(t, nil)
	p := providers(t, with(settings(at.URL), "parameters", object{"access_type": "offline"}))
	address, err := p.Begin(t.Context(), "corp", accounts.Authorization{State: "s", Nonce: "n", Verifier: "v"})
	if err != nil || !strings.Contains(address, "access_type=offline") || strings.Contains(address, "code_verifier") ||
		strings.Contains(address, "client_secret") {
		t.Errorf("%s, %v", address, err)
	}
}
