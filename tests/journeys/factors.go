package journeys

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/pquerna/otp/totp"

	"fivechat.dev/tests/harness"
)

// Factors is a person who adds an authenticator app and a passkey, signs in with both, and gets a new password.
func Factors(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	una := w.Person(t, harness.Agent)
	secret := una.Send(t, 200, "POST", "/auth/totp/key", nil).Text("secret")
	code := func(steps int) string {
		text, err := totp.GenerateCode(secret, time.Now().Add(time.Duration(steps)*30*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	recovery := una.Send(t, 200, "PUT", "/auth/totp", harness.Map{"code": code(0)}).Texts("codes")
	begin := func(password string) string {
		step := s.Public().Send(t, 200, "POST", "/auth/password", harness.Map{"email": una.Email, "password": password})
		return step.Text("challenge")
	}
	challenge := begin(harness.Password)
	s.Public().Do(t, "POST", "/auth/totp", harness.Map{"challenge": challenge, "code": "000000"}).Want(t, 401)
	in := s.Public().Do(t, "POST", "/auth/totp", harness.Map{"challenge": challenge, "code": code(1)}).Want(t, 200)
	w.SignedIn(harness.SessionOf(t, in)).Get(t, "/conversations")

	passkey(t, s, w, una)

	reset := s.Operator().Send(t, 201, "POST", "/operator/people/"+harness.PathID(una.ID)+"/resets", nil).Text("token")
	s.Public().Do(t, "POST", "/auth/resets/"+reset, harness.Map{"password": "five words make a sentence"}).Want(t, 204)
	harness.Eventually(t, harness.Patience, "the new password ends the session", func() (bool, any) {
		a := una.Do(t, "GET", "/auth/session", nil)
		return a.Status == 401, a.Status
	})
	challenge = begin("five words make a sentence")
	s.Public().Do(t, "POST", "/auth/totp", harness.Map{"challenge": challenge, "code": recovery[0]}).Want(t, 200)
}

// passkey adds a passkey to a person, signs in with it at a host that has a name, and removes it.
func passkey(t *testing.T, s harness.System, w *harness.Website, p harness.Person) {
	t.Helper()
	origin := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	page := harness.NewClient(origin).With("Origin", origin)
	person := page.With("Cookie", p.Cookie())
	party := virtualwebauthn.RelyingParty{Name: "Fivechat", ID: "localhost", Origin: origin}
	device := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{
		UserHandle: fmt.Appendf(nil, "person:%d", p.ID),
	})
	key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeRSA)
	begun := person.Send(t, 200, "POST", "/auth/passkeys/options", nil)
	creation, err := virtualwebauthn.ParseAttestationOptions(optionsOf(t, begun))
	if err != nil {
		t.Fatal(err)
	}
	made := person.Send(t, 201, "POST", "/auth/passkeys", harness.Map{
		"challenge": begun.Text("challenge"), "name": "Laptop",
		"response": json.RawMessage(virtualwebauthn.CreateAttestationResponse(party, device, key, *creation)),
	})
	begun = page.Send(t, 200, "POST", "/auth/passkey/options", nil)
	assertion, err := virtualwebauthn.ParseAssertionOptions(optionsOf(t, begun))
	if err != nil {
		t.Fatal(err)
	}
	body := harness.Map{
		"challenge": begun.Text("challenge"),
		"response":  json.RawMessage(virtualwebauthn.CreateAssertionResponse(party, device, key, *assertion)),
	}
	in := page.Do(t, "POST", "/auth/passkey", body).Want(t, 200)
	w.SignedIn(harness.SessionOf(t, in)).Get(t, "/auth/factors")
	page.Do(t, "POST", "/auth/passkey", body).Want(t, 401)
	person.Do(t, "DELETE", "/auth/passkeys/"+harness.PathID(made.Int("id")), nil).Want(t, 204)
}

// optionsOf returns the JSON of a ceremony's options.
func optionsOf(t *testing.T, begun harness.Object) string {
	t.Helper()
	b, err := json.Marshal(begun.Object("options").M)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
