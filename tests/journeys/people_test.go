package journeys

import (
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// TestCrossOriginRequestsAreRefused: a page of another origin can't use a session, sign a person in, or set a second
// cookie.
func TestCrossOriginRequestsAreRefused(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	owner := w.Person(t, harness.Owner)
	password := harness.Map{"email": owner.Email, "password": harness.Password}
	for name, c := range map[string]struct{ header, value string }{
		"another site's page": {"Sec-Fetch-Site", "cross-site"},
		"a sibling domain":    {"Sec-Fetch-Site", "same-site"},
		"an older browser":    {"Origin", "https://evil.example"},
		"a sandboxed page":    {"Origin", "null"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			owner.With(c.header, c.value).Do(t, "POST", "/tokens", harness.Map{"name": "x", "level": "READ"}).Want(t, 403)
			owner.With(c.header, c.value).Do(t, "DELETE", "/auth/sessions", nil).Want(t, 403)
			w.Public().With(c.header, c.value).Do(t, "POST", "/auth/password", password).Want(t, 403)
		})
	}
	owner.With("Sec-Fetch-Site", "same-origin").Do(t, "GET", "/tokens", nil).Want(t, 200)
	a := w.Public().With("Sec-Fetch-Site", "same-origin").Do(t, "POST", "/auth/password", password).Want(t, 200)
	secret := harness.SessionOf(t, a)
	twice := w.Public().With("Cookie", "__Host-fivechat="+secret+"; __Host-fivechat="+harness.SessionOf(t, a))
	twice.Do(t, "GET", "/auth/session", nil).Want(t, 401)
	// A bearer token isn't a session, so it works from other pages, and takes precedence.
	elsewhere := w.Agent().With("Origin", "https://shop.example")
	elsewhere.Do(t, "PUT", "/tags/x", harness.Map{"names": harness.Map{}}).Want(t, 200)
	owner.With("Authorization", "Bearer nonsense").Do(t, "GET", "/tags", nil).Want(t, 401)
}

// TestHealthAcceptsEveryCredential: a token that is sent must be valid, of a website or of a person.
func TestHealthAcceptsEveryCredential(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	una := w.Person(t, harness.Agent)
	personal := una.PersonalToken(t)
	personal.Get(t, "/health")
	personal.Without("X-Website-Id").Get(t, "/health")
	w.Agent().Get(t, "/health")
	unknown := "Bearer 5p_" + strings.Repeat("A", 52)
	w.Public().With("Authorization", unknown).Do(t, "GET", "/health", nil).Want(t, 401)
}
