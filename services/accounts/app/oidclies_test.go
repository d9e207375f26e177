package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/internal/providertest"
)

// TestLyingProviders: a provider that is wrong or away lets no person in, with a code of its own, and doesn't stop
// signing in with a password.
func TestLyingProviders(t *testing.T) {
	t.Parallel()
	set := func(name string, value any) func(*providertest.Provider) {
		return func(p *providertest.Provider) { p.Lie(func(c providertest.Claims) { c[name] = value }) }
	}
	for name, c := range map[string]struct {
		lie  func(*providertest.Provider)
		code string
	}{
		"another key":              {(*providertest.Provider).SignWithAnotherKey, "provider_response_invalid"},
		"another issuer":           {set("iss", "https://evil.example"), "provider_response_invalid"},
		"another audience":         {set("aud", "another client"), "provider_response_invalid"},
		"several audiences":        {set("aud", []string{providertest.ClientID, "other"}), "provider_response_invalid"},
		"another party":            {set("azp", "another client"), "provider_response_invalid"},
		"another nonce":            {set("nonce", "another"), "provider_response_invalid"},
		"no nonce":                 {set("nonce", nil), "provider_response_invalid"},
		"expired":                  {set("exp", time.Now().Add(-2*time.Minute).Unix()), "provider_response_invalid"},
		"issued in the future":     {set("iat", time.Now().Add(time.Hour).Unix()), "provider_response_invalid"},
		"another access token":     {set("at_hash", "AAAA"), "provider_response_invalid"},
		"no subject":               {set("sub", ""), "provider_response_invalid"},
		"unverified e-mail":        {set("email_verified", false), "email_unverified"},
		"verified isn't stated":    {set("email_verified", nil), "email_unverified"},
		"verified is another text": {set("email_verified", "no"), "email_unverified"},
		"no e-mail":                {set("email", ""), "email_missing"},
		"no such person":           {set("email", "eve@shop.example"), "not_invited"},
		"huge keys":                {huge("/keys"), "provider_unavailable"},
		"huge metadata":            {huge("/.well-known/openid-configuration"), "provider_unavailable"},
		"no keys":                  {status("/keys", 500), "provider_unavailable"},
		"no tokens":                {status("/token", 502), "provider_unavailable"},
		"tokens are refused":       {status("/token", 400), "provider_response_invalid"},
		"tokens without ID token": {
			text("/token", `{"access_token":"a","token_type":"Bearer"}`), "provider_response_invalid",
		},
		"an ID token without signature": {
			text("/token", `{"access_token":"a","token_type":"Bearer","id_token":"eyJhbGciOiJub25lIn0.e30."}`),
			"provider_response_invalid",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startFederated(t, nil)
			f.found("una@shop.example")
			c.lie(f.provider)
			if got := f.attempt(t); got != c.code {
				t.Errorf("%s, want %s", got, c.code)
			}
			if got := f.byPassword("una@shop.example"); got.Status != 200 {
				t.Errorf("the password: %+v", got)
			}
		})
	}
}

// byPassword signs in with the password.
func (f federated) byPassword(email string) apitest.Answer { return f.system.signIn(email, good) }

// attempt is refused for a provider that may fail at the beginning already.
func (f federated) attempt(t *testing.T) string {
	t.Helper()
	resp := f.Redirect(apitest.Public, "/auth/oidc/corp")
	to := resp.Header.Get("Location")
	if code, is := strings.CutPrefix(to, "/console#/sign-in/"); is {
		return code
	}
	to, secret := f.end(t, f.provider.SignIn(to), resp.Cookies()[0].Value)
	code, is := strings.CutPrefix(to, "/console#/sign-in/")
	if !is || secret != "" {
		t.Fatalf("sent to %s, the session %q", to, secret)
	}
	return code
}

func status(path string, status int) func(*providertest.Provider) {
	return func(p *providertest.Provider) {
		p.Override(path, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
}

func text(path, body string) func(*providertest.Provider) {
	return func(p *providertest.Provider) { p.Override(path, apitest.JSON(200, body)) }
}

// huge sends more than 1 MiB of JSON.
func huge(path string) func(*providertest.Provider) {
	return func(p *providertest.Provider) {
		p.Override(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"keys":[],"fill":"`+strings.Repeat("x", 1<<20)+`"}`)
		})
	}
}

// TestWrongMetadata: metadata of another issuer, or with endpoints that aren't secure, isn't used, and is asked for
// again later only.
func TestWrongMetadata(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(providertest.Claims){
		"another issuer":      func(c providertest.Claims) { c["issuer"] = "https://evil.example" },
		"an http endpoint":    func(c providertest.Claims) { c["token_endpoint"] = "http://internal.example/token" },
		"another scheme":      func(c providertest.Claims) { c["jwks_uri"] = "file:///etc/passwd" },
		"an endpoint is gone": func(c providertest.Claims) { delete(c, "authorization_endpoint") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startFederated(t, nil)
			m := f.provider.Metadata()
			change(m)
			f.provider.Override("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
				httpkit.WriteJSON(w, 200, m)
			})
			for range 3 {
				if got := f.attempt(t); got != "provider_response_invalid" {
					t.Errorf("%s", got)
				}
			}
			if n := f.provider.Asked("/.well-known/openid-configuration"); n != 1 {
				t.Errorf("the metadata was asked for %d times", n)
			}
		})
	}
}

// TestSlowProviderHasFewPlaces: while a provider doesn't answer, 16 sign-ins wait for it until their deadline; others
// fail at once.
func TestSlowProviderHasFewPlaces(t *testing.T) {
	t.Parallel()
	f := startFederated(t, nil)
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	asked := make(chan struct{}, 1)
	f.provider.Override("/.well-known/openid-configuration", func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	})
	const callers = 20
	codes, start := make(chan string, callers), time.Now()
	for range callers {
		go func() {
			resp := f.Redirect(apitest.Public, "/auth/oidc/corp", httpkit.TimeoutHeader, "2000")
			codes <- resp.Header.Get("Location") + resp.Status
		}()
	}
	<-asked
	for range 4 {
		if got := <-codes; !strings.Contains(got, "provider_unavailable") {
			t.Error(got)
		}
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("callers beyond the places waited for %v", took)
	}
	if got := f.byPassword("una@shop.example"); got.Status != 401 {
		t.Errorf("the password: %+v", got)
	}
	for range callers - 4 {
		if got := <-codes; !strings.Contains(got, "provider_unavailable") {
			t.Error(got)
		}
	}
}

// TestUserinfoCompletesTheClaims: claims that aren't in the ID token come from the userinfo endpoint, of the same
// subject only.
func TestUserinfoCompletesTheClaims(t *testing.T) {
	t.Parallel()
	f := startFederated(t, nil)
	f.found("una@shop.example")
	f.provider.Lie(func(c providertest.Claims) {
		delete(c, "email")
		delete(c, "email_verified")
	})
	f.mustSignIn(t)
	f.provider.Override("/userinfo", apitest.JSON(200, `{"sub":"another","email":"una@shop.example"}`))
	if got := f.refused(t); got != "provider_response_invalid" {
		t.Error(got)
	}
}

// TestForeignDomainsAreRefused: with allowed domains, a first sign-in needs an address of one of them.
func TestForeignDomainsAreRefused(t *testing.T) {
	t.Parallel()
	f := startFederated(t, func(s object) { s["allowedDomains"] = []string{"Corp.example"} })
	f.found("una@shop.example")
	f.found("una@corp.example")
	for email, want := range map[string]string{
		"una@shop.example": "email_domain_refused", "una@corp.example.evil.example": "email_domain_refused",
		"una@corp.example@evil.example": "email_missing", "una@sub.corp.example": "email_domain_refused",
	} {
		person := una()
		person["email"] = email
		f.provider.Person(person)
		if got := f.refused(t); got != want {
			t.Errorf("%s: %s, want %s", email, got, want)
		}
	}
	person := una()
	person["email"] = "Una@CORP.example"
	f.provider.Person(person)
	if p := f.as(f.mustSignIn(t)); p.Role != identity.Owner {
		t.Errorf("%+v", p)
	}
}
