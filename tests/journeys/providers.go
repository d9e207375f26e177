package journeys

import (
	"net/http"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// AtProvider signs an invited person in at the system's identity provider, if it has one, and out again.
func AtProvider(t *testing.T, s harness.System) {
	if len(s.Public().Get(t, "/auth/oidc").List("data")) == 0 {
		return // its environment names a system without a provider
	}
	w := s.Website(t, harness.Free)
	s.Operator().Send(t, 201, "POST", "/operator/invitations",
		harness.Map{"websiteId": w.ID, "email": harness.ProvidersEmail, "role": harness.Agent})
	begun := s.Public().Do(t, "GET", "/auth/oidc/"+harness.ProviderID+"?return=/inbox", nil).Want(t, 302)
	cookie, _, _ := strings.Cut(begun.Header.Get("Set-Cookie"), ";")
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Get(begun.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		t.Fatal(err)
	}
	done := s.Public().With("Cookie", cookie).Do(t, "GET", back.RequestURI(), nil).Want(t, 302)
	if to := done.Header.Get("Location"); to != "/console#/signed-in/inbox" {
		t.Fatalf("sent to %s", to)
	}
	person := w.SignedIn(harness.SessionOf(t, done))
	person.Get(t, "/conversations")
	again := s.Public().With("Cookie", cookie).Do(t, "GET", back.RequestURI(), nil).Want(t, 302)
	if to := again.Header.Get("Location"); to != "/console#/sign-in/sign_in_expired" {
		t.Errorf("the same callback again: sent to %s", to)
	}
	person.Send(t, 200, "POST", "/auth/logout", nil)
	harness.Eventually(t, harness.Patience, "the end of the session", func() (bool, any) {
		a := person.Do(t, "GET", "/conversations", nil)
		return a.Status == 401, a.Status
	})
}
